"""A session over a bus: an endpoint of its own. A peer is gone only after everything that it had
sent was read."""

from __future__ import annotations

import asyncio
import contextlib

from .. import events
from ..endpoint import Endpoint
from ..errors import BusError, ClosedError, NoRecipientError, PeerGoneError, QueueFullError
from ..message_types import Outgoing
from ..peers import Peer
from ..selectors import Selector
from . import wire
from ._coding import Attachments
from ._outgoing import FULL, GONE
from .session import Session
from .wire import ANSWER_TYPE, Answer

# Frames in a row before other tasks get their turn.
_STREAK = 64
_MAX_SELECTORS = 4096


class BusSession(Session):
    """One endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self.endpoint = endpoint
        # Members whose link to or from here was closed although they are still there.
        self._cut_off: set[int] = set()
        self._selectors: dict[int, Selector] = {}
        endpoint.on(events.PeerJoined, lambda _: self.caller.members_changed())
        endpoint.on(events.PeerRelabelled, lambda _: self.caller.members_changed())
        # What it had sent may still be on its way: the end of its calls comes with `PeerEnded`.
        endpoint.on(events.PeerLeft, lambda _: self.caller.forget_candidates())
        endpoint.on(events.PeerEnded, lambda event: self._ended(event.peer_id))
        endpoint.on(events.Undelivered, self._undelivered)
        # A link that is closed stays closed: calls must not go where no answer comes back from.
        endpoint.on(events.Disconnected, lambda event: self._cut(event.peer_id))
        endpoint.on(events.Violation, lambda event: self._cut(event.peer_id))
        endpoint.on(events.Closed, lambda _: self._end())
        self._draining: asyncio.Handle | None = self._loop.call_soon(self._drain)
        endpoint._receiving.on_wake = self._drain

    def matching(self, selector: Selector) -> list[Peer]:
        peers = self.endpoint.matches(selector)
        return [each for each in peers if each.id not in self._cut_off] if self._cut_off else peers

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
        message = Outgoing(type_bytes, format, payload)
        try:
            return self.endpoint._post(
                self._selector(peer), message, reply_to, metadata, attachments
            )
        except QueueFullError:
            return FULL
        except (NoRecipientError, PeerGoneError, ClosedError):
            return GONE

    def emit(
        self, to: Selector, type_bytes: bytes, format: int, payload: bytes, key: str | None
    ) -> None:
        message = Outgoing(type_bytes, format, payload)
        with contextlib.suppress(ClosedError):
            self.endpoint.send(to, message, when_full="drop", key=key)

    async def when_room(self, peer: int) -> None:
        message = Outgoing(ANSWER_TYPE, wire.format_of(Answer.NOTHING), b"")
        with contextlib.suppress(BusError):
            await self.endpoint.send_when_ready(self._selector(peer), message)

    async def retire(self, name: str, label: str, timeout: float) -> None:
        others = [each for each in self.endpoint.label if each != label]
        # Another major version may be served under the same name.
        if not any(each.startswith(f"{name}/") for each in others):
            others = [each for each in others if each != name]
        # Calls that still come are answered with `busy`, and go elsewhere.
        with contextlib.suppress(BusError):
            await self.endpoint.relabel(others, timeout=timeout)

    async def _leave(self, linger: float) -> None:
        with contextlib.suppress(BusError):
            await self.endpoint.close(linger=linger)

    def _selector(self, peer: int) -> Selector:
        selector = self._selectors.get(peer)
        if selector is None:
            if len(self._selectors) >= _MAX_SELECTORS:
                self._selectors.clear()
            selector = self._selectors[peer] = Selector(f"#{peer}")
        return selector

    # From the endpoint.

    def _drain(self) -> None:
        """Takes the messages that are there, without a task in between, which would cost each call
        a turn of the event loop."""
        if self._draining is not None:
            self._draining.cancel()
            self._draining = None
        endpoint = self.endpoint
        try:
            for _ in range(_STREAK):
                message = endpoint.try_recv()
                if message is None:
                    return
                self._try_frame(message)
                message.acknowledge()
        except ClosedError:
            self._end()
            return
        self._draining = self._loop.call_soon(self._drain)

    def _cut(self, peer: int) -> None:
        self._cut_off.add(peer)
        self._gone(peer)

    def _ended(self, peer: int) -> None:
        self._cut_off.discard(peer)
        self._selectors.pop(peer, None)
        self._gone(peer)

    def _gone(self, peer: int) -> None:
        self.caller.forget_candidates()
        self._forget(peer)
        self.caller.members_changed()

    def _undelivered(self, event: events.Undelivered) -> None:
        if event.peer_id is not None:
            self.caller.undelivered(event.peer_id, event.message_id)
