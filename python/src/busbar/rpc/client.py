"""Clients: instances of an interface whose methods call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import EllipsisType
from typing import Any, TypeVar, cast

from ..peers import Peer
from ..selectors import LabelExpression, Selector, label
from . import wire
from ._coding import Attachments, Codec, CodingError, encode_plain
from ._input import CallInput
from ._lasting import StreamCall, WatchCall
from ._members import Member
from ._outgoing import is_source
from ._pending import (
    CallRequest,
    Owner,
    PendingCall,
    Sticky,
    UnaryCall,
    Watcher,
)
from ._running import current
from ._streams import ResultStream, Subscription
from .errors import ClientClosedError, InvalidCallError
from .interface import Interface, Members, binding_of, members_of
from .session import Session
from .wire import Request

T = TypeVar("T", bound=Interface)


@dataclass(frozen=True, slots=True)
class Options:
    """How the calls of a client are made; see `options`."""

    to: str | LabelExpression | Peer | None = None
    timeout: float | None = None
    codec: int = wire.MESSAGEPACK
    give: bool = False
    parent_deadline: float | None = None
    """Of the call on whose behalf the calls are made."""


class Client:
    """What the members of a client instance use."""

    def __init__(
        self,
        session: Session,
        members: Members,
        options: Options,
        owner: Owner,
        sticky: Sticky | None = None,
    ) -> None:
        self.session = session
        self.members = members
        self.options = options
        self.owner = owner
        self.sticky = sticky
        self.selector = _selector(members, options)
        session.check(self.selector)

    def changed(self, options: Options, sticky: Sticky | None) -> Client:
        """The same client with other options."""
        return Client(self.session, self.members, options, self.owner, sticky)

    def call(self, member: Member, values: dict[str, Any]) -> Any:
        """A coroutine, or an async iterator for a stream."""
        if member.item is not None:
            source = values.pop(member.input_parameter, None)
            request = self.request(member, values, streams=True)
            call = StreamCall(self.session.caller, request)
            self._give_input(call, source)
            stream = call.stream()
            if member.returns is None:
                return stream
            return ResultStream(stream, lambda: stream.result)
        return self._unary(member, values)

    async def _unary(self, member: Member, values: dict[str, Any]) -> Any:
        source = values.pop(member.input_parameter, None)
        call = UnaryCall(self.session.caller, self.request(member, values))
        self._give_input(call, source)
        return await self.outcome(call)

    async def outcome(self, call: UnaryCall) -> Any:
        """Starts a call, and waits for its result."""
        self.session.caller.start(call)
        try:
            return await call.future
        except asyncio.CancelledError:
            call.left()
            # Nobody else looks at it.
            if call.future.done() and not call.future.cancelled():
                call.future.exception()
            raise

    def _give_input(self, call: PendingCall, source: Any) -> None:
        member = call.request.member
        if member.input is None:
            return
        if not is_source(source):
            raise InvalidCallError(f"the input of {member} is {source!r}, which is no iterable")
        call.input = CallInput(self.session, call, source)

    async def get(self, member: Member) -> Any:
        """The value of a property."""
        request = self.plain_request(member, Request.CALL, None)
        return (await self.outcome(UnaryCall(self.session.caller, request))).value

    async def set(self, member: Member, value: Any, if_version: int | None) -> Any:
        """The new version of a property."""
        assert member.setting is not None
        setting = {"value": value}
        if if_version is not None:
            setting["ifVersion"] = if_version
        payload = self._encoded(member, member.setting, setting, None)
        request = self.plain_request(member, Request.SET, payload)
        # Setting twice is not setting once: others may have set it in between.
        request.idempotent = False
        return await self.outcome(UnaryCall(self.session.caller, request))

    def watch(self, member: Member) -> Subscription[Any]:
        """The values of a property, or the data of a signal."""
        return Subscription[Any](member.kind == "property").starts(
            lambda subscription: self.subscribe(member, subscription).left
        )

    def subscribe(self, member: Member, subscription: Watcher, only: int = 0) -> WatchCall:
        """Begins a subscription, to one server only if `only` is its id."""
        request = self.plain_request(member, Request.SUBSCRIBE, None, timed=False)
        call = WatchCall(self.session.caller, request, subscription)
        call.only = only
        self.session.caller.start(call)
        return call

    def emit(self, member: Member, data: Any) -> None:
        """Refused: clients listen."""
        raise InvalidCallError(f"{member} is emitted by those who serve it")

    def request(self, member: Member, values: dict[str, Any], streams: bool = False) -> CallRequest:
        """A request with arguments."""
        if member.args is None:
            return self.plain_request(member, Request.CALL, None, timed=not streams)
        named = {member.parameters[name]: value for name, value in values.items()}
        attachments = Attachments() if member.args.attaches else None
        payload = self._encoded(member, member.args, named, attachments)
        request = self.plain_request(member, Request.CALL, payload, timed=not streams)
        request.attachments = attachments
        return request

    def plain_request(
        self, member: Member, kind: int, payload: bytes | None, *, timed: bool = True
    ) -> CallRequest:
        """A request with a payload, or without."""
        options = self.options
        deadline = None
        if options.timeout is not None and kind != Request.SUBSCRIBE:
            deadline = asyncio.get_running_loop().time() + options.timeout
        parent = options.parent_deadline
        if parent is not None and (deadline is None or parent < deadline):
            deadline = parent
        within = current.get(None)
        return CallRequest(
            member,
            kind,
            options.codec,
            _nothing[options.codec] if payload is None else payload,
            None,
            self.selector,
            member.idempotent is True,
            self.owner,
            deadline,
            options.give,
            self.sticky,
            None if within is None else within.trace,
        )

    def _encoded(
        self, member: Member, codec: Codec, value: Any, attachments: Attachments | None
    ) -> bytes:
        try:
            return codec.encode(self.options.codec, value, attachments)
        except CodingError as error:
            raise InvalidCallError(f"{member}: {error}") from error


_nothing = {codec: encode_plain(codec, None) for codec in (wire.MESSAGEPACK, wire.JSON)}


def _selector(members: Members, options: Options) -> Selector:
    own = label(members.label)
    to = options.to
    if to is None:
        return Selector(own.text)
    if isinstance(to, Peer):
        return Selector(f"{own.text} & #{to.id}")
    return Selector((own & LabelExpression(str(to))).text)


def client_of(instance: object) -> Client:
    """What a client instance uses. Raises InvalidCallError if the instance is no client."""
    binding = binding_of(instance) if isinstance(instance, Interface) else None
    if isinstance(binding, Client):
        return binding
    raise InvalidCallError(f"{instance!r} is no client")


def options(
    client: T,
    *,
    to: str | LabelExpression | Peer | EllipsisType | None = ...,
    timeout: float | EllipsisType | None = ...,
    json: bool | EllipsisType = ...,
    give: bool | EllipsisType = ...,
) -> T:
    """The same client with other options; those that are left out stay. `to`: whom of the servers
    it calls, by labels or a peer; `timeout`: seconds after which a call raises DeadlineError;
    `json`: to call in JSON; `give`: the layer closes the objects and regions among the arguments
    once the call is over.

    await options(thermostat, timeout=0.2).set_target(21)"""
    core = client_of(client)
    changed = core.options
    if to is not ...:
        changed = replace(changed, to=to)
    if timeout is not ...:
        if timeout is not None and not timeout >= 0:
            raise InvalidCallError(f"timeout is {timeout!r}; expected seconds from 0")
        changed = replace(changed, timeout=timeout)
    if json is not ...:
        changed = replace(changed, codec=wire.JSON if json else wire.MESSAGEPACK)
    if give is not ...:
        changed = replace(changed, give=give)
    return cast("T", make_client(core.changed(changed, core.sticky)))


async def close(client: Interface) -> None:
    """Closes a client; its calls raise ClientClosedError. The last client of an endpoint closes
    the endpoint."""
    core = client_of(client)
    if core.owner.closed:
        return
    core.session.caller.cancel_of(core.owner)
    await core.session.release(1.0)


def nested_client(session: Session, interface: type[T], caller: Peer, deadline: float | None) -> T:
    """The client of `call.client()`: part of the session of its server."""
    members = members_of(interface)
    if members is None:
        raise InvalidCallError(f"{interface!r} is no interface")
    options = Options(to=session.nested_to(caller), parent_deadline=deadline)
    core = Client(session, members, options, Owner())
    return cast("T", make_client(core))


_classes: dict[type[Interface], type[Interface]] = {}


def make_client(client: Client) -> Any:
    """An instance of the interface whose methods call."""
    interface = client.members.cls
    cls = _classes.get(interface)
    if cls is None:
        methods = {each.attribute: _caller_of(each) for each in client.members.methods()}
        cls = _classes[interface] = type(f"{interface.__name__}Client", (interface,), methods)
    made = object.__new__(cls)
    made._busbar_binding = client
    return made


def _caller_of(member: Member) -> Callable[..., Any]:
    order = member.order
    known = set(order)

    def call(self: Interface, *positional: Any, **named: Any) -> Any:
        if positional:
            if len(positional) > len(order) or named.keys() & set(order[: len(positional)]):
                raise InvalidCallError(f"{member} takes {', '.join(order) or 'nothing'}")
            named.update(zip(order, positional, strict=False))
        if not named.keys() <= known:
            raise InvalidCallError(f"{member} takes {', '.join(order) or 'nothing'}")
        binding = self._busbar_binding
        if not isinstance(binding, Client):
            raise ClientClosedError(f"{member} is called by clients")
        return binding.call(member, named)

    call.__name__ = member.attribute
    call.busbar_member = member  # type: ignore[attr-defined]
    return call
