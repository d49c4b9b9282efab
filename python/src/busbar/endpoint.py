"""An endpoint: one member of one bus. Combines the parts that send, receive and listen."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack, cast

from . import _declarations as c
from . import events
from ._hearing import Hearing
from ._library import lib
from ._notices import Listeners, NoticeQueue
from ._receiving import Consumer, MessageIterator, Receiving, StoppedError
from ._routes import Routes
from ._sending import (
    Attached,
    DeliverOptions,
    MessageOptions,
    ReadyOptions,
    ReceiptOptions,
    Sending,
    SendOptions,
    SendReceipt,
    milliseconds,
)
from ._threads import Waits, in_thread
from ._waiting import Deliveries, Roomless, Watchers, within
from .counters import Counters
from .errors import (
    ClosedError,
    InvalidArgumentError,
    QueueFullError,
    UndeliveredError,
    error_of,
)
from .labels import checked_label, encoded_label
from .message_types import Outgoing
from .messages import Message
from .peers import Peer, take_peer_list
from .selectors import LabelExpression, Selector, selector_of

E = TypeVar("E", bound=events.Event)

To = Selector | str | LabelExpression | Peer
"""The receivers of a message; what is no Selector means a unicast."""

_MAX_LINGER_MS = (1 << 32) - 1
_MAX_WAIT_MS = (1 << 31) - 1


class Endpoint:
    """One member of one bus, made by `join`. It belongs to the event loop in which it joined, and
    is used on the thread of that loop only. Messages that nobody has asked for stay in shared
    memory, so they survive if this process dies."""

    def __init__(
        self, handle: ctypes.c_void_p, notices: NoticeQueue, bus: str, label: tuple[str, ...]
    ) -> None:
        """Not for programs: `join` makes endpoints."""
        self.bus = bus
        """The name of the bus."""
        self.label = label
        """The strings that selectors match this endpoint by."""
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._routes = Routes(handle)
        self._sending = Sending(handle, self._routes)
        self._listeners = Listeners(self._loop)
        self._deliveries = Deliveries(handle)
        self._roomless = Roomless(handle)
        self._watchers = Watchers(handle, self._routes, self._listeners)
        self._hearing = Hearing(
            notices, self._listeners, self._deliveries, self._roomless, self._watchers
        )
        self._receiving = Receiving(self, handle, self._hearing.act)
        self._consumer = Consumer(self._receiving)
        self._closing: asyncio.Task[None] | None = None
        self._waits = Waits(self._look)
        self._lost = False
        self._id: int = lib.busbar_endpoint_id(handle)
        self._pollable: int = lib.busbar_endpoint_pollable(handle)
        self._loop.add_reader(self._pollable, self._on_readable)
        self._hearing.act()

    @property
    def id(self) -> int:
        """This endpoint's number on the bus."""
        if not self.closed:
            self._id = lib.busbar_endpoint_id(self._handle)
        return self._id

    @property
    def closed(self) -> bool:
        """Whether `close()` was called, or the endpoint has lost its bus for good."""
        return self._lost or self._closing is not None

    @property
    def is_controller(self) -> bool:
        """Whether this endpoint is the bus controller now."""
        return not self.closed and lib.busbar_endpoint_is_controller(self._handle) != 0

    @property
    def controller_id(self) -> int | None:
        """The id of the bus controller; `None` while an election is under way."""
        return lib.busbar_endpoint_controller_id(self._open()) or None

    @property
    def peers(self) -> list[Peer]:
        """All other endpoints on the bus at this moment."""
        listed = ctypes.c_void_p()
        status = lib.busbar_endpoint_list_peers(self._open(), ctypes.byref(listed))
        if status != c.OK:
            raise error_of(status, "the list of peers")
        own = self.id
        return [each for each in take_peer_list(listed) if each.id != own]

    @property
    def counters(self) -> Counters:
        """Counters since this endpoint joined."""
        counters = c.Counters(size=ctypes.sizeof(c.Counters))
        status = lib.busbar_endpoint_counters(self._open(), ctypes.byref(counters))
        if status != c.OK:
            raise error_of(status, "the counters")
        return Counters(*(getattr(counters, each[0]) for each in counters._fields_[1:]))

    def matches(self, to: To) -> list[Peer]:
        """The endpoints that match at this moment: those to which a multicast would go, or of which
        a unicast would take one. Asks no other process."""
        listed = ctypes.c_void_p()
        handle = self._open()
        route = self._routes.of(selector_of(to))
        status = lib.busbar_endpoint_matching_peers(handle, route, ctypes.byref(listed))
        if status != c.OK:
            raise error_of(status, "the list of matches")
        return take_peer_list(listed)

    def send(self, to: To, message: Outgoing | Any, **options: Unpack[SendOptions]) -> int:
        """Sends a message, and returns the number of receivers: each has it in its ring, or will
        get it from this process's queue. Messages from one sender to one receiver arrive in order,
        except those with a `key`. If no endpoint matches, a multicast returns 0; so does a message
        with `ttl`, which waits for a match.

        `message` is what a MessageType made, or any plain value, which is sent as MessagePack.
        `options`: see SendOptions.

        Raises NoRecipientError if a unicast without `ttl` matches no endpoint; QueueFullError,
        after which no receiver gets the message; TooLargeError; ClosedError."""
        self._open()
        return self._sending.send(selector_of(to), message, options, "send()")

    def send_with_receipt(
        self, to: To, message: Outgoing | Any, **options: Unpack[ReceiptOptions]
    ) -> SendReceipt:
        """Sends a message as `send` does, and returns its number and, for a unicast, the receiver:
        for a sender that recognises replies, and what became undelivered, by the number."""
        self._open()
        return self._sending.send_with_receipt(selector_of(to), message, options)

    def flush(self) -> None:
        """Makes corked messages visible, and wakes their receivers."""
        lib.busbar_endpoint_flush(self._open())

    async def send_when_ready(
        self,
        to: To,
        message: Outgoing | Any,
        *,
        timeout: float | None = None,
        **options: Unpack[ReadyOptions],
    ) -> int:
        """Sends a message as soon as every receiver has room for it. Calls with the same selector
        proceed in order; a `send()` may overtake them.

        Raises as `send`; BusTimeoutError, after which no receiver gets the message."""
        selector = selector_of(to)

        def send() -> int | None:
            try:
                return self.send(selector, message, **options)
            except QueueFullError:
                if options.get("ttl") and not self.matches(selector):
                    raise  # The store of messages that wait for a match is full.
                return None

        return await within(timeout, "send_when_ready()", self._roomless.send(selector, send))

    async def deliver(
        self,
        to: To,
        message: Outgoing | Any,
        *,
        acknowledge: Literal["taken", "handled"] = "taken",
        timeout: float | None = None,
        **options: Unpack[DeliverOptions],
    ) -> int:
        """Sends a message, and returns the number of receivers once all of them have taken it (the
        receiving program has got it) or handled it (it has asked for its next message). If the
        receiver of a unicast dies before, the message goes to another match.

        Raises UndeliveredError, whose `failures` names the receivers that have not;
        BusTimeoutError, after which the message may still arrive, as after cancellation; otherwise
        as `send`."""
        numbers = {"taken": c.TAKEN, "handled": c.HANDLED}
        if acknowledge not in numbers:
            message_ = f"acknowledge is {acknowledge!r}; expected 'taken' or 'handled'"
            raise InvalidArgumentError(message_)
        self._open()
        delivery, receivers = self._sending.start_delivery(
            selector_of(to), message, options, numbers[acknowledge]
        )
        if delivery == 0:
            return receivers
        return await within(timeout, "deliver()", self._deliveries.outcome(delivery))

    async def drained(self, *, timeout: float | None = None) -> None:
        """Waits until no message waits in this process's memory for a receiver that has no room.

        Raises BusTimeoutError, ClosedError."""
        self._open()
        await within(timeout, "drained()", self._roomless.drained())

    async def recv(self, *, timeout: float | None = None) -> Message:
        """The next message; the previous one counts as handled from now on.

        Raises BusTimeoutError, ClosedError. Neither they nor cancellation lose a message."""
        if timeout is None:
            return await self._consumer.next()
        return await within(timeout, "recv()", self._consumer.next())

    def try_recv(self) -> Message | None:
        """The next message if there is one now. For programs with a loop of their own, which calls
        `readable` between; unlike `recv`, it leaves earlier messages as they are.

        Raises ClosedError."""
        return self._receiving.take()

    async def readable(self) -> None:
        """Waits until there may be messages, or something else has happened.

        Raises ClosedError."""
        self._open()
        await self._receiving.wait()

    async def room(self) -> None:
        """Waits until a receiver that had no room may have some, after QueueFullError.

        Raises ClosedError."""
        self._open()
        await self._roomless.room()

    def __aiter__(self) -> MessageIterator:
        """Iterates over the messages until the endpoint is closed. A message is handled when its
        loop asks for the next one. Leaving a loop, even while it waits, loses no message.

        Raises ClosedError if the endpoint loses its bus."""
        return MessageIterator(self._receiving)

    async def wait_for(self, to: To, *, count: int = 1, timeout: float | None = None) -> list[Peer]:
        """Waits until `count` endpoints match, this one included, and returns them.

        Raises BusTimeoutError, ClosedError."""
        self._open()
        selector = selector_of(to)
        if not isinstance(count, int) or count < 1:
            raise InvalidArgumentError(f"count is {count!r}; expected a number from 1")
        await within(timeout, "wait_for()", self._watchers.wait(selector, count))
        return self.matches(selector)

    async def relabel(self, label: str | Sequence[str], *, timeout: float | None = None) -> None:
        """Changes the strings that selectors match this endpoint by, and returns once every other
        endpoint sees them: whatever is sent from then on goes by the new label.

        Raises InvalidLabelError, ClosedError; BusTimeoutError after `timeout` seconds, or when the
        call is cancelled, after which the label may change nevertheless."""
        strings = checked_label(label)
        encoded = encoded_label(strings)
        handle = self._open()
        wait_ms = -1 if timeout is None else min(milliseconds("timeout", timeout), _MAX_WAIT_MS)

        def call() -> int:
            return int(lib.busbar_endpoint_relabel(handle, encoded, len(strings), wait_ms))

        status = await self._waits.run(call)
        if status != c.OK:
            raise error_of(status, "relabel()")
        self.label = strings

    def on(self, kind: type[E], listener: Callable[[E], object]) -> Callable[[], None]:
        """Calls `listener` in the event loop with each event of this class of `busbar.events`.
        Returns a function that removes the listener."""
        self._open()
        remove = self._listeners.add(kind, listener)
        self._watchers.update()

        def remove_and_update() -> None:
            remove()
            if not self.closed:
                self._watchers.update()

        return remove_and_update

    async def close(self, *, linger: float = 1.0) -> None:
        """Leaves the bus. Queued messages have `linger` seconds to be sent; messages that wait for
        a match, and the office of controller, go to other endpoints. Pending calls raise
        ClosedError, and loops end. Repeated calls wait for the same end.

        Raises UndeliveredError if messages had to be given up; the endpoint is closed
        nevertheless."""
        if self._closing is None:
            milliseconds_ = min(milliseconds("linger", linger), _MAX_LINGER_MS)
            self._end(StoppedError(f"endpoint {self._id} of bus {self.bus!r} is closed"))
            self._closing = self._loop.create_task(self._close(milliseconds_))
        await asyncio.shield(self._closing)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Endpoint {self._id} of bus {self.bus!r}{', closed' if self.closed else ''}>"

    def _open(self) -> ctypes.c_void_p:
        if self.closed:
            raise ClosedError(f"endpoint {self._id} of bus {self.bus!r} is closed")
        return self._handle

    def _reply(self, to: Message, message: Outgoing | Any, options: MessageOptions) -> int:
        self._open()
        answering = cast("SendOptions", {**options, "reply_to": to.id})
        return self._sending.send(Selector(f"#{to.sender.id}"), message, answering, "reply()")

    def _post(
        self,
        to: Selector,
        message: Outgoing,
        reply_to: int,
        metadata: bytes,
        attached: Attached | None,
    ) -> int:
        self._open()
        return self._sending.post(to, message, reply_to, metadata, attached)

    def _on_readable(self) -> None:
        status = lib.busbar_endpoint_dispatch(self._handle)
        self._hearing.act()
        if status == ClosedError.number:
            self._lose()
        else:
            self._receiving.wake()

    # What came while a thread waited has rung there.
    def _look(self) -> None:
        if not self.closed:
            self._on_readable()

    def _lose(self) -> None:
        if self.closed:
            return
        self._lost = True
        self._end(ClosedError(f"endpoint {self._id} has lost bus {self.bus!r} for good"))
        self._listeners.tell(events.Closed(lost=True))

    # No more calls, no more waiting; the C library still has the endpoint.
    def _end(self, error: ClosedError) -> None:
        self._loop.remove_reader(self._pollable)
        self._consumer.give_up()
        self._receiving.end(error)
        self._deliveries.end(error)
        self._roomless.end(error)
        self._watchers.end(error)

    async def _close(self, linger_ms: int) -> None:
        abandoned = ctypes.c_uint64()

        def close() -> int:
            out = ctypes.byref(abandoned)
            return int(lib.busbar_endpoint_close(self._handle, linger_ms, out))

        # Nothing else may use the endpoint any more.
        await self._waits.over()
        status = await in_thread(close, lambda _: None)
        self._routes.close()
        self._hearing.act()
        self._listeners.tell(events.Closed(lost=False))
        if status == UndeliveredError.number:
            message = f"{abandoned.value} messages had to be given up"
            raise UndeliveredError(message)
        if status != c.OK:
            raise error_of(status, "close()")
