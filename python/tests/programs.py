"""Programs that tests start in processes of their own: programs.py <function> <bus> [arguments].
Each prints `ready` once it has joined."""

from __future__ import annotations

import asyncio
import os
import sys

import busbar


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


async def main() -> None:
    function, *arguments = sys.argv[1:]
    await globals()[function](*arguments)


if __name__ == "__main__":
    asyncio.run(main())
