"""The answers of a server to its calls: results, errors, and who closes what they attach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import BusError
from . import wire
from ._coding import Attachments, CodingError, encode_plain
from ._running import RunningCall
from .errors import DeclaredError
from .wire import Answer

if TYPE_CHECKING:
    from .session import Session

_MAX_TEXT = 4096


class Replies:
    """Answers the calls of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def succeed(self, call: RunningCall, value: Any, kind: int = Answer.RESULT) -> None:
        """The call has returned: sends its result. The layer closes what the result attaches."""
        returns = call.member.returns
        if returns is None:
            self.answer(call, kind, encode_plain(call.codec, None))
            return
        attachments = Attachments() if returns.attaches else None
        try:
            payload = returns.encode(call.codec, value, attachments)
        except CodingError as error:
            if not call.over:
                call.handler.failures += 1
                call.handler.service.report(error, call.member)
            if attachments is not None:
                attachments.close()
            self.fail(call, "INVALID_RESULT", f"the result of {call.member} is wrong: {error}")
            return
        stays = None if self._session.carries_attachments else attachments
        if stays is not None and (stays.objects or stays.regions):
            stays.close()
            text = f"{call.member} returns an object or a region, which cannot be sent here"
            self.fail(call, "UNSUPPORTED_ATTACHMENT", text)
            return
        self.answer(call, kind, payload, attachments)

    def fail_with(self, call: RunningCall, error: BaseException) -> None:
        """The method has raised. A declared error keeps its code and data; everything else is
        HANDLER_FAILED."""
        member, service = call.member, call.handler.service
        if call.over:
            return
        service.report(error, member)
        declared = (
            member.errors.get(error.wire_name()) if isinstance(error, DeclaredError) else None
        )
        if declared is not None and isinstance(error, declared[0]):
            self._declared(call, error)
            return
        call.handler.failures += 1
        if isinstance(error, CodingError):
            self.fail(call, "INVALID_RESULT", f"an item of {member} is wrong: {error}")
        else:
            text = str(error) if service.error_messages else ""
            self.fail(call, "HANDLER_FAILED", text or f"{member} failed")

    def _declared(self, call: RunningCall, error: DeclaredError) -> None:
        _, codec = call.member.errors[error.wire_name()]
        fields = codec.node.fields  # type: ignore[attr-defined]
        data = {each.wire: getattr(error, each.name) for each in fields}
        attachments = Attachments() if codec.attaches else None
        try:
            payload = codec.encode(call.codec, data, attachments)
        except CodingError as wrong:
            call.handler.failures += 1
            text = f"the data of {error.wire_name()} is wrong: {wrong}"
            self.fail(call, "INVALID_RESULT", text)
            return
        said = {"code": error.wire_name(), "message": str(error)[:_MAX_TEXT]}
        self.answer(call, Answer.ERROR, _with_data(call.codec, said, payload), attachments)

    def fail(self, call: RunningCall, code: str, text: str) -> None:
        """The layer says why the call has failed."""
        payload = encode_plain(call.codec, {"code": code, "message": text[:_MAX_TEXT]})
        self.answer(call, Answer.ERROR, payload)

    def answer(
        self,
        call: RunningCall,
        kind: int,
        payload: bytes,
        attachments: Attachments | None = None,
    ) -> None:
        """Sends the last frame of a call; later ones are dropped."""
        if call.over:
            if attachments is not None:
                attachments.close()
            return
        call.over = True
        peer, number = call.peer, call.number
        format = wire.format_of(kind, call.codec)
        try:
            self._session.answer(peer, number, format, payload, b"", attachments)
        except (BusError, OSError) as error:
            # Too large, for example. The caller must not wait for ever.
            call.handler.service.report(error, call.member)
            said = {"code": "INVALID_RESULT", "message": f"the result cannot be sent: {error}"}
            format = wire.format_of(Answer.ERROR, call.codec)
            self._session.answer(peer, number, format, encode_plain(call.codec, said))


def _with_data(codec: int, said: dict[str, Any], data: bytes) -> bytes:
    """An encoded error, with its data, which is encoded already."""
    return encode_plain(codec, {**said, "data": msgspec.Raw(data)})
