"""Builds the wheel: the package, and the C library beside it. A build backend by PEP 517 that needs
nothing but Python, so that `pip wheel python/` works as it is. The library is the one that
BUSBAR_LIBRARY names, or else build/Release/ffi/libbusbar.so of the repository.

The same sources and the same library give the same bytes."""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent
REPOSITORY = FOLDER.parent
SOURCES = FOLDER / "src" / "busbar"
# The first second that a zip file can express.
EPOCH = (1980, 1, 1, 0, 0, 0)
# The C library that a distribution has together with a libstdc++ of this age (PEP 600).
LIBC_OF_LIBSTDCXX = {(3, 4, 29): (2, 34), (3, 4, 30): (2, 35), (3, 4, 31): (2, 38)}


def build_wheel(
    wheel_directory: str,
    config_settings: Mapping[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """PEP 517: returns the name of the wheel in `wheel_directory`."""
    library = _library()
    return _write(wheel_directory, _platform_tag(library), _package(library))


def build_editable(
    wheel_directory: str,
    config_settings: Mapping[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """PEP 660: a wheel that refers to the sources; give BUSBAR_LIBRARY when they run."""
    path = f"{SOURCES.parent}\n".encode()
    return _write(wheel_directory, "any", iter([("busbar.pth", path)]))


def build_sdist(sdist_directory: str, config_settings: Mapping[str, Any] | None = None) -> str:
    """PEP 517. Refused: the library is built from the repository, not from a part of it."""
    raise RuntimeError("there is no source archive of the Python package: build the repository")


def _library() -> Path:
    path = Path(os.environ.get("BUSBAR_LIBRARY") or REPOSITORY / "build/Release/ffi/libbusbar.so")
    if not path.is_file():
        message = f"{path} is missing: build it with `node scripts/build/native.mjs busbar_c`"
        raise RuntimeError(message)
    return path


def _package(library: Path) -> Iterator[tuple[str, bytes]]:
    for source in sorted(SOURCES.rglob("*")):
        if source.is_file() and source.suffix in (".py", ".typed"):
            yield f"busbar/{source.relative_to(SOURCES).as_posix()}", source.read_bytes()
    yield "busbar/libbusbar.so", library.read_bytes()


def _platform_tag(library: Path) -> str:
    """The oldest systems that have every symbol which the library needs."""
    if sys.platform != "linux":
        raise RuntimeError(f"there is no wheel for {sys.platform}")
    content = library.read_bytes()
    libc = max(_versions(content, rb"GLIBC_(\d+)\.(\d+)(?:\.(\d+))?\0"))[:2]
    for version, needed in LIBC_OF_LIBSTDCXX.items():
        if max(_versions(content, rb"GLIBCXX_(\d+)\.(\d+)\.(\d+)\0"), default=(0,)) >= version:
            libc = max(libc, needed)
    return f"manylinux_{libc[0]}_{libc[1]}_{platform.machine()}"


def _versions(content: bytes, pattern: bytes) -> list[tuple[int, ...]]:
    found = re.findall(pattern, content)
    return [tuple(int(part) for part in each if part) for each in found]


def _write(folder: str, tag: str, files: Iterator[tuple[str, bytes]]) -> str:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    name = f"{project['name']}-{project['version']}"
    info = f"{name}.dist-info"
    wheel = f"{name}-py3-none-{tag}.whl"
    head = ["Wheel-Version: 1.0", "Generator: busbar_wheel", f"Root-Is-Purelib: {tag == 'any'}"]
    record: list[str] = []
    with zipfile.ZipFile(Path(folder) / wheel, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(path: str, content: bytes) -> None:
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record.append(f"{path},sha256={digest.decode()},{len(content)}")

        for path, content in files:
            add(path, content)
        add(f"{info}/METADATA", _metadata(project).encode())
        add(f"{info}/WHEEL", "\n".join([*head, f"Tag: py3-none-{tag}", ""]).encode())
        add(f"{info}/licenses/LICENSE", (REPOSITORY / "LICENSE").read_bytes())
        record.append(f"{info}/RECORD,,")
        entry = zipfile.ZipInfo(f"{info}/RECORD", EPOCH)
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, "\n".join([*record, ""]))
    return wheel


def _metadata(project: Mapping[str, Any]) -> str:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"Author: {project['authors'][0]['name']}",
        f"License: {project['license']['text']}",
        f"Keywords: {','.join(project['keywords'])}",
        *(f"Classifier: {each}" for each in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {each}" for each in project["dependencies"]),
        "Description-Content-Type: text/markdown",
        "",
        (FOLDER / project["readme"]).read_text(),
    ]
    return "\n".join(lines)
