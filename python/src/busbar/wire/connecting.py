"""`connect` and `serve` over wires."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypedDict, TypeVar, Unpack, cast

from .._opening import Opening
from ..rpc import Limits as CallLimits
from ..rpc._pending import Owner
from ..rpc.client import Client, Options, close, make_client
from ..rpc.connecting import Service, members_or_refuse
from ..rpc.interface import Interface, Members
from ..rpc.service_core import OnError, ServiceCore, Setup
from ._hello import offer_of
from ._line import Settings
from ._session import Streams, WireSession
from .errors import WireError
from .limits import Limits
from .places import Listener, Place

T = TypeVar("T", bound=Interface)

_MOST_WIRES = 1024
_NETWORK_KEEP_ALIVE = 30.0

# The sessions of wires that are open, by their places.
_sessions: weakref.WeakKeyDictionary[Place | Listener, asyncio.Future[WireSession]] = (
    weakref.WeakKeyDictionary()
)


class WireOptions(TypedDict, total=False):
    """The options of a wire, for either side."""

    token: str
    """What the side that connects has to know. It is not encrypted."""
    limits: Limits
    """What the other side may use up."""
    keep_alive: float
    """Seconds after which an idle peer is asked whether it is there; after as many without an
    answer the wire ends as WIRE_SILENT. 0 for never. Default: 30 over a network, else 0."""


def _settings(place: Place, options: WireOptions, connects: bool) -> Settings:
    token = options.get("token")
    if token is not None and not (isinstance(token, str) and 0 < len(token) <= 4096):
        raise WireError("WIRE_OPTION", "token is no text of 1 to 4,096 characters")
    keep_alive = options.get("keep_alive", _NETWORK_KEEP_ALIVE if place.can_vanish else 0.0)
    if not keep_alive >= 0:
        raise WireError("WIRE_OPTION", f"keep_alive is {keep_alive!r}; expected seconds")
    return Settings(connects, token, options.get("limits") or Limits(), keep_alive)


async def _session_at(
    place: Place | Listener, begin: Callable[[Callable[[], None]], Awaitable[WireSession]]
) -> WireSession:
    """The session that is open at a place, or that is being opened there, else a new one, which
    forgets the place at its end."""
    while (known := _sessions.get(place)) is not None:
        session = await asyncio.shield(known)
        if not session.closed:
            return session
        _forget(place, known)
    opening: asyncio.Future[WireSession] = asyncio.get_running_loop().create_future()
    _sessions[place] = opening
    try:
        session = await begin(lambda: _forget(place, opening))
    except BaseException as error:
        _forget(place, opening)
        opening.set_exception(error)
        opening.exception()
        raise
    opening.set_result(session)
    return session


async def _open(place: Place, options: WireOptions, connects: bool) -> WireSession:
    """The session over a place: the one that is open there, or a new one."""
    settings = _settings(place, options, connects)

    async def begin(forget: Callable[[], None]) -> WireSession:
        try:
            streams = await place.open()
        except OSError as error:
            text = f"cannot connect to {place.name}: {error}"
            raise WireError("CANNOT_CONNECT", text) from error
        session = WireSession(settings, forget)
        handshake = session.add(streams, place.name)
        if connects:
            await handshake
        else:
            # What fails ends the session.
            session.spawn(_ignoring(handshake))
        return session

    return await _session_at(place, begin)


async def _listen(listener: Listener, options: WireOptions, most: int) -> WireSession:
    """The session of a listener: the one that is open there, or a new one."""
    settings = _settings(listener.address, options, False)

    async def stop() -> None:
        listener.stop()

    async def begin(forget: Callable[[], None]) -> WireSession:
        session = WireSession(settings, forget, stop, stays=True)

        def accept(streams: Streams) -> None:
            if session.closed or session.wires >= most:
                streams[1].close()
            else:
                session.spawn(_ignoring(session.add(streams, listener.name)))

        try:
            await listener.start(accept)
        except OSError as error:
            text = f"cannot listen at {listener.name}: {error}"
            raise WireError("CANNOT_LISTEN", text) from error
        return session

    return await _session_at(listener, begin)


async def _ignoring(handshake: Any) -> None:
    # A peer that does not get as far as that concerns nobody.
    with contextlib.suppress(WireError):
        await handshake


def _forget(place: Place | Listener, opening: asyncio.Future[WireSession]) -> None:
    if _sessions.get(place) is opening:
        del _sessions[place]


class Connecting(Opening[T]):
    """What `connect` returns: `await` it for a client, or use it in `async with`."""

    def __init__(self, place: Place, interface: type[T], options: WireOptions) -> None:
        """Not for programs: `connect` makes it."""
        self._place = place
        self._members = members_or_refuse(interface)
        self._options = options

    async def _end(self, opened: T) -> None:
        await close(opened)

    async def _open(self) -> T:
        session = await _open(self._place, self._options, True)
        session.users += 1
        return cast("T", make_client(Client(session, self._members, Options(), Owner())))


def connect(place: Place, interface: type[T], **options: Unpack[WireOptions]) -> Connecting[T]:
    """A client of an interface that the other side of a wire serves: an instance of it, whose
    methods call. Raises WireError if the wire cannot be opened.

    thermostat = await connect(tcp(4711), Thermostat, token="swordfish")"""
    return Connecting(place, interface, options)


class ServeOptions(WireOptions, total=False):
    """The options of `serve`."""

    properties: Mapping[str, Any]
    """The first value of each property."""
    on_set: Mapping[str, Callable[[Any], Any]]
    """For properties that clients set, a function that gets the new value and returns another one,
    or `None`. It may be async, and raise to refuse the value."""
    call_limits: CallLimits
    """How many calls run and wait."""
    error_messages: bool
    """Whether callers get the texts of errors that the interface does not declare. Default:
    True."""
    on_error: OnError
    """Called with each of these errors and the name of its method, in place of the exception
    handler of the event loop."""
    linger: float
    """Seconds that methods still running get when the service is closed. Default: 5."""
    max_wires: int
    """Wires that a listener has at once; more are closed. Default: 1,024."""


class Serving(Opening[Service[T]]):
    """What `serve` returns: `await` it for a service, or use it in `async with`."""

    def __init__(self, place: Place | Listener, implementation: T, options: ServeOptions) -> None:
        """Not for programs: `serve` makes it."""
        self._place = place
        self._implementation = implementation
        self._members: Members = members_or_refuse(implementation)
        self._options = options

    async def _end(self, opened: Service[T]) -> None:
        await opened.close()

    async def _open(self) -> Service[T]:
        options, place = self._options, self._place
        if isinstance(place, Listener):
            session = await _listen(place, options, options.get("max_wires", _MOST_WIRES))
        else:
            session = await _open(place, options, False)
        session.users += 1
        try:
            setup = Setup(
                options.get("call_limits") or CallLimits(),
                options.get("properties", {}),
                options.get("on_set", {}),
                options.get("error_messages", True),
                options.get("on_error"),
            )
            core = ServiceCore(session, self._implementation, setup)
        except BaseException:
            await session.release(0)
            raise
        self._implementation._busbar_binding = core
        session.server.add(core)
        session.serve(offer_of(self._members))
        return Service(core, self._implementation, options.get("linger", 5.0))


def serve(
    place: Place | Listener, implementation: T, **options: Unpack[ServeOptions]
) -> Serving[T]:
    """Serves an interface to the other side of a wire, or to all who connect to a listener. They
    can call what is served there, and nothing else. A place that this process is connected to can
    be served, too: then both sides call each other. Raises WireError if it cannot listen there.

    async with serve(listen(tcp(4711)), Kitchen(), properties={"target": 20.0}): ..."""
    return Serving(place, implementation, options)
