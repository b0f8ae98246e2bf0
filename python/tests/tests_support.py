"""Helpers of the SDK's tests."""

from __future__ import annotations

import math
import struct
from typing import Any


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
