"""Which memory pools a judgement may rest on."""

from __future__ import annotations

from vpnaudit.model.device import Device
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.system import MemoryPool

COMMANDS = ("show memory statistics", "show memory")
"""Whichever the device knows."""
FULL_BY_DESIGN = ("lsmpi", "reserve")
"""Pools that are always nearly full, or kept for emergencies (field guide C8)."""


def pools(device: Device) -> tuple[tuple[ParsedCapture, MemoryPool], ...]:
    """The pools whose filling says something."""
    return tuple((c, p) for c, p in device.memory_pools if not p.pool.lower().startswith(FULL_BY_DESIGN))


def free_percent(pool: MemoryPool) -> float | None:
    """Free memory of a pool in percent; null where the numbers are not there or make no sense."""
    total = pool.total
    if total is None and pool.used is not None and pool.free is not None:
        total = pool.used + pool.free
    if not total or pool.free is None or pool.free > total:
        return None
    return 100.0 * pool.free / total
