"""`coeval asof`: works anywhere, with any two files."""

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

DAY = datetime(2024, 1, 1)


def write(coeval, name: str, **columns) -> None:
    table = pa.table(columns)
    if name.endswith(".csv"):
        csv.write_csv(table, coeval.folder / name)
    else:
        pq.write_table(table, coeval.folder / name)


def two_files(coeval, ending: str = "parquet") -> None:
    write(
        coeval,
        f"spine.{ending}",
        user_id=["ann", "ann", "bob", None],
        event_timestamp=[DAY + timedelta(hours=h) for h in (10, 12, 12, 12)],
        label=[1, 0, 1, 0],
    )
    write(
        coeval,
        f"features.{ending}",
        user_id=["ann", "ann", "bob", "cid"],
        event_timestamp=[DAY + timedelta(hours=h) for h in (9, 11, 13, 9)],
        created=[DAY + timedelta(hours=h) for h in (9, 13, 13, 9)],
        score=[0.1, 0.2, 0.3, 0.4],
        label=[7, 8, 9, 10],
    )


def scores(coeval, *options: str, ending: str = "parquet") -> list:
    coeval("asof", f"spine.{ending}", f"features.{ending}", *options, "-o", "out.parquet")
    return pq.read_table(coeval.folder / "out.parquet").column("score").to_pylist()


BY = ["--by", "user_id", "--on", "event_timestamp"]
TWO = ["spine.parquet", "features.parquet"]


def test_the_newest_fact_that_is_not_later(coeval):
    for ending in ("parquet", "csv"):
        two_files(coeval, ending)
        assert scores(coeval, *BY, ending=ending) == [0.1, 0.2, None, None]


def test_counts_and_columns(coeval):
    two_files(coeval)
    report = coeval.json("asof", "spine.parquet", "features.parquet", *BY, "-o", "o.parquet")
    assert (report["rows"], report["found"], report["not_found"]) == (4, 2, 2)
    table = pq.read_table(coeval.folder / "o.parquet")
    assert table.column_names == [
        "user_id", "event_timestamp", "label", "created", "score", "label_right",
    ]
    text = coeval("asof", "spine.parquet", "features.parquet", *BY, "-o", "o.parquet").out
    assert "4 rows joined with" in text and "50.0 % found" in text and "o.parquet" in text


def test_without_an_output_the_rows_are_shown(coeval):
    two_files(coeval)
    text = coeval("asof", "spine.parquet", "features.parquet", *BY).out
    assert "label_right" in text and "2024-01-01T12:00:00Z" in text
    assert [path.name for path in coeval.folder.iterdir()].count("out.parquet") == 0


def test_options(coeval):
    two_files(coeval)
    assert scores(coeval, *BY, "--ttl", "30m") == [None, None, None, None]
    assert scores(coeval, *BY, "--ttl", "1h") == [0.1, 0.2, None, None]
    arrival = ["--created", "created", "--known", "arrival"]
    assert scores(coeval, *BY, *arrival) == [0.1, 0.1, None, None]
    assert scores(coeval, *BY, "--columns", "score", "--suffix", "_x") == [0.1, 0.2, None, None]
    assert pq.read_schema(coeval.folder / "out.parquet").names[-1] == "score"
    write(coeval, "f2.parquet", who=["ann"], since=[DAY + timedelta(hours=10)], score=[0.5])
    other = ["--left-by", "user_id", "--right-by", "who", "--left-on", "event_timestamp"]
    coeval("asof", "spine.parquet", "f2.parquet", *other, "--right-on", "since", "-o", "o.parquet")
    exact = pq.read_table(coeval.folder / "o.parquet").column("score").to_pylist()
    assert exact == [0.5, 0.5, None, None]
    other += ["--right-on", "since", "--strictly-before"]
    coeval("asof", "spine.parquet", "f2.parquet", *other, "-o", "o.parquet")
    before = pq.read_table(coeval.folder / "o.parquet").column("score").to_pylist()
    assert before == [None, 0.5, None, None]


def test_a_folder_of_facts_and_a_pattern(coeval):
    two_files(coeval)
    (coeval.folder / "facts").mkdir()
    table = pq.read_table(coeval.folder / "features.parquet")
    for i in range(2):
        pq.write_table(table.slice(2 * i, 2), coeval.folder / "facts" / f"{i}.parquet")
    for facts in ("facts", "facts/*.parquet"):
        coeval("asof", "spine.parquet", facts, *BY, "-o", "out.parquet")
        found = pq.read_table(coeval.folder / "out.parquet").column("score").to_pylist()
        assert found == [0.1, 0.2, None, None], facts


def test_mistakes_name_file_and_column(coeval):
    two_files(coeval)
    for arguments, words in (
        (["no.parquet", "features.parquet"], "no.parquet"),
        (["spine.parquet", "no.parquet"], "looked in this folder, which holds "),
        (["spine.parquet", "no.parquet"], "features.parquet"),
        ([*TWO, "--by", "user_id", "--left-by", "x"], "or --left-by and --right-by"),
        ([*TWO, "--left-by", "user_id"], "give both --left-by and --right-by"),
        (["spine.parquet", "features.parquet", "--by", "user"], "spine.parquet has no column 'user'"),
        (["spine.parquet", "features.parquet", "--by", "user"], "'user_id'"),
        (["spine.parquet", "features.parquet", "--by", "user_di"], 'did you mean "user_id"?'),
        (["spine.parquet", "features.parquet", "--by", "label", "--right-by", "x"], "by"),
        (["spine.parquet", "features.parquet", *BY, "--columns", "scor"], "score"),
        (["spine.parquet", "features.parquet", "--by", "user_id", "--on", "label"], "label"),
    ):
        outcome = coeval("asof", *arguments, "-o", "out.parquet", code=3)
        assert words in outcome.err, outcome.err
        assert not (coeval.folder / "out.parquet").exists()


def test_a_damaged_file(coeval):
    two_files(coeval)
    whole = (coeval.folder / "features.parquet").read_bytes()
    (coeval.folder / "features.parquet").write_bytes(whole[: len(whole) // 2])
    outcome = coeval("asof", "spine.parquet", "features.parquet", *BY, "-o", "o.parquet", code=4)
    assert "features.parquet" in outcome.err


def test_an_output_that_cannot_be_written_leaves_what_was_there(coeval):
    two_files(coeval)
    (coeval.folder / "out.parquet").write_text("mine")
    outcome = coeval("asof", "spine.parquet", "features.parquet", *BY, "-o", "no/o.parquet", code=3)
    assert "no/o.parquet" in outcome.err and "there is no folder no" in outcome.err
    coeval("asof", "spine.parquet", "features.parquet", "--by", "nobody", "-o", "out.parquet", code=3)
    assert (coeval.folder / "out.parquet").read_text() == "mine"


def test_an_output_that_is_an_input_is_refused(coeval):
    two_files(coeval)
    folder = coeval.folder
    (folder / "facts").mkdir()
    (folder / "facts" / "a.parquet").write_bytes((folder / "features.parquet").read_bytes())
    (folder / "link.parquet").symlink_to("spine.parquet")
    (folder / "hard.parquet").hardlink_to(folder / "spine.parquet")
    before = {path: path.read_bytes() for path in folder.rglob("*.parquet")}
    for facts, output, words in (
        ("features.parquet", "spine.parquet", "the spine"),
        ("features.parquet", "./spine.parquet", "the spine"),
        ("features.parquet", "link.parquet", "the spine"),
        ("features.parquet", "hard.parquet", "the spine"),
        ("features.parquet", "features.parquet", "of the facts"),
        ("facts", "facts/a.parquet", "of the facts"),
        ("facts/*.parquet", "facts/a.parquet", "of the facts"),
    ):
        error = coeval("asof", "spine.parquet", facts, *BY, "-o", output, code=3).err
        assert words in error and "destroy" in error, error
    assert {path: path.read_bytes() for path in folder.rglob("*.parquet")} == before
    # Beside the facts is a place like any other.
    coeval("asof", "spine.parquet", "facts", *BY, "-o", "facts/_out.parquet")


def test_a_wrong_output_is_told_before_the_join(coeval):
    two_files(coeval)
    (coeval.folder / "features.parquet").write_text("damaged: who reads it fails")
    (coeval.folder / "d.csv").mkdir()
    for output, words in (
        ("o.xlsx", ".parquet"),
        ("no/o.csv", "there is no folder no"),
        ("d.csv", "it is a folder"),
    ):
        error = coeval("asof", "spine.parquet", "features.parquet", *BY, "-o", output, code=3).err
        assert words in error and "features.parquet" not in error, error
