"""deliver(): who has taken or handled a message, and what happens if nobody does."""

from __future__ import annotations

import asyncio
import unittest

from support import PATIENCE, BusTest

import busbar


class Delivery(BusTest):
    async def test_taken_and_handled(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        taken = asyncio.create_task(earth.deliver("moon", "first", timeout=PATIENCE))
        self.assertEqual((await moon.recv(timeout=PATIENCE)).value, "first")
        self.assertEqual(await taken, 1)
        handled = asyncio.create_task(
            earth.deliver("moon", "second", acknowledge="handled", timeout=PATIENCE)
        )
        self.assertEqual((await moon.recv(timeout=PATIENCE)).value, "second")
        # Its receiver is done with it when it asks for the next one.
        next_ = asyncio.create_task(moon.recv())
        self.assertEqual(await handled, 1)
        next_.cancel()
        self.assertEqual(await earth.deliver(busbar.multicast("mars"), "nobody"), 0)
        with self.assertRaises(busbar.NoRecipientError):
            await earth.deliver("mars", "nobody")

    async def test_acknowledge_refuse_and_with(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")

        async def handle(how: str) -> None:
            message = await moon.recv(timeout=PATIENCE)
            if how == "acknowledge":
                message.acknowledge()
                message.refuse()
            elif how == "refuse":
                message.refuse(busbar.DecodeFailedError)
                message.acknowledge()
            elif how == "with":
                with message:
                    pass
            else:
                with self.assertRaises(RuntimeError), message:
                    raise RuntimeError("not handled")

        for how, reason in (
            ("acknowledge", None),
            ("refuse", "ERR_BUSBAR_DECODE_FAILED"),
            ("with", None),
            ("raise", "ERR_BUSBAR_NOT_HANDLED"),
        ):
            handling = asyncio.create_task(handle(how))
            delivery = earth.deliver("moon", how, acknowledge="handled", timeout=PATIENCE)
            if reason is None:
                self.assertEqual(await delivery, 1)
            else:
                with self.assertRaises(busbar.UndeliveredError) as raised:
                    await delivery
                self.assertEqual(raised.exception.failures, ((moon.id, reason),))
                self.assertEqual(raised.exception.delivered, 0)
            await handling

    async def test_a_loop_that_is_left_has_not_handled_its_message(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        handled: list[object] = []

        async def consume() -> None:
            async for message in moon:
                if message.value == "stop":
                    break
                handled.append(message.value)

        consuming = asyncio.create_task(consume())
        delivery = earth.deliver("moon", "go on", acknowledge="handled", timeout=PATIENCE)
        self.assertEqual(await delivery, 1)
        with self.assertRaises(busbar.UndeliveredError) as raised:
            await earth.deliver("moon", "stop", acknowledge="handled", timeout=PATIENCE)
        self.assertEqual(raised.exception.failures, ((moon.id, "ERR_BUSBAR_NOT_HANDLED"),))
        await consuming
        self.assertEqual(handled, ["go on"])
        # What nobody has asked for is still there.
        earth.send("moon", "later")
        self.assertEqual((await moon.recv(timeout=PATIENCE)).value, "later")

    async def test_a_message_of_a_killed_receiver_goes_to_another_match(self) -> None:
        earth = await self.join("earth")
        victim = await self.start("die_with_message", "moon")
        delivery = asyncio.create_task(
            earth.deliver("moon", "important", acknowledge="handled", timeout=PATIENCE)
        )
        self.assertEqual(await victim.line(), "important")
        moon = await self.join("moon")
        await victim.kill()
        message = await moon.recv(timeout=PATIENCE)
        self.assertEqual(message.value, "important")
        message.acknowledge()
        self.assertEqual(await delivery, 1)

    async def test_undelivered_because_the_receiver_was_killed(self) -> None:
        earth = await self.join("earth")
        victim = await self.start("sleep", "moon")
        lost: asyncio.Queue[busbar.events.Undelivered] = asyncio.Queue()
        earth.on(busbar.events.Undelivered, lost.put_nowait)
        (peer,) = earth.matches("moon")
        earth.send("moon", busbar.raw_bytes(b"lost", format=7))
        delivery = asyncio.create_task(earth.deliver("moon", "lost, too", timeout=PATIENCE))
        await asyncio.sleep(0)
        await victim.kill()
        with self.assertRaises(busbar.UndeliveredError) as raised:
            await delivery
        self.assertEqual(raised.exception.failures, ((peer.id, "ERR_BUSBAR_PEER_GONE"),))
        event = await lost.get()
        self.assertEqual(event.reason, "ERR_BUSBAR_PEER_GONE")
        self.assertEqual(event.payload, b"lost")
        self.assertEqual(event.format, 7)
        self.assertEqual(event.type, busbar.raw_bytes.id)
        self.assertEqual(event.peer_id, peer.id)

    async def test_timeout_and_cancellation_forget_the_delivery(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        with self.assertRaises(busbar.BusTimeoutError):
            await earth.deliver("moon", "slow", timeout=0.01)
        waiting = asyncio.create_task(earth.deliver("moon", "cancelled"))
        await asyncio.sleep(0)
        waiting.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await waiting
        self.assertEqual(earth._deliveries._futures, {})
        # The messages arrive nevertheless.
        self.assertEqual((await moon.recv(timeout=PATIENCE)).value, "slow")
        self.assertEqual((await moon.recv(timeout=PATIENCE)).value, "cancelled")

    async def test_a_message_in_hand_at_the_end_was_not_handled(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        delivery = asyncio.create_task(
            earth.deliver("moon", "x", acknowledge="handled", timeout=PATIENCE)
        )
        await moon.recv(timeout=PATIENCE)
        await moon.close()
        with self.assertRaises(busbar.UndeliveredError) as raised:
            await delivery
        self.assertEqual(raised.exception.failures[0][1], "ERR_BUSBAR_NOT_HANDLED")


if __name__ == "__main__":
    unittest.main()
