"""The model as an oracle for other languages: `python3 -m model.serve`, one JSON request per line,
one JSON answer per line (README.md).

Floats are {"f": "<hex>"}, bytes {"b": "<hex>"}, maps {"map": [[key, value], ...]}; times are
integers of µs. An error is {"error": "..."}.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from . import asof, window
from .aggregates import AboveCap, Row, aggregate, aggregate_by
from .asof import StoredView
from .exact import Invalid
from .facts import YEAR, Fact, Source, dated, known_time, rank, visible_time
from .online import prune
from .values import convert_key, order_key, plain, unplain
from .window import AggregatedView, Aggregation, Window


def source_of(d: dict) -> Source:
    return Source(
        d.get("name", ""),
        d.get("created", "version"),
        d.get("data_delay", 0),
        d.get("lateness"),
        d.get("timeless", False),
        d.get("max_future", YEAR),
        kind=d.get("kind", "batch"),
    )


def fact_of(d: dict, sources: dict[str, Source]) -> Fact:
    sequence = d.get("sequence")
    return dated(
        Fact(
            tuple(unplain(d["key"])),
            d["event_time"],
            tuple(unplain(d.get("values", []))),
            sources[d.get("source", "")],
            d.get("created"),
            None if sequence is None else (bytes.fromhex(sequence[0]), sequence[1]),
            d.get("delete", False),
            unplain(d.get("id")),
            d.get("copy", 0),
        )
    )


def window_of(d: dict) -> Window:
    return Window(
        d.get("w"),
        d.get("offset", 0),
        d.get("closed", "right"),
        d.get("slide", 0),
        d.get("zone", "UTC"),
        d.get("last"),
    )


def aggregation_of(d: dict) -> Aggregation:
    where = d.get("where")
    return Aggregation(
        d.get("name", ""),
        d["fn"],
        tuple(d.get("args", [])),
        tuple((k, unplain(v)) for k, v in d.get("params", {}).items()),
        None if where is None else (where[0], where[1], unplain(where[2])),
        d.get("by"),
        window_of(d.get("window", {})),
        unplain(d.get("default")),
    )


def view_of(d: dict) -> tuple[Any, dict[str, Source]]:
    sources = {s.name: s for s in map(source_of, d.get("sources", [{}]))}
    if "aggregations" in d:
        return AggregatedView(
            tuple(map(aggregation_of, d["aggregations"])), tuple(sources.values())
        ), sources
    return StoredView(
        tuple(d["features"]),
        tuple(sources.values()),
        d.get("ttl", 0),
        tuple(unplain(d.get("defaults", []))),
    ), sources


def op_asof(q: dict) -> dict:
    """Rule 3 or 5, by the kind of view: {"view", "facts", "questions": [[key, t], ...], "known"};
    or one "key" and "t"."""
    view, sources = view_of(q["view"])
    facts = [fact_of(f, sources) for f in q["facts"]]
    rule = asof if isinstance(view, StoredView) else window
    answers = []
    for key, t in q.get("questions") or [[q["key"], q["t"]]]:
        a = rule.answer(view, facts, tuple(unplain(key)), t, q.get("known", "declared"))
        answers.append({"values": plain(a.values), "status": a.status, "time": a.time})
    return {"answers": answers} if "questions" in q else answers[0]


def op_window(q: dict) -> dict:
    """{"window", "t", "event_times"} -> the ends of 5.1/5.2 ("a" null: all history) and which
    event times lie inside."""
    w = window_of(q["window"])
    a, b = window.interval(w, q["t"])
    return {
        "a": a,
        "b": b,
        "inside": [window.holds(w, q["t"], e) for e in q.get("event_times", [])],
    }


def op_aggregate(q: dict) -> dict:
    """{"fn", "params", "t", "rows": [[args, time], ...], "groups"}: rows oldest first -> {"value"}
    or {"invalid"} or {"above_cap"}."""
    rows = [Row(tuple(unplain(args)), time) for args, time in q["rows"]]
    params = {k: unplain(v) for k, v in q.get("params", {}).items()}
    try:
        if "groups" in q:
            return {
                "value": plain(
                    aggregate_by(q["fn"], rows, unplain(q["groups"]), q.get("t", 0), params)
                )
            }
        return {"value": plain(aggregate(q["fn"], rows, q.get("t", 0), params))}
    except Invalid:
        return {"invalid": True}
    except AboveCap:
        return {"above_cap": True}


def op_rank(q: dict) -> dict:
    """{"sources", "facts", "known"} -> the facts' positions from least to greatest (3.3), their
    known_time (3.2) and v (3.6)."""
    sources = {s.name: s for s in map(source_of, q.get("sources", [{}]))}
    facts = [fact_of(f, sources) for f in q["facts"]]
    return {
        "order": sorted(range(len(facts)), key=lambda i: rank(facts[i])),
        "known_time": [known_time(f, q.get("known", "declared")) for f in facts],
        "visible_time": [visible_time(f) for f in facts],
    }


def op_keep(q: dict) -> dict:
    """{"sources", "facts", "horizon", "ttl"} -> the positions of the facts (of one key) that 3.6
    keeps."""
    sources = {s.name: s for s in map(source_of, q.get("sources", [{}]))}
    facts = [fact_of(f, sources) for f in q["facts"]]
    kept = prune(facts, q["horizon"], q.get("ttl", 0))
    return {"kept": [i for i, f in enumerate(facts) if f in kept]}


def op_sort(q: dict) -> dict:
    """{"values": [...]} of one type -> their positions in the order of 1.5, nulls lowest: the
    order of tie encoding 1."""
    values = unplain(q["values"])
    return {"order": sorted(range(len(values)), key=lambda i: order_key(values[i]))}


def op_key(q: dict) -> dict:
    """{"value", "type"} -> the join key by 2.1."""
    return {"value": plain(convert_key(unplain(q["value"]), q["type"]))}


OPS = {
    "asof": op_asof,
    "aggregated": op_asof,
    "window": op_window,
    "aggregate": op_aggregate,
    "rank": op_rank,
    "keep": op_keep,
    "sort": op_sort,
    "key": op_key,
}


def reply(line: str) -> dict:
    try:
        q = json.loads(line)
        return OPS[q["op"]](q)
    except Exception as e:  # the line is at fault; the oracle goes on
        return {"error": f"{type(e).__name__}: {e}"}


def main() -> None:
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(reply(line), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
