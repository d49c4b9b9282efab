"""Whom calls go to, if not to one of the servers: to all of them, to the same one again, or to the
first that answers."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, Self, TypeVar, cast

from ..peers import Peer
from ._lasting import WatchCall
from ._members import Member
from ._pending import Sticky, UnaryCall
from ._streams import Subscription
from .client import Client, client_of, make_client
from .errors import CallError, InvalidCallError
from .interface import Interface, Signal

T = TypeVar("T")
I = TypeVar("I", bound=Interface)  # noqa: E741 - an interface
P = ParamSpec("P")

# Calls whose durations are remembered, and how many are enough to know what is usual.
_REMEMBERED = 64
_ENOUGH = 8
# Seconds before the second call, while too few calls were made to tell.
_FIRST_GUESS = 0.01


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What one of several servers answered."""

    sender: Peer
    """The server."""
    error: CallError | None = None
    """Why it has no result."""
    _value: Any = None

    @property
    def value(self) -> T:
        """Its result. Raises `error` if the server has none."""
        if self.error is not None:
            raise self.error
        value: T = self._value
        return value


def sticky(client: I) -> I:
    """A client whose calls stay with one server for as long as it is there: for servers that keep
    something between calls. When the server is gone, the next call chooses another one, and later
    calls stay with that."""
    core = client_of(client)
    return cast("I", make_client(core.changed(core.options, Sticky())))


def all_of(method: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> AllAnswers[T]:
    """Calls a method of a client at all servers that match now, and iterates over their answers as
    they come. It ends when the last server has answered, failed or died; leaving the loop cancels
    the calls that are left.

    async for answer in rpc.all_of(thermostat.set_target, 21):
        print(answer.sender.label, answer.value)"""
    core, member = _member_of(method)
    return AllAnswers(core, member, _values(member, args, kwargs))


class AllAnswers(AsyncIterator[Answer[T]]):
    """The answers of all servers, as they come."""

    def __init__(self, core: Client, member: Member, values: dict[str, Any]) -> None:
        """Not for programs: `all_of` makes it."""
        caller = core.session.caller
        self._calls: set[UnaryCall] = set()
        self._answers: asyncio.Queue[Answer[T] | None] = asyncio.Queue()
        request = core.request(member, values)
        calls = []
        # A copy: members may change while calls are being made.
        for peer in list(caller.candidates(request.selector)):
            call = UnaryCall(caller, request)
            call.only = peer.id
            self._calls.add(call)
            settled = _Settled(weakref.ref(self), call, peer)
            call.future.add_done_callback(settled)
            calls.append(call)
        if not calls:
            self._answers.put_nowait(None)
        for call in calls:
            caller.start(call)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Answer[T]:
        answer = await self._answers.get()
        if answer is None:
            self._answers.put_nowait(None)
            raise StopAsyncIteration
        return answer

    async def aclose(self) -> None:
        """Cancels the calls that are left."""
        self._leave()

    def __del__(self) -> None:
        self._leave()

    def _leave(self) -> None:
        calls, self._calls = self._calls, set()
        for call in calls:
            call.left()
        if calls:
            self._answers = asyncio.Queue()
            self._answers.put_nowait(None)

    def _settled(self, call: UnaryCall, answer: Answer[T]) -> None:
        if call in self._calls:
            self._calls.discard(call)
            self._answers.put_nowait(answer)
            if not self._calls:
                self._answers.put_nowait(None)


class _Settled(Generic[T]):
    """Takes the outcome of one of several calls; holds the answers only weakly."""

    def __init__(self, answers: weakref.ref[AllAnswers[T]], call: UnaryCall, peer: Peer) -> None:
        self._answers = answers
        self._call = call
        self._peer = peer

    def __call__(self, future: asyncio.Future[Any]) -> None:
        error = future.exception()
        answers = self._answers()
        if answers is None or (error is not None and not isinstance(error, CallError)):
            return
        value = None if error is not None else future.result()
        answers._settled(self._call, Answer(self._peer, error, value))


async def first_of(method: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls an idempotent method of a client, and a second server, too, when the first one takes
    longer than 95 of 100 calls did. The first answer counts; the other call is cancelled.

    await rpc.first_of(thermostat.history, since)

    Raises InvalidCallError if the method is not idempotent; otherwise as the call."""
    core, member = _member_of(method)
    if not member.idempotent:
        raise InvalidCallError(f"{member} is not idempotent, so it cannot be called twice")
    values = _values(member, args, kwargs)
    durations = _durations.setdefault(member, _Durations())
    caller = core.session.caller
    loop = asyncio.get_running_loop()
    request = core.request(member, values)
    started = loop.time()
    calls = [UnaryCall(caller, request)]
    caller.start(calls[0])
    failure: BaseException | None = None
    try:
        done, _ = await asyncio.wait([calls[0].future], timeout=durations.usual)
        callee = calls[0].callee
        others = list(caller.candidates(request.selector))
        if not done and callee is not None and any(each.id != callee.peer for each in others):
            second = UnaryCall(caller, request)
            second.avoid(callee.peer)
            calls.append(second)
            caller.start(second)
        waiting = {each.future for each in calls}
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for future in done:
                error = future.exception()
                if error is None:
                    durations.add(loop.time() - started)
                    value: T = future.result()
                    return value
                failure = failure or error
        assert failure is not None
        raise failure
    finally:
        for call in calls:
            call.left()
            # Nobody else looks at the one that lost.
            if call.future.done() and not call.future.cancelled():
                call.future.exception()


class _Durations:
    """The durations of the last calls of one method."""

    def __init__(self) -> None:
        self._all: list[float] = []
        self._at = 0

    def add(self, seconds: float) -> None:
        if len(self._all) < _REMEMBERED:
            self._all.append(seconds)
        else:
            self._all[self._at] = seconds
            self._at = (self._at + 1) % _REMEMBERED

    @property
    def usual(self) -> float:
        """95 of 100 calls took no longer."""
        if len(self._all) < _ENOUGH:
            return _FIRST_GUESS
        return sorted(self._all)[int(len(self._all) * 0.95)]


_durations: weakref.WeakKeyDictionary[Member, _Durations] = weakref.WeakKeyDictionary()


def all_signals(signal: Signal[T]) -> Subscription[T]:
    """The data of a signal of all servers, of those that join later, too.

    async for data in rpc.all_signals(thermostat.overheated): ..."""
    core = client_of(signal._instance)
    return Subscription[T](False).starts(
        lambda subscription: _follow(core, signal._member, subscription)
    )


class _Part(Generic[T]):
    """The subscription at one of several servers."""

    def __init__(self, whole: weakref.ref[Subscription[T]]) -> None:
        self._whole = whole
        self.active = asyncio.Event()

    def push(self, value: T) -> None:
        whole = self._whole()
        if whole is not None:
            whole.push(value)

    def fail(self, error: CallError) -> None:
        """This server is gone; the others go on."""


def _follow(core: Client, member: Member, subscription: Subscription[Any]) -> Callable[[], None]:
    caller = core.session.caller
    whole = weakref.ref(subscription)
    parts: dict[int, tuple[_Part[Any], WatchCall]] = {}

    def look() -> None:
        for peer, (_, watch) in list(parts.items()):
            if watch.settled:
                del parts[peer]
        for each in list(caller.candidates(core.selector)):
            if each.id not in parts:
                part = _Part(whole)
                parts[each.id] = part, core.subscribe(member, part, each.id)

    unfollow = caller.follow(look)
    look()

    def stop() -> None:
        unfollow()
        for _, watch in parts.values():
            watch.left()

    return stop


def _member_of(method: Any) -> tuple[Client, Member]:
    member = getattr(method, "busbar_member", None)
    if not isinstance(member, Member):
        raise InvalidCallError(f"{method!r} is no method of a client")
    if member.item is not None or member.input is not None:
        raise InvalidCallError(f"{member} streams, and is called at one server at a time")
    return client_of(method.__self__), member


def _values(member: Member, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    if len(args) > len(member.order) or not kwargs.keys() <= set(member.order[len(args) :]):
        raise InvalidCallError(f"{member} takes {', '.join(member.order) or 'nothing'}")
    return {**dict(zip(member.order, args, strict=False)), **kwargs}
