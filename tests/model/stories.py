"""Seeded random stories: a view and a list of operations on a coarse grid of times, so that edges
and ties occur in every run.

One grid step is 1 unit: 1 µs in most stories, 15 minutes beside a change of clocks in the stories
with a time zone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any, Optional, Union

from .asof import StoredView
from .facts import Fact, Source, dated
from .law import LAW
from .online import PushRow
from .values import NAN
from .window import AggregatedView, Aggregation, Window

KEYS = [("a",), ("a",), ("a",), ("b",), ("b",), (None,)]
INTS = [None, 0, 1, 2, 3, 7, 2**62]
FLOATS = [
    None,
    NAN,
    -0.0,
    0.0,
    0.1,
    0.2,
    0.3,
    -0.3,
    1.5,
    1e308,
    1e308,
    -1e308,
    5e-324,
    1e-20,
    float("inf"),
]
TAME = [None, -0.0, 0.1, 0.2, 0.3, 2.5, -7.25]
STRINGS = [None, "", "u", "ü", "v"]
ZONES = [
    ("Europe/Berlin", 1743292800),
    ("Europe/Berlin", 1761436800),
    ("Australia/Lord_Howe", 1743856200),
    ("America/New_York", 1741496400),
]
NUMERIC = [
    "count",
    "count_distinct",
    "sum",
    "mean",
    "min",
    "max",
    "var_pop",
    "var_samp",
    "stddev_pop",
    "stddev_samp",
    "skew",
    "kurtosis",
    "first",
    "last",
    "first_n",
    "last_n",
    "lag",
    "top_k",
    "bottom_k",
    "mode",
    "histogram",
    "quantile",
    "median",
    "decay_sum",
    "time_since_last",
    "collect",
]
COLUMNS = ("n", "x", "y", "g", "ok")  # int, float, float, string, bool


@dataclass
class Story:
    seed: int
    view: Union[StoredView, AggregatedView]
    push: Source
    batches: list[Source]
    history: int
    unit: int
    start: int
    ops: list[tuple] = field(default_factory=list)


def random_window(r: random.Random, unit: int, zone: str, fn: str) -> Window:
    w = None if r.random() < 0.3 and fn != "decay_sum" else r.choice([1, 2, 4, 5, 9, 20, 40]) * unit
    slide = r.choice([0, 0, 0, 1, 2, 3, 4, 8, 96 if unit > 1 else 7]) * unit if w is not None else 0
    return Window(
        w,
        r.choice([0, 0, 0, 1, 3, 10]) * unit,
        r.choice(["right", "right", "left", "both", "neither"]),
        slide,
        zone,
        r.choice([None, None, None, 1, 2, 3]),
    )


def random_aggregation(r: random.Random, name: str, unit: int, zone: str) -> Aggregation:
    kind = r.random()
    if kind < 0.1:
        fn, args = r.choice(["covar_pop", "covar_samp", "corr"]), (1, 2)
    elif kind < 0.2:
        fn, args = r.choice(["any", "all"]), (4,)
    elif kind < 0.3:
        fn, args = (
            r.choice(["count", "last", "mode", "histogram", "collect", "count_distinct", "min"]),
            (3,),
        )
    elif kind < 0.35:
        fn, args = "count", ()
    else:
        fn, args = r.choice(NUMERIC), (r.choice([0, 1, 2]),)
    params = (
        {"n": r.choice([0, 1, 2])}
        if fn == "lag"
        else {"n": r.choice([1, 2, 3])}
        if fn in ("first_n", "last_n")
        else {"k": r.choice([1, 2, 3])}
        if fn in ("top_k", "bottom_k")
        else {"q": r.choice([0.0, 0.1, 0.5, 0.9, 1.0])}
        if fn == "quantile"
        else {"half_life": r.choice([1, 3, 10]) * unit}
        if fn == "decay_sum"
        else {"cap": 2}
        if fn in ("histogram", "collect") and r.random() < 0.5
        else {}
    )
    where = r.choice([None, None, None, (0, ">", 1), (3, "=", "u"), (4, "=", True)])
    return Aggregation(
        name,
        fn,
        args,
        tuple(params.items()),
        where,
        r.choice([None, None, None, 1, 3]),
        random_window(r, unit, zone, fn),
        r.choice([None, None, 0.5]),
    )


def random_source(r: random.Random, name: str, unit: int, created: str, aggregated: bool) -> Source:
    delay = 0 if name == "push" else r.choice([0, 2, 6, 6, 12]) * unit
    lateness = delay + r.choice([2, 5, 10, 30]) * unit if r.random() < 0.9 else delay // 2
    return Source(
        name,
        created,
        delay,
        lateness,
        not aggregated and r.random() < 0.05,
        r.choice([15, 60]) * unit,
        r.choice([0, 3]) * unit,
        "push" if name == "push" else "batch",
    )


def random_story(seed: int) -> Story:
    r = random.Random(seed)
    aggregated = r.random() < 0.55
    zone, second = r.choice(ZONES) if aggregated and r.random() < 0.15 else ("UTC", 0)
    unit = 900_000_000 if zone != "UTC" else 1
    start = second * 1_000_000 if second else r.choice([0, 1000, -50])
    push = random_source(r, "push", unit, "arrival", aggregated)
    batches = [
        random_source(r, f"table{i}", unit, r.choice(["version", "version", "arrival"]), aggregated)
        for i in range(r.choice([0, 1, 1, 2]))
    ]
    pushes = not batches or r.random() < 0.7
    sources = tuple(batches + ([push] if pushes else []))
    if aggregated:
        view: Any = AggregatedView(
            tuple(random_aggregation(r, f"f{i}", unit, zone) for i in range(r.choice([1, 2, 3]))),
            sources,
        )
        named = (
            len(sources) > 1 and pushes or r.random() < 0.5
        )  # 5.3: more than one way in must declare an id
    else:
        ttl = r.choice([0, 3, 8, 20]) * unit
        ttl = 0 if LAW.timeless_no_ttl and any(s.timeless for s in sources) else ttl  # change 2
        view, named = (
            StoredView(("n", "x", "g"), sources, ttl, r.choice([(), (), (9, None, "none")])),
            False,
        )
    story = Story(seed, view, push, batches, r.choice([0, 3, 10, 30]) * unit, unit, start)
    Teller(r, story, aggregated, named, pushes).tell(r.choice([12, 30, 60]))
    return story


class Teller:
    """Writes the operations of one story; `clock` is the wall clock, steps backwards included."""

    def __init__(self, r: random.Random, story: Story, aggregated: bool, named: bool, pushes: bool):
        self.r, self.story, self.aggregated, self.named, self.pushes = (
            r,
            story,
            aggregated,
            named,
            pushes,
        )
        self.clock = story.start
        self.keys: list[str] = []
        self.landed: dict[str, list[Fact]] = {s.name: [] for s in story.batches}
        self.tame = r.random() < 0.5

    def values(self) -> tuple:
        floats = TAME if self.tame else FLOATS
        n, x, y, g, ok = (
            self.r.choice(p) for p in (INTS, floats, floats, STRINGS, [None, True, False])
        )
        return (n, x, y, g, ok) if self.aggregated else (n, x, g)

    def event_time(self, delay: int = 0) -> int:
        ago = self.r.choice(
            [0, 0, 1, 1, 2, 3, 5, 9, 14, 30, 80, -1, -2, -7, -14, -40, -100]
            if self.r.random() < 0.6
            else [0, 1, 2, 3]
        )
        return self.clock - ago * self.story.unit

    def some_id(self) -> Any:
        return self.r.choice(range(6)) if self.named else None

    def push_rows(self) -> list[PushRow]:
        rows = []
        for _ in range(self.r.choice([1, 1, 2, 3])):
            delete = self.r.random() < 0.15 and (self.named or not self.aggregated)
            rows.append(
                PushRow(
                    self.r.choice(KEYS),
                    self.event_time(),
                    () if delete else self.values(),
                    delete,
                    self.some_id(),
                )
            )
        return rows

    def land(self) -> tuple:
        """Rows become readable in a batch source: mostly in time (before they are known), some
        late, some twice, some backfilled."""
        source = self.r.choice(self.story.batches)
        rows = []
        for _ in range(self.r.choice([1, 2, 3, 5])):
            event_time = self.event_time()
            if self.r.random() < 0.75:  # in time: known later than now
                event_time = (
                    self.clock
                    - source.data_delay
                    + self.r.choice([1, 1, 2, 3, 5, 9, 20]) * self.story.unit
                )
            created: Optional[int] = self.clock - self.r.choice([0, 0, 1, 3, 9]) * self.story.unit
            created = None if self.r.random() < 0.3 else created
            delete = self.r.random() < 0.1 and (self.named or not self.aggregated)
            fact = dated(
                Fact(
                    self.r.choice(KEYS),
                    event_time,
                    () if delete else self.values(),
                    source,
                    created,
                    None,
                    delete,
                    self.some_id(),
                )
            )
            for _ in range(2 if self.r.random() < 0.1 else 1):
                copy = (
                    sum(1 for f in self.landed[source.name] + rows if same_row(f, fact))
                    if self.aggregated and not self.named
                    else 0
                )
                rows.append(replace(fact, copy=copy))
        self.landed[source.name] += rows
        return ("land", rows)

    def tell(self, length: int) -> None:
        r, unit = self.r, self.story.unit
        for _ in range(length):
            kind = r.choice(
                [
                    "clock",
                    "clock",
                    "push",
                    "push",
                    "land",
                    "carry",
                    "carry",
                    "read",
                    "read",
                    "read",
                    "read_at",
                    "beside",
                    "odd",
                ]
            )
            if kind == "clock":
                step = (
                    r.choice([0, 1, 1, 2, 3, 5, 12, 40])
                    if r.random() < 0.85
                    else -r.choice([1, 2, 5, 20])
                )
                self.clock += step * unit
                self.story.ops.append(("clock", self.clock))
            elif kind == "push" and self.pushes:
                retry = self.keys and r.random() < 0.15
                name = r.choice(self.keys) if retry else f"k{len(self.keys)}"
                self.keys.append(name)
                self.story.ops.append((r.choice(["push", "push", "begin"]), self.push_rows(), name))
            elif kind == "land" and self.story.batches:
                self.story.ops.append(self.land())
                if r.random() < 0.5:
                    self.story.ops.append(
                        (
                            "incremental",
                            r.choice(self.story.batches),
                            self.clock + r.choice([0, 0, 5]) * unit,
                        )
                    )
            elif kind == "carry" and self.story.batches:
                if r.random() < 0.7:
                    self.story.ops.append(
                        (
                            "incremental",
                            r.choice(self.story.batches),
                            self.clock + r.choice([0, 0, 0, 9]) * unit,
                        )
                    )
                else:
                    low, high = sorted(self.event_time() for _ in range(2))
                    wide = r.random() < 0.5
                    self.story.ops.append(
                        (
                            "materialize",
                            r.choice(self.story.batches),
                            low - 999 * unit if wide else low,
                            high + 99 * unit if wide else high,
                        )
                    )
            elif kind == "read":
                self.story.ops.append(("read", r.choice(KEYS)))
            elif kind == "read_at":
                self.story.ops.append(("read_at", r.choice(KEYS), r.choice([0, 1, 3, 10]) * unit))
            elif kind == "beside":  # a reader whose clock is off by some units
                self.story.ops.append(
                    ("read_beside", r.choice(KEYS), r.choice([-10, -2, 0, 1, 5]) * unit)
                )
            elif kind == "odd":
                self.story.ops.append((r.choice(["commit", "crash"]),))
        self.story.ops += [("read", ("a",)), ("read", ("b",))]


def same_row(a: Fact, b: Fact) -> bool:
    return a.same[:-1] == b.same[:-1]
