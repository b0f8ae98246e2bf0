"""Tables of any kind into the engine, and back in the kind that they came in.

In: whatever speaks Arrow (`__arrow_c_stream__` or `__arrow_c_array__`: polars, pyarrow, DuckDB and
many more), pandas (also without pyarrow), dicts of lists and arrays, lists of dicts.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coeval.errors import InvalidArgument

if TYPE_CHECKING:
    from coeval._core import Frame

_NUMPY_FORMATS = {
    "i1": "c", "i2": "s", "i4": "i", "i8": "l", "u1": "C", "u2": "S", "u4": "I", "u8": "L",
    "f2": "e", "f4": "f", "f8": "g",
}  # fmt: skip
_TIME_UNITS = {"s": "s", "ms": "m", "us": "u", "ns": "n"}


def kind_of(frame: Any) -> str:
    """ "pandas", "polars", "polars lazy", "pyarrow table", "pyarrow batch", "pyarrow reader",
    "duckdb", "columns" (a dict), "rows" (a list of dicts), or "arrow" for all else that speaks it.

    Errors: TypeError for anything else."""
    module, name = type(frame).__module__.split(".")[0], type(frame).__name__
    if module == "pandas" and name == "DataFrame":
        return "pandas"
    if module == "polars" and name in ("DataFrame", "LazyFrame"):
        return "polars" if name == "DataFrame" else "polars lazy"
    if module == "pyarrow" and name in ("Table", "RecordBatch", "RecordBatchReader"):
        return {"Table": "pyarrow table", "RecordBatch": "pyarrow batch"}.get(
            name, "pyarrow reader"
        )
    if module in ("duckdb", "_duckdb") and name == "DuckDBPyRelation":
        return "duckdb"
    if isinstance(frame, Mapping):
        return "columns"
    if isinstance(frame, (list, tuple)) and all(isinstance(row, Mapping) for row in frame):
        return "rows"
    if hasattr(frame, "__arrow_c_stream__") or hasattr(frame, "__arrow_c_array__"):
        return "arrow"
    raise TypeError(
        "a table is expected: a pandas, polars or pyarrow table, a DuckDB relation, anything that "
        "has __arrow_c_stream__, a dict of lists or a list of dicts; found "
        f"{type(frame).__module__}.{name}"
        + ("; read the file first" if isinstance(frame, str) else "")
    )


def to_engine(frame: Any, what: str = "the table") -> Any:
    """`frame` as something that has `__arrow_c_stream__`. Nothing is copied where it speaks Arrow.

    Errors: TypeError as kind_of; InvalidArgument where a column cannot be told as Arrow."""
    kind = kind_of(frame)
    if kind == "pandas":
        return _of_pandas(frame, what)
    if kind == "polars lazy":
        return frame.collect()
    if kind == "columns":
        return columns_frame(frame, what)
    if kind == "rows":
        return columns_frame(_columns_of_rows(frame), what)
    return frame


def columns_frame(
    columns: Mapping[str, Any], what: str = "the table", types: Mapping[str, str] | None = None
) -> Frame:
    """A dict of lists, NumPy arrays or pandas' Series as a frame.

    types: of columns that are not to be guessed from their values."""
    from coeval import _core

    parts = []
    rows: int | None = None
    for name, values in columns.items():
        if not isinstance(name, str):
            raise InvalidArgument(f"{what}: names of columns are texts, found {name!r}")
        if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
            raise InvalidArgument(f"{what}, column '{name}': a list is expected, found {values!r}")
        rows = len(values) if rows is None else rows
        if len(values) != rows:
            raise InvalidArgument(
                f"{what}: column '{name}' has {len(values)} rows, others have {rows}"
            )
        if types is not None and name in types:
            parts.append((name, types[name], list(values)))
        else:
            parts.append(_column(name, values, what))
    return _core.Frame.from_columns(parts, rows or 0)


def _columns_of_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """A list of dicts by column; what a row lacks is None."""
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    return {name: [row.get(name) for row in rows] for name in names}


def _of_pandas(frame: Any, what: str) -> Any:
    """Without the index, which is no column."""
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InvalidArgument(f"{what} has several columns named {', '.join(map(repr, twice))}")
    try:
        import pyarrow
    except ImportError:
        series = {name: frame.iloc[:, i] for i, name in enumerate(names)}
        return columns_frame(series, what)
    try:
        return pyarrow.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    except (pyarrow.ArrowException, TypeError) as error:
        words = " ".join(str(part) for part in error.args)
        raise InvalidArgument(
            f"{what} has a column that holds values of several types: {words}"
        ) from error


def _column(name: str, values: Any, what: str) -> tuple[Any, ...]:
    """A part of Frame.from_columns."""
    module = type(values).__module__.split(".")[0]
    if module == "pandas":
        return _pandas_column(name, values, what)
    if module == "numpy":
        array_part = _numpy_column(name, values)
        if array_part is not None:
            return array_part
    cells = list(values)
    try:
        return (name, type_of_values(cells), cells)
    except TypeError as error:
        raise InvalidArgument(f"{what}, column '{name}': {error}") from None


def _numpy_column(
    name: str, array: Any, missing: Any = None, zone: str = ""
) -> tuple[Any, ...] | None:
    """A one-dimensional array of numbers or times, as the buffer that it is; None for others.

    missing: an array that is True where the value is null."""
    import numpy

    dtype = array.dtype
    if array.ndim != 1:
        return None
    if dtype.kind == "M" and numpy.datetime_data(dtype)[0] in _TIME_UNITS:
        unit, step = numpy.datetime_data(dtype)
        if step != 1:
            return None
        nat = numpy.isnat(array)
        missing = nat if missing is None else nat | missing
        text, array = f"ts{_TIME_UNITS[unit]}:{zone}", array.view("int64")
    elif dtype.kind == "b":
        text, array = "b", numpy.packbits(array, bitorder="little")
    elif dtype.str[1:] in _NUMPY_FORMATS and dtype.isnative:
        text = _NUMPY_FORMATS[dtype.str[1:]]
    else:
        return None
    validity = None
    if missing is not None and missing.any():
        validity = numpy.packbits(~missing, bitorder="little")
    return (name, text, numpy.ascontiguousarray(array), validity)


def _pandas_column(name: str, series: Any, what: str) -> tuple[Any, ...]:
    """A Series without the help of pyarrow."""
    dtype = series.dtype
    part = None
    zone = str(getattr(dtype, "tz", "") or "")
    if zone:
        array = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        part = _numpy_column(name, array, zone=zone)
    elif hasattr(dtype, "numpy_dtype") and dtype.kind in "iufb":  # a nullable type
        array = series.to_numpy(dtype=dtype.numpy_dtype, na_value=0)
        part = _numpy_column(name, array, missing=series.isna().to_numpy())
    elif dtype.kind in "iufbM":
        part = _numpy_column(name, series.to_numpy())
    if part is not None:
        return part
    gone = series.isna().tolist()
    cells = [None if null else value for value, null in zip(series.tolist(), gone, strict=True)]
    try:
        return (name, type_of_values(cells), cells)
    except TypeError as error:
        raise InvalidArgument(f"{what}, column '{name}': {error}") from None


def type_of_values(values: Sequence[Any]) -> str:
    """The type that holds all of the values; "null" where there are none.

    Errors: TypeError where no type does."""
    found: dict[str, None] = {}
    for value in values:
        text = _type_of(value)
        if text is not None:
            found[text] = None
    return _common_type(list(found))


def _common_type(types: list[str]) -> str:
    if not types:
        return "null"
    if len(types) == 1:
        return types[0]
    kinds = {text.split("(")[0].split("<")[0] for text in types}
    if kinds <= {"int64", "float64"}:
        return "float64"
    if kinds <= {"int64", "decimal"}:
        pairs = [_precision(text) for text in types]
        scale = max(scale for _, scale in pairs)
        whole = max(precision - digits for precision, digits in pairs)
        return f"decimal({min(38, whole + scale)}, {scale})"
    if kinds <= {"timestamp", "date"}:
        return "timestamp"
    if kinds <= {"list", "null"} and len(kinds - {"null"}) == 1:
        return f"list<{_common_type([t[5:-1] for t in types if t[5:-1] != 'null'])}>"
    if kinds == {"map"}:
        inner = [t[len("map<string, ") : -1] for t in types]
        return f"map<string, {_common_type([t for t in inner if t != 'null'])}>"
    raise TypeError(f"its values are of several types: {', '.join(types)}")


def _precision(text: str) -> tuple[int, int]:
    """(precision, scale) of a decimal's type; an int64 has at most 19 digits."""
    if text == "int64":
        return 19, 0
    precision, scale = text[len("decimal(") : -1].split(",")
    return int(precision), int(scale)


def _type_of(value: Any) -> str | None:
    """The type of one value; None where it is null."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "as_py"):
        return _type_of(value.as_py())
    if type(value).__module__ == "numpy" and type(value).__name__ == "datetime64":
        return "timestamp"
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64"
    if isinstance(value, float):
        return "float64"
    if isinstance(value, str):
        return "string"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes"
    if isinstance(value, datetime.datetime):
        return "timestamp"
    if isinstance(value, datetime.date):
        return "date"
    if isinstance(value, decimal.Decimal):
        return _decimal_type(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a dict's keys are texts here")
        return f"map<string, {type_of_values(list(value.values()))}>"
    if isinstance(value, (list, tuple)) or type(value).__name__ == "ndarray":
        return f"list<{type_of_values(list(value))}>"
    raise TypeError(f"{value!r} ({type(value).__name__}) is of no type that Coeval has")


def _decimal_type(value: decimal.Decimal) -> str:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise TypeError(f"{value!r} is no number")
    scale = max(0, -exponent)
    precision = max(len(digits) + max(0, exponent), scale, 1)
    if precision > 38:
        raise TypeError(f"{value!r} has more than 38 digits")
    return f"decimal({precision}, {scale})"
