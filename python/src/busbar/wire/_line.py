"""One wire: its handshake, its frames in both directions, and its end. Whom the messages concern is
the session's affair."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from dataclasses import dataclass
from typing import Protocol

from ._frames import Kind, Reader, read_taken, wrapped
from ._hello import (
    MAX_HELLO_BYTES,
    Hello,
    Offer,
    read_hello,
    read_offers,
    read_refusal,
    write_hello,
    write_offers,
    write_refusal,
)
from ._inbound import Inbound
from .errors import WireError, code_of, malformed
from .limits import Limits

_READ = 1 << 18
# Seconds that a peer gets to read why its wire ends.
_FAREWELL = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How a wire is set up."""

    connects: bool
    """Whether this side speaks first."""
    token: str | None
    """Sent by the side that connects, expected by the side that serves."""
    limits: Limits
    keep_alive: float
    """Idle seconds before a ping; 0 for none."""


class Host(Protocol):
    """Whom a wire reports to."""

    def offers(self) -> list[Offer]:
        """The interfaces served here."""
        ...

    def opened(self, line: Line) -> None:
        """The handshake is done."""
        ...

    def offers_changed(self, line: Line) -> None:
        """The other side serves other interfaces now."""
        ...

    def message(self, line: Line, frame: bytes) -> None:
        """A message came. Raises WireError if it breaks the protocol."""
        ...

    def ended(self, line: Line, error: WireError, unsent: list[int]) -> None:
        """The wire is over; these calls were surely not sent. Called once."""
        ...


class Line:
    """A wire."""

    def __init__(
        self,
        number: int,
        name: str,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        settings: Settings,
        host: Host,
    ) -> None:
        self.number = number
        """The number of its other side."""
        self.name = name
        self.hello: Hello | None = None
        self.offers: list[Offer] = []
        self.inbound = Inbound(settings.limits)
        self.over = False
        self._reader, self._writer = streams
        self._settings = settings
        self._host = host
        self._frames = Reader(MAX_HELLO_BYTES)
        self._loop = asyncio.get_running_loop()
        self._said = False
        self._out: list[bytes] = []
        self._size = 0
        self._calls: list[int] = []
        self._flushing: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = self._loop.time()
        self._pinged = False
        # By type: the newest message that waits until the one before was taken.
        self._newest: dict[bytes, bytes | None] = {}
        transport = self._writer.transport
        transport.set_write_buffer_limits(high=max(1, settings.limits.queue_bytes // 2))

    async def run(self) -> None:
        """Speaks, and reads until the end of the bytes."""
        limits = self._settings.limits
        self._timer = self._loop.call_later(limits.handshake, self._late)
        if self._settings.connects:
            self._say()
        cause: Exception | None = None
        try:
            while data := await self._reader.read(_READ):
                if not self.over:
                    self._received(data)
        except OSError as error:
            cause = error
        finally:
            self._cut(cause)

    # Sending.

    @property
    def is_full(self) -> bool:
        """Whether a frame has to wait for room."""
        waiting = self._size + self._writer.transport.get_write_buffer_size()
        return waiting >= self._settings.limits.queue_bytes

    def write(self, frame: bytes, call: int = 0) -> None:
        """Sends a frame with the others of this turn; `call` is its number if it is a call."""
        if self.over:
            return
        whole = wrapped(frame)
        self._out.append(whole)
        self._size += len(whole)
        if call:
            self._calls.append(call)
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush)

    def write_newest(self, type_bytes: bytes, frame: bytes) -> None:
        """Sends a frame, unless the one of this type before it was not taken yet: then it waits,
        and only the newest does."""
        if type_bytes in self._newest:
            self._newest[type_bytes] = frame
            return
        self._newest[type_bytes] = None
        self.write(frame)

    async def when_room(self) -> None:
        """Waits until there is room, or the wire is over."""
        while not self.over and self.is_full:
            self._flush()
            with contextlib.suppress(OSError):
                await self._writer.drain()
            await asyncio.sleep(0)  # drain() returns at once when nothing is paused

    def tell_offers(self) -> None:
        """Tells the other side which interfaces are served here by now."""
        if self._said:
            self.write(write_offers(self._host.offers()))

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self.over or not self._out:
            return
        data = b"".join(self._out)
        self._out.clear()
        self._calls.clear()
        self._size = 0
        self._writer.write(data)

    # Receiving.

    def _received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._pinged = False
        try:
            self._frames.push(data)
            while not self.over and (frame := self._frames.next()) is not None:
                self._frame(frame)
        except WireError as error:
            # Whatever speaks another protocol looks like frames that are too large.
            other = self.hello is None and error.code.startswith("FRAME_")
            text = "the other side speaks no wire"
            self.fail(WireError("NOT_A_WIRE", text) if other else error)

    def _frame(self, frame: bytes) -> None:
        kind = frame[0]
        if kind == Kind.REFUSAL:
            code, text = read_refusal(frame)
            self._end(WireError(code_of(code), f"the other side ended the wire: {text}"), b"")
        elif self.hello is None:
            self._greeted(frame)
        elif kind in (Kind.MESSAGE, Kind.NEWEST):
            self._host.message(self, frame)
        elif kind == Kind.TAKEN:
            self._taken(read_taken(frame))
        elif kind == Kind.OFFERS:
            self.offers = read_offers(frame)
            self._host.offers_changed(self)
        elif kind == Kind.PING:
            self.write(bytes((Kind.PONG,)))
        elif kind == Kind.BYE:
            self._end(WireError("WIRE_CLOSED", "the other side has closed the wire"), b"")
        elif kind != Kind.PONG:
            raise malformed(f"a frame of kind {kind}")

    def _taken(self, type_bytes: bytes) -> None:
        waiting = self._newest.pop(type_bytes, None)
        if waiting is not None:
            self.write_newest(type_bytes, waiting)

    # The handshake.

    def _say(self) -> None:
        self._said = True
        settings = self._settings
        token = settings.token if settings.connects else None
        self.write(write_hello(settings.limits.frame_bytes, self._host.offers(), token))

    def _greeted(self, frame: bytes) -> None:
        hello = read_hello(frame)
        settings = self._settings
        if not settings.connects and not _is_same(settings.token, hello.token):
            raise WireError("WIRE_TOKEN", "the token is wrong or missing")
        self.hello = hello
        self.offers = hello.offers
        self._frames.max_bytes = settings.limits.frame_bytes
        self._stop_timer()
        if not self._said:
            self._say()
        if settings.keep_alive > 0:
            self._timer = self._loop.call_later(settings.keep_alive, self._idle)
        self._host.opened(self)

    def _late(self) -> None:
        seconds = self._settings.limits.handshake
        text = f"{self.name} did not end its handshake within {seconds:g} s"
        self.fail(WireError("HANDSHAKE_TIMEOUT", text))

    def _idle(self) -> None:
        allowed = self._settings.keep_alive
        left = self._heard_at + allowed - self._loop.time()
        if left <= 0 and self._pinged:
            self.fail(WireError("WIRE_SILENT", f"{self.name} does not answer"))
            return
        if left <= 0:
            self._pinged = True
            self._heard_at = self._loop.time()
            self.write(bytes((Kind.PING,)))
            left = allowed
        self._timer = self._loop.call_later(left, self._idle)

    # The end.

    def fail(self, error: WireError) -> None:
        """Ends the wire because of a fault, of which the other side gets to know."""
        self._end(error, wrapped(write_refusal(error)))

    async def close(self, linger: float) -> None:
        """Sends what waits, says goodbye and closes; at the latest after `linger` seconds."""
        self._flush()
        bye = wrapped(bytes((Kind.BYE,)))
        self._end(WireError("WIRE_CLOSED", "the wire was closed here"), bye)
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(max(0.0, linger)):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    def _cut(self, cause: Exception | None) -> None:
        open_ = self.hello is not None
        text = f"{self.name} was cut" if open_ else f"{self.name} ended before its handshake"
        error = WireError("WIRE_CUT", text)
        error.__cause__ = cause
        self._end(error, b"")
        self._writer.close()

    def _end(self, error: WireError, last: bytes) -> None:
        if self.over:
            return
        self.over = True
        self._stop_timer()
        if self._flushing is not None:
            self._flushing.cancel()
        unsent, self._calls = self._calls, []
        self._out.clear()
        with contextlib.suppress(OSError, RuntimeError):
            if last:
                self._writer.write(last)
            # The other side reads the last words, and ends its half then.
            if self._writer.can_write_eof():
                self._writer.write_eof()
            else:
                self._writer.close()
        self._loop.call_later(_FAREWELL, self._writer.transport.abort)
        self._host.ended(self, error, unsent)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _is_same(expected: str | None, given: str | None) -> bool:
    if expected is None:
        return True
    return hmac.compare_digest(expected.encode(), (given or "").encode())
