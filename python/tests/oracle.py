"""The as-of join by the letter of rule 3, row by row: slow, plain, and nobody else's code."""

from __future__ import annotations

import struct
from typing import Any


def order_key(value: Any) -> tuple:
    """The order of rule 1.5 within one type: null lowest, -0.0 before 0.0, NaN last."""
    if value is None:
        return (0,)
    if isinstance(value, float):
        if value != value:
            return (1, 1, 0)
        bits = struct.unpack(">q", struct.pack(">d", value))[0]
        return (1, 0, bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF) - 1)
    if isinstance(value, str):
        return (1, value.encode())
    return (1, value)


def join(
    left: list[dict],
    right: list[dict],
    *,
    by: list[str],
    columns: list[str],
    tolerance: int | None = None,
    created: str | None = None,
    known: str = "declared",
    allow_exact_matches: bool = True,
) -> list[dict]:
    """Times are integers under "t"; keys are compared with ==, null matches nothing."""
    answers = []
    for question in left:
        best = None
        for fact in right:
            if any(question[key] is None or question[key] != fact[key] for key in by):
                continue
            if fact["t"] > question["t"] or (
                not allow_exact_matches and fact["t"] == question["t"]
            ):
                continue
            written = fact.get(created) if created else None
            if known == "arrival" and written is not None and written > question["t"]:
                continue
            if tolerance is not None and fact["t"] < question["t"] - tolerance:
                continue
            rank = (fact["t"], order_key(written), *[order_key(fact[name]) for name in columns])
            if best is None or rank > best[0]:
                best = (rank, fact)
        answers.append({name: best[1][name] if best else None for name in columns})
    return answers
