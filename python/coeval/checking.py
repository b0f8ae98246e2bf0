"""Checks of what is stored, and making it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coeval import display
from coeval.definitions import FeatureView
from coeval.materialization import Materialized, view_names
from coeval.progress import progress_bar

if TYPE_CHECKING:
    from coeval import _core


@dataclass(frozen=True)
class Damage:
    """Something that is not as it was written."""

    view: str
    """Its name; empty: of the store as a whole."""
    file: str
    """As 000012.sst; empty where it is not known which."""
    first_key: str
    """What is concerned, as city='ams'; empty where that is not known."""
    last_key: str
    """The same as `first_key`: that key alone."""
    what: str
    """What is wrong with it."""
    text: str
    """All of it in one line."""


@dataclass(frozen=True)
class VerifiedView:
    """One view's data."""

    view: str
    """Its name."""
    rows: int
    """One for each key; of a view with aggregations one for each key and event."""
    facts: int
    """That they hold."""
    bytes: int
    """Of keys and values."""
    problems: int
    """Rows that are damaged, and stretches of rows that cannot be read."""


class Verified(Sequence[VerifiedView]):
    """What reading all of the online store found, view by view. Printing it shows a table and what
    is damaged."""

    def __init__(self, report: dict[str, Any]) -> None:
        self._views = [VerifiedView(**view) for view in report["views"]]
        self._report = report

    @property
    def ok(self) -> bool:
        """All is as it was written."""
        return bool(self._report["ok"])

    @property
    def problems(self) -> list[Damage]:
        """What is damaged; the first hundred."""
        return [Damage(**problem) for problem in self._report["problems"]]

    @property
    def problem_count(self) -> int:
        """How much is damaged in all."""
        return int(self._report["problem_count"])

    @property
    def advice(self) -> str:
        """What to do about it; empty where all is well."""
        return str(self._report["advice"])

    @property
    def notes(self) -> list[str]:
        """Where the versions of the registry and the data do not belong together, which harms
        nothing: versions without data, data of versions that were deleted."""
        return list(self._report["notes"])

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, also how many files and bytes were read."""
        return dict(self._report)

    def __getitem__(self, position: Any) -> Any:
        return self._views[position]

    def __len__(self) -> int:
        return len(self._views)

    def __repr__(self) -> str:
        lines = [display.text_rows(*self._rows(), right=(1, 2, 3, 4))] if self._views else []
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"damaged: {problem.text}" for problem in self.problems]
        count = self.problem_count
        damaged = f"{count:,} {'problem' if count == 1 else 'problems'}; {self.advice}"
        return "\n".join([*lines, "all is as it was written" if self.ok else damaged])

    def _repr_html_(self) -> str:
        return display.html_rows(*self._rows(), right=(1, 2, 3, 4))

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        return ["view", "rows", "facts", "bytes", "problems"], [
            [view.view, *(f"{n:,}" for n in (view.rows, view.facts, view.bytes, view.problems))]
            for view in self._views
        ]


class Checking:
    """The checks of a FeatureStore, and what heals."""

    _core: _core.Store

    def online_verify(self) -> Verified:
        """Reads every block and every row of the online store, and tells what is damaged: by view,
        file and keys.

            checked = store.online_verify()
            checked.ok, checked.problems

        Damage is in the answer, and never an error; reading, pushing and materializing go on
        meanwhile. Errors: Unavailable where the process that owns the store does not answer;
        IoError. Ctrl-C stops it.
        """
        with progress_bar() as progress:
            return Verified(json.loads(self._core.verify_online(progress)))

    def online_rebuild(
        self, feature_views: Sequence[str | FeatureView] | None = None
    ) -> Materialized:
        """Makes the online data of views again, from their sources and the log of pushes, and puts
        them in the place of those that are there: where these are damaged, or the sources were
        corrected.

            store.online_rebuild(["weather"])

        All that lies up to each view's watermark is carried, which stays, and what was materialized
        beyond it; of what was pushed all. What the sources hold no more is gone. Without
        `feature_views`: all that hold data. Reading and pushing go on meanwhile, and all views
        change together; what fails, or is stopped by Ctrl-C, leaves what was there. Errors: those
        of materialize.
        """
        views = view_names(feature_views)
        with progress_bar() as progress:
            return Materialized(self._core.rebuild_online(views, progress))
