"""Rule 3, the as-of rule for stored features, by brute force; statuses by 7.2, defaults by 7.6."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Optional

from .facts import Fact, Source, known_time, rank
from .law import LAW
from .values import saturate

PRESENT, NULL_VALUE, OUTSIDE_MAX_AGE, NOT_FOUND, INVALID = (
    "PRESENT",
    "NULL_VALUE",
    "OUTSIDE_MAX_AGE",
    "NOT_FOUND",
    "INVALID",
)


@dataclass(frozen=True)
class StoredView:
    features: tuple[str, ...]
    sources: tuple[Source, ...]
    ttl: int = 0  # 0 = none
    defaults: tuple = ()  # one per feature, or none at all

    def __post_init__(self):
        if LAW.timeless_no_ttl and self.ttl > 0 and any(s.timeless for s in self.sources):
            raise ValueError("a view with a timeless source takes no ttl")  # change 2


@dataclass
class Answer:
    values: list[Any] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    time: list[Optional[int]] = field(
        default_factory=list
    )  # one per feature: stored views repeat it, windows differ


def candidates(facts: Iterable[Fact], key: tuple, t: int, known: str) -> list[Fact]:
    """3.1 without the ttl."""
    if None in key:
        return []  # 2.2
    return [f for f in facts if f.key == key and f.event_time <= t and known_time(f, known) <= t]


def has_event(facts: Iterable[Fact], key: tuple, t: int, known: str = "declared") -> bool:
    """4.5, backfill: is there a fact at t, whatever its age? Where a delete wins there is none."""
    newest = max(candidates(facts, key, t, known), key=rank, default=None)
    return newest is not None and not newest.delete


def within_ttl(view: StoredView, fact: Fact, t: int) -> bool:
    """3.1: all bounds inclusive; timeless facts take no ttl (1.3)."""
    return view.ttl == 0 or fact.source.timeless or fact.event_time >= saturate(t - view.ttl)


def answer(
    view: StoredView, facts: Iterable[Fact], key: tuple, t: int, known: str = "declared"
) -> Answer:
    everyone = candidates(facts, key, t, known)
    alive = [f for f in everyone if within_ttl(view, f, t)]
    winner = max(alive, key=rank, default=None)  # 3.3
    newest = max(everyone, key=rank, default=None)  # 7.2: without regard to ttl
    if winner is not None and not winner.delete:
        values, time = (
            list(winner.values),
            None if winner.source.timeless else winner.event_time,
        )  # 7.2
        status = [NULL_VALUE if v is None else PRESENT for v in values]
    else:  # 3.4; 3.7: where a delete wins there is no fact
        values, status, time = [None] * len(view.features), [NOT_FOUND] * len(view.features), None
        if (
            winner is None
            and newest is not None
            and not newest.delete
            and newest.event_time >= saturate(t - 2 * view.ttl)
        ):
            status, time = [OUTSIDE_MAX_AGE] * len(view.features), newest.event_time
    if view.defaults:
        values = [
            d if v is None else v for v, d in zip(values, view.defaults)
        ]  # 7.6; the status still says why
    return Answer(values, status, [time] * len(view.features))
