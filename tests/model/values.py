"""Canonical values, their two comparisons (1.5), tie encoding 1 as a Python sort key (3.3), and
key conversion (2.1).

A value is None, bool, int, float, str, bytes, list or dict (a map); times are ints (1.1). Columns
are typed, so values of different
types are never compared, except null with any.
"""

from __future__ import annotations

import datetime
import math
import struct
from typing import Any

NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000000))[0]
MIN_TIME, MAX_TIME = -(2**63), 2**63 - 1
INT_RANGE = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (MIN_TIME, MAX_TIME),
    "timestamp": (MIN_TIME, MAX_TIME),
    "date": (-(2**31), 2**31 - 1),
}


def saturate(time: int) -> int:
    return max(MIN_TIME, min(MAX_TIME, time))  # 1.1


def canonical(value: Any) -> Any:
    """1.5: every NaN becomes the one NaN; -0.0 keeps its sign."""
    if isinstance(value, float) and math.isnan(value):
        return NAN
    if isinstance(value, list):
        return [canonical(v) for v in value]
    return value


def float_order(value: float) -> int:
    """1.5 in order: -inf < ... < -0.0 < 0.0 < ... < +inf < NaN. The IEEE bits made monotonic;
    canonical NaN is the greatest."""
    bits = struct.unpack("<q", struct.pack("<d", canonical(value)))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF) - 1


def order_key(value: Any) -> tuple:
    """Sort key of one value; also its tie encoding. Null is lowest; bool false < true; integers,
    times and dates numeric; floats as
    float_order; strings by UTF-8 bytes, bytes as bytes (a prefix is less); lists element by
    element, then the shorter first; maps as
    the list of their (key, value) pairs in key order."""
    if value is None:
        return (0,)
    if isinstance(value, float):
        return (1, float_order(value))
    if isinstance(value, str):
        return (1, value.encode("utf-8"))
    if isinstance(value, list):
        return (1, tuple(order_key(v) for v in value))
    if isinstance(value, dict):
        return (1, tuple(sorted((order_key(k), order_key(v)) for k, v in value.items())))
    return (1, value)  # bool, int, bytes


def tie_key(values: tuple) -> tuple:
    """Tie encoding 1 of a row: its columns in declared order. It is injective on canonical values,
    so equal keys mean equal rows."""
    return tuple(order_key(v) for v in values)


def represent(value: Any) -> Any:
    """1.5: what stands for a value in distinct, `by`, mode and hashing: -0.0 as 0.0, NaN as the one
    NaN."""
    if isinstance(value, float):
        return 0.0 if value == 0.0 else canonical(value)
    return value


def same_key(value: Any) -> tuple:
    """Equality by 1.5 as a hashable key (NaN equals NaN, -0.0 equals 0.0)."""
    return order_key(represent(value))


class KeyError2(ValueError):
    """2.1: a join key that cannot be converted without loss."""


def convert_key(value: Any, kind: str) -> Any:
    """2.1: to the declared type, losing nothing; NaN and None are null. A bool is not a number and
    a number is not a bool."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind in ("string", "bytes", "bool"):
        if type(value) is {"string": str, "bytes": bytes, "bool": bool}[kind]:
            return value
    elif isinstance(value, datetime.datetime) and kind == "timestamp":
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)  # 1.1: without zone it is UTC
        return (
            value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        ) // datetime.timedelta(microseconds=1)
    elif (
        isinstance(value, datetime.date)
        and not isinstance(value, datetime.datetime)
        and kind in ("timestamp", "date")
    ):
        days = (value - datetime.date(1970, 1, 1)).days
        return days if kind == "date" else days * 86_400_000_000  # 1.1: a date is 00:00 UTC
    elif (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and int(value) == value
    ):
        low, high = INT_RANGE[kind]
        if low <= int(value) <= high:
            return int(value)
    raise KeyError2(f"{value!r} is not a {kind}")


def same_bits(a: Any, b: Any) -> bool:
    """Bit-for-bit equality of two answers' values: 0.0 and -0.0 differ, NaN equals NaN, 1 and 1.0
    and True differ."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return float_order(a) == float_order(b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same_bits(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return same_bits([list(p) for p in a.items()], [list(p) for p in b.items()])
    return a == b


def plain(value: Any) -> Any:
    """For JSON: floats {"f": hex}, bytes {"b": hex}, maps {"map": [[k, v], ...]}; null, bool, int,
    string and lists as they are."""
    if isinstance(value, float):
        return {"f": "nan" if math.isnan(value) else value.hex()}
    if isinstance(value, bytes):
        return {"b": value.hex()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {"map": [[plain(k), plain(v)] for k, v in value.items()]}
    return value


def unplain(value: Any) -> Any:
    """The inverse of `plain`."""
    if isinstance(value, dict):
        if "f" in value:
            return canonical(float.fromhex(value["f"]))
        if "b" in value:
            return bytes.fromhex(value["b"])
        return {unplain(k): unplain(v) for k, v in value["map"]}
    return [unplain(v) for v in value] if isinstance(value, list) else value
