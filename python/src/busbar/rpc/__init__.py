"""Calls over the bus: `serve` an interface, `connect` to it. Programs in Node use `busbar/rpc`.

class Thermostat(Interface, name="com.example.thermostat", version="1.2"):
    @method("setTarget", errors=[OutOfRange], idempotent=True)
    async def set_target(self, celsius: float) -> bool:
        raise NotImplementedError

class Kitchen(Thermostat):
    async def set_target(self, celsius: float) -> bool:
        return True

async with serve("com.solar", Kitchen()):
    async with connect("com.solar", Thermostat) as thermostat:
        await thermostat.set_target(21)
"""

from __future__ import annotations

from .client import Connecting, close, connect, options
from .errors import (
    BusyError,
    CallCancelledError,
    CallError,
    ClientClosedError,
    ConflictError,
    DeadlineError,
    DeclaredError,
    HandlerFailedError,
    InvalidCallError,
    InvalidResultError,
    NoServerError,
    ProtocolError,
    ServerGoneError,
    UnknownMethodError,
)
from .interface import BoundProperty, BoundSignal, Interface, Property, Signal, method
from .server import Call, Limits, current_call
from .serving import Service, Serving, serve

__all__ = [
    "BoundProperty",
    "BoundSignal",
    "BusyError",
    "Call",
    "CallCancelledError",
    "CallError",
    "ClientClosedError",
    "ConflictError",
    "Connecting",
    "DeadlineError",
    "DeclaredError",
    "HandlerFailedError",
    "Interface",
    "InvalidCallError",
    "InvalidResultError",
    "Limits",
    "NoServerError",
    "Property",
    "ProtocolError",
    "ServerGoneError",
    "Service",
    "Serving",
    "Signal",
    "UnknownMethodError",
    "close",
    "connect",
    "current_call",
    "method",
    "options",
    "serve",
]
