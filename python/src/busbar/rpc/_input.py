"""What callers stream: the input of a method, at its server and at its caller."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..messages import Message
from . import wire
from ._coding import Attachments, CodingError, size_of
from ._outgoing import FULL, GONE, OutgoingStream
from ._pending import PendingCall
from ._replies import Replies
from ._running import RunningCall
from ._streams import Stream
from .errors import CallError, InvalidCallError
from .wire import Answer

if TYPE_CHECKING:
    from .session import Session


class _InputHost:
    def __init__(self, session: Session, replies: Replies, call: RunningCall) -> None:
        self._session = session
        self._replies = replies
        self._call = call

    def begin(self) -> None:
        # A method that reads its input gets the usual window.
        assert self._call.input is not None
        items = wire.FIRST_ITEMS - wire.INPUT_ITEMS
        self._call.input.widen(items, wire.FIRST_BYTES - wire.INPUT_BYTES)

    def grant(self, items: int, bytes_: int) -> None:
        call = self._call
        if not call.over:
            format = wire.format_of(Answer.CREDIT, call.codec)
            metadata = wire.write_metadata(credit_items=items, credit_bytes=bytes_)
            self._session.answer(call.peer, call.number, format, metadata=metadata)

    def leave(self) -> None:
        # The caller learns with the result that nobody reads on; its source ends then.
        pass

    def overrun(self) -> None:
        text = "more input than there was credit for"
        self._replies.fail(self._call, "INVALID_ARGUMENT", text)


def input_of(session: Session, replies: Replies, call: RunningCall) -> Stream[Any]:
    """The input of a call, which its caller has begun to send."""
    host = _InputHost(session, replies, call)
    return Stream(host, wire.INPUT_ITEMS, wire.INPUT_BYTES)


def receive_input(replies: Replies, call: RunningCall, kind: int, message: Message) -> None:
    """A frame of input: items, or the end."""
    stream, codec = call.input, call.member.input
    if stream is None or codec is None or call.over:
        message.close()
        return
    starved = bool(message.format & wire.STARVED)
    size = size_of(message)
    try:
        if kind == Answer.ITEM:
            stream.push([codec.decode_frame(message)], size, starved)
        elif kind == Answer.ITEMS:
            stream.push(codec.decode_list(message), size, starved)
        else:
            message.close()
            if kind == Answer.END:
                stream.end()
    except CodingError as error:
        text = f"an item of the input is wrong: {error}"
        replies.fail(call, "INVALID_ARGUMENT", text)
        stream.end(InvalidCallError(text))


class CallInput:
    """The input of one call, at its caller. The first items go with the call, without waiting for
    credit; until credit comes, they go with it to the next server, too."""

    def __init__(self, session: Session, call: PendingCall, source: Any) -> None:
        self._session = session
        self._call = call
        self._stream = OutgoingStream(
            self, source, wire.INPUT_ITEMS, wire.INPUT_BYTES, repeatable=True
        )
        self._task: asyncio.Task[None] | None = None
        self._done = False
        self.codec = call.request.codec

    @property
    def can_restart(self) -> bool:
        """Whether the call may still go to another server."""
        return self._task is None or self._stream.can_restart

    def sent(self) -> None:
        """The call was sent: begins, or begins again."""
        if self._task is None:
            self._task = self._session.spawn(self._run())
            return
        self._stream.restart()
        if self._done:
            self._end()

    def credited(self, message: Message) -> None:
        """The server allows more."""
        try:
            metadata = wire.read_metadata(message.metadata)
        except ValueError:
            return  # Nothing that this version understands.
        self._stream.credit(metadata.credit_items, metadata.credit_bytes)

    def stop(self) -> None:
        """The call is over."""
        if self._task is not None and not self._done:
            self._task.cancel()

    def encode_item(self, item: Any) -> tuple[bytes, Attachments | None]:
        """The payload of an item."""
        codec = self._call.request.member.input
        assert codec is not None
        return codec.encode_attaching(self.codec, item)

    def send_items(
        self, kind: int, payload: bytes, starved: bool, attached: Attachments | None
    ) -> int:
        """Sends a frame."""
        call = self._call
        if call.callee is None:
            # Sent again once another server has the call.
            return GONE
        if self._session.is_waiting(call.callee.peer):
            return FULL
        flags = wire.FROM_CALLER | (wire.STARVED if starved else 0)
        format = wire.format_of(kind, self.codec, flags)
        return self._session.post(
            call.callee.peer, wire.ANSWER_TYPE, format, payload, b"", attached, call.id
        )

    async def when_room(self) -> None:
        """Waits until the server has room."""
        if self._call.callee is not None:
            await self._session.when_room(self._call.callee.peer)

    async def _run(self) -> None:
        member = self._call.request.member
        try:
            await self._stream.run()
        except CodingError as error:
            self._fail(InvalidCallError(f"an item of the input of {member} is wrong: {error}"))
        except Exception as error:  # Whatever the source raises.
            refusal = InvalidCallError(f"the input of {member} failed: {error}")
            refusal.__cause__ = error
            self._fail(refusal)
        else:
            self._done = True
            self._end()

    def _fail(self, error: CallError) -> None:
        self._done = True
        error.executed = "maybe"
        self._call.cancel(error)

    def _end(self) -> None:
        call = self._call
        if call.callee is not None and not call.settled:
            format = wire.format_of(Answer.END, self.codec, wire.FROM_CALLER)
            payload = b"null" if self.codec == wire.JSON else b"\xc0"
            self._session.answer(call.callee.peer, call.id, format, payload)
