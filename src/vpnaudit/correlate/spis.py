"""Fills the SPI ledger: live tables, older snapshots, IKE listings, event traces, and what logs say of SAs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Literal

from msgspec import structs

from vpnaudit.correlate.clocks import CAPTURE_SPREAD_S, moment
from vpnaudit.correlate.peers import own_addresses
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.ledger import Ledger, LedgerEntry, LedgerSource, Role
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.recorded_peers import CREATED, DELETED, HANDED_OUT
from vpnaudit.model.sa import SaTrace
from vpnaudit.model.tunnel import LiveSa, Tunnel, TunnelEnd

ROLE: dict[str, Role] = {"in": "receiver", "out": "sender"}
Held = Mapping[tuple[str, int, Role], LedgerEntry]
"""The live SAs by device, SPI and the device's part."""
_SAME_INSTALL_S = 300.0
"""A trace and the live table that are no further apart on one SA's install tell of it in one zone."""


def fill(devices: Sequence[Device], tunnels: Sequence[Tunnel], older: Sequence[Device]) -> Ledger:
    """Everything that the evidence says about SPIs.

    `older` are the devices in earlier collections, by their clocks of then. Records of one SA in several collections
    are one entry; the newest collection's word goes first.
    """
    live = [e for t in tunnels for e in _live(t)]
    held = {(e.device, e.spi, e.role): e for e in live}
    ages = [*devices, *older]
    records = [e for device in ages for e in (*_traced(device, held), *_logged(device, held))]
    known = {(e.device, e.spi, e.role) for e in (*live, *records) if not e.only_negotiated}
    entries = [*live]
    lives = _lifetimes(tunnels) if older else {}
    entries += [e for d in older for e in _past(d, lives) if (e.device, e.spi, e.role) not in held]
    entries += [e for device in devices for e in _listed(device, held)]
    entries += [e for e in records if not (e.only_negotiated and (e.device, e.spi, e.role) in known)]
    return Ledger(_joined(entries))


def _joined(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Of what one device's records of one kind say of an SPI, one entry: the first, with what only later ones know."""
    found: dict[tuple[str, int, Role, LedgerSource], LedgerEntry] = {}
    for entry in entries:
        key = (entry.device, entry.spi, entry.role, entry.how)
        known = found.get(key)
        if known is None or entry.how == "live table":
            found[key] = entry
            continue
        found[key] = structs.replace(
            known,
            peer=known.peer or entry.peer,
            address=known.address or entry.address,
            installed_at=known.installed_at or entry.installed_at,
            gone_at=known.gone_at or entry.gone_at,
        )
    return list(found.values())


def _live(tunnel: Tunnel) -> Iterator[LedgerEntry]:
    for end in tunnel.ends:
        peer = tunnel.other_end(end.device or "").seen
        for sa in end.sas:
            yield _entry(sa, peer, end)


def _entry(sa: LiveSa, peer: str, end: TunnelEnd) -> LedgerEntry:
    taken_at = end.sa_table_at
    ends = taken_at is not None and sa.remaining_s is not None
    return LedgerEntry(
        spi=sa.spi,
        device=sa.device,
        role=ROLE[sa.direction],
        peer=peer,
        address=end.address,
        live=True,
        how="live table",
        evidence=sa.evidence,
        installed_at=sa.installed_at,
        seen_at=taken_at,
        ends_at=taken_at + timedelta(seconds=sa.remaining_s or 0) if ends and taken_at is not None else None,
        uncertainty_s=sa.uncertainty_s,
    )


def _lifetimes(tunnels: Sequence[Tunnel]) -> dict[tuple[str, str], int]:
    """By device and peer, for how many seconds a new SA lasts: with IKEv1 the lower of both ends' lifetimes."""
    found: dict[tuple[str, str], int] = {}
    for tunnel in tunnels:
        known = {e.address: e.lifetime.ipsec_s for e in tunnel.ends if e.lifetime and e.lifetime.ipsec_s}
        for end in tunnel.ends:
            own = min(known.values(), default=None) if tunnel.ike == "v1" else known.get(end.address)
            if end.device is not None and own is not None:
                found[end.device, normal(tunnel.other_end(end.device).seen)] = own
    return found


def _past(device: Device, lives: Mapping[tuple[str, str], int]) -> Iterator[LedgerEntry]:
    """SAs of an older collection: gone by their own end at the latest, set up a lifetime before that."""
    for capture, sa in device.ipsec_sas:
        if sa.spi:
            at = moment(device, capture)
            gone = at + timedelta(seconds=sa.remaining_s) if at and sa.remaining_s is not None else None
            life_s = lives.get((device.name, normal(sa.peer or "")))
            dated = life_s is not None and sa.remaining_s is not None and sa.remaining_s <= life_s
            yield LedgerEntry(
                spi=sa.spi,
                device=device.name,
                role=ROLE[sa.direction],
                peer=sa.peer,
                address=sa.local_endpoint,
                live=False,
                how="older snapshot",
                evidence=device.cite(capture, sa.line),
                installed_at=gone - timedelta(seconds=life_s) if dated and gone and life_s else None,
                gone_at=gone,
                uncertainty_s=CAPTURE_SPREAD_S,
            )


def _listed(device: Device, held: Held) -> list[LedgerEntry]:
    """Child SAs that an IKE listing names: handed out, whether or not the data plane has them."""
    return [
        LedgerEntry(
            spi=child.spi,
            device=device.name,
            role=ROLE[child.direction],
            peer=ike.remote,
            address=ike.local,
            live=False,
            how="IKE SA",
            evidence=device.cite(capture, ike.line),
        )
        for capture, ike in device.ike_sas
        for child in ike.child_sas
        if child.spi and (device.name, child.spi, ROLE[child.direction]) not in held
    ]


def _traced(device: Device, held: Held) -> list[LedgerEntry]:
    own = own_addresses(device)
    found: dict[tuple[int, Role], LedgerEntry] = {}
    in_other = _is_in_other_zone(device, held, own)
    for capture, trace in device.traces:
        role = _traced_role(trace, own)
        at = _traced_at(device, trace, other=in_other is True)
        within_s = trace.within_s + (abs(trace.other_s) if in_other is None else 0.0)
        known = found.get((trace.spi, role))
        installed = at if trace.action == "create" else (known.installed_at if known else None)
        gone = at if trace.action == "delete" else (known.gone_at if known else None)
        found[trace.spi, role] = LedgerEntry(
            spi=trace.spi,
            device=device.name,
            role=role,
            peer=None if role == "receiver" else trace.destination,
            address=trace.destination if role == "receiver" else None,
            live=(device.name, trace.spi, role) in held,
            how="event trace",
            evidence=device.cite(capture, trace.line),
            installed_at=installed,
            gone_at=gone,
            uncertainty_s=max(1.0 + within_s, known.uncertainty_s if known else 0.0),
        )
    return list(found.values())


def _traced_role(trace: SaTrace, own: frozenset[str]) -> Role:
    return "receiver" if trace.destination and normal(trace.destination) in own else "sender"


def _traced_at(device: Device, trace: SaTrace, *, other: bool) -> datetime | None:
    if trace.at is None:
        return None
    return device.on_common_clock(trace.at) + timedelta(seconds=trace.moved_s + (trace.other_s if other else 0.0))


def _is_in_other_zone(device: Device, held: Held, own: frozenset[str]) -> bool | None:
    """Whether a trace that may be in either of two zones is not in the one it was taken in; null where nothing tells.

    The SAs of it that live on do: their age says when they were installed.
    """
    if not any(trace.other_s for _, trace in device.traces):
        return False
    apart: list[float] = []
    others: list[float] = []
    for _, trace in device.traces:
        entry = held.get((device.name, trace.spi, _traced_role(trace, own)))
        at = _traced_at(device, trace, other=False)
        if trace.action == "create" and entry is not None and entry.installed_at is not None and at is not None:
            apart_s = (at - entry.installed_at).total_seconds()
            apart.append(abs(apart_s))
            others.append(abs(apart_s + trace.other_s))
    if not apart or min(median(apart), median(others)) > _SAME_INSTALL_S:
        return None
    return median(others) < median(apart)


def _logged(device: Device, held: Held) -> list[LedgerEntry]:
    own = own_addresses(device)
    found: dict[tuple[int, Role], LedgerEntry] = {}
    for capture, message in device.other_messages:
        change = _change(message)
        for spi, role in _logged_spis(message, own) if change is not None else ():
            at, known = device.logged_at(message), found.get((spi, role))
            peer, address = _logged_ends(message, role, own)
            found[spi, role] = LedgerEntry(
                spi=spi,
                device=device.name,
                role=role,
                peer=peer or (known.peer if known else None),
                address=address or (known.address if known else None),
                live=(device.name, spi, role) in held,
                how="log" if change != "offer" or (known is not None and known.how == "log") else "handed out",
                evidence=device.cite(capture, message.line),
                installed_at=at if change == "create" else (known.installed_at if known else None),
                gone_at=at if change == "delete" else (known.gone_at if known else None),
                uncertainty_s=max(1.0, device.logged_within_s(message)) + message.zone_within_s,
                zone_within_s=message.zone_within_s,
            )
    return list(found.values())


def _change(message: LogMessage) -> Literal["create", "delete", "offer"] | None:
    if message.tag.endswith(CREATED):
        return "create"
    if message.tag.endswith(DELETED):
        return "delete"
    return "offer" if message.tag.endswith(HANDED_OUT) else None


def _logged_spis(message: LogMessage, own: frozenset[str]) -> list[tuple[int, Role]]:
    """The SPIs that a line names, each with the device's part in it; 713049 names both of a pair."""
    outbound = int(message.details.get("outbound_spi", "0"), 16)
    if outbound or "inbound_spi" in message.details:
        pair: list[tuple[int | None, Role]] = [(message.spi, "receiver"), (outbound, "sender")]
        return [(spi, role) for spi, role in pair if spi]
    return [(message.spi, _logged_role(message, own))] if message.spi else []


def _logged_role(message: LogMessage, own: frozenset[str]) -> Role:
    direction = message.details.get("direction", "")
    if direction in ROLE:
        return ROLE[direction]
    if message.tag.endswith(HANDED_OUT):
        return "receiver"
    return "receiver" if message.destination and normal(message.destination) in own else "sender"


def _logged_ends(message: LogMessage, role: Role, own: frozenset[str]) -> tuple[str | None, str | None]:
    """The peer's address and the device's own. Of a pair without directions (602303) own is what the device has."""
    if message.details.get("peer") and not message.between:
        return message.details["peer"], message.details.get("local")
    if message.source or message.destination or len(message.between) != 2:
        ends = (message.source, message.destination)
        return ends if role == "receiver" else ends[::-1]
    one, other = message.between
    if (normal(one) in own) == (normal(other) in own):
        return None, None
    return (other, one) if normal(one) in own else (one, other)
