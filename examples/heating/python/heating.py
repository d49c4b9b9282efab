from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from busbar import rpc


@dataclass(slots=True)
class Overheated(rpc.Inline):
    celsius: float


@dataclass(slots=True)
class OutOfRange(rpc.DeclaredError):
    min: float
    max: float


class Mode(rpc.Enum):
    COMFORT = "comfort"
    ECO = "eco"
    FROST_GUARD = "frost-guard"


@dataclass(slots=True)
class Sample:
    """A measurement."""

    at: datetime
    celsius: float


class Heating(rpc.Interface, name="com.example.heating", version="1.0"):
    """Keeps one room warm."""

    target: Annotated[rpc.WritableProperty[float], rpc.Doc("The temperature to reach.")]
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
