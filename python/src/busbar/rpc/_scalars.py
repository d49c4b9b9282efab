"""The nodes of values without parts: truth values, numbers, text, bytes, moments, durations, and
any value that JSON has. Their wire forms are those of src/layers/interface."""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

from msgspec import Meta

from . import types as t
from ._nodes import MAX_DEPTH, Node, Refused, SameNode, Walk


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Refused(f"Expected `bool`, got `{type(value).__name__}`")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused(f"Expected `str`, got `{type(value).__name__}`")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused("has a lone surrogate, which UTF-8 cannot express") from None
    return value


class IntegerNode(Node):
    """Integers of a range. JavaScript sends larger ones as doubles."""

    def __init__(self, type_: Any, kind: str, least: int, most: int) -> None:
        super().__init__(type_)
        self.kind = kind
        self._least = least
        self._most = most
        self._wide = kind in ("i64", "u64")

    def writes(self, json: bool) -> bool:
        return not (json and self._wide)

    def encode(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused(f"Expected `int`, got `{type(value).__name__}`")
        self._check(value)
        return str(value) if walk.json and self._wide else value

    def decode(self, wire: Any, walk: Walk) -> Any:
        double = isinstance(wire, float) and wire.is_integer() and abs(wire) <= 1 << 53
        text = walk.json and self._wide and isinstance(wire, str) and _digits.fullmatch(wire)
        if double or text:
            wire = int(wire)
        if not isinstance(wire, int) or isinstance(wire, bool):
            raise Refused(f"Expected `int`, got `{type(wire).__name__}`")
        return self._check(wire)

    def _check(self, value: int) -> int:
        if not self._least <= value <= self._most:
            raise Refused(f"is {value}; the range is {self._least} to {self._most}")
        return value


_digits = re.compile(r"-?[0-9]{1,20}")


class FloatNode(Node):
    """Numbers of 64 or 32 bits."""

    def __init__(self, kind: str) -> None:
        super().__init__(float)
        self.kind = kind

    def reads(self, json: bool) -> bool:
        return self.kind == "f64"

    def writes(self, json: bool) -> bool:
        return self.kind == "f64" and not json

    def encode(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Refused(f"Expected `float`, got `{type(value).__name__}`")
        number = self._rounded(float(value))
        if not walk.json or (math.isfinite(number) and number != 0):
            return number
        return _texts.get(str(number), 0)

    def decode(self, wire: Any, walk: Walk) -> Any:
        if walk.json and isinstance(wire, str) and wire in _numbers:
            return _numbers[wire]
        if not isinstance(wire, int | float) or isinstance(wire, bool):
            raise Refused(f"Expected `float`, got `{type(wire).__name__}`")
        return self._rounded(float(wire))

    def _rounded(self, value: float) -> float:
        if self.kind == "f64":
            return value
        try:
            rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError:
            raise Refused(f"is {value}; the largest of 32 bits is 3.4028234663852886e38") from None
        return rounded


# JSON has no numbers for these; the texts are those of Protocol Buffers' JSON.
_texts = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0.0": "-0"}
_numbers = {text: float(number) for number, text in _texts.items()}


class BytesNode(Node):
    """Byte strings: base64 in JSON."""

    kind = "bytes"

    def encode(self, value: Any, walk: Walk) -> Any:
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        raise Refused(f"Expected `bytes`, got `{type(value).__name__}`")

    def decode(self, wire: Any, walk: Walk) -> Any:
        if walk.json and isinstance(wire, str):
            try:
                return base64.b64decode(wire + "=" * (-len(wire) % 4), validate=True)
            except (binascii.Error, ValueError):
                raise Refused("is no base64") from None
        if isinstance(wire, bytes):
            return wire
        raise Refused(f"Expected `bytes`, got `{type(wire).__name__}`")


class TimeNode(Node):
    """Moments: a timestamp in MessagePack, RFC 3339 in JSON."""

    kind = "time"

    def writes(self, json: bool) -> bool:
        return False

    def encode(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, datetime):
            raise Refused(f"Expected `datetime`, got `{type(value).__name__}`")
        if value.tzinfo is None:
            raise Refused("is a datetime without a time zone, which is no moment")
        return value.astimezone(timezone.utc)  # noqa: UP017 - the name that every reader knows

    def decode(self, wire: Any, walk: Walk) -> Any:
        if walk.json and isinstance(wire, str) and _rfc3339.fullmatch(wire):
            try:
                wire = datetime.fromisoformat(wire)
            except ValueError:
                raise Refused("is no time as in RFC 3339") from None
        if not isinstance(wire, datetime) or wire.tzinfo is None:
            raise Refused(f"Expected a time, got `{type(wire).__name__}`")
        return wire


_rfc3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class DurationNode(Node):
    """Durations: nanoseconds in MessagePack, ISO 8601 in JSON."""

    kind = "duration"

    def reads(self, json: bool) -> bool:
        return False

    def writes(self, json: bool) -> bool:
        return False

    def encode(self, value: Any, walk: Walk) -> Any:
        if not isinstance(value, timedelta):
            raise Refused(f"Expected `timedelta`, got `{type(value).__name__}`")
        microseconds = value // timedelta(microseconds=1)
        if abs(microseconds) >= (1 << 63) // 1000:
            raise Refused("is longer than 292 years")
        if not walk.json:
            return microseconds * 1000
        whole, rest = divmod(abs(microseconds), 1_000_000)
        fraction = f".{rest:06}".rstrip("0") if rest else ""
        return f"{'-' if microseconds < 0 else ''}PT{whole}{fraction}S"

    def decode(self, wire: Any, walk: Walk) -> Any:
        if walk.json and isinstance(wire, str):
            found = _iso8601.fullmatch(wire)
            if found is None or wire.endswith(("P", "T")):
                raise Refused("is no duration as in ISO 8601")
            sign, days, hours, minutes, seconds = found.groups(default="0")
            span = timedelta(int(days), 0, 0, 0, int(minutes), int(hours))
            span += timedelta(seconds=float(seconds))
            return -span if sign == "-" else span
        if isinstance(wire, float) and wire.is_integer():
            wire = int(wire)
        if not isinstance(wire, int) or isinstance(wire, bool) or abs(wire) >= 1 << 63:
            raise Refused("is no integer of nanoseconds")
        return timedelta(microseconds=wire / 1000)


_iso8601 = re.compile(
    r"(-?)P(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,11}(?:\.\d{1,9})?)S)?)?",
    re.ASCII,
)


class AnyNode(Node):
    """Every value that JSON has, at most 100 deep."""

    kind = "any"

    def __init__(self, schema: Mapping[str, Any] | None = None) -> None:
        super().__init__(Any)
        self.schema = schema

    def reads(self, json: bool) -> bool:
        return False

    def writes(self, json: bool) -> bool:
        return False

    def encode(self, value: Any, walk: Walk) -> Any:
        return _plain(value, 0)

    def decode(self, wire: Any, walk: Walk) -> Any:
        return _plain(wire, 0)


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused(f"is {value}, which JSON cannot express")
        return value
    if depth >= MAX_DEPTH:
        raise Refused(f"is nested more than {MAX_DEPTH} deep")
    if isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(each, depth + 1) for key, each in value.items()}
    raise Refused(f"is a `{type(value).__name__}`; expected a value that JSON has")


def integer(type_: Any, kind: str) -> IntegerNode:
    """The node of an integer kind such as `u32`."""
    bits = int(kind[1:])
    if kind.startswith("i"):
        return IntegerNode(type_, kind, -(1 << bits - 1), (1 << bits - 1) - 1)
    return IntegerNode(type_, kind, 0, (1 << bits) - 1)


def plain_nodes() -> dict[Any, Node]:
    """The nodes of Python's own types."""
    return {
        bool: SameNode(bool, "bool", _bool),
        int: integer(int, "i64"),
        float: FloatNode("f64"),
        str: SameNode(str, "string", _string),
        bytes: BytesNode(bytes),
        datetime: TimeNode(Annotated[datetime, Meta(tz=True)]),
        timedelta: DurationNode(timedelta),
        Any: AnyNode(),
    }


def kind_node(kind: str) -> Node:
    """The node of a kind that has no type in Python, such as `u32`."""
    if kind == "f32":
        return FloatNode(kind)
    return integer(getattr(t, kind.upper()), kind)
