"""The members of an interface, compiled from its class."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from uuid import uuid5

from ..message_types import NAMESPACE
from ._coding import Codec
from ._compile import default_of, field_of, node_of, notes_of, struct_of
from ._nodes import Node, OptionalNode
from ._scalars import kind_node
from ._streams import ResultStream, Stream
from ._structs import Field, StructNode
from .errors import DeclaredError

_STREAMS = (AsyncIterator, AsyncGenerator, ResultStream, Stream)


@dataclass(frozen=True, slots=True)
class Declared:
    """What `method` says about a function."""

    name: str | None
    errors: tuple[type[DeclaredError], ...]
    idempotent: bool | None
    doc: str | None


@dataclass(slots=True, eq=False, weakref_slot=True)
class Member:
    """A member of an interface."""

    kind: str
    """method, property or signal."""
    name: str
    """On the bus."""
    attribute: str
    """In Python."""
    interface: str
    type_bytes: bytes
    """Of its messages."""
    doc: str | None = None
    args: Codec | None = None
    """The arguments, as a record; the data of a signal; the value of a property."""
    parameters: dict[str, str] = field(default_factory=dict)
    """The names of the arguments on the bus, by those in Python."""
    order: tuple[str, ...] = ()
    """The parameters in Python, the input included."""
    input: Codec | None = None
    """An item that the caller streams."""
    input_parameter: str = ""
    returns: Codec | None = None
    item: Codec | None = None
    """An item that the server streams."""
    errors: dict[str, tuple[type[DeclaredError], Codec]] = field(default_factory=dict)
    idempotent: bool | None = None
    writable: bool = False
    versioned: Codec | None = None
    """For a property: `{ value, version }`."""
    setting: Codec | None = None
    """For a property: `{ value, ifVersion }`."""

    def __str__(self) -> str:
        return f"{self.interface}.{self.name}"


def compile_members(cls: type, name: str, version: str, kinds: Mapping[Any, str]) -> list[Member]:
    """The members that a class declares. `kinds`: what its annotations may be. Raises TypeError
    for what no interface can have."""
    found = re.fullmatch(r"(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})", version, re.ASCII)
    if found is None:
        raise TypeError(f"version is {version!r}; expected numbers, such as '1.2'")
    label = f"{name}/{int(found[1])}"
    return [*_attributes(cls, name, label, kinds), *_methods(cls, name, label)]


def _attributes(
    cls: type, interface: str, label: str, kinds: Mapping[Any, str]
) -> Iterator[Member]:
    own = inspect.get_annotations(cls)
    hints = get_type_hints(cls, include_extras=True) if own else {}
    for attribute in own:
        wire, doc = notes_of(attribute, hints[attribute])
        annotation = hints[attribute]
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        declared = get_origin(annotation)
        kind = kinds.get(declared)
        if kind is None or declared is None:
            continue
        (of,) = get_args(annotation)
        member = Member(kind, wire, attribute, interface, _type_of(label, wire), doc)
        member.args = None if of in (None, type(None)) else Codec(node_of(of))
        member.idempotent = True
        if kind == "property":
            _complete_property(member, declared.__name__ == "WritableProperty")
        yield member


def _complete_property(member: Member, writable: bool) -> None:
    if member.args is None:
        raise TypeError(f"{member} has no type")
    member.writable = writable
    value = Field("value", "value", member.args.node)
    number = kind_node("u53")
    version = [value, Field("version", "version", number)]
    setting = [value, Field("ifVersion", "if_version", OptionalNode(number), lambda: None)]
    member.versioned = Codec(StructNode.of_fields("Versioned", version))
    member.setting = Codec(StructNode.of_fields("Setting", setting))


def _methods(cls: type, interface: str, label: str) -> Iterator[Member]:
    for attribute, value in vars(cls).items():
        declared = getattr(value, "busbar_method", None)
        if isinstance(declared, Declared):
            yield _method(attribute, value, declared, interface, label)


def _method(
    attribute: str, function: Any, declared: Declared, interface: str, label: str
) -> Member:
    name = declared.name or attribute
    hints = get_type_hints(function, include_extras=True)
    member = Member("method", name, attribute, interface, _type_of(label, name))
    member.doc = declared.doc or doc_of(function)
    member.idempotent = declared.idempotent
    arguments: list[Field] = []
    parameters = list(inspect.signature(function).parameters.values())[1:]
    for each in parameters:
        annotation = hints.get(each.name)
        if annotation is None:
            raise TypeError(f"the parameter {each.name} of {member} has no annotation")
        if get_origin(annotation) in (AsyncIterable, AsyncIterator):
            member.input = Codec(node_of(get_args(annotation)[0]))
            member.input_parameter = each.name
        else:
            default = dataclass_default(each.default)
            arguments.append(field_of(each.name, annotation, default))
    member.order = tuple(each.name for each in parameters)
    if arguments:
        member.args = Codec(StructNode.of_fields(_pascal(attribute), arguments))
        member.parameters = {each.name: each.wire for each in arguments}
    _complete_results(member, hints.get("return"))
    for error in declared.errors:
        member.errors[error.wire_name()] = (error, Codec(_data_of(error)))
    return member


def dataclass_default(default: Any) -> Any:
    """What makes the default of a parameter."""
    return None if default is inspect.Parameter.empty else default_of(default)


def _complete_results(member: Member, returns: Any) -> None:
    origin = get_origin(returns)
    if origin in _STREAMS:
        item, *others = get_args(returns)
        member.item = Codec(node_of(item))
        returns = others[0] if others and origin is ResultStream else None
    if returns not in (None, type(None)):
        member.returns = Codec(node_of(returns))


def _data_of(error: type[DeclaredError]) -> Node:
    if not is_dataclass(error) or not fields(error):
        return StructNode.of_fields(error.__name__, [])
    return StructNode.of_fields(error.__name__, struct_of(error).fields)


def doc_of(documented: Any) -> str | None:
    """The docstring, without indentation; `None` if there is none that a person wrote."""
    text = documented.__doc__
    if not isinstance(text, str) or text.startswith(f"{documented.__name__}("):
        return None
    return (inspect.cleandoc(text) if "\n" in text else text) or None


def _pascal(attribute: str) -> str:
    return "".join(each.capitalize() for each in attribute.split("_")) or "Arguments"


def _type_of(label: str, member: str) -> bytes:
    return uuid5(NAMESPACE, f"{label}.{member}").bytes
