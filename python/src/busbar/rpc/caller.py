"""The calling half: chooses a server for each call, finds the call of each answer, and decides what
becomes of the calls of a server that is gone."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ..errors import NoRecipientError, QueueFullError
from ..messages import Message
from ..peers import Peer
from ..selectors import LabelExpression, Selector, label
from . import wire
from .errors import (
    BusyError,
    CallError,
    ClientClosedError,
    DeadlineError,
    InvalidResultError,
    NoServerError,
    ProtocolError,
    ServerGoneError,
    UnknownMethodError,
    error_from,
)
from .interface import Interface, Member, TypedCodec
from .session import Session, is_emission
from .wire import Answer, Request

_MAX_ATTEMPTS = 255
# Conditions whose matches are remembered.
_MAX_KNOWN = 256


class _Failure(msgspec.Struct):
    code: Any = None
    message: Any = None


class _Busy(msgspec.Struct):
    load: Any = 0
    leaving: Any = False


@dataclass(frozen=True, slots=True)
class Options:
    """How the calls of a client are made; see `options`."""

    to: str | LabelExpression | Peer | None = None
    timeout: float | None = None
    codec: int = wire.MESSAGEPACK


class _Lost(Exception):
    """The server surely did not execute the call; `refusal` says why, if it said so."""

    def __init__(self, refusal: CallError | None = None) -> None:
        super().__init__()
        self.refusal = refusal


class _Gone(Exception):
    """The server had the call, and is gone."""


@dataclass(slots=True, eq=False)
class _Pending:
    """A call that is not over: the frames that answered it."""

    frames: deque[Message | Exception] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, answer: Message | Exception) -> None:
        self.frames.append(answer)
        self.wake.set()

    async def next(self) -> Message:
        while not self.frames:
            self.wake.clear()
            await self.wake.wait()
        answer = self.frames.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer


class Caller:
    """The calls of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pending: dict[int, dict[int, _Pending]] = {}
        self._watching: dict[tuple[int, bytes], set[_Pending]] = {}
        self._changed = asyncio.Event()
        self._turn = 0
        # The members that match; valid until members change.
        self._known: dict[Selector, list[Peer]] = {}
        self.over = False

    # From the session.

    def frame(self, message: Message) -> None:
        """An answer, or an emission."""
        message.close()
        if is_emission(message):
            for each in self._watching.get((message.sender.id, message.type_bytes), ()):
                each.add(message)
            return
        call = self._pending.get(message.sender.id, {}).get(message.reply_to or 0)
        if call is not None:
            call.add(message)

    def undelivered(self, peer: int, message_id: int) -> None:
        """This call was surely not executed."""
        call = self._pending.get(peer, {}).get(message_id)
        if call is not None:
            call.add(_Lost())

    def gone(self, peer: int) -> None:
        """All that the peer was sent and that was not reported as undelivered, it had."""
        for call in self._pending.get(peer, {}).values():
            call.add(_Gone())

    def members_changed(self) -> None:
        """Servers came or left."""
        self._known.clear()
        self._changed.set()
        self._changed = asyncio.Event()

    def closed(self) -> None:
        """No call can be made any more."""
        self.over = True
        for calls in self._pending.values():
            for call in calls.values():
                call.add(ClientClosedError("the client is closed"))
        self.members_changed()

    # For clients.

    async def call(self, interface: type[Interface], options: Options, request: CallRequest) -> Any:
        """The result of a call with one result."""
        deadline = _deadline(options)

        async def answered(pending: _Pending, peer: int, number: int) -> Any:
            message = await self._answer(pending, request.member)
            return request.result(message)

        return await self._attempts(interface, options, request, deadline, answered)

    async def stream(
        self, interface: type[Interface], options: Options, request: CallRequest
    ) -> AsyncGenerator[Any, None]:
        """The items of a stream."""
        item = request.member.item
        assert item is not None
        peer, number, pending = await self._attempts(
            interface, options, request, _deadline(options), _keep
        )
        window_items, window_bytes = wire.FIRST_ITEMS, wire.FIRST_BYTES
        allowed_items, allowed_bytes = window_items, window_bytes
        used_items = used_bytes = 0
        over = False
        try:
            while True:
                try:
                    message = await pending.next()
                except _Gone:
                    over = True
                    raise _gone(request.member, peer) from None
                except _Lost as lost:
                    over = True
                    raise lost.refusal or NoServerError("no server took the call") from None
                kind = wire.kind_of(message.format)
                if kind in (Answer.END, Answer.RESULT):
                    over = True
                    return
                if kind in (Answer.ERROR, Answer.BUSY):
                    over = True
                    raise _error_in(request.member, message)
                items = _items(request.member, message, kind)
                if len(items) > allowed_items or allowed_bytes <= 0:
                    raise ProtocolError("the server sent more items than it had credit for")
                allowed_items -= len(items)
                allowed_bytes -= len(message.payload)
                for each in items:
                    yield each
                used_items += len(items)
                used_bytes += len(message.payload)
                grow = message.format & wire.STARVED and not pending.frames
                if grow:
                    used_items += min(wire.MOST_ITEMS, window_items * 2) - window_items
                    used_bytes += min(wire.MOST_BYTES, window_bytes * 2) - window_bytes
                    window_items = min(wire.MOST_ITEMS, window_items * 2)
                    window_bytes = min(wire.MOST_BYTES, window_bytes * 2)
                if grow or used_items * 2 >= window_items or used_bytes * 2 >= window_bytes:
                    metadata = wire.write_metadata(credit_items=used_items, credit_bytes=used_bytes)
                    format = wire.format_of(Answer.CREDIT, flags=wire.FROM_CALLER)
                    self._session.answer(peer, number, format, metadata=metadata)
                    allowed_items += used_items
                    allowed_bytes += used_bytes
                    used_items = used_bytes = 0
        finally:
            self._forget(peer, number, cancel=not over)

    async def watch(
        self, interface: type[Interface], options: Options, request: CallRequest
    ) -> AsyncGenerator[Any, None]:
        """The values of a property, or the data of a signal; goes on with the next server when
        its server is gone."""
        member = request.member
        while True:
            peer, number, pending = await self._attempts(
                interface, options, request, None, _keep, patient=True
            )
            key = (peer, member.type_bytes)
            self._watching.setdefault(key, set()).add(pending)
            over = version = 0
            try:
                while True:
                    message = await pending.next()
                    kind = wire.kind_of(message.format)
                    if message.reply_to is not None and kind != Answer.ITEM:
                        over = 1
                        if kind == Answer.END:
                            break
                        raise _error_in(member, message)
                    if member.kind == "property":
                        # A slow loop sees the newest only.
                        if any(isinstance(each, Message) for each in pending.frames):
                            continue
                        assert member.versioned is not None
                        found = _decoded(member.versioned, message)
                        if found is None or found.version <= version:
                            continue
                        version = found.version
                        yield found.value
                    elif message.reply_to is None:
                        yield _decoded(member.args, message)
            except (_Gone, _Lost):
                over = 1
            finally:
                watching = self._watching[key]
                watching.discard(pending)
                if not watching:
                    del self._watching[key]
                self._forget(peer, number, cancel=not over)

    async def _attempts(
        self,
        interface: type[Interface],
        options: Options,
        request: CallRequest,
        deadline: float | None,
        answered: Any,
        *,
        patient: bool = False,
    ) -> Any:
        selector = _selector(interface, options)
        tried: set[int] = set()
        refusal: CallError | None = None
        attempt = 0
        try:
            async with asyncio.timeout(None if deadline is None else deadline - time.monotonic()):
                while True:
                    if self.over:
                        raise ClientClosedError("the client is closed")
                    changed = self._changed
                    peers = self._candidates(selector)
                    peer = self._choose(peers, tried)
                    if peer is None and self._known.pop(selector, None) is not None:
                        # Another server may have joined before this process hears of it.
                        peers = self._candidates(selector)
                        peer = self._choose(peers, tried)
                    if peer is None:
                        # All that match have refused, or nobody matches: then one may come.
                        if peers and not patient:
                            raise refusal or _no_server(request.member)
                        tried.clear()
                        await changed.wait()
                        continue
                    try:
                        number, pending = await self._post(peer, request, deadline, attempt)
                    except NoRecipientError:
                        self._known.clear()
                        tried.add(peer)
                        continue
                    keep = False
                    try:
                        result = await answered(pending, peer, number)
                        keep = answered is _keep
                        return result
                    except _Lost as lost:
                        refusal = lost.refusal or refusal
                        self._forget(peer, number, cancel=False)
                    except _Gone:
                        self._forget(peer, number, cancel=False)
                        if not request.idempotent:
                            raise _gone(request.member, peer) from None
                    except asyncio.CancelledError:
                        self._forget(peer, number, cancel=True)
                        keep = True
                        raise
                    finally:
                        if not keep:
                            self._forget(peer, number, cancel=False)
                    tried.add(peer)
                    attempt += 1
                    if attempt > _MAX_ATTEMPTS:
                        raise refusal or _no_server(request.member)
        except TimeoutError as error:
            if isinstance(error, CallError):
                raise
            raise DeadlineError(f"{request.member.name}: the deadline has passed") from None

    async def _post(
        self, peer: int, request: CallRequest, deadline: float | None, attempt: int
    ) -> tuple[int, _Pending]:
        stream = request.member.item is not None and request.kind == Request.CALL
        format = wire.format_of(request.kind, request.codec, wire.EXPECTS_ANSWER)
        while True:
            metadata = wire.write_metadata(
                None if deadline is None else deadline - time.monotonic(),
                wire.FIRST_ITEMS if stream else 0,
                wire.FIRST_BYTES if stream else 0,
                attempt,
            )
            type_bytes = request.member.type_bytes
            try:
                number = self._session.post(peer, type_bytes, format, request.payload, metadata)
            except QueueFullError:
                await self._session.room()
                continue
            pending = self._pending.setdefault(peer, {})[number] = _Pending()
            return number, pending

    def _candidates(self, selector: Selector) -> list[Peer]:
        known = self._known.get(selector)
        if known is None:
            known = self._session.endpoint.matches(selector)
            # An empty answer is not kept: a server may have joined before this process hears of it.
            if known:
                if len(self._known) >= _MAX_KNOWN:
                    self._known.clear()
                self._known[selector] = known
        return known

    def _choose(self, peers: list[Peer], tried: set[int]) -> int | None:
        untried = [each.id for each in peers if each.id not in tried]
        if not untried:
            return None
        # Ties go round-robin.
        self._turn += 1
        turn = self._turn % len(untried)
        order = untried[turn:] + untried[:turn]
        return min(order, key=lambda each: len(self._pending.get(each, ())))

    async def _answer(self, pending: _Pending, member: Member) -> Message:
        message = await pending.next()
        # A program that knows nothing of calls answers with a type of its own.
        known = message.type_bytes == wire.ANSWER_TYPE
        kind = wire.kind_of(message.format) if known else Answer.RESULT
        if kind in (Answer.RESULT, Answer.END):
            return message
        if kind in (Answer.ERROR, Answer.BUSY):
            error = _error_in(member, message)
            if isinstance(error, BusyError | UnknownMethodError):
                raise _Lost(error)
            raise error
        raise ProtocolError(f"{member.name} was answered with a frame of kind {kind}")

    def _forget(self, peer: int, number: int, *, cancel: bool) -> None:
        calls = self._pending.get(peer)
        if calls is None or calls.pop(number, None) is None:
            return
        if not calls:
            del self._pending[peer]
        if cancel and not self.over:
            format = wire.format_of(Answer.CANCEL, flags=wire.FROM_CALLER)
            self._session.answer(peer, number, format)


@dataclass(frozen=True, slots=True)
class CallRequest:
    member: Member
    kind: int
    codec: int
    payload: bytes
    idempotent: bool

    def result(self, message: Message) -> Any:
        member = self.member
        codec = member.returns
        if member.kind == "property" and member.versioned is not None:
            codec = member.versioned if self.kind == Request.CALL else _version
        try:
            return codec.decode(wire.codec_of(message.format), message.payload)
        except ValueError as error:
            raise InvalidResultError(f"the result of {member.name} is wrong: {error}") from error


class _VersionOnly(msgspec.Struct):
    version: int


_version = TypedCodec(_VersionOnly)


async def _keep(pending: _Pending, peer: int, number: int) -> tuple[int, int, _Pending]:
    return peer, number, pending


def _deadline(options: Options) -> float | None:
    return None if options.timeout is None else time.monotonic() + options.timeout


def _selector(interface: type[Interface], options: Options) -> Selector:
    own = label(interface.busbar_label)
    to = options.to
    if to is None:
        return Selector(own.text)
    if isinstance(to, Peer):
        return Selector(f"{own.text} & #{to.id}")
    return Selector((own & LabelExpression(str(to))).text)


def _decoded(codec: Any, message: Message) -> Any:
    try:
        return codec.decode(wire.codec_of(message.format), message.payload)
    except ValueError:
        return None  # A server of another minor version, or one that lies.


def _items(member: Member, message: Message, kind: int) -> list[Any]:
    assert member.item is not None
    codec = wire.codec_of(message.format)
    try:
        if kind == Answer.ITEM:
            return [member.item.decode(codec, message.payload)]
        if kind == Answer.ITEMS:
            raws = msgspec.msgpack if codec == wire.MESSAGEPACK else msgspec.json
            parts: list[msgspec.Raw] = raws.decode(message.payload, type=list[msgspec.Raw])
            return [member.item.decode(codec, bytes(each)) for each in parts]
    except (ValueError, msgspec.MsgspecError) as error:
        raise InvalidResultError(f"an item of {member.name} is wrong: {error}") from error
    raise ProtocolError(f"{member.name} was answered with a frame of kind {kind}")


def _error_in(member: Member, message: Message) -> CallError:
    codec, peer = wire.codec_of(message.format), message.sender.id
    raws: Any = msgspec.json if codec == wire.JSON else msgspec.msgpack
    try:
        if wire.kind_of(message.format) == Answer.BUSY:
            busy = raws.decode(message.payload, type=_Busy)
            why = "is leaving" if busy.leaving is True else f"has {busy.load} calls under way"
            error: CallError = BusyError(f"{member.name} was not executed: the server {why}")
        else:
            failure = raws.decode(message.payload, type=_Failure)
            declared = member.errors.get(failure.code) if isinstance(failure.code, str) else None
            if declared is None:
                return error_from(failure.code, failure.message, peer)
            kind, data = declared
            error = kind(**msgspec.structs.asdict(data.decode(codec, message.payload).data))
    except (ValueError, TypeError, msgspec.MsgspecError):
        return error_from(None, "the method failed with an error that cannot be read", peer)
    error.peer_id = peer
    return error


def _gone(member: Member, peer: int) -> ServerGoneError:
    error = ServerGoneError(f"the server that had {member.name} is gone")
    error.peer_id = peer
    return error


def _no_server(member: Member) -> NoServerError:
    return NoServerError(f"no server took {member.name}")
