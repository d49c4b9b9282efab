"""A thermostat and its user, in one process here, which changes nothing: thermostat.py [bus]."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from busbar import rpc


@dataclass
class OutOfRange(rpc.DeclaredError):
    min: float
    max: float


@dataclass
class Overheated:
    celsius: float


@dataclass
class Sample:
    minute: rpc.U32
    celsius: float


class Thermostat(rpc.Interface, name="com.example.thermostat", version="1.2"):
    target: rpc.WritableProperty[float]
    overheated: rpc.Signal[Overheated]

    @rpc.method("setTarget", errors=[OutOfRange], idempotent=True)
    async def set_target(self, celsius: float) -> bool:
        raise NotImplementedError

    @rpc.method()
    def history(self, count: rpc.U32) -> AsyncIterator[Sample]:
        raise NotImplementedError


class Kitchen(Thermostat):
    async def set_target(self, celsius: float) -> bool:
        if celsius > 30:
            raise OutOfRange(5, 30)
        self.target.publish(celsius)
        if celsius > 25:
            self.overheated.emit(Overheated(celsius))
        return True

    async def history(self, count: rpc.U32) -> AsyncIterator[Sample]:
        for minute in range(count):
            yield Sample(minute, 20 + minute / 2)


async def use(bus: str) -> None:
    async with rpc.connect(bus, Thermostat) as thermostat:
        print("accepted:", await thermostat.set_target(21))
        try:
            await thermostat.set_target(99)
        except OutOfRange as error:
            print("at most", error.max)
        to_kitchen = rpc.options(thermostat, to="kitchen & !spare", timeout=5)
        print("accepted by the kitchen:", await to_kitchen.set_target(22))
        async for sample in thermostat.history(2):
            print(f"minute {sample.minute}: {sample.celsius} °C")
        print("target:", await thermostat.target.get())
        async for celsius in thermostat.target:  # the value now, and each new one
            print("watched:", celsius)
            break
        signals = aiter(thermostat.overheated)
        signals.begin()  # subscribes now, rather than when the loop starts
        await signals.active.wait()
        await thermostat.set_target(28)
        async for data in signals:
            print("overheated:", data.celsius)
            break


async def main(bus: str) -> None:
    async with rpc.serve(bus, Kitchen(), label="kitchen", properties={"target": 20.0}):
        await use(bus)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else f"thermostat-{os.getpid()}"))
