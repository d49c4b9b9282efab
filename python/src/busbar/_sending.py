"""Sends: fills the one struct of the C library that describes a message, and calls it."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

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
        self._receivers = ctypes.c_uint32()
        self._receivers_by_ref = ctypes.byref(self._receivers)
        self._types: dict[bytes, c.Uuid] = {}
        self._attached = False

    def send(self, selector: Selector, what: str) -> int:
        """Sends the message of the last `describe`; returns the number of receivers."""
        route = self._routes.of(selector)
        status = lib.busbar_endpoint_send(
            self._endpoint, route, self._by_ref, self._receivers_by_ref
        )
        if status != c.OK:
            raise error_of(status, f"{what} to {selector.text!r}")
        return self._receivers.value

    def send_with_receipt(self, selector: Selector) -> SendReceipt:
        """As `send`; returns the number of the message, and its receiver."""
        route = self._routes.of(selector)
        receipt = self._receipt
        status = lib.busbar_endpoint_send_with_receipt(
            self._endpoint, route, self._by_ref, ctypes.byref(receipt)
        )
        if status != c.OK:
            raise error_of(status, f"send_with_receipt() to {selector.text!r}")
        return SendReceipt(receipt.id, receipt.receivers, receipt.peer_id or None)

    def start_delivery(self, selector: Selector, acknowledgement: int) -> tuple[int, int]:
        """The number of the delivery, 0 if there is nothing to wait for, and of its receivers."""
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
        if status != c.OK:
            raise error_of(status, f"deliver() to {selector.text!r}")
        return delivery.value, self._receivers.value

    def describe(
        self,
        message: Outgoing | Any,
        *,
        metadata: bytes = b"",
        ttl: float = 0,
        reply_to: int = 0,
        key: str | None = None,
        objects: Sequence[HasFileno | int] = (),
        regions: Sequence[MemoryRegion | RegionRange] = (),
        when_full: WhenFull | None = None,
        corked: bool = False,
    ) -> None:
        """Describes the message that is sent next."""
        if not isinstance(message, Outgoing):
            message = plain()(message)
        struct = self._struct
        struct.type = self._types.get(message.type_bytes) or self._uuid(message.type_bytes)
        struct.format = message.format
        struct.payload = message.payload
        struct.payload_bytes = len(message.payload)
        if len(metadata) > _MAX_METADATA_BYTES:
            text = f"metadata is {len(metadata)} bytes long; the limit is {_MAX_METADATA_BYTES}"
            raise InvalidArgumentError(text)
        struct.metadata = metadata
        struct.metadata_bytes = len(metadata)
        struct.reply_to = reply_to
        struct.ttl_ms = milliseconds("ttl", ttl) if ttl else 0
        struct.when_full = _when_full(when_full)
        struct.corked = 1 if corked else 0
        struct.key = None if key is None else _key(key)
        if objects or regions or self._attached:
            self._attach(objects, regions)

    def forget(self) -> None:
        """Lets go of the message that was described."""
        self._struct.payload = None
        if self._attached:
            self._attach((), ())

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
