"""A heating, and a display that uses it: system.py (heating|by_hand) (serve|use) BUS. Each part
works with the parts in other languages, and with the interface by hand or generated."""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from busbar import rpc

# A program of its own would write: from heating import Heating, Mode, OutOfRange, …
interface: Any = importlib.import_module(sys.argv[1])
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


class Room(interface.Heating):  # type: ignore[misc]
    async def set_target(self, celsius: float, mode: Any) -> bool:
        if not 5 <= celsius <= 30:
            raise interface.OutOfRange(5, 30)
        self.target.publish(celsius)
        if celsius > 28:
            self.overheated.emit(interface.Overheated(celsius))
        return mode is not interface.Mode.ECO

    async def history(self, count: int) -> AsyncIterator[Any]:
        for minute in range(count):
            yield interface.Sample(NEW_YEAR + timedelta(minutes=minute), 20 + minute / 2)

    async def calibrate(self, input: AsyncIterable[Any]) -> float:
        deviations: list[float] = [sample.celsius - 20 async for sample in input]
        return sum(deviations) / len(deviations)


async def serve(bus: str) -> None:
    async with rpc.serve(bus, Room(), label="kitchen", properties={"target": 20.0}):
        print("ready", flush=True)
        await asyncio.Event().wait()


async def measured() -> AsyncIterator[Any]:
    for celsius in (20.5, 21.0):
        yield interface.Sample(NEW_YEAR, celsius)


async def use(bus: str) -> None:
    async with rpc.connect(bus, interface.Heating) as heating:
        on = await heating.set_target(21)
        print(f"on: {on}".lower())
        eco = await heating.set_target(19, interface.Mode.ECO)
        print(f"eco: {eco}".lower())
        try:
            await heating.set_target(31)
        except interface.OutOfRange as error:
            print(f"refused: {error.min:g} to {error.max:g}")
        async for sample in heating.history(2):
            print(f"{sample.at:%H:%M} {sample.celsius:.1f}")
        print(f"deviation: {await heating.calibrate(measured())}")
        print(f"target: {await heating.target.get():g}")
        signals = aiter(heating.overheated)
        signals.begin()
        await signals.active.wait()
        await heating.set_target(29)
        print(f"overheated: {(await anext(signals)).celsius:g}")


asyncio.run({"serve": serve, "use": use}[sys.argv[2]](sys.argv[3]))
