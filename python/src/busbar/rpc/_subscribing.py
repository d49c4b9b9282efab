"""Properties and signals at their server: values, versions and subscriptions."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from ..messages import Message
from . import wire
from ._coding import CodingError, encode_plain
from ._replies import Replies
from ._running import CallerRecord, RunningCall
from .service_core import Handler
from .wire import Answer

if TYPE_CHECKING:
    from .session import Session


def subscribe(session: Session, record: CallerRecord, handler: Handler, message: Message) -> None:
    """Adds a subscription. The answer says that it is in force, and has the value of a property."""
    if message.id in record.subscriptions:
        return
    asked = wire.codec_of(message.format)
    codec = wire.JSON if asked == wire.JSON else wire.MESSAGEPACK
    payload = encode_plain(codec, None) if handler.held is None else _versioned(handler, codec)
    record.subscriptions[message.id] = handler
    handler.subscribe(record.peer)
    session.answer(record.peer, message.id, wire.format_of(Answer.ITEM, codec), payload)


def get_property(replies: Replies, call: RunningCall) -> None:
    """Answers with the value of a property."""
    replies.answer(call, Answer.RESULT, _versioned(call.handler, call.codec))


def set_property(replies: Replies, call: RunningCall) -> Coroutine[Any, Any, None] | None:
    """Sets a property for a client. Returns a coroutine if the service wants to see the value
    first and takes its time."""
    handler, member = call.handler, call.member
    try:
        if not member.writable or member.setting is None:
            raise CodingError(f"{member} is read-only")
        setting = member.setting.decode(wire.codec_of(call.message.format), call.message.payload)
    except CodingError as error:
        replies.fail(call, "INVALID_ARGUMENT", str(error))
        return None
    if _conflicts(replies, call, setting.if_version):
        return None
    hook = handler.service.on_set.get(member.attribute)
    value = setting.value
    if hook is not None:
        try:
            changed = hook(value)
        except Exception as error:  # Whatever the hook raises.
            replies.fail_with(call, error)
            return None
        if inspect.isawaitable(changed):
            return _set_later(replies, call, setting.if_version, value, changed)
        value = value if changed is None else changed
    _accept(replies, call, value)
    return None


async def _set_later(
    replies: Replies, call: RunningCall, if_version: int | None, value: Any, awaitable: Any
) -> None:
    changed = await awaitable
    # It may have been set by others meanwhile.
    if not _conflicts(replies, call, if_version):
        _accept(replies, call, value if changed is None else changed)


def _accept(replies: Replies, call: RunningCall, value: Any) -> None:
    held = call.handler.held
    assert held is not None
    try:
        call.handler.service.set_property(call.handler, value)
    except CodingError as error:
        replies.fail_with(call, error)
        return
    replies.answer(call, Answer.RESULT, encode_plain(call.codec, {"version": held.version}))


def _conflicts(replies: Replies, call: RunningCall, if_version: int | None) -> bool:
    held = call.handler.held
    assert held is not None
    if if_version is None or if_version == held.version:
        return False
    replies.fail(call, "CONFLICT", f"{call.member} has version {held.version} by now")
    return True


def _versioned(handler: Handler, codec: int) -> bytes:
    held, versioned = handler.held, handler.member.versioned
    assert held is not None
    assert versioned is not None
    return versioned.encode(codec, {"value": held.value, "version": held.version})
