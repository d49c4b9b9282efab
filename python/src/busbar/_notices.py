"""What the C library reports to its event callback. The callback only copies: it may run on the
thread that joins or closes; the endpoint acts on the copies in its event loop."""

from __future__ import annotations

import asyncio
import ctypes
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _declarations as c


@dataclass(frozen=True, slots=True)
class Notice:
    """The fields of a busbar_event."""

    kind: int
    status: int
    peer_id: int
    count: int
    message_id: int
    type_bytes: bytes
    format: int
    payload: bytes
    metadata: bytes


class NoticeQueue:
    """The notices that the event loop has not seen."""

    def __init__(self) -> None:
        self.waiting: deque[Notice] = deque()
        # Keeps the function alive as long as the endpoint may call it.
        self.callback = c.EventCallback(self._append)

    def _append(self, _context: object, pointer: Any) -> None:
        event: c.Event = pointer.contents
        self.waiting.append(
            Notice(
                event.kind,
                event.status,
                event.peer_id,
                event.count,
                event.message_id,
                bytes(event.type.bytes),
                event.format,
                _bytes_of(event.payload),
                _bytes_of(event.metadata),
            )
        )


def _bytes_of(span: c.Span) -> bytes:
    return ctypes.string_at(span.data, span.bytes) if span.bytes else b""


class Listeners:
    """The functions that a program wants to be called, by the class of the event."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: dict[type, dict[object, Callable[[Any], object]]] = {}

    def add(self, kind: type, listener: Callable[[Any], object]) -> Callable[[], None]:
        """Returns a function that removes the listener again."""
        key = object()
        self._listeners.setdefault(kind, {})[key] = listener

        def remove() -> None:
            self._listeners.get(kind, {}).pop(key, None)

        return remove

    def has(self, *kinds: type) -> bool:
        """Whether anybody listens to one of these."""
        return any(self._listeners.get(kind) for kind in kinds)

    def tell(self, event: object) -> None:
        """Calls the listeners; what they raise goes to the exception handler of the loop."""
        for listener in list(self._listeners.get(type(event), {}).values()):
            try:
                listener(event)
            except Exception as error:
                message = f"a listener of {type(event).__name__} failed"
                self._loop.call_exception_handler({"message": message, "exception": error})
