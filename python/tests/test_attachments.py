"""Kernel objects and memory regions: what travels, who owns it, and that nothing is left."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import unittest

from support import PATIENCE, BusTest, descriptors, shared_mappings

import busbar


class Objects(BusTest):
    async def test_descriptors_travel_and_have_owners(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        here, there = socket.socketpair()
        with here:
            earth.send("moon", "a socket", objects=[there])
            # They stay the sender's, who may close them at once.
            there.close()
            message = await moon.recv(timeout=PATIENCE)
            (object_,) = message.objects
            with socket.socket(fileno=object_.take()) as arrived:
                arrived.sendall(b"through the bus")
                self.assertEqual(here.recv(100), b"through the bus")
            self.assertTrue(object_.closed)
            with self.assertRaises(busbar.ClosedError):
                object_.fileno()
            object_.close()

    async def test_an_object_is_closed_with_its_message(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        for _ in range(3):
            earth.send("moon", "a pipe", objects=[write])
        os.close(write)
        closed = await moon.recv(timeout=PATIENCE)
        kept = (await moon.recv(timeout=PATIENCE)).keep()
        with await moon.recv(timeout=PATIENCE) as last:
            os.write(last.objects[0].fileno(), b"x")
        self.assertTrue(closed.objects[0].closed)
        self.assertFalse(kept.objects[0].closed)
        self.assertTrue(last.objects[0].closed)
        self.assertEqual(os.read(read, 10), b"x")
        kept.close()
        # Nobody has the other end any more.
        self.assertEqual(os.read(read, 10), b"")

    async def test_objects_that_are_none(self) -> None:
        earth = await self.join("earth")
        read, write = os.pipe()
        os.close(read)
        os.close(write)
        with self.assertRaises(busbar.BusError):
            earth.send("earth", "x", objects=[read])
        closed = socket.socket()
        closed.close()
        with self.assertRaises(busbar.InvalidArgumentError):
            earth.send("earth", "x", objects=[closed])
        with self.assertRaises(busbar.LimitExceededError):
            earth.send("earth", "x", objects=[0] * 254)
        with self.assertRaises(busbar.InvalidArgumentError):
            busbar.KernelObject(-1)

    async def test_attachments_of_a_killed_sender(self) -> None:
        moon = await self.join("moon")
        sender = await self.start("fill", "moon")
        message = await moon.recv(timeout=PATIENCE)
        await sender.kill()
        with message:
            self.assertEqual(os.read(message.objects[0].fileno(), 100), b"in the pipe")
            (region,) = message.regions
            self.assertEqual(bytes(region.view(0, 5)), b"hello")


class Regions(BusTest):
    async def test_both_sides_see_the_same_bytes(self) -> None:
        earth = await self.join("earth")
        await self.start("echo", "moon")
        with busbar.MemoryRegion.create(1 << 16) as region:
            self.assertEqual((region.size, len(region), region.byte_offset), (65536, 65536, 0))
            with region.view() as view:
                view[100:105] = b"hello"
            earth.send("moon", "frames", regions=[region, region.range(100, 5)])
            with await earth.recv(timeout=PATIENCE) as back:
                whole, part = back.regions
                self.assertEqual(whole.id, region.id)
                self.assertEqual((part.size, part.byte_offset), (5, 100))
                self.assertEqual(bytes(part.view()), b"hello")
                self.assertEqual(bytes(part.view(1, 3)), b"ell")
                part.view()[0] = ord("J")
                self.assertEqual(bytes(region.view(100, 5)), b"Jello")
                # A part of a part.
                earth.send("earth", "inner", regions=[part.range(1, 3)])
            with await earth.recv(timeout=PATIENCE) as inner:
                self.assertEqual(bytes(inner.regions[0].view()), b"ell")
                self.assertEqual(inner.regions[0].byte_offset, 101)

    async def test_read_only_regions(self) -> None:
        earth = await self.join("earth")
        moon = await self.join("moon")
        with busbar.MemoryRegion.create(4096, read_only=True) as region:
            self.assertFalse(region.read_only)
            region.view()[:2] = b"ro"
            earth.send("moon", "x", regions=[region])
            with await moon.recv(timeout=PATIENCE) as message:
                self.assertEqual(bytes(message.regions[0].view(0, 2)), b"ro")

    def test_a_view_keeps_the_memory(self) -> None:
        before = shared_mappings()
        region = busbar.MemoryRegion.create(1 << 20)
        view = region.view()
        part = view[10:20]
        region.release()
        region.release()
        self.assertTrue(region.released)
        self.assertEqual(region.references, 0)
        part[:] = b"0123456789"
        mapped = shared_mappings()
        view.release()
        self.assertEqual(shared_mappings(), mapped)
        self.assertEqual(bytes(part), b"0123456789")
        part.release()
        self.assertEqual(shared_mappings(), before)
        with self.assertRaises(busbar.ClosedError):
            region.view()

    def test_duplicates(self) -> None:
        region = busbar.MemoryRegion.create(4096)
        with region.duplicate() as other:
            self.assertEqual(region.references, 2)
            region.release()
            other.view()[0] = 1
            self.assertEqual(other.references, 1)

    def test_bad_arguments(self) -> None:
        for size in (0, -1, (1 << 32) + 1, "x", 1.5):
            with self.assertRaises(busbar.InvalidArgumentError):
                busbar.MemoryRegion.create(size)  # type: ignore[arg-type]
        with busbar.MemoryRegion.create(100) as region:
            for offset, length in ((0, 101), (100, None), (-1, 5), (50, 51), (0, 0)):
                with self.assertRaises(busbar.InvalidArgumentError):
                    region.view(offset, length)
            with self.assertRaises(busbar.InvalidArgumentError):
                region.range(90, 11)

    def test_registry(self) -> None:
        with busbar.MemoryRegistry(max_bytes=1 << 20, idle=3600) as registry:
            first = registry.alloc(10_000, tag="frames")
            number = first.id
            with self.assertRaises(busbar.LimitExceededError):
                registry.alloc(1 << 20)
            first.release()
            with registry.alloc(9_000, tag="frames") as again:
                self.assertEqual(again.id, number)
                self.assertEqual(registry.stats.in_use, 1)
                self.assertEqual(registry.stats.reused, 1)
            self.assertEqual(registry.maintain(), 0)
        with self.assertRaises(busbar.ClosedError):
            registry.alloc(1)


class Leaks(BusTest):
    async def holds_no_more(self, before: tuple[int, int]) -> None:
        """Waits until this process holds what it held before: the control thread of an endpoint
        gives back in its own time. If it never does, the end of the test run fails."""
        while descriptors() > before[0] or shared_mappings() > before[1]:
            await asyncio.sleep(0.001)

    async def round(self) -> None:
        """Joins, sends everything, and leaves."""
        async with (
            busbar.join(self.bus, label="earth") as earth,
            busbar.join(self.bus, label="moon") as moon,
        ):
            earth.on(busbar.events.PeerJoined, lambda _: None)
            with busbar.MemoryRegion.create(1 << 16) as region:
                read, write = os.pipe()
                earth.send("moon", "x", regions=[region], objects=[read, write])
                message = await moon.recv(timeout=PATIENCE)
                message.regions[0].view()[0] = 1
                waiting = asyncio.create_task(moon.recv())
                delivery = asyncio.create_task(earth.deliver("moon", "y", timeout=PATIENCE))
                await waiting
                await delivery
                earth.send("moon", "never received", regions=[region], objects=[read, write])
                os.close(read)
                os.close(write)
            await earth.wait_for("moon & !mars", timeout=PATIENCE)

    async def test_rounds_leave_nothing(self) -> None:
        # Keeps the bus, so that only the rounds differ.
        await self.join("watcher")
        for _ in range(3):
            await self.round()
        gc.collect()
        before = (descriptors(), shared_mappings())
        for _ in range(50):
            await self.round()
        gc.collect()
        await self.holds_no_more(before)

    async def test_messages_leave_nothing(self) -> None:
        earth = await self.join("earth")
        await self.start("echo", "moon")

        async def exchange() -> None:
            with busbar.MemoryRegion.create(1 << 14) as region:
                read, write = os.pipe()
                earth.send("moon", "x", regions=[region], objects=[read, write])
                os.close(read)
                os.close(write)
            with await earth.recv(timeout=PATIENCE) as message:
                message.regions[0].view()[0] = 1

        # An endpoint knows the last 64 regions that went to each receiver.
        for _ in range(100):
            await exchange()
        before = (descriptors(), shared_mappings())
        for _ in range(1000):
            await exchange()
        await self.holds_no_more(before)


if __name__ == "__main__":
    unittest.main()
