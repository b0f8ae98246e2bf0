"""Field: a named, typed feature of a view, or an input of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coeval.definitions.definition import list_of, text_of, texts_of, without_defaults
from coeval.definitions.keywords import CheckedKeywords
from coeval.definitions.values import value_json
from coeval.types import DataType, TypeLike, type_text


class Field(metaclass=CheckedKeywords):
    """A feature: its name, its type, and what it means.

    `default` is used in place of null, when training and when serving alike; it is part of the
    view's version.

        Field("temp", Float64, description="degrees Fahrenheit")
        Field("visits", Int64, default=0)
    """

    name: str
    dtype: DataType
    description: str
    tags: dict[str, str]
    default: Any

    def __init__(
        self,
        name: str,
        dtype: TypeLike,
        *,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        default: Any = None,
    ) -> None:
        self.name = text_of(name, "Field: name")
        try:
            self.dtype = DataType(type_text(dtype))
        except TypeError as error:
            raise TypeError(f"Field {name!r}: dtype: {error}") from None
        self.description = text_of(description, f"Field {name!r}: description")
        self.tags = texts_of(tags, f"Field {name!r}: tags")
        self.default = default
        self._default_json = value_json(default, f"Field {name!r}: default")

    def to_dict(self) -> dict[str, Any]:
        """What it declares, as plain data."""
        members = {"name": self.name, "type": self.dtype.text, "description": self.description}
        members |= {"tags": self.tags}  # type: ignore[dict-item]
        field = without_defaults(members)
        if self._default_json is not None:
            field["default"] = self._default_json
        return field

    @classmethod
    def from_dict(cls, members: Mapping[str, Any]) -> Field:
        """The inverse of to_dict; a default stays in its JSON form."""
        return cls(
            members["name"],
            members["type"],
            description=members.get("description", ""),
            tags=members.get("tags"),
            default=members.get("default"),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.name, self.dtype))

    def __repr__(self) -> str:
        return f"Field({self.name!r}, {self.dtype.text!r})"


def fields_of(schema: Any, what: str) -> list[Field]:
    """A list of Fields. Errors: TypeError that shows what else was found."""
    fields = list_of(schema, what)
    for field in fields:
        if not isinstance(field, Field):
            raise TypeError(f"{what}: a Field is expected, found {field!r}")
    return fields
