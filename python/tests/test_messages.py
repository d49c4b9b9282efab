"""Sending, receiving and replying."""

from __future__ import annotations

import asyncio
import unittest
from dataclasses import dataclass

from support import PATIENCE, BusTest

import busbar


@dataclass
class Move:
    x: int
    name: str


MOVE = busbar.message_type("com.example.move", busbar.msgpack(Move))
MOVE_JSON = busbar.message_type("com.example.move-json", busbar.json(Move))


class Messages(BusTest):
    async def test_every_size_arrives_and_comes_back(self) -> None:
        earth = await self.join("earth")
        await self.start("echo", "moon")
        for size in (0, 1, 64, 5000, 300_000):
            payload = bytes([size % 251]) * size
            self.assertEqual(earth.send("moon & echo", busbar.raw_bytes(payload, format=40_000)), 1)
            answer = await earth.recv(timeout=PATIENCE)
            self.assertEqual(answer.payload, payload)
            self.assertEqual(answer.format, 40_000)
            self.assertEqual(answer.value, payload)
            self.assertEqual(answer.sender.label, ("moon", "echo"))

    async def test_values_are_messagepack_as_in_node(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        value = {"a": [1, 2.5, None, True, "größe", b"bytes"], "big": 2**63}
        earth.send("moon", value)
        message = await moon.recv(timeout=PATIENCE)
        self.assertEqual(message.value, value)
        self.assertEqual(str(message.type_id), "cfcd8a31-b14a-5916-b6b7-4d4c21123408")

    async def test_types_of_ones_own(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        for type_ in (MOVE, MOVE_JSON):
            earth.send("moon", type_(Move(3, "größe")))
            message = await moon.recv(timeout=PATIENCE)
            self.assertTrue(message.has(type_))
            self.assertEqual(message.decode(type_), Move(3, "größe"))
            with self.assertRaises(busbar.UnknownTypeError):
                message.decode(busbar.text)
            with self.assertRaises(busbar.UnknownTypeError):
                _ = message.value

    async def test_payloads_that_are_no_value_of_the_type(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        for payload, error in (
            (b"\xc1", busbar.DecodeFailedError),
            (b"", busbar.DecodeFailedError),
            (b"\x82\xa1x\x01", busbar.DecodeFailedError),
            (b"\x82\xa1x\xa1a\xa4name\xa1b", busbar.SchemaMismatchError),
            (b"\x81\xa1x\x01", busbar.SchemaMismatchError),
        ):
            earth.send("moon", busbar.Outgoing(MOVE.id_bytes, 0, payload))
            message = await moon.recv(timeout=PATIENCE)
            with self.assertRaises(error):
                message.decode(MOVE)
        earth.send("moon", busbar.Outgoing(busbar.text.id_bytes, 0, b"\xff"))
        with self.assertRaises(busbar.DecodeFailedError):
            _ = (await moon.recv(timeout=PATIENCE)).value

    async def test_replies_go_to_the_sender_and_name_the_message(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        earth.send("moon", "question")
        question = await moon.recv(timeout=PATIENCE)
        self.assertIsNone(question.reply_to)
        self.assertEqual(question.reply("answer"), 1)
        answer = await earth.recv(timeout=PATIENCE)
        self.assertEqual(answer.reply_to, question.id)
        self.assertEqual(answer.sender.id, moon.id)
        await earth.close()
        with self.assertRaises(busbar.NoRecipientError):
            question.reply("too late")

    async def test_metadata_and_receipts(self) -> None:
        earth = await self.join("earth")
        await self.start("echo", "moon")
        (moon,) = earth.matches("moon")
        for metadata in (b"", b"\0", bytes(range(240))):
            receipt = earth.send_with_receipt("moon", "x", metadata=metadata)
            self.assertEqual((receipt.receivers, receipt.peer_id), (1, moon.id))
            answer = await earth.recv(timeout=PATIENCE)
            self.assertEqual(answer.reply_to, receipt.id)
            self.assertEqual(answer.metadata, metadata)
        for call in (earth.send, earth.send_with_receipt):
            with self.assertRaises(busbar.InvalidArgumentError):
                call("moon", "x", metadata=bytes(241))
        receipt = earth.send_with_receipt(busbar.multicast("mars"), "x")
        self.assertEqual(receipt, busbar.SendReceipt(0, 0, None))
        earth.send("earth", "an answer", reply_to=77)
        self.assertEqual((await earth.recv(timeout=PATIENCE)).reply_to, 77)

    async def test_order_is_kept(self) -> None:
        earth = await self.join("earth")
        await self.start("echo", "moon")
        for number in range(2000):
            await earth.send_when_ready("moon", number)
        received = [(await earth.recv(timeout=PATIENCE)).value for _ in range(2000)]
        self.assertEqual(received, list(range(2000)))

    async def test_multicast_and_corked(self) -> None:
        earth = await self.join("earth")
        others = [await self.join("moon") for _ in range(3)]
        everyone = busbar.multicast("true", exclude_self=True)
        for number in range(3):
            self.assertEqual(earth.send(everyone, number, corked=True), 3)
        earth.flush()
        for other in others:
            got = [(await other.recv(timeout=PATIENCE)).value for _ in range(3)]
            self.assertEqual(got, [0, 1, 2])
        self.assertEqual(earth.send(busbar.multicast("mars"), "nobody"), 0)

    async def test_a_message_waits_for_its_receiver(self) -> None:
        earth = await self.join("earth")
        with self.assertRaises(busbar.NoRecipientError):
            earth.send("moon", "at once")
        self.assertEqual(earth.send("moon", "later", ttl=PATIENCE), 0)
        moon = await self.join("moon")
        self.assertEqual((await moon.recv(timeout=PATIENCE)).value, "later")

    async def test_of_messages_with_a_key_the_newest_arrives(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        for number in range(100):
            earth.send("moon", number, key="position")
        first = (await moon.recv(timeout=PATIENCE)).value
        self.assertEqual(first, 0)
        self.assertEqual((await moon.recv(timeout=PATIENCE)).value, 99)

    async def test_full_queues(self) -> None:
        earth = await self.join("earth", ring_bytes=16 << 10, queue_bytes=64 << 10)
        moon = await self.join("moon")
        sent = 0
        with self.assertRaises(busbar.QueueFullError):
            while True:
                earth.send("moon", busbar.raw_bytes(b"x" * 1000))
                sent += 1
        dropped: asyncio.Queue[busbar.events.Dropped] = asyncio.Queue()
        earth.on(busbar.events.Dropped, dropped.put_nowait)
        self.assertEqual(earth.send("moon", busbar.raw_bytes(b"x" * 1000), when_full="drop"), 0)
        self.assertEqual((await dropped.get()).peer_id, moon.id)
        waiting = [
            asyncio.create_task(earth.send_when_ready("moon", busbar.raw_bytes(bytes([each]) * 9)))
            for each in range(5)
        ]
        drained = asyncio.create_task(earth.drained(timeout=PATIENCE))
        await asyncio.sleep(0)
        with self.assertRaises(busbar.BusTimeoutError):
            await earth.send_when_ready("moon", busbar.raw_bytes(b"x" * 1000), timeout=0.01)
        for _ in range(sent):
            self.assertEqual(len((await moon.recv(timeout=PATIENCE)).payload), 1000)
        for each in range(5):
            self.assertEqual((await moon.recv(timeout=PATIENCE)).payload, bytes([each]) * 9)
        self.assertEqual(await asyncio.gather(*waiting), [1] * 5)
        await drained
        self.assertGreater(earth.counters.queue_full, 0)

    async def test_bad_arguments_are_refused_at_the_call(self) -> None:
        earth = await self.join("earth")
        bad = busbar.InvalidArgumentError
        for call in (
            lambda: earth.send("earth", "x", ttl=-1),
            lambda: earth.send("earth", "x", ttl=float("nan")),
            lambda: earth.send("earth", "x", key=""),
            lambda: earth.send("earth", "x", key="k" * 129),
            lambda: earth.send("earth", "x", when_full="wait"),  # type: ignore[arg-type]
            lambda: busbar.raw_bytes(b"", format=1 << 16),
            lambda: busbar.message_type("", busbar.text_codec),
            lambda: busbar.message_type("x" * 1025, busbar.text_codec),
            lambda: busbar.message_type("0f12682f89fc5180bbb2d242e4998f9f", busbar.text_codec),
            lambda: busbar.message_type("0" * 8 + "-0000" * 3 + "-" + "0" * 12, busbar.text_codec),
            lambda: busbar.message_type("x", None),  # type: ignore[arg-type]
        ):
            with self.assertRaises(bad):
                call()
        with self.assertRaises(busbar.TooLargeError):
            earth.send("earth", busbar.raw_bytes(bytes((256 << 20) + 1)))
        with self.assertRaises(bad):
            await earth.deliver("earth", "x", acknowledge="read")  # type: ignore[arg-type]
        with self.assertRaises(bad):
            await earth.wait_for("earth", count=0)
        self.assertEqual(earth.counters.sent_messages, 0)

    async def test_large_integers_of_javascript(self) -> None:
        numbers = busbar.msgpack(dict[str, list[int]])
        self.assertEqual(numbers.decode(b"\x81\xa1x\x91\xcb\x43\x20" + bytes(6)), {"x": [1 << 51]})
        for wrong in (b"\xcb\x3f\xf0" + bytes(6), b"\xcb\x43\x50" + bytes(6), b"\xa11"):
            with self.assertRaises(busbar.SchemaMismatchError):
                numbers.decode(b"\x81\xa1x\x91" + wrong)

    async def test_deep_values_are_refused(self) -> None:
        anything = busbar.msgpack()
        with self.assertRaises(busbar.DecodeFailedError):
            anything.decode(b"\x91" * 1_000_000 + b"\x01")

    async def test_the_loop_of_a_busy_receiver_lets_others_run(self) -> None:
        earth = await self.join("earth")
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        for number in range(1000):
            earth.send("earth", number)
        task = asyncio.create_task(other())
        for _ in range(1000):
            await earth.recv()
        task.cancel()
        self.assertGreaterEqual(turns, 10)


if __name__ == "__main__":
    unittest.main()
