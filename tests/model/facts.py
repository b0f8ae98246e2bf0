"""Sources, facts, deletes and events; when a fact was known (3.2) and how facts rank (3.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Optional

from .law import LAW
from .values import MIN_TIME, canonical, saturate, tie_key

DAY = 86_400_000_000
YEAR = 365 * DAY


@dataclass(frozen=True)
class Source:
    """What a source declares. Pushes and streams are always `arrival` (3.2); batch sources are
    `version` unless they say otherwise."""

    name: str
    created: str = "version"  # the meaning of created time: "version" or "arrival"
    data_delay: int = 0  # 3.2
    lateness: Optional[int] = None  # 5.8; None = data_delay + 7 d
    timeless: bool = False  # 1.3
    max_future: int = YEAR  # 3.5
    overlap: int = DAY  # 7.7: how long after its created time a row may become readable
    kind: str = "batch"  # or "push", "stream": there the sequence is an identity (5.3)

    @property
    def late(self) -> int:
        return self.data_delay + 7 * DAY if self.lateness is None else self.lateness


@dataclass(frozen=True, eq=False)
class Fact:
    """One fact of a view. `values` are the view's features (stored) or its source columns
    (aggregated), in declared order (3.3)."""

    key: tuple
    event_time: int
    values: tuple
    source: Source
    created: Optional[int] = None
    sequence: Optional[tuple[bytes, int]] = None
    delete: bool = False  # 3.7; in an aggregated view, with an id: a retraction (5.7)
    id: Any = None  # the declared id (5.3)
    copy: Any = 0  # k of 5.3: the n-th of equal rows of a batch source without id

    def __post_init__(self):
        object.__setattr__(self, "values", tuple(canonical(v) for v in self.values))  # 1.5
        same = (
            self.key,
            self.event_time,
            tie_key(self.values),
            self.source,
            self.created,
            self.sequence,
            self.delete,
            self.id,
            self.copy,
        )
        object.__setattr__(
            self, "same", same
        )  # equal facts are equal in every bit: 0.0 and -0.0 are not

    def __eq__(self, other):
        return self.same == other.same

    def __hash__(self):
        return hash(self.same)


def Delete(
    key: tuple,
    event_time: int,
    source: Source,
    created: Optional[int] = None,
    sequence: Optional[tuple] = None,
    id: Any = None,
) -> Fact:
    return Fact(key, event_time, (), source, created, sequence, True, id)


Event = Fact  # an event is a fact of an aggregated view


@dataclass(frozen=True)
class Question:
    key: tuple
    t: int


def dated(fact: Fact) -> Fact:
    """1.3: a fact of a timeless source is true since for ever."""
    return replace(fact, event_time=MIN_TIME) if fact.source.timeless else fact


def known_time(fact: Fact, known: str = "declared") -> int:
    """3.2. A timeless fact is hindsight by declaration (1.3)."""
    if fact.source.timeless:
        return MIN_TIME
    if known == "hindsight":
        return fact.event_time
    if fact.created is not None and (known == "arrival" or fact.source.created == "arrival"):
        return fact.created
    return saturate(fact.event_time + fact.source.data_delay)


def visible_time(fact: Fact) -> int:
    """v(f) of 3.6: from then on the fact is a candidate."""
    return max(fact.event_time, known_time(fact))


def written(fact: Fact) -> tuple:
    """(created time with null lowest, sequence with null lowest, tie bytes): the rank of 3.3
    without the event time, as 5.3 uses it.
    A delete has no values: its tie bytes are above all values, so at equal times the delete wins
    (a decision)."""
    created = (0, 0) if fact.created is None else (1, fact.created)
    sequence = (0, b"", 0) if fact.sequence is None else (1, *fact.sequence)
    return (created, sequence, (1, ()) if fact.delete else (0, tie_key(fact.values)))


def rank(fact: Fact) -> tuple:
    """3.3."""
    return (fact.event_time, *written(fact))


def bad_time(fact: Fact, clock: int) -> bool:
    """3.5, change 3: too far ahead of its created time (where that is null: of the clock of the
    run, which offers the row again)."""
    seen = fact.created if LAW.max_future_by_created and fact.created is not None else clock
    return not fact.source.timeless and fact.event_time > saturate(seen + fact.source.max_future)
