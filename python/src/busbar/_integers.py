"""Large integers of JavaScript: numbers without a fraction that need more than 32 bits come as
MessagePack's doubles, which are no integers to a typed decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Below this, Node writes integers as integers; above the other, doubles have gaps.
_LEAST = 1 << 31
_MOST = 1 << 53


def tolerant(
    strict: Callable[[bytes], Any],
    untyped: Callable[[bytes], Any],
    convert: Callable[[Any], Any],
    refusal: type[Exception],
) -> Callable[[bytes], Any]:
    """A decoder that tries `strict` and, if that raises `refusal`, once more with the doubles that
    are integers of JavaScript as integers. What is still wrong is refused as before."""

    def decode(payload: bytes) -> Any:
        try:
            return strict(payload)
        except refusal:
            value = untyped(payload)
            changed = _with_integers(value)
            if changed is value:
                raise
            return convert(changed)

    return decode


def _with_integers(value: Any) -> Any:
    """The value itself if it has no such double."""
    if isinstance(value, float):
        whole = value.is_integer() and _LEAST <= abs(value) <= _MOST
        return int(value) if whole else value
    if isinstance(value, list):
        items = [_with_integers(each) for each in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if isinstance(value, dict):
        pairs = {key: _with_integers(each) for key, each in value.items()}
        return pairs if any(pairs[key] is not each for key, each in value.items()) else value
    return value
