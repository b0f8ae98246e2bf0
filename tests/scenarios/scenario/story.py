"""Stories as text: statements, each with its block of indented lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

OPTION = re.compile(
    r"(answered|at|content|counts|fails|known|late|manifest|names|offline only|on_error|says|"
    r"time column): *(.*)"
)
RULE = re.compile(r"\d+(\.\d+)?")


class StoryError(Exception):
    """The story itself is wrong: file, line, what."""


@dataclass
class Line:
    number: int
    text: str


@dataclass
class Table:
    """Named columns of texts. `given` of them come before `=>`; what follows is expected."""

    line: int
    names: list[str]
    types: list[str]  # "" where the header says none
    given: int
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


@dataclass
class Statement:
    line: int
    verb: str
    rest: str
    block: list[Line] = field(default_factory=list)

    def options(self) -> dict[str, list[str]]:
        """The lines `name: text` of the block."""
        found: dict[str, list[str]] = {}
        for line in self.block:
            if match := option_of(line):
                found.setdefault(match.group(1), []).append(match.group(2))
        return found

    def text(self) -> str:
        """The block without its options, as it stands: YAML."""
        return "".join(
            line.text + "\n"
            for line in self.block
            if not line.text.startswith(("  fails: ", "  says: "))
        )

    def table(self) -> Table | None:
        """The block's table; None where it has none."""
        rows = [
            line
            for line in self.block
            if line.text.strip() and not line.text.lstrip().startswith("#") and not option_of(line)
        ]
        if not rows:
            return None
        left, arrow, right = rows[0].text.partition("=>")
        given, expected = cells_of(left), cells_of(right) if arrow else []
        heads = [head.partition(": ") for head in given + expected]
        table = Table(
            rows[0].number,
            [name.strip() for name, _, _ in heads],
            [kind.strip() for _, _, kind in heads],
            len(given),
        )
        for row in rows[1:]:
            left, found, right = row.text.partition("=>")
            cells = (cells_of(left) if given else []) + (cells_of(right) if found else [])
            if len(cells) != len(table.names) or bool(found) != bool(arrow):
                raise StoryError(
                    f"{row.number}: {len(cells)} cells under {len(table.names)} columns"
                )
            table.rows.append((row.number, cells))
        return table


@dataclass
class Story:
    path: Path
    rules: list[str]
    statements: list[Statement]


def option_of(line: Line) -> re.Match[str] | None:
    """`name: text`; a line with `|` or `=>` is one of the table."""
    text = line.text.strip()
    return None if "|" in text or "=>" in text else OPTION.fullmatch(text)


def cells_of(text: str) -> list[str]:
    """The cells between `|`; a `|` between quotes or brackets is a letter."""
    cells, depth, quoted, cell = [], 0, False, ""
    for letter in text.strip():
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in "[{(":
            depth += 1
        elif not quoted and letter in "]})":
            depth -= 1
        if letter == "|" and depth == 0 and not quoted:
            cells.append(cell.strip())
            cell = ""
        else:
            cell += letter
    return [*cells, cell.strip()]


def read_story(path: Path) -> Story:
    """Errors: StoryError with the line."""
    statements: list[Statement] = []
    rules: list[str] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if "\t" in text:
            raise StoryError(f"{number}: a tab; stories are indented by blanks")
        if text.startswith(" ") and text.strip():
            if not statements:
                raise StoryError(f"{number}: an indented line belongs to no statement")
            statements[-1].block.append(Line(number, text))
        elif text.startswith("rule "):
            rules += [rule.strip() for rule in text.removeprefix("rule ").split(",")]
        elif text.strip() and not text.startswith("#"):
            verb, _, rest = text.partition(" ")
            statements.append(Statement(number, verb, rest.strip()))
    if not rules or not all(RULE.fullmatch(rule) for rule in rules):
        raise StoryError("1: a story names its rules: `rule 3.1, 3.4`")
    return Story(path, rules, statements)
