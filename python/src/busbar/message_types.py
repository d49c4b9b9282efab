"""Message types: the UUID of a kind of message, with the codec of its payload."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid5

from .codecs import Codec, bytes_codec, check_codec, msgpack, text_codec
from .errors import InvalidArgumentError

T = TypeVar("T")

NAMESPACE = UUID("034f1c99-ce3f-46d5-b0cd-c96b1f261975")
"""The namespace in which names of message types become UUIDs (RFC 9562, version 5)."""

_MAX_NAME_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send: a payload with its type. Made by calling a MessageType."""

    type_bytes: bytes
    """The 16 bytes of the type's UUID."""
    format: int
    """A 16-bit word that travels with the payload."""
    payload: bytes


@dataclass(frozen=True, slots=True)
class MessageType(Generic[T]):
    """A kind of message; made by `message_type`. Calling it with a value makes a message to
    send."""

    id: UUID
    name: str | None
    """The name that the UUID was derived from; `None` if the UUID was given."""
    codec: Codec[T]
    id_bytes: bytes = field(init=False, repr=False)
    """The 16 bytes of the UUID, as in each message."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id_bytes", self.id.bytes)

    def __call__(self, value: T, *, format: int = 0) -> Outgoing:
        """A message to send. `format` is a 16-bit word that travels with the payload."""
        if not isinstance(format, int) or not 0 <= format <= 0xFFFF:
            raise InvalidArgumentError(f"format is {format!r}; expected 16 bits")
        return Outgoing(self.id_bytes, format, self.codec.encode(value))


def message_type(uuid_or_name: str | UUID, codec: Codec[T]) -> MessageType[T]:
    """A message type. `uuid_or_name` is a UUID, or any other name, from which the UUID is derived
    as in every language; names that begin with `busbar.` belong to Busbar.

        MOVE = message_type("com.example.move", msgpack(Move))

    Raises InvalidArgumentError if it is neither, or `codec` is no codec."""
    check_codec(codec)
    if isinstance(uuid_or_name, UUID):
        identity, name = uuid_or_name, None
    else:
        identity, name = _identify(uuid_or_name)
    if identity.int in (0, (1 << 128) - 1):
        raise InvalidArgumentError(f"message type is the reserved UUID {identity}")
    return MessageType(identity, name, codec)


def _identify(text: str) -> tuple[UUID, str | None]:
    if not isinstance(text, str) or not 1 <= len(text.encode()) <= _MAX_NAME_BYTES:
        message = f"message type is {text!r}; expected a name of 1 to {_MAX_NAME_BYTES} bytes"
        raise InvalidArgumentError(message)
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        return UUID(text), None
    if re.fullmatch(r"[0-9a-fA-F-]{32,38}", text):
        raise InvalidArgumentError(f"message type is {text!r}, which is not a valid UUID")
    return uuid5(NAMESPACE, text), text


raw_bytes: MessageType[bytes] = message_type("busbar.bytes", bytes_codec)
"""Raw bytes, with `format` to tell what they are; `bytes` in Node."""

text: MessageType[str] = message_type("busbar.text", text_codec)
"""A string as UTF-8."""

PLAIN_ID = uuid5(NAMESPACE, "busbar.plain")
"""The UUID of `plain()`."""

_plain: MessageType[Any] | None = None


def plain() -> MessageType[Any]:
    """Any plain value as MessagePack: what an endpoint in Node sends and receives if it joined
    without a message box, and what `endpoint.send` makes of a value.

    Raises UnsupportedError if msgspec is not installed."""
    global _plain
    if _plain is None:
        _plain = message_type("busbar.plain", msgpack())
    return _plain
