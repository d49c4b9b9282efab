"""Carries frames for calls: what sessions over a bus and over wires have in common. A session gives
each frame to the calling or the serving half, and keeps answers that wait for room."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, ClassVar

from ..messages import Message
from ..peers import Peer
from ..selectors import Selector
from . import wire
from ._backlogs import Backlogs, Waiting
from ._coding import Attachments
from ._outgoing import FULL
from .caller import Caller
from .server import Server
from .wire import ANSWER_TYPE, Answer, Request


class Session(ABC):
    """What carries the frames of some clients and services, with its caller and its server. The
    last one of them closes it."""

    def __init__(self) -> None:
        self.closed = False
        """Whether nothing can be called or served any more."""
        self.users = 0
        self.caller = Caller(self)
        self.server = Server(self)
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._backlogs = Backlogs(self)
        self._closing: asyncio.Task[None] | None = None

    # What carries the frames.

    carries_attachments: ClassVar[bool] = True
    """Whether objects and regions can be sent."""

    def check(self, selector: Selector) -> None:  # noqa: B027
        """Refuses a selector that this session cannot tell. Raises InvalidCallError."""

    def nested_to(self, caller: Peer) -> Peer | None:
        """Whom a method calls by `call.client()`; `None` for whoever serves the interface."""
        return None

    @abstractmethod
    def matching(self, selector: Selector) -> list[Peer]:
        """The peers that a call with this selector may go to now."""

    @abstractmethod
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
        """Sends a frame; returns its number, FULL or GONE. Raises a BusError if it is too large,
        and what is wrong with its attachments."""

    @abstractmethod
    def emit(
        self, to: Selector, type_bytes: bytes, format: int, payload: bytes, key: str | None
    ) -> None:
        """Sends one frame to several peers. One without room does not get it."""

    @abstractmethod
    async def when_room(self, peer: int) -> None:
        """Waits until a receiver has room again, or is gone."""

    @abstractmethod
    async def retire(self, name: str, label: str, timeout: float) -> None:
        """Takes the labels of a service back, so that calls go to other servers."""

    @abstractmethod
    async def _leave(self, linger: float) -> None:
        """Leaves; frames that wait for room are sent, or given up."""

    # Frames.

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that ends with the session at the latest."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

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
        if not self._backlogs.has(peer):
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
        self._backlogs.add(peer, Waiting(call, format, payload, metadata, attachments))

    def is_waiting(self, peer: int) -> bool:
        """Whether answers wait for room at this receiver."""
        return self._backlogs.has(peer)

    def is_overrun(self, peer: int) -> bool:
        """Whether this receiver took too little of what was sent to it, and has not caught up."""
        return self._backlogs.is_overrun(peer)

    @property
    def overruns(self) -> int:
        """How often a receiver took too little of what was sent to it."""
        return self._backlogs.overruns

    async def release(self, linger: float) -> None:
        """One user less; the last one closes the endpoint."""
        self.users -= 1
        if self.users <= 0 and self._closing is None:
            self._closing = self._loop.create_task(self._close(linger))
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def _close(self, linger: float) -> None:
        self._end()
        await self._leave(linger)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self) -> None:
        if not self.closed:
            self.caller.close()
            self.server.close()
            self.closed = True

    def _forget(self, peer: int, cause: BaseException | None = None) -> None:
        """A peer is gone, and all that it had sent was read."""
        self._backlogs.forget(peer)
        self.server.gone(peer)
        self.caller.gone(peer, cause)

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
