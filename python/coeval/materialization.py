"""Materialized: what a materialization carried."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coeval import display
from coeval.definitions import FeatureView
from coeval.progress import progress_bar
from coeval.times import TimeLike, time_micros

if TYPE_CHECKING:
    from coeval import _core


@dataclass(frozen=True)
class MaterializedView:
    """One view's part."""

    view: str
    """With the version: "weather@v2"."""
    rows_read: int
    """Rows of the source that were looked at."""
    rows_written: int
    """Facts that were carried."""
    rows_refused: int
    """Rows that were left out: bad times."""
    watermark: datetime.datetime | None
    """How far the view is carried now; None: not at all."""
    detail: str
    """What else is to be said: "source unchanged"."""


class Materialized(Sequence[MaterializedView]):
    """What a materialization carried, view by view. Printing it shows a table."""

    def __init__(self, reports: Sequence[dict[str, Any]]) -> None:
        self._views = [MaterializedView(**report) for report in reports]

    def __getitem__(self, position: Any) -> Any:
        return self._views[position]

    def __len__(self) -> int:
        return len(self._views)

    def __iter__(self) -> Iterator[MaterializedView]:
        return iter(self._views)

    def __repr__(self) -> str:
        return display.text_rows(*self._rows(), right=(1, 2, 3))

    def _repr_html_(self) -> str:
        return display.html_rows(*self._rows(), right=(1, 2, 3))

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        header = ["view", "read", "written", "refused", "up to", "note"]
        return header, [
            [
                view.view,
                f"{view.rows_read:,}",
                f"{view.rows_written:,}",
                f"{view.rows_refused:,}",
                display.cell_text(view.watermark) if view.watermark else "-",
                view.detail,
            ]
            for view in self._views
        ]


def view_names(feature_views: Sequence[str | FeatureView] | None) -> list[str]:
    """As the engine takes them."""
    if isinstance(feature_views, str):
        feature_views = [feature_views]
    return [view if isinstance(view, str) else view.name for view in feature_views or ()]


def materialize(
    core: _core.Store,
    start: int | None,
    end_date: TimeLike,
    feature_views: Sequence[str | FeatureView] | None,
) -> Materialized:
    """From `start`, in microseconds, or, without one, what is new since the last time."""
    end = time_micros(end_date, "end_date")
    views = view_names(feature_views)
    with progress_bar() as progress:
        return Materialized(core.materialize(start, end, views, progress))
