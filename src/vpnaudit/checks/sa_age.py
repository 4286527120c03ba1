"""How old an SA is, and which lifetimes it was made with."""

from __future__ import annotations

from vpnaudit.model.tunnel import LiveSa, Tunnel, TunnelEnd


def age_s(tunnel: Tunnel, end: TunnelEnd, sa: LiveSa) -> float | None:
    """Seconds from the installation of the SA to the reading of its table; null where nothing tells."""
    if sa.installed_at is not None and end.sa_table_at is not None:
        age = (end.sa_table_at - sa.installed_at).total_seconds()
        return age if age >= 0 else None
    life = agreed_seconds(tunnel, end)
    if life is None or sa.remaining_s is None or sa.remaining_s > life:
        return None
    return float(life - sa.remaining_s)


def agreed_seconds(tunnel: Tunnel, end: TunnelEnd) -> int | None:
    """The lifetime that an SA of `end` began with: its own for IKEv2, the lower of both for IKEv1 (field guide 2.1)."""
    own = end.lifetime.ipsec_s if end.lifetime else None
    other_end = tunnel.remote if end is tunnel.local else tunnel.local
    other = other_end.lifetime.ipsec_s if other_end.lifetime else None
    return own if tunnel.ike == "v2" or other is None or own is None else min(own, other)


def agreed_kilobytes(tunnel: Tunnel, end: TunnelEnd) -> int | None:
    """The volume that an SA of `end` began with, in kB, by the same rule; null where there is none, or not known."""
    own = end.lifetime.ipsec_kb if end.lifetime else None
    other_end = tunnel.remote if end is tunnel.local else tunnel.local
    other = other_end.lifetime.ipsec_kb if other_end.lifetime else None
    return own if tunnel.ike == "v2" or other is None or own is None else min(own, other)
