"""TrainingSet: the rows that a model is trained on, and what made them."""

from __future__ import annotations

import html
import json
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coeval import display
from coeval.errors import InvalidArgument
from coeval.explanation import Explanation
from coeval.progress import progress_bar
from coeval.table import Table

if TYPE_CHECKING:
    from coeval import _core


@dataclass(frozen=True)
class FeatureSummary:
    """One feature of a training set, in figures. Rows by status: present + nulls of facts + ... =
    rows."""

    name: str
    """The column's name."""
    reference: str
    """What was asked, with the version: "weather@v2:temp"."""
    type: str
    """The feature's type: "float64"."""
    nulls: int
    """Rows without a value."""
    expired: int
    """Of these, rows whose newest fact was too old for the view's ttl."""
    not_found: int
    """Of these, rows for which there was no fact."""
    invalid: int
    """Of these, rows for which an expression failed."""
    present: int
    """Rows with a value of their own (not a default)."""


class TrainingSet(Table):
    """What `FeatureStore.get_historical_features` gives: the columns of the entity table, unchanged
    and in their order, then the features as they would have been served at each row's time.

        ts.to_df(); ts.to_arrow(); ts.to_polars(); ts.to_parquet("t.parquet"); ts.manifest

    Printing it shows null rate and expired share of each feature, and warns of a feature that has
    no value in any row. It speaks Arrow by itself.
    """

    def __init__(self, made: _core.TrainingSet, left: Any, store: _core.Store) -> None:
        super().__init__(made.frame, left)
        self._made = made
        self._store = store

    def explain(self, row: int, feature: str | None = None, *, facts: int = 5) -> Explanation:
        """Why a feature has the value that it has in a row: which fact won and which did not, which
        events fell into a window, which inputs an expression had.

            print(ts.explain(17, "temp"))

        row: counted from 0, as the rows of the entity table.
        feature: the name of a feature column, "view__feature" or "view:feature"; may be left out
            where there is one.
        facts: how many facts of each fate to show, those nearest to what decides.

        The sources of the feature are read once, as they are now; where they give another value
        than the training set holds, the explanation says so. Errors: InvalidArgument where there is
        no such row; NotFound with the nearest name; FailedPrecondition where the store was closed.
        Ctrl-C stops it.
        """
        if facts < 1:
            raise InvalidArgument(f"facts: at least 1 is expected, found {facts}")
        with progress_bar() as progress:
            made = self._store.explain_row(
                self._made, operator.index(row), feature or "", facts, progress
            )
        return Explanation(made)

    @property
    def manifest(self) -> dict[str, Any]:
        """What made it: versions of definitions, sources with files and sizes, range of times,
        options, row count and content hash. The same inputs give the same hash."""
        manifest: dict[str, Any] = json.loads(self._made.manifest)
        return manifest

    @property
    def summary(self) -> list[FeatureSummary]:
        """Each feature in figures, in the order of the columns."""
        return [FeatureSummary(**feature) for feature in json.loads(self._made.summary)]

    @property
    def warnings(self) -> list[str]:
        """What looks wrong, with the likely reason: features that are null in every row."""
        return list(self._made.warnings)

    @property
    def features(self) -> list[str]:
        """The names of the feature columns."""
        return [feature.name for feature in self.summary]

    def __repr__(self) -> str:
        lines = [self._title()]
        if self.summary:
            lines.append(display.text_rows(*self._figures(), right=(2, 3, 4, 5)))
        lines += [f"warning: {warning}" for warning in self.warnings]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        figures = display.html_rows(*self._figures(), right=(2, 3, 4, 5))
        warnings = "".join(
            f"<p><b>warning:</b> {html.escape(warning)}</p>" for warning in self.warnings
        )
        head = display.table_html("First rows", self._head(), self.num_rows)
        return f"<p><b>{html.escape(self._title())}</b></p>{warnings}{figures}{head}"

    def _title(self) -> str:
        own = len(self.column_names) - len(self.summary)
        return (
            f"TrainingSet: {self.num_rows:,} rows, {own} columns of the entity table, "
            f"{len(self.summary)} features"
        )

    def _figures(self) -> tuple[list[str], list[list[str]]]:
        header = ["feature", "type", "null", "expired", "not found", "invalid", "from"]
        rows = self.num_rows
        return header, [
            [
                feature.name,
                feature.type,
                display.percent(feature.nulls, rows),
                display.percent(feature.expired, rows),
                display.percent(feature.not_found, rows),
                display.percent(feature.invalid, rows),
                feature.reference,
            ]
            for feature in self.summary
        ]
