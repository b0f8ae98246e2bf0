"""Where in the user's files an object was made, so that errors can say so."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple


class Place(NamedTuple):
    """A line of a file. `file` is as Python knows it: a path, or "<stdin>" and the like."""

    file: str
    line: int

    def text(self, root: str | None = None) -> str:
        """ "definitions.py:12", below `root` where it lies there."""
        return f"{shown_path(self.file, root)}:{self.line}"


def shown_path(file: str, root: str | None = None) -> str:
    """`file` relative to `root` where it lies below it, and as it is otherwise."""
    if root is None or not os.path.isabs(file):
        return file
    relative = os.path.relpath(os.path.realpath(file), os.path.realpath(root))
    return file if relative.startswith("..") else relative


def calling_place() -> Place | None:
    """The innermost line outside of this package that is being executed."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module != "coeval" and not module.startswith("coeval."):
            return Place(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return None
