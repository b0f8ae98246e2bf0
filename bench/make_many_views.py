"""The files of the many-views workload: facts of several views, a spine, the answer. Seeded.

  make_many_views.py FOLDER VIEWS FACTS SPINE KEYS

facts0.parquet .. for each view: user int64 of KEYS, event_timestamp over one year in microseconds,
                  v0_f0 .. v0_f9 doubles; in order of time, as an append-only table has them
spine.parquet     row int64, user int64, event_timestamp; in random order
expected.parquet  row and all features: by NumPy's sort and binary search, which no contender uses
"""

import sys

import numpy as np
from making import BEGIN, YEAR, expected, folder_of, times, winners, write

SEED = 20130102
FEATURES = 10


def main():
    folder = folder_of(sys.argv[1])
    views, facts, spine, keys = map(int, sys.argv[2:6])
    random = np.random.default_rng(SEED)

    asked_user = random.integers(0, keys, spine)
    asked_time = BEGIN + random.integers(0, YEAR, spine)
    answer = {"row": np.arange(spine)}
    write(folder / "spine.parquet",
          {**answer, "user": asked_user, "event_timestamp": times(asked_time)})

    for view in range(views):
        user = random.integers(0, keys, facts)
        time = np.sort(BEGIN + random.integers(0, YEAR, facts))
        values = {f"v{view}_f{at}": random.random(facts) for at in range(FEATURES)}
        write(folder / f"facts{view}.parquet",
              {"user": user, "event_timestamp": times(time), **values})
        answer |= expected(*winners(user, time, asked_user, asked_time), values)
    write(folder / "expected.parquet", answer)


if __name__ == "__main__":
    main()
