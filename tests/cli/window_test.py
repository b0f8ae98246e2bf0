"""`coeval window`: aggregates over the events before each row, with any two files."""

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

DAY = datetime(2024, 1, 1)
BY = ["--by", "user_id", "--on", "at"]
FILES = ["spine.parquet", "events.parquet"]


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def files(coeval) -> None:
    spine = pa.table({"user_id": ["ann", "bob", "ann", None], "at": [at(12), at(12), at(6), at(6)]})
    events = pa.table(
        {
            "user_id": ["ann", "ann", "ann", "bob", None],
            "at": [at(12), at(5), at(0), at(12.5), at(1)],
            "amount": [4, 2, 1, 8, 9],
            "kind": ["a", "b", None, "a", "a"],
            "written": [at(20), at(5), at(0), at(12.5), at(1)],
        }
    )
    pq.write_table(spine, coeval.folder / "spine.parquet")
    pq.write_table(events, coeval.folder / "events.parquet")
    csv.write_csv(events, coeval.folder / "events.csv")
    (coeval.folder / "events").mkdir()
    for i in range(5):
        csv.write_csv(events.slice(i, 1).select(["user_id", "at", "amount"]),
                      coeval.folder / "events" / f"{i}.csv")  # fmt: skip


def values(coeval, text: str, *options: str, events: str = "events.parquet") -> list:
    coeval("window", "spine.parquet", events, *BY, "-a", f"{text} as x", *options, "-o", "o.parquet")
    return pq.read_table(coeval.folder / "o.parquet").column("x").to_pylist()


def test_windows_of_files_and_folders(coeval):
    files(coeval)
    for events in ("events.parquet", "events.csv", "events", "events/*.csv"):
        assert values(coeval, "sum(amount) over 7h", events=events) == [4, None, 3, None], events


def test_columns_counts_and_formats(coeval):
    files(coeval)
    report = coeval.json(
        "window", *FILES, *BY, "--aggregate", "sum(amount) over 7h as spend",
        "-a", "count() as n", "-o", "o.csv",
    )  # fmt: skip
    assert report["rows"] == 4 and report["events_read"] == 5 and report["events_without_key"] == 1
    assert report["aggregates"] == [
        {"name": "spend", "type": "int64", "null": 2},
        {"name": "n", "type": "int64", "null": 0},
    ]
    lines = (coeval.folder / "o.csv").read_text().splitlines()
    assert lines[0] == '"user_id","at","spend","n"' and lines[1].endswith(",4,3")
    text = coeval("window", *FILES, *BY, "-a", "count() as n").out
    assert "4 rows over 5 events" in text and "give -o FILE" in text


def test_clauses_and_options(coeval):
    files(coeval)
    assert values(coeval, "sum(amount) over 7h", "--closed", "both") == [6, None, 3, None]
    assert values(coeval, "sum(amount) over 7h", "--closed", "left") == [2, None, 3, None]
    assert values(coeval, "count() where kind = 'a'") == [1, 0, 0, 0]
    assert values(coeval, "max(amount) over last 2") == [4, None, 2, None]
    arrival = ["--created", "written", "--known", "arrival"]
    assert values(coeval, "sum(amount)", *arrival) == [3, None, 3, None]
    by = values(coeval, "count() by coalesce(kind, '?')")
    assert by == [[("?", 1), ("a", 1), ("b", 1)], [], [("?", 1), ("b", 1)], []]
    assert values(coeval, "sum(amount)", "--event-id", "kind")[2] == 3


def test_a_text_that_does_not_parse_is_wrong_usage(coeval):
    files(coeval)
    error = coeval("window", *FILES, *BY, "-a", "sum(amount) ovr 7d as x", code=2).err
    assert 'there is no clause \'ovr\', did you mean "over"?' in error
    assert "\n  sum(amount) ovr 7d as x\n              ^" in error
    error = coeval("window", *FILES, *BY, "-a", "sum(amount) over 7d", code=2).err
    assert "expected `as` and a name" in error
    assert "--aggregate" in coeval("window", *FILES, *BY, code=2).err
    assert "EVENTS" in coeval("window", "spine.parquet", "-a", "count() as n", code=2).err
    twice = coeval("window", *FILES, "events.csv", *BY, "-a", "count() as n", code=2).err
    assert "EVENTS is one argument; several files are a folder" in twice
    assert "up" in coeval("window", *FILES, "-a", "count() as n", "--closed", "up", code=2).err


def test_mistakes_name_file_and_character(coeval):
    files(coeval)
    for text, words in (
        ("sum(amont) as x", 'column 5: events.parquet has no column \'amont\', did you mean "amount"?'),
        ("sum(kind) as x", "argument x must be a number or bool, it is string"),
        ("count() where knd = 'a' as x", "column 15: "),
        ("count() as at", "spine.parquet has a column of that name"),
        ("count() by kind as x", "--on-error null"),
        ("quantile(amount, q=3) as x", "quantile"),
    ):
        error = coeval("window", *FILES, *BY, "-a", text, "-o", "o.parquet", code=3).err
        assert words in error, error
        assert not (coeval.folder / "o.parquet").exists()
    assert values(coeval, "count() by kind", "--on-error", "null")[1:2] == [[]]
    for arguments, words in (
        (["no.parquet", "events.parquet"], "no.parquet"),
        (["spine.parquet", "no.parquet"], "no.parquet"),
        (["spine.parquet", "events.parquet", "-o", "events.parquet"], "destroy"),
        (["spine.parquet", "events.parquet", "--event-id", "ident"], "no column 'ident'"),
    ):
        error = coeval("window", *arguments, *BY, "-a", "count() as x", code=3).err
        assert words in error, error


def test_values_are_the_same_whatever_memory_it_may_take(coeval):
    files(coeval)
    assert values(coeval, "sum(amount) over 7h", "--memory", "64MiB") == [4, None, 3, None]
    failed = coeval(
        "window", *FILES, *BY, "-a", "count() as n", "--memory", "63MiB", "-o", "o.parquet", code=2
    )
    assert "--memory: the least is 64MiB" in failed.err
