"""The interface of heating.busbar.yaml, written by hand. heating.py beside it was generated."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from busbar import rpc


class Mode(rpc.Enum):
    COMFORT = "comfort"
    ECO = "eco"
    FROST_GUARD = "frost-guard"


@dataclass
class Sample:
    """A measurement."""

    at: datetime
    celsius: float


@dataclass
class OutOfRange(rpc.DeclaredError):
    min: float
    max: float


@dataclass
class Overheated(rpc.Inline):
    celsius: float


class Heating(rpc.Interface, name="com.example.heating", version="1.0"):
    """Keeps one room warm."""

    target: rpc.WritableProperty[float]
    overheated: rpc.Signal[Overheated]

    @rpc.method("setTarget", errors=[OutOfRange], idempotent=True)
    async def set_target(self, celsius: float, mode: Mode = Mode.COMFORT) -> bool:
        """Sets the temperature to reach. Returns whether the heating is on now."""
        raise NotImplementedError

    @rpc.method()
    def history(self, count: rpc.U32) -> AsyncIterator[Sample]:
        """The last measurements, oldest first."""
        raise NotImplementedError

    @rpc.method()
    async def calibrate(self, input: AsyncIterable[Sample]) -> float:
        """Compares with another thermometer. Returns the mean deviation."""
        raise NotImplementedError
