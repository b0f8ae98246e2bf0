"""Plan: what an apply will do, or did."""

from __future__ import annotations

import html
from typing import Any


class Plan:
    """What `FeatureStore.plan` shows and `apply` did. Printing it explains it."""

    def __init__(self, changes: dict[str, Any], text: str, empty: bool, refused: bool) -> None:
        self._changes = changes
        self.text = text
        """What will be done, a line for each change, for people."""
        self.empty = empty
        """Whether there is nothing to do."""
        self.refused = refused
        """Whether something forbids it: then nothing will be changed."""

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Each change: kind, name, action, versions, differences."""
        return list(self._changes.get("changes", []))

    @property
    def refusals(self) -> list[dict[str, Any]]:
        """What forbids it: kind, name, message, users."""
        return list(self._changes.get("refusals", []))

    def __bool__(self) -> bool:
        """True where there is something to do."""
        return not self.empty

    def __str__(self) -> str:
        return self.text.rstrip("\n")

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"
