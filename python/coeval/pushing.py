"""Pushes: rows that are handed over as they happen."""

from __future__ import annotations

import datetime
import enum
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from coeval.errors import Cancelled, IoError, Unavailable
from coeval.frames import to_engine

if TYPE_CHECKING:
    from coeval import _core

To = Literal["online_and_offline", "online", "offline"]


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


def push(
    core: _core.Store, source: str, rows: Any, to: PushMode | To, idempotency_key: str | None
) -> Pushed:
    """As FeatureStore.push."""
    key = idempotency_key or str(uuid.uuid4())
    word = to.value if isinstance(to, PushMode) else to
    table = to_engine(rows, "df")
    try:
        report = core.push(source, table, word, key)
    except (Unavailable, IoError, Cancelled) as error:
        error.idempotency_key = key
        error.add_note(f"it may have been taken; push again with idempotency_key={key!r}")
        raise
    return Pushed(**report, idempotency_key=key)
