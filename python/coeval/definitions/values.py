"""Plain Python values of definitions as JSON: durations, defaults of features."""

from __future__ import annotations

import base64
import datetime
import decimal
import math
from typing import Any

Duration = datetime.timedelta | str
"""timedelta(hours=3), or "3h"."""


def duration_json(value: Any, what: str) -> int | str | None:
    """A duration in microseconds, or its text; None where there is none."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime.timedelta):
        return int(value // datetime.timedelta(microseconds=1))
    raise TypeError(
        f"{what}: a duration is expected, such as timedelta(hours=3) or '3h', found {value!r}"
    )


def duration_text(value: Duration | None) -> str:
    """ "7d", "90m", "1500ms": the largest unit that divides it; "all" for None (all history)."""
    if value is None:
        return "all"
    if isinstance(value, str):
        return value
    micros = value // datetime.timedelta(microseconds=1)
    for unit, size in _UNITS.items():
        if micros % size == 0 and micros != 0:
            return f"{micros // size}{unit}"
    return f"{micros}us"


_UNITS = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000}


def durations_from_json(members: dict[str, Any], *names: str) -> None:
    """Durations of microseconds in `members` become timedeltas; texts stay."""
    for name in names:
        if isinstance(members.get(name), int):
            members[name] = datetime.timedelta(microseconds=members[name])


def value_json(value: Any, what: str) -> Any:
    """A default as JSON (the forms of docs/formats/definitions.md); its type is checked later."""
    if hasattr(value, "item") and not isinstance(value, (list, tuple, dict)):
        value = value.item()  # a NumPy scalar
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.UTC).replace(tzinfo=None)
        return value.isoformat() + "Z"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (list, tuple)):
        return [value_json(element, what) for element in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: value_json(element, what) for key, element in value.items()}
        return [[value_json(k, what), value_json(v, what)] for k, v in value.items()]
    raise TypeError(f"{what}: {value!r} can be no feature's value")
