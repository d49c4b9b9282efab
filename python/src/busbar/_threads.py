"""Runs the calls of the C library that wait, joining and closing, on threads of their own, beside
the event loop. They are daemons: a process that ends does not wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T], abandoned: Callable[[T], None]) -> T:
    """The result of `function`, called on a new thread. If the caller is cancelled meanwhile,
    `abandoned` gets the result, on that thread or in the loop."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T, error: BaseException | None) -> None:
        if future.cancelled():
            if error is None:
                abandoned(result)
        elif error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result: T
        error: BaseException | None = None
        try:
            result = function()
        except BaseException as caught:
            loop_calls(settle, None, caught)  # type: ignore[arg-type]
            return
        loop_calls(settle, result, error)

    def loop_calls(
        call: Callable[[T, BaseException | None], None], result: T, error: BaseException | None
    ) -> None:
        try:
            loop.call_soon_threadsafe(call, result, error)
        except RuntimeError:  # The loop is closed.
            if error is None:
                abandoned(result)

    threading.Thread(target=run, name="busbar", daemon=True).start()
    try:
        return await future
    except asyncio.CancelledError:
        # The result may have come in the same turn of the loop.
        if not future.cancelled() and future.exception() is None:
            abandoned(future.result())
        raise


class Waits:
    """The threads that wait in calls of one endpoint, also those for whose results nobody waits any
    more: the endpoint may close only after them."""

    def __init__(self, ended: Callable[[], None]) -> None:
        """`ended` is called in the loop after each one, before its caller goes on."""
        self._loop = asyncio.get_running_loop()
        self._ended = ended
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, function: Callable[[], T]) -> T:
        """The result of `function`, called on a new thread."""

        def call() -> T:
            try:
                return function()
            finally:
                with contextlib.suppress(RuntimeError):  # The loop is closed.
                    self._loop.call_soon_threadsafe(self._end)

        self._running += 1
        self._idle.clear()
        return await in_thread(call, lambda _: None)

    async def over(self) -> None:
        """Waits until none is left."""
        await self._idle.wait()

    def _end(self) -> None:
        self._running -= 1
        if self._running == 0:
            self._idle.set()
        self._ended()
