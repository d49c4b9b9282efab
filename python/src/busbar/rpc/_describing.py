"""The model of an interface: plain JSON with all that there is to know of it, as the answer to
`busbar.describe` has it in every language."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

from ._coding import Codec
from ._members import Member, doc_of
from ._nodes import EnumNode, ListNode, LiteralNode, MapNode, Node, OptionalNode, Walk
from ._scalars import AnyNode
from ._structs import Field, StructNode
from .interface import Members
from .types import Enum, Inline

# Keys that make an object a type; a field with such a name is written within `struct`.
_TYPE_KEYS = frozenset(("type", "struct", "enum", "list", "map", "optional", "schema"))


class Describer:
    """Writes the model of one interface, and collects the types that have names."""

    def __init__(self, members: Members, documented: bool) -> None:
        self._members = members
        self._documented = documented
        self._types: dict[str, Any] = {}
        self._seen: dict[str, type] = {}

    def model(self) -> dict[str, Any]:
        """The model."""
        members = self._members
        parts = {"methods": {}, "properties": {}, "signals": {}}  # type: dict[str, dict[str, Any]]
        for each in members.all:
            if each.kind == "method":
                parts["methods"][each.name] = self._method(each)
            elif each.kind == "property":
                parts["properties"][each.name] = self._property(each)
            else:
                parts["signals"][each.name] = self._signal(each)
        model: dict[str, Any] = {"interface": members.name, "version": members.version}
        doc = self._kept(members.doc or doc_of(members.cls))
        if doc is not None:
            model["doc"] = doc
        if self._types:
            model["types"] = self._types
        model.update((kind, found) for kind, found in parts.items() if found)
        return model

    def _kept(self, doc: str | None) -> str | None:
        return doc if self._documented else None

    def _documentation(self, doc: str | None) -> dict[str, Any]:
        kept = self._kept(doc)
        return {} if kept is None else {"doc": kept}

    def _method(self, member: Member) -> dict[str, Any]:
        model = self._documentation(member.doc)
        if member.args is not None:
            model["args"] = self._named(member.args)
        for name, codec in (
            ("returns", member.returns),
            ("stream", member.item),
            ("input", member.input),
        ):
            if codec is not None:
                model[name] = self._type_of(codec.node)
        if member.errors:
            model["errors"] = {
                code: _with_doc(self._named(data), self._kept(doc_of(error)))
                for code, (error, data) in member.errors.items()
            }
        if member.idempotent is not None:
            model["idempotent"] = member.idempotent
        return model

    def _property(self, member: Member) -> dict[str, Any]:
        assert member.args is not None
        model = self._documentation(member.doc)
        model["type"] = self._type_of(member.args.node)
        if member.writable:
            model["access"] = "read-write"
        return model

    def _signal(self, member: Member) -> Any:
        model = {} if member.args is None else self._named(member.args)
        return _with_doc(model, self._kept(member.doc))

    def _named(self, codec: Codec) -> Any:
        """Fields, or the name of a struct."""
        node = codec.node
        if isinstance(node, StructNode) and (node.record or issubclass(node.cls, Inline)):
            return self._bare(node.fields)
        return self._type(node)

    def _type_of(self, node: Node) -> Any:
        """A type; a struct without name is its fields."""
        if isinstance(node, StructNode) and issubclass(node.cls, Inline):
            return _with_doc(self._bare(node.fields), self._kept(doc_of(node.cls)))
        return self._type(node)

    def _bare(self, fields: list[Field]) -> Any:
        found = self._fields(fields)
        return {"struct": found} if found.keys() & _TYPE_KEYS else found

    def _fields(self, fields: list[Field]) -> dict[str, Any]:
        return {each.wire: self._field(each) for each in fields}

    def _field(self, field: Field) -> Any:
        model = self._type(field.node)
        default = None if field.make_default is None else field.make_default()
        if default is not None:
            plain_default = msgspec.to_builtins(field.node.encode(default, Walk(True)))
            plain = {"type": model} if isinstance(model, str) else model
            model = {**plain, "default": plain_default}
        doc = self._kept(field.doc)
        if doc is not None:
            plain = {"type": model} if isinstance(model, str) else model
            model = {"doc": doc, **plain}
        return model

    def _type(self, node: Node) -> Any:
        if isinstance(node, StructNode):
            if issubclass(node.cls, Inline):
                model = {"struct": self._fields(node.fields)}
                doc = self._kept(doc_of(node.cls))
                return model if doc is None else {"doc": doc, **model}
            return self._reference(node.cls, lambda: {"struct": self._fields(node.fields)})
        if isinstance(node, EnumNode):
            values = [each.value for each in node.cls]
            return self._reference(node.cls, lambda: {"enum": values})
        if isinstance(node, LiteralNode):
            return {"enum": list(node.values)}
        if isinstance(node, ListNode | MapNode):
            kind = "list" if isinstance(node, ListNode) else "map"
            of = self._type(node.of)
            return f"{kind}<{of}>" if isinstance(of, str) else {kind: of}
        if isinstance(node, OptionalNode):
            of = self._type(node.of)
            return f"{of}?" if isinstance(of, str) else {"optional": of}
        if isinstance(node, AnyNode):
            return "any" if node.schema is None else {"schema": dict(node.schema)}
        return node.kind

    def _reference(self, cls: type, write: Any) -> str:
        name = cls.__name__
        if name not in self._seen:
            # Known before it is written: it may contain itself.
            self._seen[name] = cls
            model = write()
            doc = self._kept(doc_of(cls))
            if doc is not None and cls.__doc__ != Enum.__doc__:
                model = {"doc": doc, **model}
            self._types[name] = model
        elif self._seen[name] is not cls:
            raise TypeError(f"{self._members.name} has two types with the name {name}")
        return name


def _with_doc(model: Any, doc: str | None) -> Any:
    """Fields, or the name of a struct, with a documentation."""
    if doc is None:
        return model
    if isinstance(model, dict) and model.keys() == {"struct"}:
        return {"doc": doc, **model}
    return {"doc": doc, "struct": model}


def model_of(members: Members) -> dict[str, Any]:
    """The model of an interface."""
    return Describer(members, True).model()


def hash_of(members: Members) -> str:
    """SHA-256 of the model without documentation, in hexadecimal digits; the same in every
    language."""
    model = Describer(members, False).model()
    text = json.dumps(model, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
