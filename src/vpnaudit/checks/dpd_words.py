"""DPD settings in words, and the values to recommend."""

from __future__ import annotations

from vpnaudit.checks.finding import place_parameters
from vpnaudit.model.tunnel import Dpd, Tunnel, TunnelEnd

RECOMMENDED_INTERVAL_S = 10
RECOMMENDED_RETRY_S = 3
"""Periodic, site to site (field guide 8)."""


def words(dpd: Dpd) -> str:
    """A setting in words: "periodic, every 10 s, again after 3 s"."""
    parts: list[str] = [dpd.mode or "on, mode not shown"]
    if dpd.interval_s and dpd.mode != "off":
        parts.append(f"every {dpd.interval_s} s")
    if dpd.retry_s and dpd.mode != "off":
        parts.append(f"again after {dpd.retry_s} s")
    return ", ".join(parts)


def remedy_parameters(tunnel: Tunnel, end: TunnelEnd, useful_s: float = 60.0) -> dict[str, str | None]:
    """What a change to periodic DPD at `end` needs; the other end's values where those will do."""
    other = (tunnel.remote if end is tunnel.local else tunnel.local).dpd
    fits = other is not None and other.mode == "periodic" and 0 < (other.interval_s or 0) <= useful_s
    interval, retry = RECOMMENDED_INTERVAL_S, RECOMMENDED_RETRY_S
    if other is not None and fits:
        interval, retry = other.interval_s or interval, other.retry_s or retry
    return {
        **place_parameters(tunnel, end),
        "interval_s": str(interval),
        "retry_s": str(retry),
        "mode": "periodic",
    }
