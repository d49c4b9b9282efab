"""Calls between processes in Python: results, errors, deaths, deadlines, streams, properties."""

from __future__ import annotations

import asyncio
import contextlib
import unittest
from typing import Any

from support import PATIENCE, BusTest
from thermostat import Kitchen, OutOfRange, Overheated, Sample, Thermostat

from busbar import rpc


class Calls(BusTest):
    async def serve(self, **options: Any) -> Kitchen:
        kitchen = Kitchen()
        options.setdefault("properties", {"target": 20.0, "model": "T1"})
        service = await rpc.serve(self.bus, kitchen, **options)
        self.addAsyncCleanup(service.close, linger=0)
        return kitchen

    async def connect(self, **options: Any) -> Thermostat:
        client: Thermostat = await rpc.connect(self.bus, Thermostat)
        self.addAsyncCleanup(rpc.close, client)
        return rpc.options(client, **{"timeout": PATIENCE, **options})

    async def test_results_and_errors(self) -> None:
        await self.serve()
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for json in (False, True):
            thermostat = await self.connect(json=json)
            self.assertTrue(await thermostat.set_target(21))
            self.assertTrue(await thermostat.set_target(celsius=21.5, room="hall"))
            with self.assertRaises(OutOfRange) as raised:
                await thermostat.set_target(31)
            self.assertEqual((raised.exception.min, raised.exception.max), (5, 30))
            self.assertEqual(raised.exception.executed, "yes")
            with self.assertRaises(rpc.HandlerFailedError) as failed:
                await thermostat.set_target(21, "cellar")
            self.assertEqual(str(failed.exception), "there is no cellar")
            with self.assertRaises(rpc.InvalidCallError) as invalid:
                await thermostat.set_target("warm")  # type: ignore[arg-type]
            self.assertIn("$.celsius", str(invalid.exception))
            self.assertEqual(invalid.exception.executed, "no")

    async def test_arguments_that_no_server_gets(self) -> None:
        thermostat = await self.connect()
        call: Any = thermostat.set_target
        for arguments in ({"celsius": object()}, {"celsius": 1, "x": 2}):
            with self.assertRaises(rpc.InvalidCallError):
                await call(**arguments)
        with self.assertRaises(rpc.InvalidCallError):
            await call(1, 2, 3)

    async def test_a_call_waits_for_a_server_and_for_its_deadline_only(self) -> None:
        thermostat = await self.connect()
        with self.assertRaises(rpc.NoServerError) as nobody:
            await rpc.options(thermostat, timeout=0.01).set_target(21)
        self.assertEqual(nobody.exception.executed, "no")
        waiting = asyncio.create_task(thermostat.set_target(21))
        await asyncio.sleep(0)
        await self.serve()
        self.assertTrue(await waiting)

    async def test_deadlines_and_cancellation_reach_the_server(self) -> None:
        kitchen = await self.serve()
        thermostat = await self.connect()
        await thermostat.sleep(0)
        self.assertIsNotNone(kitchen.deadline)
        with self.assertRaises(rpc.DeadlineError):
            await rpc.options(thermostat, timeout=0.05).hang()
        await asyncio.wait_for(kitchen.cancelled.wait(), PATIENCE)
        kitchen.cancelled.clear()
        kitchen.entered.clear()
        call = asyncio.ensure_future(thermostat.hang())
        await asyncio.wait_for(kitchen.entered.wait(), PATIENCE)
        call.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(kitchen.cancelled.wait(), PATIENCE)

    async def test_calls_of_a_killed_server(self) -> None:
        victim = await self.start("serve_thermostat", "victim")
        thermostat = await self.connect(to="victim")
        anywhere = rpc.options(thermostat, to=None)
        maybe = asyncio.ensure_future(thermostat.hang())
        again = asyncio.ensure_future(anywhere.sleep(3600))
        while (await victim.line()) != "2 calls":
            pass
        await victim.kill()
        with self.assertRaises(rpc.ServerGoneError) as gone:
            await maybe
        self.assertEqual(gone.exception.executed, "maybe")
        # The idempotent one goes to the next server.
        kitchen = await self.serve()
        await asyncio.wait_for(kitchen.entered.wait(), PATIENCE)
        again.cancel()

    async def test_calls_of_a_killed_caller(self) -> None:
        kitchen = await self.serve()
        caller = await self.start("call_thermostat")
        await asyncio.wait_for(kitchen.entered.wait(), PATIENCE)
        await caller.kill()
        await asyncio.wait_for(kitchen.cancelled.wait(), PATIENCE)

    async def test_busy_servers(self) -> None:
        kitchen = await self.serve(limits=rpc.Limits(concurrency=1, queue=0))
        thermostat = await self.connect()
        call = asyncio.ensure_future(thermostat.hang())
        await asyncio.wait_for(kitchen.entered.wait(), PATIENCE)
        with self.assertRaises(rpc.BusyError):
            await thermostat.set_target(21)
        other = await self.serve(label="other")
        self.assertTrue(await thermostat.set_target(22))
        self.assertEqual(await other.target.get(), 22)
        call.cancel()

    async def test_streams(self) -> None:
        await self.serve()
        for json in (False, True):
            thermostat = await self.connect(json=json)
            got = [each async for each in thermostat.history(1000)]
            self.assertEqual(len(got), 1000)
            self.assertEqual(got[3], Sample(3, 20.3))
            self.assertEqual([each.number for each in got], list(range(1000)))
        self.assertEqual([each async for each in thermostat.history(0)], [])

    async def test_a_stream_that_is_left_ends_its_generator(self) -> None:
        kitchen = await self.serve()
        thermostat = await self.connect()
        async with contextlib.aclosing(thermostat.history(10**9)) as history:  # type: ignore[type-var]
            async for sample in history:
                if sample.number == 10:
                    break
        await asyncio.wait_for(kitchen.cancelled.wait(), PATIENCE)
        # No more than the window, and what was on its way.
        self.assertLess(kitchen.yielded, 70_000)

    async def test_a_slow_reader_bounds_its_server(self) -> None:
        kitchen = await self.serve()
        thermostat = await self.connect()
        history = thermostat.history(10**9)
        await anext(history)
        for _ in range(100):
            await thermostat.sleep(0)
        self.assertLessEqual(kitchen.yielded, 1024)
        await history.aclose()  # type: ignore[attr-defined]

    async def test_properties(self) -> None:
        kitchen = await self.serve()
        thermostat = await self.connect()
        self.assertEqual(await thermostat.target.get(), 20)
        version = await thermostat.target.set(22)
        self.assertEqual(await kitchen.target.get(), 22)
        self.assertEqual(await thermostat.target.set(23, if_version=version), version + 1)
        with self.assertRaises(rpc.ConflictError):
            await thermostat.target.set(24, if_version=version)
        with self.assertRaises(rpc.InvalidCallError):
            await rpc.WritableProperty.set(thermostat.model, "T2")  # type: ignore[arg-type]
        watching = aiter(thermostat.target)
        self.assertEqual(await anext(watching), 23)
        await thermostat.set_target(25)
        self.assertEqual(await anext(watching), 25)
        for celsius in (26.0, 27.0, 28.0):
            kitchen.target.publish(celsius)
        while await anext(watching) != 28:
            pass
        await watching.aclose()
        await thermostat.sleep(0)
        (stats,) = await rpc.stats(thermostat)
        self.assertEqual([each.subscribers for each in stats.members], [0] * len(stats.members))

    async def test_signals(self) -> None:
        kitchen = await self.serve()
        thermostat = await self.connect()
        heard: list[Overheated] = []

        async def listen() -> None:
            async for data in thermostat.overheated:
                heard.append(data)  # noqa: PERF401 - each is seen at once

        listening = asyncio.create_task(listen())
        while (await rpc.stats(thermostat))[0].members[2].subscribers == 0:
            pass
        kitchen.overheated.emit(Overheated(90))
        await thermostat.set_target(29)
        while len(heard) < 2:
            await asyncio.sleep(0.001)
        self.assertEqual(heard, [Overheated(90), Overheated(29)])
        listening.cancel()

    async def test_closed_clients_and_services(self) -> None:
        kitchen = await self.serve()
        client = await rpc.connect(self.bus, Thermostat)
        call = asyncio.ensure_future(client.hang())
        await asyncio.wait_for(kitchen.entered.wait(), PATIENCE)
        await rpc.close(client)
        with self.assertRaises(rpc.ClientClosedError):
            await call
        with self.assertRaises(rpc.ClientClosedError):
            await client.set_target(21)
        await asyncio.wait_for(kitchen.cancelled.wait(), PATIENCE)
        with self.assertRaises(rpc.InvalidCallError):
            await rpc.serve(self.bus, Kitchen(), properties={})
        with self.assertRaises(rpc.ClientClosedError):
            Kitchen().target.publish(1)


if __name__ == "__main__":
    unittest.main()
