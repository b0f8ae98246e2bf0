"""Progress of long work as one line, in a terminal or a notebook; nothing elsewhere.

weather      1,234,567 of 26,115 rows   81%   312,000 rows/s   2 s left
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

QUIET_VARIABLE = "COEVAL_PROGRESS"
"""COEVAL_PROGRESS=0 switches progress off, =1 shows it also where there is no terminal."""

ProgressFunction = Callable[[str, int, int, bool], None]
_FIRST_SHOWN_AFTER = 0.5  # seconds: short work shows nothing


@contextlib.contextmanager
def progress_bar() -> Iterator[ProgressFunction | None]:
    """What to call as show(what, rows_done, rows_expected or -1, finished); None: show nothing."""
    line = _Line.for_this_place()
    if line is None:
        yield None
        return
    bar = _Bar(line)
    try:
        yield bar.show
    finally:
        line.clear()


def progress_text(
    what: str, done: int, expected: int, seconds: float, finished: bool = False
) -> str:
    """One line: how many rows of how many, rows a second, time left."""
    rate = done / seconds if seconds > 0 else 0.0
    parts = [f"{what}  {done:,}"]
    if expected >= 0:
        share = 100 if finished or expected == 0 else min(99, done * 100 // expected)
        parts[0] += f" of {expected:,} rows"
        parts.append(f"{share}%")
    else:
        parts[0] += " rows"
    if rate > 0:
        parts.append(f"{rate:,.0f} rows/s")
        if expected > done and not finished:
            parts.append(f"{time_left((expected - done) / rate)} left")
    return "   ".join(parts)


def time_left(seconds: float) -> str:
    """45 -> "45 s", 150 -> "2 min 30 s", 7300 -> "2 h 1 min"."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _Bar:
    """Turns counts into a line; each thing worked on has its own start."""

    def __init__(self, line: _Line) -> None:
        self.line = line
        self.began = time.monotonic()
        self.starts: dict[str, float] = {}

    def show(self, what: str, done: int, expected: int, finished: bool) -> None:
        now = time.monotonic()
        start = self.starts.setdefault(what, now)
        if now - self.began < _FIRST_SHOWN_AFTER:
            return
        self.line.write(progress_text(what, done, expected, now - start, finished))


class _Line:
    """A line that is written over."""

    @staticmethod
    def for_this_place() -> _Line | None:
        wish = os.environ.get(QUIET_VARIABLE, "")
        if wish == "0":
            return None
        if _in_notebook():
            return _NotebookLine()
        if wish == "1" or (sys.stderr is not None and sys.stderr.isatty()):
            return _TerminalLine()
        return None

    def write(self, text: str) -> None:
        raise NotImplementedError

    def clear(self) -> None:
        raise NotImplementedError


class _TerminalLine(_Line):
    def __init__(self) -> None:
        self.shown = False

    def write(self, text: str) -> None:
        sys.stderr.write("\r\x1b[K" + text)
        sys.stderr.flush()
        self.shown = True

    def clear(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class _NotebookLine(_Line):
    def __init__(self) -> None:
        self.handle: Any = None

    def write(self, text: str) -> None:
        from IPython.display import display

        shown = {"text/plain": text}
        if self.handle is None:
            self.handle = display(shown, raw=True, display_id=True)
        else:
            self.handle.update(shown, raw=True)

    def clear(self) -> None:
        if self.handle is not None:
            self.handle.update({"text/plain": ""}, raw=True)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"
