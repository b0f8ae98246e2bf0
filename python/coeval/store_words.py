"""Between the methods of a store and the engine: what they take and give, in the engine's words."""

from __future__ import annotations

import atexit
import datetime
import json
import logging
import weakref
from typing import TYPE_CHECKING, Any

from coeval.errors import InvalidArgument
from coeval.times import TimeLike, time_micros

if TYPE_CHECKING:
    from coeval import _core

_LOG = logging.getLogger("coeval")
_LOG_LEVELS = [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR]

KIND_NAMES = {
    "entities": "entity",
    "sources": "source",
    "feature_views": "feature view",
    "on_demand_feature_views": "on-demand feature view",
    "feature_services": "feature service",
}

_OPEN: weakref.WeakSet[_core.Store] = weakref.WeakSet()


def closed_at_exit(store: _core.Store) -> _core.Store:
    """The same store, which is closed at the interpreter's end where nobody did it before: then
    nothing is taken down yet, and the other processes that it answers come to no harm."""
    _OPEN.add(store)
    return store


@atexit.register
def _close_all() -> None:
    for store in list(_OPEN):
        store.close()


def clock_text(clock: TimeLike | None) -> str:
    if clock is None:
        return ""
    if isinstance(clock, str):
        return clock
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(
        microseconds=time_micros(clock, "clock")
    )
    return time.isoformat() + "Z"


def null_on_error_of(on_error: str) -> bool:
    if on_error not in ("raise", "null"):
        raise InvalidArgument(f'on_error: "raise" or "null" is expected, found {on_error!r}')
    return on_error == "null"


def report_of(report: tuple[str, str, bool, bool]) -> tuple[dict[str, Any], str, bool, bool]:
    changes, text, empty, refused = report
    return json.loads(changes), text, empty, refused


def list_of(text: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(text)
    return listed


def facts_count(facts: int) -> int:
    if facts < 1:
        raise InvalidArgument(f"facts: at least 1 is expected, found {facts}")
    return facts


def log(level: int, message: str) -> None:
    _LOG.log(_LOG_LEVELS[level], "%s", message)
