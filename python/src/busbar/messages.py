"""One received message, as the program has it. It owns its payload and its attachments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack
from uuid import UUID

from .errors import NotHandledError, UnknownTypeError
from .message_types import PLAIN_ID, MessageType, Outgoing, plain, raw_bytes, text
from .objects import KernelObject
from .peers import Peer
from .regions import MemoryRegion

if TYPE_CHECKING:
    from ._sending import MessageOptions
    from .endpoint import Endpoint

T = TypeVar("T")

_plain_bytes = PLAIN_ID.bytes


class Message:
    """A received message. A sender that waits for it to be handled hears so when the program asks
    for its next message, or calls `acknowledge`; then its attachments are closed and released, too,
    unless the program took them or calls `keep`."""

    __slots__ = (
        "_endpoint",
        "_kept",
        "_settle",
        "attachments_lost",
        "format",
        "id",
        "metadata",
        "objects",
        "payload",
        "regions",
        "reply_to",
        "sender",
        "type_bytes",
    )

    def __init__(
        self,
        endpoint: Endpoint | None,
        type_bytes: bytes,
        format: int,
        payload: bytes,
        metadata: bytes,
        sender: Peer,
        id: int,
        reply_to: int,
    ) -> None:
        """Not for programs: an endpoint makes messages, and so does a wire."""
        self._endpoint = endpoint
        self._kept = False
        self._settle: Callable[[int], None] | None = None
        self.type_bytes = type_bytes
        """The 16 bytes of the type's UUID."""
        self.format = format
        """The 16-bit format word, 0 by default."""
        self.payload = payload
        """The bytes as they came. Whoever shares the bus may have written them."""
        self.metadata = metadata
        """Up to 240 bytes that the sender gave beside the payload; empty if there are none. Nobody
        has checked what they say."""
        self.sender = sender
        """The sender, as the directory described it. It may have left since."""
        self.id = id
        """The sender's number of this message, unique among all of its messages."""
        self.reply_to: int | None = reply_to or None
        """The `id` of the message that this message answers."""
        self.objects: Sequence[KernelObject] = ()
        """The kernel objects sent with the message, in the sender's order."""
        self.regions: Sequence[MemoryRegion] = ()
        """The memory regions sent with the message, in the sender's order."""
        self.attachments_lost = False
        """Whether objects or regions are missing, because this process was at a limit."""

    @property
    def type_id(self) -> UUID:
        """The UUID of the message's type."""
        return UUID(bytes=self.type_bytes)

    def has(self, type: MessageType[Any]) -> bool:
        """Whether the message is of this type."""
        return self.type_bytes == type.id_bytes

    def decode(self, type: MessageType[T]) -> T:
        """The value of a message of this type.

        Raises UnknownTypeError if it has another type; DecodeFailedError; SchemaMismatchError."""
        if self.type_bytes != type.id_bytes:
            name = type.name or str(type.id)
            raise UnknownTypeError(f"the message has type {self.type_id}, not {name}")
        return type.codec.decode(self.payload)

    @property
    def value(self) -> Any:
        """The value of a message of a built-in type: what Node sends without a message box, text,
        or bytes.

        Raises UnknownTypeError if it has another type; otherwise as `decode`."""
        if self.type_bytes == _plain_bytes:
            return plain().codec.decode(self.payload)
        if self.type_bytes == text.id_bytes:
            return text.codec.decode(self.payload)
        if self.type_bytes == raw_bytes.id_bytes:
            return self.payload
        raise UnknownTypeError(f"the message has type {self.type_id}; use decode()")

    def reply(self, message: Outgoing | Any, **options: Unpack[MessageOptions]) -> int:
        """Sends a message to the sender of this one only. Returns the number of receivers.

        Raises NoRecipientError if the sender has left; otherwise as `endpoint.send`."""
        assert self._endpoint is not None, "messages of a wire belong to calls"
        return self._endpoint._reply(self, message, options)

    def keep(self) -> Self:
        """Makes the kernel objects and memory regions the program's own, to close and release.
        Otherwise this happens when the program asks for its next message. Returns the message."""
        self._kept = True
        return self

    def acknowledge(self) -> None:
        """Reports this message as handled, to a sender that waits for it. So does asking for the
        next message. Call it in a consumer that leaves its loop with this message, closes the
        endpoint, or has several calls of `recv` pending. Repeated calls do nothing."""
        self._finish(0)

    def refuse(self, reason: type[Exception] = NotHandledError) -> None:
        """Reports this message as not handled, to a sender that waits for it, with an error class
        of this package as the reason. Does nothing after `acknowledge`."""
        self._finish(getattr(reason, "number", NotHandledError.number) or NotHandledError.number)

    def close(self) -> None:
        """Closes the kernel objects that were not taken and releases the memory regions."""
        for each in self.objects:
            each.close()
        for region in self.regions:
            region.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Acknowledges the message, or refuses it after an exception, and closes it."""
        if kind is None:
            self.acknowledge()
        else:
            self.refuse()
        self.close()

    def __repr__(self) -> str:
        size = len(self.payload)
        return f"<Message {self.id} from {self.sender.id}: {size} bytes of {self.type_id}>"

    def _done(self) -> None:
        self._finish(0)
        if not self._kept:
            self.close()

    def _finish(self, status: int) -> None:
        settle, self._settle = self._settle, None
        if settle is not None:
            settle(status)
