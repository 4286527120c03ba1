"""When a tunnel was rekeyed: seen in tables, traces and logs, or told by a live SA's age and lifetime."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from vpnaudit.model.ledger import LedgerEntry, LedgerSource
from vpnaudit.model.tunnel import LiveSa, Tunnel, TunnelEnd

LEAD_S = 30.0
"""A rekey begins about so long before the lifetime's end (field guide 2.4: 20 to 60 s)."""
JITTER_S = 15.0
"""By so much each rekey may lie off the last one's period."""
VOLUME_JITTER = 0.15
"""By this share a period that traffic decides may differ from the last one."""
VOLUME_LEAD = 0.9
"""A volume rekey begins at about this share of the volume (field guide 2.4)."""
FREQUENT_S = 1800.0
MOST_STEPS = 24
HORIZON = timedelta(days=30)


class Rekey(Struct, frozen=True, kw_only=True, gc=False):
    """An install or a delete by `device`'s clock. `seen` false: computed from a live SA's age and period."""

    at: datetime
    device: str
    uncertainty_s: float
    seen: bool
    why: str
    how: LedgerSource | None = None
    """Where it was seen."""


def seen_rekeys(entries: Iterable[LedgerEntry]) -> list[Rekey]:
    """Installs and deletes that the ledger dates."""
    found = []
    for entry in entries:
        for at, what in ((entry.installed_at, "installed"), (entry.gone_at, "deleted")):
            if at is not None and not (entry.how == "older snapshot" and what == "deleted"):
                why = f"{entry.device} {what} 0x{entry.spi:08X} ({entry.how})"
                bound = entry.uncertainty_s
                found.append(Rekey(at=at, device=entry.device, uncertainty_s=bound, seen=True, why=why, how=entry.how))
    return found


def predicted_rekeys(tunnel: Tunnel, seen: Iterable[Rekey] = ()) -> list[Rekey]:
    """Rekeys before each end's live SA, and before the oldest seen, one period apart, each less certain than the next.

    For a default lifetime the uncertainty outgrows usefulness after some hours. A period shorter than 30 minutes is
    followed until any moment may be next to a rekey, which then says just that.
    """
    period = rekey_period_s(tunnel)
    if period is None:
        return []
    return [r for end in tunnel.ends for r in _before_live(end, *period)] + _before_seen(seen, *period)


def _before_seen(seen: Iterable[Rekey], seconds: float, by_volume: bool) -> list[Rekey]:
    """Before the oldest rekey that a trace or log still has: a period that volume decides is followed from now only."""
    oldest = min(seen, key=lambda r: (r.at, r.device), default=None)
    if oldest is None or by_volume or seconds <= FREQUENT_S:
        return []
    found = []
    why = f"a rekey every {seconds:.0f} s before the oldest that {oldest.device} still has a record of"
    for count in range(1, int(seconds / 12 / JITTER_S) + 1):
        at, uncertainty = oldest.at - timedelta(seconds=seconds * count), oldest.uncertainty_s + JITTER_S * count
        found.append(Rekey(at=at, device=oldest.device, uncertainty_s=uncertainty, seen=False, why=why))
    return found


def _before_live(end: TunnelEnd, seconds: float, by_volume: bool) -> list[Rekey]:
    """One end's, by its own clock."""
    installs = [(s.installed_at, s) for s in end.inbound if s.installed_at is not None]
    if not installs:
        return []
    installed_at, newest = max(installs, key=lambda pair: (pair[0], pair[1].spi))
    step = seconds * VOLUME_JITTER if by_volume else JITTER_S
    bound = seconds / 2 if seconds <= FREQUENT_S else seconds / 12
    found = []
    why = f"a rekey every {seconds:.0f} s before that of {newest.device}'s 0x{newest.spi:08X}"
    for count in range(1, MOST_STEPS + 1):
        uncertainty = newest.uncertainty_s + step * count
        if step * count > bound:
            break
        at = installed_at - timedelta(seconds=seconds * count)
        found.append(Rekey(at=at, device=newest.device, uncertainty_s=uncertainty, seen=False, why=why))
    if seconds <= FREQUENT_S:
        before = installed_at - timedelta(seconds=seconds * len(found))
        found.append(_any_moment(before, newest.device, seconds))
    return found


def _any_moment(before: datetime, device: str, seconds: float) -> Rekey:
    """What a short period comes to: further back, no moment is known not to be next to a rekey."""
    half = HORIZON / 2
    why = f"a rekey every {seconds:.0f} s, so often that no moment is far from one"
    return Rekey(at=before - half, device=device, uncertainty_s=half.total_seconds(), seen=False, why=why)


def rekey_period_s(tunnel: Tunnel) -> tuple[float, bool] | None:
    """Seconds between rekeys, and whether volume decides: whichever lifetime ends first, at whichever end."""
    by_time = [t for e in tunnel.ends if (t := _time_period(e)) is not None]
    by_volume = [v for e in tunnel.ends if (v := volume_period_s(e, tunnel)) is not None]
    if by_volume and (not by_time or min(by_volume) < min(by_time)):
        return (min(by_volume), True)
    return (max(min(by_time), 30.0), False) if by_time else None


def _time_period(end: TunnelEnd) -> float | None:
    life = end.lifetime
    if life is None or not life.ipsec_s:
        return None
    return float(life.rekey_s) if life.rekey_s is not None else life.ipsec_s - LEAD_S


def volume_period_s(end: TunnelEnd, tunnel: Tunnel) -> float | None:
    """Seconds in which the live SA's traffic would use up the end's volume lifetime, at the rate that it has now.

    The rate is what the SA has used (lifetime minus remaining kB) over its age; the busier direction decides.
    """
    life = end.lifetime
    if life is None or life.ipsec_kb is None:
        return None
    total = life.ipsec_kb
    other = tunnel.other_end(end.device or "").lifetime
    if tunnel.ike == "v1" and other is not None and other.ipsec_kb is not None:
        total = min(total, other.ipsec_kb)
    periods = [p for s in end.sas if (p := _sa_period(s, total, end)) is not None]
    return min(periods, default=None)


def _sa_period(sa: LiveSa, total_kb: int, end: TunnelEnd) -> float | None:
    if sa.remaining_kb is None or sa.installed_at is None or end.sa_table_at is None:
        return None
    age = (end.sa_table_at - sa.installed_at).total_seconds()
    used = total_kb - sa.remaining_kb
    if age < 10 or used <= 0:
        return None
    return total_kb * VOLUME_LEAD / (used / age)
