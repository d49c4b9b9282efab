"""The errors of the package. The numbers and codes are those of every language: a test compares
them with the one list, native/base/error_list.def."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ._library import lib


class BusError(Exception):
    """Everything that Busbar refuses or fails with. `code` is what programs compare."""

    number: ClassVar[int] = 0
    """The number of the error, `BUSBAR_` in C."""
    code: ClassVar[str] = "ERR_BUSBAR"
    """Such as `"ERR_BUSBAR_QUEUE_FULL"`; the same in every language."""

    def __init__(self, message: str, *, os_code: int = 0, system_call: str | None = None) -> None:
        super().__init__(message)
        self.os_code = os_code
        """The `errno` of the operating system; 0 if it was not the system that failed."""
        self.system_call = system_call
        """The system call that failed, such as `"memfd_create"`."""


class InvalidArgumentError(BusError, ValueError):
    """An argument or option has the wrong type or is out of range."""

    number = 1
    code = "ERR_BUSBAR_INVALID_ARGUMENT"


class InvalidIdentifierError(BusError, ValueError):
    """The name of the bus is empty, too long or has a character that is not allowed."""

    number = 2
    code = "ERR_BUSBAR_INVALID_IDENTIFIER"


class InvalidLabelError(BusError, ValueError):
    """A label string is empty or too long, or there are too many of them."""

    number = 3
    code = "ERR_BUSBAR_INVALID_LABEL"


class InvalidSelectorError(BusError, ValueError):
    """A selector cannot be built: its text is wrong, or its expression exceeds a limit."""

    number = 4
    code = "ERR_BUSBAR_INVALID_SELECTOR"


class TokenMismatchError(BusError):
    """The token of the bus differs from the one given to `join`."""

    number = 5
    code = "ERR_BUSBAR_TOKEN_MISMATCH"


class VersionMismatchError(BusError):
    """This process and the bus have no protocol version in common."""

    number = 6
    code = "ERR_BUSBAR_VERSION_MISMATCH"


class NotPermittedError(BusError):
    """The operating system or the bus does not admit this user."""

    number = 7
    code = "ERR_BUSBAR_PERMISSION"


class BusTimeoutError(BusError, TimeoutError):
    """The `timeout` expired first. Retrying is safe after every call except `deliver`."""

    number = 8
    code = "ERR_BUSBAR_TIMEOUT"


class AbortedError(BusError):
    """The call was aborted. In Python a cancelled task raises `asyncio.CancelledError` instead;
    this error is what a peer reports."""

    number = 9
    code = "ERR_BUSBAR_ABORTED"


class ClosedError(BusError):
    """The endpoint was closed before or during the call."""

    number = 10
    code = "ERR_BUSBAR_CLOSED"


class TooLargeError(BusError):
    """The encoded message is larger than `max_message_bytes`. Nothing of it was sent."""

    number = 11
    code = "ERR_BUSBAR_TOO_LARGE"


class NoRecipientError(BusError):
    """A unicast without `ttl` matches no endpoint. Nothing was sent."""

    number = 12
    code = "ERR_BUSBAR_NO_RECIPIENT"


class QueueFullError(BusError):
    """A receiver is slow and the queue for it is full. Wait for `drained()`, then send again, or
    use `send_when_ready()`."""

    number = 13
    code = "ERR_BUSBAR_QUEUE_FULL"


class UnknownTypeError(BusError):
    """The message has another type than the program expected."""

    number = 14
    code = "ERR_BUSBAR_UNKNOWN_TYPE"


class SchemaMismatchError(BusError):
    """A received payload can be decoded, but is no value of its type; `__cause__` says why."""

    number = 15
    code = "ERR_BUSBAR_SCHEMA_MISMATCH"


class DecodeFailedError(BusError):
    """A received payload is not valid for the codec of its type; `__cause__` says why."""

    number = 16
    code = "ERR_BUSBAR_DECODE_FAILED"


class ProtocolViolationError(BusError):
    """A peer wrote something that the protocol does not allow; the link to it was closed."""

    number = 17
    code = "ERR_BUSBAR_PROTOCOL_VIOLATION"


class UndeliveredError(BusError):
    """`deliver` could not deliver the message to every receiver, or `close` had to give messages
    up."""

    number = 18
    code = "ERR_BUSBAR_UNDELIVERED"

    def __init__(
        self, message: str, *, delivered: int = 0, failures: Sequence[tuple[int, str]] = ()
    ) -> None:
        super().__init__(message)
        self.delivered = delivered
        """The number of receivers that have the message."""
        self.failures = tuple(failures)
        """The id of each receiver that has not, 0 if none was found, and the code of the reason."""


class LimitExceededError(BusError):
    """A quota of the bus or of this endpoint is used up."""

    number = 19
    code = "ERR_BUSBAR_LIMIT_EXCEEDED"


class OutOfMemoryError(BusError, MemoryError):
    """Memory, shared or not, could not be allocated."""

    number = 20
    code = "ERR_BUSBAR_OUT_OF_MEMORY"


class OutOfDescriptorsError(BusError):
    """This process or the system has no file descriptor left."""

    number = 21
    code = "ERR_BUSBAR_OUT_OF_DESCRIPTORS"


class SystemFailureError(BusError):
    """A failure of the operating system that this package does not handle by name; see
    `os_code`."""

    number = 22
    code = "ERR_BUSBAR_SYSTEM"


class PeerGoneError(BusError):
    """The other endpoint left or died."""

    number = 23
    code = "ERR_BUSBAR_PEER_GONE"


class NoControllerError(BusError):
    """No endpoint is controller, and none of the present ones may become it."""

    number = 24
    code = "ERR_BUSBAR_NO_CONTROLLER"


class WouldBlockError(BusError, BlockingIOError):
    """The call would have to wait, and it must not."""

    number = 25
    code = "ERR_BUSBAR_WOULD_BLOCK"


class UnsupportedError(BusError):
    """This platform, process or codec cannot do what was asked for."""

    number = 26
    code = "ERR_BUSBAR_UNSUPPORTED"


class NoExternalBuffersError(BusError):
    """The runtime allows no views of shared memory. Python does; a peer may not."""

    number = 27
    code = "ERR_BUSBAR_NO_EXTERNAL_BUFFERS"


class SupersededError(BusError):
    """A queued message with a `key` was replaced by a newer one before it was sent."""

    number = 28
    code = "ERR_BUSBAR_SUPERSEDED"


class TooSlowError(BusError):
    """A receiver was too slow and was disconnected. Messages that it had not taken by then may
    still reach it, or may not."""

    number = 29
    code = "ERR_BUSBAR_TOO_SLOW"


class NotHandledError(BusError):
    """A receiver took the message but did not finish it."""

    number = 30
    code = "ERR_BUSBAR_NOT_HANDLED"


_classes: dict[int, type[BusError]] = {
    each.number: each for each in BusError.__subclasses__() if each.number != 0
}


def code_of(status: int) -> str:
    """The code of a status of the C library."""
    known = _classes.get(status)
    return known.code if known is not None else f"ERR_BUSBAR_{status}"


def error_of(status: int, what: str) -> BusError:
    """The error of a status that a call has just returned on this thread; `what` begins its
    message."""
    text: str = lib.busbar_status_string(status).decode()
    message = f"{what}: {text}"
    known = _classes.get(status, BusError)
    if known is UndeliveredError:
        return UndeliveredError(message)
    failure = lib.busbar_last_failure()
    if failure.status != status or failure.os_code == 0:
        return known(message)
    call = failure.call.decode() if failure.call else None
    parts = [part.decode() for part in (failure.call, failure.path) if part]
    advice = f"; {failure.advice.decode()}" if failure.advice else ""
    message += f" ({' of '.join(parts)}, errno {failure.os_code}{advice})"
    return known(message, os_code=failure.os_code, system_call=call)
