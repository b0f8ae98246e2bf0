"""Views that are fed both ways, from files and by pushes, against the executable law (tests/model)
and against themselves, by bits: random stories in which rows come late, of the future, twice,
without values and as deletes, files land and are carried, the log is sealed, versions and stores come and go. What is served is
compared with the law over what had been ingested by then, what is trained on with the law over all,
and both with each other: for pushed facts always, for facts of files where they had been ingested.

The seed is printed; COEVAL_SEED runs the same again.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import coeval
import pyarrow as pa
import pyarrow.parquet
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from coeval import (  # noqa: E402
    Aggregation,
    Entity,
    FeatureView,
    Field,
    FileSource,
    PushSource,
)
from coeval.types import Float64, Int64, String  # noqa: E402
from model import asof, window  # noqa: E402
from model.facts import Fact, Source, known_time, visible_time  # noqa: E402
from model.values import NAN, same_bits, tie_key  # noqa: E402
from seeded import run_cases  # noqa: E402
from world import micros, plain_values, rfc3339  # noqa: E402

SECOND = 1_000_000
MINUTE = 60 * SECOND
STEPS = 60
START = 1_714_564_800 * SECOND
LATENESS = 120 * MINUTE
CODES = ["EUR", "USD", "GBP", "CHF"]
IN_FILES = [*CODES[:3], None]  # the last is pushed alone: of it the promise has no condition
RATES = [None, 0.0, -0.0, 1.5, -1.5, NAN]
KNOWN = ["declared", "arrival", "hindsight"]
WINDOWS = [("count", 0), ("sum", 20 * MINUTE), ("last", 0), ("max", 60 * MINUTE)]
LAW = tuple(
    window.Aggregation(
        f"w{i}",
        function,
        () if function == "count" else (0,),
        window=window.Window(length or None),
    )
    for i, (function, length) in enumerate(WINDOWS)
)


def spine_of(questions: list[tuple[str, int]]) -> pa.Table:
    times = pa.array([t for _, t in questions], pa.int64())
    return pa.table(
        {
            "currency": [code for code, _ in questions],
            "event_timestamp": times.cast(pa.timestamp("us", "UTC")),
        }
    )


class Story:
    """A repository with one stored view and one of windows over the same two ways in."""

    def __init__(self, r: random.Random, folder: Path):
        self.r, self.folder = r, folder
        self.created = r.choice(["", "version", "arrival"])
        self.numbered, self.deletes = r.random() < 0.5, r.random() < 0.5
        self.delay = r.choice([0, 0, 5 * MINUTE])
        self.ttl = r.choice([0, 60 * MINUTE])
        self.file = Source("files", self.created or "version", self.delay, LATENESS)
        self.pushed_by = Source("pushes", "arrival", 0, LATENESS, kind="push")
        self.facts: list[Fact] = []  # all that a training set may see
        self.offline: list[Fact] = []  # what only hindsight may
        self.carried: set[int] = set()  # positions in `facts` of what online may see
        self.files = self.number = self.copies = 0
        self.defaults = [-1]  # of the stored view's versions
        self.filled = 1  # the version that was active, with all its facts, at the last look
        self.pushes: list[tuple[pa.Table, dict]] = []
        self.served: list[tuple[str, int, list[Any], bool]] = []
        self.total: Counter = Counter()
        (folder / "data").mkdir(parents=True)
        self.set_clock(START)
        self.store = self.open()
        self.land(0)
        self.store.apply(self.definitions())

    def open(self) -> coeval.FeatureStore:
        threads, memory = self.r.choice([1, 2, 3]), self.r.choice(["64MiB", "1GiB"])
        (self.folder / "coeval.yaml").write_text(
            f"project: money\nthreads: {threads}\nmemory: {memory}\n"
        )
        return coeval.FeatureStore(self.folder, clock=f"@{self.folder / 'clock'}")

    def set_clock(self, now: int) -> None:
        self.now = now
        (self.folder / "clock").write_text(rfc3339(now))

    def definitions(self) -> list:
        currency = Entity("currency", join_keys={"currency": String})
        files = FileSource(
            "rates_files",
            path="data/*.parquet",
            timestamp_field="at",
            created_timestamp_column="written" if self.created else "",
            created=self.created or "version",
            data_delay=f"{self.delay}us",
            sequence_field="n" if self.numbered else "",
            delete_field="gone" if self.deletes else "",
            event_id_field="id",
            lateness=f"{LATENESS}us",
            overlap="30d",
        )
        both = PushSource("rates_push", batch_source=files)
        stored = FeatureView(
            "rates",
            entities=[currency],
            schema=[Field("rate", Float64), Field("number", Int64, default=self.defaults[-1])],
            ttl=f"{self.ttl}us" if self.ttl else None,
            source=both,
        )
        windows = FeatureView(
            "windows",
            entities=[currency],
            aggregations=[
                Aggregation(
                    [] if function == "count" else ["rate"],
                    function,
                    name=f"w{i}",
                    time_window=f"{length}us" if length else None,
                )
                for i, (function, length) in enumerate(WINDOWS)
            ],
            source=both,
        )
        return [stored, windows]

    # -- what happens -------------------------------------------------------------------------------

    def row(self, codes: list[str | None], ages: list[int]) -> dict[str, Any]:
        r = self.r
        return {
            "currency": r.choice(codes),
            "at": self.now - MINUTE * r.choice(ages),
            "rate": r.choice(RATES),
            "number": r.choice([None, r.randrange(3)]),
            "id": r.choice([None, r.randrange(20)]),
        }

    def add(self, row: dict[str, Any], source: Source, created: int | None,
            sequence: tuple | None, delete: bool = False, to: list | None = None) -> None:  # fmt: skip
        self.copies += 1
        values = () if delete else (row["rate"], row["number"])
        fact = Fact(
            (row["currency"],), row["at"], values, source, created, sequence, delete, row["id"],
            self.copies,
        )  # fmt: skip
        (self.facts if to is None else to).append(fact)

    def push(self) -> None:
        if self.pushes and self.r.random() < 0.1:  # said again
            rows, options = self.r.choice(self.pushes)
            assert self.store.push("rates_push", rows, **options).repeated
            return
        ages = [0, 0, 1, 5, 50, 90, 150, -3]
        rows = [self.row([*CODES, None], ages) for _ in range(self.r.randint(1, 4))]
        if self.r.random() < 0.3:
            rows.append(dict(rows[0]))
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        columns["at"] = pa.array(columns["at"], pa.int64()).cast(pa.timestamp("us", "UTC"))
        table = pa.table(columns, schema=pa.schema(
            {"currency": pa.string(), "at": pa.timestamp("us", "UTC"), "rate": pa.float64(),
             "number": pa.int64(), "id": pa.int64()}
        ))  # fmt: skip
        to = self.r.choice(["online_and_offline"] * 5 + ["online", "offline"])
        gone = self.r.random() < 0.2
        if gone:
            table = table.select(["currency", "at", "id"])
        options = {"to": to, "idempotency_key": f"push {len(self.pushes)}", "delete": gone}
        created = micros(self.store.push("rates_push", table, **options).created)
        self.pushes.append((table, options))
        for row in rows:
            self.number += 1
            if to == "offline":
                self.add(row, self.pushed_by, created, (b"w", self.number), gone, self.offline)
                continue
            self.carried.add(len(self.facts))
            self.add(row, self.pushed_by, created, (b"w", self.number), gone)

    def land(self, count: int) -> None:
        """A file more; what it holds is in no store before the next run."""
        columns: dict[str, list] = {name: [] for name in
                                    ("currency", "at", "rate", "number", "id", "written", "n", "gone")}  # fmt: skip
        for _ in range(count):
            row = self.row(IN_FILES, [0, 1, 5, 50, 90, 110, -3])
            pushed = [fact for fact in self.facts if fact.key[0] in IN_FILES]
            if pushed and self.r.random() < 0.2:  # it comes by file as well
                like = self.r.choice(pushed)
                row |= {"currency": like.key[0], "at": like.event_time, "id": like.id}
                row["at"] = max(row["at"], self.now - 110 * MINUTE)
            written = self.r.choice([None, self.now, row["at"]]) if self.created else None
            n = self.r.choice([None, self.r.randrange(3)]) if self.numbered else None
            gone = self.deletes and self.r.random() < 0.2
            self.add(row, self.file, written, None if n is None else (b"", n), gone)
            for name, value in (row | {"written": written, "n": n, "gone": gone}).items():
                columns[name].append(value)
        kinds = {"currency": pa.string(), "rate": pa.float64(), "gone": pa.bool_()}
        arrays = {name: pa.array(values, kinds.get(name, pa.int64()))
                  for name, values in columns.items()}  # fmt: skip
        for name in ("at", "written"):
            arrays[name] = arrays[name].cast(pa.timestamp("us", "UTC"))
        path = self.folder / "data" / f"{self.files:03}.parquet"
        pyarrow.parquet.write_table(pa.table(arrays), path, row_group_size=self.r.choice([1, 100]))
        self.files += 1

    def materialize(self) -> None:
        """Files up to now, and what was pushed before the version came."""
        self.store.materialize_incremental(rfc3339(self.now))
        self.carried |= {i for i, fact in enumerate(self.facts) if fact.event_time <= self.now}
        self.filled = len(self.defaults)

    def reopen(self) -> None:
        self.store.close()
        self.store = self.open()

    def seal(self) -> None:
        """The log into segments: the same answers before, after and from then on, by bits."""
        asked = [(code, self.now - MINUTE * age) for code in CODES for age in (0, 3, 40, 100)]
        known = self.r.choice(KNOWN)
        before = self.answers(asked, known)
        sealed = self.store.seal_log(merge=self.r.random() < 0.3)
        self.total["sealed"] += sealed["records"]
        self.total["merged"] += sealed["merged"]
        assert self.answers(asked, known) == before
        if self.r.random() < 0.5:
            self.reopen()
            assert self.answers(asked, known) == before

    def answers(self, asked: list[tuple[str, int]], known: str) -> list[Any]:
        """What a training set says, its manifest, why, and what is served."""
        features = ["rates@v1:rate", "rates@v1:number", "windows:*"]
        made = self.store.get_historical_features(spine_of(asked), features, known=known)
        why = [str(made.explain(row, name)) for row in (0, 5) for name in ("rate", "w1")]
        served = self.store.get_online_features(
            ["windows:w0", "windows:w1"], [{"currency": code} for code in CODES]
        )
        return [str(made.to_arrow().to_pydict()), made.manifest, why, str(served.to_dict())]

    def apply_another(self) -> None:
        """A version that was not there when what is known was pushed."""
        self.defaults.append(self.defaults[-1] - 1)
        self.store.apply(self.definitions())

    def step(self) -> None:
        self.set_clock(self.now + self.r.choice([1, SECOND, 500 * SECOND]))
        what = self.r.random()
        if what < 0.6:
            self.push()
        elif what < 0.75:
            self.land(self.r.randint(1, 5))
            if self.r.random() < 0.6:
                self.materialize()
        elif what < 0.80:
            self.seal()
        elif what < 0.87:
            self.materialize()
        elif what < 0.93:
            self.reopen()
        elif self.served and len(self.defaults) < 4:
            self.apply_another()
        self.serve()

    # -- what is asked ------------------------------------------------------------------------------

    def law(self, version: int) -> asof.StoredView:
        sources = (self.file, self.pushed_by)
        return asof.StoredView(("rate", "number"), sources, self.ttl,
                               (None, self.defaults[version - 1]))  # fmt: skip

    def windows(self, facts: list[Fact], code: str, t: int, known: str) -> asof.Answer:
        law = window.AggregatedView(LAW, (self.file, self.pushed_by))
        events = [replace(fact, values=fact.values[:1]) for fact in facts if fact.key == (code,)]
        return window.answer(law, events, (code,), t, known)

    def serve(self) -> None:
        features = ["rate", "number", *(a.name for a in LAW)]
        views = [f"rates@v{self.filled}"] * 2 + ["windows"] * len(LAW)
        answer = self.store.get_online_features(
            [f"{view}:{name}" for view, name in zip(views, features, strict=True)],
            [{"currency": code} for code in CODES],
        )
        t = micros(answer.time)
        found = [plain_values(answer.to_arrow()[name], "") for name in features]
        there = [fact for i, fact in enumerate(self.facts) if i in self.carried]
        missing = [fact for i, fact in enumerate(self.facts) if i not in self.carried]
        for row, code in enumerate(CODES):
            wanted = asof.answer(self.law(self.filled), there, (code,), t)
            events = self.windows(there, code, t, "declared")
            values = [column[row] for column in found]
            how = f"online, {code} at {t}, v{self.filled}"
            self.check(values, wanted.values + events.values, how)
            statuses = [answer.statuses[name][row] for name in features]
            assert statuses == wanted.status + events.status, (how, statuses)
            # Known is enough: a row dated ahead may take the place of an event (5.3).
            excused = any(f.key == (code,) and known_time(f) <= t for f in missing)
            # What lands later with a time of before may be one more reason: asked at the end.
            self.served.append((code, t, values, excused))
            self.total["online"] += 1

    def check(self, found: list[Any], wanted: list[Any], how: str) -> None:
        self.total["values"] += len(wanted)
        if not all(same_bits(a, b) for a, b in zip(found, wanted, strict=True)):
            raise AssertionError(f"{how}\n  expected {wanted!r}\n  found    {found!r}")

    def train(self, landed_before: list[int]) -> None:
        """Everything that was asked online, and moments beside it, at the end."""
        questions = [(code, t) for code, t, _, _ in self.served]
        questions += [(self.r.choice(CODES), t + self.r.choice([-1, 1, MINUTE])) for _, t in
                      self.r.sample(questions, 20)]  # fmt: skip
        spine = spine_of(questions)
        for known in KNOWN:
            facts = self.facts + (self.offline if known == "hindsight" else [])
            made = self.store.get_historical_features(
                spine, ["rates@v1:rate", "rates@v1:number", "windows:*"], known=known
            )
            table = made.to_arrow()
            columns = {name: plain_values(table[name], "") for name in
                       ("rate", "number", *(a.name for a in LAW))}  # fmt: skip
            for row, (code, t) in enumerate(questions):
                how = f"offline, {code} at {t}, known={known}"
                wanted = asof.answer(self.law(1), facts, (code,), t, known).values
                self.check([columns["rate"][row], columns["number"][row]], wanted, how)
                wanted = self.windows(facts, code, t, known).values
                self.check([columns[a.name][row] for a in LAW], wanted, how + ", windows")
            self.total["offline"] += len(questions)
            if known == "declared":
                self.compare_with_served(columns, landed_before)
                for row in self.r.sample(range(len(questions)), 6):
                    name = self.r.choice(["rate", "w0", "w1"])
                    why = made.explain(row, name)
                    self.check([why.value], [columns[name][row]], f"explained, {name} of {row}")

    def compare_with_served(self, columns: dict[str, list], landed_before: list[int]) -> None:
        """The promise: what was served is trained on."""
        for row, (code, t, values, excused) in enumerate(self.served):
            later = self.facts[landed_before[row] :]
            if excused or any(f.source is self.file and f.key == (code,) and known_time(f) <= t
                              for f in later):  # fmt: skip
                self.total["excused"] += 1
                continue
            default = self.defaults[0]
            found = [columns[name][row] for name in ("rate", "number", *(a.name for a in LAW))]
            if found[1] == default:  # of that version or null
                found[1], values[1] = None, None if values[1] < 0 else values[1]
            self.check(found, values, f"served and trained on, {code} at {t}")
            self.total["promised"] += 1

    def ask_range(self) -> None:
        """Rule 4.5: a row for each key and time at which a fact became visible, either way."""
        start, end = sorted(START + self.r.randrange(self.now - START) for _ in range(2))
        wanted = {(f.key[0], visible_time(f)) for f in self.facts if f.key[0] is not None}
        rows = sorted({(key, t) for key, t in wanted if start <= t <= end},
                      key=lambda row: (row[1], tie_key((row[0],))))  # fmt: skip
        made = self.store.get_historical_features(
            None, ["rates@v1:rate"], start_date=rfc3339(start), end_date=rfc3339(end)
        ).to_arrow()
        times = made["event_timestamp"].cast(pa.int64()).to_pylist()
        found = list(zip(made["currency"].to_pylist(), times, strict=True))
        assert found == rows, f"range from {start} to {end}\n expected {rows}\n found {found}"
        wanted_values = [asof.answer(self.law(1), self.facts, (key,), t).values[0]
                         for key, t in rows]  # fmt: skip
        self.check(plain_values(made["rate"], ""), wanted_values, "range")
        self.total["range rows"] += len(rows)


def run(seed: int, folder: Path) -> Counter:
    """One story. Errors: AssertionError."""
    r = random.Random(seed)
    story = Story(r, folder)
    try:
        landed_before: list[int] = []  # of each answer: how many facts there were
        for _ in range(STEPS):
            story.step()
            landed_before += [len(story.facts)] * (len(story.served) - len(landed_before))
        story.train(landed_before)
        story.ask_range()
    finally:
        story.store.close()
    return story.total


def test_both_ways_in_give_what_the_law_says_and_what_was_served():
    total = run_cases(12, run)
    assert total["online"] > 1_500 and total["offline"] > 4_000, total
    assert total["promised"] > 600 and total["range rows"] > 100, total
    assert total["sealed"] > 100 and total["merged"] > 0, total


@pytest.mark.prove
def test_both_ways_in_give_what_the_law_says_in_many_stories():
    assert run_cases(300, run)["promised"] > 20_000
