"""Which devices of a large source a tunnel concerns: all that could change what is said of it, and few others.

Beginning with the device that was named, the captures of those chosen are read and correlated; what they say of the
tunnel (addresses, SPIs) is looked for in the other devices' files as bytes, and whom it is found at is read too, until
nothing new is found. A device that has neither address of the tunnel, logs nothing between the two, and knows none of
its SPIs or of those in its events, can neither be an end of it, nor hold or send on what the events were sent with.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from vpnaudit.model.addresses import normal
from vpnaudit.model.audit import AuditTunnel
from vpnaudit.model.device import CONFIG_COMMAND
from vpnaudit.model.event import Event
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.snapshot import Snapshot
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.pipeline.audit import correlate_read
from vpnaudit.pipeline.devices import Read, read_devices
from vpnaudit.settings import Settings
from vpnaudit.snapshot.by_device import ByDevice
from vpnaudit.snapshot.mentions import Search, Sought

_SAYS_NOTHING = ("show clock", "show ntp", "show version", "show memory", "show processes", "show platform")
"""Answers in which no address or SPI of a tunnel stands."""


class Concerned(Struct, frozen=True, kw_only=True, gc=False):
    """The devices that a tunnel concerns, read and correlated."""

    snapshots: tuple[Snapshot, ...]
    read: Read
    fleet: Fleet


def concerned(
    sources: Sequence[ByDevice], device: str, peer: str, settings: Settings, now: datetime
) -> Concerned | None:
    """What concerns the tunnel between `device` and `peer` (an address or a device's name); None without the device."""
    names = {d.name.lower() for source in sources for d in source.devices}
    if device.lower() not in names:
        return None
    chosen = {device.lower()} | ({peer.lower()} & names or _owners(sources, peer))
    known = Sought()
    while True:
        found = _correlated(sources, chosen, settings, now)
        sought = _sought(found.fleet, device, peer)
        if sought == known:
            return found
        more = _found(sources, Search(sought), chosen)
        if not more:
            return found
        known, chosen = sought, chosen | more


def _correlated(sources: Sequence[ByDevice], names: Collection[str], settings: Settings, now: datetime) -> Concerned:
    snapshots = tuple(source.read(names) for source in sources)
    read = read_devices(snapshots, now)
    return Concerned(snapshots=snapshots, read=read, fleet=correlate_read(snapshots, read, settings, now))


def _owners(sources: Sequence[ByDevice], address: str) -> set[str]:
    """Who has an address in its configuration, or is managed at it. Whom this misses, the search that follows finds."""
    search = Search(Sought(owners=frozenset({address})))
    return {
        device.name.lower()
        for source in sources
        for device in source.devices
        if device.address == address or search.finds(source.files(device, of=(CONFIG_COMMAND,)))
    }


def _found(sources: Sequence[ByDevice], search: Search, chosen: Collection[str]) -> set[str]:
    return {
        device.name.lower()
        for source in sources
        for device in source.devices
        if device.name.lower() not in chosen and search.finds(source.files(device, but=_SAYS_NOTHING))
    }


def _sought(fleet: Fleet, device: str, peer: str) -> Sought:
    """What the devices read so far say of the tunnel: addresses of both ends, SPIs of its SAs and of its events.

    Without a tunnel between the two all that is said of the peer is about a source, whoever heard from it.
    """
    tunnels = [t for t in fleet.tunnels if is_between(t, device, peer)]
    pairs = [_ends(t, device) for t in tunnels]
    there = {a for _, end in pairs for a in _faces(end)} | ({peer} - set(fleet.device_by_name))
    logged = _events(fleet, tunnels, device, there)
    return Sought(
        here=frozenset(a for end, _ in pairs for a in _faces(end)) or _own(fleet, device),
        there=frozenset(there | (set() if tunnels else _own(fleet, peer))),
        owners=frozenset((*(a for e in logged for a in (e.source, e.destination) if a), *_shared(fleet, tunnels))),
        anywhere=frozenset() if tunnels else frozenset(there),
        spis=frozenset((*(e.spi for e in logged), *_of_sas(tunnels), *_of_the_past(fleet, tunnels))),
    )


def _events(fleet: Fleet, tunnels: Sequence[Tunnel], device: str, peers: Collection[str]) -> list[Event]:
    """The tunnel's events, what the device logs from the peer, and whatever was sent with the same SPIs."""
    ids, faces = {t.id for t in tunnels}, {normal(p) for p in peers}
    its = {e.spi for e in fleet.events if e.tunnel in ids or (e.device == device and normal(e.source or "") in faces)}
    return [e for e in fleet.events if e.spi in its]


def _shared(fleet: Fleet, tunnels: Sequence[Tunnel]) -> set[str]:
    """Tunnel addresses that the ends' devices share with a partner, who tells which of the two is on standby."""
    devices = [fleet.device_by_name[name] for name in {end.device or "" for t in tunnels for end in t.ends}]
    standby = frozenset().union(*(d.standby_addresses for d in devices))
    return {end.address for d in devices for t in fleet.tunnels_of[d.name] for end in t.ends} & standby


def _own(fleet: Fleet, device: str) -> frozenset[str]:
    found = fleet.device_by_name.get(device)
    return found.own_addresses if found is not None else frozenset()


def is_between(tunnel: Tunnel | AuditTunnel, device: str, peer: str) -> bool:
    """Whether a tunnel is one of `device` with `peer`, each a name or an address."""
    local = {tunnel.local.device, tunnel.local.address}
    remote = {tunnel.remote.device, tunnel.remote.address}
    return (device in local and peer in remote) or (device in remote and peer in local)


def _ends(tunnel: Tunnel, device: str) -> tuple[TunnelEnd, TunnelEnd]:
    """The device's end first."""
    ends = (tunnel.local, tunnel.remote)
    return ends if tunnel.local.device == device else ends[::-1]


def _faces(end: TunnelEnd) -> set[str]:
    """The addresses that an end has and is known by."""
    return {a for a in (end.address, end.seen) if any(c in ".:" for c in a)}


def _of_sas(tunnels: Sequence[Tunnel]) -> set[int]:
    return {sa.spi for t in tunnels for end in t.ends for sa in end.sas}


def _of_the_past(fleet: Fleet, tunnels: Sequence[Tunnel]) -> set[int]:
    """SPIs that the ends once had with each other."""
    ends = [(end.device or "", t) for t in tunnels for end in t.ends]
    facing = {(device, normal(face)) for device, t in ends for face in _faces(t.other_end(device))}
    return {e.spi for e in fleet.ledger.entries() if e.peer is not None and (e.device, normal(e.peer)) in facing}
