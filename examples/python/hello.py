"""A thermostat in Python, with a friend in Node: hello.py [bus]. Start hello.mjs beside it."""

import asyncio
import sys
from dataclasses import dataclass

import busbar


@dataclass
class Reading:
    room: str
    celsius: float


READING = busbar.message_type("com.example.reading", busbar.msgpack(Reading))


async def main(bus: str) -> None:
    async with busbar.join(bus, label="thermostat") as endpoint:
        await endpoint.wait_for("display")
        endpoint.send("display", READING(Reading("kitchen", 21.5)))
        async for message in endpoint:
            if message.has(READING):
                reading = message.decode(READING)
                print(f"{message.sender.label[0]} wants {reading.celsius} °C in the {reading.room}")
                message.reply(READING(reading))
                return


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "com.example.python"))
