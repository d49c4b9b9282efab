"""The selectors that one endpoint has compiled. The least recently used ones are freed."""

from __future__ import annotations

import ctypes

from . import _declarations as c
from ._library import lib
from .errors import InvalidSelectorError, error_of
from .selectors import Selector

# A guess: a program with more different selectors generates their texts.
_MAX_ROUTES = 1024


class Routes:
    """Compiled selectors by their value."""

    def __init__(self, endpoint: ctypes.c_void_p) -> None:
        self._endpoint = endpoint
        self._routes: dict[Selector, ctypes.c_void_p] = {}

    def of(self, selector: Selector) -> ctypes.c_void_p:
        """The busbar_selector of `selector`; valid until the next call of `of` or `close`."""
        route = self._routes.get(selector)
        if route is None:
            route = self._compile(selector)
            if len(self._routes) >= _MAX_ROUTES:
                lib.busbar_selector_free(self._routes.pop(next(iter(self._routes))))
            self._routes[selector] = route
        elif len(self._routes) >= _MAX_ROUTES // 2:
            # Only a table that may overflow needs to know which entries are in use.
            self._routes[selector] = self._routes.pop(selector)
        return route

    def close(self) -> None:
        """Frees all of them."""
        for route in self._routes.values():
            lib.busbar_selector_free(route)
        self._routes.clear()

    def _compile(self, selector: Selector) -> ctypes.c_void_p:
        text = selector.text
        if "\0" in text:
            raise InvalidSelectorError("selector has a zero character")
        mode = c.MULTICAST if selector.multicast else c.UNICAST
        if selector.exclude_self:
            mode |= c.EXCLUDE_SELF
        expression = ctypes.c_void_p()
        offset = ctypes.c_size_t()
        encoded = text.encode(errors="surrogatepass")
        status = lib.busbar_expression_parse(
            encoded, ctypes.byref(expression), ctypes.byref(offset)
        )
        if status == InvalidSelectorError.number:
            column = len(encoded[: offset.value].decode(errors="replace"))
            message = f"selector {text!r} is no label expression: look at character {column}"
            raise InvalidSelectorError(message)
        if status != c.OK:
            raise error_of(status, f"selector {text!r}")
        route = ctypes.c_void_p()
        status = lib.busbar_selector_create(self._endpoint, expression, mode, ctypes.byref(route))
        lib.busbar_expression_free(expression)
        if status != c.OK:
            raise error_of(status, f"selector {text!r}")
        return route
