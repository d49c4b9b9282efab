"""What a server says about calls that failed, as it arrives. The receiver's own interface decides
which class an error has, and text is cut."""

from __future__ import annotations

from typing import Any

import msgspec

from ..messages import Message
from . import wire
from ._coding import CodingError, decode_plain
from ._members import Member
from .errors import BusyError, CallError, error_from, text_of


def busy_error(member: Member, message: Message) -> BusyError:
    """The server did not take the call."""
    said = _said(message)
    load = said.get("load")
    number = load if isinstance(load, int) and load >= 0 else 0
    why = "is leaving" if said.get("leaving") is True else f"has {number} calls under way"
    error = BusyError(f"{member} was not executed: the server {why}")
    error.load = number
    error.peer_id = message.sender.id
    return error


def call_error(member: Member, message: Message) -> CallError:
    """The call has failed. What cannot be read is an error, too."""
    peer = message.sender
    said = _said(message)
    code, text = said.get("code"), said.get("message")
    declared = member.errors.get(code) if isinstance(code, str) else None
    if declared is None:
        message.close()
        return error_from(code, text, peer)
    cls, codec = declared
    try:
        data = codec.decode_part(message, said.get("data"))
        error = cls(**{each: getattr(data, each) for each in data.__struct_fields__})
    except (CodingError, TypeError, ValueError):
        message.close()
        return error_from(None, "the method failed with an error that cannot be read", peer)
    error.because(text_of(text))
    error.peer_id = peer.id
    return error


def _said(message: Message) -> dict[str, Any]:
    try:
        found = decode_plain(wire.codec_of(message.format), message.payload)
    except CodingError:
        return {}
    return found if isinstance(found, dict) else {}


class _Version(msgspec.Struct):
    version: int


def version_in(message: Message) -> int:
    """The new version of a property that was set. Raises CodingError."""
    try:
        found = decode_plain(wire.codec_of(message.format), message.payload)
        return msgspec.convert(found, _Version, strict=False).version
    except msgspec.ValidationError as error:
        raise CodingError(str(error)) from error
