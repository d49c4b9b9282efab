"""The conformance list with clients in Python over wires, with servers in Python and Node."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import unittest
from typing import Any, ClassVar

import behaviours
from behaviours import NODE_PROGRAM, ServerProgram
from support import TESTS

import busbar
from busbar import rpc, wire

# What needs several servers, one that comes later, or objects and regions.
OF_BUSES = (
    *("nobody_waits", "nobody_deadline", "nobody_to", "busy_elsewhere", "close_graceful"),
    *("gone_idempotent_and_not", "gone_others_go_on", "input_busy", "property_next_server"),
    *("signal_next_server_and_all_servers", "all_answers_and_nobody", "one_least_busy"),
    *("sticky_stays", "first_hedges", "region_result", "region_argument_give_keep"),
    *("region_items", "region_foreign_and_object_result", "attachment_late"),
)


def over_wire(cls: type[Any]) -> type[Any]:
    """Leaves out what a wire does not have."""
    for name in OF_BUSES:
        assert hasattr(cls, f"test_{name}"), name
        setattr(cls, f"test_{name}", None)
    return cls


@over_wire
class OnWire(behaviours.Behaviours):
    """The list over a Unix socket."""

    caller_pid = 0

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.path = f"{folder}/wire"
        # Clients of one test share its wire.
        self.address = wire.unix(self.path)
        self.waiting: list[Any] = []

    def place(self) -> Any:
        return {"wire": "unix", "path": self.path, "options": {}}

    async def connected(self, interface: type[Any]) -> Any:
        client = await wire.connect(self.address, interface)
        while self.waiting:
            service = await wire.serve(self.address, self.waiting.pop())
            self.addAsyncCleanup(service.close, linger=0)
        return client

    async def serve_here(self, implementation: Any) -> None:
        self.waiting.append(implementation)

    async def test_attachments_are_refused(self) -> None:
        await self.server()
        calls = await self.client()
        await self.fails("UNSUPPORTED_ATTACHMENT", calls.region(4096))
        with busbar.MemoryRegion.create(4096) as region:
            await self.fails("INVALID_ARGUMENT", calls.weigh(region, False))

    async def test_to_is_a_peer(self) -> None:
        await self.server()
        calls = await self.client()
        with self.assertRaises(rpc.InvalidCallError):
            rpc.options(calls, to="kitchen")

    async def test_the_end_of_the_wire_is_the_cause(self) -> None:
        one: ServerProgram = await self.server()
        calls = await self.client()
        held = asyncio.ensure_future(calls.hold("a"))
        await one.heard("held a")
        await one.kill()
        error = await self.fails("PEER_GONE", held)
        self.assertIsInstance(error.__cause__, wire.WireError)
        self.assertEqual(getattr(error.__cause__, "code", ""), "WIRE_CUT")
        await self.fails("CLOSED", calls.name())


class PythonServers(OnWire):
    """Servers in Python."""

    command: ClassVar[list[str]] = [sys.executable, str(TESTS / "conformance.py")]


@unittest.skipIf(shutil.which("node") is None or not NODE_PROGRAM.exists(), "needs compiled tests")
class NodeServers(OnWire):
    """Servers in Node."""

    command: ClassVar[list[str]] = [shutil.which("node") or "", str(NODE_PROGRAM)]


del OnWire

if __name__ == "__main__":
    unittest.main()
