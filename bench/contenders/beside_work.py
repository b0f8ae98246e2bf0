"""beside_work.py REPOSITORY WORK: does one thing over and over until its input ends, through the process
that owns the store; says `begun` when it was done once, and at the end how often."""

import sys
import threading

import coeval
import numpy as np
import pyarrow as pa
from coeval import FeatureView

ROWS, KEYS = 1_000, 1_000_000


class Work:
    def __init__(self, store):
        self.store, self.rounds, self.random = store, 0, np.random.default_rng(2)

    def materialize(self):
        """All views, all facts: carried again they change nothing."""
        self.store.materialize("2024-01-01", "2025-01-01")

    def push(self):
        now = int(self.store.now().timestamp() * 1e6)
        columns = {"entity": self.random.integers(0, KEYS, ROWS),
                   "at": pa.array(np.full(ROWS, now)).cast(pa.timestamp("us", "UTC"))}
        columns |= {f"x{at}": self.random.normal(size=ROWS) for at in range(10)}
        self.store.push("readings_push", pa.table(columns))

    def seal(self):
        """Of ten pushes each."""
        for _ in range(10):
            self.push()
        self.store.seal_log()

    def promote(self):
        """To the version with a ttl and back; both share the facts."""
        if self.rounds == 0:
            view = FeatureView.from_dict(self.store.get_feature_view("view0").to_dict() | {
                "ttl": 3650 * 86_400 * 1_000_000})  # fmt: skip
            self.store.apply([view])
            self.materialize()
        self.store.promote(f"view0@v{2 - self.rounds % 2}")


def main():
    repository, what = sys.argv[1:]
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    with coeval.FeatureStore(repository) as store:
        work = Work(store)
        while not ended.is_set():
            getattr(work, what)()
            work.rounds += 1
            if work.rounds == 1:
                print("begun", flush=True)
    print(work.rounds, flush=True)


main()
