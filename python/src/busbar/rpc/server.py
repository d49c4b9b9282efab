"""The serving half of a session: takes calls in, within limits, runs them, and answers."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from ..messages import Message
from . import wire
from ._backlogs import OVERRUN_TEXT
from ._built_ins import built_in_answer
from ._coding import CodingError, encode_plain
from ._input import input_of, receive_input
from ._outgoing import OutgoingStream, is_source
from ._replies import Replies
from ._results import Results
from ._running import Call, CallerRecord, RunningCall, current
from ._streams import ResultStream
from ._subscribing import get_property, set_property, subscribe
from .errors import CallCancelledError
from .service_core import Handler, ServiceCore
from .wire import Answer, Request

if TYPE_CHECKING:
    from .session import Session


class Server:
    """All services of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._replies = Replies(session)
        self._handlers: dict[bytes, Handler] = {}
        self._callers: dict[int, CallerRecord] = {}
        self.services: list[ServiceCore] = []

    def add(self, service: ServiceCore) -> None:
        """Serves the members of a service from now on."""
        self._handlers.update(service.handlers)
        self.services.append(service)

    def remove(self, service: ServiceCore) -> None:
        """Ends a service: what still runs is cancelled, and its subscriptions end."""
        if service not in self.services:
            return
        self.services.remove(service)
        for type_bytes in service.handlers:
            self._handlers.pop(type_bytes, None)
        for record in list(self._callers.values()):
            for call in list(record.calls.values()):
                if call.handler.service is service:
                    self._replies.fail(call, "CANCELLED", "the service was closed")
                    self._drop(call)
            for number, handler in list(record.subscriptions.items()):
                if handler.service is service:
                    self._end_subscription(record, number)
                    # Its subscribers go to another server.
                    format = wire.format_of(Answer.END)
                    self._session.answer(record.peer, number, format, b"\xc0")

    def close(self) -> None:
        """Ends all services."""
        for service in list(self.services):
            self.remove(service)

    # From the session.

    def accept(self, message: Message) -> None:
        """A message of the type of a member."""
        handler = self._handlers.get(message.type_bytes)
        if handler is None:
            self._accept_other(message)
            return
        try:
            metadata = wire.read_metadata(message.metadata)
        except ValueError as error:
            message.close()
            self._refuse(message, "INVALID_ARGUMENT", str(error))
            return
        record = self._callers.get(message.sender.id)
        if record is None:
            record = self._callers[message.sender.id] = CallerRecord(message.sender.id)
        service = handler.service
        refuses = service.leaving or self._session.is_overrun(record.peer)
        if wire.kind_of(message.format) == Request.SUBSCRIBE:
            message.close()
            limit = service.limits.subscriptions_per_caller
            if refuses or len(record.subscriptions) >= limit:
                self._busy(message, service)
            elif handler.member.kind == "method":
                self._refuse(message, "UNKNOWN_METHOD", "this member cannot be used that way")
            else:
                subscribe(self._session, record, handler, message)
            return
        if refuses or len(record.calls) >= service.limits.per_caller:
            message.close()
            self._busy(message, service)
            return
        call = RunningCall(handler, record, message, metadata)
        if handler.member.input is not None:
            call.input = input_of(self._session, self._replies, call)
        if service.running < service.limits.concurrency:
            self._run(call)
        elif len(service.queued) < service.limits.queue:
            self._register(call)
            service.queued.append(call)
            service.changed()
        else:
            message.close()
            self._busy(message, service)

    def from_caller(self, message: Message) -> None:
        """A frame that a caller sends about a call of its own."""
        kind = wire.kind_of(message.format)
        number = message.reply_to or 0
        record = self._callers.get(message.sender.id)
        call = record.calls.get(number) if record is not None else None
        if record is not None and kind == Answer.CANCEL and number in record.subscriptions:
            self._end_subscription(record, number)
        if call is None:
            message.close()
        elif kind == Answer.CANCEL:
            message.close()
            self._drop(call)
        elif kind == Answer.CREDIT:
            message.close()
            self._credit(call, message)
        else:
            receive_input(self._replies, call, kind, message)

    def gone(self, peer: int) -> None:
        """A peer is gone: cancels its calls."""
        record = self._callers.pop(peer, None)
        if record is None:
            return
        for call in list(record.calls.values()):
            self._drop(call)
        for number in list(record.subscriptions):
            self._end_subscription(record, number)

    def overrun(self, peer: int) -> None:
        """A caller does not take its answers: cancels its calls, so that it holds up nobody."""
        record = self._callers.get(peer)
        if record is not None:
            for call in list(record.calls.values()):
                self._replies.fail(call, "OVERRUN", OVERRUN_TEXT)
                self._drop(call)

    def unsubscribed(self, peer: int, number: int) -> None:
        """A caller does not learn that its subscription is in force, so it is not."""
        record = self._callers.get(peer)
        if record is not None and number in record.subscriptions:
            self._end_subscription(record, number)

    # Running.

    def _run(self, call: RunningCall) -> None:
        if call.deadline is not None and call.deadline <= time.monotonic():
            call.over = True
            self._busy(call.message, call.handler.service)
            self._done(call)
            return
        call.handler.calls += 1
        call.started_at = time.monotonic()
        context = contextvars.copy_context()
        context.run(current.set, Call(call, self._session))
        is_property = call.member.kind == "property"
        ends = self._property(call) if is_property else self._method(call, context)
        if ends is None:
            self._done(call)
            return
        coroutine, returned = ends
        # The method goes on after this turn: the call counts, and can be cancelled.
        self._register(call)
        call.running = True
        service = call.handler.service
        service.running += 1
        service.changed()
        call.task = task = self._loop.create_task(coroutine, context=context)
        task.add_done_callback(lambda task: self._returned(call, task, returned))

    def _method(self, call: RunningCall, context: contextvars.Context) -> _Ends | None:
        member, method = call.member, call.handler.method
        kind = wire.kind_of(call.message.format)
        if member.kind != "method" or kind != Request.CALL or method is None:
            self._replies.fail(call, "UNKNOWN_METHOD", f"{member} is not a method here")
            return None
        named: dict[str, Any] = {}
        if member.args is not None:
            try:
                decoded = member.args.decode_frame(call.message)
            except CodingError as error:
                self._replies.fail(call, "INVALID_ARGUMENT", str(error))
                return None
            named = msgspec.structs.asdict(decoded)
        if call.input is not None:
            named[member.input_parameter] = call.input
        try:
            result = context.run(method, **named)
        except Exception as error:  # Whatever a method raises.
            self._replies.fail_with(call, error)
            return None
        if member.item is not None:
            return self._stream(call, result), None
        if inspect.iscoroutine(result):
            return result, self._replies.succeed
        if inspect.isawaitable(result):
            return _awaited(result), self._replies.succeed
        self._replies.succeed(call, result)
        return None

    def _property(self, call: RunningCall) -> _Ends | None:
        kind = wire.kind_of(call.message.format)
        call.message.close()
        if kind == Request.SET:
            waits = set_property(self._replies, call)
            return None if waits is None else (waits, None)
        if kind == Request.CALL:
            get_property(self._replies, call)
        else:
            self._replies.fail(call, "UNKNOWN_METHOD", "this member cannot be used that way")
        return None

    async def _stream(self, call: RunningCall, source: Any) -> None:
        if inspect.isawaitable(source):
            source = await source
        items = source.items if isinstance(source, ResultStream) else source
        if not is_source(items):
            raise TypeError(f"{call.member} returned nothing that can be iterated")
        stream = OutgoingStream(Results(self._session, call), items, *call.credit)
        call.output = stream
        await stream.run()
        result = source.result if isinstance(source, ResultStream) else None
        self._replies.succeed(call, result, Answer.END)

    def _returned(
        self,
        call: RunningCall,
        task: asyncio.Task[Any],
        returned: Callable[[RunningCall, Any], None] | None,
    ) -> None:
        if task.cancelled():
            # By the end of the call, or because the method awaited something that was cancelled.
            if not call.over:
                self._replies.fail_with(call, CallCancelledError("the method was cancelled"))
        elif (error := task.exception()) is not None:
            self._replies.fail_with(call, error)
        elif returned is not None:
            returned(call, task.result())
        self._done(call)

    def _register(self, call: RunningCall) -> None:
        if call.registered:
            return
        call.registered = True
        call.record.calls[call.number] = call
        if call.deadline is not None:
            delay = call.deadline - time.monotonic()
            call.timer = self._loop.call_later(delay, self._expired, call)

    def _expired(self, call: RunningCall) -> None:
        self._replies.fail(call, "DEADLINE", "the deadline has passed")
        self._drop(call)

    # The caller is not interested any more. A method that runs still counts, until it returns.
    def _drop(self, call: RunningCall) -> None:
        call.over = True
        if call.input is not None:
            call.input.end(CallCancelledError("the call is over"))
        if call.task is not None:
            call.task.cancel()
        if not call.running:
            self._done(call)

    def _done(self, call: RunningCall) -> None:
        """The method has returned, or will never run: frees its place and its arguments."""
        if call.finished:
            return
        call.finished = True
        if call.input is not None:
            call.input.end()
        if not call.kept:
            call.message.close()
        if call.registered:
            if call.record.calls.get(call.number) is call:
                del call.record.calls[call.number]
            if call.timer is not None:
                call.timer.cancel()
        service = call.handler.service
        if call.started_at:
            call.handler.busy_seconds += time.monotonic() - call.started_at
        elif call in service.queued:
            service.queued.remove(call)
        if call.running:
            call.running = False
            service.running -= 1
            while service.queued and service.running < service.limits.concurrency:
                self._run(service.queued.pop(0))
        service.changed()

    def _credit(self, call: RunningCall, message: Message) -> None:
        try:
            metadata = wire.read_metadata(message.metadata)
        except ValueError:
            return  # Nothing that this version understands.
        if call.output is not None:
            call.output.credit(metadata.credit_items, metadata.credit_bytes)
        else:
            items, bytes_ = call.credit
            call.credit = (items + metadata.credit_items, bytes_ + metadata.credit_bytes)

    def _end_subscription(self, record: CallerRecord, number: int) -> None:
        record.subscriptions.pop(number).unsubscribe(record.peer)

    # Refusals.

    def _accept_other(self, message: Message) -> None:
        message.close()
        codec = _codec(message)
        said = built_in_answer(message.type_bytes, self.services, self._session.overruns)
        if said is not None:
            format = wire.format_of(Answer.RESULT, codec)
            payload = encode_plain(codec, said)
            self._session.answer(message.sender.id, message.id, format, payload)
        elif message.format & wire.EXPECTS_ANSWER:
            self._refuse(message, "UNKNOWN_METHOD", f"type {message.type_id} is not served here")

    def _refuse(self, message: Message, code: str, text: str) -> None:
        codec = _codec(message)
        payload = encode_plain(codec, {"code": code, "message": text[:4096]})
        format = wire.format_of(Answer.ERROR, codec)
        self._session.answer(message.sender.id, message.id, format, payload)

    def _busy(self, message: Message, service: ServiceCore) -> None:
        codec = _codec(message)
        load = service.running + len(service.queued)
        payload = encode_plain(codec, {"load": load, "leaving": service.leaving})
        format = wire.format_of(Answer.BUSY, codec)
        self._session.answer(message.sender.id, message.id, format, payload)


# What ends a call: a coroutine, and who gets its result.
_Ends = tuple[Coroutine[Any, Any, Any], Callable[[RunningCall, Any], None] | None]


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def _codec(message: Message) -> int:
    asked = wire.codec_of(message.format)
    return wire.JSON if asked == wire.JSON else wire.MESSAGEPACK
