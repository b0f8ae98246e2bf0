"""The files of the point-in-time workload: facts, spine and the expected answer. Seeded.

  make_point_in_time.py FOLDER FACTS SPINE KEYS [TTL_DAYS]

facts.parquet     user int64 of KEYS, event_timestamp over one year in microseconds, f0 .. f9 doubles;
                  in order of time, as an append-only table has them
spine.parquet     row int64, user int64, event_timestamp; in random order
expected.parquet  row, f0 .. f9: found by NumPy's sort and binary search, which no contender uses
"""

import sys

import numpy as np
from making import BEGIN, DAY, YEAR, expected, folder_of, times, winners, write

SEED = 20130101
FEATURES = 10


def main():
    folder = folder_of(sys.argv[1])
    facts, spine, keys = map(int, sys.argv[2:5])
    ttl = int(sys.argv[5]) * DAY if len(sys.argv) > 5 else None
    random = np.random.default_rng(SEED)

    user = random.integers(0, keys, facts)
    time = np.sort(BEGIN + random.integers(0, YEAR, facts))
    values = {f"f{at}": random.random(facts) for at in range(FEATURES)}
    write(folder / "facts.parquet", {"user": user, "event_timestamp": times(time), **values})

    asked_user = random.integers(0, keys, spine)
    asked_time = BEGIN + random.integers(0, YEAR, spine)
    row = np.arange(spine)
    write(folder / "spine.parquet",
          {"row": row, "user": asked_user, "event_timestamp": times(asked_time)})

    found = winners(user, time, asked_user, asked_time, ttl)
    write(folder / "expected.parquet", {"row": row, **expected(*found, values)})


if __name__ == "__main__":
    main()
