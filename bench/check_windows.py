"""Is an answer the expected one? In whatever order its rows are.

  check_windows.py EXPECTED ANSWER exact|about

exact: bit for bit; about: nulls alike, numbers to nine digits. Some peers sum an empty window to 0.0.
"""

import sys

import numpy as np
import pyarrow.parquet as pq


def main():
    expected = pq.read_table(sys.argv[1])
    answer = pq.read_table(sys.argv[2], columns=expected.column_names)
    exact = sys.argv[3] == "exact"
    if answer.num_rows != expected.num_rows:
        return f"{answer.num_rows} rows in place of {expected.num_rows}"
    order = np.argsort(answer["row"].to_numpy())
    if not np.array_equal(answer["row"].to_numpy()[order], expected["row"].to_numpy()):
        return "rows are missing or there twice"
    for name in expected.column_names[1:]:
        one = answer[name].combine_chunks().take(order)
        other = expected[name].combine_chunks()
        empty = name.startswith(("sum", "count")) and not exact
        missing = np.asarray(one.is_null(nan_is_null=True))
        if not empty and not np.array_equal(missing, np.asarray(other.is_null())):
            return f"column {name}: nulls differ"
        one, other = (array.fill_null(0).to_numpy() for array in (one, other))
        if exact and not np.array_equal(one.view(np.int64), other.view(np.int64)):
            return f"column {name} differs"
        if not np.allclose(one.astype(float), other.astype(float), rtol=1e-9, atol=0):
            return f"column {name} differs"
    return None


if __name__ == "__main__":
    sys.exit(main())
