"""Is an answer the expected one? Bit for bit, in whatever order its rows are.

  check_feast_offline.py EXPECTED ANSWER exact|about

exact: every row; about: rows that are there must be right, and how many are missing is printed.
"""

import sys

import numpy as np
import pyarrow.parquet as pq


def main():
    expected = pq.read_table(sys.argv[1])
    answer = pq.read_table(sys.argv[2], columns=expected.column_names)
    rows = answer["row"].to_numpy()
    order = np.argsort(rows)
    rows = rows[order]
    if len(np.unique(rows)) != len(rows) or not np.isin(rows, expected["row"].to_numpy()).all():
        return "rows are there twice, or were not asked"
    missing = expected.num_rows - len(rows)
    if missing and sys.argv[3] == "exact":
        return f"{missing} rows are missing"
    print(missing)
    for name in expected.column_names[1:]:
        one = answer[name].combine_chunks().take(order)
        other = expected[name].combine_chunks().take(rows)
        nulls = np.asarray(other.is_null())
        # Feast's null of a double may be NaN: the data hold no NaN.
        if not np.array_equal(np.asarray(one.is_null(nan_is_null=True)), nulls):
            return f"column {name}: nulls differ"
        one, other = (array.fill_null(0).to_numpy()[~nulls].view(np.int64) for array in (one, other))
        if not np.array_equal(one, other):
            return f"column {name} differs"
    return None


if __name__ == "__main__":
    sys.exit(main())
