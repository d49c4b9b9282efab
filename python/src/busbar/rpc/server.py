"""The serving half: takes calls in, within limits, runs each as a task, and answers."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ..errors import BusError
from ..messages import Message
from ..peers import Peer
from ..selectors import Selector
from . import wire
from .errors import CallError, DeclaredError, InvalidCallError
from .interface import Interface, Member, encode
from .session import Session, is_from_caller
from .wire import Answer, Request

_MAX_TEXT = 4096
_PEERS_IN_SELECTOR = 128
# A record of small items is at most about this large.
_PACK_BYTES = 32 << 10
_PACK_ITEMS = 1024


@dataclass(frozen=True, slots=True)
class Call:
    """The call that a method runs for; `current_call()` returns it."""

    sender: Peer
    """Who called."""
    deadline: float | None
    """When the caller gives up, on the clock of `time.monotonic()`; `None` for never. The method is
    cancelled then."""
    attempt: int
    """How often the call was sent to other servers before."""

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline: the `timeout` of calls that this one makes."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


_current: contextvars.ContextVar[Call] = contextvars.ContextVar("busbar.rpc.call")


def current_call() -> Call:
    """The call that the running method was called by. Raises LookupError outside of one."""
    return _current.get()


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls a service runs, and what it tells."""

    concurrency: int = 4096
    """Calls that run at once; others are answered with `busy`, and go to another server."""
    per_caller: int = 1024
    """Of these, and of the subscriptions, those of one caller."""
    error_messages: bool = True
    """Whether callers get the texts of errors that the interface does not declare."""


@dataclass(slots=True, eq=False)
class _Running:
    peer: int
    number: int
    codec: int
    member: Member
    task: asyncio.Task[None] | None = None
    credit_items: int = 0
    credit_bytes: int = 0
    credited: asyncio.Event = field(default_factory=asyncio.Event)
    answered: bool = False
    expired: bool = False


@dataclass(slots=True)
class _Property:
    value: Any
    version: int


class Server:
    """The implementation of one interface on one session."""

    def __init__(
        self, session: Session, implementation: Interface, limits: Limits, values: dict[str, Any]
    ) -> None:
        self._session = session
        self._implementation = implementation
        self._limits = limits
        members = implementation.busbar_members.values()
        self._members = {each.type_bytes: each for each in members}
        self._running: dict[tuple[int, int], _Running] = {}
        self._of_peer: dict[int, set[_Running]] = {}
        self._subscriptions: dict[tuple[int, int], Member] = {}
        self._subscribers: dict[bytes, dict[int, int]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self.leaving = False
        # Versions of different servers differ, so that `if_version` matches no other server's.
        self._properties = {
            each.attribute: _Property(values[each.attribute], (random.getrandbits(31) << 20) + 1)
            for each in members
            if each.kind == "property"
        }

    # From the session.

    def frame(self, message: Message) -> None:
        """A call, or what a caller says about one."""
        message.close()
        if is_from_caller(message):
            self._about(message)
            return
        member = self._members.get(message.type_bytes)
        if member is None:
            self._other(message)
            return
        try:
            metadata = wire.read_metadata(message.metadata)
        except ValueError as error:
            self._refuse(message, "INVALID_ARGUMENT", str(error))
            return
        peer = message.sender.id
        if wire.kind_of(message.format) == Request.SUBSCRIBE:
            self._subscribe(message, member)
            return
        limits = self._limits
        mine = self._of_peer.setdefault(peer, set())
        if (
            self.leaving
            or len(self._running) >= limits.concurrency
            or len(mine) >= limits.per_caller
            or metadata.deadline == 0
        ):
            self._busy(message)
            return
        codec = wire.codec_of(message.format)
        running = _Running(peer, message.id, wire.JSON if codec == wire.JSON else 0, member)
        running.credit_items = metadata.credit_items or 16
        running.credit_bytes = metadata.credit_bytes or 64 << 10
        self._running[peer, message.id] = running
        mine.add(running)
        self._idle.clear()
        left = metadata.deadline
        deadline = None if left is None else time.monotonic() + left
        call = Call(message.sender, deadline, metadata.attempt)
        context = contextvars.copy_context()
        context.run(_current.set, call)
        running.task = asyncio.get_running_loop().create_task(
            self._run(running, message, deadline), context=context
        )

    def undelivered(self, peer: int, message_id: int) -> None:
        """An answer was not taken: its caller is gone."""

    def gone(self, peer: int) -> None:
        """Cancels the calls of a peer."""
        for running in list(self._of_peer.get(peer, ())):
            self._drop(running)
        for key in [key for key in self._subscriptions if key[0] == peer]:
            self._unsubscribe(key)

    def members_changed(self) -> None:
        """Callers came or left."""

    def closed(self) -> None:
        """Cancels all calls."""
        self.leaving = True
        for running in list(self._running.values()):
            self._fail(running, "CANCELLED", "the service was closed")
            self._drop(running)
        for peer, number in list(self._subscriptions):
            self._unsubscribe((peer, number))
            # Its subscribers go to another server.
            payload = encode(wire.MESSAGEPACK, None)
            self._session.answer(peer, number, wire.format_of(Answer.END), payload)

    async def idle(self) -> None:
        """Waits until no method runs."""
        await self._idle.wait()

    # For the implementation.

    def call(self, member: Member, arguments: dict[str, Any]) -> Any:
        """Refused: an implementation is no client."""
        raise InvalidCallError(f"{member.name} is called by clients")

    async def get(self, member: Member) -> Any:
        """The value of a property."""
        return self._properties[member.attribute].value

    async def set(self, member: Member, value: Any, if_version: int | None) -> Any:
        """Gives a property another value."""
        self.emit(member, value)
        return self._properties[member.attribute].version

    def watch(self, member: Member) -> AsyncGenerator[Any, None]:
        """Refused: an implementation is no client."""
        raise InvalidCallError(f"{member.name} is watched by clients")

    def emit(self, member: Member, data: Any) -> None:
        """Sends a signal, or a new value, to everyone who subscribed."""
        key = None
        payload = encode(wire.MESSAGEPACK, data)
        if member.kind == "property":
            held = self._properties[member.attribute]
            held.value = data
            held.version += 1
            payload = encode(wire.MESSAGEPACK, {"value": data, "version": held.version})
            # With a key, a slow watcher gets the newest value only.
            key = member.name[:64]
        peers = list(self._subscribers.get(member.type_bytes, ()))
        format = wire.format_of(Request.EMISSION)
        for at in range(0, len(peers), _PEERS_IN_SELECTOR):
            text = " | ".join(f"#{peer}" for peer in peers[at : at + _PEERS_IN_SELECTOR])
            to = Selector(text, multicast=True)
            self._session.emit(to, member.type_bytes, format, payload, key)

    # Calls.

    async def _run(self, running: _Running, message: Message, deadline: float | None) -> None:
        try:
            async with asyncio.timeout_at(
                None
                if deadline is None
                else asyncio.get_running_loop().time() + deadline - time.monotonic()
            ) as limit:
                await self._execute(running, message)
        except TimeoutError:
            if limit.expired():
                self._fail(running, "DEADLINE", "the deadline has passed")
        except asyncio.CancelledError:
            if not running.answered:
                raise
        finally:
            self._running.pop((running.peer, running.number), None)
            mine = self._of_peer.get(running.peer, set())
            mine.discard(running)
            if not mine:
                self._of_peer.pop(running.peer, None)
            if not self._running:
                self._idle.set()

    async def _execute(self, running: _Running, message: Message) -> None:
        member = running.member
        kind = wire.kind_of(message.format)
        if member.kind == "property":
            await self._property(running, message, kind)
            return
        if member.kind != "method" or kind != Request.CALL:
            self._fail(running, "UNKNOWN_METHOD", f"{member.name} is not a method here")
            return
        try:
            codec = wire.codec_of(message.format)
            decoded = member.args.decode(codec, message.payload) if member.parameters else None
            named = {} if decoded is None else msgspec.structs.asdict(decoded)
        except ValueError as error:
            self._fail(running, "INVALID_ARGUMENT", str(error))
            return
        try:
            result = getattr(self._implementation, member.attribute)(**named)
            if member.item is not None:
                await self._stream(running, result)
                return
            if inspect.isawaitable(result):
                result = await result
        except asyncio.CancelledError:
            raise
        except Exception as error:  # Whatever a method raises.
            self._raised(running, error)
            return
        self._succeed(running, Answer.RESULT, result)

    async def _property(self, running: _Running, message: Message, kind: int) -> None:
        member = running.member
        held = self._properties[member.attribute]
        if kind == Request.CALL:
            value = {"value": held.value, "version": held.version}
            self._succeed(running, Answer.RESULT, value)
            return
        try:
            if kind != Request.SET or not member.writable or member.setting is None:
                raise ValueError(f"{member.name} is read-only")
            setting = member.setting.decode(wire.codec_of(message.format), message.payload)
        except ValueError as error:
            self._fail(running, "INVALID_ARGUMENT", str(error))
            return
        if setting.ifVersion is not None and setting.ifVersion != held.version:
            text = f"{member.name} has version {held.version} by now"
            self._fail(running, "CONFLICT", text)
            return
        self.emit(member, setting.value)
        self._succeed(running, Answer.RESULT, {"version": held.version})

    async def _stream(self, running: _Running, items: AsyncIterator[Any]) -> None:
        pack: list[Any] = []
        packed = 0
        starved = False

        def flush() -> None:
            nonlocal packed, starved
            if not pack:
                return
            kind = Answer.ITEM if len(pack) == 1 else Answer.ITEMS
            payload = encode(running.codec, pack[0] if kind == Answer.ITEM else pack)
            flags = wire.STARVED if starved else 0
            self._answer(running, wire.format_of(kind, running.codec, flags), payload)
            running.credit_items -= len(pack)
            running.credit_bytes -= len(payload)
            pack.clear()
            packed = 0
            starved = False

        iterator = aiter(items)
        pending: asyncio.Future[Any] | None = None
        try:
            while True:
                while running.credit_items - len(pack) <= 0 or running.credit_bytes <= packed:
                    flush()
                    if running.credit_items > 0 and running.credit_bytes > 0:
                        break
                    starved = True
                    running.credited.clear()
                    await running.credited.wait()
                pending = asyncio.ensure_future(anext(iterator))
                # What comes within a turn of the loop goes as one record.
                await asyncio.sleep(0)
                if not pending.done():
                    flush()
                    await asyncio.wait([pending])
                try:
                    item = pending.result()
                except StopAsyncIteration:
                    break
                pack.append(item)
                packed += len(encode(running.codec, item))
                if packed >= _PACK_BYTES or len(pack) >= _PACK_ITEMS:
                    flush()
            flush()
        except BaseException:
            flush()
            raise
        finally:
            if pending is not None and not pending.done():
                pending.cancel()
                await asyncio.wait([pending])
            closing = getattr(iterator, "aclose", None)
            if closing is not None:
                await closing()
        self._succeed(running, Answer.END, None)

    # Answers.

    def _succeed(self, running: _Running, kind: int, value: Any) -> None:
        try:
            payload = encode(running.codec, value)
        except (TypeError, ValueError, OverflowError) as error:
            text = f"the result of {running.member.name} is wrong: {error}"
            self._fail(running, "INVALID_RESULT", text)
            return
        self._last(running, kind, payload)

    def _raised(self, running: _Running, error: Exception) -> None:
        member = running.member
        if isinstance(error, DeclaredError) and error.wire_name() in member.errors:
            wire_error = {
                "code": error.wire_name(),
                "message": str(error)[:_MAX_TEXT],
                "data": error.wire_data(),
            }
            self._last(running, Answer.ERROR, encode(running.codec, wire_error))
            return
        text = str(error) if self._limits.error_messages else ""
        self._fail(running, "HANDLER_FAILED", text or f"{member.name} failed")
        if not isinstance(error, CallError):
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"the method {member.name} failed", "exception": error}
            )

    def _fail(self, running: _Running, code: str, text: str) -> None:
        error = {"code": code, "message": text[:_MAX_TEXT]}
        self._last(running, Answer.ERROR, encode(running.codec, error))

    def _last(self, running: _Running, kind: int, payload: bytes) -> None:
        if running.answered:
            return
        format = wire.format_of(kind, running.codec)
        try:
            self._answer(running, format, payload)
        except BusError as error:
            # Too large, for example. The caller must not wait for ever.
            wire_error = {"code": "INVALID_RESULT", "message": str(error)}
            payload = encode(running.codec, wire_error)
            self._answer(running, wire.format_of(Answer.ERROR, running.codec), payload)
        running.answered = True

    def _answer(self, running: _Running, format: int, payload: bytes) -> None:
        if running.answered:
            return
        if not self._session.answer(running.peer, running.number, format, payload):
            # It does not take its answers, and must hold up nobody else.
            self.gone(running.peer)

    def _drop(self, running: _Running) -> None:
        running.answered = True
        if running.task is not None:
            running.task.cancel()

    # What callers say about their calls.

    def _about(self, message: Message) -> None:
        key = (message.sender.id, message.reply_to or 0)
        kind = wire.kind_of(message.format)
        if kind == Answer.CANCEL and key in self._subscriptions:
            self._unsubscribe(key)
        running = self._running.get(key)
        if running is None:
            return
        if kind == Answer.CANCEL:
            self._drop(running)
        elif kind == Answer.CREDIT:
            try:
                metadata = wire.read_metadata(message.metadata)
            except ValueError:
                return
            items = running.credit_items + metadata.credit_items
            bytes_ = running.credit_bytes + metadata.credit_bytes
            running.credit_items = min(wire.MAX_CREDIT, items)
            running.credit_bytes = min(wire.MAX_CREDIT, bytes_)
            running.credited.set()

    def _subscribe(self, message: Message, member: Member) -> None:
        key = (message.sender.id, message.id)
        mine = sum(peer == key[0] for peer, _ in self._subscriptions)
        if self.leaving or mine >= self._limits.per_caller:
            self._busy(message)
            return
        if member.kind == "method":
            self._refuse(message, "UNKNOWN_METHOD", f"{member.name} cannot be watched")
            return
        value: Any = None
        if member.kind == "property":
            held = self._properties[member.attribute]
            value = {"value": held.value, "version": held.version}
        self._subscriptions[key] = member
        counts = self._subscribers.setdefault(member.type_bytes, {})
        counts[key[0]] = counts.get(key[0], 0) + 1
        codec = wire.JSON if wire.codec_of(message.format) == wire.JSON else wire.MESSAGEPACK
        self._session.answer(*key, wire.format_of(Answer.ITEM, codec), encode(codec, value))

    def _unsubscribe(self, key: tuple[int, int]) -> None:
        member = self._subscriptions.pop(key)
        counts = self._subscribers[member.type_bytes]
        counts[key[0]] -= 1
        if counts[key[0]] == 0:
            del counts[key[0]]

    # Refusals.

    def _other(self, message: Message) -> None:
        codec = wire.JSON if wire.codec_of(message.format) == wire.JSON else wire.MESSAGEPACK
        if message.type_bytes == wire.PING_TYPE:
            format = wire.format_of(Answer.RESULT, codec)
            self._session.answer(message.sender.id, message.id, format, encode(codec, {}))
        elif message.format & wire.EXPECTS_ANSWER:
            self._refuse(message, "UNKNOWN_METHOD", f"type {message.type_id} is not served here")

    def _refuse(self, message: Message, code: str, text: str) -> None:
        codec = wire.JSON if wire.codec_of(message.format) == wire.JSON else wire.MESSAGEPACK
        payload = encode(codec, {"code": code, "message": text[:_MAX_TEXT]})
        format = wire.format_of(Answer.ERROR, codec)
        self._session.answer(message.sender.id, message.id, format, payload)

    def _busy(self, message: Message) -> None:
        codec = wire.JSON if wire.codec_of(message.format) == wire.JSON else wire.MESSAGEPACK
        payload = encode(codec, {"load": len(self._running), "leaving": self.leaving})
        format = wire.format_of(Answer.BUSY, codec)
        self._session.answer(message.sender.id, message.id, format, payload)
