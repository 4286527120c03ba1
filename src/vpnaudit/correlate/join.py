"""Two views of one tunnel become one: by SPIs (what one sends on, the other receives on), else by addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_address
from statistics import median
from typing import Literal

from msgspec import structs

from vpnaudit.correlate.clocks import CAPTURE_SPREAD_S, TOGETHER_S, uncertainty
from vpnaudit.correlate.ends import View
from vpnaudit.model.addresses import is_private, normal
from vpnaudit.model.device import Device
from vpnaudit.model.sa import Direction
from vpnaudit.model.tunnel import LiveSa, StaleOutbound, Tunnel, TunnelEnd, TunnelState

CLOCKS_TOO_FAR_S = 3600.0
"""Clocks known no better than this say nothing of two tables: a rekey with default lifetimes fits in between."""
ONE_PAIR_S = 2.0
"""Both SAs of a pair are made at one moment: what a table shows as left of them differs by at most so much."""
Logged = Mapping[tuple[str, str, int], float]
"""Device, source and SPI of every logged event: the seconds from the first line to the last."""
STREAM_S = 120.0
"""An SPI that is logged for longer than this is no rekey's (field guide 3.2 row 11)."""
TRIES_AGAIN_S = 300.0
"""Traffic tries a tunnel again within a minute or two of a negotiation that failed."""
Apart = tuple[float, float]
"""How much later the receiver's table was read than the sender's, and the bound of that. Seconds."""


def join(all_views: Sequence[View], devices: Mapping[str, Device], seen: Logged) -> tuple[Tunnel, ...]:
    """All tunnels, sorted by id.

    By `seen` a NATed peer whose SAs no longer meet is told by the SPI that one end logged and the other end still sends
    on; and what was logged for minutes was no rekey.
    """
    all_views = [v for v in all_views if not _is_behind_its_partner(v, all_views, devices, seen)]
    aside = _of_standby_units(all_views, devices)
    pairs = _pair(all_views, seen, aside)
    paired = {id(v) for pair in pairs for v in pair}
    twins: dict[tuple[str, str], list[View]] = {}
    for view in all_views:
        twins.setdefault(_ends(view), []).append(view)
    singles = [v for v in all_views if id(v) not in paired and not _is_standby(v, twins[_ends(v)], aside, paired)]
    tunnels = [_two_ended(a, b, devices, seen) for a, b in pairs] + [_one_ended(v, devices) for v in singles]
    return _with_unique_ids(tunnels)


def _of_standby_units(all_views: Sequence[View], devices: Mapping[str, Device]) -> frozenset[int]:
    """Views (by `id`) of a firewall that has an interface's standby address now, and not the tunnel's.

    Both units of a failover pair have one configuration; which has the address, `show interface` says.
    """
    spare = {name: device.once(_left_to_the_mate) for name, device in devices.items()}
    return frozenset(id(v) for v in all_views if normal(v.end.address) in spare[v.device])


def _left_to_the_mate(device: Device) -> frozenset[str]:
    """Configured addresses of interfaces that have their standby address now."""
    if device.config is None:
        return frozenset()
    held = {normal(i.address) for _, i in device.interfaces if i.address}
    found: set[str] = set()
    for configured in device.config[1].interfaces:
        own = {normal(a.partition("/")[0]) for a in configured.addresses}
        if not held & own and held.intersection(map(normal, configured.standby_addresses)):
            found |= own
    return frozenset(found)


def _pair(all_views: Sequence[View], seen: Logged, aside: frozenset[int]) -> list[tuple[View, View]]:
    pairs: list[tuple[View, View]] = []
    taken: set[int] = set()
    by_addresses = _by_addresses(all_views, seen, aside)
    for candidates in (_by_spis(all_views, aside), by_addresses, _by_events(all_views, seen)):
        for first, second in candidates:
            if id(first) in taken or id(second) in taken or first.device == second.device:
                continue
            taken |= {id(first), id(second)}
            pairs.append((first, second))
    return pairs


def _by_spis(all_views: Sequence[View], aside: frozenset[int]) -> Iterable[tuple[View, View]]:
    receivers: dict[int, list[int]] = {}
    for index, view in enumerate(all_views):
        for spi in view.in_spis:
            receivers.setdefault(spi, []).append(index)
    scored: dict[tuple[int, int], int] = {}
    for index, view in enumerate(all_views):
        for spi in view.out_spis:
            for other in receivers.get(spi, []):
                if all_views[other].device != view.device and _may_be_one(view, all_views[other]):
                    first, second = sorted((index, other))
                    scored[first, second] = scored.get((first, second), 0) + 1
    for first, second in sorted(scored, key=lambda pair: (-scored[pair], *_stand_by(all_views, pair, aside), pair)):
        yield all_views[first], all_views[second]


def _stand_by(all_views: Sequence[View], pair: tuple[int, int], aside: frozenset[int]) -> tuple[bool, ...]:
    """Last those who hold copies of a partner's SAs: the partner is at the tunnel's end."""
    return tuple(id(all_views[i]) in aside or _stands_by(all_views[i]) for i in pair)


def _stands_by(view: View) -> bool:
    """Whether all its IKE SAs are a partner's, kept for the case that it fails (`STDBY`, stateful failover)."""
    return bool(view.end.ike_sas) and all((i.sa.status or "").upper() == "STDBY" for i in view.end.ike_sas)


def _may_be_one(a: View, b: View) -> bool:
    """At least one end has the other's own address: an SPI alone may be the same by chance, or delivered wrongly.

    Or each receives what the other sends, where a NAT stands before both: no other network reaches their addresses.
    """
    if normal(a.peer) == normal(b.end.address) or normal(b.peer) == normal(a.end.address):
        return True
    translated = is_private(normal(a.end.address)) and is_private(normal(b.end.address))
    return translated and not a.out_spis.isdisjoint(b.in_spis) and not b.out_spis.isdisjoint(a.in_spis)


def _by_addresses(all_views: Sequence[View], seen: Logged, aside: frozenset[int]) -> Iterable[tuple[View, View]]:
    logged = frozenset((device, source) for device, source, _ in seen)
    by_ends: dict[tuple[str, str], list[View]] = {}
    for view in all_views:
        by_ends.setdefault(_ends(view), []).append(view)
    for (address, peer), here in sorted(by_ends.items()):
        there = by_ends.get((peer, address), [])
        if address < peer:
            ranked = [(a, b) for a in _busiest(here, logged, aside) for b in _busiest(there, logged, aside)]
            yield from sorted(ranked, key=lambda ab: ab[0].end.vrf != ab[1].end.vrf)


def _busiest(candidates: Sequence[View], logged: frozenset[tuple[str, str]], aside: frozenset[int]) -> list[View]:
    """Of several devices with one address (a pair that shares it), the one with SAs first.

    Where none has any, the one to which the packets came.
    """

    def rank(view: View) -> tuple[bool, bool, int, int, bool, str]:
        deaf = (view.device, normal(view.peer)) not in logged
        here = view.end
        return id(view) in aside, _stands_by(view), -len(here.sas), -len(here.live_ike), deaf, view.device

    return sorted(candidates, key=rank)


def _by_events(all_views: Sequence[View], seen: Logged) -> Iterable[tuple[View, View]]:
    """What one end logged and the other still sends on, where a NAT stands before either."""
    senders: dict[int, list[View]] = {}
    receivers: dict[tuple[str, str], list[View]] = {}
    for view in all_views:
        receivers.setdefault((view.device, normal(view.peer)), []).append(view)
        for spi in view.out_spis:
            senders.setdefault(spi, []).append(view)
    for device, source, spi in sorted(key for key in seen if key[2] in senders):
        for receiver in receivers.get((device, source), ()):
            address = normal(receiver.end.address)
            for sender in senders[spi]:
                both_translated = is_private(address) and is_private(sender.end.address)
                if normal(sender.peer) == address or normal(sender.end.address) == source or both_translated:
                    yield receiver, sender


def _ends(view: View) -> tuple[str, str]:
    return (normal(view.end.address), normal(view.peer))


def _is_standby(view: View, twins: Sequence[View], aside: frozenset[int], paired: set[int]) -> bool:
    """An end on a device that shares its address with one that has the SAs, or the tunnel: the standby of a pair.

    It has none itself, or copies of its partner's (stateful failover).
    """
    others = [o for o in twins if o.end.vrf == view.end.vrf and o.device != view.device]
    if id(view) in aside and any(id(o) not in aside for o in others):
        return True
    if view.end.sas or view.end.live_ike:
        return any(_is_copy(view, other) for other in others)
    return any(
        other.end.sas
        or other.end.live_ike
        or id(other) in paired
        or (other.device < view.device and id(other) not in aside)
        for other in others
    )


def _is_copy(view: View, other: View) -> bool:
    """Whether the SAs of `view` are those of `other`, which a partner does not choose by chance."""
    if view.device == other.device or not view.in_spis:
        return False
    same = view.in_spis == other.in_spis and view.out_spis == other.out_spis
    return same and (_stands_by(other), other.device) < (_stands_by(view), view.device)


def _is_behind_its_partner(
    view: View,
    all_views: Sequence[View],
    devices: Mapping[str, Device],
    seen: Logged,
) -> bool:
    """An idle end at an address that the device shares with, or left to, a partner who was not collected.

    The other end has SAs with that address, no line says that they came here: the partner holds them.
    """
    address = normal(view.end.address)
    stands_by = address in devices[view.device].once(_left_to_the_mate)
    if view.end.sas or view.end.live_ike or not (stands_by or address in devices[view.device].standby_addresses):
        return False
    others = [d for name, d in devices.items() if name != view.device]
    if any(address in map(normal, d.own_addresses) if stands_by else address in d.standby_addresses for d in others):
        return False
    if any((device, source) == (view.device, normal(view.peer)) for device, source, _ in seen):
        return False
    return any(_ends(other) == _ends(view)[::-1] and other.end.sas for other in all_views)


def _two_ended(a: View, b: View, devices: Mapping[str, Device], seen: Logged) -> Tunnel:
    first, second = sorted((a, b), key=lambda v: (_address_order(v.end.address), v.device))
    ike = _version(first.end, second.end)
    here, there = (
        structs.replace(one.end, seen_as=other.peer, ike=ike, ike_table_read=devices[one.device].ike_read(ike))
        for one, other in ((first, second), (second, first))
    )
    local, remote = _dated(here, there, devices), _dated(there, here, devices)
    stale, undecided = _out_of_step(local, remote, devices, seen)
    meets = normal(first.peer) == normal(second.end.address) and normal(second.peer) == normal(first.end.address)
    return Tunnel(
        id=tunnel_id(first.end.address, first.peer, first.end.vrf or second.end.vrf),
        local=local,
        remote=remote,
        state=_state_of_two(local, remote, stale, undecided),
        joined_by="addresses" if meets else "spis",
        stale=stale,
        undecided=undecided,
    )


def _version(first: TunnelEnd, second: TunnelEnd) -> Literal["v1", "v2"] | None:
    """The version of a live IKE SA at either end, else the one that an end's configuration tells."""
    used = [i.sa.version for e in (first, second) for i in e.live_ike]
    return used[0] if used else first.ike or second.ike


def _one_ended(view: View, devices: Mapping[str, Device]) -> Tunnel:
    other = TunnelEnd(address=view.peer)
    local = _dated(view.end, None, devices)
    return Tunnel(
        id=tunnel_id(view.end.address, view.peer, view.end.vrf),
        local=local,
        remote=other,
        state=_state_of_one(local),
    )


def tunnel_id(one: str, other: str, vrf: str | None) -> str:
    """Both crypto addresses in order, and the VRF if there is one."""
    first, second = sorted((normal(one), normal(other)), key=_address_order)
    return f"{first}-{second}" + (f"@{vrf}" if vrf else "")


@lru_cache(maxsize=65_536)
def _address_order(address: str) -> tuple[int, int, str]:
    try:
        parsed = ip_address(address)
    except ValueError:
        return (9, 0, address)
    return (parsed.version, int(parsed), "")


def _with_unique_ids(tunnels: Sequence[Tunnel]) -> tuple[Tunnel, ...]:
    """A pair that shares an address can hold two tunnels with the same ends: their ids get the device's name too."""
    counts: dict[str, int] = {}
    for tunnel in tunnels:
        counts[tunnel.id] = counts.get(tunnel.id, 0) + 1
    named = [
        structs.replace(t, id=f"{t.id}#{'-'.join(e.device or '' for e in t.ends)}") if counts[t.id] > 1 else t
        for t in tunnels
    ]
    return tuple(sorted(named, key=lambda t: (*(_address_order(a) for a in t.id.partition("-")[::2]), t.id)))


def _dated(end: TunnelEnd, other: TunnelEnd | None, devices: Mapping[str, Device]) -> TunnelEnd:
    """Install times from remaining lifetime."""
    totals = _totals(end, other)
    sas = tuple(_dated_sa(sa, totals, end, devices[end.device or ""]) for sa in end.sas)
    return structs.replace(end, sas=sas)


def _totals(end: TunnelEnd, other: TunnelEnd | None) -> tuple[int | None, int | None]:
    """What an SA can have begun with: IKEv1 took the lower of both ends' lifetimes, IKEv2 has each end's own."""
    total = end.lifetime.ipsec_s if end.lifetime else None
    peer_total = other.lifetime.ipsec_s if other and other.lifetime else None
    lower = min(total, peer_total) if end.ike == "v1" and total is not None and peer_total is not None else total
    return lower, total


def _age_s(sa: LiveSa, totals: tuple[int | None, int | None]) -> int | None:
    """By the first of `totals` that the SA's remaining seconds fit in: more left than the lower was not negotiated."""
    remaining = sa.remaining_s
    if remaining is None:
        return None
    return next((t - remaining for t in totals if t is not None and remaining <= t), None)


def _dated_sa(sa: LiveSa, totals: tuple[int | None, int | None], end: TunnelEnd, device: Device) -> LiveSa:
    age = _age_s(sa, totals)
    if age is None or end.sa_table_at is None:
        return sa
    spread = 2.0 if any(c.capture.asked_at for c in device.captures) else CAPTURE_SPREAD_S
    return structs.replace(sa, installed_at=end.sa_table_at - timedelta(seconds=age), uncertainty_s=spread)


def _out_of_step(
    local: TunnelEnd, remote: TunnelEnd, devices: Mapping[str, Device], seen: Logged
) -> tuple[tuple[StaleOutbound, ...], tuple[StaleOutbound, ...]]:
    """Outbound SAs that the other end does not have: those that prove it, and those that a rekey may explain."""
    found: dict[str, list[StaleOutbound]] = {"stale": [], "open": []}
    for sender, receiver in ((local, remote), (remote, local)):
        for sa in _not_held(sender, receiver):
            streamed = seen.get((receiver.device or "", normal(sender.seen), sa.spi), 0.0) > STREAM_S
            verdict = "stale" if streamed else "open"
            if not streamed and not _may_be_a_neighbours(sender, receiver):
                verdict = _what_it_proves(sa, sender, receiver, devices)
            lost = StaleOutbound(
                sender=sender.device or "", receiver=receiver.device or "", spi=sa.spi, evidence=(sa.evidence,)
            )
            found.setdefault(verdict, []).append(lost)
    return tuple(found["stale"]), tuple(found["open"])


def _not_held(sender: TunnelEnd, receiver: TunnelEnd) -> list[LiveSa]:
    """The current outbound SA of each proxy identity of which the other end's table has none."""
    if not (sender.sa_table_read and receiver.sa_table_read):
        return []
    held = {s.spi for s in receiver.inbound}
    by_identity: dict[tuple[str | None, str | None], list[LiveSa]] = {}
    for sa in sender.outbound:
        if not _is_of_another_box(sa, receiver):
            by_identity.setdefault((sa.local_identity, sa.remote_identity), []).append(sa)
    groups = (sas for sas in by_identity.values() if not any(s.spi in held for s in sas))
    return [max(sas, key=lambda s: (s.remaining_s or 0, s.spi)) for sas in groups]


def _may_be_a_neighbours(sender: TunnelEnd, receiver: TunnelEnd) -> bool:
    """Whether what is sent to a NAT's address may be another box's behind it, which was not collected.

    The two have no SA in common, the sender takes any peer, and no network is configured that would tell.
    """
    if receiver.seen == receiver.address or receiver.proxies or sender.named:
        return False
    mine = {(s.direction == "out", s.spi) for s in sender.sas}
    return all((s.direction == "in", s.spi) not in mine for s in receiver.sas)


def _is_of_another_box(sa: LiveSa, receiver: TunnelEnd) -> bool:
    """Behind a NAT several boxes have one address: what protects none of this one's networks is another's SA."""
    return receiver.seen != receiver.address and receiver.protects_nothing_of(sa)


def _what_it_proves(
    sa: LiveSa, sender: TunnelEnd, receiver: TunnelEnd, devices: Mapping[str, Device]
) -> Literal["stale", "renewed", "open"]:
    """What it means that the receiver's table lacks an SA of the sender's.

    "stale": it was there to be held when the receiver's table was read. "renewed": the pair came or went between the
    two readings. "open": it may have, as nobody knows well enough how far apart they were, or how old the SAs are.
    """
    if _has_its_other_half(sa, sender, receiver):
        return "stale"
    apart = _apart(sender, receiver, devices)
    if apart is None:
        return "open"
    later_s, doubt_s = apart
    if later_s > 0:
        left = [sa.remaining_s] if sa.remaining_s is not None else []
        ages = [_age_s(s, _totals(receiver, sender)) for s in _of_the_same_networks(sa, receiver)]
    else:
        left = []
        ages = [_age_s(sa, _totals(sender, receiver))]
    changes = [*left, *(age for age in ages if age is not None)]
    if any(change < abs(later_s) - doubt_s for change in changes):
        return "renewed"
    if any(change <= abs(later_s) + doubt_s for change in changes):
        return "open"
    known = bool(ages) and None not in ages
    return "stale" if known or abs(later_s) + doubt_s <= TOGETHER_S else "open"


def _of_the_same_networks(sa: LiveSa, receiver: TunnelEnd) -> tuple[LiveSa, ...]:
    """The receiver's inbound SAs for what `sa` protects, as it sees it; all where none has those networks."""
    mirrored = sa.remote_identity, sa.local_identity
    return tuple(s for s in receiver.inbound if (s.local_identity, s.remote_identity) == mirrored) or receiver.inbound


def _has_its_other_half(sa: LiveSa, sender: TunnelEnd, receiver: TunnelEnd) -> bool:
    """Whether the SA was made together with an inbound one on which the receiver sends.

    It has the whole pair then, or had it: whenever the two tables were read.
    """
    sent = {s.spi for s in receiver.outbound}
    mates = [s for s in sender.inbound if _identities(s) == _identities(sa)]
    if sa.remaining_s is None:
        return len(mates) == 1 and mates[0].spi in sent
    left = sa.remaining_s
    return any(s.spi in sent and s.remaining_s is not None and abs(s.remaining_s - left) <= ONE_PAIR_S for s in mates)


def _identities(sa: LiveSa) -> tuple[str | None, str | None, str]:
    return sa.local_identity, sa.remote_identity, sa.protocol


def _apart(sender: TunnelEnd, receiver: TunnelEnd, devices: Mapping[str, Device]) -> Apart | None:
    """By the clocks; where those do not tell, by what is left of the SAs that both tables show."""
    doubt_s = uncertainty(devices[sender.device or ""]) + uncertainty(devices[receiver.device or ""])
    if sender.sa_table_at is not None and receiver.sa_table_at is not None and doubt_s <= CLOCKS_TOO_FAR_S:
        return (receiver.sa_table_at - sender.sa_table_at).total_seconds(), doubt_s
    return _apart_by_shared_sas(sender, receiver)


def _apart_by_shared_sas(sender: TunnelEnd, receiver: TunnelEnd) -> Apart | None:
    """IKEv1 gives both ends of an SA one end; with IKEv2 they share its beginning (field guide 2.1)."""
    if None in {sender.ike, receiver.ike} or (sender.ike == "v2" and None in _lives(sender, receiver)):
        return None
    sent, received = _lives(sender, receiver) if sender.ike == "v2" else (0, 0)
    there = {(s.direction, s.spi): s.remaining_s for s in receiver.sas}
    opposite: dict[Direction, Direction] = {"in": "out", "out": "in"}
    later = [
        ((received or 0) - left) - ((sent or 0) - s.remaining_s)
        for s in sender.sas
        if s.remaining_s is not None and (left := there.get((opposite[s.direction], s.spi))) is not None
    ]
    if not later or max(later) - min(later) > CAPTURE_SPREAD_S:
        return None
    return float(median(later)), float(max(later) - min(later)) + ONE_PAIR_S


def _lives(*ends: TunnelEnd) -> tuple[int | None, ...]:
    return tuple(e.lifetime.ipsec_s if e.lifetime else None for e in ends)


def _state_of_two(
    local: TunnelEnd, remote: TunnelEnd, stale: Sequence[StaleOutbound], undecided: Sequence[StaleOutbound]
) -> TunnelState:
    if stale:
        return "one-sided"
    if undecided:
        return "unknown"
    if not local.sa_table_read and not remote.sa_table_read:
        return "unknown"
    if not (local.sa_table_read and remote.sa_table_read):
        return _state_of_one(local if local.sa_table_read else remote)
    if local.inbound and local.outbound and remote.inbound and remote.outbound:
        return "up"
    for end, other in ((local, remote), (remote, local)):
        if end.sas and not other.sas and all(_is_younger(sa, other) for sa in end.sas):
            return _state_of_one(end)
    if local.sas or remote.sas:
        return "one-sided"
    return "down" if _is_trying(local) or _is_trying(remote) else "idle"


def _is_younger(sa: LiveSa, other: TunnelEnd) -> bool:
    """Whether an SA was set up after the other end's table was read, which then says nothing of it."""
    if sa.installed_at is None or other.sa_table_at is None:
        return False
    return sa.installed_at - timedelta(seconds=sa.uncertainty_s) > other.sa_table_at


def _state_of_one(end: TunnelEnd) -> TunnelState:
    if not end.sa_table_read:
        return "unknown"
    if end.inbound and end.outbound:
        return "up"
    if end.sas:
        return "one-sided"
    return "down" if _is_trying(end) else "idle"


def _is_trying(end: TunnelEnd) -> bool:
    """Whether an end without SAs is negotiating in vain, rather than waiting for traffic."""
    status = (end.session_status or "").upper()
    negotiating = any(not i.live for i in end.ike_sas) and not end.live_ike
    return "NEGOTIATING" in status or negotiating or _was_just_refused(end)


def _was_just_refused(end: TunnelEnd) -> bool:
    """Whether a negotiation failed shortly before the table without SAs was read: there is traffic, and no tunnel."""
    if end.refused_at is None or end.sa_table_at is None:
        return False
    return abs(end.sa_table_at - end.refused_at) <= timedelta(seconds=TRIES_AGAIN_S)
