"""The interface that the tests of calls use, and an implementation; programs in Node have the same
one in test/python-calls.test.ts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from busbar import rpc


@dataclass
class OutOfRange(rpc.DeclaredError):
    """The temperature cannot be set."""

    min: float
    max: float


@dataclass
class Sample:
    """A measurement."""

    number: int
    celsius: float


@dataclass
class Overheated:
    """The data of the signal."""

    celsius: float


class Thermostat(rpc.Interface, name="com.example.thermostat", version="1.2"):
    """The interface."""

    target: rpc.WritableProperty[float]
    model: rpc.Property[str]
    overheated: rpc.Signal[Overheated]

    @rpc.method("setTarget", errors=[OutOfRange])
    async def set_target(self, celsius: float, room: str = "kitchen") -> bool:
        """Sets the target."""
        raise NotImplementedError

    @rpc.method(idempotent=True)
    async def sleep(self, seconds: float) -> str:
        """Returns after a while; returns whom it ran for."""
        raise NotImplementedError

    @rpc.method()
    async def hang(self) -> None:
        """Never returns."""
        raise NotImplementedError

    @rpc.method()
    def history(self, count: int) -> AsyncIterator[Sample]:
        """So many samples."""
        raise NotImplementedError


class Kitchen(Thermostat):
    """An implementation."""

    def __init__(self, name: str = "kitchen") -> None:
        self.name = name
        self.cancelled = asyncio.Event()
        self.entered = asyncio.Event()
        self.yielded = 0
        self.deadline: float | None = None

    async def set_target(self, celsius: float, room: str = "kitchen") -> bool:
        if not 5 <= celsius <= 30:
            raise OutOfRange(5, 30)
        if room == "cellar":
            raise RuntimeError("there is no cellar")
        self.target.publish(celsius)
        if celsius > 28:
            self.overheated.emit(Overheated(celsius))
        return True

    async def sleep(self, seconds: float) -> str:
        self.entered.set()
        self.deadline = rpc.current_call().remaining
        await asyncio.sleep(seconds)
        return self.name

    async def hang(self) -> None:
        self.entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()

    async def history(self, count: int) -> AsyncIterator[Sample]:
        try:
            for number in range(count):
                self.yielded += 1
                yield Sample(number, 20 + number / 10)
        finally:
            self.cancelled.set()
