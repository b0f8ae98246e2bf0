"""The online store compared with training: nothing differs where all was carried, and what does is
found and given its reason."""

import datetime as dt
import shutil

import coeval
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from coeval import Aggregation, Entity, FeatureService, FeatureView, Field, FileSource, PushSource
from coeval.types import Float64, String
from owner_test import Other
from push_test import Money
from push_test import definitions as definitions_of_money

UTC = dt.UTC
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def definitions():
    city = Entity(name="city", join_keys=["city"], value_type=String)
    files = FileSource(
        name="heat_files", path="data/*.parquet", timestamp_field="at", lateness=2 * HOUR
    )
    push = PushSource(name="heat_push", batch_source=files)
    heat = FeatureView(
        name="heat", entities=[city], schema=[Field("heat", Float64)], source=push, ttl=DAY
    )
    sums = FeatureView(
        name="sums",
        entities=[city],
        aggregations=[
            Aggregation("heat", "sum", name="total", time_window=6 * HOUR),
            Aggregation([], "count", name="n", time_window=6 * HOUR),
        ],
        source=FileSource(
            name="sum_files", path="data/*.parquet", timestamp_field="at", lateness=2 * HOUR
        ),
    )
    both = FeatureService(name="both", features=[heat, sums])
    return [city, files, push, heat, sums, both]


class Cities:
    """Files of heat that land over time, some of it pushed; a clock that the test moves."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "data").mkdir(parents=True)
        (folder / "coeval.yaml").write_text("project: cities\n")
        self.set_clock(NOON)
        self.first = [
            ("ams", NOON - 5 * HOUR, 1.0),
            ("ams", NOON - HOUR, 2.0),
            ("ber", NOON - 3 * HOUR, 3.0),
            ("rom", NOON - 30 * HOUR, 4.0),
        ]
        self.land(self.first)
        self.open()
        self.store.apply(definitions())

    def open(self):
        self.store = coeval.FeatureStore(self.folder, clock=f"@{self.folder / 'clock'}")

    def set_clock(self, now):
        self.now = now
        (self.folder / "clock").write_text(now.isoformat())

    def land(self, rows, name=None):
        table = pa.table(
            {
                "city": [row[0] for row in rows],
                "at": pa.array([row[1] for row in rows], pa.timestamp("us", "UTC")),
                "heat": [row[2] for row in rows],
            }
        )
        name = name or str(len(list((self.folder / "data").iterdir())))
        pq.write_table(table, self.folder / "data" / f"{name}.parquet")

    def change(self, *rows):
        """Rows in place of the first ones."""
        self.land(rows, "0")

    def carry(self):
        self.store.materialize_incremental(self.now)

    def push(self, city, at, heat):
        self.store.push("heat_push", {"city": [city], "at": [at], "heat": [heat]})

    def reasons(self, ok, references=()):
        compared = self.store.online_diff(references)
        assert compared.ok == ok, compared
        assert sum(sum(view.reasons.values()) for view in compared) == compared.difference_count
        return {(each.view[:-3], each.key[6:-1], each.reason) for each in compared.differences}


@pytest.fixture
def cities(tmp_path):
    opened = Cities(tmp_path / "cities")
    yield opened
    opened.store.close()


def test_a_store_that_was_filled_says_what_training_says(served):
    compared = served.online_diff()
    assert compared.ok and compared.difference_count == 0 and compared.differences == []
    assert {view.view: view.same for view in compared} == {"planes@v1": 2, "weather@v1": 3}
    assert compared.advice == "" and "bit for bit" in repr(compared)
    assert "<table>" in compared._repr_html_()
    assert {view.view for view in served.online_diff("model")} == {"weather@v1", "planes@v1"}
    assert {view.view for view in served.online_diff(["computed", "weather@v1"])} == {
        "weather@v1",
        "planes@v1",
    }
    assert [view.view for view in served.online_diff("weather")] == ["weather@v1"]


def test_what_cannot_be_compared_is_told(served):
    with pytest.raises(coeval.NotFound, match="wether"):
        served.online_diff("wether")
    with pytest.raises(coeval.InvalidArgument, match="keys"):
        served.online_diff(keys=0)
    with pytest.raises(coeval.InvalidArgument, match="after now"):
        served.online_diff(at=NOON + HOUR)
    with pytest.raises(coeval.TooOld, match="horizon"):
        served.online_diff(at=NOON - HOUR)
    with pytest.raises(coeval.InvalidArgument, match="name feature views"):
        served.online_diff("airport")
    assert served.online_diff(at=NOON - MINUTE).ok


def test_nothing_was_materialized_yet(store):
    compared = store.online_diff()
    assert compared.ok and compared.difference_count == 5
    assert {each.reason for each in compared.differences} == {"not_materialized"}
    assert "materialize-incremental" in compared.advice
    store.materialize_incremental(NOON)
    assert store.online_diff().difference_count == 0


def test_a_seed_takes_the_same_keys_again(served):
    first = served.online_diff("weather", keys=1)
    assert [view.keys for view in first] == [1]
    again = served.online_diff("weather", keys=1, seed=first.seed)
    assert again.to_dict() == first.to_dict()


def test_plain_views_windows_services_and_pushes_agree(cities):
    cities.carry()
    cities.push("ams", NOON - MINUTE, 5.0)
    cities.push("osl", NOON - 2 * MINUTE, 6.0)
    cities.set_clock(NOON + MINUTE)
    assert cities.reasons(True) == set()
    compared = cities.store.online_diff("both")
    assert {view.view: view.keys for view in compared} == {"heat@v1": 4, "sums@v1": 2}
    cities.store.close()
    cities.open()
    cities.store.seal_log()
    assert cities.reasons(True) == set()


def test_what_landed_after_the_last_run_is_named(cities):
    cities.carry()
    cities.set_clock(NOON + HOUR)
    cities.land([("ber", NOON + MINUTE, 7.0), ("ams", NOON - MINUTE, 8.0)])
    assert cities.reasons(True) == {
        ("heat", "ber", "not_materialized"),
        ("heat", "ams", "landed_late"),
        ("sums", "ber", "not_materialized"),
        ("sums", "ams", "landed_late"),
    }
    cities.carry()
    assert cities.reasons(True) == set()


def test_what_no_incremental_run_carries_is_lost_until_its_range_is(cities):
    cities.carry()
    cities.set_clock(NOON + MINUTE)
    late = NOON - dt.timedelta(hours=2, minutes=30)
    cities.land([("ber", late, 7.0)])  # more than the lateness before the watermark
    assert cities.reasons(False) == {("heat", "ber", "lost"), ("sums", "ber", "lost")}
    compared = cities.store.online_diff("heat")
    assert "coeval materialize 2024-05-01T09:30:00Z 2024-05-01T09:30:00Z" in compared.advice
    (difference,) = compared.differences
    (feature,) = difference.features
    assert (feature.online, feature.training) == ("3.0", "7.0")
    assert feature.training_time == "2024-05-01T09:30:00Z"
    cities.carry()
    assert cities.reasons(False) == {("heat", "ber", "lost"), ("sums", "ber", "lost")}
    cities.store.materialize(late, late)
    assert cities.reasons(True) == set()


def test_a_view_that_lost_its_rows_is_found(cities):
    """The watermark says noon, and what came before eleven never came."""
    cities.store.materialize(NOON - HOUR, NOON)
    assert cities.reasons(False) == {
        ("heat", "ber", "lost"),
        ("heat", "rom", "expired"),
        ("sums", "ber", "lost"),
        ("sums", "ams", "lost"),
    }


def test_a_store_that_went_back_is_behind(cities, tmp_path):
    """Watermark and data lie together, so what a copy of old has not is what a run carries."""
    cities.carry()
    cities.store.close()
    shutil.copytree(cities.folder / ".coeval/online", tmp_path / "old")
    cities.open()
    cities.set_clock(NOON + HOUR)
    cities.land([("ber", NOON + MINUTE, 7.0)])
    cities.carry()
    cities.push("osl", NOON, 9.0)
    assert cities.reasons(True) == set()
    cities.store.close()
    shutil.rmtree(cities.folder / ".coeval/online")
    shutil.copytree(tmp_path / "old", cities.folder / ".coeval/online")
    cities.open()
    assert cities.reasons(True) == {  # what was pushed came back from the log
        ("heat", "ber", "not_materialized"),
        ("sums", "ber", "not_materialized"),
    }
    shutil.rmtree(tmp_path / "old")
    cities.carry()
    assert cities.reasons(True) == set()


def test_a_row_changed_in_place_is_named(cities):
    cities.carry()
    for changed in (2.5, 1.5):  # of greater and of lesser rank
        cities.change(*(row if row[2] != 2.0 else (*row[:2], changed) for row in cities.first))
        assert cities.reasons(False) == {("heat", "ams", "changed"), ("sums", "ams", "changed")}
    assert "online rebuild" in cities.store.online_diff().advice


def test_a_row_that_went_away_is_named(cities):
    cities.carry()
    cities.change(*(row for row in cities.first if row[0] != "ber"))
    assert cities.reasons(False) == {("heat", "ber", "gone"), ("sums", "ber", "gone")}


def test_a_row_that_is_too_old_for_both_is_expired(cities):
    cities.carry()
    cities.land([("ber", NOON - 30 * HOUR, 7.0), ("oslo", NOON - 30 * HOUR, 7.0)])
    assert cities.reasons(True) == {("heat", "oslo", "expired")}


def test_a_timeless_source_that_changed_is_not_materialized_yet(served, repo):
    pq.write_table(pa.table({"tail": [7, 9], "seats": [90, 5]}), repo / "data/planes.parquet")
    compared = served.online_diff("planes")
    assert compared.ok and compared[0].reasons == {"not_materialized": 3}
    served.materialize_incremental(NOON)
    assert served.online_diff("planes").difference_count == 0


def test_what_was_pushed_before_the_view_was_there_is_named(tmp_path):
    money = Money(tmp_path / "money")
    money.push("EUR", 1.5)
    currency, source, rates = definitions_of_money()
    late = FeatureView(
        name="late", entities=[currency], schema=[Field("rate", Float64)], source=source
    )
    money.store.apply([currency, source, rates, late])
    money.push("USD", 2.5)
    compared = money.store.online_diff()
    assert not compared.ok
    assert [(each.view, each.key, each.reason) for each in compared.differences] == [
        ("late@v1", "currency='EUR'", "not_fed")
    ]
    money.push("EUR", 1.5)
    assert money.store.online_diff().difference_count == 0
    money.store.close()


def test_keys_in_a_damaged_block_are_told_apart(cities):
    cities.carry()
    cities.store.close()
    files = sorted((cities.folder / ".coeval/online/db").glob("*.sst"))
    for file in files:
        held = bytearray(file.read_bytes())
        if b"ams" in held and b"project/" not in held:
            held[5] ^= 4
            file.write_bytes(held)
    cities.open()
    compared = cities.store.online_diff()
    assert not compared.ok and compared.difference_count == 0
    assert {view.view: (view.damaged, view.same) for view in compared} == {
        "heat@v1": (3, 0),
        "sums@v1": (2, 0),
    }
    assert all(view.unreadable > 0 for view in compared)
    assert "coeval online verify" in compared.advice and "city='ams'" in repr(compared)


def test_another_process_owns_the_store(tmp_path):
    money = Money(tmp_path / "money")
    money.push("EUR", 1.5)
    money.store.close()
    other = Other(money.folder)
    try:
        other.own()
        money.open()
        compared = money.store.online_diff("rates", keys=5, seed=9)
        assert compared.ok and compared.seed == 9
        assert [(view.view, view.keys) for view in compared] == [("rates@v1", 1)]
        with pytest.raises(coeval.NotFound, match="rades"):
            money.store.online_diff("rades")
        money.store.close()
    finally:
        other.kill()
