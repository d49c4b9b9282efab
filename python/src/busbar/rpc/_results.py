"""What a method streams to its caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import wire
from ._coding import Attachments
from ._outgoing import FULL, GONE
from ._running import RunningCall

if TYPE_CHECKING:
    from .session import Session


class Results:
    """Sends the items of one call."""

    def __init__(self, session: Session, call: RunningCall) -> None:
        self._session = session
        self._call = call
        self.codec = call.codec

    def encode_item(self, item: Any) -> tuple[bytes, Attachments | None]:
        """The payload of an item."""
        codec = self._call.member.item
        assert codec is not None
        return codec.encode_attaching(self.codec, item)

    def send_items(
        self, kind: int, payload: bytes, starved: bool, attached: Attachments | None
    ) -> int:
        """Sends a frame."""
        call = self._call
        if call.over:
            return GONE
        # Answers that wait for room come first.
        if self._session.is_waiting(call.peer):
            return FULL
        format = wire.format_of(kind, call.codec, wire.STARVED if starved else 0)
        return self._session.post(
            call.peer, wire.ANSWER_TYPE, format, payload, b"", attached, call.number
        )

    async def when_room(self) -> None:
        """Waits until the caller has room."""
        await self._session.when_room(self._call.peer)
