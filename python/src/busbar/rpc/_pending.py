"""Calls that are not over: whom each went to, what it waits for, how often it was sent. What comes
back, one result or many items, is the affair of the subclasses."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..messages import Message
from ..selectors import Selector
from . import wire
from ._answers import version_in
from ._coding import Attachments, CodingError
from ._members import Member
from .errors import (
    CallCancelledError,
    CallError,
    DeadlineError,
    InvalidResultError,
    NoServerError,
    ProtocolError,
    ServerGoneError,
)
from .wire import Answer, Request, Trace


@dataclass(slots=True, eq=False)
class Owner:
    """A client, as the owner of its calls."""

    closed: bool = False


class Emissions(Protocol):
    """Gets the emissions of one server for one member."""

    def emitted(self, message: Message) -> None:
        """A signal, or a new value."""
        ...


@dataclass(slots=True, eq=False)
class Callee:
    """A server as its callers know it: the calls that it has in hand, by the numbers of their
    frames, so that an answer of it can reach no others."""

    peer: int
    pending: dict[int, PendingCall] = field(default_factory=dict)
    subscribed: dict[bytes, list[Emissions]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class CallRequest:
    """What a call asks for, encoded, and when it gives up."""

    member: Member
    kind: int
    codec: int
    payload: bytes
    attachments: Attachments | None
    selector: Selector
    idempotent: bool
    owner: Owner
    deadline: float | None = None
    """On the clock of the event loop."""
    give: bool = False
    """Whether the attachments are closed once the call is over."""
    sticky: Sticky | None = None
    trace: Trace | None = None
    """Of the method that makes the call."""


@dataclass(slots=True, eq=False)
class Sticky:
    """The server that calls of a client stay with."""

    peer: int = 0


class Keeper(Protocol):
    """The part of a caller that its calls use."""

    def release(self, call: PendingCall) -> None:
        """The call is over: forgets it."""
        ...

    def again(self, call: PendingCall) -> None:
        """Sends the call to another server, if there is one."""
        ...

    def send_cancel(self, call: PendingCall) -> None:
        """Tells the server that nobody waits any more."""
        ...

    def grant(self, call: PendingCall, items: int, bytes_: int) -> None:
        """Gives the server credit."""
        ...

    def start(self, call: PendingCall) -> None:
        """Begins a call."""
        ...


class StreamedInput(Protocol):
    """What a caller streams to its server, as its call sees it."""

    @property
    def can_restart(self) -> bool:
        """Whether the call may still go to another server."""
        ...

    def sent(self) -> None:
        """The call was sent: begins, or begins again."""
        ...

    def credited(self, message: Message) -> None:
        """The server allows more."""
        ...

    def stop(self) -> None:
        """The call is over."""
        ...


class Watcher(Protocol):
    """What gets the values of a property or the data of a signal."""

    active: asyncio.Event

    def push(self, value: Any) -> None:
        """A value has come."""
        ...

    def fail(self, error: CallError) -> None:
        """No more will come."""
        ...


class PendingCall(ABC):
    """One call."""

    patient = False
    """Whether it waits for another server when all have been tried."""
    credit = (0, 0)
    """Items and bytes that go with the first frame."""

    def __init__(self, keeper: Keeper, request: CallRequest) -> None:
        self.keeper = keeper
        self.request = request
        self.callee: Callee | None = None
        """Where it is now; `None` while it waits for a server."""
        self.id = 0
        """The number of the frame that carries it."""
        self.attempt = 0
        self.tried: set[int] | None = None
        """The servers that did not take it."""
        self.last_peer: int | None = None
        self.refusal: CallError | None = None
        """Why the last server did not take it."""
        self.only = 0
        """The only server that it may go to, or 0."""
        self.settled = False
        self.input: StreamedInput | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def can_restart(self) -> bool:
        """Whether it may be sent to another server."""
        return self.input is None or self.input.can_restart

    def avoid(self, peer: int) -> None:
        """This server is not asked again."""
        if self.tried is None:
            self.tried = set()
        self.tried.add(peer)

    def arm(self) -> None:
        """Starts the clock."""
        if self.request.deadline is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self.request.deadline, self._expire)

    @abstractmethod
    def receive(self, kind: int, message: Message) -> None:
        """A frame of the server: any answer except `busy` and `error`."""

    @abstractmethod
    def failed(self, error: CallError) -> None:
        """The call has failed; called at most once, and not after `finish`."""

    def placed(self, callee: Callee) -> None:  # noqa: B027 - most calls need not know
        """A server has it now."""

    def displaced(self, callee: Callee) -> None:  # noqa: B027 - most calls need not know
        """That server has it no longer."""

    def finish(self) -> None:
        """Over, with a result or without. Nothing happens to the call after this."""
        if self.settled:
            return
        self.settled = True
        if self._timer is not None:
            self._timer.cancel()
        self.keeper.release(self)
        if self.input is not None:
            self.input.stop()
        if self.request.give and self.request.attachments is not None:
            self.request.attachments.close()

    def fail(self, error: CallError) -> None:
        """Over, with an error."""
        if not self.settled:
            if error.peer_id is None:
                error.peer_id = self.last_peer
            self.finish()
            self.failed(error)

    def cancel(self, error: CallError) -> None:
        """Over because the caller does not want it any more; the server stops working on it."""
        if not self.settled:
            self.keeper.send_cancel(self)
            self.fail(error)

    def left(self) -> None:
        """Its consumer has left."""
        error = CallCancelledError(f"{self.request.member} was cancelled by its caller")
        error.executed = "no" if self.callee is None else "maybe"
        self.cancel(error)

    def gone(self, cause: BaseException | None) -> None:
        """The server that had it is gone; `cause` says why, if that is known."""
        error = ServerGoneError(f"the server that had {self.request.member} is gone")
        error.__cause__ = cause
        self.fail(error)

    def _expire(self) -> None:
        member = self.request.member
        if self.callee is None:
            refusal = NoServerError(f"no server took {member} before the deadline")
            refusal.__cause__ = self.refusal
            self.fail(refusal)
        else:
            self.cancel(DeadlineError(f"{member} did not return before its deadline"))


class UnaryCall(PendingCall):
    """A call with one result."""

    def __init__(self, keeper: Keeper, request: CallRequest) -> None:
        super().__init__(keeper, request)
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def receive(self, kind: int, message: Message) -> None:
        if kind not in (Answer.RESULT, Answer.END):
            message.close()
            text = f"{self.request.member} was answered with a frame of kind {kind}"
            self.cancel(ProtocolError(text))
            return
        try:
            value = self._result(message)
        except CodingError as error:
            text = f"the result of {self.request.member} is wrong: {error}"
            self.fail(InvalidResultError(text))
            return
        self.finish()
        if not self.future.done():
            self.future.set_result(value)

    def failed(self, error: CallError) -> None:
        if not self.future.done():
            self.future.set_exception(error)

    def _result(self, message: Message) -> Any:
        member = self.request.member
        if member.kind == "property":
            message.close()
            if self.request.kind == Request.SET:
                return version_in(message)
            assert member.versioned is not None
            return member.versioned.decode(wire.codec_of(message.format), message.payload)
        if member.returns is None:
            message.close()
            return None
        return member.returns.decode_frame(message)
