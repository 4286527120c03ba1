"""`show crypto ipsec sa` of Cisco's systems: rows of their templates as SAs and identities (field guide 5).

The templates name alike what the systems print alike. What a system says in words of its own, its parser gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from vpnaudit.model.facts import Facts
from vpnaudit.model.sa import Direction, IpsecFlow, IpsecSa, Protocol
from vpnaudit.parse.engine import Row
from vpnaudit.platforms.flow_counters import read_counters

_GLUED_PORT = re.compile(r"([^:]+):(\d{1,5})")
"""`current_peer: 192.0.2.1:500` of IOS 12 and PIX 6; an IPv6 address has more than one colon."""

_IDENTITY = re.compile(r"^[^\S\n]*local[^\S\n]+ident\b", re.IGNORECASE | re.MULTILINE)
_LIST = re.compile(r"^[^\S\n]*(?:in|out)bound[^\S\n]+(?:esp|ah|pcp)[^\S\n]+sas:", re.IGNORECASE | re.MULTILINE)

_TAIL = 1 << 16
"""Characters at the end in which the last identity is looked for first; one identity seldom prints 4,000."""

_DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out"}
_PROTOCOLS: dict[str, Protocol] = {"esp": "esp", "ah": "ah", "pcp": "pcp"}


class Owner(NamedTuple):
    """Whose a record is: the peer with the port that stands beside it, and the map and VRF by their names."""

    peer: str | None
    peer_port: int | None
    map_tag: str | None
    vrf: str | None


class IpsecRecords:
    """The records of one answer, each made as soon as its row is whole: all rows at once would outweigh the text."""

    def __init__(self, sa: Callable[[Row], IpsecSa], flow: Callable[[Row], IpsecFlow]) -> None:
        self._sa, self._flow = sa, flow
        self._sas: list[IpsecSa] = []
        self._flows: list[IpsecFlow] = []

    def take(self, row: Row) -> None:
        """Make a record of a row."""
        if row["RECORD"] == "spi":
            self._sas.append(self._sa(row))
        else:
            self._flows.append(self._flow(row))

    def facts(self) -> Facts:
        """Return the records so far."""
        return Facts(ipsec_sas=tuple(self._sas), ipsec_flows=tuple(self._flows))


def sa_of(
    row: Row,
    owner: Owner,
    *,
    status: str | None,
    remaining_s: int | None,
    volume_rekey: bool | None,
    initiator: bool | None = None,
) -> IpsecSa:
    """Return the SA of a row with RECORD `spi`."""
    return IpsecSa(
        line=row.line,
        direction=_DIRECTIONS[row["DIRECTION"]],
        protocol=_PROTOCOLS[row["PROTOCOL"]],
        spi=_spi(row["SPI"]),
        interface=row.text("INTERFACE"),
        peer=owner.peer,
        local_endpoint=row.text("LOCAL_ENDPOINT"),
        remote_endpoint=row.text("REMOTE_ENDPOINT"),
        local_identity=row.text("LOCAL_IDENT"),
        remote_identity=row.text("REMOTE_IDENT"),
        remaining_kb=row.number("REMAINING_KB"),
        remaining_s=remaining_s,
        transform=row.text("TRANSFORM"),
        status=status,
        vrf=owner.vrf,
        map_tag=owner.map_tag,
        peer_port=owner.peer_port,
        settings=row.text("SETTINGS"),
        initiator=initiator,
        volume_rekey=volume_rekey,
    )


def flow_of(row: Row, owner: Owner, *, pfs: str | None = None) -> IpsecFlow:
    """Return the identity, with its counters, of any other row."""
    return IpsecFlow(
        line=row.line,
        interface=row.text("INTERFACE"),
        map_tag=owner.map_tag,
        vrf=owner.vrf,
        local_address=row.text("LOCAL_ADDRESS"),
        peer=owner.peer,
        peer_port=owner.peer_port,
        local_endpoint=row.text("LOCAL_ENDPOINT"),
        remote_endpoint=row.text("REMOTE_ENDPOINT"),
        local_identity=row.text("LOCAL_IDENT"),
        remote_identity=row.text("REMOTE_IDENT"),
        current_outbound_spi=_spi(row["OUTBOUND_SPI"]),
        pfs=pfs,
        counters={name: count for line in row.each("COUNTERS") for name, count in read_counters(line)},
    )


def parted(peer: str | None, port: int | None) -> tuple[str | None, int | None]:
    """Return a peer and its port, which old releases glue together; `port` where it stands by itself."""
    glued = _GLUED_PORT.fullmatch(peer) if peer and ":" in peer else None
    return (glued[1], int(glued[2])) if glued else (peer, port)


def has_lists(text: str) -> bool:
    """Return whether an answer prints lists of SAs; the `identity` form does not."""
    return _LIST.search(text) is not None


def last_identity(text: str) -> int:
    """Return where the last identity of an answer begins; 0 where there is none."""
    for start in (max(len(text) - _TAIL, 0), 0):
        places = [identity.start() for identity in _IDENTITY.finditer(text, start)]
        if places:
            return places[-1]
    return 0


def _spi(text: str) -> int | None:
    """The hexadecimal value; the decimal in brackets only repeats it. None for `[Not Available]` (SD-WAN)."""
    return int(text, 16) if text and not text.startswith("[") else None
