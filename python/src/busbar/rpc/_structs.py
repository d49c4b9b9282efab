"""The node of structs: dataclasses, and the records that the layer makes of arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec

from ._nodes import MAX_DEPTH, Node, OptionalNode, Refused, Walk

NO_DEFAULT: Any = dataclasses.MISSING


@dataclasses.dataclass(slots=True)
class Field:
    """A field of a struct."""

    wire: str
    """On the bus."""
    name: str
    """In Python."""
    node: Node
    make_default: Callable[[], Any] | None = None
    """What a missing value becomes; `None` if there must be one."""
    doc: str | None = None


class StructNode(Node):
    """Structs. Fields that the receiver does not know are ignored, and missing optional ones take
    their default. `fields` is filled before the first value comes: a struct may contain itself."""

    def __init__(self, cls: type, fields: list[Field], *, record: bool = False) -> None:
        super().__init__(cls)
        self.cls = cls
        self.fields = fields
        self.record = record
        """Whether the layer has made the class. Its values are written from dicts with the names of
        the wire."""

    @classmethod
    def of_fields(cls, name: str, fields: list[Field]) -> StructNode:
        """A record with these fields."""
        specs: list[Any] = []
        for each in fields:
            if each.make_default is None:
                specs.append((each.name, each.node.type))
            else:
                default = msgspec.field(default_factory=each.make_default)
                specs.append((each.name, each.node.type, default))
        rename = {each.name: each.wire for each in fields}
        # Optional arguments may stand before others on the wire.
        made = msgspec.defstruct(name, specs, rename=rename, kw_only=True)
        return cls(made, fields, record=True)

    def parts(self) -> Sequence[Node]:
        return [each.node for each in self.fields]

    def reads(self, json: bool) -> bool:
        return self.record or all(each.wire == each.name for each in self.fields)

    def writes(self, json: bool) -> bool:
        return self.record or all(each.wire == each.name for each in self.fields)

    def encode(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, dict if self.record else self.cls):
            raise Refused(f"Expected `{self.cls.__name__}`, got `{type(value).__name__}`")
        given = cast("dict[str, Any]", value) if self.record else self._named(value)
        _enter(walk)
        wire = {}
        for each in self.fields:
            found = given.get(each.wire)
            if found is None and (self.record or isinstance(each.node, OptionalNode)):
                if self.record and each.wire not in given and each.make_default is None:
                    raise Refused(f"Object missing required field `{each.wire}`")
                continue
            try:
                wire[each.wire] = each.node.encode(found, walk)
            except Refused as refused:
                raise refused.inside(f".{each.wire}") from None
        walk.depth -= 1
        return wire

    def _named(self, value: Any) -> dict[str, Any]:
        return {each.wire: getattr(value, each.name) for each in self.fields}

    def decode(self, wire: Any, walk: Walk) -> Any:
        if not isinstance(wire, dict):
            raise Refused(f"Expected `object`, got `{type(wire).__name__}`")
        _enter(walk)
        found = {}
        for each in self.fields:
            value = wire.get(each.wire)
            try:
                if value is not None:
                    found[each.name] = each.node.decode(value, walk)
                elif each.make_default is not None:
                    found[each.name] = each.make_default()
                elif isinstance(each.node, OptionalNode):
                    found[each.name] = None
                elif each.wire in wire:
                    found[each.name] = each.node.decode(None, walk)
                else:
                    raise Refused("is missing")
            except Refused as refused:
                raise refused.inside(f".{each.wire}") from None
        walk.depth -= 1
        return self.cls(**found)


def _enter(walk: Walk) -> None:
    walk.depth += 1
    if walk.depth > MAX_DEPTH:
        raise Refused(f"is nested more than {MAX_DEPTH} deep")
