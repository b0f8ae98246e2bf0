"""The files of the hot-key workload: one key's events, questions, the expected answer. Seeded.

  make_hot_key.py FOLDER EVENTS QUESTIONS FEWER

facts.parquet     user int64 (0), event_timestamp over a year in microseconds, created: 5 % come up to
                  two days late; amount double, of 100,000 values; in order of time
spine.parquet     row int64, user int64, event_timestamp; in random order
fewer.parquet     the first FEWER questions
expected.parquet  row, and {max,median,count_distinct,sum} over 30 days of what had arrived, of the first
                  FEWER questions: by NumPy, and math.fsum, which adds exactly
"""

import math
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20240102
DAY = 24 * 3600 * 1_000_000
BEGIN = 1_704_067_200_000_000  # 2024-01-01T00:00:00Z
ROW_GROUP = 131_072


def times(values):
    return pa.array(values).cast(pa.timestamp("us", tz="UTC"))


def main():
    folder = Path(sys.argv[1])
    events, questions, fewer = map(int, sys.argv[2:5])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)

    time = np.sort(BEGIN + random.integers(0, 365 * DAY, events))
    late = np.where(random.random(events) < 0.05, random.integers(1, 2 * DAY, events), 0)
    amount = random.integers(0, 100_000, events) / 100
    pq.write_table(pa.table([pa.array(np.zeros(events, np.int64)), times(time), times(time + late),
                             pa.array(amount)],
                            names=["user", "event_timestamp", "created", "amount"]),
                   folder / "facts.parquet", row_group_size=ROW_GROUP)

    asked = BEGIN + 30 * DAY + random.integers(0, 335 * DAY, questions)
    spine = pa.table([pa.array(np.arange(questions)), pa.array(np.zeros(questions, np.int64)),
                      times(asked)], names=["row", "user", "event_timestamp"])
    pq.write_table(spine, folder / "spine.parquet", row_group_size=ROW_GROUP)
    pq.write_table(spine.slice(0, fewer), folder / "fewer.parquet")

    answers = {"row": np.arange(fewer), "max": [], "median": [], "count_distinct": [], "sum": []}
    for t in asked[:fewer]:
        first, last = np.searchsorted(time, [t - 30 * DAY, t], "right")
        found = amount[first:last][time[first:last] + late[first:last] <= t]
        answers["max"].append(float(found.max()))
        answers["median"].append(float(np.median(found)))
        answers["count_distinct"].append(len(np.unique(found)))
        answers["sum"].append(math.fsum(found))
    pq.write_table(pa.table(answers), folder / "expected.parquet")


if __name__ == "__main__":
    main()
