"""Pushes to a view that reads files as well: served and trained on together, each fact known by
the rule of its own. Random stories of both ways are in tests/differential/pushes_test.py."""

import datetime as dt

import coeval
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from coeval import Aggregation, Entity, Field, FeatureView, FileSource, PushSource
from coeval.types import Float64, String

UTC = dt.UTC
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
MICRO = dt.timedelta(microseconds=1)


def definitions(default=-1.0):
    currency = Entity(name="currency", join_keys=["currency"], value_type=String)
    files = FileSource(
        name="rates_files",
        path="data/*.parquet",
        timestamp_field="at",
        data_delay=10 * MINUTE,
        event_id_field="id",
    )
    push = PushSource(name="rates_push", batch_source=files)
    rates = FeatureView(
        name="rates",
        entities=[currency],
        schema=[Field("rate", Float64, default=default)],
        source=push,
        ttl=2 * HOUR,
    )
    sums = FeatureView(
        name="sums",
        entities=[currency],
        aggregations=[Aggregation("rate", "sum", name="total", time_window=2 * HOUR)],
        source=push,
    )
    return [currency, files, push, rates, sums]


class Money:
    """A repository whose clock the test moves."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "data").mkdir(parents=True)
        (folder / "coeval.yaml").write_text("project: money\n")
        self.set_clock(NOON)
        self.land([("EUR", NOON - 30 * MINUTE, 1.0, 1), ("USD", NOON - 30 * MINUTE, 2.0, 2)])
        self.store = coeval.FeatureStore(folder, clock=f"@{folder / 'clock'}")
        self.store.apply(definitions())

    def set_clock(self, now):
        self.now = now
        (self.folder / "clock").write_text(now.isoformat())

    @staticmethod
    def rows(rows):
        names = ("currency", "at", "rate", "id")
        columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
        columns["at"] = pa.array(columns["at"], pa.timestamp("us", "UTC"))
        return pa.table(columns)

    def land(self, rows):
        number = len(list((self.folder / "data").iterdir()))
        pq.write_table(self.rows(rows), self.folder / "data" / f"{number}.parquet")

    def push(self, *row, **options):
        return self.store.push("rates_push", self.rows([row]), **options)

    def served(self, code="EUR", feature="rates:rate"):
        answer = self.store.get_online_features([feature], [{"currency": code}])
        return answer.to_dict()[feature.rpartition(":")[2]][0]

    def trained(self, moments, feature="rates:rate", code="EUR", **options):
        spine = pa.table({"currency": [code] * len(moments), "event_timestamp": moments})
        return self.store.get_historical_features(spine, [feature], **options)

    def values(self, moments, feature="rates:rate", **options):
        made = self.trained(moments, feature, **options).to_arrow()
        return made[feature.rpartition(":")[2]].to_pylist()


@pytest.fixture
def money(tmp_path):
    opened = Money(tmp_path / "money")
    yield opened
    opened.store.close()


def test_a_push_is_served_beside_what_was_carried_from_files(money):
    assert money.served() == -1.0
    money.store.materialize_incremental(NOON)
    assert (money.served(), money.served("USD")) == (1.0, 2.0)
    money.push("EUR", NOON - 5 * MINUTE, 1.5, 3)
    assert (money.served(), money.served("USD")) == (1.5, 2.0)
    money.push("EUR", NOON - 40 * MINUTE, 9.0, 4)  # older than the one of the files
    assert money.served() == 1.5


def test_the_order_of_the_ways_in_does_not_matter(money):
    money.push("EUR", NOON - 5 * MINUTE, 1.5, 3)
    assert money.served() == 1.5
    money.store.materialize_incremental(NOON)
    assert (money.served(), money.served("USD")) == (1.5, 2.0)


def test_each_fact_is_known_by_the_rule_of_its_own(money):
    created = money.push("EUR", NOON - 25 * MINUTE, 1.5, 3).created
    moments = [NOON - 21 * MINUTE, NOON - 20 * MINUTE, created - MICRO, created]
    assert money.values(moments) == [-1.0, 1.0, 1.0, 1.5]  # the files' delay is ten minutes
    assert money.values(moments, known="hindsight") == [1.5, 1.5, 1.5, 1.5]
    moments = [NOON - 30 * MINUTE, NOON - 26 * MINUTE]
    assert money.values(moments, known="hindsight") == [1.0, 1.0]


def test_of_one_event_time_the_one_that_was_created_wins(money):
    money.push("EUR", NOON - 30 * MINUTE, 7.0, 3)
    assert money.values([NOON - MINUTE, NOON + MINUTE]) == [1.0, 7.0]


def test_what_went_offline_is_seen_by_hindsight_alone(money):
    money.push("EUR", NOON - 5 * MINUTE, 1.5, 3, to="offline")
    money.store.materialize_incremental(NOON)
    assert money.served() == 1.0
    assert money.values([NOON + MINUTE]) == [1.0]
    assert money.values([NOON + MINUTE], known="hindsight") == [1.5]


def test_an_explanation_says_where_each_fact_was_read(money):
    money.push("EUR", NOON - 5 * MINUTE, 1.4, 3)
    money.push("EUR", NOON - 5 * MINUTE, 1.5, 4)
    made = money.trained([NOON + MINUTE])
    why = made.explain(0, "rate")
    assert why.value == 1.5
    facts = why.to_dict()["facts"]
    assert facts["source"] == "rates_files + rates_push"
    shown = [(fact["fate"], fact["file"], fact["row"], fact.get("sequence"))
             for fact in facts["shown"]]  # fmt: skip
    assert shown == [
        ("loses", "rates_files/0.parquet", 0, None),
        ("loses", "rates_push/log", 1, 1),
        ("wins", "rates_push/log", 2, 2),
    ]
    source = made.manifest["views"][0]["source"]
    assert source["source"] == "rates_files + rates_push"
    assert [file["name"] for file in source["files"]] == ["rates_files/0.parquet", "rates_push/log"]


def test_a_version_of_later_gets_what_was_pushed_before_it(money):
    money.push("EUR", NOON - 5 * MINUTE, 1.5, 3)
    money.push("GBP", NOON - 5 * MINUTE, 3.5, 4, to="offline")
    money.store.apply(definitions(default=-2.0))
    assert money.served(feature="rates@v2:rate") == -2.0  # it was not there then
    money.push("USD", NOON - MINUTE, 2.5, 5)
    assert money.served("USD", "rates@v2:rate") == 2.5
    money.set_clock(NOON + MINUTE)
    money.store.materialize_incremental(NOON + MINUTE)
    for code, rate in (("EUR", 1.5), ("USD", 2.5), ("GBP", -2.0)):
        assert money.served(code, "rates@v2:rate") == rate
        assert money.served(code) == rate  # it is the active one now
    # Version 1 is fed no more; made active again it gets what came meanwhile.
    money.push("EUR", NOON - MINUTE, 1.75, 6)
    assert money.served(feature="rates@v1:rate") == 1.5
    money.store.rollback("rates")
    assert money.served() == 1.5
    money.set_clock(NOON + 2 * MINUTE)
    money.store.materialize_incremental(NOON + 2 * MINUTE)
    assert money.served() == 1.75


def test_an_event_that_comes_both_ways_counts_once(money):
    created = money.push("EUR", NOON - 30 * MINUTE, 5.0, 1).created  # corrects the files' event
    money.push("EUR", NOON - 5 * MINUTE, 0.5, 7)
    moments = [created - MICRO, created, NOON + MINUTE]
    assert money.values(moments, "sums:total") == [1.0, 5.0, 5.5]
    assert money.values([NOON], "sums:total", known="hindsight") == [5.5]


def test_without_a_spine_a_row_stands_where_a_push_came(money):
    created = money.push("EUR", NOON - HOUR, 9.0, 3).created  # an event of before the range
    made = money.store.get_historical_features(
        None, ["rates:rate"], start_date=NOON - 21 * MINUTE, end_date=NOON + HOUR
    ).to_arrow()
    rows = list(zip(made["currency"].to_pylist(), made["event_timestamp"].to_pylist(),
                    made["rate"].to_pylist(), strict=True))  # fmt: skip
    carried = NOON - 20 * MINUTE
    assert rows == [("EUR", carried, 1.0), ("USD", carried, 2.0), ("EUR", created, 1.0)]


def test_a_restart_changes_nothing(money):
    money.store.materialize_incremental(NOON)
    money.push("EUR", NOON - 5 * MINUTE, 1.5, 3)
    money.store.close()
    money.store = coeval.FeatureStore(money.folder, clock=f"@{money.folder / 'clock'}")
    assert (money.served(), money.served("USD")) == (1.5, 2.0)
    assert money.values([NOON + MINUTE]) == [1.5]
