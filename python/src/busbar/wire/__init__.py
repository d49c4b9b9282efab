"""Calls over anything that carries bytes in order: TCP, Unix sockets, the pipes of a child process,
streams of asyncio. There is no bus; clients, services, streams, properties, signals and errors are
those of `busbar.rpc`. The other side may be Node's `busbar/wire`."""

from .connecting import Connecting, ServeOptions, Serving, WireOptions, connect, serve
from .errors import WireError
from .limits import Limits
from .places import Address, Listener, Place, listen, over, stdio, tcp, unix

__all__ = [
    "Address",
    "Connecting",
    "Limits",
    "Listener",
    "Place",
    "ServeOptions",
    "Serving",
    "WireError",
    "WireOptions",
    "connect",
    "listen",
    "over",
    "serve",
    "stdio",
    "tcp",
    "unix",
]
