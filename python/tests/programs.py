"""Programs that tests start in processes of their own: programs.py <function> <bus> [arguments].
Each prints `ready` once it has joined."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta

from numbers_interface import Echo, Numbers
from thermostat import Kitchen, OutOfRange, Thermostat

import busbar
from busbar import rpc


def ready() -> None:
    print("ready", flush=True)


async def echo(bus: str, label: str) -> None:
    """Answers each message with the same message and its attachments, until one says "leave"."""
    async with busbar.join(bus, label=[label, "echo"]) as endpoint:
        ready()
        async for message in endpoint:
            if message.has(busbar.text) and message.payload == b"leave":
                message.acknowledge()
                return
            same = busbar.Outgoing(message.type_bytes, message.format, message.payload)
            message.reply(
                same,
                metadata=message.metadata,
                objects=message.objects,
                regions=message.regions,
            )


async def echo_value(bus: str, label: str) -> None:
    """Answers each value with the same value, decoded and encoded again."""
    async with busbar.join(bus, label=label) as endpoint:
        ready()
        async for message in endpoint:
            message.reply(message.value)


async def look_at_region(bus: str, label: str) -> None:
    """Reads a region of a sender that was killed."""
    async with busbar.join(bus, label=label) as endpoint:
        left = asyncio.Event()
        ready()
        with await endpoint.recv() as message:
            endpoint.on(busbar.events.PeerLeft, lambda _: left.set())
            print("has it", flush=True)
            await left.wait()
            print(bytes(message.regions[0].view(0, 5)).decode(), flush=True)


async def sleep(bus: str, label: str) -> None:
    """Joins, and takes nothing."""
    await busbar.join(bus, label=label)
    ready()
    await asyncio.Event().wait()


async def die_with_message(bus: str, label: str) -> None:
    """Takes one message, says so, and waits to be killed with it."""
    endpoint = await busbar.join(bus, label=label)
    ready()
    message = await endpoint.recv()
    print(message.value, flush=True)
    await asyncio.Event().wait()


async def fill(bus: str, label: str) -> None:
    """Allocates a region, sends it, and waits to be killed while it holds it."""
    endpoint = await busbar.join(bus)
    ready()
    region = busbar.MemoryRegion.create(1 << 20)
    region.view()[:5] = b"hello"
    read, write = os.pipe()
    os.write(write, b"in the pipe")
    endpoint.send(label, "take this", regions=[region], objects=[read])
    await asyncio.Event().wait()


async def serve_thermostat(bus: str, label: str) -> None:
    """Serves, and says how many calls have begun."""

    class Reporting(Kitchen):
        calls = 0

        def count(self) -> None:
            self.calls += 1
            print(f"{self.calls} calls", flush=True)

        async def hang(self) -> None:
            self.count()
            await super().hang()

        async def sleep(self, seconds: float) -> str:
            self.count()
            return await super().sleep(seconds)

    properties = {"target": 20.0, "model": "T1"}
    async with rpc.serve(bus, Reporting("python"), label=label, properties=properties):
        ready()
        await asyncio.Event().wait()


async def serve_numbers(bus: str) -> None:
    """Returns each number that it gets."""
    async with rpc.serve(bus, Echo(), properties={"level": 1 << 50}):
        ready()
        await asyncio.Event().wait()


async def answer_and_die(bus: str, calls: str) -> None:
    """Answers one call and so many more, and kills itself as soon as the answers are sent."""

    class Mortal(Echo):
        left = int(calls) + 1

        async def small(self, value: rpc.U32) -> rpc.U32:
            self.left -= 1
            task = asyncio.current_task()
            if self.left == 0 and task is not None:
                # The callback of the server, which sends the answer, was added before this one.
                task.add_done_callback(lambda _: os.kill(os.getpid(), signal.SIGKILL))
            return value

    limits = rpc.Limits(concurrency=10_000, per_caller=10_000)
    async with rpc.serve(bus, Mortal(), properties={"level": 0}, limits=limits, ring_bytes=8 << 20):
        ready()
        await asyncio.Event().wait()


async def call_numbers(bus: str) -> None:
    """Sends numbers to Node, which returns them."""
    ready()
    async with rpc.connect(bus, Numbers) as numbers:
        for value in (0, 1, 255, 1 << 32, (1 << 53) - 1):
            assert await numbers.safe(value) == value
        for value in (-(1 << 63), -(1 << 53) - 1, -1, (1 << 63) - 1):
            assert await numbers.signed(value) == value
        for value in (0, 1 << 32, (1 << 53) + 1, (1 << 64) - 1):
            assert await numbers.unsigned(value) == value
        assert await numbers.small((1 << 32) - 1) == (1 << 32) - 1
        span = timedelta(days=400, microseconds=1)
        assert await numbers.lasting(span) == span
        assert await numbers.level.get() == 1 << 50
        await numbers.level.set((1 << 53) - 1)
        assert await numbers.level.get() == (1 << 53) - 1
    print("all came back", flush=True)


async def call_thermostat(bus: str) -> None:
    """Makes a call that never returns."""
    async with rpc.connect(bus, Thermostat) as thermostat:
        ready()
        await thermostat.hang()


async def use_thermostat(bus: str) -> None:
    """Uses every kind of member, and says what came back."""
    async with rpc.connect(bus, Thermostat) as thermostat:
        ready()
        print("set", await thermostat.set_target(21), flush=True)
        try:
            await thermostat.set_target(31)
        except OutOfRange as error:
            print("OutOfRange", error.min, error.max, flush=True)
        try:
            await thermostat.set_target("warm")  # type: ignore[arg-type]
        except rpc.InvalidCallError:
            print("invalid", flush=True)
        print("slept", await thermostat.sleep(0), flush=True)
        try:
            await rpc.options(thermostat, timeout=0.05).hang()
        except rpc.DeadlineError:
            print("deadline", flush=True)
        samples = [each async for each in thermostat.history(10_000)]
        print(len(samples), "samples to", samples[-1].number, flush=True)
        print("target", await thermostat.target.get(), flush=True)
        version = await thermostat.target.set(24)
        await thermostat.target.set(25, if_version=version)
        try:
            await thermostat.target.set(26, if_version=version)
        except rpc.ConflictError:
            print(f"target {await thermostat.target.get()}, conflict", flush=True)
        targets, signals = aiter(thermostat.target), aiter(thermostat.overheated)
        first = await anext(targets)
        signal = asyncio.ensure_future(anext(signals))
        # The subscription is in force before a call that is made later.
        await thermostat.sleep(0)
        await thermostat.set_target(29)
        heard = await signal
        second = await anext(targets)
        print(f"watched {first} then {second}, overheated {heard.celsius}", flush=True)
        for each in (targets, signals):
            await each.aclose()


async def main() -> None:
    function, *arguments = sys.argv[1:]
    await globals()[function](*arguments)


if __name__ == "__main__":
    asyncio.run(main())
