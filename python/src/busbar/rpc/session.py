"""Carries frames for calls: an endpoint of its own, whose messages go to the calling or the serving
half. A peer is gone only after everything that it had sent was read."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from .. import events
from ..endpoint import Endpoint
from ..errors import BusError, ClosedError, NoRecipientError, PeerGoneError, QueueFullError
from ..message_types import Outgoing
from ..messages import Message
from ..selectors import Selector
from . import wire
from ._coding import Attachments
from ._outgoing import FULL, GONE
from .caller import Caller
from .server import Server
from .wire import ANSWER_TYPE, Answer, Request

# Answers, and their bytes, that wait for one peer that has no room.
_MAX_WAITING = 16_384
_MAX_WAITING_BYTES = 64 << 20
# Frames in a row before other tasks get their turn.
_STREAK = 64
_MAX_SELECTORS = 4096


@dataclass(slots=True)
class _Waiting:
    call: int
    format: int
    payload: bytes
    metadata: bytes
    attachments: Attachments | None


@dataclass(slots=True)
class _Backlog:
    frames: deque[_Waiting] = field(default_factory=deque)
    size: int = 0

    def close(self) -> None:
        for each in self.frames:
            if each.attachments is not None:
                each.attachments.close()
        self.frames.clear()


class Session:
    """One endpoint, with its caller and its server. Used by one or more clients and services; the
    last one of them closes it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.closed = False
        """Whether nothing can be called or served any more."""
        self.cut_off: set[int] = set()
        """Members whose link to or from here was closed although they are still there."""
        self.users = 0
        self.caller = Caller(self)
        self.server = Server(self)
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._departed: list[int] = []
        self._backlogs: dict[int, _Backlog] = {}
        self._selectors: dict[int, Selector] = {}
        self._closing: asyncio.Task[None] | None = None
        endpoint.on(events.PeerJoined, lambda _: self.caller.members_changed())
        endpoint.on(events.PeerRelabelled, lambda _: self.caller.members_changed())
        endpoint.on(events.PeerLeft, lambda event: self._left(event.peer.id))
        endpoint.on(events.Undelivered, self._undelivered)
        # A link that is closed stays closed: calls must not go where no answer comes back from.
        endpoint.on(events.Disconnected, lambda event: self._cut(event.peer_id))
        endpoint.on(events.Violation, lambda event: self._cut(event.peer_id))
        endpoint.on(events.Closed, lambda _: self._end())
        self._draining: asyncio.Handle | None = self._loop.call_soon(self._drain)
        endpoint._receiving.on_wake = self._drain

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that ends with the session at the latest."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def post(
        self,
        peer: int,
        type_bytes: bytes,
        format: int,
        payload: bytes,
        metadata: bytes = b"",
        attachments: Attachments | None = None,
        reply_to: int = 0,
    ) -> int:
        """Sends a frame; returns its number, FULL or GONE. Raises TooLargeError, and what is wrong
        with its attachments."""
        message = Outgoing(type_bytes, format, payload)
        try:
            return self.endpoint._post(
                self._selector(peer), message, reply_to, metadata, attachments
            )
        except QueueFullError:
            return FULL
        except (NoRecipientError, PeerGoneError, ClosedError):
            return GONE

    def answer(
        self,
        peer: int,
        call: int,
        format: int,
        payload: bytes = b"",
        metadata: bytes = b"",
        attachments: Attachments | None = None,
    ) -> None:
        """Sends a frame about a call to its other side; without room there, it waits. Closes the
        attachments once they are sent. Raises as `post`."""
        backlog = self._backlogs.get(peer)
        if backlog is None:
            try:
                outcome = self.post(peer, ANSWER_TYPE, format, payload, metadata, attachments, call)
            except BaseException:
                if attachments is not None:
                    attachments.close()
                raise
            if outcome != FULL:
                if attachments is not None:
                    attachments.close()
                return
            backlog = self._backlogs[peer] = _Backlog()
            self.spawn(self._send_waiting(peer, backlog))
        backlog.frames.append(_Waiting(call, format, payload, metadata, attachments))
        backlog.size += len(payload)
        if len(backlog.frames) > _MAX_WAITING or backlog.size > _MAX_WAITING_BYTES:
            # It does not take its answers, and must hold up nobody else.
            backlog.close()
            self.server.overrun(peer)

    def is_waiting(self, peer: int) -> bool:
        """Whether answers wait for room at this receiver."""
        return peer in self._backlogs

    def emit(
        self, to: Selector, type_bytes: bytes, format: int, payload: bytes, key: str | None
    ) -> None:
        """Sends one frame to several peers. One without room does not get it."""
        message = Outgoing(type_bytes, format, payload)
        with contextlib.suppress(ClosedError):
            self.endpoint.send(to, message, when_full="drop", key=key)

    async def when_room(self, peer: int) -> None:
        """Waits until a receiver has room again, or is gone."""
        message = Outgoing(ANSWER_TYPE, wire.format_of(Answer.NOTHING), b"")
        with contextlib.suppress(BusError):
            await self.endpoint.send_when_ready(self._selector(peer), message)

    async def retire(self, name: str, label: str, timeout: float) -> None:
        """Takes the labels of a service back, so that calls go to other servers."""
        others = [each for each in self.endpoint.label if each != label]
        # Another major version may be served under the same name.
        if not any(each.startswith(f"{name}/") for each in others):
            others = [each for each in others if each != name]
        # Otherwise, calls that still come are answered with `busy`, and go elsewhere.
        with contextlib.suppress(BusError):
            await self.endpoint.relabel(others, timeout=timeout)

    async def release(self, linger: float) -> None:
        """One user less; the last one closes the endpoint."""
        self.users -= 1
        if self.users <= 0 and self._closing is None:
            self._closing = self._loop.create_task(self._close(linger))
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def _close(self, linger: float) -> None:
        self._end()
        # Frames that wait for room are sent, or given up.
        with contextlib.suppress(BusError):
            await self.endpoint.close(linger=linger)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self) -> None:
        if not self.closed:
            self.caller.close()
            self.server.close()
            self.closed = True

    async def _send_waiting(self, peer: int, backlog: _Backlog) -> None:
        while backlog.frames:
            await self.when_room(peer)
            while backlog.frames:
                each = backlog.frames[0]
                outcome = self.post(
                    *(peer, ANSWER_TYPE, each.format, each.payload),
                    *(each.metadata, each.attachments, each.call),
                )
                if outcome == FULL:
                    break
                backlog.frames.popleft()
                if each.attachments is not None:
                    each.attachments.close()
        if self._backlogs.get(peer) is backlog:
            del self._backlogs[peer]

    def _selector(self, peer: int) -> Selector:
        selector = self._selectors.get(peer)
        if selector is None:
            if len(self._selectors) >= _MAX_SELECTORS:
                self._selectors.clear()
            selector = self._selectors[peer] = Selector(f"#{peer}")
        return selector

    # From the endpoint.

    def _drain(self) -> None:
        """Takes the messages that are there, without a task in between, which would cost each call
        a turn of the event loop."""
        if self._draining is not None:
            self._draining.cancel()
            self._draining = None
        endpoint = self.endpoint
        try:
            for _ in range(_STREAK):
                # Whoever leaves while this looks may have sent something since it looked.
                departed = len(self._departed)
                message = endpoint.try_recv()
                if message is not None:
                    self._try_frame(message)
                elif departed > 0:
                    self._forget_departed(departed)
                elif self._departed:
                    continue
                else:
                    return
        except ClosedError:
            self._end()
            return
        self._draining = self._loop.call_soon(self._drain)

    def _try_frame(self, message: Message) -> None:
        try:
            self._frame(message)
        except Exception as error:  # One faulty frame must not end the others.
            text = "a frame of a call was refused"
            self._loop.call_exception_handler({"message": text, "exception": error})

    def _frame(self, message: Message) -> None:
        format = message.format
        if message.type_bytes == ANSWER_TYPE:
            if wire.kind_of(format) == Answer.NOTHING:
                message.close()
            elif format & wire.FROM_CALLER:
                self.server.from_caller(message)
            elif wire.kind_of(format) == Answer.FORGOTTEN and message.reply_to is None:
                # The server has dropped all calls of this side: it is as if it had died.
                message.close()
                self.caller.gone(message.sender.id)
            else:
                self.caller.answered(message)
        elif message.reply_to is not None:
            self.caller.answered(message)
        elif wire.kind_of(format) == Request.EMISSION:
            self.caller.emitted(message)
        else:
            self.server.accept(message)
        message.acknowledge()

    def _left(self, peer: int) -> None:
        # Its last messages may not be read yet.
        self.caller.forget_candidates()
        self._departed.append(peer)

    def _cut(self, peer: int) -> None:
        self.cut_off.add(peer)
        self._left(peer)

    def _forget_departed(self, count: int) -> None:
        departed, self._departed = self._departed[:count], self._departed[count:]
        for peer in departed:
            backlog = self._backlogs.pop(peer, None)
            if backlog is not None:
                backlog.close()
            self._selectors.pop(peer, None)
            self.server.gone(peer)
            self.caller.gone(peer)
        self.caller.members_changed()

    def _undelivered(self, event: events.Undelivered) -> None:
        if event.peer_id is not None:
            self.caller.undelivered(event.peer_id, event.message_id)
