"""What the other side of a wire has under way here: its calls, their bytes, its streams. Beyond a
limit a call is refused before anything of it runs."""

from __future__ import annotations

from ..rpc import wire as words
from ..rpc.wire import Answer, Request
from ._frames import Frame
from .limits import Limits

_ENDS = frozenset((Answer.RESULT, Answer.ERROR, Answer.BUSY, Answer.END))


class Inbound:
    """The calls of one peer."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # Bytes, and whether it streams, by number.
        self._calls: dict[int, tuple[int, bool]] = {}
        self._bytes = 0
        self._streams = 0

    @property
    def count(self) -> int:
        """How many calls are under way."""
        return len(self._calls)

    def has(self, number: int) -> bool:
        """Whether a call of this number is under way."""
        return number in self._calls

    def admit(self, frame: Frame) -> bool:
        """Counts a call; returns whether there is room for it."""
        limits = self._limits
        size = len(frame.payload)
        if len(self._calls) >= limits.calls or self._bytes + size > limits.bytes:
            return False
        streams = _streams(frame.metadata)
        if streams and self._streams >= limits.streams:
            return False
        held = 0 if words.kind_of(frame.format) == Request.SUBSCRIBE else size
        self._calls[frame.id] = (held, streams)
        self._bytes += held
        self._streams += streams
        return True

    def answered(self, number: int, format: int) -> None:
        """Sees an answer that is sent to the peer."""
        if not format & words.FROM_CALLER and words.kind_of(format) in _ENDS:
            self._remove(number)

    def told(self, number: int, format: int) -> None:
        """Sees a frame of the peer about a call of its own."""
        if format & words.FROM_CALLER and words.kind_of(format) == Answer.CANCEL:
            self._remove(number)

    def _remove(self, number: int) -> None:
        size, streams = self._calls.pop(number, (0, False))
        self._bytes -= size
        self._streams -= streams


def _streams(metadata: bytes) -> bool:
    # A call with credit asks for a stream. Metadata that cannot be read is refused by the server.
    try:
        return words.read_metadata(metadata).credit_items > 0
    except ValueError:
        return False
