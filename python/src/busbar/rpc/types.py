"""The types of interfaces that Python has no names for: integers of a size, enums that grow, and
what an annotation may say beside its type."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta


@dataclass(frozen=True, slots=True)
class Kind:
    """The name of a type in models, in an annotation."""

    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """The name of an argument, a field or a member on the bus, where Python's differs:
    `max_value: Annotated[float, rpc.Name("maxValue")]`."""

    wire: str


@dataclass(frozen=True, slots=True)
class Doc:
    """What an argument, field or member means, in Markdown: `Annotated[float, rpc.Doc("…")]`."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class JsonSchema:
    """A JSON Schema that describes a value of type `Any`; it is not checked."""

    schema: Mapping[str, Any]


F32 = Annotated[float, Kind("f32")]
"""A number of 32 bits: others are rounded to the nearest."""
I8 = Annotated[int, Meta(ge=-(1 << 7), le=(1 << 7) - 1), Kind("i8")]
"""An integer of 8 bits."""
I16 = Annotated[int, Meta(ge=-(1 << 15), le=(1 << 15) - 1), Kind("i16")]
"""An integer of 16 bits."""
I32 = Annotated[int, Meta(ge=-(1 << 31), le=(1 << 31) - 1), Kind("i32")]
"""An integer of 32 bits."""
I64 = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1), Kind("i64")]
"""An integer of 64 bits, as `int` is in an interface. In JSON, a string of digits."""
U8 = Annotated[int, Meta(ge=0, le=(1 << 8) - 1), Kind("u8")]
"""An integer of 0 to 255."""
U16 = Annotated[int, Meta(ge=0, le=(1 << 16) - 1), Kind("u16")]
"""An integer of 0 to 65,535."""
U32 = Annotated[int, Meta(ge=0, le=(1 << 32) - 1), Kind("u32")]
"""An integer of 0 to 4,294,967,295."""
U64 = Annotated[int, Meta(ge=0), Kind("u64")]
"""An integer of 64 bits without a sign. In JSON, a string of digits."""
U53 = Annotated[int, Meta(ge=0, le=(1 << 53) - 1), Kind("u53")]
"""An integer of 0 to 9,007,199,254,740,991, all that JavaScript's numbers hold exactly."""


class Enum(enum.Enum):
    """The base of enums in interfaces; their values are strings. A value that this version of the
    interface does not know arrives as a member of its own, whose `known` is false, so that a newer
    sender may have more."""

    @classmethod
    def _missing_(cls, value: object) -> Enum | None:
        if not isinstance(value, str):
            return None
        made = object.__new__(cls)
        made._name_ = value
        made._value_ = value
        return made

    @property
    def known(self) -> bool:
        """Whether this version of the interface has the value."""
        return self._value_ in type(self)._value2member_map_

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._value_ == self._value_

    def __hash__(self) -> int:
        return hash(self._value_)


class Inline:
    """A base for dataclasses that have no name in the interface: in descriptions, their fields
    stand in the place where they are used."""

    __slots__ = ()
