"""Rule 5: window intervals, the events that stand at t, and the answer of an aggregated view."""

from __future__ import annotations

import datetime
import functools
from dataclasses import dataclass
from typing import Any, Iterable, Optional
from zoneinfo import ZoneInfo

from .aggregates import Row, aggregate, aggregate_by
from .asof import INVALID, NULL_VALUE, PRESENT, Answer
from .exact import Invalid
from .facts import Fact, Source, known_time, rank, written
from .law import LAW
from .values import MIN_TIME, saturate

SECOND = 1_000_000


@dataclass(frozen=True)
class Window:
    w: Optional[int] = None  # None: all history
    offset: int = 0
    closed: str = "right"
    slide: int = 0  # slide_interval; 0 = none
    zone: str = "UTC"
    last: Optional[int] = None  # `last n`


@dataclass(frozen=True)
class Aggregation:
    name: str
    fn: str
    args: tuple[int, ...] = ()  # positions of source columns
    params: tuple[tuple[str, Any], ...] = ()
    where: Optional[tuple[int, str, Any]] = (
        None  # (column, one of = < >, literal): enough of 5.4 for an oracle
    )
    by: Optional[int] = None
    window: Window = Window()
    default: Any = None


@dataclass(frozen=True)
class AggregatedView:
    aggregations: tuple[Aggregation, ...]
    sources: tuple[Source, ...]


# --- the interval (5.1, 5.2) ----------------------------------------------------------------------
def utc_offset(time: int, zone: str) -> int:
    """Wall minus UTC, in µs, at an instant (zoneinfo reaches from year 1 to 9999; beyond, the
    nearest that it knows)."""
    seconds = max(-62_100_000_000, min(253_300_000_000, time // SECOND))
    instant = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(
        seconds=seconds
    )
    return instant.astimezone(ZoneInfo(zone)).utcoffset() // datetime.timedelta(microseconds=1)


@functools.lru_cache(maxsize=100_000)
def boundary(a: int, h: int, zone: str) -> int:
    """5.2: the smallest boundary >= a. Tries every UTC offset of the zone around a. While one
    offset holds, wall = utc + offset, so the
    boundaries are the instants where utc + offset is a multiple of h. A multiple inside the gap of
    a skipped wall time belongs to
    the first instant after the gap."""
    if zone == "UTC":
        return -(-a // h) * h
    at = a
    while True:
        now = utc_offset(at, zone)
        found = -(-(at + now) // h) * h - now  # the next multiple, if the offset still holds there
        change = next_change(
            at, found, zone
        )  # the first instant in (at, found] with another offset
        if change is None:
            return found
        before, after = now, utc_offset(change, zone)
        skipped = (
            -(-(change + before) // h) * h
        )  # the first multiple at or above the wall time where the gap begins
        if skipped <= change + after:  # it lies in the gap, or is the first wall time after it
            return change
        at = change


def next_change(low: int, high: int, zone: str) -> Optional[int]:
    """The first instant in (low, high] whose offset differs from its predecessor's; steps of 15
    minutes, then bisection to the µs."""
    step, now = 900 * SECOND, utc_offset(low, zone)
    while low < high:
        probe = min(high, low + step)
        if utc_offset(probe, zone) != now:
            while probe - low > 1:
                middle = (low + probe) // 2
                low, probe = (middle, probe) if utc_offset(middle, zone) == now else (low, middle)
            return probe
        low = probe
    return None


def interval(window: Window, t: int) -> tuple[Optional[int], int]:
    """5.1, 5.2: the older end a (None: all history) and the newer end b."""
    b = saturate(t - window.offset)
    if window.w is None:
        return None, b
    a = saturate(t - window.offset - window.w)
    return (boundary(a, window.slide, window.zone) if window.slide else a), b


def holds(window: Window, t: int, event_time: int) -> bool:
    a, b = interval(window, t)
    newer = event_time <= b if window.closed in ("right", "both") else event_time < b
    older = a is None or (a <= event_time if window.closed in ("left", "both") else a < event_time)
    return newer and older


# --- which events stand (5.3, 5.7, 5.8) -----------------------------------------------------------
def identity(fact: Fact) -> tuple:
    """5.3; within its key. Without an id a batch row is the k-th of its source's equal rows; a
    declared sequence only breaks ties."""
    if fact.id is not None:
        return (fact.key, "id", fact.id)
    if fact.sequence is not None and fact.source.kind != "batch":
        return (fact.key, "sequence", fact.sequence)
    return (fact.key, "row", fact.source.name, fact.event_time, written(fact), fact.copy)


def too_late(fact: Fact) -> bool:
    return (
        known_time(fact) - fact.event_time > fact.source.late
    )  # 5.8, by what was declared, whatever `known` a training set chose


def stands_for_ever(standing: Fact, successor: Fact) -> bool:
    """Change 5: what is older than its successor's known time by more than L is no longer
    replaced."""
    return known_time(successor) - standing.event_time > successor.source.late


def lives(facts: Iterable[Fact]) -> list[list[Fact]]:
    """Splits the facts of one identity, in the order in which they were known, into lives; the
    last of each list is what stands.
    All but the last life stand for ever; the last may still be replaced."""
    result: list[list[Fact]] = []
    for f in sorted(facts, key=lambda f: (known_time(f), written(f), f.event_time)):
        if not LAW.closed_identity and result and any(stands_for_ever(g, f) for g in result[-1]):
            continue  # 5.8 as written: too late
        if not result or stands_for_ever(result[-1][-1], f):
            result.append([f])
        elif (written(f), f.event_time) > (
            written(result[-1][-1]),
            result[-1][-1].event_time,
        ):  # 5.3
            result[-1].append(f)
        else:
            result[-1].insert(0, f)
    return result


def standing_events(
    facts: Iterable[Fact], key: tuple, t: int, known: str = "declared"
) -> list[Fact]:
    """The events of a key that count at t, in the order of 5.3, before any window applies."""
    if None in key:
        return []  # 2.2
    groups: dict[tuple, set[Fact]] = {}
    for f in facts:
        if f.key == key and known_time(f, known) <= t and not too_late(f):
            groups.setdefault(identity(f), set()).add(f)
    standing = [life[-1] for group in groups.values() for life in lives(group)]
    return in_order([f for f in standing if not f.delete])  # 5.7: a retraction leaves nothing


def has_event(facts: Iterable[Fact], key: tuple, t: int, known: str = "declared") -> bool:
    """4.5, 5.9: does an event stand at t that is true by then?"""
    return any(e.event_time <= t for e in standing_events(facts, key, t, known))


def in_order(events: list[Fact]) -> list[Fact]:
    return sorted(
        events, key=lambda f: (rank(f), str(f.id), f.copy)
    )  # 3.3; what follows rank only parts equal rows


# --- the answer -----------------------------------------------------------------------------------
def chosen(where: Optional[tuple[int, str, Any]], event: Fact) -> bool:
    if where is None:
        return True
    column, op, literal = where
    v = event.values[column]
    return v is not None and (
        v == literal if op == "=" else v < literal if op == "<" else v > literal
    )


def evaluate(agg: Aggregation, events: list[Fact], t: int) -> tuple[Any, str, Optional[int]]:
    """Value, status, time. Order of work: window, where, last n, by, then null inputs are skipped.
    An aggregate is never NOT_FOUND."""
    inside = [e for e in events if holds(agg.window, t, e.event_time) and chosen(agg.where, e)]
    if agg.window.last is not None:
        inside = inside[max(0, len(inside) - agg.window.last) :]
    rows = [Row(tuple(e.values[c] for c in agg.args), e.event_time) for e in inside]
    time = inside[-1].event_time if inside else None  # 7.2: the newest event in it
    try:
        if agg.by is None:
            value = aggregate(agg.fn, rows, t, dict(agg.params))
        else:
            value = aggregate_by(
                agg.fn, rows, [e.values[agg.by] for e in inside], t, dict(agg.params)
            )
    except Invalid:
        return None, INVALID, time  # 6.2: null, also where there is a default
    status = NULL_VALUE if value is None else PRESENT
    return (agg.default if value is None else value), status, time  # 7.6


GRID = Source("grid")  # known when dated, never late


def grid_facts(
    view: AggregatedView,
    facts: Iterable[Fact],
    key: tuple,
    instants: Iterable[int],
    known: str = "declared",
) -> list[Fact]:
    """5.9: what a view over this one reads: at each instant, if the key has an event, what would
    have been served, with defaults, and null where INVALID."""
    facts = list(facts)
    return [
        Fact(key, t, tuple(answer(view, facts, key, t, known).values), GRID)
        for t in instants
        if has_event(facts, key, t, known)
    ]


def answer(
    view: AggregatedView, facts: Iterable[Fact], key: tuple, t: int, known: str = "declared"
) -> Answer:
    events = standing_events(facts, key, t, known)
    parts = [evaluate(a, events, t) for a in view.aggregations]
    return Answer([p[0] for p in parts], [p[1] for p in parts], [p[2] for p in parts])
