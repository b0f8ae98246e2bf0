"""Aggregated views served online against the training set at the moments at which they were asked,
by bits: rule 5 and the promise. Events come in by materialization, by pushes or both ways, late,
corrected, retracted, too late, equal and of the future, between restarts; what was answered is
kept, and asked of a training set at the end. Where the executable law speaks, it is asked too.

The seed is printed; COEVAL_SEED runs the same again.
"""

from __future__ import annotations

import datetime
import random
import struct
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import coeval
import pyarrow as pa
import pyarrow.parquet
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from coeval import Entity, FeatureView, Field, FileSource, PushSource  # noqa: E402
from coeval.types import Bool, Float64, Int64, String  # noqa: E402
from model import window  # noqa: E402
from model.facts import Fact, Source  # noqa: E402
from model.values import same_bits  # noqa: E402
from seeded import run_cases  # noqa: E402
from windows_test import COLUMNS, LARGE, ORDINARY, Case, plain, random_case, random_window  # noqa: E402
from world import rfc3339  # noqa: E402

SECOND = 1_000_000
DAY = 86_400 * SECOND
BASE = 1_362_898_800 * SECOND  # beside a change of clocks
STEPS = 40
KEYS = [None, 1, 1, 1, 2, 2, 3]
USER = Entity("user", join_keys={"k": "int64"})
TIME = pa.timestamp("us", "UTC")
KINDS = {name: kind for name, (kind, _) in COLUMNS.items()} | {
    "k": pa.int64(), "id": pa.int64(), "gone": pa.bool_(), "at": TIME,
}  # fmt: skip
FIELDS = {"f": Bool, "i": Int64, "s": String, "x": Float64, "id": Int64}

# Every function, with columns and parameters that it takes.
FUNCTIONS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "count": ([], {}),
    "rate": (["x"], {"per": "1m"}),
    "any": (["f"], {}),
    "all": (["f"], {}),
    "count_distinct": (["s"], {"cap": 2}),
    "sum": (["x"], {}),
    "mean": (["x"], {}),
    "var_pop": (["x"], {}),
    "var_samp": (["i"], {}),
    "stddev_pop": (["x"], {}),
    "stddev_samp": (["x"], {}),
    "skew": (["x"], {}),
    "kurtosis": (["i"], {}),
    "covar_pop": (["x", "i"], {}),
    "covar_samp": (["i", "x"], {}),
    "corr": (["x", "i"], {}),
    "slope": (["x"], {"per": "1m"}),
    "min": (["s"], {}),
    "max": (["x"], {}),
    "top_k": (["x"], {"k": 2}),
    "bottom_k": (["i"], {"k": 3}),
    "top_k_by": (["s", "i"], {"k": 2}),
    "bottom_k_by": (["i", "x"], {"k": 1}),
    "quantile": (["x"], {"q": 0.9, "cap": 3}),
    "median": (["i"], {}),
    "mode": (["s"], {}),
    "top_n_frequency": (["i"], {"n": 2}),
    "top1_ratio": (["s"], {}),
    "histogram": (["s"], {}),
    "entropy": (["s"], {}),
    "percent_rank": (["x"], {}),
    "first": (["s"], {}),
    "last": (["x"], {}),
    "lag": (["i"], {"n": 1}),
    "first_n": (["x"], {"n": 2}),
    "last_n": (["s"], {"n": 2}),
    "first_distinct_n": (["s"], {"n": 2}),
    "last_distinct_n": (["i"], {"n": 2}),
    "collect": (["x"], {}),
    "ew_avg": (["x"], {"half_life": 2}),
    "drawdown": (["x"], {}),
    "decay_sum": (["x"], {"half_life": "5s"}),
    "decay_avg": (["i"], {"half_life": "3s"}),
    "time_since_last": ([], {}),
    "time_since_first": (["x"], {}),
}


def random_view(r: random.Random, source: Any) -> tuple[FeatureView, Case, list[str]]:
    """Aggregations of the law's, some of every function, and an expression over them; and the
    columns that all of them read."""
    read: list[str] = []
    extra = []
    for number, function in enumerate(r.sample(list(FUNCTIONS), r.choice([0, 2, 6]))):
        columns, params = FUNCTIONS[function]
        given, _ = random_window(r)
        if function.startswith("decay") or function == "rate":  # they need a length
            given["time_window"] = "60s"
        by = r.choice([None, None, "coalesce(s, '?')"])
        where = r.choice([None, None, "i > 0"])
        read += [*columns, *(["s"] if by else []), *(["i"] if where else [])]
        extra.append(
            coeval.Aggregation(
                columns, function, name=f"e{number}", params=params, by=by, where=where, **given
            )
        )
    case = random_case(r, read)
    extra.append(coeval.Aggregation([], "count", name="n", time_window="10s"))
    view = FeatureView(
        "windows",
        entities=[USER],
        aggregations=[*case.aggregations, *extra],
        expressions={"many": "n > 2"},
        source=source,
    )
    return view, case, sorted(set(read))


class Story:
    """A repository on a clock, what was answered in it, and the facts as the law sees them."""

    def __init__(self, r: random.Random, folder: Path) -> None:
        self.r, self.folder, self.now = r, folder, BASE
        self.facts: list[Fact] = []
        self.answers: list[tuple[int, list[Any], pa.Table]] = []
        folder.mkdir(parents=True)
        history = r.choice(["5m", "3us", "1s", "0s"])
        (folder / "coeval.yaml").write_text(
            f"project: random\nonline_store: {{online_history: {history}}}\n"
        )
        self.set_clock(BASE)
        self.open()

    def set_clock(self, now: int) -> None:
        self.now = max(self.now, now)
        (self.folder / "clock").write_text(rfc3339(self.now))

    def open(self) -> None:
        self.store = coeval.FeatureStore(self.folder, clock=f"@{self.folder / 'clock'}")

    def define(self, view: FeatureView, case: Case, names: list[str]) -> None:
        self.case, self.names = case, names
        self.store.apply([view])

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def row(self, odd: bool) -> dict[str, Any]:
        values = {name: self.r.choice(choices) for name, (_, choices) in COLUMNS.items()}
        values["x"] = values["x"] if odd else self.r.choice(ORDINARY)
        values["i"] = self.r.choice(LARGE) if odd else values["i"]
        return values

    def ask(self) -> None:
        keys = [self.r.choice([*KEYS, 4]) for _ in range(self.r.choice([1, 3, 6]))]
        features = ["windows:*"]
        answer = self.store.get_online_features(features, {"k": pa.array(keys, pa.int64())})
        self.answers.append((micros_of(answer.time), keys, answer.to_arrow()))

    def check(self, *sources: Source) -> Counter:
        """All that was answered against a training set at those moments, and the law."""
        total: Counter = Counter()
        spine = pa.table(
            {
                "k": pa.array([k for _, keys, _ in self.answers for k in keys], pa.int64()),
                "event_timestamp": pa.array(
                    [t for t, keys, _ in self.answers for _ in keys], pa.int64()
                ).cast(TIME),
            }
        )
        made = self.store.get_historical_features(
            spine, ["windows:*"], on_error="null"
        ).to_arrow()
        names = [name for name in made.column_names if name not in spine.column_names]
        trained = {name: plain(made[name]) for name in names}
        law = window.AggregatedView(tuple(self.case.law), sources)
        row = 0
        for t, keys, table in self.answers:
            served = {name: plain(table[name]) for name in names}
            for i, key in enumerate(keys):
                for name in names:
                    total["values"] += 1
                    total["not null"] += served[name][i] is not None
                    if exact(served[name][i]) != exact(trained[name][row]):
                        raise AssertionError(
                            f"{name} of {key} at {t} ({rfc3339(t)})\n"
                            f"  trained {trained[name][row]!r}\n  served  {served[name][i]!r}"
                        )
                wanted = window.answer(law, self.facts, (key,), t, "declared")
                for j, aggregation in enumerate(self.case.law):
                    total["of the law"] += 1
                    if not same_bits(served[aggregation.name][i], wanted.values[j]):
                        raise AssertionError(
                            f"{aggregation} of {key} at {t}\n  the law {wanted.values[j]!r}\n"
                            f"  served  {served[aggregation.name][i]!r}"
                        )
                row += 1
        return total


def micros_of(time: datetime.datetime) -> int:
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(
        microseconds=1
    )


def exact(value: Any) -> Any:
    """Equal for equal bits alone."""
    if isinstance(value, float):
        return struct.pack("<d", value) if value == value else "NaN"
    if isinstance(value, list):
        return [exact(v) for v in value]
    if isinstance(value, dict):
        return [(exact(k), exact(v)) for k, v in value.items()]
    return (type(value).__name__, value)


def carried(seed: int, folder: Path) -> Counter:
    """Files that grow, materialized before each question."""
    r = random.Random(seed)
    has_created, has_id, has_delete = r.random() < 0.6, r.random() < 0.5, r.random() < 0.4
    source = Source(
        "events",
        created=r.choice(["version", "arrival"]) if has_created else "version",
        data_delay=r.choice([0, 0, SECOND, 3 * SECOND]),
        lateness=r.choice([None, None, 4 * SECOND, 8 * SECOND]),
    )
    story = Story(r, folder)
    (folder / "events").mkdir()
    files = FileSource(
        "events",
        path="events",
        timestamp_field="at",
        created_timestamp_column="written" if has_created else "",
        created=source.created,
        data_delay=f"{source.data_delay}us",
        lateness=None if source.lateness is None else f"{source.lateness}us",
        event_id_field="id" if has_id else "",
        delete_field="gone" if has_delete else "",
    )
    view, case, names = random_view(r, files)
    rows = batch_rows(r, story, source, names, has_created, has_id, has_delete)
    land(folder, 0, [], has_created)  # so that there is something to read
    try:
        story.define(view, case, names)
        for number in range(1, r.choice([3, 8, 20])):
            story.set_clock(story.now + r.choice([0, 1, SECOND, 3 * SECOND, 15 * SECOND]))
            here = [row for row in rows if row["lands"] <= story.now]
            rows = [row for row in rows if row["lands"] > story.now]
            if here:
                land(folder, number, here, has_created)
            if r.random() < 0.2:
                story.reopen()
            story.store.materialize_incremental(rfc3339(story.now + DAY))
            if r.random() < 0.3:  # carried twice is carried once
                story.store.materialize(rfc3339(BASE - DAY), rfc3339(story.now + DAY))
            story.ask()
        return story.check(source) + Counter(carried=1)
    finally:
        story.store.close()


def batch_rows(r: random.Random, story: Story, source: Source, names: list[str], has_created: bool,
               has_id: bool, has_delete: bool) -> list[dict[str, Any]]:  # fmt: skip
    """Rows with the time by which each lies in a file: not after it is known."""
    odd, rows = r.random() < 0.3, []
    for number in range(r.choice([3, 20, 120])):
        again = rows[-1] if rows and r.random() < 0.1 else None  # equal rows are so many events
        key, at = r.choice(KEYS), BASE + r.randrange(-5, STEPS) * SECOND
        delay = r.choice([None, 0, 0, SECOND, 5 * SECOND, 20 * SECOND]) if has_created else None
        row = {
            "k": key, "at": at, "written": None if delay is None else at + delay,
            "id": r.randrange(12) if has_id and r.random() < 0.9 else None,
            "gone": has_delete and r.random() < 0.3, **story.row(odd),
        }  # fmt: skip
        if again is not None:
            row = dict(again)
        arrives = source.created == "arrival" and row["written"] is not None
        known = row["written"] if arrives else row["at"] + source.data_delay
        row["lands"] = again["lands"] if again else known - r.choice([0, 0, 2 * SECOND, DAY])
        rows.append(row)
        values = () if row["gone"] else tuple(row[name] for name in names)
        story.facts.append(
            Fact((row["k"],), row["at"], values, source, row["written"], None, row["gone"],
                 row["id"], number)
        )  # fmt: skip
    return rows


def land(folder: Path, number: int, rows: list[dict[str, Any]], has_created: bool) -> None:
    kinds = KINDS | ({"written": TIME} if has_created else {})
    columns = {}
    for name, kind in kinds.items():
        values = [row[name] for row in rows]
        columns[name] = (
            pa.array(values, pa.int64()).cast(kind) if kind == TIME else pa.array(values, kind)
        )
    pyarrow.parquet.write_table(pa.table(columns), folder / "events" / f"{number:03}.parquet")


def pushed(seed: int, folder: Path) -> Counter:
    """Pushes of some rows each, the last of them seen at once."""
    r = random.Random(seed)
    has_id = r.random() < 0.5
    source = Source("events_push", created="arrival", lateness=r.choice([None, None, 8 * SECOND]))
    push = PushSource(
        "events_push",
        schema=[Field(name, FIELDS.get(name, Int64)) for name in ("k", "id", "f", "i", "s", "x")],
        timestamp_field="at",
        event_id_field="id" if has_id else "",
        lateness=None if source.lateness is None else f"{source.lateness}us",
    )
    story = Story(r, folder)
    view, case, names = random_view(r, push)
    odd, number = r.random() < 0.3, 0
    try:
        story.define(view, case, names)
        for _ in range(r.choice([3, 8, 20])):
            story.set_clock(story.now + r.choice([0, 0, 1, SECOND, 3 * SECOND, 15 * SECOND]))
            rows = []
            for _ in range(r.choice([0, 1, 2, 8])):
                late = r.choice([0, 0, 0, SECOND, 2 * SECOND, 9 * SECOND, -SECOND, -5 * SECOND])
                rows.append(
                    {
                        "k": r.choice(KEYS), "at": story.now // SECOND * SECOND - late,
                        "id": r.randrange(10) if has_id and r.random() < 0.9 else None,
                        **story.row(odd),
                    }
                )  # fmt: skip
            if rows:
                number = push_rows(story, rows, source, number)
            if r.random() < 0.2:
                story.reopen()
            story.ask()
        return story.check(source) + Counter(pushed=1)
    finally:
        story.store.close()


def both_ways(seed: int, folder: Path) -> Counter:
    """Files that grow and pushes into one view, whose events have ids."""
    r = random.Random(seed)
    has_created, has_delete = r.random() < 0.6, r.random() < 0.4
    source = Source(
        "events",
        created=r.choice(["version", "arrival"]) if has_created else "version",
        data_delay=r.choice([0, SECOND]),
        lateness=r.choice([8 * SECOND, DAY]),
    )
    arrivals = Source("events_push", created="arrival", lateness=source.lateness)
    story = Story(r, folder)
    (folder / "events").mkdir()
    files = FileSource(
        "events",
        path="events",
        timestamp_field="at",
        created_timestamp_column="written" if has_created else "",
        created=source.created,
        data_delay=f"{source.data_delay}us",
        lateness=f"{source.lateness}us",
        event_id_field="id",
        delete_field="gone" if has_delete else "",
    )
    push = PushSource(  # it brings no deletes
        "events_push",
        batch_source=files,
        schema=[Field(name, FIELDS.get(name, Int64)) for name in ("k", "id", "f", "i", "s", "x")],
    )
    view, case, read = random_view(r, push)
    rows = batch_rows(r, story, source, read, has_created, True, has_delete)
    land(folder, 0, [], has_created)
    number = 0
    try:
        story.define(view, case, read)
        for step in range(1, r.choice([3, 8, 20])):
            story.set_clock(story.now + r.choice([0, 1, SECOND, 3 * SECOND, 15 * SECOND]))
            here = [row for row in rows if row["lands"] <= story.now]
            rows = [row for row in rows if row["lands"] > story.now]
            if here:
                land(folder, step, here, has_created)
            mine = []
            for _ in range(r.choice([0, 0, 1, 4])):
                late = r.choice([0, 0, SECOND, 2 * SECOND, 9 * SECOND, -SECOND])
                mine.append(
                    {
                        "k": r.choice(KEYS), "at": story.now // SECOND * SECOND - late,
                        "id": r.randrange(12) if r.random() < 0.9 else None,
                        **story.row(False),
                    }
                )  # fmt: skip
            if mine:
                number = push_rows(story, mine, arrivals, number)
            if r.random() < 0.2:
                story.reopen()
            story.store.materialize_incremental(rfc3339(story.now + DAY))
            story.ask()
        return story.check(source, arrivals) + Counter(both=1)
    finally:
        story.store.close()


def push_rows(story: Story, rows: list[dict[str, Any]], source: Source, number: int) -> int:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    table = pa.table(
        {
            name: pa.array(values, pa.int64()).cast(TIME) if name == "at"
            else pa.array(values, KINDS[name])
            for name, values in columns.items()
        }
    )  # fmt: skip
    report = story.store.push("events_push", table)
    created = micros_of(report.created)
    for row in rows:
        number += 1
        values = tuple(row[name] for name in story.names)
        story.facts.append(
            Fact((row["k"],), row["at"], values, source, created, ("log", number), False,
                 row["id"], number)
        )  # fmt: skip
    return number


def run(seed: int, folder: Path) -> Counter:
    return (carried, pushed, both_ways)[seed % 3](seed, folder)


def test_windows_are_served_as_they_are_trained_on():
    total = run_cases(60, run)
    assert total["values"] > 5_000 and total["not null"] > 2_000, total
    assert total["of the law"] > 1_500, total
    assert total["carried"] and total["pushed"] and total["both"], total


@pytest.mark.prove
def test_windows_are_served_as_they_are_trained_on_in_many_stories():
    assert run_cases(3_000, run)["values"] > 250_000
