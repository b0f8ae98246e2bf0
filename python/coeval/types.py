"""The types of features and join keys.

    from coeval.types import Array, Date, Decimal, Float64, Int64, Map, String, Timestamp, Vector

    Field("tags", Array(String))
    Field("price", Decimal(12, 2))
    Field("embedding", Vector(Float32, 8))
    Field("by_country", Map(String, Int64))

A type may also be written as text, as in YAML: "int64", "list<string>", "vector<float32, 8>".
"""

from __future__ import annotations

import enum
from typing import Any

__all__ = [
    "Array",
    "Bool",
    "Bytes",
    "DataType",
    "Date",
    "Decimal",
    "Float32",
    "Float64",
    "Int32",
    "Int64",
    "List",
    "Map",
    "String",
    "Timestamp",
    "TypeLike",
    "UnixTimestamp",
    "ValueType",
    "Vector",
]


class DataType:
    """A type, by its one spelling: DataType("list<int64>"). Immutable, hashable."""

    __slots__ = ("text",)

    text: str
    """The spelling of definitions, errors and YAML: "int64"."""

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "text", text)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a DataType does not change")

    def __reduce__(self) -> tuple[type[DataType], tuple[str]]:
        return DataType, (self.text,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DataType) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"DataType({self.text!r})"

    def __str__(self) -> str:
        return self.text


Bool = DataType("bool")
"""True or false."""
Int32 = DataType("int32")
"""A whole number of 32 bits."""
Int64 = DataType("int64")
"""A whole number of 64 bits."""
Float32 = DataType("float32")
"""A floating-point number of 32 bits."""
Float64 = DataType("float64")
"""A floating-point number of 64 bits."""
String = DataType("string")
"""Text (UTF-8)."""
Bytes = DataType("bytes")
"""Any bytes."""
Timestamp = DataType("timestamp")
"""A time in microseconds, UTC."""
UnixTimestamp = Timestamp
"""Feast's name of Timestamp."""
Date = DataType("date")
"""A day without time of day."""


class ValueType(enum.Enum):
    """Feast's names of types, for definitions that are moved over: `value_type=ValueType.INT64`."""

    BYTES = "bytes"
    STRING = "string"
    INT32 = "int32"
    INT64 = "int64"
    DOUBLE = "float64"
    FLOAT = "float32"
    BOOL = "bool"
    UNIX_TIMESTAMP = "timestamp"
    BYTES_LIST = "list<bytes>"
    STRING_LIST = "list<string>"
    INT32_LIST = "list<int32>"
    INT64_LIST = "list<int64>"
    DOUBLE_LIST = "list<float64>"
    FLOAT_LIST = "list<float32>"
    BOOL_LIST = "list<bool>"
    UNIX_TIMESTAMP_LIST = "list<timestamp>"

    @property
    def data_type(self) -> DataType:
        """The same type as Coeval names it."""
        return DataType(self.value)


TypeLike = DataType | ValueType | str
"""What may stand for a type: Int64, ValueType.INT64 or "int64"."""


def Array(element: TypeLike) -> DataType:  # noqa: N802 (a type's name)
    """A list of any length: Array(String). Elements may be null."""
    return DataType(f"list<{type_text(element)}>")


List = Array
"""The same as Array."""


def Vector(element: TypeLike, size: int) -> DataType:  # noqa: N802
    """A vector of exactly `size` elements without nulls, for embeddings: Vector(Float32, 8)."""
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"Vector: size is a whole number, found {size!r}")
    return DataType(f"vector<{type_text(element)}, {size}>")


def Map(key: TypeLike, value: TypeLike) -> DataType:  # noqa: N802
    """A map: Map(String, Float64). Keys are unique and not null."""
    return DataType(f"map<{type_text(key)}, {type_text(value)}>")


def Decimal(precision: int, scale: int = 0) -> DataType:  # noqa: N802
    """An exact decimal of up to 38 digits, `scale` of them after the point: Decimal(12, 2)."""
    for name, value in (("precision", precision), ("scale", scale)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"Decimal: {name} is a whole number, found {value!r}")
    return DataType(f"decimal({precision}, {scale})")


def type_text(type_like: Any) -> str:
    """The spelling of a type: Int64 -> "int64". Errors: TypeError that shows what was found."""
    if isinstance(type_like, DataType):
        return type_like.text
    if isinstance(type_like, ValueType):
        return str(type_like.value)
    if isinstance(type_like, str):
        return type_like
    if type_like in (Array, Map, Vector, Decimal):
        raise TypeError(f"{type_like.__name__} needs the types inside it, as in Array(Int64)")
    raise TypeError(
        f"a type is expected, such as coeval.types.Int64 or 'int64', found {type_like!r}"
    )
