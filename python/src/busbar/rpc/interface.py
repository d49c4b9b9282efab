"""Interfaces: classes whose methods, properties and signals are called from other processes. The
same class is the type of a client and the base of an implementation."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import (
    Any,
    ClassVar,
    Generic,
    Protocol,
    Self,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)
from uuid import uuid5

import msgspec

from .._integers import tolerant
from ..message_types import NAMESPACE
from .errors import ClientClosedError, DeclaredError
from .wire import JSON, MESSAGEPACK

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class TypedCodec:
    """Encodes and decodes values of one type, in MessagePack and JSON."""

    def __init__(self, type_: Any) -> None:
        def convert(value: Any) -> Any:
            return msgspec.convert(value, type_)

        typed: Callable[[bytes], Any] = msgspec.msgpack.Decoder(type_).decode
        untyped = msgspec.msgpack.Decoder().decode
        self._decoders: dict[int, Callable[[bytes], Any]] = {
            MESSAGEPACK: tolerant(typed, untyped, convert, msgspec.ValidationError),
            JSON: msgspec.json.Decoder(type_).decode,
        }

    def decode(self, codec: int, payload: bytes) -> Any:
        """Raises ValueError if the payload is no value of the type."""
        decode = self._decoders.get(codec)
        if decode is None:
            raise ValueError(f"codec {codec} is not known here")
        try:
            return decode(payload or (b"\xc0" if codec == MESSAGEPACK else b"null"))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ValueError(str(error)) from error


_encoders: dict[int, Any] = {MESSAGEPACK: msgspec.msgpack.Encoder(), JSON: msgspec.json.Encoder()}


def encode(codec: int, value: Any) -> bytes:
    """Raises TypeError or OverflowError for what it cannot encode."""
    payload: bytes = _encoders[codec].encode(value)
    return payload


@dataclass(slots=True)
class Member:
    """A member of an interface, compiled."""

    kind: str
    name: str
    """On the bus."""
    attribute: str
    """In Python."""
    type_bytes: bytes
    args: TypedCodec
    parameters: tuple[str, ...]
    returns: TypedCodec
    item: TypedCodec | None
    errors: dict[str, tuple[type[DeclaredError], TypedCodec]]
    idempotent: bool = False
    writable: bool = False
    versioned: TypedCodec | None = None
    """For a property: `{ value, version }`."""
    setting: TypedCodec | None = None
    """For a property: `{ value, ifVersion }`."""


class Binding(Protocol):
    """What the members of a client, or of an implementation, use."""

    def call(self, member: Member, arguments: dict[str, Any]) -> Any:
        """Calls a method."""
        ...

    def get(self, member: Member) -> Any:
        """The value of a property."""
        ...

    def set(self, member: Member, value: Any, if_version: int | None) -> Any:
        """Sets a property."""
        ...

    def watch(self, member: Member) -> AsyncGenerator[Any, None]:
        """The values of a property, or the data of a signal."""
        ...

    def emit(self, member: Member, data: Any) -> None:
        """Sends a signal, or a new value."""
        ...


class BoundProperty(Generic[T]):
    """A property of a client, or of an implementation that is served."""

    def __init__(self, binding: Binding, member: Member) -> None:
        self._binding = binding
        self._member = member

    async def get(self) -> T:
        """The value."""
        value: T = await self._binding.get(self._member)
        return value

    async def set(self, value: T, *, if_version: int | None = None) -> int:
        """Sets it, and returns its new version. Raises ConflictError if it has another version than
        `if_version`."""
        version: int = await self._binding.set(self._member, value, if_version)
        return version

    def __aiter__(self) -> AsyncGenerator[T, None]:
        """The value now, and each new one; a slow loop sees the newest only."""
        return self._binding.watch(self._member)

    def publish(self, value: T) -> None:
        """In an implementation: gives the property another value."""
        self._binding.emit(self._member, value)


class BoundSignal(Generic[T]):
    """A signal of a client, or of an implementation that is served."""

    def __init__(self, binding: Binding, member: Member) -> None:
        self._binding = binding
        self._member = member

    def __aiter__(self) -> AsyncGenerator[T, None]:
        """The data of each signal from now on."""
        return self._binding.watch(self._member)

    def emit(self, data: T) -> None:
        """In an implementation: sends the signal to everyone who listens."""
        self._binding.emit(self._member, data)


class Property(Generic[T]):
    """Declares a property: `target = Property(float, writable=True)`."""

    def __init__(self, type: type[T], *, writable: bool = False, name: str | None = None) -> None:
        self.type = type
        self.writable = writable
        self.name = name
        self.attribute = ""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute
        self.name = self.name or attribute

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Interface, owner: type) -> BoundProperty[T]: ...
    def __get__(self, instance: Interface | None, owner: type) -> Any:
        if instance is None:
            return self
        return BoundProperty(binding_of(instance), owner.busbar_members[self.attribute])  # type: ignore[attr-defined]


class Signal(Generic[T]):
    """Declares a signal, whose data is a dataclass: `overheated = Signal(Overheated)`."""

    def __init__(self, type: type[T], *, name: str | None = None) -> None:
        self.type = type
        self.name = name
        self.attribute = ""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute
        self.name = self.name or attribute

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Interface, owner: type) -> BoundSignal[T]: ...
    def __get__(self, instance: Interface | None, owner: type) -> Any:
        if instance is None:
            return self
        return BoundSignal(binding_of(instance), owner.busbar_members[self.attribute])  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class _Declared:
    name: str | None
    errors: tuple[type[DeclaredError], ...]
    idempotent: bool


def method(
    name: str | None = None,
    *,
    errors: Sequence[type[DeclaredError]] = (),
    idempotent: bool = False,
) -> Callable[[F], F]:
    """Declares a method of an interface: an `async def` with annotated parameters, or a function
    that returns an AsyncIterator, which is a stream. `name` is its name on the bus if that differs;
    `idempotent`: a call that may have been executed is sent to another server."""

    def mark(function: F) -> F:
        function.busbar_method = _Declared(name, tuple(errors), idempotent)  # type: ignore[attr-defined]
        return function

    return mark


class Interface:
    """The base of interfaces.

    class Thermostat(Interface, name="com.example.thermostat", version="1.2"):
        target = Property(float, writable=True)

        @method("setTarget", errors=[OutOfRange], idempotent=True)
        async def set_target(self, celsius: float) -> bool:
            raise NotImplementedError
    """

    busbar_name: ClassVar[str] = ""
    busbar_label: ClassVar[str] = ""
    busbar_members: ClassVar[dict[str, Member]] = {}
    _busbar_binding: Binding | None = None

    def __init_subclass__(cls, *, name: str | None = None, version: str = "1.0") -> None:
        """With `name`, an interface; without, an implementation of one."""
        super().__init_subclass__()
        if name is None:
            return
        major = version.split(".")[0]
        if not major.isdigit():
            raise TypeError(f"version is {version!r}; expected numbers, such as '1.2'")
        cls.busbar_name = name
        cls.busbar_label = f"{name}/{int(major)}"
        cls.busbar_members = {
            attribute: _compile(cls, attribute, value)
            for attribute, value in vars(cls).items()
            if isinstance(value, Property | Signal) or hasattr(value, "busbar_method")
        }


def binding_of(instance: Interface) -> Binding:
    """Raises ClientClosedError if the instance is neither a client nor served."""
    binding = instance._busbar_binding
    if binding is None:
        raise ClientClosedError(f"{type(instance).__name__} is neither connected nor served")
    return binding


def _compile(cls: type[Interface], attribute: str, value: Any) -> Member:
    nothing = TypedCodec(None)
    if isinstance(value, Property | Signal):
        kind = "property" if isinstance(value, Property) else "signal"
        writable = isinstance(value, Property) and value.writable
        name = value.name or attribute
        codec = TypedCodec(value.type)
        member = Member(
            kind, name, attribute, _type_of(cls, name), codec, (), codec, None, {}, True, writable
        )
        if kind == "property":
            versioned = [("value", value.type), ("version", int)]
            setting: list[Any] = [("value", value.type), ("ifVersion", int | None, None)]
            member.versioned = TypedCodec(msgspec.defstruct("Versioned", versioned))
            member.setting = TypedCodec(msgspec.defstruct("Setting", setting))
        return member
    declared: _Declared = value.busbar_method
    name = declared.name or attribute
    hints = get_type_hints(value)
    returns = hints.pop("return", None)
    parameters = list(inspect.signature(value).parameters.values())[1:]
    args = msgspec.defstruct(
        f"{cls.__name__}_{attribute}",
        [
            (each.name, hints[each.name])
            if each.default is inspect.Parameter.empty
            else (each.name, hints[each.name], each.default)
            for each in parameters
        ],
    )
    item = None
    if get_origin(returns) is AsyncIterator:
        item, returns = TypedCodec(get_args(returns)[0]), None
    return Member(
        "method",
        name,
        attribute,
        _type_of(cls, name),
        TypedCodec(args) if parameters else nothing,
        tuple(each.name for each in parameters),
        TypedCodec(returns if returns is not type(None) else None),
        item,
        {each.wire_name(): (each, _data_of(each)) for each in declared.errors},
        declared.idempotent,
    )


def _data_of(error: type[DeclaredError]) -> TypedCodec:
    hints = get_type_hints(error)
    names: list[str] = [each.name for each in fields(error)] if is_dataclass(error) else []
    data = msgspec.defstruct(error.__name__, [(name, hints[name]) for name in names])
    wire = msgspec.defstruct("Error", [("data", data)])
    return TypedCodec(wire)


def _type_of(cls: type[Interface], member: str) -> bytes:
    return uuid5(NAMESPACE, f"{cls.busbar_label}.{member}").bytes
