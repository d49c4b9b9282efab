"""What the package repeats of the C library: its functions, structures, numbers and errors."""

from __future__ import annotations

import ctypes
import re
import unittest
from typing import Any
from uuid import UUID

from support import REPOSITORY

import busbar
from busbar import _declarations as c
from busbar.rpc import wire

HEADER = (REPOSITORY / "native/ffi/include/busbar.h").read_text()
CODE = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
# Without the lines of the preprocessor.
DECLARATIONS = re.sub(r"^#.*$", "", CODE, flags=re.MULTILINE)

SCALARS: dict[str, Any] = {
    "void": None,
    "int32_t": ctypes.c_int32,
    "busbar_status": ctypes.c_int32,
    "uint16_t": ctypes.c_uint16,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "busbar_object": ctypes.c_ssize_t,
    "char*": ctypes.c_char_p,
    "void*": ctypes.c_void_p,
    "busbar_event_callback": c.EventCallback,
    "busbar_log_callback": c.LogCallback,
    "busbar_free_callback": c.FreeCallback,
}
STRUCTS: dict[str, Any] = {
    str(each.__doc__): each
    for each in vars(c).values()
    if isinstance(each, type) and issubclass(each, ctypes.Structure)
}


def ctype(declared: str) -> Any:
    """The ctypes type of a type in C."""
    text = declared.replace("const ", "").replace(" const", "").replace(" ", "")
    if text in SCALARS:
        return SCALARS[text]
    if text in STRUCTS:
        return STRUCTS[text]
    if text == "char**":
        return ctypes.POINTER(ctypes.c_char_p)
    inner = text.removesuffix("*")
    if inner.endswith("*"):
        return ctypes.POINTER(ctypes.c_void_p)
    if inner in STRUCTS:
        return ctypes.POINTER(STRUCTS[inner])
    if inner in SCALARS:
        return ctypes.POINTER(SCALARS[inner])
    return ctypes.c_void_p


def fields_of(name: str) -> list[tuple[str, Any]]:
    """The fields of a struct in the header."""
    body = re.search(rf"typedef struct {name} \{{(.*?)\}} {name};", CODE, re.DOTALL)
    assert body is not None, name
    fields = []
    for line in body[1].split(";")[:-1]:
        field = re.fullmatch(r"\s*(.*?)(\w+)(\[16\])?\s*", line, re.DOTALL)
        assert field is not None, line
        fields.append((field[2], c.Bytes16 if field[3] else ctype(field[1])))
    return fields


class Lists(unittest.TestCase):
    def test_functions(self) -> None:
        function = r"BUSBAR_API ([^;]*?)(busbar_\w+)\((.*?)\);"
        header: dict[str, tuple[Any, ...]] = {}
        for result, name, parameters in re.findall(function, DECLARATIONS, re.DOTALL):
            named = [re.sub(r"\w+\s*$", "", each).strip() for each in parameters.split(",")]
            header[name] = (ctype(result), *(ctype(each) for each in named if each))
        self.assertGreater(len(header), 60)
        for name, types in c.FUNCTIONS.items():
            self.assertEqual(types, header[name], name)

    def test_structures(self) -> None:
        self.assertGreater(len(STRUCTS), 10)
        for name, struct in STRUCTS.items():
            ours = [
                # Bytes can be assigned to a char * as they are.
                (field, ctypes.c_void_p if field in ("payload", "metadata") and pointer else kind)
                for field, kind in struct._fields_
                for pointer in [kind is ctypes.c_char_p]
            ]
            self.assertEqual(ours, fields_of(name), name)

    def test_numbers(self) -> None:
        header = dict(re.findall(r"BUSBAR_(\w+) = (\d+)", CODE))
        header["ABI_VERSION"] = re.search(r"BUSBAR_ABI_VERSION (\d+)", CODE)[1]  # type: ignore[index]
        ours = {name: value for name, value in vars(c).items() if isinstance(value, int)}
        self.assertGreater(len(ours), 20)
        for name, value in ours.items():
            self.assertEqual(value, int(header[name]), name)
        for name, type_ in (("TEXT", busbar.text), ("BYTES", busbar.raw_bytes)):
            self.assertIn(f'BUSBAR_TYPE_{name} "{type_.id}"', HEADER)

    def test_every_event_is_known(self) -> None:
        header = set(re.findall(r"BUSBAR_(EVENT_\w+) =", CODE))
        self.assertEqual(header, {name for name in vars(c) if name.startswith("EVENT_")})

    def test_errors(self) -> None:
        listed = (REPOSITORY / "native/base/error_list.def").read_text()
        rows = re.findall(r'BUSBAR_ERROR\((\d+), (\w+), "', listed)
        self.assertGreaterEqual(len(rows), 30)
        classes = {each.number: each for each in busbar.BusError.__subclasses__() if each.number}
        self.assertEqual(sorted(classes), [int(number) for number, _ in rows])
        renamed = {"Timeout": "BusTimeout", "Permission": "NotPermitted", "System": "SystemFailure"}
        for number, name in rows:
            each = classes[int(number)]
            self.assertEqual(each.__name__, f"{renamed.get(name, name)}Error")
            code = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()
            self.assertEqual(each.code, f"ERR_BUSBAR_{code}")
            self.assertIs(getattr(busbar, each.__name__), each)

    def test_the_wire_of_calls(self) -> None:
        folder = REPOSITORY / "src/layers/rpc/wire"
        words = re.sub(r"/\*.*?\*/", "", (folder / "format.ts").read_text(), flags=re.DOTALL)
        tables = dict(re.findall(r"export const (\w+) = \{(.*?)\}", words, re.DOTALL))
        ours: dict[str, dict[str, int]] = {
            "answerKind": {each.name.lower(): each for each in wire.Answer},
            "memberKind": {each.name.lower(): each for each in wire.Request},
            "codecNumber": {
                "messagePack": wire.MESSAGEPACK,
                "json": wire.JSON,
                "bytes": wire.BYTES,
            },
            "flag": {
                "fromCaller": wire.FROM_CALLER,
                "starved": wire.STARVED,
                "expectsAnswer": wire.EXPECTS_ANSWER,
                "acceptsBytes": wire.ACCEPTS_BYTES,
            },
        }
        for table, numbers in ours.items():
            listed = re.findall(r"^  (\w+): (\w+),", tables[table], re.MULTILINE)
            self.assertEqual(
                {name: int(value, 0) for name, value in listed if name != "struct"}, numbers
            )
        tags = (folder.parents[2] / "base" / "metadata-tag.ts").read_text()
        for name, number in (
            ("deadline", wire.DEADLINE),
            ("credit", wire.CREDIT),
            ("trace", wire.TRACE),
            ("traceState", wire.TRACE_STATE),
            ("attempt", wire.ATTEMPT),
            ("cause", wire.CAUSE),
        ):
            self.assertRegex(tags, rf"  {name}: {number},")
        types = (folder / "types.ts").read_text()
        for type_bytes in (wire.ANSWER_TYPE, wire.PING_TYPE):
            self.assertIn(str(UUID(bytes=type_bytes)), types)

    def test_metadata_of_calls(self) -> None:
        written = wire.write_metadata(1.5, 256, 1 << 20, 3)
        self.assertEqual(wire.read_metadata(written), wire.Metadata(1.5, 256, 1 << 20, 3))
        self.assertEqual(wire.write_metadata(), b"")
        trace = wire.Trace(bytes(range(25)), b"a=1", (1 << 52, 7))
        found = wire.read_metadata(wire.write_metadata(2.5, 0, 0, 1, trace))
        # Whose call that was is nothing that goes on.
        self.assertEqual(found.trace, wire.Trace(bytes(range(25)), b"a=1"))
        full = wire.write_metadata(trace=wire.Trace(bytes(25), b"x" * 209))
        self.assertEqual(len(full), wire.MAX_METADATA)
        left_out = wire.write_metadata(1, trace=wire.Trace(bytes(25), b"x" * 209))
        self.assertEqual(len(left_out), 35)
        self.assertEqual(wire.read_metadata(b"\1\0\x63\1x"), wire.Metadata())
        for wrong in (b"\1", b"\2\0", b"\1\0\1", b"\1\0\1\4abc", b"\1\0\1\1a", b"\1\0\x80\0"):
            with self.assertRaises(ValueError):
                wire.read_metadata(wrong)

    def test_everything_exported_is_there_and_has_a_comment(self) -> None:
        for name in busbar.__all__:
            self.assertTrue(hasattr(busbar, name), name)


if __name__ == "__main__":
    unittest.main()
