"""bench/RESULTS.md: one section for each workload, each with its machine, commit and command.

A run replaces the sections of the workloads that it measured and leaves the others, so the file
always holds the newest figures; older ones are in its history.
"""

import re
import time
from dataclasses import dataclass, field

from measure import ROOT, commit, machine

PATH = ROOT / "bench" / "RESULTS.md"
INTRODUCTION = """# Results

Coeval beside its peers, measured in the same run on the same machine; written by `make bench`. What
the workloads are and how they are measured: [README.md](README.md). Figures of different sections may
come from different machines and commits, and are not to be compared.
"""


@dataclass
class Section:
    """What one workload came to."""

    title: str
    about: str
    header: list
    rows: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    names: int = 1  # how many columns, the first ones, hold names


def table(section):
    """A Markdown table; all columns but names stand to the right."""
    widths = [max(len(str(row[at])) for row in [section.header, *section.rows])
              for at in range(len(section.header))]

    def line(cells):
        padded = [str(cell).ljust(width) if at < section.names else str(cell).rjust(width)
                  for at, (cell, width) in enumerate(zip(cells, widths, strict=True))]
        return "| " + " | ".join(padded) + " |"

    rule = [("-" * width) if at < section.names else "-" * (width - 1) + ":"
            for at, width in enumerate(widths)]
    return "\n".join([line(section.header), line(rule), *(line(row) for row in section.rows)])


def text_of(section, command):
    when = time.strftime("%Y-%m-%d", time.gmtime())
    lines = [f"## {section.title}", "", section.about, "",
             f"`{command}`, {when}, commit {commit()}; {machine()}.", "", table(section)]
    if section.notes:
        lines += ["", *(f"- {note}" for note in section.notes)]
    return "\n".join(lines) + "\n"


def merged(old, sections, command):
    """The file's new text: the sections of this run in place of those of the same title."""
    kept = {}
    for part in re.split(r"^(?=## )", old, flags=re.M)[1:]:
        kept[part.split("\n", 1)[0][3:]] = part.rstrip("\n") + "\n"
    for section in sections:
        kept[section.title] = text_of(section, command)
    return INTRODUCTION + "\n" + "\n".join(kept.values())


def write(sections, command):
    old = PATH.read_text() if PATH.exists() else ""
    PATH.write_text(merged(old, sections, command))
