"""Is an answer the expected one? Bit for bit, in whatever order its rows are.

  check_point_in_time.py EXPECTED ANSWER [exact|about]      both bit for bit
"""

import sys

import numpy as np
import pyarrow.parquet as pq


def main():
    expected = pq.read_table(sys.argv[1])
    answer = pq.read_table(sys.argv[2], columns=expected.column_names)
    if answer.num_rows != expected.num_rows:
        return f"{answer.num_rows} rows in place of {expected.num_rows}"
    order = np.argsort(answer["row"].to_numpy())
    if not np.array_equal(answer["row"].to_numpy()[order], expected["row"].to_numpy()):
        return "rows are missing or there twice"
    for name in expected.column_names[1:]:
        one = answer[name].combine_chunks().take(order)
        other = expected[name].combine_chunks()
        nulls = np.asarray(other.is_null())
        # Where a contender has no null but NaN, that is its null: the data hold no NaN.
        missing = np.asarray(one.is_null(nan_is_null=True))
        same = np.array_equal(missing, nulls) and np.array_equal(
            one.fill_null(0).to_numpy()[~nulls].view(np.int64),
            other.fill_null(0).to_numpy()[~nulls].view(np.int64))
        if not same:
            return f"column {name} differs"
    return None


if __name__ == "__main__":
    sys.exit(main())
