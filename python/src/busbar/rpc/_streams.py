"""What arrives bit by bit: the items of a stream, with the credit for more, the values of a
property, the data of a signal."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any, Generic, Protocol, Self, TypeVar

from ..objects import KernelObject
from ..regions import MemoryRegion
from . import wire
from .errors import CallError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")

_MAX_SIGNALS = 16_384


class StreamHost(Protocol):
    """What an incoming stream does to its other side."""

    def begin(self) -> None:
        """The consumer asks for the first time."""
        ...

    def grant(self, items: int, bytes_: int) -> None:
        """Gives the sender credit."""
        ...

    def leave(self) -> None:
        """The consumer has left."""
        ...

    def overrun(self) -> None:
        """The sender has sent more than it was allowed to."""
        ...


class Window:
    """The receiver's side of the credit of one stream: how much the sender may still send, and when
    it gets more. Counted in items and in bytes, since either alone can be bought cheaply."""

    def __init__(self, items: int, bytes_: int, grant: Callable[[int, int], None]) -> None:
        self._items, self._bytes = items, bytes_
        self._whole_items, self._whole_bytes = items, bytes_
        self._used_items = self._used_bytes = 0
        self._grant = grant

    def arrived(self, items: int, bytes_: int) -> bool:
        """Whether the sender was allowed to send them. The last frame may exceed the bytes: its
        sender knew its size only once it was encoded."""
        if items > self._items or self._bytes <= 0:
            return False
        self._items -= items
        self._bytes -= bytes_
        return True

    def grow(self) -> None:
        """The sender waited for credit while the consumer waited for items."""
        items = min(wire.MOST_ITEMS, self._whole_items * 2) - self._whole_items
        bytes_ = min(wire.MOST_BYTES, self._whole_bytes * 2) - self._whole_bytes
        if items > 0 or bytes_ > 0:
            self.widen(items, bytes_)

    def widen(self, items: int, bytes_: int) -> None:
        """Enlarges the window, and tells the sender."""
        self._whole_items += items
        self._whole_bytes += bytes_
        self._give(items + self._used_items, bytes_ + self._used_bytes)

    def used(self, items: int, bytes_: int) -> None:
        """The consumer has taken items. At half of a window, the sender gets it back."""
        self._used_items += items
        self._used_bytes += bytes_
        if self._used_items * 2 >= self._whole_items or self._used_bytes * 2 >= self._whole_bytes:
            self._give(self._used_items, self._used_bytes)

    def _give(self, items: int, bytes_: int) -> None:
        self._used_items = self._used_bytes = 0
        self._items += items
        self._bytes += bytes_
        self._grant(items, bytes_)


class _Waiters:
    """Tasks that wait for the next thing. Each is woken once for each thing."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    async def wait(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():
                self.wake()
            raise
        finally:
            if future in self._waiting:
                self._waiting.remove(future)

    def wake(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return

    def wake_all(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)


class Stream(AsyncIterator[T]):
    """The items of a stream. Leaving its loop ends the stream at the other side, too; `aclose` does
    at once what otherwise happens when nobody has the stream any more."""

    def __init__(self, host: StreamHost, items: int, bytes_: int) -> None:
        """Not for programs: calls make streams."""
        self._host = host
        # Not a method of its own: a stream in a cycle would be left only when garbage is collected.
        self._window = Window(items, bytes_, host.grant)
        # Items that came together, how many of them were taken, and their bytes.
        self._chunks: deque[list[Any]] = deque()
        self._waiters = _Waiters()
        self._begun = False
        self._ended = False
        self._error: Exception | None = None
        self.result: Any = None
        """What the method returned beside its items, once the stream has ended."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        chunks = self._chunks
        while not chunks:
            await self._more()
        chunk = chunks[0]
        items, head, size = chunk
        item: T = items[head]
        if head + 1 == len(items):
            chunks.popleft()
            self._window.used(len(items), size)
        else:
            # Dropped at once, so that a large item is freed as soon as its user drops it.
            items[head] = None
            chunk[1] = head + 1
        return item

    async def batch(self) -> list[T]:
        """The items that came together. Raises StopAsyncIteration at the end."""
        while not self._chunks:
            await self._more()
        items, head, size = self._chunks.popleft()
        self._window.used(len(items), size)
        rest: list[T] = items[head:]
        return rest

    async def aclose(self) -> None:
        """Leaves the stream."""
        self._leave()

    def __del__(self) -> None:
        if self._begun and not self._ended:
            self._leave()

    def push(self, items: list[Any], size: int, starved: bool) -> None:
        """Items have arrived. `starved`: their sender had waited for credit."""
        if self._ended:
            return
        if not self._window.arrived(len(items), size):
            self._host.overrun()
            return
        idle = not self._chunks
        if items:
            self._chunks.append([items, 0, size])
            self._waiters.wake()
        if starved and idle:
            self._window.grow()

    def end(self, error: Exception | None = None, result: Any = None) -> None:
        """No more items come. The consumer gets those that are here first, then the error."""
        if self._ended:
            return
        self._ended = True
        self._error = error
        self.result = result
        self._waiters.wake_all()

    def begin(self) -> None:
        """Begins before the consumer asks for an item."""
        if not self._begun:
            self._begun = True
            self._host.begin()

    def widen(self, items: int, bytes_: int) -> None:
        """Enlarges the window."""
        self._window.widen(items, bytes_)

    async def _more(self) -> None:
        if self._ended:
            error, self._error = self._error, None
            raise error or StopAsyncIteration
        self.begin()
        if not self._chunks and not self._ended:
            await self._waiters.wait()

    def _leave(self) -> None:
        over = self._ended
        for items, head, _ in self._chunks:
            for item in items[head:]:
                dispose(item)
        self._chunks.clear()
        self._error = None
        self.end()
        if not over:
            self._host.leave()


def dispose(item: Any) -> None:
    """Releases what an item that nobody takes has brought along."""
    if isinstance(item, MemoryRegion):
        item.release()
    elif isinstance(item, KernelObject):
        item.close()
    elif isinstance(item, list):
        for each in item:
            dispose(each)
    elif isinstance(item, dict):
        dispose(list(item.values()))
    else:
        dispose([getattr(item, name) for name in getattr(item, "__dataclass_fields__", ())])


def batches(stream: AsyncIterator[T]) -> AsyncIterator[list[T]]:
    """The items of a stream in lists, as they arrive together: faster than one at a time.

    async for samples in rpc.batches(thermostat.history(since)): ..."""
    return _Batches(stream)


class _Batches(AsyncIterator[list[T]]):
    def __init__(self, stream: AsyncIterator[T]) -> None:
        while isinstance(stream, ResultStream):
            stream = stream.items
        self._stream = stream

    async def __anext__(self) -> list[T]:
        if isinstance(self._stream, Stream):
            return await self._stream.batch()
        return [await anext(self._stream)]


class ResultStream(AsyncIterator[T_co], Generic[T_co, R]):
    """A stream of items with a result at its end. A server makes one of an async generator and of
    a function that is called when that has ended; a client asks for `result` after its loop."""

    def __init__(self, items: AsyncIterable[T_co], result: Callable[[], R]) -> None:
        self.items: AsyncIterator[T_co] = aiter(items)
        """The items alone."""
        self._result = result

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T_co:
        return await anext(self.items)

    @property
    def result(self) -> R:
        """The result, once the stream has ended."""
        return self._result()

    async def aclose(self) -> None:
        """Leaves the stream."""
        close = getattr(self.items, "aclose", None)
        if close is not None:
            await close()


class Subscription(AsyncIterator[T]):
    """The values of a property, or the data of a signal, until the loop is left or `aclose` is
    called. A loop that is slower than a property gets the newest value only; one that is 16,384
    signals behind loses the oldest, which `lost` counts."""

    def __init__(self, newest_only: bool) -> None:
        """Not for programs: properties and signals make subscriptions."""
        self._values: deque[Any] = deque(maxlen=1 if newest_only else _MAX_SIGNALS)
        self._newest_only = newest_only
        self._waiters = _Waiters()
        self._stop: Callable[[], None] | None = None
        self._start: Callable[[Subscription[T]], Callable[[], None]] | None = None
        self._error: CallError | None = None
        self._over = False
        self.active = asyncio.Event()
        """Set while a server has the subscription."""
        self.lost = 0
        """Signals that this loop was too slow for."""

    def starts(self, start: Callable[[Subscription[T]], Callable[[], None]]) -> Self:
        """Begins with `start` once the first value is asked for; it returns what ends it."""
        self._start = start
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        self.begin()
        while not self._values:
            if self._over:
                error, self._error = self._error, None
                raise error or StopAsyncIteration
            await self._waiters.wait()
        value: T = self._values.popleft()
        return value

    def begin(self) -> None:
        """Subscribes now, rather than when the first value is asked for."""
        start, self._start = self._start, None
        if start is not None and not self._over:
            stop = start(self)
            if self._over:
                stop()
            else:
                self._stop = stop

    async def aclose(self) -> None:
        """Ends the subscription."""
        self._end()

    def __del__(self) -> None:
        self._end()

    def push(self, value: T) -> None:
        """A value has come."""
        if len(self._values) == self._values.maxlen and not self._newest_only:
            self.lost += 1
        self._values.append(value)
        self._waiters.wake()

    def fail(self, error: CallError) -> None:
        """No more will come."""
        self._over = True
        self._error = error
        self._waiters.wake_all()

    def _end(self) -> None:
        self._over = True
        self._values.clear()
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()
        self._waiters.wake_all()
