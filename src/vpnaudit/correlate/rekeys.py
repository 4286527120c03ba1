"""When a tunnel was rekeyed: seen in tables, traces and logs, or told by a live SA's age and lifetime."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise, product, starmap
from math import ceil, floor
from statistics import median

from msgspec import Struct, structs

from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.ledger import RECORDED, LedgerEntry, LedgerSource
from vpnaudit.model.sessions import SESSION_CHANGES, peer_of, session_state
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


LEAST_RACES = 3
"""So many lines that met a rekey are no chance."""
LEAST_GAPS, MOST_GAPS = 3, 12
"""So many times between installs show how often a tunnel is rekeyed; more are not needed."""
GAP_JITTER = 0.3
"""By this share of the usual one a time between installs may differ from it: traffic decides it."""

Install = tuple[datetime, LedgerEntry]
"""When an SA was installed, and its record."""


class Rekey(Struct, frozen=True, kw_only=True, gc=False):
    """An install or a delete by `device`'s clock. `seen` false: computed from a live SA's age and period."""

    at: datetime
    device: str
    uncertainty_s: float
    seen: bool
    why: str
    how: LedgerSource | None = None
    """Where it was seen."""
    zone_within_s: float = 0.0
    """Of the uncertainty that of all lines of the device's log."""


class Series(Struct, frozen=True, kw_only=True, gc=False):
    """Rekeys that nobody saw: the `newest`, and `count` in all, `period_s` apart, each by `step_s` less certain."""

    newest: Rekey
    period_s: float = 0.0
    step_s: float = 0.0
    count: int = 1

    def near(self, low: datetime, high: datetime) -> Iterable[Rekey]:
        """Those that may lie between the two, the newest first: by the least certain, so that more are given."""
        if self.count == 1:
            return (self.newest,)
        widest_s = self.newest.uncertainty_s + self.step_s * (self.count - 1)
        first = ((self.newest.at - high).total_seconds() - widest_s) / self.period_s
        last = ((self.newest.at - low).total_seconds() + widest_s) / self.period_s
        return map(self._at, range(max(ceil(first), 0), min(floor(last), self.count - 1) + 1))

    def _at(self, place: int) -> Rekey:
        return structs.replace(
            self.newest,
            at=self.newest.at - timedelta(seconds=self.period_s * place),
            uncertainty_s=self.newest.uncertainty_s + self.step_s * place,
        )


class Rekeys:
    """A tunnel's rekeys, found by their time without a look at all: those seen go first, then those computed."""

    def __init__(self, seen: Sequence[Rekey] = (), computed: Sequence[Series] = ()) -> None:
        self.seen = seen
        self._computed = computed
        self._places = sorted(range(len(seen)), key=lambda place: seen[place].at)
        self._times = [seen[place].at for place in self._places]
        self._widest = timedelta(seconds=max((r.uncertainty_s for r in seen), default=0.0))

    def near(self, at: datetime, before_s: float, after_s: float) -> Iterator[Rekey]:
        """Those that may be close to `at`: it may lie from `before_s` before one to `after_s` after it.

        More are given than are close: their own uncertainty counts as that of the least certain, and a second more.
        """
        low, high = at - timedelta(seconds=after_s + 1), at + timedelta(seconds=before_s + 1)
        if self._times:
            begin, end = bisect_left(self._times, low - self._widest), bisect_right(self._times, high + self._widest)
            yield from (self.seen[place] for place in sorted(self._places[begin:end]))
        for series in self._computed:
            yield from series.near(low, high)


NO_REKEYS = Rekeys()


def seen_rekeys(entries: Iterable[LedgerEntry]) -> list[Rekey]:
    """Installs and deletes that the ledger dates."""
    found = []
    for entry in entries:
        for at, what in ((entry.installed_at, "installed"), (entry.gone_at, "deleted")):
            if at is not None and not (entry.how == "older snapshot" and what == "deleted"):
                why = f"{entry.device} {what} 0x{entry.spi:08X} ({entry.how})"
                found.append(
                    Rekey(
                        at=at,
                        device=entry.device,
                        uncertainty_s=entry.uncertainty_s,
                        seen=True,
                        why=why,
                        how=entry.how,
                        zone_within_s=entry.zone_within_s,
                    )
                )
    return found


Changes = dict[str, list[tuple[datetime, float]]]
"""By peer, when its sessions changed by the device's log, on the common clock, and by how much that may be off."""


def session_ends(device: Device) -> Changes:
    """When sessions went down."""
    return _sessions(device, "down")


def session_starts(device: Device) -> Changes:
    """When sessions came up."""
    return _sessions(device, "up")


def _sessions(device: Device, state: str) -> Changes:
    found: Changes = {}
    for _, message in device.other_messages:
        if message.tag not in SESSION_CHANGES:
            continue
        at, peer = device.logged_at(message), peer_of(message)
        if at is not None and peer and session_state(message) == state:
            found.setdefault(normal(peer), []).append((at, device.logged_within_s(message)))
    return found


def predicted_rekeys(tunnel: Tunnel, seen: Iterable[Rekey] = ()) -> list[Series]:
    """Rekeys before each end's live SA, and before the oldest seen, one period apart, each less certain than the next.

    For a default lifetime the uncertainty outgrows usefulness after some hours. A period shorter than 30 minutes is
    followed until any moment may be next to a rekey, which then says just that.
    """
    period = rekey_period_s(tunnel)
    if tunnel.rekeys_seen and tunnel.rekey_period_s is not None:
        period = tunnel.rekey_period_s, tunnel.rekey_by_volume
    if period is None:
        return []
    return [s for end in tunnel.ends for s in _before_live(end, *period)] + _before_seen(seen, *period)


def _before_seen(seen: Iterable[Rekey], seconds: float, by_volume: bool) -> list[Series]:
    """Before the oldest rekey that a trace or log still has: a period that volume decides is followed from now only."""
    oldest = min(seen, key=lambda r: (r.at, r.device), default=None)
    if oldest is None or by_volume:
        return []
    what = f"the oldest that {oldest.device} still has a record of"
    return _each_period_before(oldest.at, oldest.device, oldest.uncertainty_s, seconds, what)


def before_lines(tunnel: Tunnel, races: Sequence[tuple[datetime, str, float]]) -> list[Series]:
    """Rekeys before the oldest line that met one: where several did, each tells when it was as well as a record would.

    `races`: time, device and uncertainty of each. None where volume decides.
    """
    if len(races) < LEAST_RACES or tunnel.rekey_period_s is None or tunnel.rekey_by_volume:
        return []
    at, device, uncertainty_s = min(races)
    return _each_period_before(at, device, uncertainty_s, tunnel.rekey_period_s, "the oldest line that met one")


def _each_period_before(at: datetime, device: str, uncertainty_s: float, seconds: float, what: str) -> list[Series]:
    """As far back as the uncertainty leaves most of a period out."""
    if seconds <= FREQUENT_S:
        return []
    count = int(seconds / 12 / JITTER_S)
    return _before(at, device, uncertainty_s, count, seconds, JITTER_S, f"a rekey every {seconds:.0f} s before {what}")


def _before_live(end: TunnelEnd, seconds: float, by_volume: bool) -> list[Series]:
    """One end's, by its own clock."""
    installs = [(s.installed_at, s) for s in end.inbound if s.installed_at is not None]
    if not installs:
        return []
    installed_at, newest = max(installs, key=lambda pair: (pair[0], pair[1].spi))
    step = seconds * VOLUME_JITTER if by_volume else JITTER_S
    bound = seconds / 2 if seconds <= FREQUENT_S else seconds / 12
    count = min(int(bound / step), MOST_STEPS)
    why = f"a rekey every {seconds:.0f} s before that of {newest.device}'s 0x{newest.spi:08X}"
    found = _before(installed_at, newest.device, newest.uncertainty_s, count, seconds, step, why)
    if seconds <= FREQUENT_S:
        before = installed_at - timedelta(seconds=seconds * count)
        found.append(Series(newest=_any_moment(before, newest.device, seconds)))
    return found


def _before(
    at: datetime, device: str, uncertainty_s: float, count: int, seconds: float, step_s: float, why: str
) -> list[Series]:
    if count == 0:
        return []
    newest = Rekey(
        at=at - timedelta(seconds=seconds), device=device, uncertainty_s=uncertainty_s + step_s, seen=False, why=why
    )
    return [Series(newest=newest, period_s=seconds, step_s=step_s, count=count)]


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


def seen_period(
    tunnel: Tunnel, entries: Iterable[LedgerEntry], until: datetime | None = None
) -> tuple[float, tuple[Evidence, ...]] | None:
    """Seconds between the last rekeys that an end has a record of, where they come oftener than time asks; and those.

    The last until the tables were read, or `until` another moment: traffic of the night has rekeys of its own.

    For SAs that are too young to show a rate. Volume decides then: an end has a volume lifetime, the tunnel one pair of
    SAs, and the IKE SA is older than all of them, so that none of them was set up anew.
    """
    period = rekey_period_s(tunnel)
    if period is None or period[1] or not any(e.lifetime and e.lifetime.ipsec_kb for e in tunnel.ends):
        return None
    known = list(entries)
    for end, role in product(tunnel.ends, ("receiver", "sender")):
        installs = _installs(end, [e for e in known if e.device == end.device and e.role == role], until)
        usual = _steady_gap_s(installs)
        if usual is None or end.sa_table_at is None or len({s.local_identity for s in end.inbound}) > 1:
            continue
        goes_on = ((until or end.sa_table_at) - installs[-1][0]).total_seconds() <= 2 * usual
        if goes_on and usual < period[0] / 2:
            return usual, _newest(installs)
    return None


def logged_period(entries: Iterable[LedgerEntry]) -> tuple[float, tuple[Evidence, ...]] | None:
    """Seconds between the last rekeys that a device's log or trace has of one peer, where they come evenly; and those.

    Of SAs of one direction, of a peer with which no tunnel is known.
    """
    installs = _last((e.installed_at, e) for e in entries if e.how in RECORDED and e.installed_at is not None)
    usual = _steady_gap_s(installs)
    return (usual, _newest(installs)) if usual is not None else None


def _newest(installs: Sequence[Install]) -> tuple[Evidence, ...]:
    return tuple(e.evidence for _, e in installs[-LEAST_GAPS - 1 :])


def _steady_gap_s(installs: Sequence[Install]) -> float | None:
    """The usual time between installs that follow each other, where most come so far apart and replace the one before.

    Null where they do not, or are too few.
    """
    each = list(pairwise(installs))
    gaps = [(after - before).total_seconds() for (before, _), (after, _) in each]
    if len(gaps) < LEAST_GAPS or 2 * sum(starmap(_is_replaced, each)) < len(gaps):
        return None
    usual = median(gaps)
    steady = sum(abs(g - usual) <= GAP_JITTER * usual for g in gaps)
    return usual if usual > 0 and 4 * steady >= 3 * len(gaps) else None


def _is_replaced(one: Install, following: Install) -> bool:
    """Whether an SA was there until the next one was: what goes long before that was not rekeyed, but taken down."""
    (installed_at, entry), (at, _) = one, following
    if entry.gone_at is None or entry.only_bounded:
        return True
    return (at - entry.gone_at).total_seconds() <= GAP_JITTER * (at - installed_at).total_seconds()


def _installs(end: TunnelEnd, entries: Iterable[LedgerEntry], until: datetime | None) -> list[Install]:
    """Of an end's SAs of one direction the last that came after its IKE SA (and not after `until`)."""
    begun = min((i.established_at for i in end.live_ike if i.established_at), default=None)
    if begun is None:
        return []
    dated = ((e.installed_at, e) for e in entries if e.installed_at is not None)
    return _last(one for one in dated if one[0] > begun and (until is None or one[0] <= until))


def _last(installs: Iterable[Install]) -> list[Install]:
    """The last of them in order of time, each SPI once: as its first record has it."""
    found: dict[int, Install] = {}
    for at, entry in installs:
        found.setdefault(entry.spi, (at, entry))
    return sorted(found.values(), key=lambda one: (one[0], one[1].spi))[-MOST_GAPS - 1 :]


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
