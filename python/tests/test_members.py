"""Joining, leaving, and who is there."""

from __future__ import annotations

import asyncio
import gc
import unittest

from support import PATIENCE, BusTest

import busbar
from busbar import anyone, label, multicast, peer, unicast


class Members(BusTest):
    async def test_who_is_there(self) -> None:
        earth = await self.join("earth blue")
        self.assertEqual((earth.bus, earth.label), (self.bus, ("earth", "blue")))
        self.assertTrue(earth.is_controller)
        self.assertEqual(earth.controller_id, earth.id)
        self.assertEqual(earth.peers, [])
        moon = await self.start("sleep", "moon")
        (found,) = earth.peers
        self.assertEqual((found.pid, found.label), (moon.process.pid, ("moon",)))
        self.assertEqual(earth.matches(unicast(found)), [found])
        self.assertEqual(earth.matches("moon & !blue"), [found])
        self.assertEqual(len(earth.matches(multicast("true"))), 2)
        self.assertEqual(earth.matches(multicast(anyone, exclude_self=True)), [found])

    async def test_events_of_members_and_of_a_new_controller(self) -> None:
        victim = await self.start("sleep", "victim")
        earth = await self.join("earth")
        heard: asyncio.Queue[busbar.events.Event] = asyncio.Queue()
        remove = earth.on(busbar.events.PeerJoined, heard.put_nowait)
        earth.on(busbar.events.PeerLeft, heard.put_nowait)
        controllers: asyncio.Queue[busbar.events.ControllerChanged] = asyncio.Queue()
        earth.on(busbar.events.ControllerChanged, controllers.put_nowait)
        moon = await self.join("moon")
        joined = await heard.get()
        assert isinstance(joined, busbar.events.PeerJoined)
        self.assertEqual((joined.peer.id, joined.peer.label), (moon.id, ("moon",)))
        (gone,) = earth.matches("victim")
        await victim.kill()
        left = await heard.get()
        assert isinstance(left, busbar.events.PeerLeft)
        self.assertEqual(left.peer, gone)
        self.assertIn((await controllers.get()).controller_id, (earth.id, moon.id))
        remove()
        remove()
        await moon.close()
        left = await heard.get()
        assert isinstance(left, busbar.events.PeerLeft)
        self.assertEqual(left.peer.id, moon.id)

    async def test_a_peer_has_ended_when_its_last_message_was_received(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        number, words = moon.id, 2000
        left: asyncio.Queue[busbar.events.PeerLeft] = asyncio.Queue()
        ended: asyncio.Queue[busbar.events.PeerEnded] = asyncio.Queue()
        earth.on(busbar.events.PeerLeft, left.put_nowait)
        earth.on(busbar.events.PeerEnded, ended.put_nowait)
        for n in range(words):
            moon.send("earth", n)
        await moon.close()
        self.assertEqual((await left.get()).peer.id, number)
        for n in range(words):
            self.assertTrue(ended.empty())
            self.assertEqual((await earth.recv(timeout=PATIENCE)).value, n)
        # Whoever waits for a message also reads that there is none.
        waiting = asyncio.create_task(earth.recv())
        self.assertEqual((await ended.get()).peer_id, number)
        waiting.cancel()

    async def test_wait_for(self) -> None:
        earth = await self.join("earth")
        waiting = asyncio.create_task(earth.wait_for("moon", count=2, timeout=PATIENCE))
        first = await self.join("moon")
        second = await self.join("moon")
        self.assertEqual({each.id for each in await waiting}, {first.id, second.id})
        self.assertEqual(len(await earth.wait_for("moon | earth", count=3)), 3)
        with self.assertRaises(busbar.BusTimeoutError):
            await earth.wait_for("mars", timeout=0.01)
        self.assertFalse(earth._watchers._watching)

    async def test_relabel(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        heard: asyncio.Queue[busbar.events.PeerRelabelled] = asyncio.Queue()
        earth.on(busbar.events.PeerRelabelled, heard.put_nowait)
        waiting = asyncio.create_task(earth.wait_for("busy", timeout=PATIENCE))
        await moon.relabel(["moon", "busy"], timeout=PATIENCE)
        self.assertEqual(moon.label, ("moon", "busy"))
        self.assertEqual(earth.matches("moon & !busy"), [])
        (found,) = await waiting
        change = await heard.get()
        self.assertEqual((change.peer, change.former_label), (found, ("moon",)))
        for wrong in ["", ["a", "a"], ["x" * 256]]:
            with self.assertRaises(busbar.errors.InvalidLabelError):
                await moon.relabel(wrong)
        self.assertEqual(moon.label, ("moon", "busy"))
        await moon.close()
        with self.assertRaises(busbar.errors.ClosedError):
            await moon.relabel("moon")

    async def test_a_listener_that_raises_harms_nobody(self) -> None:
        earth = await self.join("earth")
        errors: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))

        def fail(_: object) -> None:
            raise RuntimeError("no")

        earth.on(busbar.events.PeerJoined, fail)
        heard: asyncio.Queue[object] = asyncio.Queue()
        earth.on(busbar.events.PeerJoined, heard.put_nowait)
        await self.join("moon")
        await heard.get()
        self.assertIsInstance(errors[0], RuntimeError)

    async def test_selectors(self) -> None:
        earth = await self.join("earth")
        odd = 'a b"\\\n月'
        await self.join(label=[odd])
        a, b, c = label("a"), label("b"), label("c")
        for expression, text in (
            (a & ~b | c, "(a & !b) | c"),
            (~(a | b) & c, "(!(a | b)) & c"),
            (a & b & c, "(a & b) & c"),
            (~~a, "!!a"),
            (peer(7) | label("true"), '#7 | "true"'),
            (label("a b") & label("x.y"), '"a b" & x.y'),
        ):
            self.assertEqual(str(expression), text)
            self.assertEqual(earth.matches(expression), [])
        self.assertEqual(len(earth.matches(label(odd))), 1)
        self.assertEqual(len(earth.matches(~label("earth"))), 1)
        self.assertEqual(len(earth.matches(peer(earth.id) & ~a)), 1)
        for wrong in ("(a", "a &", "", "a b", "'a", "a\0", "\ud800"):
            with self.assertRaises(busbar.InvalidSelectorError):
                earth.send(wrong, "x")
        for value in (None, 7, b"a", ["a"]):
            with self.assertRaises(busbar.InvalidSelectorError):
                earth.send(value, "x")  # type: ignore[arg-type]
        for number in (0, -1, 1 << 64, "1"):
            with self.assertRaises(busbar.InvalidSelectorError):
                peer(number)  # type: ignore[arg-type]
        with self.assertRaises(busbar.InvalidSelectorError):
            label("")

    async def test_more_selectors_than_the_table_has_room_for(self) -> None:
        earth = await self.join("earth")
        for number in range(3000):
            self.assertEqual(earth.send(f"earth & !label-{number}", number), 1)
        self.assertLessEqual(len(earth._routes._routes), 1024)
        for number in range(3000):
            self.assertEqual((await earth.recv()).value, number)

    async def test_joins_that_are_refused(self) -> None:
        for name in ("", "x" * 129, "a\nb", "a\0b", "\ud800", None):
            with self.assertRaises(busbar.InvalidIdentifierError):
                await busbar.join(name)  # type: ignore[arg-type]
        for text in ("", "x" * 256, ["a", "a"], ["x"] * 33, ["x" * 255] * 5, "a\0", [7]):
            with self.assertRaises(busbar.InvalidLabelError):
                await busbar.join(self.bus, label=text)  # type: ignore[arg-type]
        for options in (
            {"ring_bytes": 1000},
            {"ring_bytes": -1},
            {"spin": 1001},
            {"when_full": "wait"},
            {"token": "x" * 1025},
            {"timeout": -1},
            {"max_link": 7},
        ):
            with self.assertRaises(busbar.InvalidArgumentError):
                await busbar.join(self.bus, **options)
        await self.join("earth", token="secret")
        with self.assertRaises(busbar.TokenMismatchError):
            await busbar.join(self.bus, token="guessed")
        with self.assertRaises(busbar.BusTimeoutError):
            await busbar.join(f"{self.bus}-empty", controller_affinity=False, timeout=0.01)


class Ends(BusTest):
    async def test_close_ends_everything_that_waits(self) -> None:
        earth = await self.join("earth", ring_bytes=16 << 10, queue_bytes=1 << 10)
        await self.join("moon")
        with self.assertRaises(busbar.QueueFullError):
            while True:
                earth.send("moon", busbar.raw_bytes(bytes(1000)))
        closed: list[object] = []
        earth.on(busbar.events.Closed, closed.append)
        calls = [
            earth.recv(),
            earth.recv(timeout=PATIENCE),
            earth.wait_for("mars"),
            earth.drained(),
            earth.send_when_ready("moon", busbar.raw_bytes(bytes(1000))),
            earth.send_when_ready("moon", busbar.raw_bytes(bytes(1000)), timeout=PATIENCE),
        ]
        tasks = [asyncio.ensure_future(call) for call in calls]

        async def loop() -> str:
            async for _ in earth:
                pass
            return "ended"

        looping = asyncio.create_task(loop())
        await asyncio.sleep(0)
        with self.assertRaises(busbar.UndeliveredError):
            await earth.close(linger=0)
        for task in tasks:
            with self.assertRaises(busbar.ClosedError):
                await task
        self.assertEqual(await looping, "ended")
        self.assertEqual(closed, [busbar.events.Closed(lost=False)])
        self.assertTrue(earth.closed)
        # Calls after the end, too.
        with self.assertRaises(busbar.UndeliveredError):
            await earth.close()
        for call in (
            lambda: earth.send("moon", "x"),
            lambda: earth.matches("moon"),
            lambda: earth.peers,
            lambda: earth.counters,
            lambda: earth.flush(),
            lambda: earth.on(busbar.events.Drained, print),
        ):
            with self.assertRaises(busbar.ClosedError):
                call()
        for coroutine in (earth.recv(), earth.deliver("x", "y"), earth.wait_for("x")):
            with self.assertRaises(busbar.ClosedError):
                await coroutine
        self.assertFalse(earth.is_controller)

    async def test_queued_messages_are_sent_while_it_lingers(self) -> None:
        earth = await self.join("earth", ring_bytes=16 << 10)
        moon = await self.join("moon")
        for _ in range(100):
            earth.send("moon", busbar.raw_bytes(bytes(1000)))
        closing = asyncio.create_task(earth.close(linger=PATIENCE))
        for _ in range(100):
            await moon.recv(timeout=PATIENCE)
        await closing

    async def test_cancelled_receivers_lose_no_message(self) -> None:
        earth = await self.join("earth")
        received: list[object] = []

        async def receive() -> None:
            received.append((await earth.recv()).value)

        for round_ in range(50):
            tasks = [asyncio.create_task(receive()) for _ in range(4)]
            await asyncio.sleep(0)
            for number in range(2):
                earth.send("earth", (round_, number))
            # At every step between the bell and the message.
            for _ in range(round_ % 5):
                await asyncio.sleep(0)
            tasks[0].cancel()
            tasks[1].cancel()
            await asyncio.wait(tasks[:2])
            while len(received) < 2 * (round_ + 1):
                pending = [task for task in tasks if not task.done()]
                if not pending:
                    pending = [asyncio.create_task(receive())]
                    tasks += pending
                await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        self.assertEqual(received, [[r, n] for r in range(50) for n in range(2)])

    async def test_a_cancelled_join_leaves_the_bus(self) -> None:
        earth = await self.join("earth")
        for turns in range(20):
            task = asyncio.ensure_future(self._join_once())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        # Without events: who comes and goes between two looks at the directory has none.
        while earth.peers:
            await asyncio.sleep(0.001)

    async def _join_once(self) -> None:
        async with busbar.join(self.bus):
            pass

    async def test_endpoints_that_are_forgotten_with_their_loop(self) -> None:
        def program() -> None:
            async def main() -> None:
                await busbar.join(self.bus, label="forgotten")

            asyncio.run(main())

        await asyncio.to_thread(program)
        gc.collect()
        earth = await self.join("earth")
        self.assertEqual(len(earth.matches("forgotten")), 1)


if __name__ == "__main__":
    unittest.main()
