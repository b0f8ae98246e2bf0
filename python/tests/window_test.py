"""coeval.window: every kind of table in and back, the text of aggregates, random windows."""

import datetime as dt
import math
import os
from fractions import Fraction

import coeval
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests_support import KINDS, as_columns

MINUTE = dt.timedelta(minutes=1)
START = dt.datetime(2020, 1, 1)
LEFT = {
    "event_timestamp": [START + 21 * MINUTE, START + 6 * MINUTE, START + 6 * MINUTE],
    "user": ["a", "a", None],
    "label": [1, 0, 1],
}
EVENTS = {
    "event_timestamp": [START + 20 * MINUTE, START, START + 5 * MINUTE, START + 7 * MINUTE],
    "user": ["a", "a", "a", "b"],
    "amount": [4, 3, 2, 100],
}
SPEND = {"spend": "sum(amount) over 15m", "n": "count() over all time"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_left_tables_kind_and_order_come_back(kind):
    left = KINDS[kind](LEFT)
    made = coeval.window(left, pa.table(EVENTS), by="user", aggregates=SPEND)
    if kind not in ("arrow", "arrow array"):
        assert type(made) is type(left)
    columns = as_columns(made)
    assert list(columns) == ["event_timestamp", "user", "label", "spend", "n"]
    assert columns["label"] == LEFT["label"]
    assert columns["spend"] == [4, 5, None]
    assert columns["n"] == [3, 2, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_may_bring_the_events(kind):
    made = coeval.window(pa.table(LEFT), KINDS[kind](EVENTS), by="user", aggregates=SPEND)
    assert made.to_pydict()["n"] == [3, 2, 0]


def test_pandas_keeps_its_columns_and_its_index():
    left = pd.DataFrame(LEFT | {"kind": pd.Categorical(["x", "y", "x"])}, index=[4, 3, 2])
    made = coeval.window(left, pd.DataFrame(EVENTS), by="user", aggregates=SPEND)
    pd.testing.assert_frame_equal(made[left.columns], left)


def test_the_left_columns_share_their_memory():
    left = pa.table(LEFT)
    made = coeval.window(left, pa.table(EVENTS), by="user", aggregates=SPEND)
    for name in left.column_names:
        before, after = (table[name].chunk(0).buffers()[-1] for table in (left, made))
        assert before.address == after.address


def test_names_may_differ():
    events = {"at": EVENTS["event_timestamp"], "who": EVENTS["user"], "amount": EVENTS["amount"]}
    made = coeval.window(
        LEFT, events, left_on="event_timestamp", right_on="at", left_by="user", right_by=["who"],
        aggregates=SPEND,
    )
    assert made["spend"] == [4, 5, None]
    everybody = coeval.window(LEFT, events, right_on="at", aggregates={"n": "count() over 1h"})
    assert everybody["n"] == [4, 2, 2]


def test_clauses():
    def values(text, **options):
        return coeval.window(LEFT, EVENTS, by="user", aggregates={"x": text}, **options)["x"]

    assert values("sum(amount) over 16m") == [4, 5, None]
    assert values("sum(amount) over 16m", closed="both") == [6, 5, None]
    assert values("sum(amount) over 1m", closed="left") == [4, 2, None]
    assert values("sum(amount) over 1m", closed="neither") == [None, None, None]
    assert values("max(amount) where amount < 4 as x") == [3, 3, None]
    assert values("count() over 1h by amount > 2") == [{False: 1, True: 2}, {False: 1, True: 1}, {}]
    assert values("sum(amount) over last 2") == [6, 5, None]
    assert values("sum(amount) over 15m offset 15m") == [5, None, None]
    assert values("quantile(amount, q=0.5)") == values("quantile(amount, 0.5)") == [3.0, 2.5, None]


def test_created_times_and_identities():
    events = {
        "event_timestamp": [START, START],
        "id": [1, 1],
        "amount": [10, 20],
        "written": [START, START + 10 * MINUTE],
    }

    def spend(**options):
        made = coeval.window(
            LEFT, events, on="event_timestamp", created="written",
            aggregates={"s": "sum(amount) over 1h"}, **options
        )
        return made["s"]

    assert spend() == [30, 30, 30]
    assert spend(event_id="id") == [20, 20, 20]
    assert spend(event_id="id", known="arrival") == [20, 10, 10]


def test_mistakes():
    def mistake(text, error=coeval.InvalidArgument, **options):
        with pytest.raises(error) as caught:
            coeval.window(LEFT, EVENTS, by="user", aggregates={"x": text}, **options)
        return str(caught.value)

    assert mistake("sum(amount) over 7") == (
        "aggregate 'x': line 1, column 18: expected a duration, such as 7d or 12h, found the "
        "number 7\n  sum(amount) over 7\n                   ^"
    )
    assert 'did you mean "amount"' in mistake("sum(amuont) over 7d")
    assert "column 23" in mistake("count() over 7d where amuont > 1")
    assert "leave out `as`" in mistake("count() as y")
    assert "right" in mistake("count()", closed="up")
    with pytest.raises(TypeError, match="a dict is expected"):
        coeval.window(LEFT, EVENTS, aggregates="count()")
    with pytest.raises(TypeError, match="texts are expected"):
        coeval.window(LEFT, EVENTS, aggregates={"n": 1})
    with pytest.raises(ValueError, match="on_error"):
        coeval.window(LEFT, EVENTS, aggregates=SPEND, on_error="skip")
    with pytest.raises(coeval.InvalidArgument, match="no aggregate is given"):
        coeval.window(LEFT, EVENTS, by="user", aggregates={})
    with pytest.raises(coeval.InvalidArgument, match="has a column of that name"):
        coeval.window(LEFT, EVENTS, by="user", aggregates={"label": "count()"})


def test_values_that_do_not_exist():
    events = EVENTS | {"amount": [2**62] * 4}
    aggregates = {"s": "sum(amount) over 15m"}
    with pytest.raises(coeval.InvalidArgument, match=r"1 value is invalid:\n  aggregate:s, row 1"):
        coeval.window(LEFT, events, by="user", aggregates=aggregates)
    made = coeval.window(LEFT, events, by="user", aggregates=aggregates, on_error="null")
    assert made["s"] == [2**62, None, None]


def test_empty_tables():
    none = pa.table(EVENTS).slice(0, 0)
    made = coeval.window(pa.table(LEFT), none, by="user", aggregates=SPEND)
    assert made["n"].to_pylist() == [0, 0, 0]
    made = coeval.window(pa.table(LEFT).slice(0, 0), pa.table(EVENTS), by="user", aggregates=SPEND)
    assert made.num_rows == 0 and made.column_names[-2:] == ["spend", "n"]


CASES = int(os.environ.get("COEVAL_WINDOW_CASES", "60"))
SLOW = settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
ROWS = st.lists(
    st.tuples(
        st.integers(0, 25),
        st.sampled_from(["a", "b", "c"]),
        st.one_of(st.none(), st.floats(-1e18, 1e18), st.sampled_from([0.1, 1e16, -1e16, 1.0])),
    ),
    min_size=1,
    max_size=40,
)


def micros(count):
    return START + dt.timedelta(microseconds=count)


def frame(rows):
    return pa.table(
        {
            "t": pa.array([micros(row[0]) for row in rows], pa.timestamp("us")),
            "k": pa.array([row[1] for row in rows]),
            "x": pa.array([row[2] for row in rows], pa.float64()),
        }
    )


def holds(closed, low, time, high):
    newer = time <= high if closed in ("right", "both") else time < high
    older = time >= low if closed in ("left", "both") else time > low
    return older and newer


@SLOW
@given(ROWS, ROWS, st.integers(1, 12), st.sampled_from(["right", "left", "both", "neither"]))
def test_random_windows_are_what_plain_python_says(left, events, length, closed):
    made = coeval.window(
        frame(left), frame(events), on="t", by="k", closed=closed,
        aggregates={
            "s": f"sum(x) over {length}us",
            "n": f"count() over {length}us",
            "top": f"max(x) over {length}us where x < 1.0",
            "last": f"count(x) over last 3 of {length}us",
        },
    ).to_pydict()  # fmt: skip
    for row, (time, key, _) in enumerate(left):
        inside = [e for e in events if e[1] == key and holds(closed, time - length, e[0], time)]
        values = [e[2] for e in inside if e[2] is not None]
        exact = float(sum(map(Fraction, values))) if values else None
        assert made["s"][row] == exact
        assert made["n"][row] == len(inside)
        assert made["top"][row] == max((v for v in values if v < 1.0), default=None)
        assert made["last"][row] <= min(3, len(values))


@SLOW
@given(ROWS, st.integers(1, 12), st.sampled_from(["right", "left", "both", "neither"]))
def test_random_windows_are_those_of_pandas_rolling(rows, length, closed):
    """At the last row of a tie: pandas goes by rows. Whole numbers, for which its sums are exact."""
    rows = sorted(rows, key=lambda row: (row[1], row[0]))
    whole = [(t, k, None if x is None else float(int(math.fmod(x, 1000)))) for t, k, x in rows]
    table = frame(whole)
    aggregates = {name: f"{name}(x) over {length}us" for name in ("sum", "max", "count")}
    made = coeval.window(table, table, on="t", by="k", closed=closed, aggregates=aggregates)
    made = made.to_pandas()
    data = table.to_pandas()
    for key, group in data.groupby("k"):
        rolling = group.set_index("t")["x"].rolling(f"{length}us", closed=closed, min_periods=1)
        last = ~group["t"].duplicated(keep="last").to_numpy()
        ours = made[made["k"] == key]
        for name in ("sum", "max"):
            np.testing.assert_array_equal(
                ours[name].to_numpy(float)[last], getattr(rolling, name)().to_numpy()[last],
                err_msg=f"{name}, {closed}",
            )  # fmt: skip


def test_polars_lazy_frames_and_categories():
    left = pl.DataFrame(LEFT).with_columns(pl.col("user").cast(pl.Categorical))
    made = coeval.window(left.lazy(), pl.DataFrame(EVENTS), by="user", aggregates=SPEND).collect()
    assert made.schema["user"] == left.schema["user"]
    assert made["spend"].to_list() == [4, 5, None]
