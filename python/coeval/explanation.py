"""Explanation: why a feature has the value that it has."""

from __future__ import annotations

import datetime
import html
import json
from typing import TYPE_CHECKING, Any

from coeval import display

if TYPE_CHECKING:
    from coeval import _core

_TAKEN = ("wins", "counted")


class Explanation:
    """Why a feature has the value that it has: what `TrainingSet.explain` and
    `FeatureStore.explain` give. Printing it tells the story; a notebook shows it as tables.

        why = ts.explain(17, "temp")
        why.value, why.status, why.because
        why.to_dict()["facts"]["shown"]

    What the words mean is said in docs/explain.md.
    """

    def __init__(self, made: _core.Explanation) -> None:
        self._made = made
        self._dict: dict[str, Any] = json.loads(made.json)

    @property
    def value(self) -> Any:
        """The value, as the training set holds it; None for null."""
        return self._made.value

    @property
    def status(self) -> str:
        """PRESENT, NULL_VALUE (the fact holds a null), OUTSIDE_MAX_AGE (too old for the view's
        ttl), NOT_FOUND, INVALID (an expression failed)."""
        status: str = self._dict["status"]
        return status

    @property
    def time(self) -> datetime.datetime | None:
        """The time of the fact, or of the newest event, that the value comes from; None: there is
        none."""
        return self._made.time

    @property
    def because(self) -> str:
        """The reason in one sentence."""
        because: str = self._dict["because"]
        return because

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values: docs/explain.md lists the members. Times are ISO 8601 texts,
        values are as JSON has them."""
        made: dict[str, Any] = json.loads(self._made.json)
        return made

    def __str__(self) -> str:
        return self._made.text

    def __repr__(self) -> str:
        return self._made.text

    def _repr_html_(self) -> str:
        return _html_of(self._dict)


def _html_of(made: dict[str, Any]) -> str:
    """One explanation, and those of its inputs set in below it."""
    default = " (its default, in place of null)" if made.get("default") else ""
    title = html.escape(f"{made['feature']} = {_text(made['value'])}{default}")
    parts = [f"<p><b>{title}</b><br>{html.escape(made['because'])}</p>"]
    parts.append(display.html_rows(["", ""], _about(made)))
    facts = made.get("facts")
    if facts is not None and facts["shown"]:
        parts.append(_facts_html(facts))
    for given in made.get("inputs", ()):
        if "feature" in given:
            inner = _html_of(given["feature"])
            parts.append(f"<div style='margin-left:2em'>{inner}</div>")
    return "".join(parts)


def _about(made: dict[str, Any]) -> list[list[str]]:
    rows = [["feature", f"{made['reference']}, {made['type']}"]]
    row = f"row {made['row']}, " if "row" in made else ""
    rows.append(["asked", f"{row}at {made['at']}"])
    of = f", of {made['event_timestamp']}" if made["event_timestamp"] else ""
    rows.append(["status", made["status"] + of])
    rows += [[label, made[label]] for label in ("error", "note", "ttl") if label in made]
    for key in made.get("key", ()):
        column = f" (column {key['column']})" if key["column"] != key["name"] else ""
        rows.append(["key", f"{key['name']} {_text(key['value'])}{column}"])
    if "window" in made:
        window = made["window"]
        ends = f"{window['first'] or 'all history'} to {window['last']}, both included"
        rows += [["function", window["function"]], ["window", ends if window["last"] else "empty"]]
        rows.append(["events", f"{window['events']:,}"])
    if "expression" in made:
        rows.append(["computed", made["expression"]])
    for given in made.get("inputs", ()):
        origin = (
            given["feature"]["reference"]
            if "feature" in given
            else f"request data {given['request_column']}"
        )
        rows.append(["with", f"{given['name']} = {_text(given['value'])}, {origin}"])
    if "facts" in made:
        fates = ", ".join(f"{count:,} {fate}" for fate, count in made["facts"]["fates"].items())
        rows.append(["facts", f"{made['facts']['of_key']:,} with this key: {fates}"])
    return rows


def _facts_html(facts: dict[str, Any]) -> str:
    """The facts shown; optional columns are those that any of them has."""
    shown = facts["shown"]
    header, members = ["", "event time"], ["event_timestamp"]
    for member, label in (("created_timestamp", "created"), ("sequence", "sequence")):
        if any(member in fact for fact in shown):
            header.append(label)
            members.append(member)
    header.append("known from")
    members.append("known_from")
    names = list(shown[0]["values"])
    rows = []
    for fact in shown:
        if "left_out_before" in fact:
            rows.append(_gap(fact["left_out_before"], len(header) + len(names) + 2))
        cells = ["➤" if fact["fate"] in _TAKEN else ""]
        cells += [_time(member, fact.get(member)) for member in members]
        cells += ["delete" if fact.get("delete") else _text(fact["values"][n]) for n in names]
        group = f" (row group {fact['row_group']})" if fact.get("row_group") else ""
        cells += [fact["why"], f"{fact.get('file', '')} {fact['row']}{group}".strip()]
        rows.append(cells)
    if "left_out_after" in facts:
        rows.append(_gap(facts["left_out_after"], len(header) + len(names) + 2))
    return display.html_rows([*header, *names, "verdict", "read from"], rows)


def _gap(count: int, width: int) -> list[str]:
    return ["", f"... {count:,} more", *[""] * (width - 2)]


def _time(member: str, value: Any) -> str:
    if value is None:  # a timeless fact is true, and known, since for ever
        return "always" if member in ("event_timestamp", "known_from") else ""
    return str(value)


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return display.cell_text(repr(value) if isinstance(value, float) else value)
