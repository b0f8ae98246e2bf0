"""`online_diff` by what it says: random stories of rows that land late, are corrected and pushed,
and of runs. Sources only grow, so that nothing may count as changed under the store; what the next
run is said to mend it mends, and what is lost is mended by the ranges that the advice names.

The seed is printed; COEVAL_SEED runs the same again.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import sys
from collections import Counter
from pathlib import Path

import coeval
import pyarrow as pa
import pyarrow.parquet as pq

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from coeval import Aggregation, Entity, FeatureView, Field, FileSource, PushSource  # noqa: E402
from coeval.types import Float64, String  # noqa: E402
from seeded import run_cases  # noqa: E402

UTC = dt.UTC
START = dt.datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = dt.timedelta(minutes=1)
CODES = ["ams", "ber", "rom", None]
STEPS = 12


def definitions(ttl):
    city = Entity(name="city", join_keys=["city"], value_type=String)
    late = {"lateness": 60 * MINUTE, "overlap": 20 * MINUTE}
    files = FileSource(
        name="files", path="data/*.parquet", timestamp_field="at", event_id_field="id",
        created_timestamp_column="written", **late,
    )  # fmt: skip
    push = PushSource(name="pushes", batch_source=files)
    plain_files = FileSource(
        name="plain_files", path="data/*.parquet", timestamp_field="at", **late
    )
    windows = [
        Aggregation("heat", "sum", name="total", time_window=120 * MINUTE),
        Aggregation([], "count", name="n", time_window=45 * MINUTE),
        Aggregation("heat", "last", name="newest", time_window=None),
    ]

    def view(name, source, **more):
        return FeatureView(name=name, entities=[city], source=source, **more)

    schema = [Field("heat", Float64)]
    return [
        city, files, push, plain_files,
        view("fresh", push, schema=schema, ttl=ttl),
        view("plain", plain_files, schema=schema, ttl=ttl),
        view("by_id", push, aggregations=windows),
        view("by_time", plain_files, aggregations=windows),
    ]  # fmt: skip


class Story:
    def __init__(self, folder: Path, seeded: random.Random):
        self.folder, self.seeded = folder, seeded
        (folder / "data").mkdir(parents=True)
        (folder / "coeval.yaml").write_text("project: cities\n")
        self.now = START
        self.pass_time(0)
        self.files = 0
        self.land()
        self.store = coeval.FeatureStore(folder, clock=f"@{folder / 'clock'}")
        self.store.apply(definitions(seeded.choice([None, 90 * MINUTE])))

    def pass_time(self, minutes):
        self.now += minutes * MINUTE
        (self.folder / "clock").write_text(self.now.isoformat())

    def rows(self, count, written):
        def row():
            at = self.now + self.seeded.randint(-200, 10) * MINUTE
            heat = self.seeded.choice([None, 0.0, -0.0, 1.5, float("nan")])
            wrote = at + self.seeded.randint(0, 100) * MINUTE
            values = [self.seeded.choice(CODES), at, heat, str(self.seeded.randint(0, 5))]
            return [*values, self.seeded.choice([None, wrote])]

        rows = [row() for _ in range(count)]
        time = pa.timestamp("us", "UTC")
        columns = {
            "city": pa.array([row[0] for row in rows], pa.string()),
            "at": pa.array([row[1] for row in rows], time),
            "heat": pa.array([row[2] for row in rows], pa.float64()),
            "id": pa.array([row[3] for row in rows], pa.string()),
        }
        if written:
            columns["written"] = pa.array([row[4] for row in rows], time)
        return pa.table(columns)

    def land(self):
        table = self.rows(self.seeded.randint(1, 5), True)
        pq.write_table(table, self.folder / f"data/{self.files}.parquet")
        self.files += 1

    def push(self):
        self.store.push("pushes", self.rows(self.seeded.randint(1, 2), False))

    def carry(self):
        self.store.materialize_incremental(self.now)

    def live(self):
        acts = [self.land, self.land, self.push, self.carry, self.store.seal_log]
        for _ in range(self.seeded.randint(3, STEPS)):
            self.seeded.choice(acts)()
            self.pass_time(self.seeded.choice([0, 1, 15, 40]))

    def compare(self):
        compared = self.store.online_diff()
        assert len(compared) == 4
        assert compared.ok == all(each.explained for each in compared.differences)
        return compared, {(each.view, each.key): each for each in compared.differences}

    def check(self) -> Counter:
        """How often each reason was given."""
        _, before = self.compare()
        seen = Counter(each.reason for each in before.values())
        expected = {"not_materialized", "landed_late", "lost", "expired"}
        assert {each.reason for each in before.values()} <= expected, before
        self.carry()
        compared, after = self.compare()
        mended = {at for at, each in before.items() if each.explained and each.reason != "expired"}
        assert not mended & after.keys(), (mended, after)
        ranges = re.findall(r"`coeval materialize (\S+) (\S+) -v (\S+)`", compared.advice)
        assert bool(ranges) == any(each.reason == "lost" for each in after.values())
        for start, end, view in ranges:
            self.store.materialize(start, end, [view])
        _, left = self.compare()
        assert {each.reason for each in left.values()} <= {"expired"}, left
        return seen


def run(seed: int, folder: Path) -> Counter:
    story = Story(folder, random.Random(seed))
    try:
        story.live()
        return story.check()
    finally:
        story.store.close()


def test_what_is_said_to_mend_a_difference_does():
    seen = run_cases(25, run)
    assert seen["not_materialized"] and seen["landed_late"] and seen["lost"], seen
