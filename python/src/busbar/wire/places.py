"""What a wire can run over: addresses to connect to or to listen at, the standard streams, and
streams of asyncio."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

# Tells a child that its wire has descriptors of its own.
_VARIABLE = "BUSBAR_WIRE_FDS"
_LIMIT = 1 << 18


class Place(ABC):
    """What a wire can run over. Clients and services over the same place share its wire."""

    name: str
    """For error texts."""
    can_vanish = False
    """Whether the other side can vanish without an end of the bytes."""

    @abstractmethod
    async def open(self) -> Streams:
        """Opens it. Raises OSError."""


class Address(Place):
    """A place that can be connected to, or listened at by `listen`."""

    @abstractmethod
    async def start(
        self, accept: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]
    ) -> asyncio.Server:
        """Begins to listen. Raises OSError."""


class Tcp(Address):
    """An address of TCP."""

    can_vanish = True

    def __init__(self, port: int, host: str) -> None:
        """Not for programs: `tcp` makes it."""
        self.port = port
        self.host = host
        self.name = f"tcp {host}:{port}"

    async def open(self) -> Streams:
        return await asyncio.open_connection(self.host, self.port, limit=_LIMIT)

    async def start(
        self, accept: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]
    ) -> asyncio.Server:
        return await asyncio.start_server(accept, self.host, self.port, limit=_LIMIT)


class Unix(Address):
    """The path of a Unix socket."""

    def __init__(self, path: str) -> None:
        """Not for programs: `unix` makes it."""
        self.path = path
        self.name = f"unix socket {path}"

    async def open(self) -> Streams:
        return await asyncio.open_unix_connection(self.path, limit=_LIMIT)

    async def start(
        self, accept: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]
    ) -> asyncio.Server:
        made = socket.socket(socket.AF_UNIX)
        try:
            try:
                self._bind(made)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or not self._is_left():
                    raise
                # The file that a killed process left.
                os.unlink(self.path)
                self._bind(made)
            made.setblocking(False)
            return await asyncio.start_unix_server(accept, sock=made, limit=_LIMIT)
        except BaseException:
            made.close()
            raise

    # Its user only can connect.
    def _bind(self, made: socket.socket) -> None:
        mask = os.umask(0o177)
        try:
            made.bind(self.path)
        finally:
            os.umask(mask)

    # Whether the file is that of a socket that nobody listens at.
    def _is_left(self) -> bool:
        with socket.socket(socket.AF_UNIX) as asking:
            try:
                asking.connect(self.path)
            except ConnectionRefusedError:
                return stat.S_ISSOCK(os.stat(self.path).st_mode)
            except OSError:
                return False
            return False


class Stdio(Place):
    """The wire to the process that started this one."""

    name = "parent process"

    async def open(self) -> Streams:
        loop = asyncio.get_running_loop()
        given = os.environ.pop(_VARIABLE, None)
        source, sink = (3, 4) if given == "3,4" else _standard_streams()
        reader = asyncio.StreamReader(_LIMIT)
        protocol = asyncio.StreamReaderProtocol(reader)
        await loop.connect_read_pipe(lambda: protocol, os.fdopen(source, "rb", 0))
        transport, writing = await loop.connect_write_pipe(
            lambda: asyncio.streams.FlowControlMixin(loop=loop), os.fdopen(sink, "wb", 0)
        )
        return reader, asyncio.StreamWriter(transport, writing, reader, loop)


# A stray print would end the wire: what is printed goes to the standard error.
def _standard_streams() -> tuple[int, int]:
    sys.stdout.flush()
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    return source, sink


class Given(Place):
    """Streams that the program has opened."""

    def __init__(self, streams: Streams, name: str) -> None:
        """Not for programs: `over` makes it."""
        self._streams = streams
        self.name = name

    async def open(self) -> Streams:
        return self._streams


class Listener:
    """Waits for others to connect."""

    def __init__(self, address: Address) -> None:
        """Not for programs: `listen` makes it."""
        self.address = address
        self.name = address.name
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int | None:
        """The port that it listens at; `None` before it does, and for a Unix socket."""
        sockets = self._server.sockets if self._server is not None else ()
        name = sockets[0].getsockname() if sockets else None
        return name[1] if isinstance(name, tuple) else None

    async def start(self, accept: Callable[[Streams], None]) -> None:
        """Begins to listen. Raises OSError."""
        self._server = await self.address.start(lambda reader, writer: accept((reader, writer)))

    def stop(self) -> None:
        """Accepts no more."""
        if self._server is not None:
            self._server.close()


def tcp(port: int, host: str = "127.0.0.1") -> Tcp:
    """An address of TCP, of this machine only unless `host` says otherwise. Port 0 lets the system
    choose one to listen at."""
    return Tcp(port, host)


def unix(path: str) -> Unix:
    """A Unix socket, which its user only can connect to."""
    return Unix(path)


def stdio() -> Stdio:
    """The wire to the process that started this one: over the pipes of `spawnWire` in Node, else
    over standard input and output. In the latter case whatever else this program prints goes to its
    standard error."""
    return Stdio()


def over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str = "stream") -> Given:
    """Streams of asyncio that are open, of anything that carries bytes in order."""
    return Given((reader, writer), name)


def listen(address: Address) -> Listener:
    """Waits for others to connect to an address; `port` is where, once it is served."""
    return Listener(address)
