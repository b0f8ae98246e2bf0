"""The files of the few-questions workload: W5's facts in two orders, spines, answers. Seeded.

  make_few_questions.py FOLDER FACTS SPINE KEYS FEW

by_time.parquet, by_key.parquet    the same facts: user int64 of KEYS, event_timestamp over one year in
                  microseconds, f0 .. f9 doubles; in order of time, and of user and time
spine.parquet     SPINE questions: row, user, event_timestamp; in random order
scattered.parquet FEW questions of any user and time
last_day.parquet  FEW questions of any user, in the last day of the year
neighbours.parquet    FEW questions of FEW users that follow each other, of any time
expected_{spine,scattered,last_day,neighbours}.parquet    row, f0 .. f9: by NumPy's sort and binary
                  search, which no contender uses; those of last_day with a ttl of 30 days
"""

import sys

import numpy as np
from making import BEGIN, DAY, YEAR, expected, folder_of, times, winners, write

SEED = 20130103
FEATURES = 10


def main():
    folder = folder_of(sys.argv[1])
    facts, spine, keys, few = map(int, sys.argv[2:6])
    random = np.random.default_rng(SEED)

    user = random.integers(0, keys, facts)
    time = np.sort(BEGIN + random.integers(0, YEAR, facts))
    values = {f"f{at}": random.random(facts) for at in range(FEATURES)}
    columns = {"user": user, "event_timestamp": time, **values}
    for name, order in (("by_time", slice(None)), ("by_key", np.lexsort((time, user)))):
        made = {column: array[order] for column, array in columns.items()}
        write(folder / f"{name}.parquet",
              made | {"event_timestamp": times(made["event_timestamp"])})

    first = keys // 3
    for name, count, users, begin, ttl in (
            ("spine", spine, (0, keys), BEGIN, None),
            ("scattered", few, (0, keys), BEGIN, None),
            ("last_day", few, (0, keys), BEGIN + YEAR - DAY, 30 * DAY),
            ("neighbours", few, (first, first + few), BEGIN, None)):
        asked_user = random.integers(*users, count)
        asked_time = random.integers(begin, BEGIN + YEAR, count)
        row = np.arange(count)
        write(folder / f"{name}.parquet",
              {"row": row, "user": asked_user, "event_timestamp": times(asked_time)})
        found = winners(user, time, asked_user, asked_time, ttl)
        write(folder / f"expected_{name}.parquet", {"row": row, **expected(*found, values)})


if __name__ == "__main__":
    main()
