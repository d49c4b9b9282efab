"""Acts in the event loop on what the C library has reported: each notice goes to the calls that
wait for it, or to the program's listeners."""

from __future__ import annotations

from uuid import UUID

from . import _declarations as c
from . import events
from ._notices import Listeners, Notice, NoticeQueue
from ._waiting import Deliveries, Roomless, Watchers
from .errors import code_of


class Hearing:
    """The notices of one endpoint, and whom they concern."""

    def __init__(
        self,
        notices: NoticeQueue,
        listeners: Listeners,
        deliveries: Deliveries,
        roomless: Roomless,
        watchers: Watchers,
    ) -> None:
        self._notices = notices
        self._waiting = notices.waiting
        self._listeners = listeners
        self._deliveries = deliveries
        self._roomless = roomless
        self._watchers = watchers

    def act(self) -> None:
        """Acts on all notices that wait."""
        waiting = self._waiting
        while waiting:
            self._act(waiting.popleft())

    def _act(self, notice: Notice) -> None:
        match notice.kind:
            case c.EVENT_PEER_JOINED | c.EVENT_PEER_LEFT:
                self._watchers.changed(notice.kind == c.EVENT_PEER_JOINED, notice.peer_id)
            case c.EVENT_PEER_RELABELLED:
                self._watchers.relabelled(notice.peer_id)
            case c.EVENT_DELIVERED:
                self._deliveries.delivered(notice.message_id, notice.count)
            case c.EVENT_DELIVERY_FAILED:
                self._deliveries.failed(notice.message_id, notice.peer_id, notice.status)
            case c.EVENT_ROOM:
                self._roomless.retry()
            case c.EVENT_DRAINED:
                self._roomless.all_sent()
                self._listeners.tell(events.Drained())
            case _:
                event = _event_of(notice)
                if event is not None:
                    self._listeners.tell(event)


def _event_of(notice: Notice) -> events.Event | None:
    match notice.kind:
        case c.EVENT_CONTROLLER:
            return events.ControllerChanged(notice.peer_id, notice.count)
        case c.EVENT_UNDELIVERED:
            return events.Undelivered(
                notice.peer_id or None,
                code_of(notice.status),
                notice.message_id,
                UUID(bytes=notice.type_bytes),
                notice.format,
                notice.payload,
                notice.metadata,
            )
        case c.EVENT_PEER_ENDED:
            return events.PeerEnded(notice.peer_id)
        case c.EVENT_DROPPED:
            return events.Dropped(notice.peer_id, notice.count)
        case c.EVENT_DISCONNECTED:
            return events.Disconnected(notice.peer_id, notice.count)
        case c.EVENT_VIOLATION:
            return events.Violation(notice.peer_id, code_of(notice.status))
    return None
