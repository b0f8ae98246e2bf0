"""coeval_push.py REPOSITORY SECONDS OUT: pushes of four threads, 1,000 rows each, and of one row; in
turns with the latter what the disk takes to make a few bytes durable."""

import os
import sys
import threading
import time
from pathlib import Path

import calls
import coeval
import numpy as np
import pyarrow as pa

ROWS, WRITERS, KEYS = 1_000, 4, 1_000_000
repository, seconds, out = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]


def batches(random, count, rows, now):
    made = []
    for _ in range(count):
        columns = {"entity": random.integers(0, KEYS, rows),
                   "at": pa.array(np.full(rows, now)).cast(pa.timestamp("us", "UTC"))}
        columns |= {f"f{at}": random.normal(size=rows) for at in range(10)}
        made.append(pa.table(columns))
    return made


class Floor:
    """Bytes written over others in a file that is there already, and fdatasync."""

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.pwrite(self.file, bytes(1 << 20), 0)
        os.fsync(self.file)
        self.at = 0

    def write(self):
        started = time.perf_counter()
        os.pwrite(self.file, b"x" * 256, self.at)
        os.fdatasync(self.file)
        self.at = (self.at + 256) % (1 << 20)
        return time.perf_counter() - started


def push_batches(store, tables):
    """Rows per second that the threads push together."""
    end, counts = time.perf_counter() + seconds, []

    def write(mine):
        count = 0
        while time.perf_counter() < end:
            store.push("readings_push", mine[count % len(mine)])
            count += 1
        counts.append(count * ROWS)

    threads = [threading.Thread(target=write, args=(tables[i::WRITERS],)) for i in range(WRITERS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started), sum(counts)


def push_rows(store, tables, floor):
    """The median of one row, and of the floor, in microseconds."""
    pushed, bare, end = [], [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        store.push("readings_push", tables[len(pushed) % len(tables)])
        pushed.append(time.perf_counter() - started)
        bare.append(floor.write())
    return (sorted(times)[len(times) // 2] * 1e6 for times in (pushed, bare))


random = np.random.default_rng(1)
with coeval.FeatureStore(repository) as store:
    now = int(store.now().timestamp() * 1e6)
    many, single = batches(random, 64, ROWS, now), batches(random, 64, 1, now)
    store.push("readings_push", many[0])
    per_second, rows = push_batches(store, many)
    one, bare = push_rows(store, single, Floor(repository / "floor"))
    last = batches(random, 1, ROWS, now + 1)[0]
    store.push("readings_push", last)
    answers = store.get_online_features(["readings:*"], {"entity": last["entity"].to_pylist()})
    served = answers.to_numpy()[:, 0].tolist()
# The log keeps them: they are there when it is opened again.
with coeval.FeatureStore(repository) as store:
    answers = store.get_online_features(["readings:*"], {"entity": last["entity"].to_pylist()})
    again = answers.to_numpy()[:, 0].tolist()
expected = dict(zip(last["entity"].to_pylist(), last["f0"].to_pylist(), strict=True))
# Of a key that is there twice the greater wins, whichever it is: those are left out.
keys = last["entity"].to_pylist()
once = [i for i, key in enumerate(keys) if keys.count(key) == 1]
right = all(served[i] == again[i] == expected[keys[i]] for i in once)
calls.say(out, {"rows_per_second": per_second, "rows": rows, "one_row": one, "floor": bare}, right)
