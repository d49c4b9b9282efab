"""The conformance list with clients in Python over a bus, with servers in Python, Node and C++, in
MessagePack and in JSON. Node's servers need `npm run compile:tests`, those in C++
`node scripts/build/c.mjs`."""

from __future__ import annotations

import shutil
import sys
import unittest
from typing import ClassVar

import behaviours
from behaviours import NODE_PROGRAM, in_json
from support import REPOSITORY, TESTS

CPP_PROGRAM = REPOSITORY / "build/c/gcc/conformance_server-cpp"


class PythonServers(behaviours.Behaviours):
    """Servers in Python."""

    command: ClassVar[list[str]] = [sys.executable, str(TESTS / "conformance.py")]


@in_json
class PythonServersInJson(PythonServers):
    """The same in JSON."""


@unittest.skipIf(shutil.which("node") is None or not NODE_PROGRAM.exists(), "needs compiled tests")
class NodeServers(behaviours.Behaviours):
    """Servers in Node."""

    command: ClassVar[list[str]] = [shutil.which("node") or "", str(NODE_PROGRAM)]


@in_json
class NodeServersInJson(NodeServers):
    """The same in JSON."""


@unittest.skipUnless(CPP_PROGRAM.exists(), "needs the programs of scripts/build/c.mjs")
class CppServers(behaviours.Behaviours):
    """Servers in C++."""

    command: ClassVar[list[str]] = [str(CPP_PROGRAM)]


@in_json
class CppServersInJson(CppServers):
    """The same in JSON."""


if __name__ == "__main__":
    unittest.main()
