"""The online store compared with training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coeval import display
from coeval.progress import progress_bar
from coeval.times import TimeLike, time_micros

if TYPE_CHECKING:
    from coeval import _core


@dataclass(frozen=True)
class FeatureDifference:
    """A feature about which the online store and training differ."""

    feature: str
    """Its name."""
    online: str
    """The value that is served, as text; "null" where there is none."""
    online_status: str
    """PRESENT, NULL_VALUE, OUTSIDE_MAX_AGE, NOT_FOUND or INVALID."""
    online_time: str
    """When it was true; empty where it has no time."""
    training: str
    """The value that training gives."""
    training_status: str
    """As `online_status`."""
    training_time: str
    """As `online_time`."""


@dataclass(frozen=True)
class KeyDifference:
    """A key about which they differ, and why."""

    view: str
    """With its version, as weather@v2."""
    key: str
    """As city='ams'."""
    reason: str
    """not_materialized, landed_late, lost, not_fed, changed, gone, expired or unexplained."""
    explained: bool
    """Nothing is wrong: the next `materialize_incremental` makes both the same, or age has made it
    nothing."""
    missing: int
    """Facts that the online store does not have."""
    extra: int
    """Facts that it alone has."""
    features: list[FeatureDifference]
    """Those that differ."""
    text: str
    """All of it in one line."""


@dataclass(frozen=True)
class ComparedView:
    """One view's keys, compared."""

    view: str
    """With its version, as weather@v2."""
    watermark: str
    """How far it was materialized; empty: not yet."""
    keys: int
    """That were compared."""
    same: int
    """Keys about which both say the same, bit for bit."""
    differing: int
    """Keys about which they do not."""
    damaged: int
    """Keys that cannot be read online."""
    unreadable: int
    """Stretches of damaged rows that were passed over."""
    reasons: dict[str, int]
    """How many keys differ for which reason."""


class OnlineDiff(Sequence[ComparedView]):
    """What comparing the online store with training found, view by view. Printing it shows a table
    and what differs."""

    def __init__(self, report: dict[str, Any]) -> None:
        self._views = [ComparedView(**view) for view in report["views"]]
        self._report = report

    @property
    def ok(self) -> bool:
        """Nothing differs that materializing would not mend, and nothing is damaged."""
        return bool(self._report["ok"])

    @property
    def differences(self) -> list[KeyDifference]:
        """The keys about which they differ; the first hundred, those that are not explained
        first."""
        return [
            KeyDifference(
                **{
                    **difference,
                    "features": [FeatureDifference(**each) for each in difference["features"]],
                }
            )
            for difference in self._report["differences"]
        ]

    @property
    def difference_count(self) -> int:
        """About how many keys they differ in all."""
        return int(self._report["difference_count"])

    @property
    def unexplained_count(self) -> int:
        """Of these, those that no incremental run mends."""
        return int(self._report["unexplained_count"])

    @property
    def seed(self) -> int:
        """Given again, it takes the same keys."""
        return int(self._report["seed"])

    @property
    def advice(self) -> str:
        """What to do about it; empty where they say the same."""
        return str(self._report["advice"])

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, also the time of the question and the damaged keys."""
        return dict(self._report)

    def __getitem__(self, position: Any) -> Any:
        return self._views[position]

    def __len__(self) -> int:
        return len(self._views)

    def __repr__(self) -> str:
        lines = [display.text_rows(*self._rows(), right=(1, 2, 3, 4))]
        lines += [f"note: {note}" for note in self._report["notes"]]
        for damaged in self._report["damaged"]:
            lines.append(f"damaged: view {damaged['view']}, key {damaged['key']}")
        for each in self.differences:
            lines.append(f"{'behind' if each.explained else 'differs'}: {each.text}")
        if self.ok and self.difference_count == 0:
            lines.append("online and training say the same, bit for bit")
        else:
            lines.append(self.advice)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return display.html_rows(*self._rows(), right=(1, 2, 3, 4))

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        return ["view", "keys", "same", "differ", "damaged", "why"], [
            [
                view.view,
                *(f"{n:,}" for n in (view.keys, view.same, view.differing, view.damaged)),
                ", ".join(f"{count:,} {reason}" for reason, count in view.reasons.items()),
            ]
            for view in self._views
        ]


class Comparing:
    """The comparisons of a FeatureStore."""

    _core: _core.Store

    def online_diff(
        self,
        references: Sequence[str] = (),
        *,
        keys: int = 1000,
        seed: int | None = None,
        at: TimeLike | None = None,
    ) -> OnlineDiff:
        """Asks the online store and training for a sample of keys, and compares the answers bit
        for bit: values, statuses and times; tells of each key that differs why.

            compared = store.online_diff(["weather", "departure_delay_v1"])
            compared.ok, compared.differences

        references: feature views ("weather", "weather@v2"), on-demand views and services; of these
            two the views that they read. None: all views that are online.
        keys: how many of each view, at most, out of those of the sources and of the store.
        seed: which ones; None: others each time.
        at: the time of the question, now or shortly before; None: now.

        It reads the keys of the sources, and all rows of the views in the store. Errors: NotFound
        for what has no such name; InvalidArgument; TooOld for a time before the horizon; those of
        the sources; Unavailable where the process that owns the store does not answer. Ctrl-C stops
        it.
        """
        if isinstance(references, str):
            references = [references]
        time = None if at is None else time_micros(at, "at")
        with progress_bar() as progress:
            report = self._core.diff_online(list(references), keys, seed, time, progress)
        return OnlineDiff(json.loads(report))
