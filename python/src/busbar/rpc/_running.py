"""A call at its server: what the method learns about it, and what the server keeps until it is
over."""

from __future__ import annotations

import asyncio
import contextvars
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ..messages import Message
from ..peers import Peer
from . import wire
from ._members import Member
from ._outgoing import OutgoingStream
from ._streams import Stream
from .interface import Interface

if TYPE_CHECKING:
    from .service_core import Handler
    from .session import Session

T = TypeVar("T", bound=Interface)


@dataclass(slots=True, eq=False)
class CallerRecord:
    """A caller as its servers know it, by the numbers of its frames. Forgotten when it is gone."""

    peer: int
    calls: dict[int, RunningCall] = field(default_factory=dict)
    subscriptions: dict[int, Handler] = field(default_factory=dict)


class RunningCall:
    """One call."""

    __slots__ = (
        "attempt",
        "codec",
        "credit",
        "deadline",
        "finished",
        "handler",
        "input",
        "kept",
        "message",
        "number",
        "output",
        "over",
        "peer",
        "record",
        "registered",
        "running",
        "started_at",
        "task",
        "timer",
        "trace",
    )

    def __init__(
        self, handler: Handler, record: CallerRecord, message: Message, metadata: wire.Metadata
    ) -> None:
        self.handler = handler
        self.record = record
        self.message = message
        self.peer = message.sender.id
        self.number = message.id
        asked = wire.codec_of(message.format)
        self.codec = wire.JSON if asked == wire.JSON else wire.MESSAGEPACK
        left = metadata.deadline
        self.deadline = None if left is None else time.monotonic() + left
        self.attempt = metadata.attempt
        trace = metadata.trace
        self.trace: wire.Trace | None = None
        """The trace of the calls that the method makes."""
        if trace is not None:
            cause = (message.sender.id, message.id)
            self.trace = wire.Trace(trace.context, trace.state, cause)
        self.credit = (
            metadata.credit_items or wire.INPUT_ITEMS,
            metadata.credit_bytes or wire.INPUT_BYTES,
        )
        self.over = False
        """Whether the caller has its answer, or wants none any more."""
        self.running = False
        """Whether its method has begun and not returned yet, which counts."""
        self.registered = False
        """Whether its caller has it among its calls."""
        self.finished = False
        """Whether its place and its arguments are free again."""
        self.kept = False
        self.started_at = 0.0
        self.task: asyncio.Task[Any] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.input: Stream[Any] | None = None
        """What the caller streams."""
        self.output: OutgoingStream | None = None
        """What the method streams."""

    @property
    def member(self) -> Member:
        """What is called."""
        return self.handler.member


class Call:
    """The call that a method runs for; `current_call()` returns it."""

    def __init__(self, running: RunningCall, session: Session) -> None:
        """Not for programs: a server makes it."""
        self._running = running
        self._session = session

    @property
    def sender(self) -> Peer:
        """Who called."""
        return self._running.message.sender

    @property
    def deadline(self) -> float | None:
        """When the caller gives up, on the clock of `time.monotonic()`; `None` for never. The
        method is cancelled then."""
        return self._running.deadline

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline."""
        deadline = self._running.deadline
        return None if deadline is None else max(0.0, deadline - time.monotonic())

    @property
    def attempt(self) -> int:
        """How often the call was sent to other servers before."""
        return self._running.attempt

    def client(self, interface: type[T]) -> T:
        """A client of another interface on the same bus, whose calls have this call's deadline. It
        ends with the service, and needs no `close`."""
        from .client import nested_client

        return nested_client(self._session, interface, self.sender, self._running.deadline)

    @property
    def trace(self) -> wire.Trace | None:
        """Not for programs: the trace of the calls that the method makes."""
        return self._running.trace

    def keep(self) -> None:
        """Makes the objects and regions among the arguments the method's own, to close and release.
        Otherwise this happens when the method returns."""
        self._running.kept = True


current: contextvars.ContextVar[Call] = contextvars.ContextVar("busbar.rpc.call")


def current_call() -> Call:
    """The call that the running method was called by. Raises LookupError outside of one."""
    return current.get()
