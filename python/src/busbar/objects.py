"""Kernel objects: file descriptors that travel with messages."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Protocol, Self

from .errors import ClosedError, InvalidArgumentError


class HasFileno(Protocol):
    """A file, a socket, a KernelObject."""

    def fileno(self) -> int:
        """The descriptor, which stays the object's."""
        ...


class KernelObject:
    """A file descriptor of this process that came with a message. It is closed by `close()`, at the
    end of a `with`, with its message, or when it is garbage, unless `take()` gave it away.

    `os.fdopen(object.take())` makes a file of it, and `socket.socket(fileno=object.take())` a
    socket."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        """Owns `descriptor` from now on."""
        if not isinstance(descriptor, int) or descriptor < 0:
            raise InvalidArgumentError(f"descriptor is {descriptor!r}; expected a number from 0")
        self._descriptor = descriptor

    @property
    def closed(self) -> bool:
        """Whether the descriptor was closed or taken."""
        return self._descriptor < 0

    def fileno(self) -> int:
        """The descriptor, which stays this object's. Raises ClosedError once it is gone."""
        if self._descriptor < 0:
            raise ClosedError("the kernel object was closed or taken")
        return self._descriptor

    def take(self) -> int:
        """The descriptor, which the caller owns and closes from now on."""
        descriptor = self.fileno()
        self._descriptor = -1
        return descriptor

    def close(self) -> None:
        """Closes the descriptor unless it was taken. Repeated calls do nothing."""
        if self._descriptor >= 0:
            os.close(self.take())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_descriptor", -1) >= 0:
            os.close(self._descriptor)

    def __repr__(self) -> str:
        return f"<KernelObject {'closed' if self.closed else self._descriptor}>"


def descriptor_of(source: HasFileno | int) -> int:
    """The descriptor of something to send, which stays its owner's."""
    descriptor = source if isinstance(source, int) else source.fileno()
    try:
        # A closed one is refused here: its number may be that of the next descriptor opened.
        os.fstat(descriptor)
    except (OSError, OverflowError) as error:
        message = f"object is {source!r}, which is no open descriptor"
        raise InvalidArgumentError(message) from error
    return descriptor
