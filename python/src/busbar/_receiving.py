"""Receives: turns messages of the C library into Python's, and wakes the tasks that wait for one.
Messages stay in shared memory until a task asks for them."""

from __future__ import annotations

import asyncio
import ctypes
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from . import _declarations as c
from ._library import lib
from .errors import ClosedError, NotHandledError, error_of
from .messages import Message
from .objects import KernelObject
from .peers import Peer
from .regions import MemoryRegion

if TYPE_CHECKING:
    from .endpoint import Endpoint

# After so many messages without waiting, other tasks get their turn.
_STREAK = 64
# As many endpoints as a bus has.
_MAX_CACHED_PEERS = 4096


class Receiving:
    """The receiving half of one endpoint. Belongs to the thread of its event loop."""

    def __init__(
        self, endpoint: Endpoint, handle: ctypes.c_void_p, heard: Callable[[], None]
    ) -> None:
        self._endpoint = endpoint
        self._handle = handle
        self._heard = heard
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._streak = 0
        self._senders: dict[tuple[int, int], Peer] = {}
        # The messages whose senders wait for their outcome.
        self._unsettled: dict[int, Message] = {}
        self._over: BaseException | None = None
        self.on_wake: Callable[[], None] | None = None
        """Called, in place of waking a task, when there may be messages: for layers that take all
        of them."""
        self._pointer = ctypes.c_void_p()
        self._pointer_by_ref = ctypes.byref(self._pointer)
        self._info = c.MessageInfo(size=ctypes.sizeof(c.MessageInfo))
        self._info_by_ref = ctypes.byref(self._info)

    async def next(self) -> Message:
        """The next message. Raises what `end` was given once there is no more."""
        self._streak += 1
        if self._streak > _STREAK:
            self._streak = 0
            await asyncio.sleep(0)
        # Tasks that wait get their messages first.
        if not self._waiting:
            message = self.take()
            if message is not None:
                return message
        while True:
            await self.wait()
            message = self.take()
            if message is not None:
                self.wake()
                return message

    def wake(self) -> None:
        """There may be messages: one task looks, and wakes the next one if it finds one."""
        if self.on_wake is not None:
            self.on_wake()
            return
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return

    def end(self, error: BaseException) -> None:
        """There will be no more messages; unfinished ones are reported as not handled."""
        self._over = error
        for message in list(self._unsettled.values()):
            message.refuse(NotHandledError)
        while self._waiting:
            self.wake()

    async def wait(self) -> None:
        """Waits until there may be messages."""
        self._streak = 0
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.cancelled():
                self._waiting.remove(waiting)
            else:
                self.wake()
            raise

    def take(self) -> Message | None:
        """The next message, if there is one."""
        if self._over is not None:
            raise self._over.with_traceback(None)
        status = lib.busbar_endpoint_receive(self._handle, 0, self._pointer_by_ref)
        self._heard()
        if status == c.OK:
            return self._read(self._pointer.value or 0)
        if status == c.WOULD_BLOCK:
            return None
        if status == ClosedError.number:
            raise ClosedError("the endpoint has lost its bus")
        raise error_of(status, "receiving")

    def _read(self, pointer: int) -> Message:
        info = self._info
        lib.busbar_message_get_info(pointer, self._info_by_ref)
        span = info.payload
        metadata = info.metadata
        message = Message(
            self._endpoint,
            bytes(info.type.bytes),
            info.format,
            ctypes.string_at(span.data, span.bytes) if span.bytes else b"",
            ctypes.string_at(metadata.data, metadata.bytes) if metadata.bytes else b"",
            self._sender(pointer, info.from_id, info.from_pid),
            info.id,
            info.reply_to,
        )
        if info.object_count or info.region_count or info.lost:
            self._take_attachments(pointer, message)
        if info.awaited:
            self._unsettled[pointer] = message
            message._settle = partial(self._settle, pointer)
        else:
            lib.busbar_message_free(pointer)
        return message

    def _sender(self, pointer: int, number: int, pid: int) -> Peer:
        sender = self._senders.get((number, pid))
        if sender is None:
            label: list[str] = []
            while text := lib.busbar_message_borrow_from_label(pointer, len(label)):
                label.append(text.decode())
            if len(self._senders) >= _MAX_CACHED_PEERS:
                self._senders.clear()
            sender = self._senders[number, pid] = Peer(number, pid, tuple(label))
        return sender

    def _take_attachments(self, pointer: int, message: Message) -> None:
        info = self._info
        message.attachments_lost = info.lost != 0
        objects = []
        for index in range(info.object_count):
            descriptor = ctypes.c_ssize_t()
            status = lib.busbar_message_take_object(pointer, index, ctypes.byref(descriptor))
            if status == c.OK:
                objects.append(KernelObject(descriptor.value))
            else:
                # Only a broken or hostile peer sends what nobody can use.
                message.attachments_lost = True
        message.objects = tuple(objects)
        regions = []
        for index in range(info.region_count):
            region = ctypes.c_void_p()
            part = c.RegionRange()
            status = lib.busbar_message_take_region(
                pointer, index, ctypes.byref(region), ctypes.byref(part)
            )
            if status == c.OK and region.value is not None:
                regions.append(MemoryRegion(region.value, part.offset, part.bytes))
            else:
                message.attachments_lost = True
        message.regions = tuple(regions)

    def _settle(self, pointer: int, status: int) -> None:
        del self._unsettled[pointer]
        if status == c.OK:
            lib.busbar_message_free(pointer)
        else:
            lib.busbar_message_refuse(pointer, status)


class Consumer:
    """Whoever asks for messages: one `async for`, or all calls of `recv`. A message is handled when
    its consumer asks for the next one."""

    def __init__(self, receiving: Receiving) -> None:
        self._receiving = receiving
        self._in_hand: list[Message] = []

    async def next(self) -> Message:
        """The next message; the previous ones are handled from now on."""
        self.done()
        message = await self._receiving.next()
        if message._settle is not None or message.objects or message.regions:
            self._in_hand.append(message)
        return message

    def done(self) -> None:
        """The consumer has handled its messages."""
        while self._in_hand:
            self._in_hand.pop()._done()

    def give_up(self) -> None:
        """The consumer ends without telling what it did with its messages."""
        while self._in_hand:
            message = self._in_hand.pop()
            message.refuse()
            message._done()


class MessageIterator:
    """Iterates over the messages until the endpoint is closed. A message is handled when its loop
    asks for the next one; a loop that is left has not handled its last message."""

    def __init__(self, receiving: Receiving) -> None:
        self._consumer = Consumer(receiving)

    def __aiter__(self) -> MessageIterator:
        return self

    async def __anext__(self) -> Message:
        try:
            return await self._consumer.next()
        except StoppedError:
            raise StopAsyncIteration from None

    def __del__(self) -> None:
        self._consumer.give_up()


class StoppedError(ClosedError):
    """The program itself has closed the endpoint."""
