"""The interface of the conformance list, test/layers/conformance/interface.ts, and a server of it.
As a program, conformance.py <json>, it serves, prints what happens and follows orders; both are
lines of JSON, as in server-program.ts."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any

import busbar
from busbar import rpc, wire


@dataclass
class TooBig(rpc.DeclaredError):
    limit: rpc.U32


@dataclass
class Ended(rpc.DeclaredError):
    at: rpc.U32


@dataclass(slots=True)
class Caller(rpc.Inline):
    id: float
    pid: float


@dataclass(slots=True)
class Tick(rpc.Inline):
    n: rpc.U32


@dataclass(slots=True)
class Frame(rpc.Inline):
    region: busbar.MemoryRegion


class Conformance(rpc.Interface, name="com.example.conformance", version="1.0"):
    level: rpc.WritableProperty[rpc.U32]
    title: rpc.Property[str]
    tick: rpc.Signal[Tick]

    @rpc.method(idempotent=True)
    async def add(self, a: float, b: float) -> float:
        raise NotImplementedError

    @rpc.method(idempotent=True)
    async def echo(self, value: Any) -> Any:
        raise NotImplementedError

    @rpc.method()
    async def optional(self, n: rpc.U32 = 7) -> rpc.U32:
        raise NotImplementedError

    @rpc.method()
    async def nothing(self) -> None:
        raise NotImplementedError

    @rpc.method(idempotent=True)
    async def name(self) -> str:
        raise NotImplementedError

    @rpc.method(errors=[TooBig])
    async def fail(self, how: str) -> bool:
        raise NotImplementedError

    @rpc.method("wrongResult")
    async def wrong_result(self) -> rpc.U32:
        raise NotImplementedError

    @rpc.method()
    async def hold(self, key: str) -> str:
        raise NotImplementedError

    @rpc.method("holdAgain", idempotent=True)
    async def hold_again(self, key: str) -> str:
        raise NotImplementedError

    @rpc.method()
    async def stubborn(self) -> None:
        raise NotImplementedError

    @rpc.method("timeLeft")
    async def time_left(self) -> float:
        raise NotImplementedError

    @rpc.method()
    async def attempt(self) -> rpc.U32:
        raise NotImplementedError

    @rpc.method()
    async def caller(self) -> Caller:
        raise NotImplementedError

    @rpc.method()
    async def nested(self, how: str) -> str:
        raise NotImplementedError

    @rpc.method()
    async def big(self, size: rpc.U32) -> bytes:
        raise NotImplementedError

    @rpc.method()
    def numbers(self, count: rpc.U32) -> AsyncIterator[rpc.U32]:
        raise NotImplementedError

    @rpc.method("numbersThenFail", errors=[Ended])
    def numbers_then_fail(self, count: rpc.U32) -> AsyncIterator[rpc.U32]:
        raise NotImplementedError

    @rpc.method()
    def chunks(self, count: rpc.U32, size: rpc.U32) -> AsyncIterator[bytes]:
        raise NotImplementedError

    @rpc.method("numbersThenWait")
    def numbers_then_wait(self, count: rpc.U32) -> AsyncIterator[rpc.U32]:
        raise NotImplementedError

    @rpc.method("wrongItems")
    def wrong_items(self) -> AsyncIterator[rpc.U32]:
        raise NotImplementedError

    @rpc.method()
    def counted(self, count: rpc.U32) -> rpc.ResultStream[rpc.U32, str]:
        raise NotImplementedError

    @rpc.method()
    async def sum(self, input: AsyncIterable[rpc.U32]) -> float:
        raise NotImplementedError

    @rpc.method("sumSome")
    async def sum_some(self, count: rpc.U32, input: AsyncIterable[rpc.U32]) -> float:
        raise NotImplementedError

    @rpc.method()
    def double(self, input: AsyncIterable[rpc.U32]) -> AsyncIterator[rpc.U32]:
        raise NotImplementedError

    @rpc.method("emitTick")
    async def emit_tick(self, n: rpc.U32) -> None:
        raise NotImplementedError

    @rpc.method("putLevel")
    async def put_level(self, value: rpc.U32) -> None:
        raise NotImplementedError

    @rpc.method()
    async def region(self, size: rpc.U32) -> busbar.MemoryRegion:
        raise NotImplementedError

    @rpc.method()
    async def weigh(self, region: busbar.MemoryRegion, keep: bool) -> rpc.U32:
        raise NotImplementedError

    @rpc.method()
    def regions(self, count: rpc.U32) -> AsyncIterator[Frame]:
        raise NotImplementedError

    @rpc.method()
    async def object(self) -> busbar.KernelObject:
        raise NotImplementedError

    @rpc.method()
    async def holdings(self) -> rpc.U32:
        raise NotImplementedError


class Backend(rpc.Interface, name="com.example.backend", version="1.0"):
    """What the server calls on behalf of its callers."""

    @rpc.method()
    async def wait(self) -> str:
        raise NotImplementedError

    @rpc.method("timeLeft")
    async def time_left(self) -> float:
        raise NotImplementedError


class Newer(rpc.Interface, name="com.example.conformance", version="1.7"):
    """The same with a method that no server has: a client of a newer minor version."""

    @rpc.method()
    async def later(self) -> bool:
        raise NotImplementedError

    @rpc.method()
    async def name(self) -> str:
        raise NotImplementedError


class Other(rpc.Interface, name="com.example.conformance", version="2.0"):
    """Another major version, which is another interface."""

    @rpc.method()
    async def name(self) -> str:
        raise NotImplementedError


def tell(news: str) -> None:
    """Tells the test."""
    print(json.dumps(news), flush=True)


class Implementation(Conformance):
    """What the conformance list calls. It tells its test what happens in it."""

    def __init__(self, name: str) -> None:
        self.own_name = name
        self.held: dict[str, asyncio.Future[str]] = {}

    async def add(self, a: float, b: float) -> float:
        return a + b

    async def echo(self, value: Any) -> Any:
        return value

    async def optional(self, n: int = 7) -> int:
        return n

    async def nothing(self) -> None:
        tell("nothing")

    async def name(self) -> str:
        return self.own_name

    async def fail(self, how: str) -> bool:
        if how == "declared":
            raise TooBig(9).because("it is too big")
        if how == "forged":
            raise rpc.ServerGoneError("forged")
        if how == "data":
            raise TooBig("much")  # type: ignore[arg-type]
        if how == "async":
            await asyncio.sleep(0)
            raise TypeError("later")
        if how == "nothing":
            raise RuntimeError
        raise ValueError("undeclared")

    async def wrong_result(self) -> int:
        return "text"  # type: ignore[return-value]

    async def hold(self, key: str) -> str:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.held[key] = future
        tell(f"held {key}")
        try:
            return await future
        except asyncio.CancelledError:
            tell(f"aborted {key}")
            raise

    async def hold_again(self, key: str) -> str:
        return await self.hold(key)

    async def stubborn(self) -> None:
        tell("stubborn")
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    async def time_left(self) -> float:
        remaining = rpc.current_call().remaining
        return 1e9 if remaining is None else remaining * 1000

    async def attempt(self) -> int:
        return rpc.current_call().attempt

    async def caller(self) -> Caller:
        sender = rpc.current_call().sender
        return Caller(sender.id, sender.pid)

    async def nested(self, how: str) -> str:
        backend = rpc.current_call().client(Backend)
        return await backend.wait() if how == "wait" else str(await backend.time_left())

    async def big(self, size: int) -> bytes:
        return b"\x07" * size

    async def numbers(self, count: int) -> AsyncIterator[int]:
        try:
            for n in range(count):
                yield n
        finally:
            tell("numbers ended")

    async def numbers_then_fail(self, count: int) -> AsyncIterator[int]:
        for n in range(count):
            yield n
        raise Ended(count)

    async def chunks(self, count: int, size: int) -> AsyncIterator[bytes]:
        for n in range(count):
            tell(f"chunk {n}")
            yield bytes([n % 256]) * size

    async def numbers_then_wait(self, count: int) -> AsyncIterator[int]:
        try:
            for n in range(count):
                yield n
            tell("waiting")
            await asyncio.Event().wait()
        finally:
            tell("stream closed")

    async def wrong_items(self) -> AsyncIterator[int]:
        yield 1
        yield "two"  # type: ignore[misc]

    def counted(self, count: int) -> rpc.ResultStream[int, str]:
        async def items() -> AsyncIterator[int]:
            for n in range(count):
                yield n

        return rpc.ResultStream(items(), lambda: f"{count} in all")

    async def sum(self, input: AsyncIterable[int]) -> float:
        return float(sum([each async for each in input]))

    async def sum_some(self, count: int, input: AsyncIterable[int]) -> float:
        total = seen = 0
        async for each in input:
            total += each
            seen += 1
            if seen == count:
                break
        return total

    async def double(self, input: AsyncIterable[int]) -> AsyncIterator[int]:
        async for each in input:
            yield 2 * each

    async def emit_tick(self, n: int) -> None:
        self.tick.emit(Tick(n))

    async def put_level(self, value: int) -> None:
        self.level.publish(value)

    async def region(self, size: int) -> busbar.MemoryRegion:
        region = busbar.MemoryRegion.create(size)
        with region.view() as view:
            view[:] = b"\x03" * size
        return region

    async def weigh(self, region: busbar.MemoryRegion, keep: bool) -> int:
        with region.view() as view:
            weight = sum(view)
        if keep:
            rpc.current_call().keep()
            asyncio.get_running_loop().call_soon(self._release, region)
        return weight

    def _release(self, region: busbar.MemoryRegion) -> None:
        tell(f"kept {region.size}")
        region.release()

    async def regions(self, count: int) -> AsyncIterator[Frame]:
        for _ in range(count):
            with busbar.MemoryRegion.create(4096) as region:
                yield Frame(region)

    async def object(self) -> busbar.KernelObject:
        return busbar.KernelObject(os.dup(0))

    async def holdings(self) -> int:
        return len(os.listdir("/proc/self/fd"))


def level(value: int) -> int:
    """What becomes of a level that a client sets."""
    if value == 13:
        raise ValueError("13 is refused")
    return min(value, 1000)


_OPTIONS = {"concurrency": "concurrency", "queue": "queue", "perCaller": "per_caller"}
_NAMES = {each.attribute: each.name for each in Conformance.busbar.all}


async def close(service: rpc.Service[Implementation]) -> None:
    """Closes the service, and ends the process."""
    await service.close()
    tell("closed")
    os._exit(0)


async def serve_on_wire(
    given: dict[str, Any], implementation: Implementation, limits: rpc.Limits, usual: Any
) -> rpc.Service[Implementation]:
    """Serves over a wire, as server-wire.ts names it."""
    token = given.get("options", {}).get("token")
    own: dict[str, Any] = {} if token is None else {"token": token}
    if given["wire"] == "stdio":
        return await wire.serve(wire.stdio(), implementation, call_limits=limits, **usual, **own)
    is_tcp = given["wire"] == "tcp"
    listener = wire.listen(wire.tcp(0) if is_tcp else wire.unix(given["path"]))
    service = await wire.serve(listener, implementation, call_limits=limits, **usual, **own)
    if is_tcp:
        tell(f"port {listener.port}")
    return service


async def main(name: str, place: str | dict[str, Any], options: dict[str, Any]) -> None:
    """Serves, and follows orders until it is told to close."""
    implementation = Implementation(name)
    found = {_OPTIONS[key]: value for key, value in options.items() if key in _OPTIONS}
    limits = rpc.Limits(**found)
    usual: dict[str, Any] = {
        "properties": {"level": 1, "title": name},
        "on_set": {"level": level},
        "error_messages": options.get("errorMessages") != "hide",
        "on_error": lambda _, method: tell(f"error in {_NAMES[method]}"),
        "linger": options.get("linger", 5000) / 1000,
    }
    if isinstance(place, str):
        label = options.get("label", ())
        service = await rpc.serve(place, implementation, label=label, limits=limits, **usual)
    else:
        service = await serve_on_wire(place, implementation, limits, usual)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tell("serving")
    closing: asyncio.Task[None] | None = None
    while line := await reader.readline():
        order: list[str] = json.loads(line)
        what, argument, value = (*order, "", "")[:3]
        if what == "release":
            held = implementation.held.pop(argument, None)
            if held is not None and not held.done():
                held.set_result(value)
        elif what == "remove":
            service.implement(argument, None)
        elif what == "implement":
            service.implement(argument, lambda value=value: value)
        elif what == "level":
            implementation.level.publish(int(argument))
        elif what == "tick":
            implementation.tick.emit(Tick(int(argument)))
        elif what == "close":
            closing = loop.create_task(close(service))
            continue
        tell(f"done {what}")
    if closing is not None:
        await closing


if __name__ == "__main__":
    start = json.loads(sys.argv[1])
    asyncio.run(main(start["name"], start["place"], start["options"]))
