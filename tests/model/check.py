"""Does the promise hold? Runs random stories, asks offline what was answered online, at the same
t, and compares bit for bit.

  python3 -m model.check [--stories 2000] [--seed 0] [--as-written NAME[,NAME...]] [--show]
An answer is excused (and counted) where the promise's condition fails: a fact of a batch or
timeless source was known by t (3.2), but
had not yet been ingested when the question was asked.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, fields
from typing import Any, Iterable, Optional

from . import asof, window
from .asof import Answer, StoredView
from .facts import Fact, Question, bad_time, known_time
from .law import LAW
from .online import BadRows, OnlineStore, TooOld, prune
from .stories import Story, random_story
from .values import same_bits


@dataclass
class Asked:
    step: int
    question: Question
    answer: Answer
    acknowledged: int  # the greatest C that had been acknowledged
    lagging: bool


def offline(story: Story, facts: Iterable[Fact], q: Question) -> Answer:
    return (asof if isinstance(story.view, StoredView) else window).answer(
        story.view, facts, q.key, q.t
    )


def same(a: Answer, b: Answer) -> bool:
    return same_bits([a.values, a.status, a.time], [b.values, b.status, b.time])


def play(story: Story) -> tuple[OnlineStore, list[Fact], list[Asked], dict[Fact, int], Counter]:
    """Runs the story online. Also returns the batch rows, and the step at which each fact was
    ingested."""
    store = OnlineStore(story.view, story.push, story.history, lease=7 * story.unit)
    clock, landed, asked, since, seen = story.start, [], [], {}, Counter()
    greatest, at = clock, {}  # the greatest clock so far; when each row became readable
    acknowledged = -(2**63)
    for step, (op, *args) in enumerate(story.ops):
        try:
            if op == "clock":
                clock = args[0]
                greatest = max(greatest, clock)
            elif op == "push":
                acknowledged = max(acknowledged, store.push(args[0], clock, args[1]))
            elif op == "begin":
                store.begin(args[0], clock, args[1])
            elif op == "commit":
                store.commit()
            elif op == "crash":
                store.crash()
            elif op == "land":
                landed += args[0]
                at.update((f, at.get(f, greatest)) for f in args[0])
            elif op == "incremental":
                source, end = args
                store.materialize_incremental(
                    source, [f for f in landed if f.source == source], end, clock
                )
            elif op == "materialize":
                source, start, end = args
                store.materialize(
                    source, [f for f in landed if f.source == source], start, end, clock
                )
            elif op == "read":
                t, answer = store.read(args[0], clock)
                asked.append(Asked(step, Question(args[0], t), answer, acknowledged, False))
            elif op == "read_beside":
                t, answer = store.read_beside(args[0], clock + args[1])
                asked.append(Asked(step, Question(args[0], t), answer, acknowledged, True))
            elif op == "read_at":
                t = store.now(clock) - args[1]
                asked.append(
                    Asked(step, Question(args[0], t), store.read_at(args[0], t), acknowledged, True)
                )
        except BadRows:
            seen["batches refused"] += 1
        except TooOld:
            seen["TooOld"] += 1
            if op == "read":
                seen["TooOld at now"] += 1
        for f in store.ingested:
            since.setdefault(f, step)
    while store.pending:
        store.commit()
    for source in (
        story.batches
    ):  # 7.7: a last run must have brought all that kept to what the source declares
        store.materialize_incremental(
            source, [f for f in landed if f.source == source], greatest, greatest
        )
    chosen = {
        op[1].name for op in story.ops if op[0] == "materialize"
    }  # there somebody chose what to leave out
    seen["lost rows (7.7)"] += sum(
        in_time(f, at[f]) and f not in store.ingested
        for f in landed
        if f.source.name not in chosen
        and None not in f.key
        and not bad_time(f, greatest)
        and f.event_time <= greatest
    )
    return store, landed, asked, since, Counter(seen, too_late=store.rejected)


def in_time(f: Fact, readable: int) -> bool:
    """Did the row become readable within what its source declares: overlap after it was created, or
    lateness after its event?"""
    if f.created is not None:
        return readable - f.created <= f.source.overlap
    return f.source.timeless or readable - f.event_time <= f.source.late


def missing(asked: Asked, facts: list[Fact], since: dict[Fact, int], push: Any) -> bool:
    """The promise's condition: known by t, but not ingested when asked. A pushed fact with C <= t
    has no such excuse (1.4)."""
    return any(
        f.key == asked.question.key
        and known_time(f) <= asked.question.t
        and since.get(f, 10**9) > asked.step
        and (f.source != push or f.source.timeless)
        for f in facts
    )


def compare(story: Story) -> tuple[Counter, Optional[str]]:
    store, landed, asked, since, seen = play(story)
    clock = max(op[1] for op in [("clock", story.start), *story.ops] if op[0] == "clock")
    facts = [
        f for f in store.log + landed if None not in f.key and not bad_time(f, clock)
    ]  # everything in hand
    r = random.Random(story.seed)
    again = facts + r.sample(facts, len(facts) // 2)  # duplicates, in another order
    r.shuffle(again)
    trouble = None
    for a in asked:
        law = offline(story, facts, a.question)
        excused = missing(a, facts, since, story.push)
        equal = same(law, a.answer)
        seen["answers"] += 1
        seen["of them with a value"] += any(s == "PRESENT" for s in law.status)
        seen[("excused, " if excused else "") + ("equal" if equal else "different")] += 1
        if not equal and not excused and trouble is None:
            trouble = (
                f"step {a.step}, key {a.question.key}, t {a.question.t}\n"
                f"  online  {a.answer}\n  offline {law}"
            )
        if not same(law, offline(story, again, a.question)):
            seen["depends on order or duplicates"] += 1
            trouble = (
                trouble
                or f"offline depends on order or duplicates: key {a.question.key}, t {a.question.t}"
            )
        if not a.lagging and a.question.t < a.acknowledged:
            seen["acknowledged but not visible (7.4)"] += 1
            trouble = (
                trouble
                or f"step {a.step}: t {a.question.t} is before an acknowledged C {a.acknowledged}"
            )
    if seen["lost rows (7.7)"]:
        trouble = trouble or "lost rows (7.7)"
    if seen["TooOld at now"]:
        trouble = trouble or "TooOld at now"
    if isinstance(story.view, StoredView):  # 3.6: the state is a function of the set of facts and H
        for key, kept in store.facts.items():
            if kept != prune(
                [f for f in store.carried if f.key == key], store.horizon, story.view.ttl
            ):
                seen["state depends on the order"] += 1
                trouble = trouble or f"state of {key} depends on the order of arrival"
    return seen, trouble


def tell(story: Story) -> str:
    """The story in readable form; times in µs."""
    lines = [
        f"story {story.seed}: online_history {story.history}, "
        f"unit {story.unit}, start {story.start}",
        f"  {story.view}",
    ]
    for step, (op, *args) in enumerate(story.ops):
        shown = [
            [show(f) for f in a] if isinstance(a, list) else getattr(a, "name", a) for a in args
        ]
        lines.append(f"  {step:3} {op} " + " ".join(map(str, shown)))
    return "\n".join(lines)


def show(f: Any) -> str:
    extra = f" created={f.created} {f.source.name}" if isinstance(f, Fact) else ""
    return f"{'DELETE ' if f.delete else ''}{f.key} e={f.event_time}{extra} id={f.id} {f.values}"


def main() -> int:
    p = argparse.ArgumentParser()
    p.add_argument("--stories", type=int, default=2000)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument(
        "--as-written",
        default="",
        help="changes to leave out: " + ", ".join(f.name for f in fields(LAW)),
    )
    p.add_argument(
        "--show", action="store_true", help="print the first differing story even with --as-written"
    )
    o = p.parse_args()
    for name in filter(None, o.as_written.split(",")):
        assert hasattr(LAW, name), name
        setattr(LAW, name, False)
    begun, total, first, bad = time.monotonic(), Counter(), None, 0
    for seed in range(o.seed, o.seed + o.stories):
        story = random_story(seed)
        seen, trouble = compare(story)
        total += seen
        bad += trouble is not None
        if trouble and (first is None or len(story.ops) < len(first[0].ops)):
            first = (story, trouble)  # the shortest is the most readable
    promised = total["equal"] + total["different"]
    print(
        f"{total['equal']} of {promised} answers equal, in {o.stories} stories "
        f"({bad} with trouble), {time.monotonic() - begun:.1f} s"
    )
    for name, n in sorted(total.items()):
        print(f"  {name}: {n}")
    if first and (o.show or not o.as_written):
        print(tell(first[0]), first[1], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
