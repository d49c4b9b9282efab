"""What every server answers, whatever it serves: `busbar.describe`, `busbar.ping` and
`busbar.stats`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from . import wire
from ._describing import model_of
from .service_core import ServiceCore


def built_in_answer(
    type_bytes: bytes, services: Sequence[ServiceCore], overruns: int
) -> dict[str, Any] | None:
    """The answer to a message of such a type; `None` for other types."""
    if type_bytes == wire.PING_TYPE:
        return {}
    if type_bytes == wire.DESCRIBE_TYPE:
        return {"interfaces": [model_of(each.members) for each in services]}
    if type_bytes == wire.STATS_TYPE:
        return {"services": [_stats(each, overruns) for each in services]}
    return None


def _stats(service: ServiceCore, overruns: int) -> dict[str, Any]:
    members = [
        {
            "name": each.member.name,
            "calls": each.calls,
            "failures": each.failures,
            "busyMs": round(each.busy_seconds * 1000),
            "subscribers": len(each.subscribers),
        }
        for each in service.handlers.values()
    ]
    return {
        "interface": service.members.name,
        "version": service.members.version,
        "running": service.running,
        "queued": len(service.queued),
        "leaving": service.leaving,
        "overruns": overruns,
        "uptimeMs": round((time.monotonic() - service.started_at) * 1000),
        "members": members,
    }
