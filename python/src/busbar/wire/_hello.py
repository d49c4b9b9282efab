"""The handshake: magic, version, limits, token, and the interfaces that each side serves. The side
that connects speaks first; the other one tells nothing about itself before it has seen the
token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..rpc._describing import hash_of
from ..rpc.interface import Members
from ._frames import Kind
from .errors import WireError

VERSION = 1
MAX_HELLO_BYTES = 64 << 10
_MAGIC = b"BBWR"
_HEAD_BYTES = 6
_MAX_OFFERS = 1024
_MAX_NAME = 256
_LEAST_FRAME = 256


@dataclass(frozen=True, slots=True)
class Offer:
    """An interface that a side serves."""

    name: str
    version: str
    hash: str
    relayed: bool = False

    @property
    def label(self) -> str:
        """Its name and major version."""
        return f"{self.name}/{self.version.split('.')[0]}"


@dataclass(frozen=True, slots=True)
class Hello:
    """What a side says about itself."""

    frame_bytes: int
    offers: list[Offer]
    token: str | None
    answer_only: bool


def offer_of(members: Members) -> Offer:
    """How an interface is offered."""
    return Offer(members.name, members.version, hash_of(members))


def write_hello(frame_bytes: int, offers: list[Offer], token: str | None) -> bytes:
    """A frame of the kind `hello`."""
    said: dict[str, Any] = {"limits": {"frameBytes": frame_bytes}, "offers": _written(offers)}
    if token is not None:
        said["token"] = token
    return bytes((Kind.HELLO,)) + _MAGIC + bytes((VERSION,)) + _json(said)


def read_hello(frame: bytes) -> Hello:
    """Reads the hello of a peer. Raises WireError."""
    if frame[0] != Kind.HELLO or frame[1:5] != _MAGIC:
        text = "the other side does not begin as a wire of busbar does"
        raise WireError("NOT_A_WIRE", text)
    version = frame[5] if len(frame) > 5 else 0
    # A newer side decides whether it still speaks this version.
    if version < VERSION:
        text = f"the other side speaks version {version} of the protocol; expected {VERSION}"
        raise WireError("WIRE_VERSION", text)
    said = _members(parse(frame[_HEAD_BYTES:]))
    frame_bytes = _members(said.get("limits")).get("frameBytes")
    if not isinstance(frame_bytes, int) or frame_bytes < _LEAST_FRAME:
        raise _wrong("says no limit of its frames")
    token = said.get("token")
    if token is not None and not isinstance(token, str):
        raise _wrong("has a token that is no text")
    if said.get("halfDuplex") is True:
        raise WireError("NOT_A_WIRE", "only one of the two sides takes turns")
    offers = _offers(said.get("offers"))
    return Hello(frame_bytes, offers, token, said.get("answerOnly") is True)


def write_offers(offers: list[Offer]) -> bytes:
    """A frame of the kind `offers`."""
    return bytes((Kind.OFFERS,)) + _json(_written(offers))


def read_offers(frame: bytes) -> list[Offer]:
    """Reads such a frame. Raises WireError."""
    if len(frame) > MAX_HELLO_BYTES:
        raise _wrong("offers too much")
    return _offers(parse(frame[1:]))


def write_refusal(error: WireError) -> bytes:
    """The frame that says why a wire ends."""
    return bytes((Kind.REFUSAL,)) + _json({"code": error.code, "message": str(error)[:1024]})


def read_refusal(frame: bytes) -> tuple[object, str]:
    """The code and the text in such a frame."""
    said = _members(parse(frame[1:]))
    text = said.get("message")
    return said.get("code"), text[:1024] if isinstance(text, str) else "it did not say why"


def parse(data: bytes) -> Any:
    """Parses JSON of a peer; `None` if it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _offers(value: object) -> list[Offer]:
    if not isinstance(value, list) or len(value) > _MAX_OFFERS:
        raise _wrong(f"has no list of up to {_MAX_OFFERS} interfaces")
    offers = []
    for each in value:
        said = _members(each)
        name, version, digest = (_text(said, key) for key in ("name", "version", "hash"))
        offers.append(Offer(name, version, digest, said.get("relayed") is True))
    return offers


def _text(said: dict[str, Any], key: str) -> str:
    text = said.get(key)
    if isinstance(text, str) and 0 < len(text) <= _MAX_NAME:
        return text
    raise _wrong("has an interface without name, version or hash")


def _written(offers: list[Offer]) -> list[dict[str, str]]:
    return [{"name": each.name, "version": each.version, "hash": each.hash} for each in offers]


def _members(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _wrong(what: str) -> WireError:
    return WireError("NOT_A_WIRE", f"the hello of the other side {what}")
