"""What calls look like on the bus: the format word, the metadata, the message types. The numbers
are those of src/layers/rpc/wire; a test compares them."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from uuid import uuid5

from ..message_types import NAMESPACE


class Answer(IntEnum):
    """What a message of type `busbar.rpc` is; it has the id of its call in `reply_to`."""

    RESULT = 0
    ERROR = 1
    BUSY = 2
    ITEM = 3
    ITEMS = 4
    END = 5
    CREDIT = 6
    CANCEL = 7
    FORGOTTEN = 8
    MOVED = 9
    NOTHING = 15


class Request(IntEnum):
    """What a message of the type of a member is."""

    CALL = 0
    EMISSION = 1
    SET = 2
    SUBSCRIBE = 3


MESSAGEPACK = 0
JSON = 1
BYTES = 2

FROM_CALLER = 0x100
STARVED = 0x200
EXPECTS_ANSWER = 0x400
ACCEPTS_BYTES = 0x800

ANSWER_TYPE = uuid5(NAMESPACE, "busbar.rpc").bytes
DESCRIBE_TYPE = uuid5(NAMESPACE, "busbar.describe").bytes
PING_TYPE = uuid5(NAMESPACE, "busbar.ping").bytes
STATS_TYPE = uuid5(NAMESPACE, "busbar.stats").bytes

VERSION = 1
DEADLINE = 1
CREDIT = 2
TRACE = 3
TRACE_STATE = 4
ATTEMPT = 8
CAUSE = 11
FIRST_CRITICAL = 128
MAX_DEADLINE = 0xFFFF_FFFF
MAX_METADATA = 240

# The first window of a stream to a caller, and the largest.
FIRST_ITEMS = 256
FIRST_BYTES = 1 << 20
# The first window of a stream to a server, which has not said anything yet.
INPUT_ITEMS = 16
INPUT_BYTES = 64 << 10
MOST_ITEMS = 65_536
MOST_BYTES = 16 << 20
MAX_CREDIT = 1 << 40


def kind_of(format: int) -> int:
    """The kind in a format word."""
    return format & 0xF


def codec_of(format: int) -> int:
    """The codec in a format word."""
    return (format >> 4) & 0xF


def format_of(kind: int, codec: int = MESSAGEPACK, flags: int = 0) -> int:
    """A format word."""
    return kind | (codec << 4) | flags


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace that a call belongs to. Calls pass it on, and never look into it."""

    context: bytes
    """Trace id, parent id and flags, 25 bytes."""
    state: bytes = b""
    """`tracestate` as UTF-8."""
    cause: tuple[int, int] | None = None
    """The call that a call is made for: the endpoint that sent its message, and its number."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields that calls use."""

    deadline: float | None = None
    """Seconds that are left. Remaining time, because clocks are never compared."""
    credit_items: int = 0
    credit_bytes: int = 0
    attempt: int = 0
    trace: Trace | None = None


def write_metadata(
    deadline: float | None = None,
    credit_items: int = 0,
    credit_bytes: int = 0,
    attempt: int = 0,
    trace: Trace | None = None,
) -> bytes:
    """The metadata of a frame; empty if it needs none."""
    fields = b""
    if deadline is not None:
        left = min(MAX_DEADLINE, max(0, math.ceil(deadline * 1000)))
        fields += struct.pack("<BBI", DEADLINE, 4, left)
    if credit_items > 0 or credit_bytes > 0:
        fields += struct.pack("<BBII", CREDIT, 8, credit_items, credit_bytes)
    if attempt > 0:
        fields += struct.pack("<BBB", ATTEMPT, 1, attempt)
    if trace is not None:
        fields += bytes([TRACE, len(trace.context)]) + trace.context
        if trace.cause is not None:
            fields += struct.pack("<BBQQ", CAUSE, 16, *trace.cause)
        # What belongs to the call comes first; a state that does not fit may be left out.
        if trace.state and len(fields) + 4 + len(trace.state) <= MAX_METADATA:
            fields += bytes([TRACE_STATE, len(trace.state)]) + trace.state
    return bytes([VERSION, 0]) + fields if fields else b""


_lengths = {DEADLINE: 4, CREDIT: 8, TRACE: 25, ATTEMPT: 1, CAUSE: 16}


def read_metadata(data: bytes) -> Metadata:
    """Reads the metadata of a frame, which a peer wrote. Raises ValueError if it is malformed, or
    has a tag that must be understood and is not."""
    if not data:
        return Metadata()
    if len(data) < 2 or data[0] != VERSION:
        raise ValueError(f"metadata has version {data[0]}; expected {VERSION}")
    found: dict[int, bytes] = {}
    at = 2
    while at < len(data):
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            raise ValueError("metadata ends within a field")
        tag, length = data[at], data[at + 1]
        if length != _lengths.get(tag, length):
            raise ValueError(f"metadata tag {tag} has {length} bytes")
        if tag >= FIRST_CRITICAL:
            raise ValueError(f"metadata has tag {tag}, which this version does not know")
        found[tag] = data[at + 2 : at + 2 + length]
        at += 2 + length
    items, bytes_ = struct.unpack("<II", found.get(CREDIT, bytes(8)))
    deadline = found.get(DEADLINE)
    context = found.get(TRACE)
    return Metadata(
        None if deadline is None else int.from_bytes(deadline, "little") / 1000,
        items,
        bytes_,
        found.get(ATTEMPT, b"\0")[0],
        None if context is None else Trace(context, found.get(TRACE_STATE, b"")),
    )
