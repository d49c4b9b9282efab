"""A client in Python of the server of python-calls.mjs: python_calls.py BUS CALLS. Prints microseconds for one
call at a time, and calls a second with 64 under way."""

import asyncio
import sys
import time

from busbar import rpc

UNDER_WAY = 64


class Adder(rpc.Interface, name="com.example.adder", version="1.0"):
    @rpc.method()
    async def add(self, a: float, b: float) -> float:
        raise NotImplementedError


async def call(adder: Adder, calls: int) -> None:
    for _ in range(calls):
        await adder.add(1, 2)


async def main(bus: str, calls: int) -> None:
    async with rpc.connect(bus, Adder) as adder:
        await call(adder, calls // 10)
        began = time.perf_counter()
        await call(adder, calls)
        single = (time.perf_counter() - began) / calls * 1e6
        each = calls // UNDER_WAY
        began = time.perf_counter()
        await asyncio.gather(*(call(adder, each) for _ in range(UNDER_WAY)))
        rate = each * UNDER_WAY / (time.perf_counter() - began)
        print(single, rate)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
