"""Is an answer the expected one? The questions that the oracle answered, in whatever order.

  check_hot_key.py EXPECTED ANSWER exact|about

exact: bit for bit; about: sums to nine digits, all else exactly.
"""

import sys

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq


def main():
    expected = pq.read_table(sys.argv[1])
    answer = pq.read_table(sys.argv[2], columns=expected.column_names)
    answer = answer.filter(pc.less(answer["row"], expected.num_rows)).sort_by("row")
    if not answer["row"].combine_chunks().equals(expected["row"].combine_chunks()):
        return "rows are missing or there twice"
    for name in expected.column_names[1:]:
        one, other = (table[name].combine_chunks().cast(expected[name].type).to_numpy()
                      for table in (answer, expected))
        if name == "sum" and sys.argv[3] == "about":
            if not np.allclose(one, other, rtol=1e-9, atol=0):
                return f"column {name} differs"
        elif not np.array_equal(one.view(np.int64), other.view(np.int64)):
            return f"column {name} differs"
    return None


if __name__ == "__main__":
    sys.exit(main())
