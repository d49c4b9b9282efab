"""Serving: an implementation on an endpoint of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from .._opening import Opening
from ..joining import join
from .errors import InvalidCallError
from .interface import Interface
from .server import Limits, Server
from .session import Session

T = TypeVar("T", bound=Interface)


class Service(Generic[T]):
    """An implementation that is served."""

    def __init__(self, session: Session, server: Server, implementation: T) -> None:
        """Not for programs: `serve` makes it."""
        self._session = session
        self._server = server
        self.implementation = implementation
        """The instance that was given to `serve`."""

    async def close(self, *, linger: float = 1.0) -> None:
        """Takes no more calls, lets those that run end for `linger` seconds, and leaves the bus.
        Repeated calls do nothing."""
        self._server.leaving = True
        try:
            async with asyncio.timeout(linger):
                await self._server.idle()
        except TimeoutError:
            pass
        await self._session.close()


class Serving(Opening[Service[T]]):
    """What `serve` returns: `await` it for a service, or use it in `async with`."""

    def __init__(
        self,
        bus: str,
        implementation: T,
        label: str | Sequence[str],
        properties: dict[str, Any],
        limits: Limits,
        settings: dict[str, Any],
    ) -> None:
        """Not for programs: `serve` makes it."""
        self._bus = bus
        self._implementation = implementation
        self._label = (label,) if isinstance(label, str) else tuple(label)
        self._properties = properties
        self._limits = limits
        self._settings = settings

    async def _end(self, opened: Service[T]) -> None:
        await opened.close()

    async def _open(self) -> Service[T]:
        implementation = self._implementation
        name, label = implementation.busbar_name, implementation.busbar_label
        if not name:
            raise InvalidCallError(f"{implementation!r} implements no interface")
        for member in implementation.busbar_members.values():
            if member.kind == "property" and member.attribute not in self._properties:
                raise InvalidCallError(f"the property {member.attribute} of {name} has no value")
        labels = dict.fromkeys((*self._label, name, label))
        session = Session(await join(self._bus, label=list(labels), **self._settings))
        server = Server(session, implementation, self._limits, self._properties)
        implementation._busbar_binding = server
        session.start(server)
        return Service(session, server, implementation)


def serve(
    bus: str,
    implementation: T,
    *,
    label: str | Sequence[str] = (),
    properties: dict[str, Any] | None = None,
    limits: Limits | None = None,
    **settings: Any,
) -> Serving[T]:
    """Serves an interface on a bus: an instance of a class that derives from the interface and has
    its methods. `label`: further labels, for the `to` of callers. `properties`: the first value of
    each property. `settings` are options of `busbar.join`.

    async with serve("com.solar", Kitchen(), label="kitchen", properties={"target": 20.0}): ..."""
    return Serving(bus, implementation, label, properties or {}, limits or Limits(), settings)
