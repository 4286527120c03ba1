"""`show crypto ipsec sa` of ASA, PIX and FTD: the IPsec SAs, and the identities with their counters (field guide 5)."""

from __future__ import annotations

import re

from msgspec import structs

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import Direction, IpsecFlow, IpsecSa, Protocol
from vpnaudit.parse.engine import Row, parse_rows
from vpnaudit.platforms.flow_counters import read_counters

_GLUED_PORT = re.compile(r"([^:]+):(\d{1,5})")
"""`current_peer: 192.0.2.1:500` of PIX 6; an IPv6 address has more than one colon."""

_IDENTITY = re.compile(r"^[^\S\n]*local[^\S\n]+ident\b", re.IGNORECASE | re.MULTILINE)
_LIST = re.compile(r"^[^\S\n]*(?:in|out)bound[^\S\n]+(?:esp|ah|pcp)[^\S\n]+sas:", re.IGNORECASE | re.MULTILINE)
_LAST_LIST = re.compile(r"^[^\S\n]*outbound[^\S\n]+(?:esp|ah|pcp)[^\S\n]+sas:", re.IGNORECASE | re.MULTILINE)
_CURRENT_SPI = re.compile(r"^[^\S\n]*current[^\S\n]+outbound[^\S\n]+spi[^\S\n]*:", re.IGNORECASE | re.MULTILINE)
_SPI = re.compile(r"^[^\S\n]*spi[^\S\n]*:", re.IGNORECASE | re.MULTILINE)
_END_OF_SA = re.compile(r"\breplay[^\S\n]+detection[^\S\n]+support:", re.IGNORECASE)

_CUT_NUMBER = re.compile(r"(?:\((?:sec|kB|k)\):|#[^#,\n]{1,60})\s*\d{1,20}\Z")
"""The end of a text inside a number, it may be: where an answer is cut, its last number may lack digits."""

_LAST_LINE = 200
_TAIL = 1 << 16
"""Characters at the end in which the last identity is looked for first; one identity seldom prints 4,000."""

_DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out"}
_PROTOCOLS: dict[str, Protocol] = {"esp": "esp", "ah": "ah", "pcp": "pcp"}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    parsed = _read(text)
    if not parsed.facts.ipsec_flows or not _is_cut(text):
        return parsed
    number = _CUT_NUMBER.search(text, max(len(text) - _LAST_LINE, 0))
    facts = _read(text[: number.start()]).facts if number else parsed.facts
    return structs.replace(parsed, facts=structs.replace(facts, cut=True))


def _read(text: str) -> Parsed:
    records = _Records()
    return parse_rows("cisco_asa", "show_crypto_ipsec_sa", text, records.take, records.facts)


def _is_cut(text: str) -> bool:
    """Whether the last identity lacks its end: outbound SAs, each with the line on replay that every release prints.

    The `identity` form prints no lists at all, and ends with the SPI.
    """
    if _LIST.search(text) is None:
        return _CURRENT_SPI.search(text, _last_identity(text)) is None
    outbound = _LAST_LIST.search(text, _last_identity(text))
    if outbound is None:
        return True
    last = max((spi.end() for spi in _SPI.finditer(text, outbound.end())), default=None)
    return last is not None and _END_OF_SA.search(text, last) is None


def _last_identity(text: str) -> int:
    """Where the last identity begins; 0 where there is none."""
    for start in (max(len(text) - _TAIL, 0), 0):
        places = [identity.start() for identity in _IDENTITY.finditer(text, start)]
        if places:
            return places[-1]
    return 0


class _Records:
    """The records of one answer, each made as soon as its row is whole: all rows at once would outweigh the text."""

    def __init__(self) -> None:
        self._sas: list[IpsecSa] = []
        self._flows: list[IpsecFlow] = []

    def take(self, row: Row) -> None:
        if row["RECORD"] == "spi":
            self._sas.append(_sa(row))
        else:
            self._flows.append(_flow(row))

    def facts(self) -> Facts:
        return Facts(ipsec_sas=tuple(self._sas), ipsec_flows=tuple(self._flows))


def _sa(row: Row) -> IpsecSa:
    peer, port = _peer(row)
    return IpsecSa(
        line=row.line,
        direction=_DIRECTIONS[row["DIRECTION"]],
        protocol=_PROTOCOLS[row["PROTOCOL"]],
        spi=_spi(row["SPI"]),
        interface=row.text("INTERFACE"),
        peer=peer,
        local_endpoint=row.text("LOCAL_ENDPOINT"),
        remote_endpoint=row.text("REMOTE_ENDPOINT"),
        local_identity=row.text("LOCAL_IDENT"),
        remote_identity=row.text("REMOTE_IDENT"),
        remaining_kb=row.number("REMAINING_KB"),
        remaining_s=row.number("REMAINING_S"),
        transform=row.text("TRANSFORM"),
        status=row.text("STATE"),
        vrf=_vrf(row),
        map_tag=row.text("MAP_TAG"),
        peer_port=port,
        settings=row.text("SETTINGS"),
        volume_rekey=True if row["REMAINING_KB"] else None,
    )


def _flow(row: Row) -> IpsecFlow:
    peer, port = _peer(row)
    return IpsecFlow(
        line=row.line,
        interface=row.text("INTERFACE"),
        map_tag=row.text("MAP_TAG"),
        vrf=_vrf(row),
        local_address=row.text("LOCAL_ADDRESS"),
        peer=peer,
        peer_port=port,
        local_endpoint=row.text("LOCAL_ENDPOINT"),
        remote_endpoint=row.text("REMOTE_ENDPOINT"),
        local_identity=row.text("LOCAL_IDENT"),
        remote_identity=row.text("REMOTE_IDENT"),
        current_outbound_spi=_spi(row["OUTBOUND_SPI"]),
        counters={name: count for line in row.each("COUNTERS") for name, count in read_counters(line)},
    )


def _spi(text: str) -> int | None:
    """The hexadecimal value; the decimal in brackets only repeats it."""
    return int(text, 16) if text else None


def _peer(row: Row) -> tuple[str | None, int | None]:
    """The peer, and the port that its endpoint shows; an ASA prints port 0 where it stands for none."""
    peer = row.text("PEER")
    glued = _GLUED_PORT.fullmatch(peer) if peer and ":" in peer else None
    if glued:
        return glued[1], int(glued[2])
    return peer, row.number("REMOTE_PORT") or None


def _vrf(row: Row) -> str | None:
    return None if row["VRF"].lower() == "global" else row.text("VRF")


_TIMEOUT_S = 300.0
"""A hub with thousands of SAs prints for minutes."""

COMMANDS = (
    CommandSpec(
        command="show crypto ipsec sa",
        parse=parse,
        needed=True,
        timeout_s=_TIMEOUT_S,
        other_forms=(
            "show crypto ipsec sa peer",
            "show crypto ipsec sa map",
            "show crypto ipsec sa identity",
            "show ipsec sa",
        ),
    ),
    CommandSpec(
        command="show crypto ipsec sa detail",
        parse=parse,
        timeout_s=_TIMEOUT_S,
        other_forms=(
            "show crypto ipsec sa peer detail",
            "show crypto ipsec sa map detail",
            "show crypto ipsec sa identity detail",
            "show ipsec sa detail",
        ),
    ),
)
