"""What a wire refuses, and what its end does. The list of behaviours is in
test_wire_conformance.py."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import stat
import struct
import tempfile
import unittest
from typing import Any, Unpack

from support import PATIENCE, REPOSITORY

from busbar import rpc, wire
from busbar.rpc.wire import ANSWER_TYPE
from busbar.wire._frames import Kind, Reader, write_message
from busbar.wire._hello import write_hello
from busbar.wire.errors import CODES


class Counter(rpc.Interface, name="com.example.counter", version="1.0"):
    level: rpc.WritableProperty[rpc.U32]

    @rpc.method()
    async def add(self, a: float, b: float) -> float:
        raise NotImplementedError

    @rpc.method()
    async def hold(self) -> None:
        raise NotImplementedError

    @rpc.method()
    async def size(self, value: bytes) -> rpc.U32:
        raise NotImplementedError


class Counting(Counter):
    def __init__(self) -> None:
        self.held = 0

    async def add(self, a: float, b: float) -> float:
        return a + b

    async def hold(self) -> None:
        self.held += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.held -= 1

    async def size(self, value: bytes) -> int:
        return len(value)


class Echo(rpc.Interface, name="com.example.echo", version="1.0"):
    @rpc.method()
    async def same(self, text: str) -> str:
        raise NotImplementedError


class Echoing(Echo):
    async def same(self, text: str) -> str:
        return text


class Cut:
    """A line between two ends in this process, over sockets, that passes on only so many bytes."""

    def __init__(self, port: int, most: int) -> None:
        self.port = port
        self.carried = 0
        self._most = most
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Begins, and returns the port to connect to."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def stop(self) -> None:
        """Ends it."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers += [writer, to_writer]
        for source, sink in ((reader, to_writer), (to_reader, writer)):
            self._tasks.append(asyncio.create_task(self._carry(source, sink)))

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            some = data[: max(0, self._most - self.carried)]
            self.carried += len(some)
            sink.write(some)
            if len(some) < len(data):
                for each in self._writers:
                    each.close()
                return
        sink.close()


class WireTest(unittest.IsolatedAsyncioTestCase):
    async def served(self, **options: Unpack[wire.ServeOptions]) -> tuple[Counting, int]:
        counting = Counting()
        listener = wire.listen(wire.tcp(0))
        options.setdefault("properties", {"level": 1})
        service = await wire.serve(listener, counting, **options)
        self.addAsyncCleanup(service.close, linger=0)
        assert listener.port is not None
        return counting, listener.port

    async def client(self, port: int, **options: Unpack[wire.WireOptions]) -> Counter:
        client = await wire.connect(wire.tcp(port), Counter, **options)
        self.addAsyncCleanup(rpc.close, client)
        return client

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0)

    async def fails(self, code: str, awaitable: Any) -> Any:
        with self.assertRaises((rpc.CallError, wire.WireError)) as raised:
            async with asyncio.timeout(PATIENCE):
                await awaitable
        error: Any = raised.exception
        self.assertEqual(error.code, code)
        return error

    async def raw(self, port: int, *parts: bytes) -> list[bytes]:
        """Says this to a server, and returns the frames that it answers until its end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(parts))
        frames = Reader(1 << 20)
        found: list[bytes] = []
        async with asyncio.timeout(PATIENCE):
            try:
                while data := await reader.read(65_536):
                    frames.push(data)
                    while (frame := frames.next()) is not None:
                        found.append(frame)
            except ConnectionResetError:
                pass
        writer.close()
        return found

    async def test_another_token_is_refused_before_anything_is_told(self) -> None:
        _, port = await self.served(token="swordfish")
        client = await self.client(port, token="swordfish")
        self.assertEqual(await client.add(1, 2), 3)
        for options in ({}, {"token": "cod"}, {"token": "swordfisk"}):
            connecting = wire.connect(wire.tcp(port), Counter, **options)  # type: ignore[arg-type]
            await self.fails("WIRE_TOKEN", connecting)
        (refusal,) = await self.raw(port, framed(write_hello(1 << 20, [], None)))
        self.assertEqual(refusal[0], Kind.REFUSAL)
        self.assertNotIn(b"counter", refusal)

    async def test_calls_beyond_the_limit_are_busy_and_the_others_go_on(self) -> None:
        counting, port = await self.served(limits=wire.Limits(calls=2, bytes=1000))
        client = await self.client(port)
        held = [asyncio.ensure_future(client.hold()) for _ in range(2)]
        await self.until(lambda: counting.held == 2)
        error = await self.fails("BUSY", client.hold())
        self.assertEqual((error.executed, error.load), ("no", 2))
        held[0].cancel()
        await self.until(lambda: counting.held == 1)
        self.assertEqual(await client.add(1, 2), 3)
        await self.fails("BUSY", client.size(b"x" * 1000))
        held[1].cancel()

    async def test_what_is_too_large_is_refused_where_it_is_sent(self) -> None:
        _, port = await self.served(limits=wire.Limits(frame_bytes=1000))
        client = await self.client(port)
        await self.fails("INVALID_ARGUMENT", client.size(b"x" * 1000))
        self.assertEqual(await client.size(b"x" * 900), 900)

    async def test_whatever_breaks_the_protocol_ends_its_wire_and_no_other(self) -> None:
        _, port = await self.served(limits=wire.Limits(handshake=0.2, frame_bytes=4096))
        client = await self.client(port)
        hello = framed(write_hello(1 << 20, [], None))
        call = write_message(Kind.MESSAGE, bytes(16), 0x400, 1, 0, b"\xc0")
        for code, parts in (
            ("NOT_A_WIRE", [b"GET / HTTP/1.1\r\n\r\n"]),
            ("NOT_A_WIRE", [framed(b"\x04BBWX\x01{}")]),
            ("WIRE_VERSION", [framed(b"\x04BBWR\x00{}")]),
            ("NOT_A_WIRE", [framed(b"\x04BBWR\x01{}")]),
            ("NOT_A_WIRE", [framed(b"\x04BBWR\x01" + b"[" * 60_000)]),
            ("HANDSHAKE_TIMEOUT", [b""]),
            ("FRAME_TOO_LARGE", [hello, struct.pack("<I", 0xFFFF_FFFF)]),
            ("FRAME_MALFORMED", [hello, struct.pack("<I", 0)]),
            ("FRAME_MALFORMED", [hello, framed(b"\x2a")]),
            ("FRAME_MALFORMED", [hello, framed(b"\x01\xff")]),
            ("FRAME_MALFORMED", [hello, framed(b"\x03")]),
            ("FRAME_MALFORMED", [hello, framed(call[:1] + b"\xf1" + call[2:])]),
            ("FRAME_MALFORMED", [hello, framed(call[:4] + bytes(8) + call[12:])]),
        ):
            with self.subTest(code=code, parts=parts):
                *_, last = await self.raw(port, *parts)
                self.assertEqual(last[0], Kind.REFUSAL)
                self.assertEqual(json.loads(last[1:])["code"], code)
        self.assertEqual(await client.add(1, 2), 3)

    async def test_noise_ends_its_wire_and_nothing_else(self) -> None:
        counting, port = await self.served(limits=wire.Limits(handshake=5))
        client = await self.client(port)
        chance = random.Random(22)
        hello = framed(write_hello(1 << 20, [], None))
        call = framed(write_message(Kind.MESSAGE, bytes(16), 0x400, 1, 0, b"\x81\xa1a\x01"))
        for _ in range(300):
            sound = bytearray(hello + call)
            for _ in range(chance.randrange(1, 8)):
                sound[chance.randrange(len(sound))] = chance.randrange(256)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sound)
            writer.write_eof()
            async with asyncio.timeout(PATIENCE):
                try:
                    while await reader.read(65_536):
                        pass
                except ConnectionResetError:
                    pass
            writer.close()
        self.assertEqual(await client.add(1, 2), 3)
        self.assertEqual(counting.held, 0)

    async def test_a_wire_that_is_cut_at_any_byte_ends_its_calls(self) -> None:
        counting, port = await self.served()
        kept = await self.client(port)
        whole = Cut(port, 1 << 30)
        client = await wire.connect(wire.tcp(await whole.start()), Counter)
        held = asyncio.ensure_future(client.hold())
        self.assertEqual(await client.add(1, 2), 3)
        total = whole.carried
        await whole.stop()
        await self.fails("PEER_GONE", held)
        await rpc.close(client)
        for most in range(0, total, 7):
            line = Cut(port, most)
            connecting = wire.connect(wire.tcp(await line.start()), Counter)
            try:
                client = await connecting
            except wire.WireError as error:
                self.assertEqual(error.code, "WIRE_CUT")
                await line.stop()
                continue
            ends = await asyncio.wait_for(
                asyncio.gather(client.hold(), client.add(1, 2), return_exceptions=True), PATIENCE
            )
            for end in ends:
                if end == 3:
                    continue
                assert isinstance(end, rpc.CallError), end
                self.assertIn((end.code, end.executed), (("PEER_GONE", "maybe"), ("CLOSED", "no")))
            await rpc.close(client)
            await line.stop()
        await self.until(lambda: counting.held == 0)
        self.assertEqual(await kept.add(1, 2), 3)

    async def test_an_idle_peer_that_does_not_answer_is_given_up(self) -> None:
        silent = await asyncio.start_server(self._silent, "127.0.0.1", 0)
        self.addAsyncCleanup(silent.wait_closed)
        self.addCleanup(silent.close)
        port = silent.sockets[0].getsockname()[1]
        client = await self.client(port, keep_alive=0.05)
        error = await self.fails("PEER_GONE", client.hold())
        self.assertEqual(error.__cause__.code, "WIRE_SILENT")

    @staticmethod
    async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        offer = {"name": "com.example.counter", "version": "1.0", "hash": "x"}
        said = json.dumps({"limits": {"frameBytes": 4096}, "offers": [offer]}).encode()
        writer.write(framed(b"\x04BBWR\x01" + said))
        while await reader.read(4096):
            pass
        writer.close()

    async def test_only_a_relay_may_say_that_a_server_is_gone(self) -> None:
        for relayed, expected in ((False, "HANDLER_FAILED"), (True, "PEER_GONE")):

            async def answer(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter, relayed: bool = relayed
            ) -> None:
                offer = {"name": "com.example.counter", "version": "1.0", "hash": "x"}
                offers: list[Any] = [{**offer, "relayed": relayed}]
                said = json.dumps({"limits": {"frameBytes": 4096}, "offers": offers}).encode()
                writer.write(framed(b"\x04BBWR\x01" + said))
                frames = Reader(1 << 20)
                while data := await reader.read(4096):
                    frames.push(data)
                    while (frame := frames.next()) is not None:
                        if frame[0] != Kind.MESSAGE:
                            continue
                        number = int.from_bytes(frame[4:12], "little")
                        error = b'{"code":"PEER_GONE","message":"it is said"}'
                        parts = (ANSWER_TYPE, 0x11, 1, number, error)
                        writer.write(framed(write_message(Kind.MESSAGE, *parts)))
                writer.close()

            server = await asyncio.start_server(answer, "127.0.0.1", 0)
            client = await wire.connect(wire.tcp(server.sockets[0].getsockname()[1]), Counter)
            await self.fails(expected, client.add(1, 2))
            await rpc.close(client)
            server.close()
            await server.wait_closed()

    async def test_a_unix_socket_is_its_users_and_replaces_what_was_left(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/wire"
            listener = wire.listen(wire.unix(path))
            service = await wire.serve(listener, Counting(), properties={"level": 1})
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            other = wire.listen(wire.unix(path))
            serving = wire.serve(other, Counting(), properties={"level": 1})
            await self.fails("CANNOT_LISTEN", serving)
            client = await wire.connect(wire.unix(path), Counter)
            self.assertEqual(await client.add(1, 2), 3)
            await rpc.close(client)
            await service.close()
            again = await wire.serve(
                wire.listen(wire.unix(path)), Counting(), properties={"level": 1}
            )
            await again.close()

    async def test_two_services_begin_at_one_listener_at_once(self) -> None:
        listener = wire.listen(wire.tcp(0))
        counting = wire.serve(listener, Counting(), properties={"level": 1})
        services = await asyncio.gather(counting, wire.serve(listener, Echoing()))
        for service in services:
            self.addAsyncCleanup(service.close, linger=0)
        assert listener.port is not None
        self.assertEqual(await (await self.client(listener.port)).add(1, 2), 3)
        echo = await wire.connect(wire.tcp(listener.port), Echo)
        self.addAsyncCleanup(rpc.close, echo)
        self.assertEqual(await echo.same("x"), "x")

    def test_the_codes_are_those_of_node(self) -> None:
        text = (REPOSITORY / "src/layers/wire/errors.ts").read_text()
        declared = text[text.index("export type WireErrorCode") :].partition(";")[0]
        self.assertEqual(set(re.findall(r"'(\w+)'", declared)), CODES)


def framed(frame: bytes) -> bytes:
    return struct.pack("<I", len(frame)) + frame


if __name__ == "__main__":
    unittest.main()
