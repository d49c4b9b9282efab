"""Interfaces: classes whose methods, properties and signals are called from other processes. The
same class is the type of a client and the base of an implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ._members import Declared, Member, compile_members
from ._streams import Subscription
from .errors import ClientClosedError, DeclaredError

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Binding(Protocol):
    """What the members of a client, or of an implementation, use."""

    def get(self, member: Member) -> Any:
        """The value of a property, once it is awaited."""
        ...

    def set(self, member: Member, value: Any, if_version: int | None) -> Any:
        """Sets a property."""
        ...

    def watch(self, member: Member) -> Subscription[Any]:
        """The values of a property, or the data of a signal."""
        ...

    def emit(self, member: Member, data: Any) -> None:
        """Sends a signal, or a new value."""
        ...


class _Bound:
    """A property or signal of one client or implementation."""

    def __init__(self, instance: Interface, member: Member) -> None:
        """Not for programs: interfaces have them."""
        self._instance = instance
        self._member = member

    @property
    def _binding(self) -> Binding:
        return binding_of(self._instance)


class Property(_Bound, Generic[T]):
    """A property that clients can read: `title: rpc.Property[str]` declares one."""

    async def get(self) -> T:
        """The value."""
        value: T = await self._binding.get(self._member)
        return value

    def __aiter__(self) -> Subscription[T]:
        """The value now, and each new one; a slow loop gets the newest only. When the server is
        gone, the loop goes on with the next server."""
        return self._binding.watch(self._member)

    def publish(self, value: T) -> None:
        """In an implementation that is served: gives the property another value.

        Raises InvalidCallError if the value does not fit, or this is a client."""
        self._binding.emit(self._member, value)


class WritableProperty(Property[T]):
    """A property that clients can set, too."""

    async def set(self, value: T, *, if_version: int | None = None) -> int:
        """Sets it, and returns its new version. Raises ConflictError if it has another version than
        `if_version`."""
        version: int = await self._binding.set(self._member, value, if_version)
        return version


class Signal(_Bound, Generic[T]):
    """A signal: `overheated: rpc.Signal[Overheated]` declares one, whose data is a dataclass, or
    `None` for no data."""

    def __aiter__(self) -> Subscription[T]:
        """The data of each signal from now on. When the server is gone, the loop goes on with the
        next server."""
        return self._binding.watch(self._member)

    def emit(self, data: T) -> None:
        """In an implementation that is served: sends the signal to everyone who listens.

        Raises InvalidCallError if the data does not fit, or this is a client."""
        self._binding.emit(self._member, data)


def method(
    name: str | None = None,
    *,
    errors: Sequence[type[DeclaredError]] = (),
    idempotent: bool | None = None,
    doc: str | None = None,
) -> Callable[[F], F]:
    """Declares a method of an interface: an `async def` with annotated parameters, or, for a
    stream, a function that returns an AsyncIterator or a ResultStream. A parameter of type
    AsyncIterable is what the caller streams. `name` is its name on the bus if that differs;
    `idempotent`: a call that may have been executed is sent to another server; `doc` stands in
    descriptions in place of the docstring."""

    def mark(function: F) -> F:
        function.busbar_method = Declared(name, tuple(errors), idempotent, doc)  # type: ignore[attr-defined]
        return function

    return mark


class Interface:
    """The base of interfaces.

    class Thermostat(Interface, name="com.example.thermostat", version="1.2"):
        target: WritableProperty[float]
        overheated: Signal[Overheated]

        @method("setTarget", errors=[OutOfRange], idempotent=True)
        async def set_target(self, celsius: float) -> bool:
            raise NotImplementedError
    """

    busbar: ClassVar[Members]
    """What the layer knows about the interface."""
    _busbar_binding: Binding | None = None

    def __init_subclass__(
        cls, *, name: str | None = None, version: str = "1.0", doc: str | None = None
    ) -> None:
        """With `name`, an interface; without, an implementation of one. `doc` stands in
        descriptions in place of the docstring."""
        super().__init_subclass__()
        if name is None:
            return
        kinds = {Property: "property", WritableProperty: "property", Signal: "signal"}
        members = compile_members(cls, name, version, kinds)
        cls.busbar = Members(cls, name, version, doc, members)
        for member in members:
            if member.kind != "method":
                setattr(cls, member.attribute, _Descriptor(member))


class _Descriptor:
    """Makes the property or signal of an instance."""

    def __init__(self, member: Member) -> None:
        self._member = member
        kinds = {"signal": Signal, "property": WritableProperty if member.writable else Property}
        self._type: type[_Bound] = kinds[member.kind]

    def __get__(self, instance: Interface | None, owner: type) -> Any:
        if instance is None:
            return self
        made = self._type(instance, self._member)
        # The next look-up finds it in the instance.
        instance.__dict__[self._member.attribute] = made
        return made


@dataclass(slots=True, eq=False)
class Members:
    """An interface, compiled."""

    cls: type[Interface]
    name: str
    version: str
    doc: str | None
    all: Sequence[Member]

    @property
    def label(self) -> str:
        """The label of those who serve it."""
        return f"{self.name}/{int(self.version.split('.')[0])}"

    def methods(self) -> Iterable[Member]:
        """The methods."""
        return (each for each in self.all if each.kind == "method")

    def properties(self) -> Iterable[Member]:
        """The properties."""
        return (each for each in self.all if each.kind == "property")


def members_of(interface: Any) -> Members | None:
    """The members of an interface, or of an instance of one; `None` for other things."""
    found = getattr(interface, "busbar", None)
    return found if isinstance(found, Members) else None


def binding_of(instance: Interface) -> Binding:
    """Raises ClientClosedError if the instance is neither a client nor served."""
    binding = instance._busbar_binding
    if binding is None:
        raise ClientClosedError(f"{type(instance).__name__} is neither connected nor served")
    return binding
