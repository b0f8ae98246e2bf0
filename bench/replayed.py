"""A replay: events pushed out of order, twice, corrected, taken back and too late, between restarts of
the store; windows asked online on the way, at moments of a clock that this program moves. At the end
one training set is asked for the same keys at the same moments, and must give the same bits.

  replayed.py EVENTS MOMENTS KEYS OUT       prints rates, writes what it counted to OUT as JSON

The seed is printed; COEVAL_SEED runs another one. It ends with an error at the first pair that differs.
"""

import datetime
import json
import os
import random
import struct
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import coeval
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from coeval import Aggregation, Entity, FeatureView, Field, PushSource
from coeval.types import Float64, Int64, String

MILLISECOND, SECOND, MINUTE, HOUR = 1_000, 1_000_000, 60_000_000, 3_600_000_000
BEGIN = 1_714_564_800 * SECOND
SPAN = 6 * HOUR  # of all moments
LATENESS = 2 * HOUR  # of both sources
TIME = pa.timestamp("us", "UTC")
RESTARTS = 12
NO_INDEX = {"online_store.index_size": "0"}
FEATURES = ["clicks:*", "payments:*"]


# -- what is defined --------------------------------------------------------------------------------


def aggregations(view):
    """Of each view; names begin with the view's."""
    def windows(function, column="", length="1h", name="", **more):
        return Aggregation(column, function, length, name=f"{view}_{name or function}", **more)

    return [
        windows("count", length=["1m", "1h"]),
        windows("sum", "amount", ["10s", "1m", "10m", "1h"]),
        windows("sum", "number", name="whole_sum"),
        windows("mean", "amount", "10m", where="amount > 0", name="mean_of_gains"),
        windows("mean", "amount", "10m", offset="10m", name="mean_before"),
        windows("stddev_samp", "amount"),
        windows("min", "amount", "10m", closed="both"),
        windows("max", "amount", closed="left"),
        windows("sum", "amount", "10s", closed="neither", name="sum_inside"),
        windows("count", slide_interval="5m", name="sliding_count"),
        windows("count_distinct", "item", params={"cap": 50}),
        windows("quantile", "amount", params={"q": 0.95, "cap": 100}, name="p95"),
        windows("last", "amount", "1m"),
        windows("last_n", "item", rows=10, params={"n": 3}),
        windows("sum", "amount", by="coalesce(kind, '?')", name="sum_by_kind"),
    ]


def lifetime(view):
    """Of all history: such a view keeps everything."""
    return [
        Aggregation("amount", function, name=f"{view}_{function}_ever")
        for function in ("count", "sum", "last")
    ]


def definitions():
    """Clicks are what they are; payments have ids, and are corrected and taken back by them."""
    user = Entity("user", join_keys={"user": "int64"})
    columns = [Field("user", Int64), Field("amount", Float64), Field("number", Int64),
               Field("item", String), Field("kind", String)]
    clicks = PushSource("clicks_push", schema=columns, timestamp_field="at", lateness="2h")
    payments = PushSource("payments_push", schema=[Field("id", Int64), *columns],
                          timestamp_field="at", event_id_field="id", lateness="2h")
    return [
        FeatureView("clicks", entities=[user], aggregations=aggregations("clicks"), source=clicks),
        FeatureView("payments", entities=[user], source=payments,
                    aggregations=[*aggregations("payments"), *lifetime("payments")]),
    ]


# -- what happens -----------------------------------------------------------------------------------


class Rows:
    """Rows to push to a source, in the order of the moments before which they arrive."""

    def __init__(self, source, arrival, columns, delete=False):
        order = np.argsort(arrival, kind="stable")
        self.source, self.delete = source, delete
        self.arrival = arrival[order]
        made = {name: pa.array(values).take(pa.array(order)) for name, values in columns.items()}
        made["at"] = made["at"].cast(TIME)
        self.table = pa.table(made)

    def between(self, first, last):
        """Those that arrive at moments [first, last)."""
        begin, end = np.searchsorted(self.arrival, [first, last])
        return self.table.slice(begin, end - begin)


def draw_moments(draw, moments):
    """Microseconds, ascending: as requests come, with a dozen pauses; a third at round times, so that
    events lie on the very ends of windows."""
    gaps = draw.exponential(0.8, moments)
    gaps[draw.choice(moments, 12)] += moments / 60
    clock = BEGIN + np.cumsum(gaps / gaps.sum() * SPAN).astype(np.int64)
    rounded = clock // (100 * MILLISECOND) * (100 * MILLISECOND)
    clock = np.where(draw.random(moments) < 0.33, rounded, clock)
    apart = 10 * np.arange(moments)  # room for the created times of some pushes between two
    return np.maximum.accumulate(clock - apart) + apart


def draw_ages(draw, rows):
    """How long before its arrival an event happened: most a second, one in four out of order by up to
    20 minutes, some later than is taken, some dated ahead."""
    kind = draw.random(rows)
    return np.select(
        [kind < 0.70, kind < 0.88, kind < 0.96, kind < 0.98, kind < 0.99],
        [draw.exponential(0.3 * SECOND, rows), draw.uniform(0, MINUTE, rows),
         draw.uniform(0, 20 * MINUTE, rows), draw.uniform(0, 1.9 * HOUR, rows),
         draw.uniform(2 * HOUR, 4 * HOUR, rows)],
        -draw.uniform(0, 30 * SECOND, rows),
    ).astype(np.int64)


def draw_values(draw, rows):
    amount = np.round(draw.normal(20, 100, rows), 2) * draw.choice([1, 1, 1e-3, 1e6], rows)
    odd = draw.random(rows)
    amount[odd < 0.02] = -0.0
    amount[odd < 0.002] = np.nan
    amount[odd < 0.0005] = np.inf
    kinds = np.array(["card", "cash", "", None], dtype=object)
    return {
        "amount": pa.array(amount, mask=draw.random(rows) < 0.03),
        "number": pa.array(draw.integers(-1000, 1000, rows), mask=draw.random(rows) < 0.03),
        "item": np.char.add("item ", draw.integers(0, 5_000, rows).astype(str)),
        "kind": pa.array(draw.choice(kinds, rows), pa.string()),
    }


def zipf(draw, keys, rows):
    weights = np.arange(1, keys + 1) ** -0.8
    return draw.choice(keys, rows, p=weights / weights.sum())


def event_times(draw, clock, arrival):
    at = clock[arrival] - draw_ages(draw, len(arrival))
    return np.where(draw.random(len(at)) < 0.33, at // (100 * MILLISECOND) * (100 * MILLISECOND), at)


def draw_clicks(draw, clock, rows, keys):
    arrival = draw.integers(0, len(clock), rows)
    return Rows("clicks_push", arrival, {
        "at": event_times(draw, clock, arrival), "user": zipf(draw, keys, rows),
        **draw_values(draw, rows)})  # fmt: skip


def draw_payments(draw, clock, rows, keys):
    """Rows and deletes: 7 in 100 correct one that came before, half of these its time as well; 5 in 100
    say it again as it was; 3 in 100 take it back, now and then before it came."""
    first = rows * 85 // 100
    corrections, again, gone = rows * 7 // 100, rows * 5 // 100, rows * 3 // 100
    arrival = draw.integers(0, len(clock), first)
    at, user = event_times(draw, clock, arrival), draw.integers(0, keys, first)
    of = draw.integers(0, first, corrections + again + gone)
    wait = draw.exponential(12 * MINUTE, len(of)).astype(np.int64)
    later = np.searchsorted(clock, clock[arrival[of]] + wait)
    later = np.minimum(later, len(clock) - 1)
    early = draw.random(len(of)) < 0.05
    later[early] = arrival[of[early]] // 2
    time = at[of].copy()
    moved = (np.arange(len(of)) < corrections) & (draw.random(len(of)) < 0.5)
    time[moved] += draw.integers(-MINUTE, MINUTE, len(of))[moved]
    values = draw_values(draw, first + corrections)
    same = of[corrections : corrections + again]
    rows_of = np.concatenate([np.arange(first + corrections), same])
    said, back = slice(0, corrections + again), slice(corrections + again, None)
    number = np.arange(first)
    put = Rows("payments_push", np.concatenate([arrival, later[said]]), {
        "id": np.concatenate([number, of[said]]), "at": np.concatenate([at, time[said]]),
        "user": np.concatenate([user, user[of[said]]]),
        **{name: pa.array(column).take(pa.array(rows_of)) for name, column in values.items()},
    })  # fmt: skip
    taken = Rows("payments_push", later[back], {
        "id": of[back], "at": time[back], "user": user[of[back]]}, delete=True)  # fmt: skip
    counts = {"corrections": corrections, "said again": again, "taken back": gone}
    return put, taken, counts


# -- the replay -------------------------------------------------------------------------------------


def moment_of(micros):
    return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(microseconds=micros)


class Replay:
    """One repository in `folder`, on a clock that is a file. Errors: AssertionError where a pair
    differs, with what it is."""

    def __init__(self, folder, events, moments, keys, seed, say=print):
        self.folder, self.keys, self.say = folder, keys, say
        self.random = random.Random(seed)
        draw = np.random.default_rng(seed)
        self.clock = draw_moments(draw, moments)
        half = events // 2
        clicks = draw_clicks(draw, self.clock, half, keys)
        put, taken, counts = draw_payments(draw, self.clock, events - half, keys)
        self.rows = [clicks, put, taken]
        self.counts = Counter(counts)
        evenly, skewed = draw.integers(0, keys + 1, moments), zipf(draw, keys, moments)
        self.asked = np.where(draw.random(moments) < 0.7, evenly, skewed)  # one is unknown
        self.pushed_until, self.pushes = 0, []
        self.answers, self.blocks, self.times = [], [], []
        self.seconds = {"push": [], "read": [], "open": []}
        folder.mkdir(parents=True)
        (folder / "coeval.yaml").write_text("project: replay\n")
        self.set_clock(BEGIN)
        self.open({})
        self.store.apply(definitions())

    def set_clock(self, micros):
        beside = self.folder / "clock.new"
        beside.write_text(moment_of(int(micros)).isoformat())
        beside.rename(self.folder / "clock")  # read whole by the store's threads, or not yet

    def open(self, settings):
        started = time.perf_counter()
        self.store = coeval.FeatureStore(self.folder, clock=f"@{self.folder / 'clock'}",
                                         settings=settings)
        self.seconds["open"].append(time.perf_counter() - started)

    def run(self):
        """What was counted and measured."""
        try:
            restarts = set(np.linspace(0, len(self.clock), RESTARTS + 2, dtype=int)[1:-1].tolist())
            for number, now in enumerate(self.clock.tolist()):
                if number in restarts:
                    self.restart()
                self.set_clock(now)
                if number == len(self.clock) - 1 or self.random.random() < 0.25:
                    self.push_until(number + 1)
                self.ask(int(self.asked[number]))
                if (number + 1) % max(1, len(self.clock) // 10) == 0:
                    self.say(self.progress(number + 1))
            self.keep_block()
            return self.compare()
        finally:
            self.store.close()

    def restart(self):
        """Closed and opened again, now with indexes over events and now without: no answer may show
        it. The log is sealed at some of them."""
        if self.random.random() < 0.5:
            self.counts["rows sealed"] += self.store.seal_log()["rows"]
        self.store.close()
        self.counts["restarts"] += 1
        self.open(NO_INDEX if self.counts["restarts"] % 3 == 2 else {})
        self.push_again(self.pushes[-1:])  # as a client does that got no answer

    def push_until(self, moment):
        for rows in self.rows:
            table = rows.between(self.pushed_until, moment)
            if table.num_rows > 0:
                options = {"delete": rows.delete, "idempotency_key": f"push {len(self.pushes)}"}
                started = time.perf_counter()
                report = self.store.push(rows.source, table, **options)
                self.seconds["push"].append(time.perf_counter() - started)
                assert not report.repeated and report.rows == table.num_rows
                self.count(rows, table, int(report.created.timestamp() * 1e6))
                self.pushes.append((rows.source, table, options))
        self.pushed_until = moment
        if self.random.random() < 0.05:
            self.push_again(self.random.sample(self.pushes[-20:], min(3, len(self.pushes))))

    def push_again(self, pushes):
        for source, table, options in pushes:
            assert self.store.push(source, table, **options).repeated
            self.counts["rows of repeated pushes"] += table.num_rows

    def count(self, rows, table, created):
        if not rows.delete:
            age = created - table["at"].cast(pa.int64()).to_numpy()
            self.counts["out of order"] += int((age > 5 * SECOND).sum())
            self.counts["too late"] += int((age > LATENESS).sum())
            self.counts["dated ahead"] += int((age < 0).sum())
        self.counts["pushes"] += 1
        self.counts["events"] += table.num_rows

    def ask(self, user):
        started = time.perf_counter()
        answer = self.store.get_online_features(FEATURES, {"user": [user]})
        self.seconds["read"].append(time.perf_counter() - started)
        since = answer.time - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        self.times.append(since // datetime.timedelta(microseconds=1))
        self.answers.append(answer.to_arrow())
        if len(self.answers) == 1_000:
            self.keep_block()

    def keep_block(self):
        if self.answers:
            self.blocks.append(pa.concat_tables(self.answers).combine_chunks())
        self.answers = []

    def progress(self, done):
        reads = sorted(self.seconds["read"][-max(1, len(self.clock) // 10):])
        pushing = sum(self.seconds["push"])
        return (f"  {done:,} of {len(self.clock):,} moments, {self.counts['events']:,} events, "
                f"{self.counts['restarts']} restarts; pushed {self.counts['events'] / pushing:,.0f} rows/s; "
                f"read p50 {reads[len(reads) // 2] * 1e6:,.0f} us, "
                f"p99 {reads[len(reads) * 99 // 100] * 1e6:,.0f} us")

    # -- the same offline ---------------------------------------------------------------------------

    def compare(self):
        served = pa.concat_tables(self.blocks).combine_chunks()
        spine = pa.table({"user": served["user"],
                          "event_timestamp": pa.array(self.times, pa.int64()).cast(TIME)})
        started = time.perf_counter()
        trained = self.train(spine)
        seconds = time.perf_counter() - started
        names = [name for name in trained.column_names if name not in spine.column_names]
        assert served.column_names == ["user", *names]
        self.check_equal(spine, served, trained, names)
        hindsight = self.train(spine, known="hindsight")
        counts = self.counts
        counts["moments"] = len(set(self.times))
        counts["pairs"] = counts["equal"] = len(names) * spine.num_rows
        counts["features"] = len(names)
        for name in names:
            column = served[name].combine_chunks()
            counts["not null"] += len(column) - column.null_count
            counts["other by hindsight"] += int(unequal(column, hindsight[name]).sum())
            if pa.types.is_floating(column.type):
                bits = bits_of(column)
                counts["NaN"] += int(np.isnan(bits.view("float64")).sum())
                counts["-0.0"] += int((bits == bits_of(pa.array([-0.0]))[0]).sum())
        return {**counts, **self.figures(seconds)}

    def train(self, spine, **options):
        return self.store.get_historical_features(spine, FEATURES, on_error="null", **options).to_arrow()

    def check_equal(self, spine, served, trained, names):
        differing = {name: unequal(served[name], trained[name]) for name in names}
        first = {name: int(np.argmax(rows)) for name, rows in differing.items() if rows.any()}
        if not first:
            return
        name = min(first, key=first.get)
        row, count = first[name], sum(int(rows.sum()) for rows in differing.values())
        raise AssertionError(
            f"{count:,} of {len(names) * spine.num_rows:,} pairs differ; the first is {name} of user "
            f"{spine['user'][row].as_py()} at {moment_of(self.times[row]).isoformat()} "
            f"(moment {row}, after {spine.num_rows // (RESTARTS + 1)} moments each a restart)\n"
            f"  served   {served[name][row].as_py()!r}\n  trained  {trained[name][row].as_py()!r}\n"
            f"  differing features: {', '.join(sorted(first))}")

    def figures(self, training):
        reads, pushed = sorted(self.seconds["read"]), sum(self.seconds["push"])
        return {
            "pushed rows/s": self.counts["events"] / pushed,
            "reads/s": len(reads) / sum(reads),
            "read p50, us": reads[len(reads) // 2] * 1e6,
            "read p99, us": reads[len(reads) * 99 // 100] * 1e6,
            "slowest open, s": max(self.seconds["open"]),
            "training set, s": training,
        }


def bits_of(column):
    """The bits of floats; of null those of 0."""
    return column.fill_null(0.0).to_numpy(zero_copy_only=False).view(f"int{column.type.bit_width}")


def exact(value):
    """Equal for equal bits alone."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, list | tuple):
        return [exact(part) for part in value]
    return (type(value).__name__, value)


def unequal(one, other):
    """Of each row: do the columns differ in a bit?"""
    one, other = (column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
                  for column in (one, other))
    assert one.type == other.type and len(one) == len(other), (one.type, other.type)
    if pa.types.is_nested(one.type):
        pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
        return np.array([exact(a) != exact(b) for a, b in pairs], dtype=bool)
    here, there = (column.is_valid().to_numpy(zero_copy_only=False) for column in (one, other))
    if pa.types.is_floating(one.type):
        values = bits_of(one) != bits_of(other)
    else:
        values = pc.fill_null(pc.not_equal(one, other), False).to_numpy(zero_copy_only=False)
    return (here != there) | (here & there & values)


def main():
    events, moments, keys = map(int, sys.argv[1:4])
    seed = int(os.environ.get("COEVAL_SEED", 5))
    print(f"  COEVAL_SEED={seed}", flush=True)
    with tempfile.TemporaryDirectory(dir=Path(sys.argv[4]).parent) as folder:
        replay = Replay(Path(folder) / "repository", events, moments, keys, seed,
                        say=lambda line: print(line, flush=True))
        said = replay.run()
    Path(sys.argv[4]).write_text(json.dumps(said))


if __name__ == "__main__":
    try:
        main()
    except AssertionError as difference:
        sys.exit(f"  {difference}")
