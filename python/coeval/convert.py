"""Frames of the engine as pandas, polars, pyarrow, DuckDB or plain Python.

Types in pandas: NumPy's own where it changes no value, else pandas' nullable ones (Int64, boolean,
Float64), else Arrow-backed ones (a float column that holds both NaN and null; dates, decimals,
lists, maps). dtypes="numpy" takes NumPy's throughout and loses what they lose: a null in an
integer column makes it a float column, a null in a float column becomes NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from coeval.frames import kind_of

if TYPE_CHECKING:
    from coeval._core import Frame

Dtypes = Literal["numpy", "arrow"]

_NULLABLE = {
    "bool": "boolean", "int8": "Int8", "int16": "Int16", "int32": "Int32", "int64": "Int64",
    "uint8": "UInt8", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64",
    "float": "Float32", "double": "Float64",
}  # fmt: skip
_NUMPY_TYPES = {"bool": "bool", "int32": "int32", "int64": "int64", "float32": "float32",
                "float64": "float64", "timestamp": "datetime64[us]"}  # fmt: skip


def check_dtypes(dtypes: Any) -> None:
    """Errors: ValueError for anything but None, "numpy" and "arrow"."""
    if dtypes not in (None, "numpy", "arrow"):
        raise ValueError(f'dtypes: None, "numpy" or "arrow" is expected, found {dtypes!r}')


def to_pyarrow(frame: Any) -> Any:
    """A pyarrow.Table. Errors: ImportError where pyarrow is not installed."""
    try:
        import pyarrow
    except ImportError:
        raise ImportError(
            "pyarrow is not installed: pip install pyarrow; without it to_dict, to_parquet, "
            "to_csv and any table library that takes __arrow_c_stream__ do"
        ) from None
    if hasattr(pyarrow.RecordBatchReader, "from_stream"):
        return pyarrow.RecordBatchReader.from_stream(frame).read_all()
    return pyarrow.table(frame)


def to_polars(frame: Any) -> Any:
    """A polars.DataFrame. Errors: ImportError where polars is not installed."""
    try:
        import polars
    except ImportError:
        raise ImportError("polars is not installed: pip install polars") from None
    return polars.DataFrame(frame)


def to_columns(frame: Frame) -> dict[str, list[Any]]:
    """A dict of lists of Python's own values."""
    return frame.columns()


def to_rows(frame: Frame) -> list[dict[str, Any]]:
    """A list of dicts."""
    columns = to_columns(frame)
    return [
        dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
    ] or [{} for _ in range(frame.num_rows)]


def to_pandas(frame: Frame, left: Any = None, dtypes: Dtypes | None = None) -> Any:
    """A pandas.DataFrame. `left`: the frame's first columns as they were given; where that was
    pandas, they come back as they were, with their index."""
    check_dtypes(dtypes)
    try:
        import pandas
    except ImportError:
        raise ImportError("pandas is not installed: pip install pandas") from None
    is_pandas = left is not None and kind_of(left) == "pandas"
    start = frame.num_foreign if is_pandas else 0
    added = _pandas_columns(frame, start, dtypes)
    index = left.index if is_pandas else pandas.RangeIndex(frame.num_rows)
    plain = {name: getattr(values, "array", values) for name, values in added.items()}
    more = pandas.DataFrame(
        {name: pandas.Series(values, index=index) for name, values in plain.items()}, index=index
    )
    if not is_pandas:
        return more
    result = pandas.concat([left, more], axis=1) if len(added) else left.copy()
    result.attrs = dict(left.attrs)
    return result


def like(left: Any, frame: Frame) -> Any:
    """The frame in the kind of `left`, whose columns are its first ones."""
    kind = kind_of(left)
    if kind == "pandas":
        return to_pandas(frame, left)
    if kind == "polars":
        return to_polars(frame)
    if kind == "polars lazy":
        return to_polars(frame).lazy()
    if kind == "columns":
        own = {name: list(values) for name, values in left.items()}
        return own | to_columns_from(frame, frame.num_foreign)
    if kind == "rows":
        added = to_columns_from(frame, frame.num_foreign)
        names = frame.names[: frame.num_foreign]
        return [
            {name: row.get(name) for name in names} | {n: cells[i] for n, cells in added.items()}
            for i, row in enumerate(left)
        ]
    if kind == "duckdb":
        import duckdb

        return duckdb.from_arrow(to_pyarrow(frame))
    if kind == "pyarrow table":
        return to_pyarrow(frame)
    if kind == "pyarrow batch":
        table = to_pyarrow(frame).combine_chunks()
        batches = table.to_batches()
        return batches[0] if batches else table.schema.empty_table().to_batches()[0]
    if kind == "pyarrow reader":
        return to_pyarrow(frame).to_reader()
    return frame


def to_columns_from(frame: Frame, start: int) -> dict[str, list[Any]]:
    """to_columns of the columns from `start` on."""
    return {name: frame.cells(i) for i, name in enumerate(frame.names) if i >= start}


def _pandas_columns(frame: Frame, start: int, dtypes: Dtypes | None) -> dict[str, Any]:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        if dtypes == "arrow":
            raise ImportError('dtypes="arrow" needs pyarrow: pip install pyarrow') from None
        return {
            name: _without_pyarrow(frame, i, dtypes)
            for i, name in enumerate(frame.names)
            if i >= start
        }
    table = to_pyarrow(frame)
    return {
        table.schema.field(i).name: _series(table.column(i), dtypes)
        for i in range(start, table.num_columns)
    }


def _series(column: Any, dtypes: Dtypes | None) -> Any:
    """A pyarrow.ChunkedArray as a pandas.Series."""
    import pandas
    import pyarrow

    kind = column.type
    if dtypes == "numpy":
        return column.to_pandas()
    if dtypes == "arrow":
        return column.to_pandas(types_mapper=pandas.ArrowDtype)
    name = str(kind)
    if name in _NULLABLE:
        if column.null_count == 0:
            return column.to_pandas()
        if pyarrow.types.is_floating(kind) and _holds_nan(column):
            return column.to_pandas(types_mapper=pandas.ArrowDtype)
        nullable = pandas.api.types.pandas_dtype(_NULLABLE[name])
        return column.to_pandas(types_mapper=lambda _: nullable)
    types = pyarrow.types
    if types.is_date(kind) or types.is_decimal(kind) or (types.is_nested(kind)):
        return column.to_pandas(types_mapper=pandas.ArrowDtype)
    return column.to_pandas()


def _holds_nan(column: Any) -> bool:
    import pyarrow.compute

    return bool(pyarrow.compute.any(pyarrow.compute.is_nan(column)).as_py())


def _without_pyarrow(frame: Frame, position: int, dtypes: Dtypes | None) -> Any:
    """A column as NumPy array or pandas array, by its buffers or value by value."""
    import numpy
    import pandas

    buffers = frame.buffers(position)
    if buffers is None or buffers[0] not in _NUMPY_TYPES:
        return pandas.Series(frame.cells(position), dtype=None if frame.num_rows else object)
    kind, raw, flags = buffers
    values = numpy.frombuffer(raw, dtype=_NUMPY_TYPES[kind]).copy()
    missing = numpy.frombuffer(flags, dtype=bool).copy() if flags is not None else None
    if kind == "timestamp":
        if missing is not None:
            values[missing] = numpy.datetime64("NaT")
        return pandas.Series(values).dt.tz_localize("UTC")
    if missing is None:
        return values
    if dtypes == "numpy":
        if kind == "bool":
            return pandas.Series(frame.cells(position), dtype=object)
        wide = values.astype("float64" if kind.startswith("int") else values.dtype)
        wide[missing] = numpy.nan
        return wide
    array_type = {"b": pandas.arrays.BooleanArray, "f": pandas.arrays.FloatingArray}.get(
        kind[0], pandas.arrays.IntegerArray
    )
    if kind[0] == "f" and numpy.isnan(values[~missing]).any():
        return pandas.Series(frame.cells(position), dtype=object)  # NaN and null, both kept
    return array_type(values, missing)
