"""The files of the point-in-time workload: facts, spine and the expected answer. Seeded.

  make_point_in_time.py FOLDER FACTS SPINE KEYS

facts.parquet     user int64 of KEYS, event_timestamp over one year in microseconds, f0 .. f9 doubles;
                  in order of time, as an append-only table has them
spine.parquet     row int64, user int64, event_timestamp; in random order
expected.parquet  row, f0 .. f9: found by NumPy's sort and binary search, which no contender uses
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20130101
FEATURES = 10
YEAR = 365 * 24 * 3600 * 1_000_000
BEGIN = 1_704_067_200_000_000  # 2024-01-01T00:00:00Z
ROW_GROUP = 131_072


def times(values):
    return pa.array(values).cast(pa.timestamp("us", tz="UTC"))


def main():
    folder = Path(sys.argv[1])
    facts, spine, keys = map(int, sys.argv[2:5])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)

    fact_user = random.integers(0, keys, facts)
    fact_time = np.sort(BEGIN + random.integers(0, YEAR, facts))
    values = [random.random(facts) for _ in range(FEATURES)]
    names = [f"f{at}" for at in range(FEATURES)]
    pq.write_table(
        pa.table([pa.array(fact_user), times(fact_time), *map(pa.array, values)],
                 names=["user", "event_timestamp", *names]),
        folder / "facts.parquet", row_group_size=ROW_GROUP)

    spine_user = random.integers(0, keys, spine)
    spine_time = BEGIN + random.integers(0, YEAR, spine)
    pq.write_table(
        pa.table([pa.array(np.arange(spine)), pa.array(spine_user), times(spine_time)],
                 names=["row", "user", "event_timestamp"]),
        folder / "spine.parquet", row_group_size=ROW_GROUP)

    # One number for (user, how many facts there are by then): one sort and one search answer all.
    width = facts + 1
    fact_number = fact_user * width + np.arange(facts)
    order = np.argsort(fact_number, kind="stable")
    known = np.searchsorted(fact_time, spine_time, "right")
    at = np.searchsorted(fact_number[order], spine_user * width + known, "left") - 1
    winner = order[np.maximum(at, 0)]
    found = (at >= 0) & (fact_user[winner] == spine_user)
    answers = [pa.array(column[winner], mask=~found) for column in values]
    pq.write_table(pa.table([pa.array(np.arange(spine)), *answers], names=["row", *names]),
                   folder / "expected.parquet")


if __name__ == "__main__":
    main()
