"""OnlineResponse: what a store answered to an online request."""

from __future__ import annotations

import datetime
import functools
from typing import TYPE_CHECKING, Any

from coeval.table import Table

if TYPE_CHECKING:
    import numpy

    from coeval import _core


class OnlineResponse(Table):
    """What `FeatureStore.get_online_features` gives: a row for each row of the request, in its
    order; first the request's own columns (join keys, request data), then the features in the
    order asked.

        response.to_dict()      {"airport": ["JFK"], "temp": [39.0]}
        response.statuses       {"temp": ["PRESENT"]}
    """

    def __init__(self, answer: _core.OnlineAnswer) -> None:
        self._answer = answer
        self._left = None

    @functools.cached_property
    def _frame(self) -> _core.Frame:  # type: ignore[override]
        return self._answer.frame

    @property
    def feature_names(self) -> list[str]:
        """The names of the features, without the request's own columns."""
        return self.column_names[self._answer.num_request_columns :]

    @property
    def time(self) -> datetime.datetime:
        """The time at which the question was answered (rule 1.4), in UTC."""
        return self._answer.time

    @property
    def from_offline(self) -> bool:
        """True where `at` lay before what the online store remembers, and the sources were
        asked."""
        return self._answer.from_offline

    @property
    def statuses(self) -> dict[str, list[str]]:
        """For each feature and row: PRESENT, NULL_VALUE (the fact holds a null), OUTSIDE_MAX_AGE
        (too old for the view's ttl), NOT_FOUND, INVALID (an expression failed)."""
        return {name: self._answer.statuses(i) for i, name in enumerate(self.feature_names)}

    @property
    def times(self) -> dict[str, list[datetime.datetime | None]]:
        """For each feature and row the time of the fact that it comes from; None: there is none."""
        return {name: self._answer.times(i) for i, name in enumerate(self.feature_names)}

    @property
    def errors(self) -> list[str]:
        """The first ten values that are INVALID, with row and reason."""
        return list(self._answer.errors)

    def to_dict(self, include_event_timestamps: bool = False) -> dict[str, list[Any]]:
        """A dict of lists.

        include_event_timestamps: adds for each feature `NAME__ts`, the seconds since 1970 of its
            fact, 0 where there is none."""
        columns = self._answer.columns()
        if include_event_timestamps:
            for name, times in self.times.items():
                columns[f"{name}__ts"] = [_epoch_seconds(time) for time in times]
        return columns

    def to_numpy(self) -> numpy.ndarray[Any, Any]:
        """The features that are numbers or booleans as a float64 matrix, [rows, features], for a
        model; null is NaN. Errors: TypeError that names a feature that is no number."""
        import numpy

        values, features = self._answer.matrix()
        return numpy.frombuffer(values, dtype="float64").reshape(features, -1).T

    def to_tensor(self, kind: str = "torch") -> Any:
        """to_numpy as a tensor of torch. Errors: ValueError for another kind, ImportError."""
        if kind != "torch":
            raise ValueError(f'to_tensor: "torch" is expected, found {kind!r}')
        import torch

        return torch.from_numpy(self.to_numpy())


def _epoch_seconds(time: datetime.datetime | int | None) -> int:
    if time is None:
        return 0
    if isinstance(time, int):  # a year that Python cannot tell
        return time // 1_000_000
    return int(time.timestamp() // 1)
