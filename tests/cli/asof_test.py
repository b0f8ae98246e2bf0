"""`coeval asof`: works anywhere, with any files."""

import io
import os
import subprocess
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.ipc as ipc
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


def three_files(coeval) -> None:
    two_files(coeval)
    write(coeval, "places.csv", who=["ann", "bob"], since=[DAY, DAY], city=["Ulm", "Bonn"])
    (coeval.folder / "facts").mkdir()
    table = pq.read_table(coeval.folder / "features.parquet")
    for i in range(2):
        pq.write_table(table.slice(2 * i, 2), coeval.folder / "facts" / f"{i}.parquet")


def test_several_files_each_with_its_names(coeval):
    three_files(coeval)
    report = coeval.json(
        "asof", "spine.parquet", "f=facts", "p=places.csv", "--by", "f=user_id", "--ttl", "f=1h",
        "--left-by", "p=user_id", "--right-by", "p=who", "--left-on", "event_timestamp",
        "--right-on", "p=since", "--columns", "f=score,label", "-o", "o.parquet",
    )  # fmt: skip
    table = pq.read_table(coeval.folder / "o.parquet")
    assert table.column_names == [
        "user_id", "event_timestamp", "label", "f_score", "f_label", "p_city",
    ]  # fmt: skip
    assert table.column("f_score").to_pylist() == [0.1, 0.2, None, None]
    assert table.column("p_city").to_pylist() == ["Ulm", "Ulm", "Bonn", None]
    assert [each["file"] for each in report["files"]] == ["facts", "places.csv"]
    assert [each["found"] for each in report["files"]] == [2, 3]
    # As one after the other.
    coeval("asof", "spine.parquet", "facts", *BY, "--ttl", "1h", "-o", "one.parquet")
    one = pq.read_table(coeval.folder / "one.parquet")
    assert one.column("score").to_pylist() == table.column("f_score").to_pylist()


def test_several_files_without_names(coeval):
    three_files(coeval)
    twice = coeval("asof", *TWO, "facts", *BY, "-o", "o.parquet", code=3).err
    assert "two columns 'label_right'" in twice
    columns = ["--columns", "score"]
    coeval("asof", *TWO, "facts", *BY, *columns, "--suffix", "_2", "-o", "o.parquet")
    names = pq.read_table(coeval.folder / "o.parquet").column_names
    assert names[-2:] == ["score", "score_2"]


def test_what_is_said_of_one_file_is_not_said_of_those_without_name(coeval):
    three_files(coeval)
    both = ["facts", "p=places.csv", "--by", "user_id", "--on", "event_timestamp"]
    of_p = ["--left-by", "p=user_id", "--right-by", "p=who", "--right-on", "p=since", "--ttl", "p=1d"]
    coeval("asof", "spine.parquet", *both, *of_p, "--left-on", "p=event_timestamp", "-o", "o.parquet")
    table = pq.read_table(coeval.folder / "o.parquet")
    assert table.column("score").to_pylist() == [0.1, 0.2, None, None]
    assert table.column("p_city").to_pylist() == ["Ulm", "Ulm", "Bonn", None]


def test_mistakes_of_several_files(coeval):
    three_files(coeval)
    for arguments, code, words in (
        (["spine.parquet", "f=facts", "f=places.csv"], 2, "two files are called 'f'"),
        (["spine.parquet", "f="], 2, "'f=' names no file"),
        (["spine.parquet", "f=facts", "--by", "g=user_id"], 2, "no file is called 'g'"),
        (["spine.parquet", "f=facts", "--ttl", "f=soon"], 2, "soon"),
        (["spine.parquet", "f=facts", "--known", "f=later"], 2, "later"),
        (["spine.parquet", "f=facts", "p=no.csv", *BY], 3, "no.csv"),
        (["spine.parquet", "f=facts", "p=places.csv", *BY], 3, "places.csv has no column"),
        (["no*.parquet", "facts"], 3, "nothing matches no*.parquet"),
    ):
        error = coeval("asof", *arguments, "-o", "o.parquet", code=code).err
        assert words in error, error


def test_a_path_with_an_equals_sign_is_a_path(coeval):
    three_files(coeval)
    (coeval.folder / "facts").rename(coeval.folder / "day=1")
    coeval("asof", "spine.parquet", "day=1", *BY, "-o", "o.parquet")
    assert "score" in pq.read_schema(coeval.folder / "o.parquet").names


def test_a_spine_of_several_files(coeval):
    two_files(coeval)
    (coeval.folder / "rows").mkdir()
    table = pq.read_table(coeval.folder / "spine.parquet")
    for i in range(4):
        csv.write_csv(table.slice(i, 1), coeval.folder / "rows" / f"{i}.csv")
    for spine in ("rows", "rows/*"):
        coeval("asof", spine, "features.parquet", *BY, "-o", "o.parquet", code=3)  # the null's type
    for i in range(4):
        pq.write_table(table.slice(i, 1), coeval.folder / "rows" / f"{i}.parquet")
    error = coeval("asof", "rows", "features.parquet", *BY, "-o", "o.parquet", code=3).err
    assert "'rows' holds files of several formats" in error
    coeval("asof", "rows/*.parquet", "features.parquet", *BY, "-o", "o.parquet")
    found = pq.read_table(coeval.folder / "o.parquet")
    assert found.column("label").to_pylist() == table.column("label").to_pylist()
    assert found.column("score").to_pylist() == [0.1, 0.2, None, None]
    pq.write_table(table.drop_columns("label"), coeval.folder / "rows" / "4.parquet")
    error = coeval("asof", "rows/*.parquet", "features.parquet", *BY, "-o", "o.parquet", code=3).err
    assert "0.parquet and" in error and "have different columns" in error


def piped(coeval, *arguments: str) -> tuple[bytes, str]:
    done = subprocess.run(
        [coeval.program(), *arguments], cwd=coeval.folder, env=os.environ | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr.decode()


def test_formats_and_pipes(coeval):
    two_files(coeval)
    coeval("asof", *TWO, *BY, "-o", "o.parquet")
    wanted = pq.read_table(coeval.folder / "o.parquet")
    out, err = piped(coeval, "asof", *TWO, *BY, "-o", "-")
    assert ipc.open_stream(io.BytesIO(out)).read_all().equals(wanted)
    assert "4 rows joined" in err
    out, _ = piped(coeval, "asof", *TWO, *BY, "-o", "-", "--format", "parquet")
    assert pq.read_table(io.BytesIO(out)).equals(wanted)
    out, _ = piped(coeval, "asof", *TWO, *BY, "-o", "-", "--format", "csv")
    assert out.decode().splitlines()[0] == ",".join(f'"{name}"' for name in wanted.column_names)
    coeval("asof", *TWO, *BY, "-o", "o.arrows")
    assert ipc.open_stream(coeval.folder / "o.arrows").read_all().equals(wanted)
    coeval("asof", *TWO, *BY, "-o", "o.arrow")
    assert ipc.open_file(coeval.folder / "o.arrow").read_all().equals(wanted)
    coeval("asof", *TWO, *BY, "-o", "table", "--format", "csv")
    assert (coeval.folder / "table").read_bytes() == out
    assert not (coeval.folder / "-").exists()
    for arguments, words in (
        (["--format", "csv"], "give -o FILE"),
        (["-o", "-", "--json"], "leave --json out"),
        (["-o", "o.csv", "--format", "xlsx"], "parquet"),
    ):
        assert words in coeval("asof", *TWO, *BY, *arguments, code=2).err


def test_a_reader_that_goes_away_is_no_failure(coeval):
    n = 300_000
    write(coeval, "big.parquet", user_id=["ann"] * n, event_timestamp=[DAY] * n)
    two_files(coeval)
    script = (
        f"{coeval.program()} asof big.parquet features.parquet --by user_id --on event_timestamp "
        "-o - --format csv | head -1; exit ${PIPESTATUS[0]}"
    )
    done = subprocess.run(["bash", "-c", script], cwd=coeval.folder, capture_output=True, text=True,
                          env=os.environ | {"NO_COLOR": "1"}, timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr and done.stdout.count("\n") == 1


def many_rows(coeval, rows: int = 300_000) -> None:
    """Questions and facts of many users, in no order."""
    number = pa.array(range(rows))
    scattered = [i * 7919 % 50_021 for i in range(rows)]
    for name, shift in (("spine", 5), ("features", 0)):
        columns = {
            "user_id": pa.array(scattered),
            "event_timestamp": pa.array(
                [i * 104_729 % 1_000_003 + shift for i in range(rows)], pa.timestamp("us", "UTC")
            ),
            ("label" if name == "spine" else "score"): number,
        }
        pq.write_table(pa.table(columns), coeval.folder / f"{name}.parquet", row_group_size=20_000)


def test_the_answer_is_the_same_whatever_memory_it_may_take(coeval):
    many_rows(coeval)
    before = {path.name for path in coeval.folder.iterdir()}
    reports = [
        coeval.json("asof", *TWO, "--by", "user_id", "--memory", memory, "-o", f"{memory}.parquet")
        for memory in ("4GiB", "64MiB")
    ]
    for report in reports:
        report.pop("output")
    assert reports[0] == reports[1] and reports[0]["found"] > 200_000
    tables = [pq.read_table(coeval.folder / f"{memory}.parquet") for memory in ("4GiB", "64MiB")]
    assert tables[0].equals(tables[1])
    assert tables[0].column("label").to_pylist() == list(range(300_000))
    after = {path.name for path in coeval.folder.iterdir()}
    assert after - before == {"4GiB.parquet", "64MiB.parquet"}


def test_a_memory_that_is_none(coeval):
    two_files(coeval)
    for text, why in [
        ("lots", "'lots' is not a size (\"16MiB\")"),
        ("-1GiB", "is not a size"),
        ("1MiB", "the least is 64MiB; 0 is half of what there is"),
        ("9999TiB", "is not between 0 and"),
    ]:
        failed = coeval("asof", *TWO, *BY, "--memory", text, "-o", "o.parquet", code=2)
        assert "--memory: " in failed.err and why in failed.err, failed.err
    assert scores(coeval, *BY, "--memory", "0") == [0.1, 0.2, None, None]
