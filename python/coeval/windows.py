"""window: aggregates over the events before each row, by the rules of aggregated feature views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from coeval.asof import column_names
from coeval.convert import like
from coeval.definitions.aggregation import Closed
from coeval.frames import to_engine
from coeval.progress import progress_bar

_Frame = TypeVar("_Frame")


def window(
    left: _Frame,
    events: Any,
    *,
    aggregates: Mapping[str, str],
    on: str | None = None,
    left_on: str | None = None,
    right_on: str | None = None,
    by: str | Sequence[str] | None = None,
    left_by: str | Sequence[str] | None = None,
    right_by: str | Sequence[str] | None = None,
    closed: Closed = "right",
    created: str | None = None,
    known: str | None = None,
    event_id: str | None = None,
    on_error: Literal["fail", "null"] = "fail",
) -> _Frame:
    """For each row of `left`, aggregates over the `events` of its key in a window that ends there.

    Every row of `left` comes back exactly once, in its order, with all its columns unchanged, then
    one column for each aggregate. Neither side need be sorted. No repository is needed; the values
    are those of a feature view's aggregations, computed by the same sweep (docs/semantics.md, rule
    5): exact, and the same whatever the order of events.

        coeval.window(orders, payments, on="time", by="user",
                      aggregates={"spend_7d": "sum(amount) over 7d"})

    left, events: tables of any kind, as in asof_join. The result is of the kind of `left`.
    aggregates: the names of the columns, and what is in them:
        "function(column[, parameter]) [over 7d | over last 5 [of 7d] | over all time]
        [where expression] [by expression] [offset 1h] [slide 1d [zone 'Europe/Berlin']]".
        docs/aggregations.md lists the functions, docs/asof-and-windows.md explains the text.
    on, left_on, right_on: the columns of times (timestamps or dates; without zone: UTC). Without
        any: `event_timestamp`, or the only timestamp column.
    by, left_by, right_by: the columns of keys, compared by value and type; null matches nothing.
        Without any: all rows are of one key.
    closed: which ends belong to a window: "right" (what happens at the row's own time counts),
        "left", "both", "neither".
    created: the events' column of the time at which a row was written.
    known: "declared" (the default), or "arrival": an event is not seen before its created time.
    event_id: the events' column of an identity within a key: of the rows of one identity the one
        written last counts.
    on_error: what becomes of values that do not exist, such as an integer sum that does not fit:
        "fail" tells the first ten, "null" makes them null.

    Errors: InvalidArgument or NotFound that name the column and what to do, of an aggregate with
    its text and a caret under the character; TypeError where a side is no table.
    """
    from coeval import _core

    with progress_bar() as progress:
        frame = _core.window(
            to_engine(left, "the left table"),
            to_engine(events, "the events"),
            on=on or "",
            left_on=left_on or "",
            right_on=right_on or "",
            by=column_names(by, "by"),
            left_by=column_names(left_by, "left_by"),
            right_by=column_names(right_by, "right_by"),
            aggregates=_aggregates(aggregates),
            closed=closed,
            created=created or "",
            known=known or "declared",
            event_id=event_id or "",
            null_errors=_is_null(on_error),
            progress=progress,
        )
    result: _Frame = like(left, frame)
    return result


def _aggregates(aggregates: Mapping[str, str]) -> list[tuple[str, str]]:
    if not isinstance(aggregates, Mapping):
        raise TypeError(
            'aggregates: a dict is expected, such as {"spend_7d": "sum(amount) over 7d"}, found '
            f"{aggregates!r}"
        )
    for name, text in aggregates.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise TypeError(f"aggregates: names and texts are expected, found {name!r}: {text!r}")
    return list(aggregates.items())


def _is_null(on_error: str) -> bool:
    if on_error not in ("fail", "null"):
        raise ValueError(f'on_error: "fail" or "null" is expected, found {on_error!r}')
    return on_error == "null"
