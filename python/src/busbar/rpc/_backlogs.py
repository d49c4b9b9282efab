"""Frames about calls that wait until their receiver has room. One that takes too little of what is
sent to it may not fill the memory of this process: what waits for it becomes short, an error in
place of each result, so that none of its calls is left without an end."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import BusError
from . import wire
from ._coding import Attachments, encode_plain
from ._outgoing import FULL
from .wire import ANSWER_TYPE, Answer

if TYPE_CHECKING:
    from .session import Session

# What may wait for one receiver; beyond, its calls are cancelled.
_MAX_FRAMES = 1024
_MAX_BYTES = 16 << 20
# Short frames that may wait afterwards; beyond, one frame stands for all of them.
_MAX_SHORT_FRAMES = 131_072

OVERRUN_TEXT = "the caller did not take its answers in time, so the server has dropped them"
"""What a caller gets for each call whose answer was not kept."""

# A null value in either codec, or nothing.
_EMPTY = (b"", b"\xc0", b"null")


@dataclass(slots=True)
class Waiting:
    """A frame about a call."""

    call: int
    format: int
    payload: bytes = b""
    metadata: bytes = b""
    attachments: Attachments | None = None
    """Closed once the frame is sent, or will never be."""

    def close(self) -> None:
        """It will not be sent."""
        if self.attachments is not None:
            self.attachments.close()
            self.attachments = None


@dataclass(slots=True)
class _Backlog:
    frames: deque[Waiting] = field(default_factory=deque)
    size: int = 0
    overrun: bool = False

    def close(self) -> None:
        for each in self.frames:
            each.close()
        self.frames.clear()
        self.size = 0


class Backlogs:
    """The frames of one session that wait, by receiver."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._backlogs: dict[int, _Backlog] = {}
        self.overruns = 0
        """How often a receiver took too little."""

    def has(self, peer: int) -> bool:
        """Whether frames wait for this receiver; others must then wait behind them."""
        return peer in self._backlogs

    def is_overrun(self, peer: int) -> bool:
        """Whether this receiver took too little, and has not caught up since."""
        backlog = self._backlogs.get(peer)
        return backlog is not None and backlog.overrun

    def add(self, peer: int, frame: Waiting) -> None:
        """Sends the frame when there is room."""
        backlog = self._backlogs.get(peer)
        if backlog is None:
            backlog = self._backlogs[peer] = _Backlog()
            self._session.spawn(self._send(peer, backlog))
        if backlog.overrun:
            self._add_short(peer, backlog, frame)
            return
        backlog.frames.append(frame)
        backlog.size += len(frame.payload)
        if len(backlog.frames) > _MAX_FRAMES or backlog.size > _MAX_BYTES:
            self._overrun(peer, backlog)

    def forget(self, peer: int) -> None:
        """The receiver is gone."""
        backlog = self._backlogs.pop(peer, None)
        if backlog is not None:
            backlog.close()

    async def _send(self, peer: int, backlog: _Backlog) -> None:
        while backlog.frames:
            await self._session.when_room(peer)
            while backlog.frames:
                frame = backlog.frames[0]
                if self._post(peer, frame) == FULL:
                    break
                # An overrun or the end of the peer may have come in between.
                if backlog.frames and backlog.frames[0] is frame:
                    backlog.frames.popleft()
                    backlog.size -= 0 if backlog.overrun else len(frame.payload)
                frame.close()
        if self._backlogs.get(peer) is backlog:
            del self._backlogs[peer]

    def _post(self, peer: int, frame: Waiting) -> int:
        try:
            return self._session.post(
                *(peer, ANSWER_TYPE, frame.format, frame.payload),
                *(frame.metadata, frame.attachments, frame.call),
            )
        except (BusError, OSError) as error:
            # Too large, for example. Its caller must not wait for ever; an error can be sent.
            text = f"the result cannot be sent: {error}"
            instead = _error_frame(frame, "INVALID_RESULT", text)
            return self._session.post(
                peer, ANSWER_TYPE, instead.format, instead.payload, reply_to=frame.call
            )

    def _overrun(self, peer: int, backlog: _Backlog) -> None:
        self.overruns += 1
        backlog.overrun = True
        backlog.size = 0
        backlog.frames = deque(self._shortened(peer, each) for each in backlog.frames)
        self._session.server.overrun(peer)

    def _add_short(self, peer: int, backlog: _Backlog, frame: Waiting) -> None:
        if len(backlog.frames) < _MAX_SHORT_FRAMES:
            backlog.frames.append(self._shortened(peer, frame))
            return
        own = any(each.format & wire.FROM_CALLER for each in (frame, *backlog.frames))
        frame.close()
        backlog.close()
        # Ends all calls of its receiver here, and those on their way.
        backlog.frames.append(Waiting(0, wire.format_of(Answer.FORGOTTEN)))
        self._session.server.gone(peer)
        # Credit or the end of an input would be missing: calls to it must not wait for ever.
        if own:
            self._session.caller.gone(peer)

    def _shortened(self, peer: int, frame: Waiting) -> Waiting:
        kind = wire.kind_of(frame.format)
        small = frame.payload in _EMPTY and frame.attachments is None
        # What a caller sends is small: cancellations, credit and the end of its input.
        if small or kind == Answer.BUSY or frame.format & wire.FROM_CALLER:
            return frame
        frame.close()
        # Only a subscription is confirmed by an item; those of streams never wait here.
        if kind == Answer.ITEM:
            self._session.server.unsubscribed(peer, frame.call)
        return _error_frame(frame, "OVERRUN", OVERRUN_TEXT)


def _error_frame(frame: Waiting, code: str, text: str) -> Waiting:
    codec = wire.JSON if wire.codec_of(frame.format) == wire.JSON else wire.MESSAGEPACK
    payload = encode_plain(codec, {"code": code, "message": text})
    return Waiting(frame.call, wire.format_of(Answer.ERROR, codec), payload)
