"""Memory regions: shared memory with counted references, attached to messages without a copy."""

from __future__ import annotations

import ctypes
import weakref
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from . import _declarations as c
from ._library import lib
from .errors import ClosedError, InvalidArgumentError, error_of

MAX_REGION_BYTES = 1 << 32


@dataclass(frozen=True, slots=True)
class RegionRange:
    """A part of a region, to be sent instead of the whole; made by `MemoryRegion.range`."""

    region: MemoryRegion
    offset: int
    """Bytes from the beginning of `region`."""
    length: int
    """Bytes."""


class MemoryRegion:
    """A counted reference to shared memory, or to a part of it, that goes to other processes
    without being copied. All holders see the same bytes at once, so agree on who writes when.

    The reference is held until `release()`, the end of a `with` or garbage collection, and while a
    view of it exists. Once no process holds a reference, the memory goes back to the system or to
    its registry; a process that dies releases all of its references. Sending leaves the sender its
    reference; each receiver gets one of its own.

        with MemoryRegion.create(8 << 20) as frame:
            frame.view()[:] = picture
            endpoint.send("viewer", "a frame", regions=[frame])
    """

    __slots__ = ("__weakref__", "_finalizer", "_handle", "_offset", "_size")

    def __init__(self, handle: int, offset: int, size: int) -> None:
        """Not for programs: `create` and `MemoryRegistry.alloc` make regions."""
        self._handle = handle
        self._offset = offset
        self._size = size
        self._finalizer = weakref.finalize(self, lib.busbar_region_free, handle)
        # The end of the process releases what it holds.
        self._finalizer.atexit = False

    @classmethod
    def create(cls, size: int, *, read_only: bool = False) -> Self:
        """Allocates `size` bytes of zeroed memory, 1 to 4 GiB. `read_only`: receivers can only read
        it, and the kernel refuses them everything else. A program that allocates often should use a
        MemoryRegistry.

        Raises InvalidArgumentError, OutOfMemoryError, OutOfDescriptorsError."""
        _check_size(size)
        handle = ctypes.c_void_p()
        flags = c.REGION_READ_ONLY if read_only else 0
        status = lib.busbar_region_create(size, flags, ctypes.byref(handle))
        if status != c.OK or handle.value is None:
            raise error_of(status, f"a region of {size} bytes")
        return cls(handle.value, 0, size)

    @property
    def id(self) -> int:
        """A random number that identifies the memory; the same in all processes."""
        number: int = lib.busbar_region_id(self._held())
        return number

    @property
    def size(self) -> int:
        """Bytes that this object covers: all of the memory, or the part that was sent."""
        return self._size

    @property
    def byte_offset(self) -> int:
        """Where in the memory they begin: 0 unless a part was sent."""
        return self._offset

    @property
    def read_only(self) -> bool:
        """Whether the sender allowed only reading."""
        writable: int = lib.busbar_region_is_writable(self._held())
        return writable == 0

    @property
    def references(self) -> int:
        """References of all processes, including messages in flight and views; 0 after
        `release()`. Outdated at once."""
        if self.released:
            return 0
        count: int = lib.busbar_region_references(self._handle)
        return count

    @property
    def released(self) -> bool:
        """Whether `release()` was called."""
        return not self._finalizer.alive

    def view(self, offset: int = 0, length: int | None = None) -> memoryview:
        """The shared bytes, without a copy, from `offset` on. The view, and what is made of it,
        keeps the memory mapped, also after `release()`: use `with region.view() as bytes:`, or
        `view.release()`, to give the memory back at a known time. It is read-only if `read_only`.

        Raises InvalidArgumentError if it reaches beyond the end; ClosedError after `release()`."""
        length = self._checked_length(offset, length)
        reference = self._duplicate()
        start = lib.busbar_region_map(reference) + self._offset + offset
        buffer = (ctypes.c_ubyte * length).from_address(start)
        weakref.finalize(buffer, lib.busbar_region_free, reference).atexit = False
        view = memoryview(buffer).cast("B")
        return view.toreadonly() if self.read_only else view

    def range(self, offset: int, length: int) -> RegionRange:
        """A part of this region, to be sent."""
        return RegionRange(self, self._offset + offset, self._checked_length(offset, length))

    def duplicate(self) -> MemoryRegion:
        """Another reference to the same bytes, which the caller releases."""
        return MemoryRegion(self._duplicate(), self._offset, self._size)

    def release(self) -> None:
        """Releases this reference. Repeated calls do nothing."""
        self._finalizer()

    def __len__(self) -> int:
        return self._size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<MemoryRegion of {self._size} bytes{', released' if self.released else ''}>"

    def _held(self) -> int:
        if self.released:
            raise ClosedError("the memory region was released")
        return self._handle

    def _duplicate(self) -> int:
        reference = ctypes.c_void_p()
        status = lib.busbar_region_duplicate(self._held(), ctypes.byref(reference))
        if status != c.OK or reference.value is None:
            raise error_of(status, "a reference to a region")
        return reference.value

    def _checked_length(self, offset: int, length: int | None) -> int:
        if length is None:
            length = self._size - offset
        if not 0 <= offset < self._size or not 0 < length <= self._size - offset:
            message = f"{length} bytes from {offset} are not in a region of {self._size} bytes"
            raise InvalidArgumentError(message)
        return length


@dataclass(frozen=True, slots=True)
class RegistryStats:
    """What a registry holds."""

    regions: int
    bytes: int
    in_use: int
    """Regions that some process holds."""
    created: int
    reused: int


class MemoryRegistry:
    """Reuses regions once no process holds them, which saves system calls and page faults. Close it
    with `close()` or `with`; regions in use are freed when their last holder releases them."""

    __slots__ = ("__weakref__", "_finalizer", "_handle")

    def __init__(
        self, *, max_bytes: int = 1 << 30, idle: float = 30.0, read_only: bool = False
    ) -> None:
        """`max_bytes` of all its regions together; `idle` seconds after which `maintain` frees an
        unused region; `read_only` as for `MemoryRegion.create`."""
        if max_bytes < 1 or idle < 0.001:
            message = "a registry needs max_bytes of 1 or more and idle of a millisecond or more"
            raise InvalidArgumentError(message)
        options = c.RegistryOptions(
            ctypes.sizeof(c.RegistryOptions),
            max_bytes,
            min(int(idle * 1000), (1 << 32) - 1),
            c.REGION_READ_ONLY if read_only else 0,
        )
        handle = ctypes.c_void_p()
        status = lib.busbar_registry_create(ctypes.byref(options), ctypes.byref(handle))
        if status != c.OK:
            raise error_of(status, "a memory registry")
        self._handle = handle
        self._finalizer = weakref.finalize(self, lib.busbar_registry_free, handle)
        self._finalizer.atexit = False

    def alloc(self, min_bytes: int, *, tag: str = "") -> MemoryRegion:
        """A region of at least `min_bytes`: a free one with the same tag (at most 255 bytes) that
        is at most four times as large, or else a new one. A reused region contains leftovers.

        Raises LimitExceededError: all regions are in use, and another one would exceed
        `max_bytes`."""
        _check_size(min_bytes)
        region = ctypes.c_void_p()
        status = lib.busbar_registry_alloc(
            self._open(), min_bytes, tag.encode(), c.FreeCallback(), None, ctypes.byref(region)
        )
        if status != c.OK or region.value is None:
            raise error_of(status, f"a region of {min_bytes} bytes")
        return MemoryRegion(region.value, 0, lib.busbar_region_bytes(region))

    def maintain(self) -> int:
        """Frees regions that were unused for the idle time; returns how many."""
        count: int = lib.busbar_registry_maintain(self._open())
        return count

    @property
    def stats(self) -> RegistryStats:
        """What the registry holds now."""
        stats = c.RegistryStats(size=ctypes.sizeof(c.RegistryStats))
        status = lib.busbar_registry_get_stats(self._open(), ctypes.byref(stats))
        if status != c.OK:
            raise error_of(status, "the stats of a registry")
        return RegistryStats(stats.regions, stats.bytes, stats.in_use, stats.created, stats.reused)

    def close(self) -> None:
        """Frees the unused regions; nothing more can be allocated. Repeated calls do nothing."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> ctypes.c_void_p:
        if not self._finalizer.alive:
            raise ClosedError("the memory registry is closed")
        return self._handle


def _check_size(size: int) -> None:
    if not isinstance(size, int) or not 1 <= size <= MAX_REGION_BYTES:
        message = f"size is {size!r}; allowed are 1 to {MAX_REGION_BYTES} bytes"
        raise InvalidArgumentError(message)
