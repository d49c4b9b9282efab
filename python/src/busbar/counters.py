"""The counters of an endpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counters:
    """What an endpoint has counted since it joined."""

    sent_messages: int
    sent_bytes: int
    received_messages: int
    received_bytes: int
    rerouted: int
    """Messages that went to another match because their receiver was gone."""
    undelivered: int
    expired: int
    """Messages whose `ttl` ran out."""
    queue_full: int
    """Messages that were refused because a receiver had no room."""
    dropped: int
    superseded: int
    """Messages that a newer one with the same `key` replaced."""
    disconnected: int
    """Receivers that were disconnected because they were too slow."""
    outbound_links: int
    inbound_links: int
    parked: int
    """Messages that wait for a match."""
