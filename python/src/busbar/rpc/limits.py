"""How many calls a service runs and lets wait."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .errors import InvalidCallError

_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls a service runs and lets wait. Calls beyond are answered with `busy`, and go to
    another server or raise BusyError. Raises InvalidCallError for numbers that make no sense."""

    concurrency: int = 4096
    """Calls that run at once."""
    queue: int = 4096
    """Calls that wait until one of those has returned, 0 or more."""
    per_caller: int = 1024
    """Calls of one caller that run or wait."""
    subscriptions_per_caller: int = 1024
    """Subscriptions and watched properties of one caller."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            least = 0 if each.name == "queue" else 1
            if not isinstance(value, int) or not least <= value <= _MOST:
                text = f"{each.name} is {value!r}; expected an integer from {least} to {_MOST}"
                raise InvalidCallError(text)
