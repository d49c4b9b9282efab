"""The layout of frames, and where one ends: behind its length. All numbers are little-endian.

message  kind 1 or 2 | metadata length u8 | format u16 | id u64 | reply_to u64 | type 16 bytes
         | metadata | payload. The receiver of kind 2 says when it took the message.
taken    kind 3, three bytes of 0 | type 16 bytes
others   kind | payload"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from ..rpc.wire import MAX_METADATA
from .errors import WireError, malformed


class Kind(IntEnum):
    """What a frame is: its first byte."""

    MESSAGE = 1
    NEWEST = 2
    TAKEN = 3
    HELLO = 4
    OFFERS = 5
    PING = 6
    PONG = 7
    BYE = 9
    REFUSAL = 10


_HEAD = struct.Struct("<BBHQQ16s")
_LENGTH = struct.Struct("<I")
_TAKEN_BYTES = 20


@dataclass(frozen=True, slots=True)
class Frame:
    """A message as it arrived."""

    newest: bool
    format: int
    id: int
    reply_to: int
    type_bytes: bytes
    metadata: bytes
    payload: bytes


def write_message(
    kind: int,
    type_bytes: bytes,
    format: int,
    id: int,
    reply_to: int,
    payload: bytes,
    metadata: bytes = b"",
) -> bytes:
    """The frame of a message."""
    head = _HEAD.pack(kind, len(metadata), format, id, reply_to, type_bytes)
    return b"".join((head, metadata, payload))


def read_message(frame: bytes) -> Frame:
    """Reads a message. Raises WireError."""
    if len(frame) < _HEAD.size:
        raise malformed("a message is shorter than its head")
    kind, length, format, id, reply_to, type_bytes = _HEAD.unpack_from(frame)
    end = _HEAD.size + length
    if length > MAX_METADATA or end > len(frame):
        raise malformed("the metadata of a message is longer than it may be")
    metadata = frame[_HEAD.size : end]
    return Frame(kind == Kind.NEWEST, format, id, reply_to, type_bytes, metadata, frame[end:])


def write_taken(type_bytes: bytes) -> bytes:
    """The frame that says that a message of this type was taken."""
    return bytes((Kind.TAKEN, 0, 0, 0)) + type_bytes


def read_taken(frame: bytes) -> bytes:
    """The type in such a frame. Raises WireError."""
    if len(frame) != _TAKEN_BYTES:
        raise malformed("a frame `taken` has another size")
    return frame[4:]


def wrapped(frame: bytes) -> bytes:
    """A frame behind its length."""
    return _LENGTH.pack(len(frame)) + frame


class Reader:
    """Finds the frames in bytes that come in pieces. Memory is taken as bytes arrive, never because
    a length promises them."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        """Bytes of a frame that are taken."""
        self._held = bytearray()

    def push(self, data: bytes) -> None:
        """Bytes have come."""
        self._held += data

    def next(self) -> bytes | None:
        """The next frame, if it is whole. Raises WireError."""
        held = self._held
        if len(held) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(held)
        if length > self.max_bytes:
            text = f"a frame of {length} bytes; the limit is {self.max_bytes}"
            raise WireError("FRAME_TOO_LARGE", text)
        if length == 0:
            raise malformed("a frame without bytes")
        end = _LENGTH.size + length
        if len(held) < end:
            return None
        frame = bytes(held[_LENGTH.size : end])
        del held[:end]
        return frame
