"""One interface, served: its methods, its load, its properties and signals."""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..selectors import Selector
from . import wire
from ._coding import CodingError
from ._members import Member
from ._streams import Subscription
from .errors import CallCancelledError, DeclaredError, InvalidCallError
from .interface import Interface, Members, members_of
from .limits import Limits
from .wire import Request

if TYPE_CHECKING:
    from ._running import RunningCall
    from .session import Session

_PEERS_IN_SELECTOR = 128

OnError = Callable[[BaseException, str], object]


@dataclass(slots=True)
class Held:
    """The value of a property, where it is served."""

    value: Any
    version: int
    """Grows with each value."""


@dataclass(slots=True, eq=False)
class Handler:
    """One member of one service."""

    service: ServiceCore
    member: Member
    method: Callable[..., Any] | None = None
    """`None` for a method that is not implemented now."""
    held: Held | None = None
    subscribers: dict[int, int] = field(default_factory=dict)
    """How many subscriptions each peer has."""
    selectors: list[Selector] | None = None
    """Those of the subscribers; `None` when they have changed."""
    calls: int = 0
    failures: int = 0
    busy_seconds: float = 0.0

    def subscribe(self, peer: int) -> None:
        """One more subscription."""
        self.subscribers[peer] = self.subscribers.get(peer, 0) + 1
        self.selectors = None

    def unsubscribe(self, peer: int) -> None:
        """One less."""
        self.subscribers[peer] -= 1
        if self.subscribers[peer] == 0:
            del self.subscribers[peer]
        self.selectors = None


@dataclass(frozen=True, slots=True)
class Setup:
    """What `serve` was given besides the implementation."""

    limits: Limits
    properties: Mapping[str, Any]
    on_set: Mapping[str, Callable[[Any], Any]]
    error_messages: bool
    on_error: OnError | None


class ServiceCore:
    """The server side of one `serve`; what the members of its implementation use."""

    def __init__(self, session: Session, implementation: Interface, setup: Setup) -> None:
        members = members_of(implementation)
        if members is None:
            raise InvalidCallError(f"{implementation!r} implements no interface")
        self.session = session
        self.implementation = implementation
        self.members: Members = members
        self.limits = setup.limits
        self.error_messages = setup.error_messages
        self.on_set = dict(setup.on_set)
        self.running = 0
        """Calls whose methods have not returned yet."""
        self.queued: list[RunningCall] = []
        """Calls that wait for one of those."""
        self.leaving = False
        """Whether it takes no more calls."""
        self.started_at = time.monotonic()
        self._on_error = setup.on_error
        self._idle = asyncio.Event()
        self._idle.set()
        self.handlers = {
            each.type_bytes: self._handler(each, setup.properties) for each in members.all
        }
        self._by_attribute = {each.member.attribute: each for each in self.handlers.values()}

    def implement(self, attribute: str, method: Callable[..., Any] | None) -> None:
        """Implements a method from now on, or no more."""
        handler = self._by_attribute.get(attribute)
        if handler is None or handler.member.kind != "method":
            raise InvalidCallError(f"{self.members.name} has no method {attribute!r}")
        handler.method = method

    def report(self, error: BaseException, member: Member) -> None:
        """An error that callers do not get to see whole."""
        declared = isinstance(error, DeclaredError) and error.wire_name() in member.errors
        if declared or isinstance(error, CallCancelledError):
            return
        if self._on_error is not None:
            self._on_error(error, member.attribute)
            return
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"the method {member} failed", "exception": error}
        )

    def changed(self) -> None:
        """A method has begun, or returned."""
        if self.running > 0 or self.queued:
            self._idle.clear()
        else:
            self._idle.set()

    async def idle(self) -> None:
        """Waits until no method runs."""
        await self._idle.wait()

    def set_property(self, handler: Handler, value: Any) -> None:
        """Gives a property another value, and tells everyone who watches it. Raises CodingError."""
        member, held = handler.member, handler.held
        assert held is not None
        assert member.versioned is not None
        version = held.version + 1
        payload = member.versioned.encode(wire.MESSAGEPACK, {"value": value, "version": version})
        held.value, held.version = value, version
        # With a key, a slow watcher gets the newest value only.
        self._send(handler, payload, member.name)

    # For the implementation.

    async def get(self, member: Member) -> Any:
        """The value of a property."""
        held = self.handlers[member.type_bytes].held
        assert held is not None
        return held.value

    async def set(self, member: Member, value: Any, if_version: int | None) -> int:
        """Gives a property another value."""
        self.emit(member, value)
        held = self.handlers[member.type_bytes].held
        assert held is not None
        return held.version

    def watch(self, member: Member) -> Subscription[Any]:
        """Refused: an implementation is no client."""
        raise InvalidCallError(f"{member} is watched by clients")

    def emit(self, member: Member, data: Any) -> None:
        """Sends a signal, or a new value, to everyone who subscribed."""
        handler = self.handlers[member.type_bytes]
        try:
            if member.kind == "property":
                self.set_property(handler, data)
                return
            payload = b"\x80"
            if member.args is not None:
                payload = member.args.encode(wire.MESSAGEPACK, data)
        except CodingError as error:
            raise InvalidCallError(f"{member}: {error}") from error
        self._send(handler, payload, None)

    def _send(self, handler: Handler, payload: bytes, key: str | None) -> None:
        if not handler.subscribers:
            return
        if handler.selectors is None:
            peers = [f"#{peer}" for peer in handler.subscribers]
            handler.selectors = [
                Selector(" | ".join(peers[at : at + _PEERS_IN_SELECTOR]), multicast=True)
                for at in range(0, len(peers), _PEERS_IN_SELECTOR)
            ]
        format = wire.format_of(Request.EMISSION)
        for to in handler.selectors:
            self.session.emit(to, handler.member.type_bytes, format, payload, key)

    def _handler(self, member: Member, properties: Mapping[str, Any]) -> Handler:
        if member.kind == "property":
            if member.attribute not in properties:
                raise InvalidCallError(f"the property {member} has no value")
            # Versions of different servers differ, so that `if_version` matches no other server's.
            held = Held(properties[member.attribute], (random.getrandbits(31) << 20) + 1)
            assert member.args is not None
            try:
                member.args.encode(wire.MESSAGEPACK, held.value)
            except CodingError as error:
                raise InvalidCallError(f"the value of {member}: {error}") from error
            return Handler(self, member, held=held)
        if member.kind == "signal":
            return Handler(self, member)
        method = getattr(self.implementation, member.attribute)
        declared = inspect.getattr_static(self.members.cls, member.attribute)
        if getattr(method, "__func__", None) is declared:
            raise InvalidCallError(f"the method {member} is not implemented")
        return Handler(self, member, method)
