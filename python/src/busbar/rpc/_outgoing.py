"""The sending half of a stream: runs a generator while there is credit, and packs what it yields
within one turn of the event loop into one frame."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from . import wire
from ._coding import Attachments, packed
from .wire import Answer

# A record of small items is at most about this large.
_PACK_BYTES = 32 << 10
_PACK_ITEMS = 1024
# Larger items go alone.
_LARGE = 8 << 10

FULL = -1
GONE = -2


class OutgoingHost(Protocol):
    """What an outgoing stream needs of its call."""

    codec: int

    def encode_item(self, item: Any) -> tuple[bytes, Attachments | None]:
        """The payload of an item. Raises CodingError."""
        ...

    def send_items(
        self, kind: int, payload: bytes, starved: bool, attached: Attachments | None
    ) -> int:
        """Sends a frame; returns a positive number, FULL or GONE."""
        ...

    async def when_room(self) -> None:
        """Waits until the receiver has room again."""
        ...


@dataclass(slots=True)
class _Frame:
    kind: int
    payload: bytes
    count: int
    attached: Attachments | None


def is_source(value: object) -> bool:
    """Whether a value can be streamed."""
    return isinstance(value, AsyncIterable | Iterable)


class OutgoingStream:
    """One stream. Cancelling the task that runs it cancels the generator at its await."""

    def __init__(
        self, host: OutgoingHost, source: Any, items: int, bytes_: int, *, repeatable: bool = False
    ) -> None:
        """`repeatable`: what was sent before the first credit may have to be sent again."""
        self._host = host
        self._source = source
        self._first = (items, bytes_)
        self._items, self._bytes = items, bytes_
        self._pack: list[bytes] = []
        self._packed = 0
        self._flushing: asyncio.Handle | None = None
        self._held: list[_Frame] = []
        self._blocked: asyncio.Task[None] | None = None
        self._starved = False
        self._wake = asyncio.Event()
        self._early: list[_Frame] | None = [] if repeatable else None
        self._loop = asyncio.get_running_loop()
        self._over = False

    @property
    def can_restart(self) -> bool:
        """Whether the call may go to another server."""
        return self._early is not None

    def credit(self, items: int, bytes_: int) -> None:
        """The receiver allows more."""
        self._early = None
        self._items = min(wire.MAX_CREDIT, self._items + items)
        self._bytes = min(wire.MAX_CREDIT, self._bytes + bytes_)
        self._wake.set()

    def restart(self) -> None:
        """Another server has the call: begins again with what was sent."""
        frames = [*(self._early or ()), *self._held]
        self._early = []
        self._held = []
        self._items, self._bytes = self._first
        for frame in frames:
            self._post(frame)
        self._wake.set()

    async def run(self) -> None:
        """Runs the source to its end, and returns when all items are sent. Raises what the source
        raises, and CodingError for an item that does not fit."""
        source = self._source
        iterator: Any = aiter(source) if isinstance(source, AsyncIterable) else iter(source)
        try:
            await self._room()
            if isinstance(source, AsyncIterable):
                async for item in iterator:
                    if self._add(item) or not self._may_add():
                        await self._room()
            else:
                for item in iterator:
                    if self._add(item) or not self._may_add():
                        await self._room()
            self._flush()
            while self._held:
                await self._event()
        except Exception:
            # Items before an error are given out first.
            self._flush()
            raise
        finally:
            self._over = True
            if self._flushing is not None:
                self._flushing.cancel()
            if self._blocked is not None:
                self._blocked.cancel()
            await _close(iterator)

    def _may_add(self) -> bool:
        return not self._held and self._items > len(self._pack) and self._bytes > self._packed

    async def _room(self) -> None:
        """Waits for credit and room; lets other tasks have a turn."""
        if self._may_add():
            await asyncio.sleep(0)
        while not self._may_add():
            self._flush()
            if self._may_add():
                return
            if not self._held:
                self._starved = True
            await self._event()

    async def _event(self) -> None:
        self._wake.clear()
        await self._wake.wait()

    def _add(self, item: Any) -> bool:
        """Returns whether a frame was sent."""
        payload, attached = self._host.encode_item(item)
        if attached is not None or len(payload) >= _LARGE:
            self._flush()
            self._post(_Frame(Answer.ITEM, payload, 1, attached))
            return True
        self._pack.append(payload)
        self._packed += len(payload)
        if self._packed >= _PACK_BYTES or len(self._pack) >= _PACK_ITEMS:
            self._flush()
            return True
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush)
        return False

    def _flush(self) -> None:
        flushing, self._flushing = self._flushing, None
        if flushing is not None:
            flushing.cancel()
        pack = self._pack
        if not pack:
            return
        self._pack = []
        self._packed = 0
        if len(pack) == 1:
            self._post(_Frame(Answer.ITEM, pack[0], 1, None))
        else:
            payload = packed(self._host.codec, pack)
            self._post(_Frame(Answer.ITEMS, payload, len(pack), None))

    def _post(self, frame: _Frame) -> None:
        if self._held:
            self._held.append(frame)
            return
        outcome = self._host.send_items(frame.kind, frame.payload, self._starved, frame.attached)
        if outcome == FULL:
            self._held.append(frame)
            if self._blocked is None:
                self._blocked = self._loop.create_task(self._unblock())
            return
        self._starved = False
        self._items -= frame.count
        self._bytes -= len(frame.payload) + (frame.attached.size if frame.attached else 0)
        if frame.attached is not None:
            # Once the source goes on, it may close what the item attaches.
            self._early = None
        elif self._early is not None:
            self._early.append(frame)

    # The receiver's ring and queue are full of other things; the window of this stream is not at
    # fault.
    async def _unblock(self) -> None:
        while self._held and not self._over:
            await self._host.when_room()
            held, self._held = self._held, []
            for frame in held:
                self._post(frame)
        self._blocked = None
        self._wake.set()


async def _close(iterator: Any) -> None:
    close = getattr(iterator, "aclose", None)
    if close is not None:
        # The consumer is gone; an error of the cleanup reaches nobody.
        with contextlib.suppress(Exception):
            await close()
    elif hasattr(iterator, "close"):
        iterator.close()
