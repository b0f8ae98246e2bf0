"""Coeval's engine, for the use of the package coeval alone."""

from collections.abc import Mapping, Sequence
import datetime
from typing import Any


class Frame:
    """Rows in memory; speaks Arrow."""

    @staticmethod
    def read(frame: object) -> Frame:
        """
        A copy of the handles, not of the data, of any frame that speaks Arrow.
        """

    @staticmethod
    def from_columns(columns: list[tuple[Any, ...]], rows: int) -> Frame:
        """
        Columns of buffers, (name, Arrow format, values, validity bits or None), which are not copied, or of Python values, (name, type, cells).
        """

    @property
    def num_rows(self) -> int: ...

    @property
    def names(self) -> list[str]: ...

    @property
    def num_foreign(self) -> int: ...

    def type(self, column: int) -> str: ...

    def cells(self, column: int, limit: int = -1) -> list[Any]:
        """
        A column as Python values; the first `limit` of them where it is not negative.
        """

    def buffers(self, column: int) -> tuple[str, bytes, bytes | None] | None: ...

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

    def __arrow_c_schema__(self) -> object: ...

    def __len__(self) -> int: ...

def asof_join(left: object, right: object, *, on: str, left_on: str, right_on: str, by: Sequence[str], left_by: Sequence[str], right_by: Sequence[str], tolerance_micros: int | None, created: str, known: str, allow_exact_matches: bool, columns: Sequence[str] | None, suffix: str, progress: object | None) -> Frame:
    """
    Joins two frames that speak Arrow; texts and lists that are not given are empty.
    """

def window(left: object, events: object, *, on: str, left_on: str, right_on: str, by: Sequence[str], left_by: Sequence[str], right_by: Sequence[str], aggregates: Sequence[tuple[str, str]], closed: str, created: str, known: str, event_id: str, null_errors: bool, progress: object | None) -> Frame:
    """
    Aggregates of frames that speak Arrow; texts and lists that are not given are empty.
    """

class Store:
    """One repository, opened."""

    def __init__(self, repository: str, environment: str, overrides: Mapping[str, str], clock: str, python: str, log: object | None) -> None: ...

    @property
    def project(self) -> str: ...

    @property
    def config(self) -> str: ...

    def now(self) -> datetime.datetime: ...

    def plan(self, document: str | None, complete: bool, promote: bool) -> tuple[str, str, bool, bool]: ...

    def apply(self, document: str | None, complete: bool, promote: bool, who: str) -> tuple[str, str, bool, bool]: ...

    def promote(self, reference: str) -> tuple[str, str, bool, bool]: ...

    def rollback(self, name: str) -> tuple[str, str, bool, bool]: ...

    def delete(self, name: str) -> tuple[str, str, bool, bool]: ...

    def materialize(self, start: int | None, end: int, views: Sequence[str], progress: object | None) -> list[dict[str, Any]]: ...

    def push(
        self,
        source: str,
        rows: object,
        to: str,
        idempotency_key: str,
        deletes: bool,
        on_error: str,
    ) -> dict[str, Any]: ...
    def quarantined(self) -> list[dict[str, Any]]: ...
    def replay_quarantined(self, id: str, rows: object | None) -> dict[str, Any]: ...
    def drop_quarantined(self, id: str) -> None: ...

    def seal_log(self) -> str: ...

    def close(self) -> None: ...

    def plan_request(self, features: Sequence[str], service: str, service_version: int, full_feature_names: bool) -> FeaturePlan: ...

    def training_set(self, plan: FeaturePlan, spine: object, known: str, null_on_error: bool, time_column: str, progress: object | None) -> TrainingSet: ...

    def training_set_of_range(self, plan: FeaturePlan, start: int, end: int, known: str, null_on_error: bool, progress: object | None) -> TrainingSet: ...

    def backfill(self, plan: FeaturePlan, start: int, end: int, every: int, known: str, null_on_error: bool, progress: object | None) -> TrainingSet: ...

    def read_online(self, plan: FeaturePlan, cells: list[list[Any]], rows: int, at: int | None) -> OnlineAnswer: ...

    def explain_row(self, training_set: TrainingSet, row: int, feature: str, facts: int, progress: object | None) -> Explanation: ...

    def explain_key(self, plan: FeaturePlan, cells: list[list[Any]], at: int, feature: str, known: str, facts: int, progress: object | None) -> Explanation: ...

    def catalogue(self) -> str: ...

    def list_objects(self, kind: str) -> str: ...

    def describe(self, name: str) -> str: ...

    def runs(self, limit: int) -> str: ...

    def history(self, limit: int) -> str: ...

    def training_sets(self, limit: int) -> str: ...

    def doctor(self) -> str: ...

    def ready(self) -> str: ...

class FeaturePlan:
    """A request, resolved against the registry."""

    @property
    def request_columns(self) -> list[tuple[str, str, str, bool]]: ...

    @property
    def outputs(self) -> list[tuple[str, str, str]]: ...

    @property
    def service_reference(self) -> str: ...

class TrainingSet:
    @property
    def frame(self) -> Frame: ...

    @property
    def manifest(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def warnings(self) -> list[str]: ...

    @property
    def num_rows(self) -> int: ...

class OnlineAnswer:
    @property
    def frame(self) -> Frame: ...

    @property
    def num_request_columns(self) -> int: ...

    @property
    def time(self) -> datetime.datetime: ...

    @property
    def from_offline(self) -> bool: ...

    @property
    def errors(self) -> list[str]: ...

    def statuses(self, feature: int) -> list[str]: ...

    def times(self, feature: int) -> list[datetime.datetime | None]: ...

class Explanation:
    @property
    def value(self) -> Any: ...

    @property
    def time(self) -> datetime.datetime | None: ...

    @property
    def json(self) -> str: ...

    @property
    def text(self) -> str: ...

def write_frame(frame: Frame, path: str, format: str, compression: str) -> int:
    """Replaces a file when all is written; gives its size in bytes."""

def did_you_mean(name: str, candidates: Sequence[str]) -> str:
    """', did you mean "weather"?', or ''."""
