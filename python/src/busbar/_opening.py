"""What functions return that open something: to be awaited, or used in `async with`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from types import TracebackType
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Opening(ABC, Generic[T]):
    """`await` it for what it opens, or use it in `async with`, which closes that at its end."""

    _opened: T | None = None

    @abstractmethod
    async def _open(self) -> T: ...

    @abstractmethod
    async def _end(self, opened: T) -> None: ...

    def __await__(self) -> Generator[Any, Any, T]:
        return self._open().__await__()

    async def __aenter__(self) -> T:
        self._opened = await self
        return self._opened

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._opened is not None:
            await self._end(self._opened)
