"""What the demo tells its reader: numbered steps, progress of long work, bars, tables, errors.

On a terminal a running count is redrawn in place; in a pipe it is a line for each tenth.
"""

import shutil
import sys
import time


class DemoError(Exception):
    """Something that was promised is not so, or cannot be done; the text says what and where."""


def step(number: int, of: int, title: str) -> None:
    print(f"\n[{number}/{of}] {title}", flush=True)


def say(text: str = "") -> None:
    print(f"      {text}" if text else "", flush=True)


def show(result: object) -> None:
    """A plan, a training set, a report: as it prints itself."""
    for line in str(result).splitlines():
        say(line)


class Progress:
    """Counts work up to `total` and shows rate and time left. Use it as a context.

    with Progress("moments", 300) as progress:
        progress.advance(1, "6,370 rows asked")
    """

    def __init__(self, unit: str, total: int):
        self.unit, self.total = unit, max(total, 1)
        self.done, self.note, self.shown = 0, "", 0.0
        self.live = sys.stdout.isatty()
        self.started = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind, error, trace) -> None:
        if self.live:
            print("\r\x1b[K", end="", flush=True)

    def advance(self, count: int = 1, note: str = "") -> None:
        before = self.done
        self.done += count
        self.note = note
        now = time.monotonic()
        if self.live and (now - self.shown >= 0.1 or self.done >= self.total):
            self.shown = now
            width = shutil.get_terminal_size().columns - 1  # a line that wraps is not drawn over
            print(f"\r\x1b[K{f'      {self.line(now)}'[:width]}", end="", flush=True)
        elif not self.live and self.done * 10 // self.total > before * 10 // self.total:
            say(self.line(now))

    def line(self, now: float) -> str:
        taken = max(now - self.started, 1e-9)
        left = taken / max(self.done, 1) * (self.total - self.done)
        text = f"{self.done:,} of {self.total:,} {self.unit}, {left:.0f} s left"
        return f"{text}; {self.note}" if self.note else text


def bars(values: dict[str, float], lowest: float, highest: float, width: int = 44) -> list[str]:
    """One line a value: its name, a bar from `lowest` to `highest`, the value."""
    longest = max(len(name) for name in values)
    lines = []
    for name, value in values.items():
        share = min(max((value - lowest) / (highest - lowest), 0.0), 1.0)
        lines.append(f"{name:<{longest}}  {'█' * round(share * width):<{width}}  {value:.3f}")
    return lines


def table(rows: list[tuple], headings: tuple) -> list[str]:
    """Columns as wide as their widest cell; what is a number stands to the right."""
    cells = [headings, *rows]
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in cells]
    widths = [max(len(row[i]) for row in texts) for i in range(len(headings))]
    right = [bool(rows) and isinstance(rows[0][i], int | float) for i in range(len(headings))]
    return [
        "  ".join(
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in texts
    ]
