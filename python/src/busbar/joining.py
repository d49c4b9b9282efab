"""Joining a bus: the options, and the call."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from typing import TypedDict, Unpack

from . import _declarations as c
from ._library import lib
from ._notices import NoticeQueue
from ._opening import Opening
from ._sending import WHEN_FULL, WhenFull, milliseconds
from ._threads import in_thread
from .endpoint import Endpoint
from .errors import (
    BusError,
    InvalidArgumentError,
    InvalidIdentifierError,
    error_of,
)
from .labels import checked_label, encoded_label

_MAX_TOKEN_BYTES = 1024
_MAX_TIMEOUT_MS = (1 << 32) - 1


class Options(TypedDict, total=False):
    """The options of `join`. Those that are left out have the defaults of the C library."""

    label: str | Sequence[str]
    """The strings that selectors match this endpoint by: at most 32, each of 1 to 255 bytes."""
    token: str
    """A secret that all members of the bus share, up to 1,024 bytes. It is never sent."""
    timeout: float
    """Seconds to wait for admission to the bus. Default: 5."""
    controller_affinity: bool
    """Whether this endpoint may become bus controller. Default: True."""
    observable: bool
    """Whether observers get copies of what this endpoint sends. Default: True."""
    when_full: WhenFull
    """What happens to a message when the ring and the queue of its receiver are full. "refuse", the
    default: `send` raises QueueFullError. "drop": this receiver does not get the message.
    "disconnect": the receiver is sent nothing any more."""
    spin: int
    """Microseconds to busy-wait for the next message before sleeping, 0 to 1,000. Default: 0."""
    ring_bytes: int
    """Bytes of the ring to one receiver: a power of two, 16 KiB to 64 MiB. Default: 512 KiB."""
    queue_bytes: int
    """Bytes that may wait in this process for one receiver. Default: 16 MiB."""
    total_queue_bytes: int
    """The same for all receivers together. Default: 256 MiB."""
    max_message_bytes: int
    """The largest payload that can be sent or received. Default: 256 MiB."""
    max_queued_objects: int
    """Kernel objects in flight to all receivers together. Default: 4,096."""
    max_parked: int
    """Messages that may wait by their `ttl`. Default: 4,096."""
    max_links: int
    """Links of this endpoint in each direction. Default: 4,096."""
    max_endpoints: int
    """Endpoints that the bus admits while this one is its controller. Default: 4,096."""
    max_endpoints_per_process: int
    """The same limit for the endpoints of one process. Default: 1,024."""


_NUMBERS = {
    "spin": "spin_us",
    **{
        name: name
        for name in (
            "ring_bytes",
            "queue_bytes",
            "total_queue_bytes",
            "max_message_bytes",
            "max_queued_objects",
            "max_parked",
            "max_links",
            "max_endpoints",
            "max_endpoints_per_process",
        )
    },
}


class Joining(Opening[Endpoint]):
    """What `join` returns: `await` it for an endpoint, or use it in `async with`, which closes the
    endpoint at its end."""

    def __init__(self, bus: str, options: Options) -> None:
        """Not for programs: `join` makes it."""
        self._bus = bus
        self._options = options

    async def _open(self) -> Endpoint:
        return await _join(self._bus, self._options)

    async def _end(self, opened: Endpoint) -> None:
        await opened.close()


def join(bus: str, **options: Unpack[Options]) -> Joining:
    """Joins the bus of this name (1 to 128 bytes of UTF-8 without control characters), and waits
    until every other endpoint can see the new one. Nothing has to be started before. Only processes
    of the same user share a bus.

        endpoint = await join("com.solar", label="earth")
        async with join("com.solar", label="earth") as endpoint: ...

    Raises InvalidIdentifierError, InvalidArgumentError: nothing was done.
    TokenMismatchError, VersionMismatchError, NotPermittedError, LimitExceededError: the bus does
    not admit this endpoint. BusTimeoutError."""
    return Joining(bus, options)


async def _join(bus: str, options: Options) -> Endpoint:
    name = _identifier(bus)
    label = checked_label(options.get("label", ()))
    struct = _struct(options, label)
    notices = NoticeQueue()
    struct.on_event = notices.callback
    handle = ctypes.c_void_p()

    def call() -> BusError | None:
        status = lib.busbar_endpoint_join(name, ctypes.byref(struct), ctypes.byref(handle))
        return None if status == c.OK else error_of(status, f"join({bus!r})")

    def leave(error: BusError | None) -> None:
        if error is None:
            threading.Thread(target=close, daemon=True).start()

    def close() -> None:
        lib.busbar_endpoint_close(handle, 0, None)
        # Until now the library may have called it.
        notices.waiting.clear()

    error = await in_thread(call, leave)
    if error is not None:
        raise error
    return Endpoint(handle, notices, bus, label)


def _identifier(bus: str) -> bytes:
    if not isinstance(bus, str) or "\0" in bus:
        raise InvalidIdentifierError(f"bus is {bus!r}; expected a name")
    try:
        return bus.encode()
    except UnicodeEncodeError as error:
        raise InvalidIdentifierError(f"bus is {bus!r}, which is not Unicode") from error


def _struct(options: Options, label: tuple[str, ...]) -> c.JoinOptions:
    unknown = options.keys() - Options.__annotations__.keys()
    if unknown:
        raise InvalidArgumentError(f"join() has no option {sorted(unknown)[0]!r}")
    struct = c.JoinOptions(size=ctypes.sizeof(c.JoinOptions))
    struct.label = encoded_label(label)
    struct.label_count = len(label)
    token = options.get("token", "").encode()
    if len(token) > _MAX_TOKEN_BYTES or b"\0" in token:
        message = f"token has {len(token)} bytes; allowed are {_MAX_TOKEN_BYTES}, none of them 0"
        raise InvalidArgumentError(message)
    struct.token = token
    timeout = milliseconds("timeout", options.get("timeout", 5.0))
    # 0 would mean the default.
    struct.timeout_ms = min(max(timeout, 1), _MAX_TIMEOUT_MS)
    struct.unobservable = 0 if options.get("observable", True) else 1
    struct.no_controller_affinity = 0 if options.get("controller_affinity", True) else 1
    policy = options.get("when_full", "refuse")
    if policy is None or policy not in WHEN_FULL:
        message = f"when_full is {policy!r}; expected 'refuse', 'drop' or 'disconnect'"
        raise InvalidArgumentError(message)
    struct.when_full = WHEN_FULL[policy]
    for name, field in _NUMBERS.items():
        value = options.get(name)
        if value is None:
            continue
        least = 0 if name == "spin" else 1
        if not isinstance(value, int) or not least <= value < 1 << 41:
            raise InvalidArgumentError(f"{name} is {value!r}; expected a number from {least}")
        setattr(struct, field, value)
    return struct
