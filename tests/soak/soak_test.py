"""Minutes of mixed load with restarts: nothing acknowledged is lost, and memory, descriptors and
latencies do not drift.

Two threads push, two read, the main one materializes a view of a file, seals the log and asks for a
training set; then the store is closed and opened again. A round is so many pushes; the clock moves by
minutes with each, so that facts expire and events leave their windows. What is held is measured while
the store is closed, and of the rounds' thirds the last must be like the middle one: the first warms up.

Two minutes, an hour in `make prove`.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import gc
import os
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import coeval
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from coeval import Aggregation, Entity, FeatureView, Field, FileSource, PushSource
from coeval.types import Float64, Int64

sys.path[:0] = [str(Path(__file__).parent.parent / "differential")]

from seeded import seed_of_run  # noqa: E402

MINUTE = dt.timedelta(minutes=1)
START = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
STEP = 5 * MINUTE
TTL = 4 * STEP + MINUTE
KEYS = 2_000  # half of them of each pusher
PUSHERS = 2
PUSHES, ROWS = 60, 100  # of a round, by each pusher
FEATURES = ["rates:rate", "rates:number", "counts:rates_30m", "counts:most_30m", "prices:price"]
LEAST_ROUNDS = 12
SLOW = 0.1  # seconds: p99 of reads that no drift alone explains; the machine has other work too

# Short-lived threads make the tables that are pushed, and pyarrow's own allocator keeps pages of each.
pa.set_memory_pool(pa.system_memory_pool())
C_LIBRARY = ctypes.CDLL(None)


def definitions(prices: Path) -> list:
    currency = Entity(name="currency", join_keys=["currency"], value_type=Int64)
    pushed = PushSource(
        name="rates_push",
        schema=[Field("currency", Int64), Field("rate", Float64), Field("number", Int64)],
        timestamp_field="at",
        lateness=10 * MINUTE,
    )
    rates = FeatureView(
        name="rates",
        entities=[currency],
        schema=[Field("rate", Float64), Field("number", Int64)],
        source=pushed,
        ttl=TTL,
    )
    windows = [30 * MINUTE]
    counts = FeatureView(
        name="counts",
        entities=[currency],
        source=pushed,
        aggregations=[
            Aggregation("rate", "count", windows, name="rates"),
            Aggregation("number", "max", windows, name="most"),
        ],
    )
    file = FileSource(name="prices", path=str(prices), timestamp_field="at")
    carried = FeatureView(
        name="prices",
        entities=[currency],
        schema=[Field("price", Float64)],
        source=file,
        ttl=40 * MINUTE,
    )
    return [currency, pushed, rates, counts, file, carried]


@dataclass
class Round:
    """What one round cost. `memory` and `descriptors` are those of the process while the store is closed."""

    memory: int = 0
    descriptors: int = 0
    seconds: list[float] = field(default_factory=list)  # of each read

    def p99(self) -> float:
        return sorted(self.seconds)[len(self.seconds) * 99 // 100] if self.seconds else 0.0


def held_memory() -> int:
    """Of the process, without what the C library's arenas keep free for later: with new threads in each
    round that takes more than a hundred rounds to settle."""
    C_LIBRARY.malloc_trim(0)
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS"))


class Soak:
    """The store, and the ledger of what it has acknowledged."""

    def __init__(self, folder: Path, random_: random.Random):
        self.folder, self.random = folder, random_
        folder.mkdir()
        (folder / "coeval.yaml").write_text("project: soak\nlog: {seal_size: 1MiB}\n")
        self.prices = folder / "prices.parquet"
        self.now = START
        self.write_prices()
        self.numbers = [0] * KEYS  # pushed last, and acknowledged
        self.pushed_at = [START] * KEYS
        self.begun = [0] * KEYS  # pushed last, acknowledged or not
        self.errors: list[BaseException] = []
        self.pushers_left = 0
        self.lock = threading.Lock()
        self.rows = self.reads = self.rounds = self.expired = 0
        self.open()
        self.store.apply(definitions(self.prices))

    def open(self) -> None:
        (self.folder / "clock").write_text(self.now.isoformat())
        self.store = coeval.FeatureStore(self.folder, clock=f"@{self.folder / 'clock'}")

    def write_prices(self) -> None:
        keys = range(0, KEYS, 3)
        columns = {"currency": keys, "price": [float(key) for key in keys], "at": [self.now] * len(keys)}
        pq.write_table(pa.table(columns), self.prices)

    def push(self, pusher: int, seed: int) -> None:
        random_ = random.Random(seed)
        last = KEYS * 3 // 4 if self.rounds % 8 else KEYS  # those behind expire meanwhile
        own = range(pusher, last, PUSHERS)
        for _ in range(PUSHES):
            keys = random_.sample(own, ROWS)
            for key in keys:
                self.begun[key] += 1
            rows = pa.table({
                "currency": keys,
                "rate": [random_.uniform(-1e6, 1e6) for _ in keys],
                "number": [self.begun[key] for key in keys],
                "at": pa.array([self.now] * ROWS, pa.timestamp("us", "UTC")),
            })
            self.store.push("rates_push", rows)
            for key in keys:
                self.numbers[key], self.pushed_at[key] = self.begun[key], self.now
            self.rows += ROWS

    def read(self, seconds: list[float], seed: int) -> None:
        """Until no pusher is left: no answer is older than what was acknowledged before it was asked, or
        newer than what was begun before it was answered."""
        random_ = random.Random(seed)
        while self.pushers_left:
            keys = random_.sample(range(KEYS), 10)
            least = [self.numbers[key] if self.alive(key) else 0 for key in keys]
            started = time.perf_counter()
            answer = self.store.get_online_features(FEATURES, [{"currency": key} for key in keys])
            seconds.append(time.perf_counter() - started)
            for key, low, number in zip(keys, least, answer.to_dict()["number"], strict=True):
                assert low <= (number or 0) <= self.begun[key], (key, low, number, self.begun[key])

    def alive(self, key: int) -> bool:
        return self.numbers[key] > 0 and self.pushed_at[key] + TTL > self.now

    def guarded(self, work, *arguments) -> None:
        try:
            work(*arguments)
        except BaseException as error:  # told by the main thread
            self.errors.append(error)

    def pushing(self, pusher: int, seed: int) -> None:
        try:
            self.guarded(self.push, pusher, seed)
        finally:
            with self.lock:
                self.pushers_left -= 1

    def round(self) -> Round:
        made = Round()
        self.pushers_left = PUSHERS
        seeds = [self.random.randrange(2**32) for _ in range(PUSHERS + 2)]
        threads = [threading.Thread(target=self.pushing, args=(i, seeds[i])) for i in range(PUSHERS)]
        threads += [
            threading.Thread(target=self.guarded, args=(self.read, made.seconds, seed))
            for seed in seeds[PUSHERS:]
        ]
        for thread in threads:
            thread.start()
        self.guarded(self.beside)
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]
        self.reads += len(made.seconds)
        self.restart()
        self.rounds += 1
        made.memory, made.descriptors = self.held
        return made

    def beside(self) -> None:
        """What a platform does meanwhile."""
        self.write_prices()
        self.store.materialize_incremental(self.now)
        self.store.seal_log()
        keys = self.random.sample(range(KEYS), 200)
        spine = pa.table({"currency": keys, "event_timestamp": [self.now] * len(keys)})
        made = self.store.get_historical_features(spine, FEATURES).to_arrow()
        assert made.num_rows == len(keys)

    def restart(self) -> None:
        self.store.close()
        del self.store
        gc.collect()
        self.held = held_memory(), len(os.listdir("/proc/self/fd"))
        self.now += STEP
        self.open()
        rows = [{"currency": key} for key in range(KEYS)]
        served = self.store.get_online_features(["rates:number"], rows).to_dict()["number"]
        wanted = [self.numbers[key] if self.alive(key) else None for key in range(KEYS)]
        assert served == wanted
        self.expired += sum(
            number > 0 and not self.alive(key) for key, number in enumerate(self.numbers)
        )


def thirds(rounds: list[Round]) -> tuple[list[Round], list[Round]]:
    """The middle one and the last."""
    third = len(rounds) // 3
    return rounds[-2 * third : -third], rounds[-third:]


def check(rounds: list[Round]) -> str:
    middle, last = thirds(rounds)
    memory = [median(one.memory for one in part) for part in (middle, last)]
    slow = [median(one.p99() for one in part) for part in (middle, last)]
    open_ = [max(one.descriptors for one in part) for part in (middle, last)]
    told = (
        f"held {memory[0] / 2**20:.0f} MiB, then {memory[1] / 2**20:.0f}; "
        f"descriptors {open_[0]}, then {open_[1]}; "
        f"p99 of reads {slow[0] * 1e3:.1f} ms, then {slow[1] * 1e3:.1f}"
    )
    assert memory[1] <= memory[0] * 1.05 + (8 << 20), told
    assert open_[1] <= open_[0], told
    assert slow[1] <= max(slow[0] * 3, SLOW), told
    return told


def soak(folder: Path, seconds: float) -> None:
    story = Soak(folder / "repository", random.Random(seed_of_run()))
    rounds: list[Round] = []
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end or len(rounds) < LEAST_ROUNDS:
            rounds.append(story.round())
    finally:
        if hasattr(story, "store"):
            story.store.close()
    assert story.expired > 0
    told = check(rounds)
    print(f"proof: soak: {len(rounds)} restarts, {story.rows:,} rows pushed, {story.reads:,} reads: {told}")
    for one in rounds[:: max(1, len(rounds) // 12)]:
        print(f"{one.memory / 2**20:.1f} MiB, {one.descriptors} descriptors, p99 {one.p99() * 1e3:.2f} ms")


def test_nothing_drifts_in_minutes_of_mixed_load(tmp_path):
    soak(tmp_path, 120)


@pytest.mark.prove
def test_nothing_drifts_in_an_hour_of_mixed_load(tmp_path):
    soak(tmp_path, 3600)
