"""What an endpoint reports beside messages. `endpoint.on` takes the class of an event and a
function that is called with each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from .peers import Peer


@dataclass(frozen=True, slots=True)
class PeerJoined:
    """Another endpoint joined the bus."""

    peer: Peer


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """Another endpoint left the bus, or died."""

    peer: Peer


@dataclass(frozen=True, slots=True)
class PeerEnded:
    """Another endpoint has left, and this one has received every message that it sent. Comes after
    `PeerLeft`, and only once the messages were received."""

    peer_id: int


@dataclass(frozen=True, slots=True)
class PeerRelabelled:
    """Another endpoint has changed its label."""

    peer: Peer
    former_label: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ControllerChanged:
    """The bus has a new controller, and this endpoint is a member again."""

    controller_id: int
    generation: int
    """Counts the controllers of this bus; grows with each."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """No endpoint took a message, and none will."""

    peer_id: int | None
    """The receiver that is gone; `None` if none was found in the message's time to live."""
    reason: str
    """The code of an error, in most cases `"ERR_BUSBAR_PEER_GONE"`."""
    message_id: int
    type: UUID
    format: int
    payload: bytes
    metadata: bytes


@dataclass(frozen=True, slots=True)
class Dropped:
    """Messages with `when_full="drop"` found no room at a slow receiver."""

    peer_id: int
    messages: int
    """The number of messages that it did not get since the last such event."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A message with `when_full="disconnect"` found no room, and its receiver was disconnected."""

    peer_id: int
    messages: int
    """The number of messages that were queued here for it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A peer broke the protocol; the link to it was closed, and nothing else was affected."""

    peer_id: int
    reason: str
    """The code of an error."""


@dataclass(frozen=True, slots=True)
class Drained:
    """No message waits in this process's memory any more."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The endpoint is closed: by `close()`, or because it has lost its bus for good."""

    lost: bool


Event = (
    PeerJoined
    | PeerLeft
    | PeerEnded
    | PeerRelabelled
    | ControllerChanged
    | Undelivered
    | Dropped
    | Disconnected
    | Violation
    | Drained
    | Closed
)
