"""Is an answer the expected one? Bit for bit, in whatever order its rows are.

  check_top_k.py EXPECTED ANSWER exact|about

exact: all questions; about: those that the answer has, in which an empty window may have no list.
EXPECTED has an `_lists` beside it.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def figures_of(lists):
    """{count, first, last, sum} of each list."""
    length = np.asarray(pc.fill_null(pc.list_value_length(lists), 0)).astype(np.int64)
    values = np.asarray(lists.flatten())
    end = np.cumsum(length)
    begin = end - length
    sums = np.concatenate([[0], np.cumsum(values)])  # 64ths: exact
    empty = pa.array(length == 0)
    last = values[np.maximum(end - 1, 0)] if len(values) else np.zeros(len(length))
    first = values[np.minimum(begin, max(len(values) - 1, 0))] if len(values) else last
    return {"count": pa.array(length), "first": pc.if_else(empty, None, pa.array(first)),
            "last": pc.if_else(empty, None, pa.array(last)),
            "sum": pa.array(sums[end] - sums[begin])}


def main():
    path = Path(sys.argv[1])
    expected, lists = pq.read_table(path), pq.read_table(path.with_stem(path.stem + "_lists"))
    answer = pq.read_table(sys.argv[2]).sort_by("row")
    if sys.argv[3] == "about":
        expected = expected.slice(0, lists.num_rows)
    if not answer["row"].combine_chunks().equals(expected["row"].combine_chunks()):
        return "rows are missing or there twice"
    for window in (name.removeprefix("top_") for name in lists.column_names[1:]):
        top = answer[f"top_{window}"].combine_chunks()
        got = figures_of(top) | {"mean": answer[f"mean_{window}"].combine_chunks()}
        for name, values in got.items():
            if not values.equals(expected[f"{name}_{window}"].combine_chunks()):
                return f"{name} of window {window} differs"
        for row, wanted in enumerate(lists[f"top_{window}"].to_pylist()):
            if (top[row].as_py() or []) != wanted:
                return f"the list of row {row} and window {window} differs"
    return None


if __name__ == "__main__":
    sys.exit(main())
