"""What all definitions have in common: a name, a description, tags, an owner, and a place."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from coeval.definitions.keywords import CheckedKeywords
from coeval.definitions.place import Place, calling_place


class Definition(metaclass=CheckedKeywords):
    """An object of a repository. Made once; two are equal where they say the same."""

    kind: ClassVar[str] = ""
    """The kind as errors name it: "feature view"."""

    name: str
    description: str
    tags: dict[str, str]
    owner: str

    def __init__(
        self, name: str, description: str, tags: Mapping[str, str] | None, owner: str
    ) -> None:
        self._place: Place | None = calling_place()
        self.name = text_of(name, f"{type(self).__name__}: name")
        self.description = text_of(description, self._what("description"))
        self.tags = texts_of(tags, self._what("tags"))
        self.owner = text_of(owner, self._what("owner"))

    @property
    def place(self) -> Place | None:
        """The file and line where it was made; None where it came from a registry."""
        return self._place

    def to_dict(self) -> dict[str, Any]:
        """What it declares, as plain data: the form of YAML definitions, without defaults."""
        raise NotImplementedError

    def _what(self, member: str) -> str:
        return f"{type(self).__name__} {self.name!r}: {member}"

    def _common(self) -> dict[str, Any]:
        return {"description": self.description, "tags": self.tags, "owner": self.owner}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Definition) or type(self) is not type(other):
            return False
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _repr_html_(self) -> str:
        rows = [(key, _shown(value)) for key, value in self.to_dict().items() if key != "name"]
        body = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th>"
            f"<td style='text-align:left;white-space:pre-wrap'>{html.escape(text)}</td></tr>"
            for key, text in rows
        )
        title = f"<b>{html.escape(type(self).__name__)} {html.escape(self.name)}</b>"
        return f"{title}<table>{body}</table>"


def _shown(value: Any) -> str:
    """A member for people: lists of fields and projections a line each."""
    if isinstance(value, list):
        return "\n".join(_shown(item) for item in value)
    if isinstance(value, dict):
        if "name" in value and "type" in value:
            note = value.get("description", "")
            return f"{value['name']}: {value['type']}" + (f"  ({note})" if note else "")
        return ", ".join(f"{key}: {_shown(item)}" for key, item in value.items())
    return str(value)


def without_defaults(members: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves out what is None, "" or empty."""
    return {
        key: value
        for key, value in members.items()
        if value is not None and value != "" and value != [] and value != {}
    }


def text_of(value: Any, what: str) -> str:
    """`value` where it is a text. Errors: TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: a text is expected, found {value!r}")
    return value


def texts_of(value: Mapping[str, str] | None, what: str) -> dict[str, str]:
    """A copy of a map of texts. Errors: TypeError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"{what}: a dict of texts is expected, found {value!r}")
    return {text_of(key, what): text_of(text, f"{what}[{key!r}]") for key, text in value.items()}


def list_of(value: Any, what: str) -> list[Any]:
    """A copy of a list. A text is no list of its letters. Errors: TypeError."""
    if value is None:
        return []
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{what}: a list is expected, found {value!r}")
    return list(value)


def flag_of(value: Any, what: str) -> bool:
    """`value` where it is True or False. Errors: TypeError."""
    if not isinstance(value, bool):
        raise TypeError(f"{what}: True or False is expected, found {value!r}")
    return value
