"""The errors of calls. Which class an error has is decided by its receiver, never by a name that
came from a peer."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, Literal, Self

from ..peers import Peer, Relay

Executed = Literal["no", "maybe", "yes"]

_MAX_TEXT = 4096


class CallError(Exception):
    """The base of all errors of calls. `code` is the same in every language."""

    code: ClassVar[str] = ""
    executed: Executed = "maybe"
    """Whether the call was executed: "no" is certain, and so is "yes"."""
    peer_id: int | None = None
    """The id of the server that the call was sent to last."""


class NoServerError(CallError):
    """No server matches, and none came before the deadline. The call was not executed."""

    code = "NO_RECIPIENT"
    executed = "no"


class ServerGoneError(CallError):
    """The server died or left with the call in hand. A call of an idempotent method is sent to
    another server instead."""

    code = "PEER_GONE"


class DeadlineError(CallError, TimeoutError):
    """The timeout of the call has passed."""

    code = "DEADLINE"


class CallCancelledError(CallError):
    """The server ended the call."""

    code = "CANCELLED"


class BusyError(CallError):
    """Every matching server has as many calls as it takes. The call was not executed."""

    code = "BUSY"
    executed = "no"
    load: int = 0
    """The calls that the last server had under way."""


class OverrunError(CallError):
    """This process did not take the answers of the server in time, so the server dropped them."""

    code = "OVERRUN"


class InvalidCallError(CallError, ValueError):
    """An argument does not fit the interface. The call was not executed."""

    code = "INVALID_ARGUMENT"
    executed = "no"


class InvalidResultError(CallError, ValueError):
    """A result or an item does not fit the interface."""

    code = "INVALID_RESULT"
    executed = "yes"


class UnknownMethodError(CallError):
    """No matching server has this method. The call was not executed."""

    code = "UNKNOWN_METHOD"
    executed = "no"


class HandlerFailedError(CallError):
    """The method raised an error that its interface does not declare."""

    code = "HANDLER_FAILED"
    executed = "yes"


class UnsupportedAttachmentError(CallError):
    """The server cannot send an object or region of its result."""

    code = "UNSUPPORTED_ATTACHMENT"
    executed = "yes"


class ConflictError(CallError):
    """The property has another version than `if_version`; it was not set."""

    code = "CONFLICT"
    executed = "no"


class ProtocolError(CallError):
    """The server broke the protocol of this call."""

    code = "PROTOCOL"


class ClientClosedError(CallError):
    """The client or the service is closed."""

    code = "CLOSED"


class DeclaredError(CallError):
    """The base of the errors that an interface declares: dataclasses whose fields are the data. The
    code on the bus is the name of the class, unless it sets `code`.

    @dataclass
    class OutOfRange(DeclaredError):
        min: float
        max: float
    """

    executed = "yes"
    text = ""
    """What it says beside its data."""

    def because(self, text: str) -> Self:
        """Sets the text, and returns the error: `raise OutOfRange(5, 30).because("too warm")`."""
        self.text = text[:_MAX_TEXT]
        return self

    @classmethod
    def wire_name(cls) -> str:
        """The code on the bus."""
        return cls.code or cls.__name__

    def __str__(self) -> str:
        if self.text:
            return self.text
        data = {each.name: getattr(self, each.name) for each in _fields(self)}
        return f"{self.wire_name()}{data if data else ''}"


def _fields(error: DeclaredError) -> tuple[Any, ...]:
    return fields(error) if is_dataclass(error) else ()


_made: dict[str, type[CallError]] = {
    each.code: each
    for each in (
        DeadlineError,
        CallCancelledError,
        InvalidCallError,
        InvalidResultError,
        UnknownMethodError,
        UnsupportedAttachmentError,
        ConflictError,
        OverrunError,
    )
}


# What a relay may say besides: it knows what became of the servers behind it.
_made_by_relays: dict[str, type[CallError]] = {
    each.code: each for each in (NoServerError, ServerGoneError, ProtocolError)
}


def text_of(text: object) -> str:
    """The text of an error that a peer has sent."""
    return text[:_MAX_TEXT] if isinstance(text, str) and text else "the method failed"


def error_from(code: object, text: object, peer: Peer) -> CallError:
    """What a server may say about a call, declared errors excepted."""
    known = {**_made, **_made_by_relays} if isinstance(peer, Relay) else _made
    kind = known.get(code, HandlerFailedError) if isinstance(code, str) else HandlerFailedError
    error = kind(text_of(text))
    error.peer_id = peer.id
    return error
