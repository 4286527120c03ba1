"""Fills the SPI ledger: live tables, older snapshots, IKE listings, event traces, and what logs say of SAs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from vpnaudit.correlate.clocks import CAPTURE_SPREAD_S, moment
from vpnaudit.correlate.peers import normal, own_addresses
from vpnaudit.model.device import Device
from vpnaudit.model.ledger import Ledger, LedgerEntry
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.tunnel import LiveSa, Tunnel

Role = Literal["receiver", "sender"]
ROLE: dict[str, Role] = {"in": "receiver", "out": "sender"}
CREATED = ("602303", "IPSEC_CREATE_SA")
DELETED = ("602304", "IPSEC_DELETE_SA")


def fill(
    devices: Sequence[Device],
    tunnels: Sequence[Tunnel],
    older: Sequence[Device],
    trace_times: Mapping[tuple[str, int], datetime],
) -> Ledger:
    """Everything that the evidence says about SPIs. `trace_times`: (device, line) of a trace entry to its UTC stamp."""
    entries = [e for t in tunnels for e in _live(t)]
    held = {(e.device, e.spi, e.role) for e in entries}
    for device in older:
        entries += [e for e in _past(device) if (e.device, e.spi, e.role) not in held]
    for device in devices:
        entries += _listed(device, held)
        entries += _traced(device, held, trace_times)
        entries += _logged(device, held)
    return Ledger(entries)


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


def _traced(
    device: Device, held: set[tuple[str, int, Role]], times: Mapping[tuple[str, int], datetime]
) -> list[LedgerEntry]:
    own = own_addresses(device)
    found: dict[tuple[int, Role], LedgerEntry] = {}
    for capture, trace in device.traces:
        role: Role = "receiver" if trace.destination and normal(trace.destination) in own else "sender"
        stamp = times.get((device.name, trace.line))
        at = device.on_common_clock(stamp) if stamp else None
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
        if change is None or message.spi is None:
            continue
        role = _logged_role(message, own)
        at = device.on_common_clock(message.time) if message.time else None
        known = found.get((message.spi, role))
        peer, address = _logged_ends(message, role, own)
        found[message.spi, role] = LedgerEntry(
            spi=message.spi,
            device=device.name,
            role=role,
            peer=peer,
            address=address,
            live=(device.name, message.spi, role) in held,
            how="log",
            evidence=device.cite(capture, message.line),
            installed_at=at if change == "create" else (known.installed_at if known else None),
            gone_at=at if change == "delete" else (known.gone_at if known else None),
            uncertainty_s=1.0,
        )
    return list(found.values())


def _change(message: LogMessage) -> Literal["create", "delete"] | None:
    if message.tag.endswith(CREATED):
        return "create"
    return "delete" if message.tag.endswith(DELETED) else None


def _logged_role(message: LogMessage, own: frozenset[str]) -> Role:
    direction = message.details.get("direction", "")
    if direction in ROLE:
        return ROLE[direction]
    return "receiver" if message.destination and normal(message.destination) in own else "sender"


def _logged_ends(message: LogMessage, role: Role, own: frozenset[str]) -> tuple[str | None, str | None]:
    """The peer's address and the device's own. Of a pair without directions (602303) own is what the device has."""
    if message.source or message.destination or len(message.between) != 2:
        ends = (message.source, message.destination)
        return ends if role == "receiver" else ends[::-1]
    one, other = message.between
    if (normal(one) in own) == (normal(other) in own):
        return None, None
    return (other, one) if normal(one) in own else (one, other)
