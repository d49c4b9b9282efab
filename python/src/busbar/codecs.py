"""Codecs: how values become payloads. MessagePack and JSON are msgspec's, which is imported when
the first of them is made: raw bytes and text work without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from ._integers import tolerant
from .errors import DecodeFailedError, InvalidArgumentError, SchemaMismatchError, UnsupportedError

T = TypeVar("T")


class Codec(Protocol[T]):
    """Turns values into payloads and back. An object with these methods will do."""

    def encode(self, value: T, /) -> bytes:
        """The payload of a value. Raises TypeError for what it cannot encode."""
        ...

    def decode(self, payload: bytes, /) -> T:
        """The value of a payload, which anybody may have written. Raises DecodeFailedError or
        SchemaMismatchError."""
        ...


class _Bytes:
    def encode(self, value: bytes) -> bytes:
        return bytes(value)

    def decode(self, payload: bytes) -> bytes:
        return payload


class _Text:
    def encode(self, value: str) -> bytes:
        return value.encode()

    def decode(self, payload: bytes) -> str:
        try:
            return payload.decode()
        except UnicodeDecodeError as error:
            raise DecodeFailedError("the payload is not UTF-8") from error


class _Msgspec:
    def __init__(
        self, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any], what: str
    ) -> None:
        self._encode = encode
        self._decode = decode
        self._what = what
        module = _msgspec()
        self._invalid: type[Exception] = module.ValidationError
        self._broken: type[Exception] = module.DecodeError

    def encode(self, value: Any) -> bytes:
        return self._encode(value)

    def decode(self, payload: bytes) -> Any:
        try:
            return self._decode(payload)
        except self._invalid as error:
            raise SchemaMismatchError(f"the payload does not fit its type: {error}") from error
        except (self._broken, ValueError, RecursionError) as error:
            raise DecodeFailedError(f"the payload is not {self._what}: {error}") from error


bytes_codec: Codec[bytes] = _Bytes()
"""A payload as it is."""
text_codec: Codec[str] = _Text()
"""A string as UTF-8."""


@overload
def msgpack() -> Codec[Any]: ...
@overload
def msgpack(type: type[T], /) -> Codec[T]: ...
@overload
def msgpack(type: Any, /) -> Codec[Any]: ...
def msgpack(type: Any = Any, /) -> Codec[Any]:
    """A codec of MessagePack for a type that msgspec knows: dataclasses, `msgspec.Struct`, enums,
    `TypedDict`, unions, plain values. A payload that is no value of the type is refused.

    Raises UnsupportedError if msgspec is not installed."""
    module = _msgspec()
    # Node writes `undefined` as extension 0.
    typed = module.msgpack.Decoder(type, ext_hook=_extension)
    untyped = module.msgpack.Decoder(ext_hook=_extension)

    def convert(value: Any) -> Any:
        return module.convert(value, type)

    decode = tolerant(typed.decode, untyped.decode, convert, module.ValidationError)
    return _Msgspec(module.msgpack.Encoder().encode, decode, "MessagePack")


@overload
def json() -> Codec[Any]: ...
@overload
def json(type: type[T], /) -> Codec[T]: ...
@overload
def json(type: Any, /) -> Codec[Any]: ...
def json(type: Any = Any, /) -> Codec[Any]:
    """A codec of JSON for a type that msgspec knows, as `msgpack`.

    Raises UnsupportedError if msgspec is not installed."""
    module = _msgspec()
    return _Msgspec(module.json.Encoder().encode, module.json.Decoder(type).decode, "JSON")


def check_codec(codec: object) -> None:
    """Raises InvalidArgumentError unless `codec` has the methods of one."""
    if not callable(getattr(codec, "encode", None)) or not callable(getattr(codec, "decode", None)):
        raise InvalidArgumentError(f"codec is {codec!r}; expected encode() and decode()")


def _extension(code: int, data: memoryview) -> object:
    if code == 0:
        return None
    return _msgspec().msgpack.Ext(code, bytes(data))


def _msgspec() -> Any:
    try:
        import msgspec
    except ImportError as error:
        message = "MessagePack and JSON need msgspec: pip install msgspec"
        raise UnsupportedError(message) from error
    return msgspec
