"""Pushes by the SDK: served at once, there after a restart, and found by training."""

import datetime as dt
import random
import shutil
import threading

import coeval
import pyarrow as pa
import pytest
from coeval import Entity, Field, FeatureView, PushSource
from coeval.types import Float64, Int64, String
from tests_support import same_values

UTC = dt.UTC
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = dt.timedelta(minutes=1)
MICRO = dt.timedelta(microseconds=1)

RATES = PushSource(
    name="rates_push",
    schema=[Field("code", String), Field("rate", Float64), Field("number", Int64)],
    timestamp_field="at",
    field_mapping={"code": "currency"},
)


def definitions(ttl=None):
    currency = Entity(name="currency", join_keys=["currency"], value_type=String)
    rates = FeatureView(
        name="rates",
        entities=[currency],
        schema=[Field("rate", Float64), Field("number", Int64, default=-1)],
        source=RATES,
        ttl=ttl or dt.timedelta(hours=1),
    )
    return [currency, RATES, rates]


class Money:
    """A repository with a push source, on a clock that the test moves."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        (folder / "coeval.yaml").write_text("project: money\n")
        self.set_clock(NOON)
        self.store = None
        self.open()
        self.store.apply(definitions())

    def set_clock(self, now):
        self.now = now
        (self.folder / "clock").write_text(now.isoformat())

    def open(self):
        self.store = coeval.FeatureStore(self.folder, clock=f"@{self.folder / 'clock'}")

    def reopen(self):
        self.store.close()
        self.open()

    def push(self, code, rate, at=None, **options):
        rows = {"code": [code], "rate": [rate], "number": [1], "at": [at or self.now - MINUTE]}
        return self.store.push("rates_push", rows, **options)

    def rate(self, code="EUR"):
        answer = self.store.get_online_features(["rates:rate"], [{"currency": code}])
        return answer.to_dict()["rate"][0]

    def trained(self, moments, **options):
        spine = pa.table({"currency": ["EUR"] * len(moments), "event_timestamp": moments})
        made = self.store.get_historical_features(spine, ["rates:rate"], **options)
        return made.to_arrow()["rate"].to_pylist()


class KeptMoney(Money):
    """One that drops what is older than ten hours, and its twin that drops nothing."""

    def __init__(self, folder, retention):
        self.retention = retention
        super().__init__(folder)

    def open(self):
        (self.folder / "coeval.yaml").write_text(
            f"project: money\nlog: {{retention: {self.retention}}}\n"
        )
        super().open()


def test_what_is_dropped_changes_no_answer_that_is_given(tmp_path):
    """Random pushes and questions: as without log.retention, or refused; never refused within it."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    retained, all_kept = (KeptMoney(tmp_path / name, name) for name in ("10h", "0s"))
    both = (retained, all_kept)
    dropped = refused = answered = 0
    now = NOON
    for n in range(60):
        now += MINUTE * chance.randrange(90)
        at = now - MINUTE * chance.choice([1, 1, 30, 60, 300, 2000])
        code = chance.choice(["EUR", "USD"])
        for money in both:
            money.set_clock(now)
            money.push(code, float(n), at=at)
        if n % 3:
            continue
        dropped += retained.store.seal_log()["dropped"]
        all_kept.store.seal_log()
        for _ in range(6):
            hours = chance.choice([0.1, 1, 5, 9.5, 20, 40])
            moment = now - dt.timedelta(hours=hours)
            known = chance.choice(["declared", "arrival", "hindsight"])
            wanted = all_kept.trained([moment], known=known)
            try:
                assert retained.trained([moment], known=known) == wanted, f"seed {seed}"
                answered += 1
            except coeval.TooOld as error:
                assert hours > 10, f"seed {seed}: {error}"
                assert "rates_push" in str(error) and "log.retention" in str(error)
                refused += 1
        assert retained.rate() == all_kept.rate()
    assert dropped > 5 and refused > 10 and answered > 50, f"seed {seed}"
    # A view that is defined later and sees further back.
    long = FeatureView(
        name="long",
        entities=[definitions()[0]],
        schema=[Field("rate", Float64)],
        source=RATES,
        ttl=dt.timedelta(days=9),
    )
    spine = pa.table({"currency": ["EUR"], "event_timestamp": [now]})
    for money in both:
        money.store.apply([*definitions(), long])
    assert len(all_kept.store.get_historical_features(spine, ["long:rate"]).to_arrow()) == 1
    with pytest.raises(coeval.TooOld, match="view long needs facts"):
        retained.store.get_historical_features(spine, ["long:rate"])
    assert retained.store.explain(["rates:rate"], {"currency": "EUR"}, at=now) is not None
    for money in both:
        money.store.close()


@pytest.fixture
def money(tmp_path):
    opened = Money(tmp_path / "money")
    yield opened
    opened.store.close()


def test_a_push_is_served_at_once_and_after_a_restart(money):
    assert money.rate() is None
    pushed = money.push("EUR", 1.08)
    assert (pushed.rows, pushed.views, pushed.null_keys) == (1, ["rates"], 0)
    assert pushed.created >= NOON
    assert money.rate() == 1.08
    money.reopen()
    assert money.rate() == 1.08


def test_training_finds_a_push_from_the_moment_at_which_it_was_known(money):
    created = money.push("EUR", 1.08).created
    assert money.trained([NOON - MINUTE, created - MICRO, created]) == [None, None, 1.08]
    hindsight = money.trained([NOON - MINUTE, NOON - 2 * MINUTE], known="hindsight")
    assert hindsight == [1.08, None]


def test_what_goes_offline_is_seen_by_hindsight_alone(money):
    money.push("EUR", 1.08, to=coeval.PushMode.OFFLINE)
    later = NOON + MINUTE
    assert money.rate() is None
    assert money.trained([later]) == [None]
    assert money.trained([later], known="hindsight") == [1.08]
    money.push("EUR", 1.09, to="online")
    assert money.trained([later]) == [1.09]


def test_the_same_key_is_one_push(money):
    first = money.push("EUR", 1.08, idempotency_key="order 1")
    again = money.push("EUR", 1.08, idempotency_key="order 1")
    assert (first.repeated, again.repeated) == (False, True)
    assert again.created == first.created
    with pytest.raises(coeval.AlreadyExists, match="order 1"):
        money.push("EUR", 1.09, idempotency_key="order 1")
    assert money.rate() == 1.08


def test_a_key_is_made_where_none_is_given(money):
    first = money.push("EUR", 1.08)
    assert first.idempotency_key.startswith("made:")
    assert money.push("EUR", 1.08).idempotency_key != first.idempotency_key
    assert money.push("EUR", 1.08, idempotency_key=first.idempotency_key).repeated


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"code": ["EUR"], "rate": [1.0], "number": [1]}, "column `at` is missing"),
        ({"code": ["EUR"], "rate": [1.0], "number": [1.5], "at": [NOON]}, "number"),
        ({"code": ["EUR"], "rate": [1.0], "number": [1], "at": [None]}, "row 0"),
        (
            {"code": ["EUR"], "rate": [1.0], "number": [1], "at": [NOON], "rates": [1]},
            "did you mean `rate`",
        ),
        (
            {
                "code": ["EUR"],
                "rate": [1.0],
                "number": [1],
                "at": [NOON + dt.timedelta(days=800)],
            },
            "max_future",
        ),
    ],
)
def test_bad_rows_refuse_the_push(money, rows, words):
    money.push("EUR", 1.08)
    with pytest.raises(coeval.InvalidArgument, match="rates_push") as raised:
        money.store.push("rates_push", rows)
    assert words in str(raised.value)
    assert money.rate() == 1.08


def test_mistaken_names_are_told(money):
    with pytest.raises(coeval.NotFound, match="did you mean `rates_push`"):
        money.store.push("rate_push", {"code": []})
    with pytest.raises(coeval.InvalidArgument, match="online_and_offline"):
        money.push("EUR", 1.0, to="nowhere")


def test_rows_may_come_as_a_list_of_dicts_or_a_frame(money):
    row = {"code": "EUR", "rate": 1.5, "number": 2, "at": NOON - MINUTE}
    assert money.store.push("rates_push", [row]).rows == 1
    assert money.rate() == 1.5
    assert money.store.push("rates_push", pa.Table.from_pylist([row, row])).rows == 2


# The promise, for pushed facts: what was served at t is what training gives for t, whatever came
# late, twice, or between restarts.
def test_what_was_served_is_what_is_trained_on(money):
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    codes = ["EUR", "USD", "GBP"]
    served = []
    for step in range(120):
        money.set_clock(money.now + MICRO * chance.choice([1, 10**6, 5 * 10**8]))
        count = chance.randint(1, 5)
        ages = [MINUTE * chance.choice([0, 1, 5, 50, 90, -3]) for _ in range(count)]
        rows = {
            "code": [chance.choice(codes) for _ in range(count)],
            "rate": [chance.choice([None, 0.0, -0.0, 1.5, float("nan")]) for _ in range(count)],
            "number": [chance.choice([None, step]) for _ in range(count)],
            "at": [money.now - age for age in ages],
        }
        money.store.push("rates_push", rows)
        if chance.random() < 0.1:
            money.reopen()
        answer = money.store.get_online_features(
            ["rates:rate", "rates:number"], [{"currency": code} for code in codes]
        )
        columns = answer.to_dict()
        for i, code in enumerate(codes):
            served.append((code, answer.time, columns["rate"][i], columns["number"][i]))
    spine = pa.table(
        {"currency": [row[0] for row in served], "event_timestamp": [row[1] for row in served]}
    )
    trained = money.store.get_historical_features(spine, ["rates:rate", "rates:number"]).to_arrow()
    assert same_values(trained["rate"].to_pylist(), [row[2] for row in served])
    assert same_values(trained["number"].to_pylist(), [row[3] for row in served])


def test_pushes_of_many_threads_are_all_there(money):
    failed = []

    def work(worker):
        try:
            for i in range(20):
                code = f"{worker}-{i}"
                money.push(code, float(i))
                assert money.rate(code) == float(i)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def delete(money, code, at, **options):
    return money.store.push("rates_push", {"code": [code], "at": [at]}, delete=True, **options)


def test_a_delete_holds_online_and_offline_and_after_a_restart(money):
    first = money.push("EUR", 1.08, at=NOON - 2 * MINUTE).created
    gone = delete(money, "EUR", NOON - MINUTE)
    assert (gone.rows, gone.views) == (1, ["rates"])
    assert money.rate() is None
    money.push("EUR", 1.07, at=NOON - 3 * MINUTE)  # of before it, come late
    assert money.rate() is None
    assert money.trained([first, gone.created - MICRO, gone.created]) == [1.08, 1.08, None]
    money.reopen()
    assert money.rate() is None
    back = money.push("EUR", 1.09, at=NOON).created
    assert money.rate() == 1.09
    assert money.trained([gone.created, back]) == [None, 1.09]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"code": ["EUR"]}, "column `at` is missing"),
        ({"code": ["EUR"], "at": [NOON], "rate": [1.0]}, "`rate` is none of"),
        ({"code": ["EUR"], "at": [None]}, "row 0"),
    ],
)
def test_bad_deletes_are_refused(money, rows, words):
    with pytest.raises(coeval.InvalidArgument) as raised:
        money.store.push("rates_push", rows, delete=True)
    assert words in str(raised.value)


def test_the_same_key_does_not_name_a_push_and_its_delete(money):
    money.push("EUR", 1.08, idempotency_key="a")
    with pytest.raises(coeval.AlreadyExists):
        delete(money, "EUR", NOON - MINUTE, idempotency_key="a")


BAD = {
    "code": ["EUR", "USD", "GBP", "CHF"],
    "rate": [1.0, 2.0, 3.0, 4.0],
    "number": [1, 2, 2.5, 4],
    "at": [NOON, None, NOON, NOON],
}


def test_bad_rows_are_set_apart_and_the_others_taken(money):
    pushed = money.store.push("rates_push", BAD, on_error="quarantine", idempotency_key="a")
    assert (pushed.rows, pushed.quarantined) == (2, 2)
    money.set_clock(NOON + MINUTE)
    assert [money.rate(code) for code in BAD["code"]] == [1.0, None, None, 4.0]
    (apart,) = money.store.quarantined()
    assert (apart.id, apart.source, apart.time) == (pushed.quarantine, "rates_push", NOON)
    assert apart.row_numbers == [1, 2]
    assert "null" in apart.reasons[0]
    assert "number" in apart.reasons[1]
    assert apart.to_dict()["code"] == ["USD", "GBP"]
    assert not any("rates_push" in reason for reason in apart.reasons)
    again = money.store.push("rates_push", BAD, on_error="quarantine", idempotency_key="a")
    assert (again.repeated, again.quarantine) == (True, pushed.quarantine)
    assert len(money.store.quarantined()) == 1


def test_a_key_that_is_used_again_takes_no_rows_out_of_quarantine(money):
    money.store.push("rates_push", BAD, on_error="quarantine", idempotency_key="a")
    other = BAD | {"code": ["SEK", "NOK", "DKK", "PLN"]}
    with pytest.raises(coeval.AlreadyExists):
        money.store.push("rates_push", other, on_error="quarantine", idempotency_key="a")
    codes = [code for apart in money.store.quarantined() for code in apart.to_dict()["code"]]
    assert {"USD", "GBP"} <= set(codes)


def test_a_column_that_nobody_reads_may_change_its_type(money):
    noted = PushSource(
        name="rates_push",
        schema=[*RATES.schema, Field("note", String)],
        timestamp_field="at",
        field_mapping={"code": "currency"},
    )

    def with_source(source):
        currency, _, rates = definitions()
        rates.source = source
        return [currency, source, rates]

    money.store.apply(with_source(noted))
    rows = {"code": ["EUR"], "rate": [1.5], "number": [1], "at": [NOON], "note": ["abc"]}
    created = money.store.push("rates_push", rows).created
    noted.schema[-1] = Field("note", Int64)
    money.store.apply(with_source(noted))
    money.store.close()
    shutil.rmtree(money.folder / ".coeval" / "online")
    money.open()
    assert money.rate() == 1.5
    assert money.trained([created]) == [1.5]


def test_rows_of_quarantine_are_corrected_and_pushed_again_once(money):
    pushed = money.store.push("rates_push", BAD, on_error="quarantine")
    with pytest.raises(coeval.InvalidArgument):
        money.store.replay_quarantined(pushed.quarantine)
    rows = money.store.quarantined()[0].to_dict() | {"at": [NOON, NOON], "number": [2, 3]}
    replayed = money.store.replay_quarantined(pushed.quarantine, rows)
    assert (replayed.rows, replayed.repeated) == (2, False)
    money.set_clock(NOON + MINUTE)
    assert [money.rate(code) for code in BAD["code"]] == [1.0, 2.0, 3.0, 4.0]
    assert money.store.quarantined() == []
    with pytest.raises(coeval.NotFound):
        money.store.replay_quarantined(pushed.quarantine, rows)


def test_rows_of_quarantine_are_dropped(money):
    pushed = money.store.push("rates_push", BAD, on_error="quarantine")
    money.store.drop_quarantined(pushed.quarantine)
    assert money.store.quarantined() == []
    for wrong in (pushed.quarantine, "../x", ""):
        with pytest.raises(coeval.NotFound):
            money.store.drop_quarantined(wrong)


def test_what_is_wrong_with_all_rows_is_refused(money):
    rows = {name: column for name, column in BAD.items() if name != "rate"}
    with pytest.raises(coeval.InvalidArgument, match="`rate` is missing"):
        money.store.push("rates_push", rows, on_error="quarantine")
    with pytest.raises(coeval.InvalidArgument, match="on_error"):
        money.store.push("rates_push", BAD, on_error="ignore")
    assert money.store.quarantined() == []


def test_a_damaged_file_of_quarantine_is_told(money):
    money.store.push("rates_push", BAD, on_error="quarantine")
    (file,) = (money.folder / ".coeval" / "quarantine").iterdir()
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(coeval.Corruption, match=file.name):
        money.store.quarantined()
