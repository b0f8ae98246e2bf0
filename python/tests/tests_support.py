"""Helpers of the SDK's tests."""

from __future__ import annotations

import math
import struct
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa


def same_bits(a: Any, b: Any) -> bool:
    """Equal by type and by bits: 0.0 is not -0.0, NaN is NaN, 1 is not 1.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        return struct.pack("<d", a) == struct.pack("<d", b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same_bits(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_bits(a[key], b[key]) for key in a)
    return a == b


def same_values(a: list[Any], b: list[Any]) -> bool:
    """same_bits; a time with a zone and one without are the same where both mean UTC."""
    return same_bits([_plain(value) for value in a], [_plain(value) for value in b])


def _plain(value: Any) -> Any:
    if hasattr(value, "tzinfo") and value.tzinfo is not None:
        return value.replace(tzinfo=None)
    return value


class OnlyStream:
    """A table of somebody's own that speaks Arrow and nothing else."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


class OnlyArray(OnlyStream):
    def __arrow_c_array__(self, requested_schema=None):
        return self.table.combine_chunks().to_batches()[0].__arrow_c_array__(requested_schema)

    __arrow_c_stream__ = property()


KINDS = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "polars lazy": lambda d: pl.DataFrame(d).lazy(),
    "pyarrow table": pa.table,
    "pyarrow batch": lambda d: pa.table(d).to_batches()[0],
    "pyarrow reader": lambda d: pa.table(d).to_reader(),
    "duckdb": lambda d: duckdb.from_arrow(pa.table(d)),
    "columns": dict,
    "rows": lambda d: pa.table(d).to_pylist(),
    "arrow": lambda d: OnlyStream(pa.table(d)),
    "arrow array": lambda d: OnlyArray(pa.table(d)),
}


def as_columns(frame) -> dict:
    if isinstance(frame, dict):
        return frame
    if isinstance(frame, list):
        return {name: [row[name] for row in frame] for name in frame[0]}
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, pd.DataFrame):
        return {
            name: [None if pd.isna(v) else v for v in frame[name].tolist()]
            for name in frame.columns
        }
    return pa.table(frame).to_pydict()
