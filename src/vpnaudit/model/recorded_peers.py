"""Peers that a device's own log knows: with whom it agreed on an SA, handed out an SPI, or had a session.

Such a source is no stranger, whatever its configuration says now (field guide C2; appendix E: past peers).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.sessions import SESSION_CHANGES, peer_of

CREATED = ("602303", "IPSEC_CREATE_SA", "713049", "IPSEC_OUTBOUND_SA")
DELETED = ("602304", "IPSEC_DELETE_SA", "IPSEC_DELETE_SAS")
HANDED_OUT = "IPSEC_SPI_RESPONSE"


def recorded_peers(device: Device) -> Mapping[str, Evidence]:
    """By address, the first line of the device's log that shows it as a peer; its own addresses may be among them."""
    return device.once(_recorded_peers)


def _recorded_peers(device: Device) -> Mapping[str, Evidence]:
    found: dict[str, Evidence] = {}
    for capture, message in device.other_messages:
        for address in _ends(message):
            if normal(address) not in found:
                found[normal(address)] = device.cite(capture, message.line)
    return found


def _ends(message: LogMessage) -> Iterator[str]:
    named: tuple[str | None, ...] = ()
    if message.tag in SESSION_CHANGES:
        named = (peer_of(message),)
    elif message.tag.endswith((*CREATED, *DELETED, HANDED_OUT)):
        named = (message.details.get("peer"), message.source, message.destination, *message.between)
    yield from (address for address in named if address)
