"""Cells of tables as values: types, times, and equality by bits."""

from __future__ import annotations

import datetime
import decimal
import re
import struct
from typing import Any

import pyarrow as pa

TIME = re.compile(
    r"(?:(?P<date>-?\d{4,6}-\d\d-\d\d)[ T]?)?"
    r"(?:(?P<clock>\d\d:\d\d(?::\d\d)?)(?:\.(?P<fraction>\d{1,9}))?)?Z?"
    r"(?P<steps>(?: *[+-] *\d+(?:ns|us|ms|s|m|h|d))*)"
)
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
UNITS["d"] = 24 * UNITS["h"]
SIMPLE = {
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "bytes": pa.binary(),
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
}


class CellError(ValueError):
    """A cell that is no value of its type."""


def arrow_type(text: str) -> pa.DataType:
    """A type in Coeval's words, and `timestamp(ns)`, `timestamp(us, Europe/Berlin)`."""
    if text in SIMPLE:
        return SIMPLE[text]
    name, _, inner = text.partition("(" if "<" not in text.partition("(")[0] else "<")
    parts = split_top(inner[:-1])
    if name == "timestamp":
        return pa.timestamp(parts[0], parts[1] if len(parts) > 1 else None)
    if name == "decimal":
        return pa.decimal128(int(parts[0]), int(parts[1]))
    if name == "list":
        return pa.list_(arrow_type(parts[0]))
    if name == "vector":
        return pa.list_(arrow_type(parts[0]), int(parts[1]))
    if name == "map":
        return pa.map_(arrow_type(parts[0]), arrow_type(parts[1]))
    raise CellError(f"{text!r} is no type")


def split_top(text: str) -> list[str]:
    """Split at commas that stand in no bracket."""
    parts, depth, part = [], 0, ""
    for letter in text:
        depth += (letter in "<[{(") - (letter in ">]})")
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return [*parts, part.strip()] if part.strip() or parts else []


def parse_time(text: str, day: str = "") -> int:
    """Nanoseconds since 1970. `@N` is N microseconds; without a date it is the story's day."""
    if text.startswith("@"):
        return int(text[1:]) * 1000
    match = TIME.fullmatch(text.strip())
    if match is None or not (match["date"] or match["clock"]):
        raise CellError(f"{text!r} is no time")
    if not (match["date"] or day):
        raise CellError(f"{text!r} needs a date, or a `day` before it")
    year, month, of_month = (match["date"] or day).rsplit("-", 2)
    days = (datetime.date(int(year), int(month), int(of_month)) - datetime.date(1970, 1, 1)).days
    hour, minute, second = ((match["clock"] or "00:00") + ":00").split(":")[:3]
    nanos = ((days * 24 + int(hour)) * 60 + int(minute)) * UNITS["m"] + int(second) * UNITS["s"]
    nanos += int((match["fraction"] or "").ljust(9, "0"))
    for sign, count, unit in re.findall(r"([+-]) *(\d+)(ns|us|ms|s|m|h|d)", match["steps"]):
        nanos += (1 if sign == "+" else -1) * int(count) * UNITS[unit]
    return nanos


def parse_cell(text: str, kind: pa.DataType, day: str = "") -> Any:
    """The value that pyarrow makes an array of. Errors: CellError."""
    if text == "null":
        return None
    try:
        return _parse(text, kind, day)
    except (ValueError, decimal.InvalidOperation) as error:
        raise CellError(f"{text!r} is no {kind}: {error}") from error


def _parse(text: str, kind: pa.DataType, day: str) -> Any:
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}[text] if text in ("true", "false") else _no(text)
    if pa.types.is_integer(kind):
        return int(text)
    if pa.types.is_floating(kind):
        return float(text)
    if pa.types.is_string(kind):
        return text[1:-1] if text.startswith('"') and text.endswith('"') else text
    if pa.types.is_binary(kind):
        return bytes.fromhex(text.removeprefix("0x")) if text.startswith("0x") else _no(text)
    if pa.types.is_date(kind):
        return datetime.date.fromisoformat(text)
    if pa.types.is_decimal(kind):
        return decimal.Decimal(text)
    if pa.types.is_timestamp(kind):
        unit = UNITS[kind.unit]
        nanos = parse_time(text, day)
        if nanos % unit:
            raise CellError(f"{text} is finer than {kind}")
        return nanos // unit
    if pa.types.is_map(kind):
        kinds = (kind.key_type, kind.item_type)
        pairs = [part.split(":", 1) for part in split_top(text[1:-1])]
        return [
            tuple(parse_cell(part.strip(), k, day) for part, k in zip(pair, kinds, strict=True))
            for pair in pairs
        ]
    return [parse_cell(part, kind.value_type, day) for part in split_top(text[1:-1])]


def _no(text: str) -> Any:
    raise ValueError(text)


def array_of(cells: list[str], kind: pa.DataType, day: str = "") -> pa.Array:
    """One column; times are exact whatever their unit."""
    values = [parse_cell(cell, kind, day) for cell in cells]
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def bits_of(array: pa.Array | pa.ChunkedArray) -> list[Any]:
    """Each value as something that is equal where type and bits are: NaN to NaN, 0.0 not to -0.0,
    null to null alone."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array, kind = array.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind):
        factor = UNITS[kind.unit]
        values = array.cast(pa.int64()).to_pylist()
        return [None if value is None else ("time", value * factor) for value in values]
    return [_bits(value) for value in array.to_pylist()]


def _bits(value: Any) -> Any:
    if isinstance(value, float):
        return ("float", struct.unpack("<Q", struct.pack("<d", value))[0])
    if isinstance(value, (list, tuple)):
        return ("list", tuple(_bits(item) for item in value))
    return None if value is None else (type(value).__name__, value)


def micros_of(bits: Any) -> int:
    """The microsecond of a question (rule 1.2) from what `bits_of` gave for its time."""
    kind, value = bits
    if kind == "date":
        return (value - datetime.date(1970, 1, 1)).days * (UNITS["d"] // 1000)
    return value // 1000


def shown(bits: Any) -> str:
    """What `bits_of` gave, as a story would write it."""
    if bits is None:
        return "null"
    kind, value = bits
    if kind == "float":
        number = struct.unpack("<d", struct.pack("<Q", value))[0]
        if number != number and value != 0x7FF8000000000000:
            return f"NaN of other bits ({value:#x})"
        return "NaN" if number != number else repr(number)
    if kind == "time":
        micros, rest = divmod(value, 1000)
        try:
            time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
            return f"{time.isoformat(' ')}{f' + {rest}ns' if rest else ''}"
        except OverflowError:
            return f"@{micros}"
    if kind == "list":
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if kind == "bytes":
        return "0x" + value.hex()
    return {"True": "true", "False": "false"}.get(str(value), str(value))
