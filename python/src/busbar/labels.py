"""Labels: the strings that selectors match an endpoint by."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from .errors import InvalidLabelError

MAX_LABEL_STRINGS = 32


def checked_label(given: str | Sequence[str]) -> tuple[str, ...]:
    """The strings of a label. Raises InvalidLabelError."""
    label = (given,) if isinstance(given, str) else tuple(given)
    if len(label) > MAX_LABEL_STRINGS:
        message = f"label has {len(label)} strings; the limit is {MAX_LABEL_STRINGS}"
        raise InvalidLabelError(message)
    for each in label:
        if not isinstance(each, str) or each == "" or "\0" in each:
            raise InvalidLabelError(f"label is {each!r}; expected a string that is not empty")
    if len(set(label)) != len(label):
        raise InvalidLabelError(f"label {label!r} has the same string twice")
    return label


def encoded_label(label: tuple[str, ...]) -> ctypes.Array[ctypes.c_char_p]:
    """As the C library takes it. Raises InvalidLabelError."""
    try:
        encoded = [each.encode() for each in label]
    except UnicodeEncodeError as error:
        raise InvalidLabelError("label has a lone surrogate") from error
    return (ctypes.c_char_p * len(encoded))(*encoded)
