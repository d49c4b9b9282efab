"""The calls of an endpoint that wait: for deliveries, for room, for other endpoints."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from . import _declarations as c
from . import events
from ._library import lib
from ._notices import Listeners
from ._routes import Routes
from .errors import BusTimeoutError, UndeliveredError, code_of, error_of
from .peers import Peer, take_peer_list
from .selectors import Selector

T = TypeVar("T")


async def within(timeout: float | None, what: str, call: Coroutine[Any, Any, T]) -> T:
    """The result of `call`. Raises BusTimeoutError after `timeout` seconds."""
    if timeout is None:
        return await call
    try:
        async with asyncio.timeout(timeout) as limit:
            return await call
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise BusTimeoutError(f"{what}: timed out after {timeout} s") from error


class _Waiters:
    """Futures that are settled together, or fail when the endpoint ends."""

    def __init__(self) -> None:
        self.waiting: set[asyncio.Future[None]] = set()
        self.over: BaseException | None = None

    async def wait(self) -> None:
        if self.over is not None:
            raise self.over
        future = asyncio.get_running_loop().create_future()
        self.waiting.add(future)
        try:
            await future
        finally:
            self.waiting.discard(future)

    def settle(self) -> None:
        for future in self.waiting:
            if not future.done():
                future.set_result(None)

    def end(self, error: BaseException) -> None:
        self.over = error
        for future in self.waiting:
            if not future.done():
                future.set_exception(error)


class Deliveries:
    """The deliveries whose outcome is awaited."""

    def __init__(self, endpoint: ctypes.c_void_p) -> None:
        self._endpoint = endpoint
        self._futures: dict[int, asyncio.Future[int]] = {}
        self._failures: dict[int, list[tuple[int, str]]] = {}

    async def outcome(self, delivery: int) -> int:
        """The number of receivers that have the message."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._futures[delivery] = future
        try:
            return await future
        finally:
            if self._futures.pop(delivery, None) is not None:
                # Nothing was reported: the caller was cancelled.
                self._failures.pop(delivery, None)
                lib.busbar_endpoint_forget_delivery(self._endpoint, delivery)

    def failed(self, delivery: int, peer_id: int, reason: int) -> None:
        """One receiver will not get it."""
        self._failures.setdefault(delivery, []).append((peer_id, code_of(reason)))

    def delivered(self, delivery: int, receivers: int) -> None:
        """The delivery is over."""
        failures = self._failures.pop(delivery, [])
        future = self._futures.pop(delivery, None)
        if future is None or future.done():
            return
        if not failures:
            future.set_result(receivers)
            return
        reasons = ", ".join(sorted({code for _, code in failures}))
        message = f"{len(failures)} of {receivers + len(failures)} receivers: {reasons}"
        future.set_exception(UndeliveredError(message, delivered=receivers, failures=failures))

    def end(self, error: BaseException) -> None:
        """Nothing more will be reported."""
        futures, self._futures = self._futures, {}
        for future in futures.values():
            if not future.done():
                future.set_exception(error)


class Roomless:
    """The sends that wait for room, and the calls of `drained`."""

    def __init__(self, endpoint: ctypes.c_void_p) -> None:
        self._endpoint = endpoint
        self._room = _Waiters()
        self._drain = _Waiters()
        # Calls with the same selector proceed in order.
        self._turns: dict[Selector, tuple[asyncio.Lock, int]] = {}

    async def send(self, selector: Selector, send: Callable[[], int | None]) -> int:
        """Calls `send` until it has found room."""
        if selector not in self._turns:
            receivers = send()
            if receivers is not None:
                return receivers
        lock, users = self._turns.get(selector, (asyncio.Lock(), 0))
        self._turns[selector] = (lock, users + 1)
        try:
            async with lock:
                while (receivers := send()) is None:
                    await self.room()
                return receivers
        finally:
            lock, users = self._turns.pop(selector)
            if users > 1:
                self._turns[selector] = (lock, users - 1)

    async def room(self) -> None:
        """Waits until a receiver may have room."""
        # At the latest when all is sent.
        lib.busbar_endpoint_ask_drained(self._endpoint)
        await self._room.wait()

    async def drained(self) -> None:
        """Waits until no message waits in this process."""
        lib.busbar_endpoint_ask_drained(self._endpoint)
        await self._drain.wait()

    def retry(self) -> None:
        """A receiver has room again."""
        self._room.settle()

    def all_sent(self) -> None:
        """No message waits any more."""
        self._drain.settle()
        self._room.settle()

    def end(self, error: BaseException) -> None:
        """Nothing more will be sent."""
        self._room.end(error)
        self._drain.end(error)


class Watchers:
    """The calls of `wait_for`, and the listeners that want to hear of other endpoints. The library
    reports them only while there are any."""

    def __init__(self, endpoint: ctypes.c_void_p, routes: Routes, listeners: Listeners) -> None:
        self._endpoint = endpoint
        self._routes = routes
        self._listeners = listeners
        self._changes = _Waiters()
        self._waiting = 0
        self._watching = False
        self._known: dict[int, Peer] = {}

    async def wait(self, selector: Selector, count: int) -> None:
        """Waits until so many endpoints match."""
        self._waiting += 1
        try:
            self.update()
            while (
                lib.busbar_endpoint_count_matches(self._endpoint, self._routes.of(selector)) < count
            ):
                await self._changes.wait()
        finally:
            self._waiting -= 1
            if self._changes.over is None:
                self.update()

    def update(self) -> None:
        """Listeners or waiting calls have come or gone."""
        wanted = self._waiting > 0 or self._listeners.has(
            events.PeerJoined, events.PeerLeft, events.PeerEnded, events.PeerRelabelled
        )
        if wanted == self._watching:
            return
        self._watching = wanted
        # Watch first, then look: changes in between are reported.
        lib.busbar_endpoint_watch_peers(self._endpoint, int(wanted))
        self._known = self._members() if wanted else {}

    def relabelled(self, number: int) -> None:
        """An endpoint has another label."""
        former = self._known.get(number)
        self._known.update(self._members())
        peer = self._known.get(number)
        if former is not None and peer is not None:
            self._listeners.tell(events.PeerRelabelled(peer, former.label))
        self._changes.settle()

    def changed(self, joined: bool, number: int) -> None:
        """An endpoint has joined or left."""
        if joined:
            self._known.update(self._members())
        # One that has left again already is no longer listed.
        peer = self._known.get(number, Peer(number, 0, ()))
        if joined:
            self._listeners.tell(events.PeerJoined(peer))
        else:
            self._known.pop(number, None)
            self._listeners.tell(events.PeerLeft(peer))
        self._changes.settle()

    def end(self, error: BaseException) -> None:
        """Nothing more will be reported."""
        self._changes.end(error)

    def _members(self) -> dict[int, Peer]:
        listed = ctypes.c_void_p()
        status = lib.busbar_endpoint_list_peers(self._endpoint, ctypes.byref(listed))
        if status != c.OK:
            raise error_of(status, "the list of peers")
        return {each.id: each for each in take_peer_list(listed)}
