"""The interface of test/python-integers.test.ts: each method returns its argument."""

from __future__ import annotations

from datetime import timedelta

from busbar import rpc


class Numbers(rpc.Interface, name="com.example.numbers", version="1.0"):
    """Integers of all sizes."""

    level: rpc.WritableProperty[rpc.U53]

    @rpc.method()
    async def small(self, value: rpc.U32) -> rpc.U32:
        """An integer of 32 bits."""
        raise NotImplementedError

    @rpc.method()
    async def safe(self, value: rpc.U53) -> rpc.U53:
        """An integer that a JavaScript number has."""
        raise NotImplementedError

    @rpc.method()
    async def signed(self, value: rpc.I64) -> rpc.I64:
        """A signed integer of 64 bits."""
        raise NotImplementedError

    @rpc.method()
    async def unsigned(self, value: rpc.U64) -> rpc.U64:
        """An unsigned integer of 64 bits."""
        raise NotImplementedError

    @rpc.method()
    async def lasting(self, value: timedelta) -> timedelta:
        """A duration."""
        raise NotImplementedError


class Echo(Numbers):
    """Returns what it gets, and refuses what is no integer."""

    async def small(self, value: rpc.U32) -> rpc.U32:
        return checked(value)

    async def safe(self, value: rpc.U53) -> rpc.U53:
        return checked(value)

    async def signed(self, value: rpc.I64) -> rpc.I64:
        return checked(value)

    async def unsigned(self, value: rpc.U64) -> rpc.U64:
        return checked(value)

    async def lasting(self, value: timedelta) -> timedelta:
        return value


def checked(value: int) -> int:
    """The same."""
    if type(value) is not int:
        raise TypeError(f"{value!r} is no int")
    return value
