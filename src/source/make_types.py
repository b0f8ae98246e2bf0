"""Writes the Parquet files that fact_types_test.cc reads: one column of each type, two rows.

usage: make_types.py FOLDER
"""

import datetime
import decimal
import sys

import pyarrow as pa
import pyarrow.parquet as pq

DAY = datetime.date(2013, 7, 1)
AT = datetime.datetime(2013, 7, 1, 10, tzinfo=datetime.timezone.utc)
NS = 1372672800000000001  # 2013-07-01T10:00:00.000000001Z


def types():
    return pa.table({
        "at": pa.array([NS, NS + 999], pa.timestamp("ns", "Europe/Amsterdam")),
        "key": pa.array(["a", "b"]).dictionary_encode(),
        "int8": pa.array([-1, None], pa.int8()),
        "uint32": pa.array([4294967295, None], pa.uint32()),
        "half": pa.array([1.5, None], pa.float16()),
        "large": pa.array(["x", None], pa.large_string()),
        "view": pa.array(["a string longer than twelve", None], pa.string_view()),
        "day": pa.array([DAY, None], pa.date32()),
        "seconds": pa.array([AT, None], pa.timestamp("s", "UTC")),
        "price": pa.array([decimal.Decimal("12.50"), None], pa.decimal128(10, 2)),
        "list": pa.array([[1, 2], None], pa.list_(pa.int64())),
        "vector": pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)),
        "map": pa.array([[("b", 2), ("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        "bytes": pa.array([b"\xff", None], pa.binary(1)),
        "fine": pa.array([NS - 1, NS], pa.timestamp("ns")),
        "struct": pa.array([{"x": 1}, None]),
    })


def main():
    folder = sys.argv[1]
    pq.write_table(types(), f"{folder}/types.parquet")
    legacy = pa.table({
        "at": pa.array([AT, AT], pa.timestamp("us")),
        "key": ["a", "b"],
        "old": pa.array([datetime.datetime(9999, 12, 31), None], pa.timestamp("us")),
    })
    # Spark's INT96, beyond what nanoseconds hold.
    pq.write_table(legacy, f"{folder}/int96.parquet", use_deprecated_int96_timestamps=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
