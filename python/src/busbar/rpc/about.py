"""Questions that every server answers, whatever it serves."""

from __future__ import annotations

from typing import Any

import msgspec

from . import wire
from ._coding import Codec
from ._describing import model_of
from ._members import Member
from ._pending import UnaryCall
from ._scalars import AnyNode
from .client import client_of
from .errors import InvalidCallError, InvalidResultError
from .interface import Interface, members_of
from .wire import Request


class MemberStats(msgspec.Struct, frozen=True):
    """The counters of one member."""

    name: str
    """The member's name on the bus."""
    calls: int = 0
    """Calls that were begun."""
    failures: int = 0
    """Those that failed with an error that the interface does not declare, or a wrong result."""
    busy_ms: float = msgspec.field(default=0, name="busyMs")
    """Milliseconds from the beginning of each call to its end, in all."""
    subscribers: int = 0
    """Clients that listen to the signal or watch the property."""


class ServiceStats(msgspec.Struct, frozen=True):
    """What a server says about one of its services."""

    interface: str
    """The name of the interface."""
    version: str
    """Its version."""
    running: int = 0
    """Calls whose methods have not returned yet."""
    queued: int = 0
    """Calls that wait for one of those."""
    leaving: bool = False
    """Whether it takes no more calls."""
    overruns: int = 0
    """How often its endpoint has dropped the answers to a caller that took too few of them."""
    uptime_ms: float = msgspec.field(default=0, name="uptimeMs")
    """Milliseconds since it was served."""
    members: tuple[MemberStats, ...] = ()
    """Its methods, properties and signals."""


_anything = Codec(AnyNode())


def _member(name: str, type_bytes: bytes) -> Member:
    member = Member("method", name, name, "busbar", type_bytes, idempotent=True)
    member.returns = _anything
    return member


_describe = _member("describe", wire.DESCRIBE_TYPE)
_ping = _member("ping", wire.PING_TYPE)
_stats = _member("stats", wire.STATS_TYPE)


async def describe(client: Interface) -> list[dict[str, Any]]:
    """Asks a server of a client's interface for the models of all interfaces that it serves, as
    plain JSON; `busbar generate` makes code of one."""
    found = (await _ask(client, _describe)).get("interfaces")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


async def ping(client: Interface) -> None:
    """Returns when a server of a client's interface has answered: its event loop turns."""
    await _ask(client, _ping)


async def stats(client: Interface) -> list[ServiceStats]:
    """Asks a server of a client's interface for its counters, one entry for each of its services.

    Raises InvalidResultError if the answer is none."""
    found = (await _ask(client, _stats)).get("services")
    try:
        return msgspec.convert(found, list[ServiceStats])
    except msgspec.ValidationError as error:
        raise InvalidResultError(f"the answer to busbar.stats is wrong: {error}") from error


def model(interface: type[Interface]) -> dict[str, Any]:
    """The model of an interface, as plain JSON: what its servers answer to `describe`."""
    members = members_of(interface)
    if members is None:
        raise InvalidCallError(f"{interface!r} is no interface")
    return model_of(members)


async def _ask(client: Interface, member: Member) -> dict[str, Any]:
    core = client_of(client)
    request = core.plain_request(member, Request.CALL, None)
    found = await core.outcome(UnaryCall(core.session.caller, request))
    return found if isinstance(found, dict) else {}
