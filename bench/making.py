"""What generators of data share: columns of times, files, and the oracle of as-of joins."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAY = 24 * 3600 * 1_000_000
YEAR = 365 * DAY
BEGIN = 1_704_067_200_000_000  # 2024-01-01T00:00:00Z
ROW_GROUP = 131_072


def times(values):
    """Microseconds since 1970 as a column of timestamps."""
    return pa.array(values).cast(pa.timestamp("us", tz="UTC"))


def write(path, columns):
    """A Parquet file of {name: values}, written as a table of this size usually is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, row_group_size=ROW_GROUP)


def winners(fact_key, fact_time, key, time, ttl=None):
    """(row of facts, whether there is one) for each question, by one sort and one binary search.

    Keys are integers from 0; facts lie in order of time, and a key has no two at one time.
    """
    facts = len(fact_time)
    width = facts + 1
    # One number for (key, how many facts there are by then): one search answers all questions.
    number = fact_key.astype(np.int64) * width + np.arange(facts)
    order = np.argsort(number, kind="stable")
    known = np.searchsorted(fact_time, time, "right")
    at = np.searchsorted(number[order], key.astype(np.int64) * width + known, "left") - 1
    winner = order[np.maximum(at, 0)]
    found = (at >= 0) & (fact_key[winner] == key)
    if ttl is not None:
        found &= fact_time[winner] >= time - ttl
    return winner, found


def expected(winner, found, values):
    """{name: the winners' values, null where there is none}."""
    return {name: pa.array(column[winner], mask=~found) for name, column in values.items()}


def folder_of(text):
    folder = Path(text)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
