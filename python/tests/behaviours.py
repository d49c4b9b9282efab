"""The conformance list with clients in Python: each behaviour by its name in
test/layers/conformance/behaviours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable
from typing import Any, ClassVar, TypeVar

from conformance import Backend, Caller, Conformance, Ended, Newer, Other, TooBig
from support import PATIENCE, REPOSITORY, BusTest

import busbar
from busbar import rpc

NODE_PROGRAM = REPOSITORY / "test-build/layers/conformance/server-program.js"
CPP_PROGRAM = REPOSITORY / "build/c/gcc/conformance_server-cpp"

T = TypeVar("T")


class ServerProgram:
    """A server of the conformance interface, in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.news: list[str] = []
        self._changed = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def heard(self, news: str, times: int = 1) -> None:
        """Waits until it has told this."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: self.news.count(news) >= times)

    def order(self, *order: str) -> None:
        """Gives an order."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")

    async def obeys(self, *order: str) -> None:
        """Gives an order, and waits until it is done."""
        before = self.news.count(f"done {order[0]}")
        self.order(*order)
        await self.heard(f"done {order[0]}", before + 1)

    async def kill(self) -> None:
        """Kills it with SIGKILL, and waits for its end."""
        self.process.kill()
        await self.process.wait()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            async with self._changed:
                self.news.append(json.loads(line))
                self._changed.notify_all()


class Behaviours(BusTest):
    """The list; subclasses say what the server is written in, and in what the client calls."""

    command: ClassVar[list[str]] = []
    json = False
    caller_pid = os.getpid()
    """What a server sees of this process."""

    async def server(self, name: str = "one", **options: Any) -> ServerProgram:
        start = json.dumps({"name": name, "place": self.place(), "options": options})
        process = await asyncio.create_subprocess_exec(
            *self.command, start, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        self.addAsyncCleanup(self._end, process)
        program = ServerProgram(process)
        await program.heard("serving")
        return program

    async def client(self, **options: Any) -> Conformance:
        client: Conformance = await self.client_of(Conformance, **options)
        return client

    async def client_of(self, interface: type[Any], **options: Any) -> Any:
        client = await self.connected(interface)
        self.addAsyncCleanup(rpc.close, client)
        return rpc.options(client, json=self.json, **options)

    def place(self) -> Any:
        """Where servers are, as their programs have it."""
        return self.bus

    async def connected(self, interface: type[Any]) -> Any:
        """A client of what is there."""
        return await rpc.connect(self.bus, interface)

    async def serve_here(self, implementation: Any) -> None:
        """Serves for the servers, at the latest when there is a client."""
        service = await rpc.serve(self.bus, implementation)
        self.addAsyncCleanup(service.close, linger=0)

    async def fails(self, code: str, awaitable: Awaitable[Any]) -> rpc.CallError:
        """The error of a call."""
        with self.assertRaises(rpc.CallError) as raised:
            async with asyncio.timeout(PATIENCE):
                await awaitable
        self.assertEqual(raised.exception.code, code)
        return raised.exception

    async def test_call_result(self) -> None:
        await self.server()
        calls = await self.client()
        self.assertEqual(await calls.add(1, 2), 3)
        self.assertEqual(await calls.add(b=0.5, a=2), 2.5)
        nothing: Any = calls.nothing
        self.assertIsNone(await nothing())

    async def test_call_values(self) -> None:
        await self.server()
        value = {"list": [1, 2.5, "ä€𝄞", None, True, {"deep": [[[]]]}], "empty": {}}
        self.assertEqual(await (await self.client()).echo(value), value)

    async def test_call_defaults(self) -> None:
        await self.server()
        calls = await self.client()
        self.assertEqual([await calls.optional(), await calls.optional(8)], [7, 8])

    async def test_call_many(self) -> None:
        await self.server()
        calls = await self.client()
        results = await asyncio.gather(*(calls.add(n, 1) for n in range(1000)))
        self.assertEqual(results, [n + 1 for n in range(1000)])

    async def test_call_large(self) -> None:
        await self.server()
        self.assertEqual(await (await self.client()).big(3_000_000), b"\x07" * 3_000_000)

    async def test_call_slow_does_not_block(self) -> None:
        one = await self.server()
        calls = await self.client()
        slow = asyncio.ensure_future(calls.hold("a"))
        await one.heard("held a")
        self.assertEqual(await calls.add(1, 1), 2)
        one.order("release", "a", "now")
        self.assertEqual(await slow, "now")

    async def test_call_caller(self) -> None:
        await self.server()
        caller: Caller = await (await self.client()).caller()
        self.assertGreater(caller.id, 0)
        self.assertEqual(caller.pid, self.caller_pid)

    async def test_argument_refused_here(self) -> None:
        await self.server()
        calls: Any = await self.client()
        error = await self.fails("INVALID_ARGUMENT", calls.add(1, "x"))
        self.assertIn("$.b", str(error))
        self.assertEqual(error.executed, "no")
        with self.assertRaises(rpc.InvalidCallError):
            await calls.add(1, 2, c=3)

    async def test_error_declared(self) -> None:
        await self.server()
        error = await self.fails("", (await self.client()).fail("declared"))
        assert isinstance(error, TooBig)
        self.assertEqual((error.limit, str(error), error.executed), (9, "it is too big", "yes"))

    async def test_error_undeclared(self) -> None:
        one = await self.server()
        calls = await self.client()
        error = await self.fails("HANDLER_FAILED", calls.fail("sync"))
        self.assertEqual(str(error), "undeclared")
        for how in ("async", "nothing", "forged"):
            await self.fails("HANDLER_FAILED", calls.fail(how))
        await one.heard("error in fail", 4)

    async def test_error_hidden(self) -> None:
        await self.server(errorMessages="hide")
        error = await self.fails("HANDLER_FAILED", (await self.client()).fail("sync"))
        self.assertNotIn("undeclared", str(error))

    async def test_error_wrong_data_and_result_wrong(self) -> None:
        one = await self.server()
        calls = await self.client()
        await self.fails("INVALID_RESULT", calls.fail("data"))
        await self.fails("INVALID_RESULT", calls.wrong_result())
        await one.heard("error in wrongResult")

    async def test_method_unknown(self) -> None:
        await self.server()
        newer = await self.client_of(Newer)
        error = await self.fails("UNKNOWN_METHOD", newer.later())
        self.assertEqual(error.executed, "no")
        self.assertEqual(await newer.name(), "one")

    async def test_method_removed(self) -> None:
        one = await self.server()
        calls = await self.client()
        await one.obeys("remove", "name")
        await self.fails("UNKNOWN_METHOD", calls.name())
        await one.obeys("implement", "name", "again")
        self.assertEqual(await calls.name(), "again")

    async def test_close_client(self) -> None:
        one = await self.server()
        calls = await self.client()
        pending = asyncio.ensure_future(calls.hold("a"))
        await one.heard("held a")
        await rpc.close(calls)
        await self.fails("CLOSED", pending)
        await one.heard("aborted a")
        await self.fails("CLOSED", calls.name())

    async def test_nobody_waits(self) -> None:
        calls = await self.client()
        pending = asyncio.ensure_future(rpc.options(calls, timeout=PATIENCE).name())
        other = asyncio.ensure_future(calls.name())
        await asyncio.sleep(0)
        await self.server()
        self.assertEqual([await pending, await other], ["one", "one"])

    async def test_nobody_deadline(self) -> None:
        calls = await self.client(timeout=0.02)
        error = await self.fails("NO_RECIPIENT", calls.name())
        self.assertEqual(error.executed, "no")
        await self.server()
        await self.fails("NO_RECIPIENT", (await self.client_of(Other, timeout=0.02)).name())

    async def test_nobody_to(self) -> None:
        await self.server("k", label="kitchen")
        await self.server("b", label="bath")
        calls = await self.client()
        self.assertEqual(await rpc.options(calls, to="kitchen").name(), "k")
        self.assertEqual(await rpc.options(calls, to="!kitchen").name(), "b")
        attic = rpc.options(calls, to="attic", timeout=0.02)
        await self.fails("NO_RECIPIENT", attic.name())

    async def test_busy_elsewhere(self) -> None:
        full = await self.server("full", concurrency=1, queue=0)
        calls = await self.client()
        held = [asyncio.ensure_future(calls.hold("a"))]
        await full.heard("held a")
        free = await self.server("free")
        for key in "bcd":
            held.append(asyncio.ensure_future(calls.hold(key)))
            await free.heard(f"held {key}")
        full.order("release", "a", "a")
        for key in "bcd":
            free.order("release", key, key)
        self.assertEqual(await asyncio.gather(*held), list("abcd"))

    async def test_busy_error(self) -> None:
        one = await self.server(concurrency=1, queue=0)
        calls = await self.client()
        held = asyncio.ensure_future(calls.hold("a"))
        await one.heard("held a")
        error = await self.fails("BUSY", calls.hold("b"))
        assert isinstance(error, rpc.BusyError)
        self.assertEqual((error.executed, error.load), ("no", 1))
        one.order("release", "a", "x")
        await held
        self.assertEqual(one.news.count("held b"), 0)

    async def test_gone_maybe(self) -> None:
        one = await self.server()
        pending = asyncio.ensure_future((await self.client()).hold("a"))
        await one.heard("held a")
        await one.kill()
        self.assertEqual((await self.fails("PEER_GONE", pending)).executed, "maybe")

    async def test_gone_idempotent_and_not(self) -> None:
        first = await self.server("first")
        calls = await self.client()
        again = asyncio.ensure_future(calls.hold_again("a"))
        once = asyncio.ensure_future(calls.hold("b"))
        await first.heard("held a")
        await first.heard("held b")
        second = await self.server("second")
        await first.kill()
        await second.heard("held a")
        second.order("release", "a", "second")
        self.assertEqual(await again, "second")
        await self.fails("PEER_GONE", once)
        self.assertEqual(second.news.count("held b"), 0)

    async def test_gone_others_go_on(self) -> None:
        first = await self.server("f", label="first")
        second = await self.server("s", label="second")
        calls = await self.client()
        lost = asyncio.ensure_future(rpc.options(calls, to="first").hold("a"))
        kept = asyncio.ensure_future(rpc.options(calls, to="second").hold("b"))
        await first.heard("held a")
        await second.heard("held b")
        await first.kill()
        await self.fails("PEER_GONE", lost)
        second.order("release", "b", "still here")
        self.assertEqual(await kept, "still here")

    async def test_deadline_rejects_and_travels(self) -> None:
        one = await self.server()
        calls = await self.client()
        await self.fails("DEADLINE", rpc.options(calls, timeout=0.05).hold("a"))
        await one.heard("aborted a")
        left = await rpc.options(calls, timeout=50.0).time_left()
        self.assertTrue(0 < left <= 50_001)
        self.assertEqual(await calls.time_left(), 1e9)

    async def test_deadline_queued(self) -> None:
        one = await self.server(concurrency=1, queue=2)
        calls = await self.client()
        held = asyncio.ensure_future(calls.hold("a"))
        await one.heard("held a")
        await self.fails("DEADLINE", rpc.options(calls, timeout=0.03).hold("b"))
        await self.overtaken(calls, one, held)
        self.assertEqual(one.news.count("held b"), 0)

    async def test_cancel_queued(self) -> None:
        one = await self.server(concurrency=1, queue=2)
        calls = await self.client()
        held = asyncio.ensure_future(calls.hold("a"))
        await one.heard("held a")
        cancelled = asyncio.ensure_future(calls.hold("b"))
        await asyncio.sleep(0)
        cancelled.cancel()
        await self.overtaken(calls, one, held)
        self.assertEqual(one.news.count("held b"), 0)

    async def overtaken(self, calls: Any, one: ServerProgram, held: Awaitable[str]) -> None:
        """Of a queue of two, one place was given up: lets the others run.

        Orders go another way than calls, so the refusal of a third one tells that the server has
        seen what was sent before.
        """
        others = [asyncio.ensure_future(calls.hold(key)) for key in "cd"]
        await asyncio.sleep(0)
        await self.fails("BUSY", calls.hold("e"))
        one.order("release", "a", "")
        await held
        for key in "cd":
            await one.heard(f"held {key}")
            one.order("release", key, "")
        await asyncio.gather(*others)

    async def test_cancel_signal(self) -> None:
        one = await self.server()
        pending = asyncio.ensure_future((await self.client()).hold("a"))
        await one.heard("held a")
        pending.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await pending
        await one.heard("aborted a")

    async def test_close_graceful(self) -> None:
        first = await self.server("first", linger=60_000)
        calls = await self.client()
        running = asyncio.ensure_future(calls.hold("a"))
        await first.heard("held a")
        first.order("close")
        await self.server("second")
        self.assertEqual(await calls.name(), "second")
        first.order("release", "a", "finished")
        self.assertEqual(await running, "finished")
        await first.heard("closed")
        await first.process.wait()

    async def test_stream_items(self) -> None:
        one = await self.server()
        calls = await self.client()
        self.assertEqual([n async for n in calls.numbers(5000)], list(range(5000)))
        self.assertEqual([n async for n in calls.numbers(0)], [])
        await one.heard("numbers ended", 2)
        batches = [batch async for batch in rpc.batches(calls.numbers(5000))]
        self.assertEqual([n for batch in batches for n in batch], list(range(5000)))
        self.assertLess(len(batches), 2500)

    async def test_stream_lazy(self) -> None:
        one = await self.server()
        calls = await self.client()
        calls.numbers(3)
        stream = calls.numbers(3)
        await calls.nothing()
        self.assertEqual(one.news.count("numbers ended"), 0)
        self.assertEqual([n async for n in stream], [0, 1, 2])

    async def test_stream_result(self) -> None:
        await self.server()
        stream = (await self.client()).counted(2)
        self.assertEqual([n async for n in stream], [0, 1])
        self.assertEqual(stream.result, "2 in all")

    async def test_stream_error(self) -> None:
        await self.server()
        seen = []
        with self.assertRaises(Ended) as ended:
            async for n in (await self.client()).numbers_then_fail(3):
                seen.append(n)  # noqa: PERF401 - those before the error
        self.assertEqual((seen, ended.exception.at), ([0, 1, 2], 3))

    async def test_stream_wrong_item(self) -> None:
        one = await self.server()
        seen = []
        with self.assertRaises(rpc.CallError):
            async for n in (await self.client()).wrong_items():
                seen.append(n)  # noqa: PERF401 - those before the error
        self.assertEqual(seen, [1])
        await one.heard("error in wrongItems")

    async def test_stream_left(self) -> None:
        one = await self.server()
        async for n in (await self.client()).numbers(1_000_000):
            if n == 3:
                break
        await one.heard("numbers ended")

    async def test_stream_left_pending(self) -> None:
        one = await self.server()
        stream: Any = (await self.client()).numbers_then_wait(2)
        self.assertEqual([await anext(stream), await anext(stream)], [0, 1])
        await one.heard("waiting")
        await stream.aclose()
        await one.heard("stream closed")

    async def test_stream_deadline(self) -> None:
        one = await self.server()
        calls = await self.client(timeout=0.05)
        await self.fails("DEADLINE", anext(calls.numbers_then_wait(0)))
        await one.heard("stream closed")

    async def test_stream_gone(self) -> None:
        one = await self.server()
        stream = (await self.client()).numbers_then_wait(3)
        self.assertEqual(await anext(stream), 0)
        await one.heard("waiting")
        await one.kill()
        seen = []
        with self.assertRaises(rpc.ServerGoneError):
            async for n in stream:
                seen.append(n)  # noqa: PERF401 - those before the error
        self.assertEqual(seen, [1, 2])

    async def test_stream_window_and_large_items(self) -> None:
        one = await self.server()
        calls = await self.client()
        stream: Any = calls.chunks(10_000, 10_000)
        self.assertEqual(len(await anext(stream)), 10_000)
        await one.heard("chunk 50")
        await asyncio.gather(*(calls.add(n, 0) for n in range(50)))
        begun = sum(news.startswith("chunk") for news in one.news)
        self.assertLessEqual(begun, 256)
        await stream.aclose()
        size = sum([len(chunk) async for chunk in calls.chunks(4, 2_000_000)])
        self.assertEqual(size, 8_000_000)

    async def test_stream_many(self) -> None:
        await self.server()
        calls = await self.client()

        async def count(n: int) -> int:
            return len([each async for each in calls.numbers(10 * n)])

        counts = await asyncio.gather(*(count(n) for n in range(100)))
        self.assertEqual(counts, [10 * n for n in range(100)])

    async def test_input_items(self) -> None:
        await self.server()
        calls: Any = await self.client()
        self.assertEqual(await calls.sum(_upto(10_000)), 49_995_000)
        self.assertEqual(await calls.sum([]), 0)
        self.assertEqual(await calls.sum(input=range(41)), 820)
        with self.assertRaises(rpc.InvalidCallError):
            await calls.sum(5)

    async def test_input_left(self) -> None:
        await self.server()
        ended = asyncio.Event()

        async def endless() -> AsyncIterator[int]:
            n = 0
            try:
                while True:
                    yield n
                    n += 1
            finally:
                ended.set()

        self.assertEqual(await (await self.client()).sum_some(4, endless()), 6)
        await asyncio.wait_for(ended.wait(), PATIENCE)

    async def test_input_wrong_item_and_throws(self) -> None:
        await self.server()
        calls: Any = await self.client()
        await self.fails("INVALID_ARGUMENT", calls.sum([1, "two"]))
        reason = RuntimeError("no more")

        async def failing() -> AsyncIterator[int]:
            yield 1
            raise reason

        error = await self.fails("INVALID_ARGUMENT", calls.sum(failing()))
        self.assertIs(error.__cause__, reason)
        self.assertEqual(await calls.add(1, 1), 2)

    async def test_input_busy(self) -> None:
        full = await self.server("full", concurrency=1, queue=0, label="full")
        calls = await self.client()
        held = [asyncio.ensure_future(calls.hold("a"))]
        await full.heard("held a")
        free = await self.server("free")
        others = rpc.options(calls, to="!full")
        for key in "bc":
            held.append(asyncio.ensure_future(others.hold(key)))
            await free.heard(f"held {key}")
        self.assertEqual(await calls.sum(_upto(1000)), 499_500)
        full.order("release", "a", "")
        for key in "bc":
            free.order("release", key, "")
        await asyncio.gather(*held)

    async def test_duplex_items(self) -> None:
        await self.server()
        stream = (await self.client()).double(_upto(3000))
        self.assertEqual([n async for n in stream], [2 * n for n in range(3000)])

    async def test_property_get_set_conflict_refused(self) -> None:
        one = await self.server("its title")
        calls = await self.client()
        self.assertEqual(await calls.title.get(), "its title")
        version = await calls.level.set(5)
        self.assertEqual(await calls.level.set(5000), version + 1)
        self.assertEqual(await calls.level.get(), 1000)
        error = await self.fails("HANDLER_FAILED", calls.level.set(13))
        self.assertIn("refused", str(error))
        await self.fails("INVALID_ARGUMENT", calls.level.set(-1))
        await one.obeys("level", "4")
        await self.fails("CONFLICT", calls.level.set(6, if_version=version + 1))
        self.assertEqual(await calls.level.get(), 4)
        self.assertEqual(await calls.level.set(6, if_version=version + 2), version + 3)

    async def test_property_watch(self) -> None:
        one = await self.server()
        seen = []
        async for value in (await self.client()).level:
            seen.append(value)
            if value == 4:
                break
            one.order("level", str(value + 1))
        self.assertEqual(seen, [1, 2, 3, 4])

    async def test_property_newest(self) -> None:
        one = await self.server()
        calls = await self.client()
        watch = aiter(calls.level)
        last = await anext(watch)
        for value in range(2, 201):
            one.order("level", str(value))
        await one.heard("done level", 199)
        self.assertEqual(await calls.level.get(), 200)
        count = 0
        while last < 200:
            value = await anext(watch)
            self.assertGreater(value, last)
            last = value
            count += 1
        self.assertLess(count, 199)

    async def test_property_next_server(self) -> None:
        first = await self.server()
        watch = aiter((await self.client()).level)
        self.assertEqual(await anext(watch), 1)
        await first.obeys("level", "9")
        self.assertEqual(await anext(watch), 9)
        await first.kill()
        await self.server()
        self.assertEqual(await anext(watch), 1)

    async def test_signal_all_listeners_in_order(self) -> None:
        await self.server()
        calls = await self.client()
        listeners = [aiter(calls.tick), aiter(calls.tick)]
        for each in listeners:
            each.begin()
            await each.active.wait()
        for n in range(20):
            await calls.emit_tick(n)
        for each in listeners:
            self.assertEqual([(await anext(each)).n for _ in range(20)], list(range(20)))
        await listeners[0].aclose()
        (stats,) = await rpc.stats(calls)
        while any(each.subscribers > 1 for each in stats.members):
            (stats,) = await rpc.stats(calls)

    async def test_signal_next_server_and_all_servers(self) -> None:
        first = await self.server("first")
        calls = await self.client()
        one, every = aiter(calls.tick), rpc.all_signals(calls.tick)
        for each in (one, every):
            each.begin()
        while sum(each.subscribers for each in (await rpc.stats(calls))[0].members) < 1:
            pass
        second = await self.server("second")
        seen: set[int] = set()
        while len(seen) < 2:
            first.order("tick", "1")
            second.order("tick", "2")
            seen.add((await anext(every)).n)
        await first.kill()
        ticks = asyncio.create_task(_again(second, "tick", "3"))
        while (await anext(one)).n != 3:
            pass
        ticks.cancel()

    async def test_all_answers_and_nobody(self) -> None:
        calls = await self.client()
        self.assertEqual([each async for each in rpc.all_of(calls.name)], [])
        await self.server("a")
        full = await self.server("b", concurrency=1, queue=0, label="full")
        held = asyncio.ensure_future(rpc.options(calls, to="full").hold("x"))
        await full.heard("held x")
        answers = [each async for each in rpc.all_of(calls.name)]
        codes = [each.value if each.error is None else each.error.code for each in answers]
        self.assertEqual(sorted(codes), ["BUSY", "a"])
        full.order("release", "x", "")
        await held

    async def test_all_death_and_left(self) -> None:
        one = await self.server()
        calls = await self.client()
        left = rpc.all_of(calls.hold, "b")
        await one.heard("held b")
        await left.aclose()
        await one.heard("aborted b")
        answers = rpc.all_of(calls.hold, "a")
        await one.heard("held a")
        await one.kill()
        errors = [each.error async for each in answers]
        self.assertEqual([each.code for each in errors if each is not None], ["PEER_GONE"])

    async def test_one_least_busy(self) -> None:
        a = await self.server("a", label="a")
        await self.server("b")
        calls = await self.client()
        self.assertEqual({await calls.name(), await calls.name()}, {"a", "b"})
        held = asyncio.ensure_future(rpc.options(calls, to="a").hold("x"))
        await a.heard("held x")
        self.assertEqual([await calls.name() for _ in range(3)], ["b"] * 3)
        a.order("release", "x", "")
        await held

    async def test_sticky_stays(self) -> None:
        servers = {"a": await self.server("a"), "b": await self.server("b")}
        calls = rpc.sticky(await self.client())
        name = await calls.name()
        self.assertEqual({await calls.name() for _ in range(5)}, {name})
        await servers[name].kill()
        other = await calls.name()
        self.assertNotEqual(other, name)
        self.assertEqual(await calls.name(), other)

    async def test_first_hedges(self) -> None:
        a, b = await self.server("a"), await self.server("b")
        calls = await self.client()
        answer = asyncio.ensure_future(rpc.first_of(calls.hold_again, "x"))
        await a.heard("held x")
        await b.heard("held x")
        b.order("release", "x", "from b")
        self.assertEqual(await answer, "from b")
        await a.heard("aborted x")
        with self.assertRaises(rpc.InvalidCallError):
            await rpc.first_of(calls.hold, "x")

    async def test_nested_cancel_and_deadline(self) -> None:
        class Waiting(Backend):
            def __init__(self) -> None:
                self.started = asyncio.Event()
                self.aborted = asyncio.Event()

            async def wait(self) -> str:
                self.started.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    self.aborted.set()
                return ""

            async def time_left(self) -> float:
                remaining = rpc.current_call().remaining
                return 0 if remaining is None else remaining * 1000

        backend = Waiting()
        await self.serve_here(backend)
        await self.server()
        calls = await self.client()
        left = float(await rpc.options(calls, timeout=30.0).nested("left"))
        self.assertTrue(0 < left <= 30_001, str(left))
        pending = asyncio.ensure_future(calls.nested("wait"))
        await asyncio.wait_for(backend.started.wait(), PATIENCE)
        pending.cancel()
        await asyncio.wait_for(backend.aborted.wait(), PATIENCE)

    async def test_about(self) -> None:
        one = await self.server(concurrency=1, queue=0)
        calls = await self.client()
        (model,) = await rpc.describe(calls)
        self.assertEqual(model, rpc.model(Conformance))
        await calls.add(1, 1)
        await self.fails("HANDLER_FAILED", calls.fail("sync"))
        await self.fails("", calls.fail("declared"))
        held = asyncio.ensure_future(calls.hold("a"))
        await one.heard("held a")
        await rpc.ping(calls)
        (stats,) = await rpc.stats(calls)
        self.assertEqual((stats.interface, stats.running), ("com.example.conformance", 1))
        counts = {each.name: (each.calls, each.failures) for each in stats.members}
        self.assertEqual((counts["add"], counts["fail"]), ((1, 0), (2, 1)))
        one.order("release", "a", "")
        await held

    async def test_region_result(self) -> None:
        await self.server()
        with await (await self.client()).region(10_000) as region:
            with region.view() as view:
                self.assertEqual((region.size, view[9999]), (10_000, 3))
            while region.references > 1:
                await asyncio.sleep(0)
            self.assertEqual(region.references, 1)

    async def test_region_argument_give_keep(self) -> None:
        one = await self.server()
        calls = await self.client()
        with busbar.MemoryRegion.create(4096) as region:
            with region.view() as view:
                view[:] = b"\x01" * 4096
            self.assertEqual(await calls.weigh(region, False), 4096)
            while region.references > 1:
                await asyncio.sleep(0)
        given = busbar.MemoryRegion.create(4096)
        self.assertEqual(await rpc.options(calls, give=True).weigh(given, True), 0)
        self.assertTrue(given.released)
        await one.heard("kept 4096")

    async def test_region_items(self) -> None:
        await self.server()
        count = 0
        async for frame in (await self.client()).regions(40):
            self.assertEqual(frame.region.size, 4096)
            frame.region.release()
            count += 1
        self.assertEqual(count, 40)

    async def test_region_foreign_and_object_result(self) -> None:
        await self.server()
        calls: Any = await self.client()
        error = await self.fails("INVALID_ARGUMENT", calls.weigh({}, False))
        self.assertIn("region", str(error))
        with await calls.object() as found:
            self.assertGreaterEqual(found.fileno(), 0)

    async def test_attachment_late(self) -> None:
        one = await self.server()
        calls = await self.client()
        before = await calls.holdings()
        for _ in range(30):
            late = asyncio.ensure_future(calls.region(4096))
            await asyncio.sleep(0)
            late.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                (await late).release()
            stream: Any = calls.regions(100)
            (await anext(stream)).region.release()
            await stream.aclose()
        while await calls.holdings() > before + 4:
            await calls.nothing()
        self.assertEqual(one.news.count("error in regions"), 0)


async def _upto(count: int) -> AsyncIterator[int]:
    for n in range(count):
        if n % 10 == 0:
            await asyncio.sleep(0)
        yield n


async def _again(server: ServerProgram, *order: str) -> None:
    while True:
        server.order(*order)
        await asyncio.sleep(0.005)


# What payloads have a part in.
IN_JSON = ("call", "argument", "error", "stream", "input", "duplex", "property", "region")


def in_json(cls: type[Any]) -> type[Any]:
    """Calls in JSON, and leaves out what is the same in both codecs."""
    cls.json = True
    for name in dir(cls):
        if name.startswith("test_") and not name.removeprefix("test_").startswith(IN_JSON):
            setattr(cls, name, None)
    return cls
