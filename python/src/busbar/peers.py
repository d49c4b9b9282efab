"""The other endpoints of a bus, as its directory describes them."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from ._library import lib


@dataclass(frozen=True, slots=True)
class Peer:
    """An endpoint of the bus."""

    id: int
    """Unique on this bus."""
    pid: int
    """Its process id, as the kernel reports it; 0 if it was not known any more."""
    label: tuple[str, ...]
    """The strings that selectors match it by."""


@dataclass(frozen=True, slots=True)
class Relay(Peer):
    """The other side of a wire that passes calls on to servers behind it."""


def take_peer_list(peer_list: ctypes.c_void_p) -> list[Peer]:
    """Reads a busbar_peer_list, and frees it."""
    peers = []
    for index in range(lib.busbar_peer_list_count(peer_list)):
        strings: list[str] = []
        while text := lib.busbar_peer_list_borrow_label(peer_list, index, len(strings)):
            strings.append(text.decode())
        number = lib.busbar_peer_list_id(peer_list, index)
        peers.append(Peer(number, lib.busbar_peer_list_pid(peer_list, index), tuple(strings)))
    lib.busbar_peer_list_free(peer_list)
    return peers
