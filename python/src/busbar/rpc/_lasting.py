"""Calls that last: streams, and subscriptions to signals and properties."""

from __future__ import annotations

import weakref
from typing import Any

from ..messages import Message
from . import wire
from ._coding import CodingError, size_of
from ._pending import Callee, CallRequest, Keeper, PendingCall, Watcher
from ._streams import Stream
from .errors import CallError, InvalidResultError, ProtocolError
from .wire import Answer


class StreamCall(PendingCall):
    """A call that is answered with items. It begins when its consumer first asks for one, so a
    stream that nobody iterates costs nothing."""

    credit = (wire.FIRST_ITEMS, wire.FIRST_BYTES)

    def __init__(self, keeper: Keeper, request: CallRequest) -> None:
        super().__init__(keeper, request)
        # The consumer has the stream; when it drops it, the call ends.
        self._stream: Any = None

    def stream(self) -> Stream[Any]:
        """What the consumer iterates. Called once."""
        made: Stream[Any] = Stream(_StreamHost(self), *self.credit)
        self._stream = weakref.ref(made)
        return made

    def receive(self, kind: int, message: Message) -> None:
        stream: Stream[Any] | None = self._stream()
        member = self.request.member
        item = member.item
        if stream is None or item is None:
            message.close()
            self.left()
            return
        starved = bool(message.format & wire.STARVED)
        size = size_of(message)
        try:
            if kind == Answer.ITEM:
                stream.push([item.decode_frame(message)], size, starved)
            elif kind == Answer.ITEMS:
                stream.push(item.decode_list(message), size, starved)
            elif kind in (Answer.END, Answer.RESULT):
                result = None if member.returns is None else member.returns.decode_frame(message)
                self.finish()
                stream.end(None, result)
            else:
                message.close()
                self.cancel(ProtocolError(f"{member} was answered with a frame of kind {kind}"))
        except CodingError as error:
            self.cancel(InvalidResultError(f"an item of {member} is wrong: {error}"))

    def failed(self, error: CallError) -> None:
        stream: Stream[Any] | None = self._stream()
        if stream is not None:
            stream.end(error)

    def overrun(self) -> None:
        """The server has sent more than it had credit for."""
        text = f"{self.request.member} sent more items than it had credit for"
        self.cancel(ProtocolError(text))


class _StreamHost:
    def __init__(self, call: StreamCall) -> None:
        self._call = call

    def begin(self) -> None:
        self._call.keeper.start(self._call)

    def grant(self, items: int, bytes_: int) -> None:
        self._call.keeper.grant(self._call, items, bytes_)

    def leave(self) -> None:
        self._call.left()

    def overrun(self) -> None:
        self._call.overrun()


class WatchCall(PendingCall):
    """A subscription to a signal or a property. It lasts until it is left: when its server goes, it
    goes on with the next one."""

    patient = True

    def __init__(self, keeper: Keeper, request: CallRequest, subscription: Watcher) -> None:
        super().__init__(keeper, request)
        self._subscription = weakref.ref(subscription)
        self._active = False
        self._version = 0

    def placed(self, callee: Callee) -> None:
        self._version = 0
        callee.subscribed.setdefault(self.request.member.type_bytes, []).append(self)

    def displaced(self, callee: Callee) -> None:
        self._forget(callee)
        self._inactive()

    def finish(self) -> None:
        callee = self.callee
        settled = self.settled
        super().finish()
        if not settled and callee is not None:
            self._forget(callee)

    def receive(self, kind: int, message: Message) -> None:
        if kind == Answer.MOVED:
            # The other side is a relay that stays, while the server behind it is gone. Versions of
            # the next one have nothing to do with those seen so far.
            message.close()
            self._version = 0
            self._inactive()
            return
        if kind != Answer.ITEM:
            # The service is closed.
            message.close()
            self.keeper.again(self)
            return
        self._active = True
        if self.request.member.kind == "property":
            self.emitted(message)
        subscription = self._subscription()
        if subscription is not None:
            subscription.active.set()

    def emitted(self, message: Message) -> None:
        """A signal, or a new value."""
        member = self.request.member
        subscription = self._subscription()
        if subscription is None:
            self.left()
            return
        codec = wire.codec_of(message.format)
        try:
            if member.versioned is not None:
                found = member.versioned.decode(codec, message.payload)
                # Older ones may arrive later.
                if found.version <= self._version:
                    return
                self._version = found.version
                subscription.push(found.value)
            elif member.args is not None:
                subscription.push(member.args.decode(codec, message.payload))
            else:
                subscription.push(None)
        except CodingError:
            pass  # A server of another minor version, or one that lies.

    def failed(self, error: CallError) -> None:
        subscription = self._subscription()
        if subscription is not None:
            subscription.fail(error)

    def _inactive(self) -> None:
        self._active = False
        subscription = self._subscription()
        if subscription is not None:
            subscription.active.clear()

    def _forget(self, callee: Callee) -> None:
        watching = callee.subscribed.get(self.request.member.type_bytes, [])
        if self in watching:
            watching.remove(self)
