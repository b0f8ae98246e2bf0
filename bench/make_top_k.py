"""The files of the top-k workload: one key's events, questions, the expected answer. Seeded.

  make_top_k.py FOLDER EVENTS QUESTIONS FEWER

facts.parquet     event_timestamp over 180 days in microseconds, amount double: 64ths, so that every way
                  of adding them gives the same; in order of time
spine.parquet     row int64, event_timestamp in the last 30 days; in random order
fewer.parquet     the first FEWER questions
expected.parquet  row; for each window the mean, and of the 300 greatest amounts how many there are, the
                  first, the last and the sum, all of which the answer's lists must agree with
expected_lists.parquet    the lists themselves, of the first FEWER questions

All by NumPy, which gathers and sorts each question's events anew.
"""

import sys

import numpy as np
import pyarrow as pa
from making import BEGIN, DAY, folder_of, times, write

SEED = 20130106
K = 300
WINDOWS = {"1h": DAY // 24, "1d": DAY, "30d": 30 * DAY, "all": 1_000 * DAY}


def greatest(amounts):
    """The K greatest, the greatest first."""
    if len(amounts) > K:
        amounts = np.partition(amounts, len(amounts) - K)[-K:]
    return np.sort(amounts)[::-1]


def main():
    folder = folder_of(sys.argv[1])
    events, questions, fewer = map(int, sys.argv[2:5])
    random = np.random.default_rng(SEED)
    time = np.sort(BEGIN + random.integers(0, 180 * DAY, events))
    amount = random.integers(0, 1 << 20, events) / 64
    write(folder / "facts.parquet", {"event_timestamp": times(time), "amount": amount})
    asked = BEGIN + 150 * DAY + random.integers(0, 30 * DAY, questions)
    spine = {"row": np.arange(questions), "event_timestamp": asked}
    for name, rows in (("spine", questions), ("fewer", fewer)):
        made = {column: values[:rows] for column, values in spine.items()}
        write(folder / f"{name}.parquet",
              made | {"event_timestamp": times(made["event_timestamp"])})

    answers, lists = {"row": spine["row"]}, {"row": spine["row"][:fewer]}
    for window, length in WINDOWS.items():
        figures, of_window = [], []
        for begin, end in zip(np.searchsorted(time, asked - length, "right"),
                              np.searchsorted(time, asked, "right"), strict=True):
            found = amount[begin:end]
            top = greatest(found)
            figures.append((found.sum() / len(found), len(top), top[0], top[-1], top.sum())
                           if len(found) else (None, 0, None, None, 0.0))
            if len(of_window) < fewer:
                of_window.append(top)
        for name, values in zip(("mean", "count", "first", "last", "sum"),
                                zip(*figures, strict=True), strict=True):
            answers[f"{name}_{window}"] = pa.array(
                values, pa.int64() if name == "count" else pa.float64())
        lists[f"top_{window}"] = pa.array(of_window, pa.list_(pa.float64()))
    write(folder / "expected.parquet", answers)
    write(folder / "expected_lists.parquet", lists)


if __name__ == "__main__":
    main()
