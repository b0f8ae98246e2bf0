"""Compares what Coeval read of Parquet files with what pyarrow reads.

usage: compare_with_pyarrow.py LIST

Each line of LIST is a Parquet file, a tab, and either an Arrow file with what Coeval read, or the
word `error`. A difference, or a file that Coeval refuses without a known reason, is printed and
makes the exit code 1.
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# What pyarrow reads and Coeval refuses, on purpose.
REFUSED = {
    "datapage_v1-corrupt-checksum.parquet": "pyarrow does not verify checksums by itself",
    "rle-dict-uncompressed-corrupt-checksum.parquet": "pyarrow does not verify checksums by itself",
    "int96_from_spark.parquet": "pyarrow gives the wrong year for times after 2262",
}


def same(ours, theirs):
    """Equal in schema and in every value; NaN equals NaN."""
    if not ours.schema.equals(theirs.schema):
        return False
    return ours.equals(theirs) or repr(ours.to_pylist()) == repr(theirs.to_pylist())


def main():
    wrong = equal = refused = 0
    for line in Path(sys.argv[1]).read_text().splitlines():
        path, copy = line.split("\t")
        try:
            theirs = pq.ParquetFile(path).read()
        except (pa.ArrowException, OSError) as error:
            theirs = error
        name = Path(path).name
        if copy == "error":
            refused += 1
            if isinstance(theirs, pa.Table) and name not in REFUSED:
                print(f"{name}: pyarrow reads it, Coeval does not")
                wrong += 1
        elif not isinstance(theirs, pa.Table):
            print(f"{name}: Coeval reads it, pyarrow says {theirs}")
            wrong += 1
        elif same(pa.ipc.open_file(copy).read_all(), theirs):
            equal += 1
        else:
            print(f"{name}: Coeval and pyarrow differ")
            wrong += 1
    print(f"{equal} equal to pyarrow, {refused} refused with an error, {wrong} wrong")
    return 1 if wrong or equal < 60 else 0


if __name__ == "__main__":
    sys.exit(main())
