"""asof_join: two tables joined as of their times, by the rules that feature views are joined by."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, TypeVar

from coeval.convert import like
from coeval.frames import to_engine
from coeval.progress import progress_bar
from coeval.times import duration_micros

_Frame = TypeVar("_Frame")


def asof_join(
    left: _Frame,
    right: Any,
    *,
    on: str | None = None,
    left_on: str | None = None,
    right_on: str | None = None,
    by: str | Sequence[str] | None = None,
    left_by: str | Sequence[str] | None = None,
    right_by: str | Sequence[str] | None = None,
    tolerance: datetime.timedelta | str | None = None,
    created: str | None = None,
    known: str | None = None,
    allow_exact_matches: bool = True,
    columns: Sequence[str] | None = None,
    suffix: str = "_right",
) -> _Frame:
    """For each row of `left`, the newest row of `right` of the same key that is not later.

    Every row of `left` comes back exactly once, in its order, with all its columns unchanged, then
    the columns of `right`: null where no row fits. Neither side need be sorted. No repository is
    needed; the rules are those of a feature store (docs/semantics.md, rules 1 to 3).

        coeval.asof_join(orders, prices, on="time", by="product", tolerance="30d")

    left, right: pandas, polars (also lazy) or pyarrow tables, DuckDB relations, anything that has
        `__arrow_c_stream__`, dicts of lists, lists of dicts. The result is of the kind of `left`;
        what only speaks Arrow comes back as an object that has `__arrow_c_stream__`.
    on, left_on, right_on: the columns of times (timestamps or dates; without zone: UTC). Without
        any: `event_timestamp`, or the only timestamp column.
    by, left_by, right_by: the columns of keys, compared by value and type; null matches nothing.
        Without any: all rows are of one key.
    tolerance: how old a match may be at most, inclusive: timedelta(days=30), "30d", or a
        timedelta64.
    created: right's column of the time at which a row was written. Of rows of one time the one
        written last wins.
    known: "declared" (the default), or "arrival": a row is not seen before its created time.
    allow_exact_matches: False: only rows that are earlier, not those of the same time.
    columns: the columns of `right` that are wanted, in this order. Without it: all but times and
        keys.
    suffix: put behind names that `left` has too.

    Of right's rows of the same time (and created time) the greatest by the wanted columns wins, so
    the result does not depend on the order of rows.

    Errors: InvalidArgument or NotFound that name the column and what to do; TypeError where a side
    is no table.
    """
    from coeval import _core

    left_names, right_names = column_names(left_by, "left_by"), column_names(right_by, "right_by")
    with progress_bar() as progress:
        frame = _core.asof_join(
            to_engine(left, "the left table"),
            to_engine(right, "the right table"),
            on=on or "",
            left_on=left_on or "",
            right_on=right_on or "",
            by=column_names(by, "by"),
            left_by=left_names,
            right_by=right_names,
            tolerance_micros=None if tolerance is None else duration_micros(_plain(tolerance), "tolerance"),
            created=created or "",
            known=known or "declared",
            allow_exact_matches=allow_exact_matches,
            columns=None if columns is None else column_names(columns, "columns"),
            suffix=suffix,
            progress=progress,
        )
    result: _Frame = like(left, frame)
    return result


def _plain(duration: Any) -> Any:
    """NumPy's timedelta64 as Python's own; anything else as it is."""
    if type(duration).__name__ != "timedelta64":
        return duration
    return duration.astype("timedelta64[us]").item()


def column_names(names: str | Sequence[str] | None, what: str) -> list[str]:
    """The names of an argument that may be one name, several or none. Errors: TypeError."""
    if names is None:
        return []
    if isinstance(names, str):
        return [names]
    listed = list(names)
    for name in listed:
        if not isinstance(name, str):
            raise TypeError(f"{what}: names of columns are texts, found {name!r}")
    return listed
