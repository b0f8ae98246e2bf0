"""Tables for people: as plain text, and as HTML for notebooks."""

from __future__ import annotations

import datetime
import html
from collections.abc import Mapping, Sequence
from typing import Any

_WIDEST_CELL = 40
_MOST_COLUMNS = 12


def cell_text(value: Any) -> str:
    """One value, short: null as "null", times in UTC."""
    if value is None:
        return "null"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S") + (f".{value:%f}" if value.microsecond else "")
    text = str(value)
    return text if len(text) <= _WIDEST_CELL else text[: _WIDEST_CELL - 3] + "..."


def percent(part: int, whole: int) -> str:
    """12.5 %; a share that is there but below 0.05 % is "<0.1 %", one short of all is ">99.9 %"."""
    if whole == 0 or part == 0:
        return "0 %"
    if part == whole:
        return "100 %"
    share = 100 * part / whole
    if share < 0.05:
        return "<0.1 %"
    return ">99.9 %" if share > 99.95 else f"{share:.1f} %"


def text_rows(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """Columns under one another, two blanks between them; those in `right` are set to the right."""
    widths = [max([len(header[i])] + [len(row[i]) for row in rows]) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        parts = [
            cell.rjust(widths[i]) if i in right else cell.ljust(widths[i])
            for i, cell in enumerate(cells)
        ]
        return "  ".join(parts).rstrip()

    return "\n".join([line(header), *[line(row) for row in rows]])


def html_rows(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """The same as an HTML table; all text is escaped."""

    def cells(values: Sequence[str], tag: str) -> str:
        sides = ["right" if i in right else "left" for i in range(len(values))]
        return "".join(
            f"<{tag} style='text-align:{side}'>{html.escape(value)}</{tag}>"
            for side, value in zip(sides, values, strict=True)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table><thead><tr>{cells(header, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def table_text(title: str, head: Mapping[str, Sequence[str]], rows: int) -> str:
    """A title and the first rows."""
    header, shown = _first_columns(head)
    lines = [title]
    if shown:
        lines.append(text_rows(header, shown))
    if rows > len(shown):
        lines.append(f"... {rows - len(shown):,} more rows")
    return "\n".join(lines)


def table_html(title: str, head: Mapping[str, Sequence[str]], rows: int) -> str:
    """The same as HTML."""
    header, shown = _first_columns(head)
    more = f"<p>... {rows - len(shown):,} more rows</p>" if rows > len(shown) else ""
    return f"<p><b>{html.escape(title)}</b></p>{html_rows(header, shown)}{more}"


def _first_columns(head: Mapping[str, Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    names = list(head)
    if len(names) > _MOST_COLUMNS:
        names = names[:_MOST_COLUMNS]
        header = [*names, f"+ {len(head) - _MOST_COLUMNS} columns"]
    else:
        header = names
    count = max((len(cells) for cells in head.values()), default=0)
    rows = [[head[name][i] for name in names] for i in range(count)]
    if len(header) > len(names):
        rows = [[*row, ""] for row in rows]
    return header, rows
