"""Carries frames for calls: an endpoint of its own, whose messages go to the calling or the serving
half. A peer is gone only after everything that it had sent was read."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Protocol

from .. import events
from ..endpoint import Endpoint
from ..errors import BusError, ClosedError, NoRecipientError, QueueFullError
from ..message_types import Outgoing
from ..messages import Message
from ..selectors import Selector
from .wire import ANSWER_TYPE, FROM_CALLER, Request, kind_of

# Answers that wait for one peer that has no room.
_MAX_WAITING = 1024


class Half(Protocol):
    """The calling or the serving half of a session."""

    def frame(self, message: Message) -> None:
        """A frame for it."""
        ...

    def undelivered(self, peer: int, message_id: int) -> None:
        """This frame was surely not taken."""
        ...

    def gone(self, peer: int) -> None:
        """Nothing more comes from this peer, and it gets nothing more."""
        ...

    def members_changed(self) -> None:
        """Others may match a condition now."""
        ...

    def closed(self) -> None:
        """The session is over."""
        ...


class Session:
    """One endpoint, with a caller or a server."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.half: Half | None = None
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, int] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._departed: list[int] = []
        endpoint.on(events.PeerJoined, lambda _: self._told("members_changed"))
        endpoint.on(events.PeerLeft, lambda event: self._departed.append(event.peer.id))
        endpoint.on(events.Undelivered, self._undelivered)
        endpoint.on(events.Disconnected, lambda event: self._departed.append(event.peer_id))

    def start(self, half: Half) -> None:
        """Begins to receive."""
        self.half = half
        self.spawn(self._receive())

    def spawn(self, coroutine: Any) -> asyncio.Task[Any]:
        """A task that ends with the session at the latest."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def post(
        self, peer: int, type_bytes: bytes, format: int, payload: bytes, metadata: bytes = b""
    ) -> int:
        """The number of the frame. Raises NoRecipientError, QueueFullError, TooLargeError,
        ClosedError."""
        message = Outgoing(type_bytes, format, payload)
        to = Selector(f"#{peer}")
        return self.endpoint.send_with_receipt(to, message, metadata=metadata).id

    def answer(
        self, peer: int, call: int, format: int, payload: bytes = b"", metadata: bytes = b""
    ) -> bool:
        """Sends a frame about a call; without room it waits. False if the peer does not take its
        answers. Raises TooLargeError."""
        message = Outgoing(ANSWER_TYPE, format, payload)
        to = Selector(f"#{peer}")
        if peer not in self._waiting:
            try:
                self.endpoint.send(to, message, reply_to=call, metadata=metadata)
                return True
            except (NoRecipientError, ClosedError):
                return True
            except QueueFullError:
                pass
        if self._waiting.get(peer, 0) >= _MAX_WAITING:
            return False
        self._waiting[peer] = self._waiting.get(peer, 0) + 1
        self.spawn(self._answer_later(peer, to, message, call, metadata))
        return True

    def emit(
        self, to: Selector, type_bytes: bytes, format: int, payload: bytes, key: str | None
    ) -> None:
        """Sends one frame to several peers. One without room does not get it."""
        message = Outgoing(type_bytes, format, payload)
        self.endpoint.send(to, message, when_full="drop", key=key)

    async def room(self) -> None:
        """Waits until a receiver may have room again."""
        await self.endpoint.room()

    async def close(self) -> None:
        """Leaves the bus."""
        if self.half is not None:
            self.half.closed()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # What remains are messages to members that do not take them.
        with contextlib.suppress(BusError):
            await self.endpoint.close()

    async def _answer_later(
        self, peer: int, to: Selector, message: Outgoing, call: int, metadata: bytes
    ) -> None:
        try:
            await self.endpoint.send_when_ready(to, message, reply_to=call, metadata=metadata)
        except BusError:
            pass  # Gone, or closed.
        finally:
            left = self._waiting[peer] - 1
            if left == 0:
                del self._waiting[peer]
            else:
                self._waiting[peer] = left

    async def _receive(self) -> None:
        half = self.half
        assert half is not None
        try:
            while True:
                message = self.endpoint.try_recv()
                if message is None:
                    departed, self._departed = self._departed, []
                    for peer in departed:
                        half.gone(peer)
                    if departed:
                        half.members_changed()
                        continue
                    await self.endpoint.readable()
                    continue
                half.frame(message)
                message.acknowledge()
                if self._busy():
                    await asyncio.sleep(0)
        except ClosedError:
            half.closed()

    _streak = 0

    def _busy(self) -> bool:
        self._streak = (self._streak + 1) % 64
        return self._streak == 0

    def _undelivered(self, event: events.Undelivered) -> None:
        if self.half is not None and event.peer_id is not None:
            self.half.undelivered(event.peer_id, event.message_id)

    def _told(self, what: str) -> None:
        if self.half is not None:
            getattr(self.half, what)()


def is_from_caller(message: Message) -> bool:
    """Whether the sender of this frame made the call that it is about."""
    return message.format & FROM_CALLER != 0


def is_emission(message: Message) -> bool:
    """Whether it is a signal or a new value."""
    return message.reply_to is None and kind_of(message.format) == Request.EMISSION
