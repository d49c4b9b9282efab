"""Calls over the bus: `serve` an interface, `connect` to it. Programs in Node use `busbar/rpc`.

class Thermostat(rpc.Interface, name="com.example.thermostat", version="1.2"):
    target: rpc.WritableProperty[float]

    @rpc.method("setTarget", errors=[OutOfRange], idempotent=True)
    async def set_target(self, celsius: float) -> bool:
        raise NotImplementedError

class Kitchen(Thermostat):
    async def set_target(self, celsius: float) -> bool:
        return True

async with rpc.serve("com.solar", Kitchen(), properties={"target": 20.0}):
    async with rpc.connect("com.solar", Thermostat) as thermostat:
        await thermostat.set_target(21)
"""

from __future__ import annotations

from ._running import Call, current_call
from ._streams import ResultStream, Stream, Subscription, batches
from .about import MemberStats, ServiceStats, describe, model, ping, stats
from .client import close, options
from .connecting import Connecting, ServeOptions, Service, Serving, connect, serve
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
    OverrunError,
    ProtocolError,
    ServerGoneError,
    UnknownMethodError,
    UnsupportedAttachmentError,
)
from .interface import Interface, Property, Signal, WritableProperty, method
from .limits import Limits
from .types import (
    F32,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U53,
    U64,
    Doc,
    Enum,
    Inline,
    JsonSchema,
    Name,
)
from .whom import AllAnswers, Answer, all_of, all_signals, first_of, sticky

__all__ = [
    "F32",
    "I8",
    "I16",
    "I32",
    "I64",
    "U8",
    "U16",
    "U32",
    "U53",
    "U64",
    "AllAnswers",
    "Answer",
    "BusyError",
    "Call",
    "CallCancelledError",
    "CallError",
    "ClientClosedError",
    "ConflictError",
    "Connecting",
    "DeadlineError",
    "DeclaredError",
    "Doc",
    "Enum",
    "HandlerFailedError",
    "Inline",
    "Interface",
    "InvalidCallError",
    "InvalidResultError",
    "JsonSchema",
    "Limits",
    "MemberStats",
    "Name",
    "NoServerError",
    "OverrunError",
    "Property",
    "ProtocolError",
    "ResultStream",
    "ServeOptions",
    "ServerGoneError",
    "Service",
    "ServiceStats",
    "Serving",
    "Signal",
    "Stream",
    "Subscription",
    "UnknownMethodError",
    "UnsupportedAttachmentError",
    "WritableProperty",
    "all_of",
    "all_signals",
    "batches",
    "close",
    "connect",
    "current_call",
    "describe",
    "first_of",
    "method",
    "model",
    "options",
    "ping",
    "serve",
    "stats",
    "sticky",
]
