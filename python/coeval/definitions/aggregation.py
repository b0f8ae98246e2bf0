"""Aggregations: features computed over the events of a window."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from coeval.definitions.definition import list_of, text_of, without_defaults
from coeval.definitions.keywords import CheckedKeywords
from coeval.definitions.values import (
    Duration,
    duration_json,
    duration_text,
    durations_from_json,
    value_json,
)

Closed = Literal["right", "left", "both", "neither"]


class Aggregation(metaclass=CheckedKeywords):
    """A function over the events of a window, at the time of each question (rule 5).

        Aggregation(column="amount", function="sum", time_window=timedelta(days=7))
        Aggregation("amount", "sum", [timedelta(hours=1), timedelta(days=7)], name="spend")
        Aggregation(function="count", time_window="24h", where="status = 'refused'")
        Aggregation("amount", "last_n", rows=5, params={"n": 5})

    column: the column of the source that the function takes; two for those of pairs (covar, corr);
        none: all events (count).
    function: its name: docs/aggregations.md lists them.
    time_window: how far back the window reaches from the question; None: all history. A list makes
        one feature for each window.
    slide_interval: the older end of the window moves up in steps of it; None: exactly.
    where: an expression over the source's columns; only events for which it is true count.
    by: an expression; the feature is a map from each of its values to the aggregate of that group.
    name: the feature's name; of a list of windows its beginning: spend_1h, spend_7d. Without it the
        name is Feast's: sum_amount_604800s.
    offset: the window ends so long before the question.
    closed: which ends of the window belong to it: "right" (the newer, as served), "left", "both",
        "neither".
    zone: the time zone whose wall time slide_interval counts in.
    rows: at most so many of the newest events of the window.
    params: what the function wants to know: {"n": 5}, {"q": 0.9}, {"half_life": "1h"}.

    Durations are timedeltas, or texts such as "7d".
    """

    column: str | list[str]
    function: str

    def __init__(
        self,
        column: str | Sequence[str] = "",
        function: str = "",
        time_window: Duration | Sequence[Duration | None] | None = None,
        slide_interval: Duration | None = None,
        where: str | None = None,
        by: str | None = None,
        name: str | None = None,
        offset: Duration | None = None,
        closed: Closed = "right",
        zone: str = "UTC",
        rows: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        self.function = text_of(function, "Aggregation: function")
        if not self.function:
            raise ValueError("Aggregation: function: a name is expected, such as 'sum'")
        what = f"Aggregation {name or self.function!r}"
        self.column = (
            column if isinstance(column, str) else [text_of(c, what) for c in list_of(column, what)]
        )
        self.time_window = time_window
        self.slide_interval, self.offset = slide_interval, offset
        self.where = text_of(where or "", f"{what}: where")
        self.by = text_of(by or "", f"{what}: by")
        self.name = text_of(name or "", f"{what}: name")
        self.closed = text_of(closed, f"{what}: closed")
        self.zone = text_of(zone, f"{what}: zone")
        if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or rows < 1):
            raise ValueError(f"{what}: rows: 1, 2, ... is expected, found {rows!r}")
        self.rows = rows
        self.params = {
            text_of(key, f"{what}: params"): _param_json(value, f"{what}: params: {key}")
            for key, value in (params or {}).items()
        }
        self._slide_interval = duration_json(slide_interval, f"{what}: slide_interval")
        self._offset = duration_json(offset, f"{what}: offset")
        self._windows = [duration_json(w, f"{what}: time_window") for w in self.windows]

    @property
    def columns(self) -> list[str]:
        """The function's arguments."""
        if isinstance(self.column, str):
            return [self.column] if self.column else []
        return list(self.column)

    @property
    def windows(self) -> list[Duration | None]:
        """One for each feature; None is all history."""
        given = self.time_window
        if given is None or isinstance(given, (str, datetime.timedelta)):
            return [given]
        return list_of(given, f"Aggregation {self.name or self.function!r}: time_window")

    @property
    def names(self) -> list[str]:
        """The names of the features, one for each window."""
        return [self._name(window) for window in self.windows]

    def _name(self, window: Duration | None) -> str:
        is_list = not (
            self.time_window is None or isinstance(self.time_window, (str, datetime.timedelta))
        )
        if self.name:
            return f"{self.name}_{duration_text(window)}" if is_list else self.name
        name = "_".join([self.function, *self.columns])
        seconds = _seconds(window)
        return name if window is None else f"{name}_{seconds}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One for each feature, as plain data: the form of YAML definitions."""
        return [
            without_defaults(
                {
                    "name": name,
                    "function": self.function,
                    "columns": self.columns,
                    "time_window": window,
                    "slide_interval": self._slide_interval or None,
                    "offset": self._offset or None,
                    "closed": None if self.closed == "right" else self.closed,
                    "zone": None if self.zone == "UTC" else self.zone,
                    "rows": self.rows,
                    "where": self.where,
                    "by": self.by,
                    "params": self.params,
                }
            )
            for name, window in zip(self.names, self._windows, strict=True)
        ]

    @classmethod
    def from_dict(cls, members: Mapping[str, Any]) -> Aggregation:
        """The inverse of to_dicts, for one of them; durations come as timedeltas."""
        given = dict(members)
        durations_from_json(given, "time_window", "slide_interval", "offset")
        columns = given.pop("columns", [])
        return cls(columns[0] if len(columns) == 1 else columns, **given)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Aggregation) and self.to_dicts() == other.to_dicts()

    def __hash__(self) -> int:
        return hash((self.function, *self.names))

    def __repr__(self) -> str:
        return f"<Aggregation {', '.join(self.names)}>"


def _param_json(value: Any, what: str) -> Any:
    if isinstance(value, datetime.timedelta):
        return duration_text(value)
    return value_json(value, what)


def _seconds(window: Duration | None) -> str:
    """Feast's way to write a window in a name: "604800s"."""
    if not isinstance(window, datetime.timedelta):
        return str(window)
    micros = window // datetime.timedelta(microseconds=1)
    return f"{micros // 1_000_000}s" if micros % 1_000_000 == 0 else f"{micros}us"
