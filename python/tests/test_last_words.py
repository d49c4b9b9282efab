"""What reaches its receiver although its sender is gone, or the receiver was busy with something
else: answers of a dead server, and what comes while a label changes."""

from __future__ import annotations

import asyncio
import contextlib
import unittest
from pathlib import Path

from numbers_interface import Numbers
from support import PATIENCE, BusTest

import busbar
from busbar import rpc

CALLS = 4000


def is_dead(pid: int) -> bool:
    """Whether this child has ended; whether or not it was waited for by a thread of asyncio."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


class LastWords(BusTest):
    async def test_answers_of_a_server_that_is_dead_by_the_time_they_are_read(self) -> None:
        # The controller, which hears of the death at once.
        numbers = await rpc.connect(self.bus, Numbers, ring_bytes=8 << 20)
        self.addAsyncCleanup(rpc.close, numbers)
        server = await self.start("answer_and_die", str(CALLS))
        # From now on there is a link from the server to this client.
        self.assertEqual(await numbers.small(7), 7)
        calls = [asyncio.ensure_future(numbers.small(n)) for n in range(CALLS)]
        await asyncio.sleep(0)  # Each is sent, and nothing is read until the server is dead.
        while not is_dead(server.process.pid):
            pass
        results = await asyncio.gather(*calls, return_exceptions=True)
        self.assertEqual(results, list(range(CALLS)))

    async def test_messages_that_come_while_a_label_changes(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        for n in range(200):
            relabelling = asyncio.create_task(moon.relabel(["moon", str(n)]))
            receiving = asyncio.create_task(moon.recv(timeout=PATIENCE))
            await asyncio.sleep(0)
            earth.send("moon", n)
            self.assertEqual((await receiving).value, n)
            await relabelling

    async def test_messages_that_come_after_a_change_of_a_label_was_cancelled(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        for n in range(200):
            relabelling = asyncio.create_task(moon.relabel(["moon", str(n)]))
            receiving = asyncio.create_task(moon.recv(timeout=PATIENCE))
            await asyncio.sleep(0)
            relabelling.cancel()
            earth.send("moon", n)
            self.assertEqual((await receiving).value, n)

    async def test_an_endpoint_that_closes_while_its_label_changes(self) -> None:
        await self.join("earth")
        for n in range(50):
            moon = await self.join("moon")
            relabelling = asyncio.create_task(moon.relabel(["moon", str(n)]))
            await asyncio.sleep(0)
            await moon.close()
            with contextlib.suppress(busbar.ClosedError):
                await relabelling
            self.assertTrue(moon.closed)


if __name__ == "__main__":
    unittest.main()
