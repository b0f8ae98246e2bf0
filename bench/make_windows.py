"""The files of the windows workload: events, questions and the expected answer. Seeded.

  make_windows.py FOLDER EVENTS QUESTIONS KEYS

facts.parquet     user int64 of KEYS, event_timestamp over 90 days in microseconds, amount double; in
                  order of time, as an append-only table has them
spine.parquet     row int64, user int64, event_timestamp in the last 60 days; in random order
expected.parquet  row, and {count,sum,mean,max}_{1h,1d,7d,30d}: found by NumPy's sort and search, and
                  math.fsum, which adds exactly; a mean is the exact sum, as a fraction, rounded once
"""

import math
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20240101
DAY = 24 * 3600 * 1_000_000
BEGIN = 1_704_067_200_000_000  # 2024-01-01T00:00:00Z
ROW_GROUP = 131_072
WINDOWS = {"1h": DAY // 24, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}


def times(values):
    return pa.array(values).cast(pa.timestamp("us", tz="UTC"))


def answers(amounts):
    """count, sum, mean, max of one window."""
    if len(amounts) == 0:
        return 0, None, None, None
    mean = float(sum(map(Fraction, amounts)) / len(amounts))
    return len(amounts), math.fsum(amounts), mean, max(amounts)


def main():
    folder = Path(sys.argv[1])
    events, questions, keys = map(int, sys.argv[2:5])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)

    user = random.integers(0, keys, events)
    time = np.sort(BEGIN + random.integers(0, 90 * DAY, events))
    amount = random.random(events) * 100
    pq.write_table(pa.table([pa.array(user), times(time), pa.array(amount)],
                            names=["user", "event_timestamp", "amount"]),
                   folder / "facts.parquet", row_group_size=ROW_GROUP)

    asked_user = random.integers(0, keys, questions)
    asked_time = BEGIN + 30 * DAY + random.integers(0, 60 * DAY, questions)
    pq.write_table(pa.table([pa.array(np.arange(questions)), pa.array(asked_user),
                             times(asked_time)], names=["row", "user", "event_timestamp"]),
                   folder / "spine.parquet", row_group_size=ROW_GROUP)

    order = np.lexsort((time, user))
    user, time, amount = user[order], time[order], amount[order]
    first_of = np.searchsorted(user, np.arange(keys + 1))
    columns = {f"{function}_{window}": [] for window in WINDOWS
               for function in ("count", "sum", "mean", "max")}
    for key, t in zip(asked_user.tolist(), asked_time.tolist(), strict=True):
        first, last = first_of[key], first_of[key + 1]
        of_key = time[first:last]
        end = first + np.searchsorted(of_key, t, "right")
        for window, length in WINDOWS.items():
            begin = first + np.searchsorted(of_key, t - length, "right")
            found = answers(amount[begin:end].tolist())
            for function, value in zip(("count", "sum", "mean", "max"), found, strict=True):
                columns[f"{function}_{window}"].append(value)
    pq.write_table(pa.table({"row": np.arange(questions)} | columns), folder / "expected.parquet")


if __name__ == "__main__":
    main()
