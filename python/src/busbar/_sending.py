"""Sends: fills the one struct of the C library that describes a message, and calls it."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypedDict

from . import _declarations as c
from ._library import lib
from ._routes import Routes
from .errors import InvalidArgumentError, error_of
from .message_types import Outgoing, plain
from .objects import HasFileno, descriptor_of
from .regions import MemoryRegion, RegionRange
from .selectors import Selector

WhenFull = Literal["refuse", "drop", "disconnect"]

WHEN_FULL: dict[str | None, int] = {
    None: -1,
    "refuse": c.WHEN_FULL_REFUSE,
    "drop": c.WHEN_FULL_DROP,
    "disconnect": c.WHEN_FULL_DISCONNECT,
}

_MAX_KEY_BYTES = 128
_MAX_METADATA_BYTES = 240
_MAX_TTL_MS = 1 << 40
# A guess: programs have fewer types of messages.
_MAX_CACHED_TYPES = 1024


class MessageOptions(TypedDict, total=False):
    """What goes with a message beside its payload."""

    metadata: bytes
    """Up to 240 opaque bytes, for what is about the message and not in it."""
    ttl: float
    """Seconds that the message may wait for a match if there is none now."""
    objects: Sequence[HasFileno | int]
    """Kernel objects, at most 253. They stay the sender's, who may close them at once."""
    regions: Sequence[MemoryRegion | RegionRange]
    """Memory regions, at most 64, likewise."""


class ReadyOptions(MessageOptions, total=False):
    """The options of `send_when_ready`."""

    reply_to: int
    """The `id` of the message that this one answers, as `message.reply` sets it."""
    key: str
    """Of the messages with the same key, each receiver gets the newest as soon as it has taken the
    previous one."""


class DeliverOptions(MessageOptions, total=False):
    """The options of `deliver`."""

    key: str
    """As for `send`."""
    when_full: WhenFull | None
    """As for `send`."""


class ReceiptOptions(MessageOptions, total=False):
    """The options of `send_with_receipt`."""

    reply_to: int
    """The `id` of the message that this one answers, as `message.reply` sets it."""
    when_full: WhenFull | None
    """What happens if a receiver has no room; see `join`."""


class SendOptions(ReceiptOptions, total=False):
    """The options of `send`."""

    key: str | None
    """Of the messages with the same key, each receiver gets the newest as soon as it has taken the
    previous one."""
    corked: bool
    """The message becomes visible with `flush()`, for many messages in a row."""


class Attached(Protocol):
    """What goes beside a payload."""

    objects: list[HasFileno | int]
    regions: list[MemoryRegion | RegionRange]


@dataclass(frozen=True, slots=True)
class SendReceipt:
    """What `endpoint.send_with_receipt` tells about a message that was sent."""

    id: int
    """The number of the message: `message.id` at its receivers, `reply_to` of their replies, and
    `message_id` of an `Undelivered` event. 0 if no endpoint gets the message and it does not
    wait."""
    receivers: int
    """The number of receivers, as `send` returns it."""
    peer_id: int | None
    """For a unicast, the endpoint that gets the message; `None` for a multicast, and for a message
    that waits. If that endpoint dies before it has taken the message, the message goes to another
    match under the same `id`; if there is none, the event `Undelivered` has this `id`."""


class Sending:
    """The sending half of one endpoint. Belongs to the thread of its event loop."""

    def __init__(self, endpoint: ctypes.c_void_p, routes: Routes) -> None:
        self._endpoint = endpoint
        self._routes = routes
        self._struct = c.Outgoing(size=ctypes.sizeof(c.Outgoing), when_full=-1)
        self._by_ref = ctypes.byref(self._struct)
        self._receipt = c.Receipt(size=ctypes.sizeof(c.Receipt))
        self._receipt_by_ref = ctypes.byref(self._receipt)
        self._receivers = ctypes.c_uint32()
        self._receivers_by_ref = ctypes.byref(self._receivers)
        self._types: dict[bytes, c.Uuid] = {}
        self._attached = False
        # Whether the struct has no options that most messages lack.
        self._plain = True

    def send(
        self, selector: Selector, message: Outgoing | Any, options: SendOptions, what: str
    ) -> int:
        """Returns the number of receivers."""
        self._describe(message, options)
        route = self._routes.of(selector)
        status = lib.busbar_endpoint_send(
            self._endpoint, route, self._by_ref, self._receivers_by_ref
        )
        self._forget()
        if status != c.OK:
            raise error_of(status, f"{what} to {selector.text!r}")
        return self._receivers.value

    def send_with_receipt(
        self, selector: Selector, message: Outgoing | Any, options: ReceiptOptions
    ) -> SendReceipt:
        """As `send`; returns the number of the message, and its receiver."""
        self._describe(message, options)
        self._send_described(selector)
        receipt = self._receipt
        return SendReceipt(receipt.id, receipt.receivers, receipt.peer_id or None)

    def post(
        self,
        selector: Selector,
        message: Outgoing,
        reply_to: int,
        metadata: bytes,
        attached: Attached | None,
    ) -> int:
        """Sends a message with few options, for layers that send many. Returns its number."""
        self._set(message)
        struct = self._struct
        struct.metadata = metadata
        struct.metadata_bytes = len(metadata)
        struct.reply_to = reply_to
        if attached is not None:
            try:
                self._attach(attached.objects, attached.regions)
            except BaseException:
                self._forget()
                raise
        self._send_described(selector)
        number: int = self._receipt.id
        return number

    def start_delivery(
        self,
        selector: Selector,
        message: Outgoing | Any,
        options: DeliverOptions,
        acknowledgement: int,
    ) -> tuple[int, int]:
        """The number of the delivery, 0 if there is nothing to wait for, and of its receivers."""
        self._describe(message, options)
        route = self._routes.of(selector)
        delivery = ctypes.c_uint64()
        status = lib.busbar_endpoint_start_delivery(
            self._endpoint,
            route,
            self._by_ref,
            acknowledgement,
            ctypes.byref(delivery),
            self._receivers_by_ref,
        )
        self._forget()
        if status != c.OK:
            raise error_of(status, f"deliver() to {selector.text!r}")
        return delivery.value, self._receivers.value

    def _send_described(self, selector: Selector) -> None:
        route = self._routes.of(selector)
        status = lib.busbar_endpoint_send_with_receipt(
            self._endpoint, route, self._by_ref, self._receipt_by_ref
        )
        self._forget()
        if status != c.OK:
            raise error_of(status, f"a message to {selector.text!r}")

    def _set(self, message: Outgoing) -> None:
        struct = self._struct
        struct.type = self._types.get(message.type_bytes) or self._uuid(message.type_bytes)
        struct.format = message.format
        struct.payload = message.payload
        struct.payload_bytes = len(message.payload)

    def _describe(
        self,
        message: Outgoing | Any,
        options: SendOptions | ReceiptOptions | DeliverOptions | MessageOptions,
    ) -> None:
        if not isinstance(message, Outgoing):
            message = plain()(message)
        self._set(message)
        if not options:
            return
        given: dict[str, Any] = {**options}
        struct = self._struct
        self._plain = False
        try:
            metadata = given.pop("metadata", b"")
            if len(metadata) > _MAX_METADATA_BYTES:
                text = f"metadata is {len(metadata)} bytes long; the limit is {_MAX_METADATA_BYTES}"
                raise InvalidArgumentError(text)
            struct.metadata = metadata
            struct.metadata_bytes = len(metadata)
            struct.reply_to = given.pop("reply_to", 0)
            ttl = given.pop("ttl", 0)
            struct.ttl_ms = milliseconds("ttl", ttl) if ttl else 0
            struct.when_full = _when_full(given.pop("when_full", None))
            struct.corked = 1 if given.pop("corked", False) else 0
            key = given.pop("key", None)
            struct.key = None if key is None else _key(key)
            objects, regions = given.pop("objects", ()), given.pop("regions", ())
            if objects or regions:
                self._attach(objects, regions)
            if given:
                raise InvalidArgumentError(f"a message has no option {sorted(given)[0]!r}")
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        """Lets go of the message that was described."""
        struct = self._struct
        struct.payload = None
        struct.metadata_bytes = 0
        struct.reply_to = 0
        if self._attached:
            self._attach((), ())
        if not self._plain:
            self._plain = True
            struct.ttl_ms = 0
            struct.when_full = -1
            struct.corked = 0
            struct.key = None

    def _attach(
        self,
        objects: Sequence[HasFileno | int],
        regions: Sequence[MemoryRegion | RegionRange],
    ) -> None:
        struct = self._struct
        descriptors = [descriptor_of(each) for each in objects]
        ranges = [_range(each) for each in regions]
        struct.objects = (ctypes.c_ssize_t * len(descriptors))(*descriptors)
        struct.object_count = len(descriptors)
        struct.regions = (c.RegionRange * len(ranges))(*ranges)
        struct.region_count = len(ranges)
        self._attached = bool(descriptors or ranges)

    def _uuid(self, type_bytes: bytes) -> c.Uuid:
        if len(self._types) >= _MAX_CACHED_TYPES:
            self._types.clear()
        uuid = self._types[type_bytes] = c.Uuid.from_buffer_copy(type_bytes)
        return uuid


def milliseconds(name: str, seconds: float) -> int:
    """Rounds up; infinity means 35 years."""
    if not isinstance(seconds, (int, float)) or seconds != seconds or seconds < 0:
        raise InvalidArgumentError(f"{name} is {seconds!r}; expected seconds from 0")
    return _MAX_TTL_MS if seconds * 1000 > _MAX_TTL_MS else math.ceil(seconds * 1000)


def _when_full(policy: str | None) -> int:
    number = WHEN_FULL.get(policy)
    if number is None:
        message = f"when_full is {policy!r}; expected 'refuse', 'drop' or 'disconnect'"
        raise InvalidArgumentError(message)
    return number


def _key(key: str) -> bytes:
    encoded = key.encode()
    if not 1 <= len(encoded) <= _MAX_KEY_BYTES or b"\0" in encoded:
        raise InvalidArgumentError(f"key is {key!r}; expected 1 to {_MAX_KEY_BYTES} bytes")
    return encoded


def _range(source: MemoryRegion | RegionRange) -> c.RegionRange:
    if isinstance(source, RegionRange):
        return c.RegionRange(source.region._held(), source.offset, source.length)
    return c.RegionRange(source._held(), source.byte_offset, source.size)
