"""`connect` and `serve`: clients and services, over an endpoint that they join with."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, Unpack, cast

from .._opening import Opening
from ..joining import Options as JoinOptions
from ..joining import join
from ._bus_session import BusSession
from ._pending import Owner
from .client import Client, Options, close, make_client
from .errors import InvalidCallError
from .interface import Interface, Members, members_of
from .limits import Limits
from .service_core import OnError, ServiceCore, Setup
from .session import Session

T = TypeVar("T", bound=Interface)

# All clients of one event loop on one bus share one endpoint, if they join with the same options.
_shared: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Task[Session]]] = (
    weakref.WeakKeyDictionary()
)


async def _session(bus: str, options: JoinOptions) -> Session:
    return BusSession(await join(bus, **options))


async def _shared_session(bus: str, options: JoinOptions) -> Session:
    loop = asyncio.get_running_loop()
    sessions = _shared.setdefault(loop, {})
    key = repr((bus, sorted(options.items())))
    task = sessions.get(key)
    if task is None or (task.done() and (task.cancelled() or task.exception() or _is_over(task))):
        task = sessions[key] = loop.create_task(_session(bus, options))
    session = await asyncio.shield(task)
    if _is_over(task):
        return await _shared_session(bus, options)
    session.users += 1
    return session


def _is_over(task: asyncio.Task[Session]) -> bool:
    return task.result().closed


def members_or_refuse(interface: Any) -> Members:
    """The members of an interface. Raises InvalidCallError if it is none."""
    members = members_of(interface)
    if members is None:
        raise InvalidCallError(f"{interface!r} is no interface: it has no name")
    return members


class Connecting(Opening[T]):
    """What `connect` returns: `await` it for a client, or use it in `async with`."""

    def __init__(self, bus: str, interface: type[T], join_options: JoinOptions) -> None:
        """Not for programs: `connect` makes it."""
        self._bus = bus
        self._members = members_or_refuse(interface)
        self._options = join_options

    async def _end(self, opened: T) -> None:
        await close(opened)

    async def _open(self) -> T:
        session = await _shared_session(self._bus, self._options)
        return cast("T", make_client(Client(session, self._members, Options(), Owner())))


def connect(bus: str, interface: type[T], **join_options: Unpack[JoinOptions]) -> Connecting[T]:
    """A client of an interface: an instance of it, whose methods call servers on this bus. It
    connects at once; a call waits for a server. `join_options` are those of `busbar.join`.

    thermostat = await connect("com.solar", Thermostat)"""
    return Connecting(bus, interface, join_options)


class Service(Generic[T]):
    """An implementation that is served."""

    def __init__(self, core: ServiceCore, implementation: T, linger: float) -> None:
        """Not for programs: `serve` makes it."""
        self._core = core
        self._linger = linger
        self._closing: asyncio.Task[None] | None = None
        self.implementation = implementation
        """The instance that was given to `serve`."""

    @property
    def running(self) -> int:
        """Calls whose methods have not returned yet."""
        return self._core.running

    def implement(self, method: str, function: Callable[..., Any] | None) -> None:
        """Implements a method from now on by another function; with `None` it is not implemented
        any more, and calls go to other servers or raise UnknownMethodError.

        Raises InvalidCallError if the interface has no such method."""
        self._core.implement(method, function)

    async def close(self, *, linger: float | None = None) -> None:
        """Takes no more calls, lets those that run end for `linger` seconds, and leaves the bus.
        Repeated calls wait for the same end."""
        if self._closing is None:
            loop = asyncio.get_running_loop()
            seconds = self._linger if linger is None else linger
            self._closing = loop.create_task(self._close(seconds))
        await asyncio.shield(self._closing)

    async def _close(self, linger: float) -> None:
        core = self._core
        session = core.session
        loop = asyncio.get_running_loop()
        until = loop.time() + linger
        core.leaving = True
        await session.retire(core.members.name, core.members.label, min(linger, 1.0))
        try:
            async with asyncio.timeout_at(until):
                await core.idle()
        except TimeoutError:
            pass
        session.server.remove(core)
        await session.release(min(1.0, max(0.0, until - loop.time())))


class Serving(Opening[Service[T]]):
    """What `serve` returns: `await` it for a service, or use it in `async with`."""

    def __init__(
        self,
        bus: str,
        implementation: T,
        setup: Setup,
        linger: float,
        join_options: JoinOptions,
    ) -> None:
        """Not for programs: `serve` makes it."""
        self._bus = bus
        self._implementation = implementation
        self._members = members_or_refuse(implementation)
        self._setup = setup
        self._linger = linger
        self._options = join_options

    async def _end(self, opened: Service[T]) -> None:
        await opened.close()

    async def _open(self) -> Service[T]:
        members, options = self._members, self._options
        given = options.get("label", ())
        further = (given,) if isinstance(given, str) else tuple(given)
        labels = dict.fromkeys((*further, members.name, members.label))
        session = await _session(self._bus, {**options, "label": list(labels)})
        session.users += 1
        try:
            core = ServiceCore(session, self._implementation, self._setup)
        except BaseException:
            await session.release(0)
            raise
        self._implementation._busbar_binding = core
        session.server.add(core)
        return Service(core, self._implementation, self._linger)


class ServeOptions(JoinOptions, total=False):
    """The options of `serve`, beside those of `busbar.join`. `label` has further labels of the
    server, for the `to` of its callers."""

    properties: Mapping[str, Any]
    """The first value of each property."""
    on_set: Mapping[str, Callable[[Any], Any]]
    """For properties that clients set, a function that gets the new value and returns another one,
    or `None`. It may be async, and raise to refuse the value."""
    limits: Limits
    """How many calls run and wait."""
    error_messages: bool
    """Whether callers get the texts of errors that the interface does not declare. Default:
    True."""
    on_error: OnError
    """Called with each of these errors and the name of its method, in place of the exception
    handler of the event loop."""
    linger: float
    """Seconds that methods still running get when the service is closed. Default: 5."""


def serve(bus: str, implementation: T, **options: Unpack[ServeOptions]) -> Serving[T]:
    """Serves an interface on a bus: an instance of a class that derives from the interface and has
    its methods.

    async with serve("com.solar", Kitchen(), label="kitchen", properties={"target": 20.0}): ..."""
    setup = Setup(
        options.get("limits") or Limits(),
        options.get("properties", {}),
        options.get("on_set", {}),
        options.get("error_messages", True),
        options.get("on_error"),
    )
    own = ServeOptions.__annotations__.keys() - JoinOptions.__annotations__.keys()
    others = {name: value for name, value in options.items() if name not in own}
    linger = options.get("linger", 5.0)
    return Serving(bus, implementation, setup, linger, cast("JoinOptions", others))
