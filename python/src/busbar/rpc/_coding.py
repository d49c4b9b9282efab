"""Values to payloads and back. What msgspec treats as the rule says is left to msgspec; the rest
goes through the nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ..messages import Message
from ..objects import HasFileno
from ..regions import MemoryRegion, RegionRange
from . import wire
from ._nodes import Node, ObjectNode, Refused, RegionNode, Walk, reachable
from ._structs import StructNode

_encoders: dict[int, Callable[[Any], bytes]] = {
    wire.MESSAGEPACK: msgspec.msgpack.Encoder().encode,
    wire.JSON: msgspec.json.Encoder().encode,
}
_untyped: dict[int, Callable[[bytes], Any]] = {
    wire.MESSAGEPACK: msgspec.msgpack.Decoder().decode,
    wire.JSON: msgspec.json.Decoder().decode,
}
_EMPTY = {wire.MESSAGEPACK: b"\xc0", wire.JSON: b"null"}
# A region counts in a window as its size, up to this.
_REGION_BYTES = 64 << 10


class CodingError(ValueError):
    """A value that does not fit its type, or a payload that cannot be read."""


class Attachments(Walk):
    """What goes beside a payload that is sent."""

    def __init__(self) -> None:
        super().__init__(False)
        self.objects: list[HasFileno | int] = []
        self.regions: list[MemoryRegion | RegionRange] = []

    @property
    def size(self) -> int:
        """The bytes that they count as."""
        sizes = (r.length if isinstance(r, RegionRange) else r.size for r in self.regions)
        return sum(min(size, _REGION_BYTES) for size in sizes)

    def add_object(self, value: Any) -> int:
        self.objects.append(value)
        return len(self.objects) - 1

    def add_region(self, value: Any) -> int:
        self.regions.append(value)
        return len(self.regions) - 1

    def close(self) -> None:
        """Closes and releases all of them. Twice does no harm."""
        for each in self.objects:
            close = getattr(each, "close", None)
            if close is not None:
                close()
        for region in self.regions:
            (region.region if isinstance(region, RegionRange) else region).release()


class _Received(Walk):
    """Gives out what came with a message, each once."""

    def __init__(self, message: Message) -> None:
        super().__init__(False)
        self._objects: list[Any] = list(message.objects)
        self._regions: list[Any] = list(message.regions)

    def take_object(self, index: int) -> Any:
        return _take(self._objects, index)

    def take_region(self, index: int) -> Any:
        return _take(self._regions, index)

    def close_rest(self) -> None:
        """Closes what nobody took."""
        for each in self._objects:
            if each is not None:
                each.close()
        for each in self._regions:
            if each is not None:
                each.release()


def _take(values: list[Any], index: int) -> Any:
    if index >= len(values):
        return None
    value, values[index] = values[index], None
    return value


def size_of(message: Message) -> int:
    """The bytes that a frame counts as in a window."""
    size = len(message.payload)
    for region in message.regions:
        size += min(region.size, _REGION_BYTES)
    return size


class Codec:
    """Encodes and decodes values of one type."""

    def __init__(self, node: Node) -> None:
        self.node = node
        nodes = list(reachable(node))
        self.attaches = any(isinstance(each, ObjectNode | RegionNode) for each in nodes)
        """Whether values have objects or regions."""
        # msgspec does not look into instances of classes.
        opaque = any(isinstance(each, StructNode) and not each.record for each in nodes)
        self._write: dict[int, Callable[[Any], bytes]] = {}
        self._read: dict[int, Callable[[bytes], Any]] = {}
        self._read_list: dict[int, Callable[[bytes], list[Any]]] = {}
        for codec in (wire.MESSAGEPACK, wire.JSON):
            json = codec == wire.JSON
            module: Any = msgspec.json if json else msgspec.msgpack
            read = None
            if all(each.reads(json) for each in nodes):
                read = self._read[codec] = module.Decoder(node.type).decode
                self._read_list[codec] = module.Decoder(list[node.type]).decode  # type: ignore[name-defined]
            if all(each.writes(json) for each in nodes) and (read is not None or not opaque):
                check = read if opaque else None
                self._write[codec] = _writer(_encoders[codec], node.type, check)

    def encode(self, codec: int, value: Any, attachments: Attachments | None = None) -> bytes:
        """The payload of a value. `attachments` gets its objects and regions.

        Raises CodingError."""
        write = self._write.get(codec)
        try:
            if write is not None:
                return write(value)
            walk = attachments or Walk(False)
            walk.json = codec == wire.JSON
            return _encoders[codec](self.node.encode(value, walk))
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
            raise CodingError(str(error)) from error
        except RecursionError as error:
            raise CodingError("the value is nested too deep") from error

    def encode_attaching(self, codec: int, value: Any) -> tuple[bytes, Attachments | None]:
        """The payload of a value, and what goes beside it, if values have that. Raises
        CodingError."""
        attachments = Attachments() if self.attaches else None
        return self.encode(codec, value, attachments), attachments

    def decode(self, codec: int, payload: bytes) -> Any:
        """The value of a payload without attachments. Raises CodingError."""
        read = self._read.get(codec)
        if read is not None:
            try:
                return read(payload)
            except (msgspec.MsgspecError, RecursionError):
                pass  # Read again by the nodes, which decide.
        return self._walked(codec, payload, Walk(codec == wire.JSON))

    def decode_frame(self, message: Message) -> Any:
        """The value of a frame. Attachments that it does not take are closed, all of them if it is
        refused. Raises CodingError."""
        codec = wire.codec_of(message.format)
        if not message.objects and not message.regions:
            return self.decode(codec, message.payload)
        source = _Received(message)
        source.json = codec == wire.JSON
        try:
            return self._walked(codec, message.payload, source)
        except CodingError:
            message.close()
            raise
        finally:
            source.close_rest()

    def decode_list(self, message: Message) -> list[Any]:
        """The values of a frame with several. Raises CodingError."""
        codec = wire.codec_of(message.format)
        read = self._read_list.get(codec)
        if read is not None:
            try:
                return read(message.payload)
            except (msgspec.MsgspecError, RecursionError):
                pass
        found = _plainly(codec, message.payload)
        if not isinstance(found, list):
            raise CodingError("a frame of items is no list")
        source = _Received(message)
        source.json = codec == wire.JSON
        try:
            return [self._decoded(each, source) for each in found]
        except CodingError:
            message.close()
            raise
        finally:
            source.close_rest()

    def decode_part(self, message: Message, found: Any) -> Any:
        """The value of a part of a frame, which was read as a plain value. Raises CodingError."""
        source = _Received(message)
        source.json = wire.codec_of(message.format) == wire.JSON
        try:
            return self._decoded(found, source)
        finally:
            source.close_rest()

    def _walked(self, codec: int, payload: bytes, walk: Walk) -> Any:
        if codec == wire.BYTES:
            return self._decoded(payload, walk)
        return self._decoded(_plainly(codec, payload or _EMPTY.get(codec, b"")), walk)

    def _decoded(self, found: Any, walk: Walk) -> Any:
        try:
            return self.node.decode(found, walk)
        except RecursionError as error:
            raise CodingError("the value is nested too deep") from error
        except (Refused, TypeError, OverflowError) as error:
            raise CodingError(str(error)) from error


def _writer(
    encode: Callable[[Any], bytes], type_: Any, check: Callable[[bytes], Any] | None
) -> Callable[[Any], bytes]:
    if check is None:
        return lambda value: encode(msgspec.convert(value, type_))

    def write(value: Any) -> bytes:
        payload = encode(value)
        check(payload)
        return payload

    return write


def _plainly(codec: int, payload: bytes) -> Any:
    read = _untyped.get(codec)
    if read is None:
        raise CodingError(f"codec {codec} is not known here")
    try:
        return read(payload)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise CodingError(str(error)) from error


def encode_plain(codec: int, value: Any) -> bytes:
    """The payload of a value that the layer made."""
    return _encoders[codec](value)


def decode_plain(codec: int, payload: bytes) -> Any:
    """A payload as a plain value. Raises CodingError."""
    return _plainly(codec, payload or _EMPTY.get(codec, b""))


def packed(codec: int, items: list[bytes]) -> bytes:
    """One payload of several encoded items: a list."""
    if codec == wire.JSON:
        return b"[" + b",".join(items) + b"]"
    count = len(items)
    if count < 16:
        head = bytes([0x90 | count])
    elif count < 1 << 16:
        head = b"\xdc" + count.to_bytes(2, "big")
    else:
        head = b"\xdd" + count.to_bytes(4, "big")
    return head + b"".join(items)
