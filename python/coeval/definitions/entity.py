"""Entity: what features are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coeval.definitions.definition import Definition, list_of, text_of, without_defaults
from coeval.definitions.field import Field
from coeval.types import DataType, TypeLike, type_text

JoinKeys = Sequence[str | Field] | Mapping[str, TypeLike]


class Entity(Definition):
    """What features are about, known by one or more join keys.

        Entity(name="airport", join_keys=["airport"], value_type=String)
        Entity(name="leg", join_keys={"origin": String, "number": Int64})

    `value_type` is the type of every join key that does not bring its own; where neither does, the
    type is taken from a view whose schema names the key. Without `join_keys` the name is the key.
    """

    kind = "entity"

    join_keys: list[str]
    """The names of the keys, in order."""

    def __init__(
        self,
        name: str,
        *,
        join_keys: JoinKeys | None = None,
        value_type: TypeLike | None = None,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(name, description, tags, owner)
        common = None if value_type is None else self._type(value_type, "value_type")
        self._key_types: dict[str, DataType | None] = {}
        for key, own in self._keys(join_keys):
            self._key_types[key] = own if own is not None else common
        self.join_keys = list(self._key_types)

    @property
    def join_key(self) -> str:
        """The first join key."""
        return self.join_keys[0]

    @property
    def value_type(self) -> DataType | None:
        """The type of the first join key; None where a view's schema says it."""
        return self._key_types[self.join_key]

    @property
    def join_key_types(self) -> dict[str, DataType | None]:
        """The type of each join key."""
        return dict(self._key_types)

    def to_dict(self) -> dict[str, Any]:
        keys = [
            without_defaults({"name": name, "type": dtype.text if dtype else None})
            for name, dtype in self._key_types.items()
        ]
        return without_defaults({"name": self.name, "join_keys": keys} | self._common())

    @classmethod
    def from_dict(cls, members: Mapping[str, Any]) -> Entity:
        """The inverse of to_dict."""
        keys = [Field(key["name"], key["type"]) for key in members["join_keys"]]
        common = {m: members[m] for m in ("description", "tags", "owner") if m in members}
        entity = cls(members["name"], join_keys=keys, **common)
        entity._place = None
        return entity

    def _type(self, type_like: TypeLike, member: str) -> DataType:
        try:
            return DataType(type_text(type_like))
        except TypeError as error:
            raise TypeError(f"{self._what(member)}: {error}") from None

    def _keys(self, join_keys: JoinKeys | None) -> list[tuple[str, DataType | None]]:
        if join_keys is None:
            return [(self.name, None)]
        if isinstance(join_keys, Mapping):
            return [
                (text_of(key, self._what("join_keys")), self._type(dtype, f"join_keys[{key!r}]"))
                for key, dtype in join_keys.items()
            ]
        keys: list[tuple[str, DataType | None]] = []
        for key in list_of(join_keys, self._what("join_keys")):
            if isinstance(key, Field):
                keys.append((key.name, key.dtype))
            else:
                keys.append((text_of(key, self._what("join_keys")), None))
        if not keys:
            raise ValueError(f"{self._what('join_keys')}: at least one is needed")
        if len({key for key, _ in keys}) < len(keys):
            raise ValueError(f"{self._what('join_keys')}: a key is there twice")
        return keys
