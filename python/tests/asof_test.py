"""coeval.asof_join: every kind of table in and back, the rules, and thousands of random joins."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import coeval
import numpy as np
import oracle
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests_support import KINDS, as_columns, same_values

DAY = dt.timedelta(days=1)
START = dt.datetime(2020, 1, 1)
LEFT = {
    "event_timestamp": [START + 3 * DAY, START, START + 2 * DAY, START + 2 * DAY],
    "user": ["a", "a", "b", None],
    "amount": [1, 2, 3, 4],
}
RIGHT = {
    "event_timestamp": [START + DAY, START + 2 * DAY, START + 2 * DAY, START - DAY],
    "user": ["a", "a", "b", "c"],
    "score": [0.5, 1.5, 2.5, 3.5],
    "visits": [1, None, 3, 4],
}
SCORES, VISITS = [1.5, None, 2.5, None], [None, None, 3, None]


@pytest.mark.parametrize("kind", KINDS)
def test_the_left_tables_kind_and_order_come_back(kind):
    left = KINDS[kind](LEFT)
    joined = coeval.asof_join(left, pa.table(RIGHT), by="user")
    if kind not in ("arrow", "arrow array"):
        assert type(joined) is type(left)
    columns = as_columns(joined)
    assert list(columns) == ["event_timestamp", "user", "amount", "score", "visits"]
    assert columns["amount"] == LEFT["amount"]
    assert columns["score"] == SCORES
    assert columns["visits"] == VISITS


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_may_stand_on_the_right(kind):
    joined = coeval.asof_join(pa.table(LEFT), KINDS[kind](RIGHT), by="user")
    assert joined.to_pydict()["score"] == SCORES


def test_pandas_keeps_its_columns_and_its_index():
    left = pd.DataFrame(
        LEFT | {"kind": pd.Categorical(["x", "y", "x", "y"])},
        index=pd.Index([4, 3, 2, 1], name="i"),
    )
    left["event_timestamp"] = left["event_timestamp"].astype("datetime64[ns]")
    left.attrs["from"] = "here"
    joined = coeval.asof_join(left, pd.DataFrame(RIGHT), by="user")
    pd.testing.assert_frame_equal(joined[left.columns], left)
    assert joined.index.equals(left.index)
    assert joined.attrs == {"from": "here"}
    assert joined["score"].tolist()[0] == 1.5
    assert joined["visits"].dtype == "Float64"  # floats, as pandas has told them on the right


def test_a_polars_frame_keeps_its_types():
    left = pl.DataFrame(LEFT).with_columns(
        pl.col("user").cast(pl.Categorical),
        pl.col("event_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo"),
    )
    joined = coeval.asof_join(left, pl.DataFrame(RIGHT), by="user")
    assert joined.schema["event_timestamp"] == left.schema["event_timestamp"]
    assert joined["event_timestamp"].equals(left["event_timestamp"])
    assert joined["score"].to_list() == [1.5, None, 2.5, None]


def test_both_names_for_times_and_keys():
    left = {"at": [START + 3 * DAY], "who": ["a"]}
    right = {"when": [START], "user": ["a"], "x": [1]}
    joined = coeval.asof_join(
        left, right, left_on="at", right_on="when", left_by="who", right_by="user"
    )
    assert joined["x"] == [1]
    joined = coeval.asof_join(left, right, left_by=["who"], right_by=["user"])
    assert joined["x"] == [1]


def test_tolerance_is_inclusive_and_may_be_text():
    left = {"t": [START + DAY, START + DAY + dt.timedelta(microseconds=1)]}
    right = {"t": [START], "x": [1]}
    assert coeval.asof_join(left, right, on="t", tolerance=DAY)["x"] == [1, None]
    assert coeval.asof_join(left, right, on="t", tolerance="1d")["x"] == [1, None]
    assert coeval.asof_join(left, right, on="t", tolerance="2d")["x"] == [1, 1]
    for two_days in (np.timedelta64(2, "D"), np.timedelta64(48, "h"), pd.Timedelta(days=2)):
        assert coeval.asof_join(left, right, on="t", tolerance=two_days)["x"] == [1, 1]
    with pytest.raises(TypeError, match="tolerance: a duration is expected"):
        coeval.asof_join(left, right, on="t", tolerance=np.timedelta64("NaT"))


def test_exact_matches_may_be_left_out():
    left, right = {"t": [START]}, {"t": [START - DAY, START], "x": [1, 2]}
    assert coeval.asof_join(left, right, on="t")["x"] == [2]
    assert coeval.asof_join(left, right, on="t", allow_exact_matches=False)["x"] == [1]


def test_created_breaks_ties_and_can_hide():
    left = {"t": [START + DAY]}
    right = {"t": [START, START], "c": [START + 2 * DAY, START], "x": [1, 2]}
    assert coeval.asof_join(left, right, on="t", created="c")["x"] == [1]
    assert coeval.asof_join(left, right, on="t", created="c", known="arrival")["x"] == [2]
    assert "c" not in coeval.asof_join(left, right, on="t", created="c")


def test_columns_are_picked_and_renamed_where_they_collide():
    left = {"t": [START], "x": [5]}
    right = {"t": [START], "x": [1], "y": [2], "z": [3]}
    assert list(coeval.asof_join(left, right, on="t")) == ["t", "x", "x_right", "y", "z"]
    joined = coeval.asof_join(left, right, on="t", columns=["z", "x"], suffix="_2")
    assert joined == {"t": [START], "x": [5], "z": [3], "x_2": [1]}


def test_values_of_every_type_arrive_unchanged():
    right = pa.table(
        {
            "t": pa.array([START], pa.timestamp("us", "UTC")),
            "i": pa.array([2**62]),
            "f": pa.array([float("nan")]),
            "z": pa.array([-0.0]),
            "f4": pa.array([np.float32(0.1)], pa.float32()),
            "b": pa.array([b"\x00\xff"]),
            "d": pa.array([dt.date(1, 1, 1)]),
            "n": pa.array([dt.datetime(9999, 12, 31, 23, 59, 59, 999999)], pa.timestamp("us")),
            "dec": pa.array([__import__("decimal").Decimal("1.25")]),
            "l": pa.array([[1, None]]),
            "v": pa.array([[1.0, 2.0]], pa.list_(pa.float32(), 2)),
            "m": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        }
    )
    joined = coeval.asof_join(pa.table({"t": pa.array([START], pa.timestamp("us"))}), right, on="t")
    for name in right.column_names[1:]:
        assert same_values(joined[name].to_pylist(), right[name].to_pylist()), name


def test_an_empty_table_on_either_side():
    empty = pa.table(LEFT).slice(0, 0)
    joined = coeval.asof_join(empty, pa.table(RIGHT), by="user")
    assert joined.num_rows == 0
    assert joined.column_names[-2:] == ["score", "visits"]
    joined = coeval.asof_join(pa.table(LEFT), pa.table(RIGHT).slice(0, 0), by="user")
    assert joined["score"].null_count == 4
    assert coeval.asof_join(pd.DataFrame(LEFT).iloc[:0], pd.DataFrame(RIGHT), by="user").empty


def test_sliced_chunked_and_dictionary_encoded_tables():
    right = pa.concat_tables([pa.table(RIGHT).slice(i, 1) for i in range(4)])
    right = right.set_column(1, "user", right["user"].dictionary_encode())
    left = pa.concat_tables([pa.table(LEFT).slice(1), pa.table(LEFT).slice(0, 1)])
    joined = coeval.asof_join(left, right, by="user")
    assert joined["score"].to_pylist() == [None, 2.5, None, 1.5]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"by": "usr"}, coeval.NotFound, "left table has no column 'usr'.*did you mean \"user\""),
        ({"by": "amount"}, coeval.NotFound, "right table has no column 'amount'"),
        ({"by": "user", "columns": ["scor"]}, coeval.NotFound, "'scor'.*did you mean \"score\""),
        ({"by": "user", "tolerance": "0d"}, coeval.InvalidArgument, "tolerance"),
        ({"by": "user", "tolerance": "3 days"}, ValueError, "'3 days' is no duration"),
        ({"by": "user", "tolerance": 5}, TypeError, "tolerance: a duration is expected"),
        ({"by": "user", "known": "arival"}, ValueError, "'arival' is none of.*\"arrival\""),
        ({"left_by": "user"}, coeval.InvalidArgument, "give both 'left_by' and 'right_by'"),
        ({"by": [5]}, TypeError, "by: names of columns are texts, found 5"),
        ({"on": "nope"}, coeval.NotFound, "'nope'"),
    ],
)
def test_mistakes_are_named(change, error, message):
    with pytest.raises(error, match=message):
        coeval.asof_join(LEFT, RIGHT, **change)


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="a table is expected.*found builtins.int"):
        coeval.asof_join(5, RIGHT)
    with pytest.raises(TypeError, match="read the file first"):
        coeval.asof_join(LEFT, "right.parquet")
    with pytest.raises(coeval.InvalidArgument, match="column 'b' has 1 rows, others have 2"):
        coeval.asof_join({"a": [1, 2], "b": [1]}, RIGHT)
    with pytest.raises(coeval.InvalidArgument, match="column 'a': its values are of several types"):
        coeval.asof_join({"a": [1, "x"]}, RIGHT)
    with pytest.raises(coeval.InvalidArgument, match="several columns named 'a'"):
        coeval.asof_join(pd.DataFrame([[1, 2]], columns=["a", "a"]), RIGHT)
    mixed = pd.DataFrame({"event_timestamp": [START] * 2, "x": [1, "a"]})
    with pytest.raises(coeval.InvalidArgument, match="values of several types"):
        coeval.asof_join(mixed, RIGHT)


def test_null_times_are_named_by_row():
    with pytest.raises(coeval.InvalidArgument, match="row 1"):
        coeval.asof_join({"t": [START, None]}, {"t": [START], "x": [1]}, on="t")


def test_a_producer_that_fails_is_told():
    def batches():
        yield pa.table(RIGHT).to_batches()[0]
        raise OSError("the disk is gone")

    reader = pa.RecordBatchReader.from_batches(pa.table(RIGHT).schema, batches())
    with pytest.raises(coeval.CoevalError, match="the disk is gone"):
        coeval.asof_join(LEFT, reader, by="user")


# -- random ---------------------------------------------------------------------------------------

times = st.integers(-6, 6)
keys = st.sampled_from(["a", "b", None])
floats = st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("-inf"), None])
facts = st.lists(
    st.fixed_dictionaries(
        {
            "t": times,
            "k": keys,
            "n": st.sampled_from([1, 2, None]),
            "c": st.one_of(st.none(), times),
            "x": floats,
            "y": st.sampled_from(["", "a", "aa", "b", None]),
        }
    ),
    max_size=12,
)
questions = st.lists(
    st.fixed_dictionaries({"t": times, "k": keys, "n": st.sampled_from([1, 2, None])}), max_size=6
)
UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}


def table(rows: list[dict], schema: dict, unit: str, zone: str | None) -> pa.Table:
    scale = {"s": 1, "ms": 1, "us": 1, "ns": 1_000}[unit]  # 1 tick of the test is 1 unit, or 1 µs
    columns = {}
    for name, kind in schema.items():
        values = [row[name] for row in rows]
        if name in ("t", "c"):
            kind = pa.timestamp(unit, zone)
            values = [None if v is None else v * scale for v in values]
            columns[name] = pa.array(values, pa.int64()).cast(kind)
        else:
            columns[name] = pa.array(values, kind)
    return pa.table(columns)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    left=questions,
    right=facts,
    by=st.sampled_from([[], ["k"], ["k", "n"]]),
    tolerance=st.one_of(st.none(), st.integers(1, 6)),
    created=st.booleans(),
    known=st.sampled_from(["declared", "arrival", "hindsight"]),
    exact=st.booleans(),
    columns=st.sampled_from([["x", "y"], ["y"], ["y", "x"]]),
    unit=st.sampled_from(["s", "ms", "us", "ns"]),
    zone=st.sampled_from([None, "UTC", "America/New_York"]),
    chunk=st.integers(1, 5),
)
def test_random_joins_are_what_the_rules_say(
    left, right, by, tolerance, created, known, exact, columns, unit, zone, chunk
):
    left_table = table(left, {"t": None, "k": pa.string(), "n": pa.int64()}, unit, zone)
    right_table = table(
        right,
        {
            "t": None,
            "k": pa.string(),
            "n": pa.int32(),
            "c": None,
            "x": pa.float64(),
            "y": pa.string(),
        },
        unit,
        None,
    )
    right_table = pa.Table.from_batches(
        right_table.to_batches(max_chunksize=chunk), right_table.schema
    )
    joined = coeval.asof_join(
        left_table,
        right_table,
        on="t",
        by=by,
        tolerance=None
        if tolerance is None
        else dt.timedelta(microseconds=tolerance * UNITS[unit] if unit != "ns" else tolerance),
        created="c" if created else None,
        known=known,
        allow_exact_matches=exact,
        columns=columns,
    )
    expected = oracle.join(
        left,
        right,
        by=by,
        columns=columns,
        tolerance=tolerance,
        created="c" if created else None,
        known=known,
        allow_exact_matches=exact,
    )
    for name in columns:
        assert same_values(joined[name].to_pylist(), [row[name] for row in expected]), name
    assert joined.select(left_table.column_names).equals(left_table)


@settings(max_examples=100, deadline=None)
@given(left=questions, right=facts, tolerance=st.one_of(st.none(), st.integers(1, 6)))
def test_random_joins_agree_with_pandas_where_pandas_is_defined(left, right, tolerance):
    """merge_asof needs sorted input, knows no ties and no null keys."""
    unique = {(row["t"], row["k"]): row for row in right if row["k"] is not None}
    left = sorted((row for row in left if row["k"] is not None), key=lambda row: row["t"])
    right = sorted(unique.values(), key=lambda row: row["t"])
    if not left or not right:
        return

    def frame(rows, names):
        columns = {name: [row[name] for row in rows] for name in names}
        columns["t"] = pd.to_datetime(pd.Series(columns["t"], dtype="int64"), unit="s")
        return pd.DataFrame(columns).astype({"k": "str"})

    left_frame, right_frame = frame(left, ["t", "k"]), frame(right, ["t", "k", "x"])
    right_frame["x"] = right_frame["x"].astype("float64")
    limit = None if tolerance is None else pd.Timedelta(seconds=tolerance)
    expected = pd.merge_asof(left_frame, right_frame, on="t", by="k", tolerance=limit)
    joined = coeval.asof_join(left_frame, right_frame, on="t", by="k", tolerance=limit)
    got = joined["x"].to_numpy(dtype="float64", na_value=np.nan)
    np.testing.assert_array_equal(got, expected["x"].to_numpy())


TESTS = Path(os.environ.get("COEVAL_SOURCE_DIR", Path(__file__).parents[2])) / "tests"


def test_random_joins_agree_with_the_model_of_the_rules():
    import json
    import random

    seed = random.randrange(2**32)
    print("seed", seed)
    r = random.Random(seed)
    command = [sys.executable, "-m", "model.serve"]
    with subprocess.Popen(
        command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as model:
        for _ in range(300):
            meaning = r.choice(["version", "arrival"])
            ttl = r.choice([0, 1, 3])
            rows = [
                {
                    "t": r.randint(-5, 5),
                    "k": r.choice("ab"),
                    "c": r.choice([None, *range(-5, 6)]),
                    "x": r.choice([None, 1, 2, 3]),
                }
                for _ in range(r.randint(0, 12))
            ]
            asked = [{"t": r.randint(-5, 6), "k": r.choice("abc")} for _ in range(r.randint(1, 6))]
            question = {
                "op": "asof",
                "view": {
                    "features": ["x"],
                    "ttl": ttl,
                    "sources": [{"name": "s", "created": meaning}],
                },
                "facts": [
                    {
                        "source": "s",
                        "key": [row["k"]],
                        "event_time": row["t"],
                        "created": row["c"],
                        "values": [row["x"]],
                    }
                    for row in rows
                ],
                "questions": [[[row["k"]], row["t"]] for row in asked],
                "known": "declared",
            }
            model.stdin.write(json.dumps(question) + "\n")
            model.stdin.flush()
            answers = json.loads(model.stdout.readline())["answers"]
            joined = coeval.asof_join(
                table(asked, {"t": None, "k": pa.string()}, "us", None),
                table(rows, {"t": None, "k": pa.string(), "c": None, "x": pa.int64()}, "us", None),
                on="t",
                by="k",
                created="c",
                known="arrival" if meaning == "arrival" else "declared",
                tolerance=dt.timedelta(microseconds=ttl) if ttl else None,
            )
            assert joined["x"].to_pylist() == [answer["values"][0] for answer in answers], (
                seed,
                question,
            )
        model.stdin.close()
