"""Compiles annotations to nodes."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from ..objects import KernelObject
from ..regions import MemoryRegion
from ._nodes import (
    EnumNode,
    ListNode,
    LiteralNode,
    MapNode,
    Node,
    ObjectNode,
    OptionalNode,
    RegionNode,
)
from ._scalars import AnyNode, kind_node, plain_nodes
from ._structs import Field, StructNode
from .types import Doc, Enum, JsonSchema, Kind, Name

_simple: dict[Any, Node] = {
    **plain_nodes(),
    KernelObject: ObjectNode(KernelObject),
    MemoryRegion: RegionNode(MemoryRegion),
}
_kinds: dict[str, Node] = {}
# Of classes, which programs define a few of.
_structs: dict[type, StructNode] = {}
_enums: dict[type[Enum], EnumNode] = {}


def node_of(annotation: Any) -> Node:
    """The node of an annotation. Raises TypeError for one that an interface cannot have."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _annotated(annotation)
    if origin in (list, Sequence):
        return ListNode(node_of(get_args(annotation)[0]))
    if origin in (dict, Mapping):
        key, value = get_args(annotation)
        if key is not str:
            raise TypeError(f"{annotation} has keys that are no strings")
        return MapNode(node_of(value))
    if origin is Literal:
        values = tuple(each for each in get_args(annotation) if each is not None)
        node = LiteralNode(Literal[values], values)
        return OptionalNode(node) if len(values) < len(get_args(annotation)) else node
    if origin in (Union, types.UnionType):
        others = [each for each in get_args(annotation) if each is not type(None)]
        if len(others) == 1 and len(others) < len(get_args(annotation)):
            return OptionalNode(node_of(others[0]))
        raise TypeError(f"{annotation} is a union, which interfaces do not have")
    simple = _simple.get(annotation)
    if simple is not None:
        return simple
    if isinstance(annotation, type):
        if issubclass(annotation, Enum):
            return _enums.setdefault(annotation, EnumNode(annotation))
        if dataclasses.is_dataclass(annotation):
            return struct_of(annotation)
    raise TypeError(f"{annotation} is no type that an interface can have")


def _annotated(annotation: Any) -> Node:
    of, *notes = get_args(annotation)
    for note in notes:
        if isinstance(note, Kind):
            return _kinds.setdefault(note.name, kind_node(note.name))
        if isinstance(note, JsonSchema):
            described = AnyNode(note.schema)
            return described if of is Any else OptionalNode(described)
    return node_of(of)


def struct_of(cls: type) -> StructNode:
    """The node of a dataclass."""
    known = _structs.get(cls)
    if known is not None:
        return known
    made = _structs[cls] = StructNode(cls, [])
    try:
        hints = get_type_hints(cls, include_extras=True)
        for each in dataclasses.fields(cls):
            made.fields.append(
                field_of(
                    each.name, hints[each.name], default_of(each.default, each.default_factory)
                )
            )
    except BaseException:
        del _structs[cls]
        raise
    return made


def field_of(name: str, annotation: Any, make_default: Callable[[], Any] | None) -> Field:
    """A field or argument, with what its annotation says about it."""
    wire, doc = notes_of(name, annotation)
    return Field(wire, name, node_of(annotation), make_default, doc)


def notes_of(name: str, annotation: Any) -> tuple[str, str | None]:
    """The name on the bus, and the documentation."""
    doc = None
    if get_origin(annotation) is Annotated:
        for note in get_args(annotation)[1:]:
            if isinstance(note, Name):
                name = note.wire
            elif isinstance(note, Doc):
                doc = note.text
    return name, doc


def default_of(default: Any, factory: Any = dataclasses.MISSING) -> Callable[[], Any] | None:
    """What makes a default; `None` if there is none."""
    if factory is not dataclasses.MISSING:
        made: Callable[[], Any] = factory
        return made
    if default is dataclasses.MISSING:
        return None
    if isinstance(default, list | dict):
        return default.copy
    return lambda: default
