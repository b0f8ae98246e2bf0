"""Writes the Parquet files that key_filters_test.cc reads: scattered keys, with Bloom filters.

usage: make_filters.py FOLDER

TYPE.parquet      a: a key of that type; b: a second key; at; v: the number of the row
plain/TYPE.parquet    the same without filters
TYPE.filters      of a's filters, one for each row group: offset and bytes in TYPE.parquet
duckdb.parquet    keys of several types as DuckDB writes them, dictionary-encoded
"""

import datetime
import pathlib
import sys

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 11
ROWS, GROUP = 2560, 64
OPTIONS = {"ndv": GROUP, "fpp": 0.01}
HOUR = 3600 * 10**6


def keys(ids):
    text = [f"user-{i}" for i in ids]
    return {
        "int64": pa.array(ids, pa.int64()),
        "int32": pa.array(ids, pa.int32()),
        "int16": pa.array(ids, pa.int16()),
        "uint32": pa.array(ids + 2**15, pa.uint32()),
        "string": pa.array(text),
        "large": pa.array(text, pa.large_string()),
        "words": pa.array(text).dictionary_encode(),
        "bytes": pa.array([t.encode() + b"\xff" for t in text], pa.binary()),
        "us": pa.array(ids * HOUR + 1, pa.timestamp("us", "UTC")),
        "ms": pa.array(ids * 3600 * 1000 + 1, pa.timestamp("ms")),
        "s": pa.array(ids * 3600, pa.timestamp("s")),
        "ns": pa.array(ids * HOUR * 1000, pa.timestamp("ns")),
        "date": pa.array(ids, pa.int32()).cast(pa.date32()),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "plain").mkdir()
    random = np.random.default_rng(SEED)
    ids = random.integers(-2**15, 2**15, ROWS)
    start = datetime.datetime(2013, 1, 1, tzinfo=datetime.timezone.utc)
    rest = {
        "b": pa.array(random.integers(0, 300, ROWS)),
        "at": pa.array([start + datetime.timedelta(hours=int(h))
                        for h in random.integers(0, 2000, ROWS)]),
        "v": pa.array(np.arange(ROWS)),
    }
    for name, column in keys(ids).items():
        table = pa.table({"a": column} | rest)
        pq.write_table(table, folder / "plain" / f"{name}.parquet", row_group_size=GROUP)
        path = folder / f"{name}.parquet"
        pq.write_table(table, path, row_group_size=GROUP,
                       bloom_filter_options={"a": OPTIONS, "b": OPTIONS})
        footer = pq.ParquetFile(path).metadata
        lines = []
        for group in range(footer.num_row_groups):
            chunk = footer.row_group(group).column(0)
            lines.append(f"{chunk.bloom_filter_offset} {chunk.bloom_filter_length}\n")
        (folder / f"{name}.filters").write_text("".join(lines))
    # Row groups of 2048 rows and 64 keys each, between the ends of all.
    duckdb.sql(f"""
        copy (
          select k as big, k::int as int, ('user-' || k) as text, (date '2013-01-01' + k::int) as day,
                 (timestamp '2013-01-01' + interval 1 hour * k) as time, k::smallint as small,
                 timestamptz '2013-01-01 00:00:00+00' as at, i as v
          from (select i, case when i % 2048 < 2 then (i % 2048) * 1000
                          else 20 + i // 2048 + 8 * (i % 64) end as k from range(16384) r(i))
          order by i)
        to '{folder}/duckdb.parquet' (format parquet, row_group_size 2048)""")
    return 0


if __name__ == "__main__":
    sys.exit(main())
