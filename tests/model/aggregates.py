"""Aggregate functions by brute force over the events of one window (rule 5).

Every function gets the window's events in the order of 5.3, oldest first. Null inputs are skipped
(5.5): "values" below are the non-null
ones. No values: count and count_distinct 0, lists and maps empty, all others null. NaN is a value.
See the table FUNCTIONS for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Optional

from . import exact
from .values import order_key, represent, same_key


class AboveCap(Exception):
    """5.6: above its cap quantile is the engine's DDSketch and count_distinct its HyperLogLog; this
    model stops here."""


@dataclass(frozen=True)
class Row:
    """What a function sees of an event: its arguments (all of them) and its event time."""

    args: tuple
    time: int


CAP = 1000  # 5.6
Params = dict[str, Any]


def single(rows: list[Row]) -> list:
    return [r.args[0] for r in rows]


def ordered(rows: list[Row]) -> list:
    return sorted(single(rows), key=order_key)  # 1.5: -0.0 < 0.0, NaN last


def tally(rows: list[Row]) -> list[tuple[Any, int]]:
    """(value, count), by (count descending, value ascending); -0.0 counts as 0.0."""
    counts: dict[tuple, list] = {}
    for v in single(rows):
        counts.setdefault(same_key(v), [represent(v), 0])[1] += 1
    return [(v, n) for _, (v, n) in sorted(counts.items(), key=lambda kv: (-kv[1][1], kv[0]))]


def count_distinct(rows: list[Row], p: Params, t: int) -> int:
    n = len({same_key(v) for v in single(rows)})
    if n > p.get("cap", CAP):
        raise AboveCap("count_distinct")
    return n


def quantile(rows: list[Row], p: Params, t: int) -> float:
    if len(rows) > p.get("cap", CAP):
        raise AboveCap("quantile")
    return exact.quantile(ordered(rows), p.get("q", 0.5))


def decay_sum(rows: list[Row], p: Params, t: int) -> float:
    return exact.decay_sum(single(rows), [r.time for r in rows], t, p["half_life"])


def histogram(rows: list[Row], p: Params, t: int) -> dict:
    """The `cap` most frequent (all, without cap), as a map in key order."""
    kept = tally(rows)[: p.get("cap")]
    return dict(sorted(kept, key=lambda vn: order_key(vn[0])))


def lag(rows: list[Row], p: Params, t: int) -> Any:
    """The n-th value before the newest; lag(0) is last; null where there are fewer."""
    n = p.get("n", 1)
    return rows[-1 - n].args[0] if n < len(rows) else None


def pairs(rows: list[Row]) -> tuple[list, list]:
    return [r.args[0] for r in rows], [r.args[1] for r in rows]


Function = Callable[[list[Row], Params, int], Any]
# name: (function, result where there are no values). Ties and NaN, where not said above:
FUNCTIONS: dict[str, tuple[Function, Any]] = {
    "count": (lambda r, p, t: len(r), 0),  # without argument: all events
    "count_distinct": (count_distinct, 0),  # NaN is one value; -0.0 is 0.0
    "sum": (lambda r, p, t: exact.exact_sum(single(r)), None),  # zero is +0.0; int overflow INVALID
    "mean": (lambda r, p, t: exact.exact_mean(single(r)), None),
    "min": (lambda r, p, t: ordered(r)[0], None),  # order of 1.5: NaN only if all are; keeps -0.0
    "max": (lambda r, p, t: ordered(r)[-1], None),  # order of 1.5: NaN if any is
    "var_pop": (lambda r, p, t: exact.variance(single(r), False), None),
    "var_samp": (lambda r, p, t: exact.variance(single(r), True), None),
    "stddev_pop": (lambda r, p, t: exact.stddev(single(r), False), None),
    "stddev_samp": (lambda r, p, t: exact.stddev(single(r), True), None),
    "skew": (lambda r, p, t: exact.skew(single(r)), None),
    "kurtosis": (lambda r, p, t: exact.kurtosis(single(r)), None),
    "covar_pop": (
        lambda r, p, t: exact.covariance(*pairs(r), False),
        None,
    ),  # rows where one argument is null are skipped
    "covar_samp": (lambda r, p, t: exact.covariance(*pairs(r), True), None),
    "corr": (lambda r, p, t: exact.correlation(*pairs(r)), None),
    "first": (lambda r, p, t: r[0].args[0], None),  # ties: the order of 5.3 is total
    "last": (lambda r, p, t: r[-1].args[0], None),
    "first_n": (lambda r, p, t: single(r)[: p["n"]], []),  # oldest first
    "last_n": (lambda r, p, t: single(r)[-p["n"] :], []),  # oldest first too
    "lag": (lag, None),
    "top_k": (
        lambda r, p, t: ordered(r)[::-1][: p["k"]],
        [],
    ),  # the k greatest, descending, duplicates kept, NaN first
    "bottom_k": (lambda r, p, t: ordered(r)[: p["k"]], []),  # the k least, ascending
    "mode": (lambda r, p, t: tally(r)[0][0], None),  # ties: the least value
    "histogram": (histogram, {}),
    "quantile": (quantile, None),
    "median": (lambda r, p, t: quantile(r, {**p, "q": 0.5}, t), None),
    "any": (lambda r, p, t: any(single(r)), None),
    "all": (lambda r, p, t: all(single(r)), None),
    "decay_sum": (decay_sum, None),
    "time_since_last": (
        lambda r, p, t: t - r[-1].time,
        None,
    ),  # µs since the newest event with a value
    "collect": (
        lambda r, p, t: single(r)[-p["cap"] :] if "cap" in p else single(r),
        [],
    ),  # oldest first; a cap keeps the newest
}


def aggregate(fn: str, rows: list[Row], t: int, params: Optional[Params] = None) -> Any:
    """One group. Raises exact.Invalid (6.2) and AboveCap."""
    function, empty = FUNCTIONS[fn]
    present = [r for r in rows if None not in r.args]  # 5.5
    return (
        function(present, params or {}, t)
        if present
        else (
            list(empty)
            if isinstance(empty, list)
            else dict(empty)
            if isinstance(empty, dict)
            else empty
        )
    )


def aggregate_by(
    fn: str, rows: list[Row], groups: list, t: int, params: Optional[Params] = None
) -> dict:
    """5.4: a map from group to value, in group order, null (lowest) a group of its own; -0.0 and
    0.0 are one group, shown as 0.0."""
    parts: dict[tuple, tuple[Any, list[Row]]] = {}
    for row, group in zip(rows, groups):
        parts.setdefault(same_key(group), (represent(group), []))[1].append(row)
    return {
        group: aggregate(fn, members, t, params) for _, (group, members) in sorted(parts.items())
    }
