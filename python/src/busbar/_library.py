"""Finds and loads the C library. The rest of the package calls it through `lib`, whose functions
have the types of `_declarations`."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from ._declarations import ABI_VERSION, FUNCTIONS


def _load() -> ctypes.CDLL:
    # The wheel has the library beside this file; BUSBAR_LIBRARY names another one.
    path = os.environ.get("BUSBAR_LIBRARY") or str(Path(__file__).with_name("libbusbar.so"))
    library = ctypes.CDLL(path)
    for name, (result, *parameters) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = parameters
    version: int = library.busbar_abi_version()
    if version != ABI_VERSION:
        message = f"{path} has version {version} of the C interface; expected {ABI_VERSION}"
        raise ImportError(message, path=path)
    return library


lib = _load()
