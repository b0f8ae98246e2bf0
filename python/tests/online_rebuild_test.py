"""The online data of views made again: healed, with all that was pushed, while the store is used."""

import datetime as dt
import random
import subprocess
import sys
import textwrap
import threading

import coeval
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airport_repository import NOON, write_repository
from coeval import Aggregation, Entity, FeatureView, Field, FileSource, PushSource
from coeval.types import Float64, Int64, String
from owner_test import Other
from push_test import RATES, Money
from tests_support import same_values

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
CODES = [f"C{i:03}" for i in range(200)]


class Rates:
    """A view with files and pushes, and one with windows over the same."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        (folder / "coeval.yaml").write_text("project: rates\n")
        self.write([(code, i / 7) for i, code in enumerate(CODES)])
        self.set_clock(NOON)
        self.store = None
        self.open()
        currency = Entity(name="currency", join_keys=["code"], value_type=String)
        file = FileSource(
            name="rates", path=str(folder / "rates.parquet"), timestamp_field="at",
            event_id_field="id",
        )  # fmt: skip
        pushes = PushSource(name="rates_push", batch_source=file)
        rates = FeatureView(
            name="rates", entities=[currency], schema=[Field("rate", Float64)], source=pushes,
            ttl=dt.timedelta(days=1),
        )  # fmt: skip
        week = FeatureView(
            name="week", entities=[currency], source=pushes,
            aggregations=[
                Aggregation("rate", "sum", name="total", time_window="7d"),
                Aggregation([], "count", name="n", time_window="7d"),
            ],
        )  # fmt: skip
        self.store.apply([currency, file, pushes, rates, week])

    def write(self, rows, at=NOON - HOUR):
        table = {
            "code": [code for code, _ in rows],
            "rate": [rate for _, rate in rows],
            "id": [f"file {code}" for code, _ in rows],
            "at": [at] * len(rows),
        }
        pq.write_table(pa.table(table), self.folder / "rates.parquet")

    def set_clock(self, now):
        self.now = now
        (self.folder / "clock").write_text(now.isoformat())

    def open(self):
        self.store = coeval.FeatureStore(self.folder, clock=f"@{self.folder / 'clock'}")

    def reopen(self):
        self.store.close()
        self.open()

    def push(self, rows, event, **options):
        table = {
            "code": [code for code, _ in rows],
            "rate": [rate for _, rate in rows],
            "id": [f"{event} {code}" for code, _ in rows],
            "at": [self.now - MINUTE] * len(rows),
        }
        return self.store.push("rates_push", table, **options)

    FEATURES = ("rates:rate", "week:total", "week:n")

    def ask(self):
        return self.store.get_online_features(list(self.FEATURES), {"code": CODES})

    def served(self):
        answer = self.ask().to_dict()
        return [answer[name.split(":")[1]] for name in self.FEATURES]

    def trained(self):
        """What a training set has for the moment of an answer."""
        spine = pa.table({"code": CODES, "event_timestamp": [self.ask().time] * len(CODES)})
        made = self.store.get_historical_features(spine, list(self.FEATURES)).to_arrow()
        return [made[name.split(":")[1]].to_pylist() for name in self.FEATURES]


@pytest.fixture
def rates(tmp_path):
    opened = Rates(tmp_path / "rates")
    yield opened
    opened.store.close()


def same(a, b):
    assert len(a) == len(b)
    for left, right in zip(a, b, strict=True):
        assert same_values(left, right)


def damage(folder, text):
    """A bit of the first block of each file of facts with this text; how many there are."""
    damaged = 0
    for file in (folder / ".coeval/online/db").glob("*.sst"):
        held = bytearray(file.read_bytes())
        if text not in held or b"project/" in held:
            continue
        held[5] ^= 4
        file.write_bytes(held)
        damaged += 1
    return damaged


def test_damage_of_a_view_is_healed(served, repo):
    rows = [{"airport": "JFK"}, {"airport": "EWR"}, {"airport": "LGA"}]
    before = served.get_online_features(["weather:temp", "weather:reports"], rows).to_dict()
    served.close()
    assert damage(repo, b"JFK") == 1
    with coeval.FeatureStore(repo, clock=NOON) as store:
        checked = store.online_verify()
        assert not checked.ok
        assert "coeval online rebuild weather" in checked.advice
        (rebuilt,) = store.online_rebuild(["weather"])
        assert rebuilt.view == "weather@v1" and rebuilt.rows_written == 4
        assert rebuilt.watermark == NOON
        after = store.get_online_features(["weather:temp", "weather:reports"], rows).to_dict()
        for name, values in before.items():
            assert same_values(after[name], values)
        assert store.online_verify().ok
    with coeval.FeatureStore(repo, clock=NOON) as store:
        assert store.online_verify().ok


def test_files_and_pushes_are_healed_together(rates):
    rates.store.materialize_incremental(rates.now)
    rates.push([("C001", 5.5), ("C150", -1.0)], "first")
    rates.push([("C002", 9.0)], "never served", to="offline")
    rates.set_clock(NOON + MINUTE)
    rates.push([("C001", 6.5)], "second", to="online")
    before = rates.served()
    same(before, rates.trained())
    # Now files and pushes lie together.
    rates.store.online_rebuild()
    same(rates.served(), before)
    rates.store.close()
    assert damage(rates.folder, b"C000") == 2
    rates.open()
    checked = rates.store.online_verify()
    assert not checked.ok and {problem.view for problem in checked.problems} <= {"rates", "week"}
    assert {view.view for view in rates.store.online_rebuild()} == {"rates@v1", "week@v1"}
    same(rates.served(), before)
    same(rates.served(), rates.trained())
    checked = rates.store.online_verify()
    assert checked.ok, checked
    assert [view.rows for view in checked] == [200, 203]
    rates.push([("C002", 3.25)], "third")
    rates.reopen()
    same(rates.served(), rates.trained())
    assert rates.store.online_verify().ok


# The damaged file keeps what is pushed out of the files, but not out of what is made again.
def test_pushes_to_a_damaged_view_are_not_lost(rates):
    rates.store.materialize_incremental(rates.now)
    rates.store.close()
    assert damage(rates.folder, b"C000") == 2
    rates.open()
    rates.push([("C000", 4.5), ("C199", 5.5)], "while it is damaged")
    assert not rates.store.online_verify().ok
    rates.store.online_rebuild()
    rates.push([("C001", 6.5)], "after it")
    same(rates.served(), rates.trained())
    assert rates.store.online_verify().ok
    rates.reopen()
    same(rates.served(), rates.trained())


def test_what_is_pushed_meanwhile_is_there(rates):
    rates.store.materialize_incremental(rates.now)
    rates.reopen()
    stop = threading.Event()
    pushed = []

    def push():
        while not stop.is_set():
            value = float(len(pushed) + 1)
            rates.push([("C000", value), ("C199", value)], f"push {value}")
            pushed.append(value)
            served = rates.served()
            assert served[0][0] == served[0][199] == value
            assert served[2][0] == 1 + value  # its events, and that of the file

    failed = []

    def run():
        try:
            push()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    for _ in range(5):
        rates.store.online_rebuild()
    stop.set()
    thread.join()
    assert not failed, failed
    assert pushed
    same(rates.served(), rates.trained())
    rates.reopen()
    same(rates.served(), rates.trained())
    assert rates.store.online_verify().ok


REBUILDS = textwrap.dedent("""
    import sys, threading
    import coeval
    store = coeval.FeatureStore(sys.argv[1], clock="@" + sys.argv[1] + "/clock")
    def rebuild():
        while True:
            store.online_rebuild()
    threading.Thread(target=rebuild, daemon=True).start()
    n = int(sys.argv[2])
    while True:
        n += 1
        at = [store.now()] * 2
        rows = {"code": ["C000", "C199"], "rate": [float(n)] * 2, "id": [f"{n}"] * 2, "at": at}
        store.push("rates_push", rows)
        print(n, flush=True)
""")


def test_a_rebuild_that_is_killed_loses_nothing_and_leaves_nothing(rates):
    seed = random.randrange(1 << 32)
    seeded = random.Random(seed)
    rates.store.materialize_incremental(rates.now)
    acknowledged = 0
    for round in range(6):
        rates.store.close()
        child = subprocess.Popen(
            [sys.executable, "-c", REBUILDS, str(rates.folder), str(acknowledged)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(seeded.randrange(1, 60)):
            acknowledged = int(child.stdout.readline())
        child.kill()
        said, _ = child.communicate()
        rates.open()
        told = [acknowledged, *map(int, said.split())]
        rate, _, count = rates.served()
        assert rate[0] == rate[199], f"seed {seed}, round {round}"
        assert told[-1] <= rate[0] <= told[-1] + 1, f"seed {seed}, round {round}"
        acknowledged = int(rate[0])
        assert count[0] == 1 + acknowledged, f"seed {seed}, round {round}"
        same(rates.served(), rates.trained())
        checked = rates.store.online_verify()
        assert checked.ok, f"seed {seed}, round {round}: {checked}"
        assert [view.rows for view in checked] == [200, 200 + 2 * acknowledged]
    assert acknowledged > 0


def test_rows_that_were_corrected_in_place_are_served(rates):
    rates.store.materialize_incremental(rates.now)
    rates.write([("C001", -7.0)])  # and the other rows are gone
    rates.store.materialize_incremental(rates.now)
    assert rates.served()[0][:3] == [0.0, 1 / 7, 2 / 7]
    assert [view.view for view in rates.store.online_rebuild("rates")] == ["rates@v1"]
    assert rates.served()[0][:3] == [None, -7.0, None]
    rates.store.online_rebuild()
    same(rates.served(), rates.trained())


def test_views_without_data_are_left_alone(store):
    rebuilt = store.online_rebuild()
    assert {view.detail for view in rebuilt} == {"holds no data"}
    assert sorted(store.online_verify().notes) == [
        "planes@v1 holds no data yet",
        "weather@v1 holds no data yet",
    ]
    with pytest.raises(coeval.NotFound):
        store.online_rebuild("nothing")


# A new version of a view that only pushes fill is fed from its apply on; the log has the rest.
def test_a_new_version_gets_what_was_pushed_before_it(tmp_path):
    money = Money(tmp_path / "money")
    money.push("EUR", 1.5)
    currency = Entity(name="currency", join_keys=["currency"], value_type=String)
    doubled = FeatureView(
        name="rates", entities=[currency], source=RATES,
        schema=[Field("rate", Float64), Field("number", Int64, default=-2)],
    )  # fmt: skip
    money.store.apply([currency, RATES, doubled])
    asked = [{"currency": "EUR"}]
    assert money.store.get_online_features(["rates@v2:rate"], asked).to_dict()["rate"] == [None]
    rebuilt = money.store.online_rebuild()
    assert [view.view for view in rebuilt] == ["rates@v1", "rates@v2"]
    assert money.store.get_online_features(["rates@v2:rate"], asked).to_dict()["rate"] == [1.5]
    assert money.rate("EUR") == 1.5
    money.store.close()


def test_another_process_owns_the_store(tmp_path):
    money = Money(tmp_path / "money")
    money.push("EUR", 1.5)
    money.store.close()
    other = Other(money.folder)
    try:
        other.own()
        money.open()
        (rebuilt,) = money.store.online_rebuild(["rates"])
        assert (rebuilt.view, rebuilt.rows_written) == ("rates@v1", 1)
        assert money.rate("EUR") == 1.5
        with pytest.raises(coeval.NotFound):
            money.store.online_rebuild(["nothing"])
        money.store.close()
    finally:
        other.kill()


def test_a_source_that_is_gone_leaves_what_was_there(tmp_path):
    write_repository(tmp_path / "repo")
    rows = [{"airport": "JFK"}]
    with coeval.FeatureStore(tmp_path / "repo", clock=NOON) as store:
        store.apply()
        store.materialize_incremental(NOON)
        before = store.get_online_features(["weather:temp"], rows).to_dict()
        (tmp_path / "repo/data/weather.parquet").unlink()
        with pytest.raises(coeval.CoevalError, match="weather"):
            store.online_rebuild(["weather"])
        assert store.get_online_features(["weather:temp"], rows).to_dict() == before
        assert store.online_verify().ok
