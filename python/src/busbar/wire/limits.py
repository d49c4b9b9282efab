"""What one wire may cost: of its peer's frames, calls and time."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .errors import WireError

_LEAST_FRAME = 256
_MOST = 1 << 40


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a wire; each counts what the other side sends. Raises WireError for numbers that
    make no sense."""

    frame_bytes: int = 16 << 20
    """Bytes of a frame; a larger one ends the wire with FRAME_TOO_LARGE."""
    calls: int = 1024
    """Calls under way, streams included; beyond, a call is refused as BUSY."""
    streams: int = 256
    """Streams under way; beyond, a call that streams is refused as BUSY."""
    bytes: int = 64 << 20
    """Bytes of the calls under way; beyond, a call is refused as BUSY."""
    handshake: float = 10.0
    """Seconds that the handshake may take; then the wire is closed."""
    queue_bytes: int = 1 << 20
    """Bytes that wait here while the other side takes none; beyond, calls wait for room."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            least = {"frame_bytes": _LEAST_FRAME, "queue_bytes": 1}.get(each.name, 0)
            right = isinstance(value, int | float) and least <= value <= _MOST
            if not right or (each.name != "handshake" and not isinstance(value, int)):
                raise WireError("WIRE_OPTION", f"{each.name} is {value!r}, which is no limit")
