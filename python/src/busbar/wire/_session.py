"""A session over wires: each wire is a peer. A side that connects has one, a side that listens has
as many as have connected."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from ..errors import TooLargeError, UnsupportedError
from ..messages import Message
from ..peers import Peer, Relay
from ..rpc import wire as words
from ..rpc._coding import Attachments, encode_plain
from ..rpc._outgoing import FULL, GONE
from ..rpc.errors import InvalidCallError
from ..rpc.session import Session
from ..rpc.wire import ANSWER_TYPE, Answer, Request
from ..selectors import Selector
from ._frames import Frame, Kind, read_message, write_message, write_taken
from ._hello import Offer
from ._line import Line, Settings
from .errors import WireError, malformed

# The name of an interface with its major version, and perhaps one peer.
_target = re.compile(r"([A-Za-z0-9_.:/@+=~-]+)(?: & #([0-9]+))?")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class WireSession(Session):
    """The wires of some clients and services. `on_end` is called when nothing can be called or
    served any more, `closing` before the wires are closed. With `stays`, it goes on without
    wires."""

    carries_attachments = False

    def __init__(
        self,
        settings: Settings,
        on_end: Callable[[], None],
        closing: Callable[[], Awaitable[None]] | None = None,
        *,
        stays: bool = False,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._on_end = on_end
        self._before_close = closing
        self._stays = stays
        self._served: list[Offer] = []
        # Those that are open, by the number of their other side; and all.
        self._lines: dict[int, Line] = {}
        self._all: set[Line] = set()
        self._opening: dict[Line, asyncio.Future[None]] = {}
        self._peers: dict[int, Peer] = {}
        self._next_line = 1
        self._next_id = 1

    @property
    def wires(self) -> int:
        """How many wires there are, those in their handshake included."""
        return len(self._all)

    async def add(self, streams: Streams, name: str) -> None:
        """Opens a wire over streams. Returns when its handshake is done; raises WireError."""
        line = Line(self._next_line, name, streams, self._settings, self)
        self._next_line += 1
        self._all.add(line)
        opening = self._opening[line] = self._loop.create_future()
        running = self._loop.create_task(line.run())
        running.add_done_callback(lambda _: self._all.discard(line))
        await opening

    def serve(self, offer: Offer) -> None:
        """Serves one more interface."""
        self._served = [*self._served, offer]
        self._tell_offers()

    # What carries the frames.

    def check(self, selector: Selector) -> None:
        if _target.fullmatch(selector.text) is None:
            raise InvalidCallError("over a wire, `to` is one of its peers")

    def matching(self, selector: Selector) -> list[Peer]:
        found = _target.fullmatch(selector.text)
        if found is None:
            return []
        label, number = found.groups()
        peers = [each for each in self._peers.values() if number is None or each.id == int(number)]
        return [each for each in peers if label in each.label]

    def post(
        self,
        peer: int,
        type_bytes: bytes,
        format: int,
        payload: bytes,
        metadata: bytes = b"",
        attachments: Attachments | None = None,
        reply_to: int = 0,
    ) -> int:
        line = self._lines.get(peer)
        if line is None:
            return GONE
        if attachments is not None and (attachments.objects or attachments.regions):
            raise UnsupportedError("a kernel object or memory region cannot be sent over a wire")
        if line.is_full:
            return FULL
        number = self._number()
        frame = write_message(Kind.MESSAGE, type_bytes, format, number, reply_to, payload, metadata)
        self._check_size(line, frame)
        is_call = reply_to == 0 and type_bytes != ANSWER_TYPE
        line.write(frame, number if is_call else 0)
        if not is_call:
            line.inbound.answered(reply_to, format)
        return number

    def emit(
        self, to: Selector, type_bytes: bytes, format: int, payload: bytes, key: str | None
    ) -> None:
        kind = Kind.MESSAGE if key is None else Kind.NEWEST
        for peer in re.findall(r"#([0-9]+)", to.text):
            line = self._lines.get(int(peer))
            if line is None or line.hello is None:
                continue
            frame = write_message(kind, type_bytes, format, self._number(), 0, payload)
            # Too large for this subscriber.
            if len(frame) > line.hello.frame_bytes:
                continue
            if key is not None:
                line.write_newest(type_bytes, frame)
            elif not line.is_full:
                # A slow subscriber must hold up neither the server nor the others.
                line.write(frame)

    async def when_room(self, peer: int) -> None:
        line = self._lines.get(peer)
        if line is not None:
            await line.when_room()

    def nested_to(self, caller: Peer) -> Peer | None:
        # A method calls back whoever called it, and nobody else who has connected.
        return caller

    async def retire(self, name: str, label: str, timeout: float) -> None:
        self._served = [each for each in self._served if each.label != label]
        self._tell_offers()

    async def _leave(self, linger: float) -> None:
        if self._before_close is not None:
            await self._before_close()
        await asyncio.gather(*(line.close(linger) for line in list(self._all)))

    def _end(self) -> None:
        if not self.closed:
            super()._end()
            self._on_end()

    def _number(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _check_size(self, line: Line, frame: bytes) -> None:
        most = 0 if line.hello is None else line.hello.frame_bytes
        if len(frame) > most:
            text = f"a frame of {len(frame)} bytes; the other side of {line.name} takes {most}"
            raise TooLargeError(text)

    def _tell_offers(self) -> None:
        for line in self._lines.values():
            line.tell_offers()

    # From the wires.

    def offers(self) -> list[Offer]:
        return self._served

    def opened(self, line: Line) -> None:
        self._lines[line.number] = line
        self._peers[line.number] = _peer_of(line)
        self._resolve(line, None)
        self.caller.members_changed()

    def offers_changed(self, line: Line) -> None:
        before = self._peers.get(line.number)
        self._peers[line.number] = _peer_of(line, before)
        self.caller.members_changed()

    def message(self, line: Line, frame: bytes) -> None:
        found = read_message(frame)
        if found.newest:
            line.write(write_taken(found.type_bytes))
        answers = found.type_bytes == ANSWER_TYPE or found.reply_to != 0
        if answers:
            line.inbound.told(found.reply_to, found.format)
        elif words.kind_of(found.format) != Request.EMISSION and not self._admits(line, found):
            return
        sender = self._peers[line.number]
        message = Message(
            None,
            found.type_bytes,
            found.format,
            found.payload,
            found.metadata,
            sender,
            found.id,
            found.reply_to,
        )
        self._try_frame(message)

    def ended(self, line: Line, error: WireError, unsent: list[int]) -> None:
        self._resolve(line, error)
        self._peers.pop(line.number, None)
        if self._lines.pop(line.number, None) is not None:
            self.caller.forget_candidates()
            for call in unsent:
                self.caller.undelivered(line.number, call)
            self._forget(line.number, error)
        if not self._stays:
            self._end()

    def _resolve(self, line: Line, error: WireError | None) -> None:
        opening = self._opening.pop(line, None)
        if opening is None or opening.done():
            return
        if error is None:
            opening.set_result(None)
        else:
            opening.set_exception(error)

    # Beyond the limits of the wire, a call is refused here.
    def _admits(self, line: Line, frame: Frame) -> bool:
        if frame.id == 0 or line.inbound.has(frame.id):
            raise malformed("a call with a number in use")
        if line.inbound.admit(frame):
            return True
        codec = words.JSON if words.codec_of(frame.format) == words.JSON else words.MESSAGEPACK
        said = {"load": line.inbound.count, "leaving": False}
        format = words.format_of(Answer.BUSY, codec)
        self.answer(line.number, frame.id, format, encode_plain(codec, said))
        return False


# A side that once passed calls on may still answer some, whatever it offers by now.
def _peer_of(line: Line, before: Peer | None = None) -> Peer:
    labels = dict.fromkeys(text for offer in line.offers for text in (offer.name, offer.label))
    relays = isinstance(before, Relay) or any(offer.relayed for offer in line.offers)
    return (Relay if relays else Peer)(line.number, 0, tuple(labels))
