"""Who gets a message: label expressions, and selectors of one or all of the endpoints that match.
Both are values without an endpoint; `_routes` compiles them for one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import InvalidSelectorError

if TYPE_CHECKING:
    from .peers import Peer

_bare_name = re.compile(r"[A-Za-z0-9_.:/@+=~-]+")


@dataclass(frozen=True, slots=True)
class LabelExpression:
    """A condition on labels. `&`, `|` and `~` combine expressions; immutable.

    >>> str(label("renderer") & ~label("busy"))
    'renderer & !busy'
    """

    text: str
    """The expression as every language parses it, such as `"renderer & !busy"`."""

    def __and__(self, other: LabelExpression) -> LabelExpression:
        return LabelExpression(f"{self._operand()} & {other._operand()}")

    def __or__(self, other: LabelExpression) -> LabelExpression:
        return LabelExpression(f"{self._operand()} | {other._operand()}")

    def __invert__(self) -> LabelExpression:
        return LabelExpression(f"!{self._operand()}")

    def __str__(self) -> str:
        return self.text

    def _operand(self) -> str:
        simple = re.fullmatch(r'!?(?:#[0-9]+|[A-Za-z0-9_.:/@+=~-]+|"(?:[^"\\]|\\.)*")', self.text)
        return self.text if simple else f"({self.text})"


def label(name: str) -> LabelExpression:
    """Matches endpoints with this string in their labels.

    Raises InvalidSelectorError if `name` is empty or not a string. A name that no endpoint can have
    is refused when the expression is used."""
    if not isinstance(name, str) or name == "":
        raise InvalidSelectorError(f"label is {name!r}; expected a string that is not empty")
    bare = _bare_name.fullmatch(name) and name not in ("true", "false")
    return LabelExpression(name if bare else json.dumps(name, ensure_ascii=False))


def peer(peer_id: int) -> LabelExpression:
    """Matches the one endpoint with this number."""
    if not isinstance(peer_id, int) or not 0 < peer_id < 1 << 64:
        raise InvalidSelectorError(f"peer is {peer_id!r}; expected the id of an endpoint")
    return LabelExpression(f"#{peer_id}")


anyone = LabelExpression("true")
"""Matches every endpoint."""


@dataclass(frozen=True, slots=True)
class Selector:
    """The receivers of a message; made by `unicast` and `multicast`. Immutable."""

    text: str
    """The label expression."""
    multicast: bool = False
    """Whether all of the matching endpoints get the message."""
    exclude_self: bool = False
    """Whether the sender is excluded even if its label matches."""


def unicast(to: str | LabelExpression | Peer) -> Selector:
    """Selects one of the matching endpoints: the one with the fewest unread bytes, round-robin on
    ties. A peer selects exactly this endpoint."""
    return Selector(_text_of(to))


def multicast(to: str | LabelExpression, *, exclude_self: bool = False) -> Selector:
    """Selects all matching endpoints, including the sender unless `exclude_self` is set."""
    return Selector(_text_of(to), True, exclude_self)


def selector_of(to: Selector | str | LabelExpression | Peer) -> Selector:
    """The selector of an argument; what is no selector means a unicast."""
    return to if isinstance(to, Selector) else Selector(_text_of(to))


def _text_of(to: object) -> str:
    if isinstance(to, str):
        return to
    if isinstance(to, LabelExpression):
        return to.text
    number = getattr(to, "id", None)
    if isinstance(number, int):
        return peer(number).text
    raise InvalidSelectorError(f"selector is {to!r}; expected a selector, a string or a peer")
