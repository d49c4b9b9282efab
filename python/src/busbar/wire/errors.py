"""The errors of wires themselves. What becomes of a call when its wire ends is the table of calls;
its error then has one of these as `__cause__`."""

from __future__ import annotations

CODES = frozenset(
    (
        "CANNOT_CONNECT",
        "CANNOT_LISTEN",
        "NOT_A_WIRE",
        "WIRE_VERSION",
        "WIRE_TOKEN",
        "HANDSHAKE_TIMEOUT",
        "TOO_MANY_WIRES",
        "FRAME_TOO_LARGE",
        "FRAME_MALFORMED",
        "WIRE_CORRUPTED",
        "WIRE_SILENT",
        "WIRE_CUT",
        "WIRE_CLOSED",
        "WIRE_OPTION",
    )
)


class WireError(Exception):
    """A wire could not be opened, or has ended. `code` is what programs compare; the codes and what
    they mean are those of `WireError` in Node."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """Such as `"WIRE_CUT"`."""


def malformed(what: str) -> WireError:
    """A frame of the other side is not as the protocol has it."""
    return WireError("FRAME_MALFORMED", what)


def code_of(value: object) -> str:
    """A code that the other side wrote; one that is not known here stands for the end."""
    return value if isinstance(value, str) and value in CODES else "WIRE_CLOSED"
