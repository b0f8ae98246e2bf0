"""The online store as a state machine: pushes (1.4), materialization (7.7), reads (7.1), crashes;
it keeps only what 3.6 and 5.8 allow.

Stored views keep facts above the horizon. Aggregated views keep raw events behind the horizon for
the longest bounded window + offset +
slide + lateness; older events become nameless tile events, which lifetime windows still add up,
but which no correction can find again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Iterable, Optional, Union

from . import asof, window
from .asof import Answer, StoredView
from .facts import Fact, Source, bad_time, dated, known_time, rank, visible_time
from .law import LAW
from .values import MIN_TIME, saturate
from .window import AggregatedView

View = Union[StoredView, AggregatedView]


class TooOld(Exception):
    """3.6: the question lies before the horizon."""


class BadRows(Exception):
    """Section 9: the batch is refused whole."""


@dataclass(frozen=True)
class PushRow:
    key: tuple
    event_time: int
    values: tuple = ()
    delete: bool = False
    id: Any = None


def prune(facts: Iterable[Fact], horizon: int, ttl: int = 0) -> set[Fact]:
    """3.6: f goes when a greater g is visible at every t >= H. The result depends on the set and H
    alone. With a ttl, f also
    goes when every t >= H answers NOT_FOUND with it and without it (so deletes do not stay for
    ever)."""
    facts = set(facts)
    settled = max((rank(g) for g in facts if visible_time(g) <= horizon), default=None)
    oldest = (
        saturate(horizon - 2 * ttl)
        if ttl and LAW.drop_expired and LAW.timeless_no_ttl
        else MIN_TIME
    )
    return {f for f in facts if (settled is None or rank(f) >= settled) and f.event_time >= oldest}


@dataclass
class OnlineStore:
    view: View
    push_source: Source = Source("push", created="arrival", kind="push")
    history: int = 300_000_000  # online_history (3.6)
    lease: int = 1_000_000  # 1.4: how far the durable bound runs ahead of the answered t
    # durable
    log: list[Fact] = field(default_factory=list)  # pushed facts, the offline side reads them
    carried: set[Fact] = field(
        default_factory=set
    )  # what sources and log can give back when tiles are rebuilt
    facts: dict[tuple, set[Fact]] = field(
        default_factory=dict
    )  # per key: facts (stored) or raw events (aggregated)
    tiles: dict[tuple, list[Fact]] = field(default_factory=dict)
    pending: list[tuple[int, list[Fact]]] = field(
        default_factory=list
    )  # logged, not yet visible, in the order of C
    horizon: int = MIN_TIME
    last_c: int = MIN_TIME
    visible_c: int = MIN_TIME
    bound: int = MIN_TIME
    watermark: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)  # idempotency key -> C
    number: int = 0
    # volatile
    last_t: int = MIN_TIME  # the greatest answered t
    started: int = MIN_TIME  # after a restart the clock starts at the lease (1.4)
    rejected: int = 0  # too late
    ingested: set[Fact] = field(
        default_factory=set
    )  # for check.py: what the promise's condition asks for

    # --- writing ----------------------------------------------------------------------------------
    def take_c(self, clock: int) -> int:
        """1.4."""
        self.last_c = max(clock, self.last_c + 1, self.last_t + 1)
        return self.last_c

    def begin(self, rows: list[PushRow], clock: int, idempotency_key: Optional[str] = None) -> int:
        """Takes C and logs the batch; `commit` makes it visible. A retry of an idempotency key does
        nothing and gets the first C."""
        if idempotency_key is not None and idempotency_key in self.acknowledged:
            return self.acknowledged[idempotency_key]
        c = self.take_c(clock)
        batch = [
            dated(
                Fact(
                    r.key,
                    r.event_time,
                    r.values,
                    self.push_source,
                    c,
                    (b"writer-1", self.number + i),
                    r.delete,
                    r.id,
                )
            )
            for i, r in enumerate(rows)
        ]
        if any(bad_time(f, c) for f in batch):
            raise BadRows(
                "event time too far ahead"
            )  # 3.5; the number of C is spent, which harms nobody
        self.number += len(batch)
        batch = [f for f in batch if None not in f.key]  # 4.7
        self.log += batch
        self.pending.append((c, batch))
        if idempotency_key is not None:
            self.acknowledged[idempotency_key] = c
        return c

    def commit(self) -> None:
        """1.4: the oldest pending batch becomes visible, whole; then it is acknowledged."""
        if self.pending:
            c, batch = self.pending.pop(0)
            self.visible_c = c
            self.ingested.update(batch)
            self.apply(batch, c)

    def push(self, rows: list[PushRow], clock: int, idempotency_key: Optional[str] = None) -> int:
        c = self.begin(rows, clock, idempotency_key)
        while self.pending:
            self.commit()
        return c

    def carry(self, rows: Iterable[Fact], clock: int) -> int:
        """Materialization: rows keep their own created time; the batch takes a C for its place in
        the order, and moves the horizon."""
        while self.pending:
            self.commit()
        rows = [f for f in rows if None not in f.key]  # 4.7
        good = [f for f in rows if not bad_time(f, clock)]
        self.ingested.update(good if LAW.max_future_by_created else rows)
        if not LAW.row_copies:  # as written: a row carried again is a row of its own
            good = [
                replace(f, copy=(self.number, i)) if f.id is None and f.sequence is None else f
                for i, f in enumerate(good)
            ]  # type: ignore
            self.number += 1
        self.visible_c = c = self.take_c(clock)
        self.apply(good, c)
        return c

    def materialize(
        self, source: Source, rows: Iterable[Fact], start: int, end: int, clock: int
    ) -> int:
        """7.7, of the rows that are readable in the source now."""
        c = self.carry([f for f in rows if start <= f.event_time <= end], clock)
        mark = self.watermark.get(source.name)
        if mark is None or start <= mark <= end:
            self.watermark[source.name] = max(
                MIN_TIME if mark is None else mark, min(end, clock) if LAW.first_run else end
            )
        return c

    def materialize_incremental(
        self, source: Source, rows: Iterable[Fact], end: int, clock: int
    ) -> int:
        """7.7, row by row. Change 8: the watermark never passes the clock of the run."""
        mark = self.watermark.get(source.name)
        oldest = self.oldest_needed(end, clock) if mark is None else MIN_TIME
        chosen = []
        for f in [f for f in rows if f.event_time <= end]:
            if f.event_time < oldest:
                self.ingested.add(f)  # left out on purpose: no answer may need it
            elif (
                mark is None
                or source.timeless
                or (
                    f.event_time >= mark - source.late
                    if f.created is None
                    else f.event_time > mark or f.created >= mark - source.overlap
                )
            ):
                chosen.append(f)
        c = self.carry(chosen, clock)
        self.watermark[source.name] = max(
            MIN_TIME if mark is None else mark, min(end, clock) if LAW.first_run else end
        )
        return c

    def oldest_needed(self, end: int, clock: int) -> int:
        """What a first run carries (7.7). As written it counts from `end`; change 8 counts from the
        least t that may still be asked."""
        least_t = (
            min(end, max(self.horizon, max(clock, self.last_c) - self.history))
            if LAW.first_run
            else end
        )
        if isinstance(self.view, StoredView):
            timeless = any(s.timeless for s in self.view.sources)
            return (
                saturate(least_t - 2 * self.view.ttl)
                if self.view.ttl and not timeless
                else MIN_TIME
            )
        if LAW.first_run and any(a.window.w is None for a in self.view.aggregations):
            return MIN_TIME
        return saturate(least_t - self.longest() - self.lateness())

    # --- keeping ----------------------------------------------------------------------------------
    def apply(self, batch: list[Fact], c: int) -> None:
        self.horizon = max(self.horizon, c - self.history)  # 3.6
        if isinstance(self.view, StoredView):
            self.carried.update(batch)
            for f in batch:
                self.facts.setdefault(f.key, set()).add(f)
            for key in self.facts:
                self.facts[key] = prune(self.facts[key], self.horizon, self.view.ttl)
        else:
            for key in {f.key for f in batch}:
                self.add_events(key, [f for f in batch if f.key == key])
            for key in self.facts:
                self.settle(key)

    def longest(self) -> int:
        """How far behind t a bounded window reaches; a lifetime window needs raw events only within
        its offset."""
        return max(
            (w.offset + w.slide + (w.w or 0) for w in (a.window for a in self.view.aggregations)),
            default=0,
        )

    def lateness(self) -> int:
        return max(s.late for s in (*self.view.sources, self.push_source))

    def add_events(self, key: tuple, batch: list[Fact]) -> None:
        good = [f for f in batch if not window.too_late(f)]  # 5.8
        self.rejected += len(batch) - len(good)
        self.carried.update(good)
        raw = self.facts.setdefault(key, set())
        raw.update(good)
        # Change 6: a row known so long ago that its event may be, or may touch, what lies
        # in tiles already
        if LAW.rebuild_tiles and any(known_time(f) < self.horizon - self.longest() for f in good):
            self.tiles[key] = []
            self.facts[key] = {f for f in self.carried if f.key == key}

    def settle(self, key: tuple) -> None:
        """5.8: what stands and is older than the raw events goes to the tiles, and loses its name;
        what it replaced is dropped."""
        border = self.horizon - self.longest() - self.lateness()
        groups: dict[tuple, list[Fact]] = {}
        for f in self.facts[key]:
            if known_time(f) <= self.horizon:
                groups.setdefault(window.identity(f), []).append(f)
        for group in groups.values():
            for life in window.lives(group):
                if life[-1].event_time < border:
                    self.facts[key] -= set(life)
                    if not life[-1].delete:
                        self.tiles.setdefault(key, []).append(life[-1])

    # --- reading ----------------------------------------------------------------------------------
    def now(self, clock: int) -> int:
        """1.4: t = max(clock, newest visible C); while a batch is not yet visible, before its C."""
        t = max(clock, self.visible_c, self.started) if LAW.answer_at_c else clock
        if self.pending:
            t = min(t, self.pending[0][0] - 1)
        self.last_t = max(self.last_t, t)
        if self.last_t > self.bound:
            self.bound = (
                self.last_t + self.lease
            )  # written ahead, durably, before the answer leaves
        return t

    def read(self, key: tuple, clock: int) -> tuple[int, Answer]:
        t = self.now(clock)
        return t, self.read_at(key, t)

    def read_beside(self, key: tuple, clock: int) -> tuple[int, Answer]:
        """A reader in another process, on a shared store: it has a clock of its own, and the owner
        does not learn its t. Change 9: its t
        is at most the time that the owner has closed, that is, published as being before every
        later C."""
        closed = max(self.visible_c, self.last_t)
        if self.pending:
            closed = min(closed, self.pending[0][0] - 1)
        t = min(clock, closed) if LAW.closed_time else clock
        return t, self.read_at(key, t)

    def read_at(self, key: tuple, t: int) -> Answer:
        """The answer at a t that is at most `now`, as a reader whose clock lags asks it."""
        if t < self.horizon:
            raise TooOld(f"{t} is before the horizon {self.horizon}")
        kept = self.facts.get(key, set())
        if isinstance(self.view, StoredView):
            return asof.answer(self.view, kept, key, t)
        raw = window.standing_events(kept, key, t)
        whole = window.in_order(raw + self.tiles.get(key, []))
        parts = [
            window.evaluate(a, whole if a.window.w is None else raw, t)
            for a in self.view.aggregations
        ]
        return Answer([p[0] for p in parts], [p[1] for p in parts], [p[2] for p in parts])

    def crash(self) -> None:
        """Memory is lost; the log is replayed, so what was logged becomes visible."""
        self.last_t = self.started = self.bound if LAW.durable_now else MIN_TIME
        while self.pending:
            self.commit()
