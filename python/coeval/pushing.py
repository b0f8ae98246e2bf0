"""Pushes: rows that are handed over as they happen."""

from __future__ import annotations

import datetime
import enum
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from coeval.errors import Cancelled, IoError, Unavailable
from coeval.frames import to_engine
from coeval.table import Table

if TYPE_CHECKING:
    from coeval import _core

To = Literal["online_and_offline", "online", "offline"]
OnError = Literal["refuse", "quarantine"]


class PushMode(str, enum.Enum):
    """Where a push goes, as Feast says it; the texts do as well."""

    ONLINE = "online"
    OFFLINE = "offline"
    ONLINE_AND_OFFLINE = "online_and_offline"


@dataclass(frozen=True)
class Pushed:
    """What became of a push."""

    created: datetime.datetime | None
    """The created time of all its rows: they are known from then on. None: it had no rows."""
    rows: int
    """Rows that were logged."""
    null_keys: int
    """Of these, those without a key, which feed no view."""
    views: list[str]
    """The views that were fed online."""
    repeated: bool
    """The idempotency key was known: nothing was done."""
    idempotency_key: str
    """The one that was given, or made."""
    quarantined: int = 0
    """Bad rows that were set apart."""
    quarantine: str = ""
    """The id that they go by."""


class Quarantined(Table):
    """Rows of a push that were set apart since they could not be taken: a table of them as they
    came, and why.

    store.quarantined()[0].reasons; store.quarantined()[0].to_df()"""

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__(record["rows"])
        self._record = record

    @property
    def id(self) -> str:
        """What they go by."""
        return str(self._record["id"])

    @property
    def source(self) -> str:
        """The push source's name."""
        return str(self._record["source"])

    @property
    def time(self) -> datetime.datetime:
        """When they were pushed."""
        time: datetime.datetime = self._record["time"]
        return time

    @property
    def to(self) -> str:
        """Where they were to go."""
        return str(self._record["to"])

    @property
    def deletes(self) -> bool:
        """They were to delete."""
        return bool(self._record["deletes"])

    @property
    def row_numbers(self) -> list[int]:
        """Which rows of the push they were, counted from 0."""
        return [row for row, _ in self._record["faults"]]

    @property
    def reasons(self) -> list[str]:
        """Why each of them could not be taken."""
        return [reason for _, reason in self._record["faults"]]


class Pushing:
    """The pushes of a FeatureStore."""

    _core: _core.Store

    def push(
        self,
        push_source_name: str,
        df: Any,
        to: PushMode | To = "online_and_offline",
        *,
        delete: bool = False,
        on_error: OnError = "refuse",
        idempotency_key: str | None = None,
    ) -> Pushed:
        """Hands over rows as they happen: logged, served from now on, and found by training.

            store.push("rates_push", {"code": ["EUR"], "value": [1.08], "at": [now]})
            store.push("rates_push", {"code": ["EUR"], "at": [now]}, delete=True)

        push_source_name: a `PushSource`; the views that read it are fed.
        df: a table of any kind, or a list of dicts, with the columns of the source.
        to: "online" is logged as well; "offline" is never served, only hindsight sees it.
        delete: the rows are deletes: they bring keys and times, and a key has no value from its
            time on; where a view aggregates they bring ids of events, which are taken back.
        on_error: "refuse": bad rows refuse the push; "quarantine": they are set apart, and the
            others are taken.
        idempotency_key: names this push for a day: said again with its rows, it does nothing.
            Without one, a key is made that does so for an hour.

        Durable, and seen whole by every later read, when it returns. Errors: NotFound;
        InvalidArgument with the first bad rows (nothing is taken); AlreadyExists where the key
        named other rows; Unavailable, IoError, Cancelled: push again with its `idempotency_key`.
        """
        key = idempotency_key or f"made:{uuid.uuid4()}"
        word = to.value if isinstance(to, PushMode) else to
        table = to_engine(df, "df")
        try:
            report = self._core.push(push_source_name, table, word, key, delete, on_error)
        except (Unavailable, IoError, Cancelled) as error:
            error.idempotency_key = key
            error.add_note(f"it may have been taken; push again with idempotency_key={key!r}")
            raise
        return Pushed(**report, idempotency_key=key)

    def seal_log(self, *, merge: bool = False) -> dict[str, Any]:
        """Moves the log of pushes into Parquet segments, now; it is done as the log grows, too.

        What was pushed is served and trained on as before; opening has less to read. Small segments
        are merged into larger ones as they become many; with `merge` all that fit are. Gives the
        records and rows that were sealed, the segments and their bytes, log_bytes, by which the log
        is shorter, how many segments were merged into how many (merged, merged_into), what
        `log.retention` let go (dropped segments, dropped_rows), and which push sources keep all, and
        why (kept)."""
        return dict(json.loads(self._core.seal_log(merge)))

    def quarantined(self) -> list[Quarantined]:
        """The rows of pushes that were set apart (`push(..., on_error="quarantine")`), by time."""
        return [Quarantined(record) for record in self._core.quarantined()]

    def replay_quarantined(self, id: str, df: Any = None) -> Pushed:
        """Pushes rows of quarantine again, and drops them from it; where they are refused again
        they stay.

        id: as `quarantined` gives it.
        df: the rows as they should be; None: as they are, for what is good by now.

        Errors: NotFound; those of `push`.
        """
        rows = None if df is None else to_engine(df, "df")
        report = self._core.replay_quarantined(id, rows)
        return Pushed(**report, idempotency_key=f"quarantine-{id}")

    def drop_quarantined(self, id: str) -> None:
        """Gives rows of quarantine up. Errors: NotFound."""
        self._core.drop_quarantined(id)
