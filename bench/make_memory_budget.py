"""The files of the memory-budget workload, made a tenth at a time: they are larger than memory is
meant to be. Seeded.

  make_memory_budget.py FOLDER FACTS SPINE KEYS

facts.parquet   user int64 of KEYS, event_timestamp over one year, f0 .. f9 doubles; in order of time
spine.parquet   row int64, user int64, event_timestamp; in random order
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from making import BEGIN, ROW_GROUP, YEAR, times

SEED = 20130103
TENTHS = 10


def main():
    folder = Path(sys.argv[1])
    facts, spine, keys = map(int, sys.argv[2:5])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)

    def tenth_of_facts(tenth):
        rows = facts // TENTHS
        moments = np.sort(BEGIN + YEAR * tenth // TENTHS + random.integers(0, YEAR // TENTHS, rows))
        return pa.table({"user": random.integers(0, keys, rows), "event_timestamp": times(moments)}
                        | {f"f{at}": random.random(rows) for at in range(10)})

    def tenth_of_spine(tenth):
        rows = spine // TENTHS
        return pa.table({"row": np.arange(tenth * rows, (tenth + 1) * rows),
                         "user": random.integers(0, keys, rows),
                         "event_timestamp": times(BEGIN + random.integers(0, YEAR, rows))})

    for name, make in (("facts", tenth_of_facts), ("spine", tenth_of_spine)):
        writer = None
        for tenth in range(TENTHS):
            table = make(tenth)
            writer = writer or pq.ParquetWriter(folder / f"{name}.parquet", table.schema,
                                                use_dictionary=False)
            writer.write_table(table, row_group_size=ROW_GROUP)
        writer.close()


if __name__ == "__main__":
    main()
