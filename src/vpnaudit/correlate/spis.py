"""Fills the SPI ledger: live tables, older snapshots, IKE listings, event traces, and what logs say of SAs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

from msgspec import structs

from vpnaudit.correlate.clocks import CAPTURE_SPREAD_S, moment
from vpnaudit.correlate.peers import normal, own_addresses
from vpnaudit.model.device import Device
from vpnaudit.model.ledger import Ledger, LedgerEntry, LedgerSource
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.tunnel import LiveSa, Tunnel

Role = Literal["receiver", "sender"]
ROLE: dict[str, Role] = {"in": "receiver", "out": "sender"}
CREATED = ("602303", "IPSEC_CREATE_SA", "713049", "IPSEC_OUTBOUND_SA")
DELETED = ("602304", "IPSEC_DELETE_SA", "IPSEC_DELETE_SAS")
HANDED_OUT = "IPSEC_SPI_RESPONSE"


def fill(devices: Sequence[Device], tunnels: Sequence[Tunnel], older: Sequence[Device]) -> Ledger:
    """Everything that the evidence says about SPIs.

    `older` are the devices in earlier collections, by their clocks of then. Records of one SA in several collections
    are one entry; the newest collection's word goes first.
    """
    live = [e for t in tunnels for e in _live(t)]
    held = {(e.device, e.spi, e.role) for e in live}
    ages = [*devices, *older]
    records = [e for device in ages for e in (*_traced(device, held), *_logged(device, held))]
    known = {(e.device, e.spi, e.role) for e in (*live, *records) if not e.only_negotiated}
    entries = [*live]
    entries += [e for d in older for e in _past(d) if (e.device, e.spi, e.role) not in held]
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
            yield _entry(sa, peer, end.address)


def _entry(sa: LiveSa, peer: str, address: str) -> LedgerEntry:
    return LedgerEntry(
        spi=sa.spi,
        device=sa.device,
        role=ROLE[sa.direction],
        peer=peer,
        address=address,
        live=True,
        how="live table",
        evidence=sa.evidence,
        installed_at=sa.installed_at,
        uncertainty_s=sa.uncertainty_s,
    )


def _past(device: Device) -> Iterator[LedgerEntry]:
    """SAs of an older collection: gone by their own end at the latest."""
    for capture, sa in device.ipsec_sas:
        if sa.spi:
            at = moment(device, capture)
            gone = at + timedelta(seconds=sa.remaining_s) if at and sa.remaining_s is not None else None
            yield LedgerEntry(
                spi=sa.spi,
                device=device.name,
                role=ROLE[sa.direction],
                peer=sa.peer,
                address=sa.local_endpoint,
                live=False,
                how="older snapshot",
                evidence=device.cite(capture, sa.line),
                gone_at=gone,
                uncertainty_s=CAPTURE_SPREAD_S,
            )


def _listed(device: Device, held: set[tuple[str, int, Role]]) -> list[LedgerEntry]:
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


def _traced(device: Device, held: set[tuple[str, int, Role]]) -> list[LedgerEntry]:
    own = own_addresses(device)
    found: dict[tuple[int, Role], LedgerEntry] = {}
    for capture, trace in device.traces:
        role: Role = "receiver" if trace.destination and normal(trace.destination) in own else "sender"
        at = device.on_common_clock(trace.at) if trace.at else None
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
            uncertainty_s=1.0,
        )
    return list(found.values())


def _logged(device: Device, held: set[tuple[str, int, Role]]) -> list[LedgerEntry]:
    own = own_addresses(device)
    found: dict[tuple[int, Role], LedgerEntry] = {}
    for capture, message in device.messages:
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
                uncertainty_s=max(1.0, device.logged_within_s(message)),
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
