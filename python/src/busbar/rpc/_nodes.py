"""What a type is compiled to: nodes that check a value on its way to the wire and back. They are
the rule; `_coding` leaves types that msgspec treats in the same way to msgspec."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..regions import MemoryRegion, RegionRange
from .types import Enum

MAX_DEPTH = 100


class Refused(ValueError):
    """A value that does not fit. Collects its path on the way out."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.path: list[str] = []

    def inside(self, step: str) -> Refused:
        """The same, seen from outside."""
        self.path.append(step)
        return self

    def __str__(self) -> str:
        return f"{self.text} - at `${''.join(reversed(self.path))}`" if self.path else self.text


class Walk:
    """What holds for one value that is being encoded or decoded. The attachments of a message are
    indexes in its payload; subclasses know where they are."""

    def __init__(self, json: bool) -> None:
        self.json = json
        self.depth = 0

    def add_object(self, value: Any) -> int:
        """The index of an object that is sent."""
        raise Refused("is an object, which cannot be sent here")

    def add_region(self, value: Any) -> int:
        """The index of a region that is sent."""
        raise Refused("is a region, which cannot be sent here")

    def take_object(self, index: int) -> Any:
        """The object of this index, once; `None` if there is none."""
        return None

    def take_region(self, index: int) -> Any:
        """The region of this index, once; `None` if there is none."""
        return None


class Node(ABC):
    """A compiled type."""

    kind = ""
    """Its name in models, for types without parts."""

    def __init__(self, type_: Any) -> None:
        self.type = type_
        """As msgspec takes it."""

    @abstractmethod
    def encode(self, value: Any, walk: Walk) -> Any:
        """The wire form of a value. Raises Refused."""

    @abstractmethod
    def decode(self, wire: Any, walk: Walk) -> Any:
        """The value of a wire form. Raises Refused."""

    def reads(self, json: bool) -> bool:
        """Whether what msgspec reads as `type` is right. What it refuses is read again here."""
        return True

    def writes(self, json: bool) -> bool:
        """Whether what msgspec writes is right, for a value that it takes for `type`."""
        return True

    def parts(self) -> Sequence[Node]:
        """The nodes of its parts."""
        return ()


def reachable(node: Node) -> Iterator[Node]:
    """A node and those of its parts, each once."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting.extend(each.parts())


class SameNode(Node):
    """A type whose values are checked by a function, in both directions."""

    def __init__(self, type_: Any, kind: str, check: Callable[[Any], Any]) -> None:
        super().__init__(type_)
        self.kind = kind
        self._check = check

    def encode(self, value: Any, walk: Walk) -> Any:
        return self._check(value)

    def decode(self, wire: Any, walk: Walk) -> Any:
        return self._check(wire)


class ListNode(Node):
    """Lists."""

    def __init__(self, of: Node) -> None:
        super().__init__(list[of.type])  # type: ignore[name-defined]
        self.of = of

    def parts(self) -> Sequence[Node]:
        return (self.of,)

    def encode(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, list | tuple):
            raise Refused(f"Expected `array`, got `{type(value).__name__}`")
        return self._each(value, self.of.encode, walk)

    def decode(self, wire: Any, walk: Walk) -> Any:
        if not isinstance(wire, list):
            raise Refused(f"Expected `array`, got `{type(wire).__name__}`")
        return self._each(wire, self.of.decode, walk)

    def _each(self, values: Sequence[Any], convert: Callable[..., Any], walk: Walk) -> list[Any]:
        result: list[Any] = []
        try:
            for each in values:
                result.append(convert(each, walk))  # noqa: PERF401 - its length is the index
        except Refused as refused:
            raise refused.inside(f"[{len(result)}]") from None
        return result


class MapNode(Node):
    """Maps with keys that are strings."""

    def __init__(self, of: Node) -> None:
        super().__init__(dict[str, of.type])  # type: ignore[name-defined]
        self.of = of

    def parts(self) -> Sequence[Node]:
        return (self.of,)

    def encode(self, value: Any, walk: Walk) -> Any:
        return self._each(value, self.of.encode, walk)

    def decode(self, wire: Any, walk: Walk) -> Any:
        return self._each(wire, self.of.decode, walk)

    def _each(self, value: Any, convert: Callable[..., Any], walk: Walk) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Refused(f"Expected `object`, got `{type(value).__name__}`")
        result = {}
        for key, each in value.items():
            if not isinstance(key, str) or key == "__proto__":
                raise Refused(f"{key!r} is not allowed as a key")
            try:
                result[key] = convert(each, walk)
            except Refused as refused:
                raise refused.inside(f".{key}") from None
        return result


class OptionalNode(Node):
    """A value that may be missing, which is None here and null on the wire."""

    def __init__(self, of: Node) -> None:
        super().__init__(of.type | None)
        self.of = of

    def parts(self) -> Sequence[Node]:
        return (self.of,)

    def encode(self, value: Any, walk: Walk) -> Any:
        return None if value is None else self.of.encode(value, walk)

    def decode(self, wire: Any, walk: Walk) -> Any:
        return None if wire is None else self.of.decode(wire, walk)


class EnumNode(Node):
    """An enum with a name. Values that it does not know are kept."""

    def __init__(self, cls: type[Enum]) -> None:
        super().__init__(cls)
        self.cls = cls

    def encode(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, self.cls):
            raise Refused(f"Expected `{self.cls.__name__}`, got `{type(value).__name__}`")
        return value.value

    def decode(self, wire: Any, walk: Walk) -> Any:
        if not isinstance(wire, str):
            raise Refused(f"Expected `str`, got `{type(wire).__name__}`")
        return self.cls(wire)


class LiteralNode(Node):
    """One of these strings. Others are refused when sent, and kept when received."""

    def __init__(self, type_: Any, values: tuple[str, ...]) -> None:
        super().__init__(type_)
        self.values = values

    def encode(self, value: Any, walk: Walk) -> Any:
        if value not in self.values:
            raise Refused(f"is {value!r}; expected one of {', '.join(self.values)}")
        return value

    def decode(self, wire: Any, walk: Walk) -> Any:
        if not isinstance(wire, str):
            raise Refused(f"Expected `str`, got `{type(wire).__name__}`")
        return wire


class ObjectNode(Node):
    """Kernel objects: an index in the payload, the object beside it."""

    kind = "object"

    def reads(self, json: bool) -> bool:
        return False

    def writes(self, json: bool) -> bool:
        return False

    def encode(self, value: Any, walk: Walk) -> Any:
        if not hasattr(value, "fileno"):
            raise Refused(f"Expected `KernelObject`, got `{type(value).__name__}`")
        return walk.add_object(value)

    def decode(self, wire: Any, walk: Walk) -> Any:
        taken = walk.take_object(_index(wire))
        if taken is None:
            raise Refused("names no object of the message, or one twice")
        return taken


class RegionNode(Node):
    """Memory regions: an index in the payload, the region beside it."""

    kind = "region"

    def reads(self, json: bool) -> bool:
        return False

    def writes(self, json: bool) -> bool:
        return False

    def encode(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, MemoryRegion | RegionRange):
            raise Refused(f"Expected a memory region, got `{type(value).__name__}`")
        return walk.add_region(value)

    def decode(self, wire: Any, walk: Walk) -> Any:
        taken = walk.take_region(_index(wire))
        if taken is None:
            raise Refused("names no region of the message, or one twice")
        return taken


def _index(wire: Any) -> int:
    if isinstance(wire, int) and not isinstance(wire, bool) and wire >= 0:
        return wire
    raise Refused(f"is {wire!r}; expected the index of an attachment")
