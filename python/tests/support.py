"""What the tests share: buses of their own, programs in processes of their own, and what a process
holds. Nothing here measures time; a test that waits for ever is ended by its runner."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
import unittest
from pathlib import Path
from typing import Unpack

import busbar
from busbar.joining import Options

TESTS = Path(__file__).resolve().parent
REPOSITORY = TESTS.parent.parent
# Long enough for a machine that does many things at once; only a failing test waits so long.
PATIENCE = 60.0

_buses = itertools.count(1)


def new_bus() -> str:
    """A name for a bus that no other test uses."""
    return f"python-{os.getpid()}-{next(_buses)}"


class Program:
    """A function of programs.py in a process of its own, which speaks in lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        if not line:
            raise AssertionError(f"the program ended with {await self.process.wait()}")
        return line.decode().rstrip("\n")

    def say(self, line: str) -> None:
        """A line for its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")

    async def kill(self) -> None:
        """Kills it with SIGKILL, and waits for its end."""
        self.process.kill()
        await self.process.wait()


class BusTest(unittest.IsolatedAsyncioTestCase):
    """A test with a bus of its own. Endpoints and programs end with it."""

    async def asyncSetUp(self) -> None:
        self.bus = new_bus()

    async def join(self, labels: str = "", **options: Unpack[Options]) -> busbar.Endpoint:
        """Joins in this process."""
        if labels:
            options["label"] = labels.split()
        endpoint = await busbar.join(self.bus, **options)
        self.addAsyncCleanup(self._close, endpoint)
        return endpoint

    async def start(self, function: str, *arguments: str) -> Program:
        """Starts a function of programs.py, and waits until it says that it is ready."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(TESTS / "programs.py"),
            function,
            self.bus,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self.addAsyncCleanup(self._end, process)
        program = Program(process)
        self.assertEqual(await program.line(), "ready")
        return program

    async def _close(self, endpoint: busbar.Endpoint) -> None:
        # Messages that a test leaves are no error.
        with contextlib.suppress(busbar.UndeliveredError):
            await endpoint.close(linger=0)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.kill()
        await process.wait()
        # So that the loop does not find its pipes open when it closes.
        if process.stdin is not None:
            process.stdin.close()
        process._transport.close()  # type: ignore[attr-defined]


def descriptors() -> int:
    """The descriptors that this process has open."""
    return len(os.listdir("/proc/self/fd"))


def shared_mappings() -> int:
    """The mappings of shared memory of this process."""
    with open("/proc/self/maps") as maps:
        return sum("memfd:" in line or "/dev/shm" in line for line in maps)
