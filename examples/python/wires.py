"""Calls without a bus, over TCP. The other side may as well be a program in Node: wires.py."""

import asyncio

from busbar import rpc, wire


class Greeter(rpc.Interface, name="com.example.greeter", version="1.0"):
    @rpc.method()
    async def greet(self, name: str) -> str:
        raise NotImplementedError

    @rpc.method()
    async def hold(self) -> None:
        raise NotImplementedError


class Polite(Greeter):
    async def greet(self, name: str) -> str:
        return f"hello, {name}"

    async def hold(self) -> None:
        await asyncio.Event().wait()


async def main() -> None:
    listener = wire.listen(wire.tcp(0))
    async with wire.serve(listener, Polite(), token="swordfish") as service:
        address = wire.tcp(listener.port or 0)
        async with wire.connect(address, Greeter, token="swordfish") as greeter:
            print(await greeter.greet("network"))
            held = asyncio.ensure_future(greeter.hold())
            await greeter.greet("again")
            await service.close(linger=0)
            try:
                await held
            except rpc.CallError as error:
                print("the service was closed:", error.code in ("CANCELLED", "PEER_GONE"))
        try:
            await wire.connect(wire.tcp(1), Greeter)
        except wire.WireError as error:
            print("nobody listens:", error.code)


asyncio.run(main())
