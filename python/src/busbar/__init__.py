"""Busbar: a message bus between processes on one machine, straight through shared memory and
without a broker. asyncio over the C library of Busbar, so that processes in Python, Node, C and C++
share a bus.

    async with busbar.join("com.solar", label="earth") as earth:
        earth.send("moon", {"hello": "moon"})
        async for message in earth:
            print(message.value)
"""

from __future__ import annotations

from . import events
from ._receiving import MessageIterator
from ._sending import SendReceipt, WhenFull
from .codecs import Codec, bytes_codec, json, msgpack, text_codec
from .counters import Counters
from .endpoint import Endpoint, To
from .errors import (
    AbortedError,
    BusError,
    BusTimeoutError,
    ClosedError,
    DecodeFailedError,
    InvalidArgumentError,
    InvalidIdentifierError,
    InvalidLabelError,
    InvalidSelectorError,
    LimitExceededError,
    NoControllerError,
    NoExternalBuffersError,
    NoRecipientError,
    NotHandledError,
    NotPermittedError,
    OutOfDescriptorsError,
    OutOfMemoryError,
    PeerGoneError,
    ProtocolViolationError,
    QueueFullError,
    SchemaMismatchError,
    SupersededError,
    SystemFailureError,
    TokenMismatchError,
    TooLargeError,
    TooSlowError,
    UndeliveredError,
    UnknownTypeError,
    UnsupportedError,
    VersionMismatchError,
    WouldBlockError,
)
from .joining import Joining, Options, join
from .message_types import MessageType, Outgoing, message_type, plain, raw_bytes, text
from .messages import Message
from .objects import HasFileno, KernelObject
from .peers import Peer
from .regions import MemoryRegion, MemoryRegistry, RegionRange, RegistryStats
from .selectors import LabelExpression, Selector, anyone, label, multicast, peer, unicast

__all__ = [
    "AbortedError",
    "BusError",
    "BusTimeoutError",
    "ClosedError",
    "Codec",
    "Counters",
    "DecodeFailedError",
    "Endpoint",
    "HasFileno",
    "InvalidArgumentError",
    "InvalidIdentifierError",
    "InvalidLabelError",
    "InvalidSelectorError",
    "Joining",
    "KernelObject",
    "LabelExpression",
    "LimitExceededError",
    "MemoryRegion",
    "MemoryRegistry",
    "Message",
    "MessageIterator",
    "MessageType",
    "NoControllerError",
    "NoExternalBuffersError",
    "NoRecipientError",
    "NotHandledError",
    "NotPermittedError",
    "Options",
    "OutOfDescriptorsError",
    "OutOfMemoryError",
    "Outgoing",
    "Peer",
    "PeerGoneError",
    "ProtocolViolationError",
    "QueueFullError",
    "RegionRange",
    "RegistryStats",
    "SchemaMismatchError",
    "Selector",
    "SendReceipt",
    "SupersededError",
    "SystemFailureError",
    "To",
    "TokenMismatchError",
    "TooLargeError",
    "TooSlowError",
    "UndeliveredError",
    "UnknownTypeError",
    "UnsupportedError",
    "VersionMismatchError",
    "WhenFull",
    "WouldBlockError",
    "anyone",
    "bytes_codec",
    "events",
    "join",
    "json",
    "label",
    "message_type",
    "msgpack",
    "multicast",
    "peer",
    "plain",
    "raw_bytes",
    "text",
    "text_codec",
    "unicast",
]
