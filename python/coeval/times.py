"""Times and durations as people write them in Python: counts of microseconds for the engine."""

from __future__ import annotations

import datetime
import re
from typing import Any

TimeLike = datetime.datetime | datetime.date | str
"""A datetime (without zone: UTC), a date (00:00 UTC) or ISO 8601 text: "2013-10-01T00:00:00Z"."""

DurationLike = datetime.timedelta | str
"""A timedelta, or text: "3h", "1d12h", "250ms"."""

_EPOCH = datetime.datetime(1970, 1, 1)
_NAT = -(2**63)  # NumPy's
_MICROSECOND = datetime.timedelta(microseconds=1)
_UNITS = {
    "w": 604_800_000_000, "d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000,
    "s": 1_000_000, "ms": 1_000, "us": 1,
}  # fmt: skip


def time_micros(time: Any, what: str) -> int:
    """A time in microseconds since 1970-01-01 UTC. What is finer is cut off.

    Errors: TypeError for other kinds, ValueError for a text that is no time."""
    if isinstance(time, str):
        try:
            time = datetime.datetime.fromisoformat(time.strip())
        except ValueError:
            raise ValueError(
                f"{what}: {time!r} is no time; write it as 2013-10-01T12:00:00Z"
            ) from None
    kind = f"{type(time).__module__}.{type(time).__name__}"
    if kind.endswith(".NaTType"):  # pandas
        raise ValueError(f"{what}: NaT is no time")
    if kind == "numpy.datetime64" or hasattr(time, "to_datetime64"):  # NumPy, pandas
        # pandas gives the UTC time; `value` would be nanoseconds whatever the unit.
        exact = time if kind == "numpy.datetime64" else time.to_datetime64()
        micros = int(exact.astype("datetime64[us]").astype("int64"))
        if micros == _NAT:
            raise ValueError(f"{what}: NaT is no time")
        return micros
    if isinstance(time, datetime.datetime):
        if time.tzinfo is not None:
            time = time.astimezone(datetime.UTC).replace(tzinfo=None)
        return int((time - _EPOCH) // _MICROSECOND)
    if isinstance(time, datetime.date):
        return (time - _EPOCH.date()).days * _UNITS["d"]
    raise TypeError(f"{what}: a datetime or ISO 8601 text is expected, found {time!r}")


def duration_micros(duration: Any, what: str) -> int:
    """A duration in microseconds: timedelta(hours=3), "3h", "1d12h", "250ms".

    Errors: TypeError for other kinds, ValueError for a text that is no duration."""
    if isinstance(duration, datetime.timedelta):
        return int(duration // _MICROSECOND)
    if not isinstance(duration, str):
        raise TypeError(
            f"{what}: a duration is expected, such as timedelta(hours=3) or '3h', "
            f"found {duration!r}"
        )
    parts = re.findall(r"(\d+)(us|ms|[wdhms])", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(
            f"{what}: {duration!r} is no duration; write it as 3h, 30d, 1d12h or 250ms"
        )
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
