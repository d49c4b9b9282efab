"""Clients: instances of an interface whose methods call."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any, TypeVar, cast

from .._opening import Opening
from ..joining import join
from ..peers import Peer
from ..selectors import LabelExpression
from . import wire
from .caller import Caller, CallRequest, Options
from .errors import InvalidCallError
from .interface import Interface, Member, encode
from .session import Session
from .wire import Request

T = TypeVar("T", bound=Interface)


class Client:
    """What the members of a client instance use."""

    def __init__(
        self, caller: Caller, session: Session, interface: type[Interface], options: Options
    ) -> None:
        self.caller = caller
        self.session = session
        self.interface = interface
        self.options = options

    def call(self, member: Member, arguments: dict[str, Any]) -> Any:
        """A coroutine, or an async iterator for a stream."""
        request = self._request(member, Request.CALL, arguments, member.idempotent)
        if member.item is not None:
            return self.caller.stream(self.interface, self.options, request)
        return self.caller.call(self.interface, self.options, request)

    async def get(self, member: Member) -> Any:
        """The value of a property."""
        request = self._request(member, Request.CALL, None, True)
        return (await self.caller.call(self.interface, self.options, request)).value

    async def set(self, member: Member, value: Any, if_version: int | None) -> Any:
        """The new version of a property."""
        payload = {"value": value}
        if if_version is not None:
            payload["ifVersion"] = if_version
        request = self._request(member, Request.SET, payload, False)
        return (await self.caller.call(self.interface, self.options, request)).version

    def watch(self, member: Member) -> AsyncGenerator[Any, None]:
        """The values of a property, or the data of a signal."""
        request = self._request(member, Request.SUBSCRIBE, None, True)
        return self.caller.watch(self.interface, self.options, request)

    def emit(self, member: Member, data: Any) -> None:
        """Refused: clients listen."""
        raise InvalidCallError(f"{member.name} is emitted by those who serve it")

    def _request(self, member: Member, kind: int, value: Any, idempotent: bool) -> CallRequest:
        codec = self.options.codec
        try:
            payload = encode(codec, value)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidCallError(f"{member.name}: {error}") from error
        return CallRequest(member, kind, codec, payload, idempotent)


class Connecting(Opening[T]):
    """What `connect` returns: `await` it for a client, or use it in `async with`."""

    def __init__(self, bus: str, interface: type[T], settings: dict[str, Any]) -> None:
        """Not for programs: `connect` makes it."""
        self._bus = bus
        self._interface = interface
        self._settings = settings

    async def _end(self, opened: T) -> None:
        await close(opened)

    async def _open(self) -> T:
        if not self._interface.busbar_name:
            raise InvalidCallError(f"{self._interface.__name__} is no interface: it has no name")
        session = Session(await join(self._bus, **self._settings))
        caller = Caller(session)
        session.start(caller)
        binding = Client(caller, session, self._interface, Options())
        return cast("T", make_client(self._interface, binding))


def connect(bus: str, interface: type[T], **settings: Any) -> Connecting[T]:
    """A client of an interface: an instance of it, whose methods call servers on this bus. It
    connects at once; a call waits for a server. `settings` are options of `busbar.join`.

    thermostat = await connect("com.solar", Thermostat)"""
    return Connecting(bus, interface, settings)


def options(
    client: T,
    *,
    to: str | LabelExpression | Peer | None = None,
    timeout: float | None = None,
    json: bool = False,
) -> T:
    """The same client with other options: `to`, whom of the servers it calls, by labels or a peer;
    `timeout`, seconds after which a call raises DeadlineError; `json`, to call in JSON.

    await options(thermostat, timeout=0.2).set_target(21)"""
    binding = client._busbar_binding
    if not isinstance(binding, Client):
        raise InvalidCallError(f"{client!r} is no client")
    if timeout is not None and not timeout >= 0:
        raise InvalidCallError(f"timeout is {timeout!r}; expected seconds from 0")
    codec = wire.JSON if json else wire.MESSAGEPACK
    changed = replace(binding.options, to=to, timeout=timeout, codec=codec)
    made = Client(binding.caller, binding.session, binding.interface, changed)
    return cast("T", make_client(binding.interface, made))


async def close(client: Interface) -> None:
    """Closes a client; its calls raise ClientClosedError."""
    binding = client._busbar_binding
    if isinstance(binding, Client):
        await binding.session.close()


_classes: dict[type[Interface], type[Interface]] = {}


def make_client(interface: type[Any], client: Client) -> Any:
    """An instance of the interface whose methods call."""
    cls = _classes.get(interface)
    if cls is None:
        methods = {
            member.attribute: _caller_of(member)
            for member in interface.busbar_members.values()
            if member.kind == "method"
        }
        cls = _classes[interface] = type(f"{interface.__name__}Client", (interface,), methods)
    made = object.__new__(cls)
    made._busbar_binding = client
    return made


def _caller_of(member: Member) -> Any:
    def call(self: Interface, *positional: Any, **named: Any) -> Any:
        arguments = dict(zip(member.parameters, positional, strict=False))
        if len(positional) > len(member.parameters) or not named.keys() <= set(member.parameters):
            raise InvalidCallError(
                f"{member.name} takes {', '.join(member.parameters) or 'nothing'}"
            )
        binding = self._busbar_binding
        assert binding is not None
        return binding.call(member, {**arguments, **named} if member.parameters else None)  # type: ignore[arg-type]

    call.__name__ = member.attribute
    return call
