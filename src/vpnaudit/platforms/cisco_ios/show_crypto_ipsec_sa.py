"""`show crypto ipsec sa` in all its forms: the IPsec SAs, and the identities with their counters (field guide 5.1)."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import structs

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import Direction, IpsecFlow, IpsecSa, Protocol
from vpnaudit.parse.duration import duration_s
from vpnaudit.parse.engine import Row, parse_rows

_GLUED_PORT = re.compile(r"([^:]+):(\d{1,5})")
"""`current_peer: 192.0.2.1:500` of IOS 12; an IPv6 address has more than one colon."""

_IDENTITY = re.compile(r"^[ \t]*local[ \t]+ident\b", re.IGNORECASE | re.MULTILINE)
_LIST = re.compile(r"^[ \t]*(?:in|out)bound[ \t]+(?:esp|ah|pcp)[ \t]+sas:", re.IGNORECASE | re.MULTILINE)
_LAST_LIST = re.compile(r"^[ \t]*outbound[ \t]+pcp[ \t]+sas:", re.IGNORECASE | re.MULTILINE)

_TAIL = 1 << 16
"""Characters at the end in which the last identity is looked for first; one identity seldom prints 4,000."""

_TOO_MANY_DIGITS = 20
"""A counter has 64 bits."""

_DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out"}
_PROTOCOLS: dict[str, Protocol] = {"esp": "esp", "ah": "ah", "pcp": "pcp"}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    records = _Records()
    parsed = parse_rows("cisco_ios", "show_crypto_ipsec_sa", text, records.take, records.facts)
    if not parsed.facts.ipsec_flows or not _is_cut(text):
        return parsed
    return structs.replace(parsed, facts=structs.replace(parsed.facts, cut=True))


def _is_cut(text: str) -> bool:
    """Whether the last identity lacks its end: the list of outbound compression SAs, which every release prints.

    The `identity` form prints no lists at all.
    """
    return _LIST.search(text) is not None and _LAST_LIST.search(text, _last_identity(text)) is None


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
        remaining_s=_remaining_s(row),
        transform=row.text("TRANSFORM"),
        status=row.text("STATUS"),
        vrf=_named(row["VRF"]),
        map_tag=_named(row["MAP_TAG"]),
        peer_port=port,
        settings=row.text("SETTINGS"),
        initiator=None if not row["INITIATOR"] else row["INITIATOR"] == "True",
        volume_rekey=_volume_rekey(row),
    )


def _flow(row: Row) -> IpsecFlow:
    peer, port = _peer(row)
    return IpsecFlow(
        line=row.line,
        interface=row.text("INTERFACE"),
        map_tag=_named(row["MAP_TAG"]),
        vrf=_named(row["VRF"]),
        local_address=row.text("LOCAL_ADDRESS"),
        peer=peer,
        peer_port=port,
        local_endpoint=row.text("LOCAL_ENDPOINT"),
        remote_endpoint=row.text("REMOTE_ENDPOINT"),
        local_identity=row.text("LOCAL_IDENT"),
        remote_identity=row.text("REMOTE_IDENT"),
        current_outbound_spi=_spi(row["OUTBOUND_SPI"]),
        pfs=_pfs(row),
        counters={name: count for line in row.each("COUNTERS") for name, count in _counters(line)},
    )


@lru_cache(maxsize=1024)
def _counters(line: str) -> tuple[tuple[str, int], ...]:
    """`#pkts encaps: 4, #send errors 0`: a colon may be missing, and a hash or a blank be there twice.

    Most counters of most tunnels are zero, so that most lines are the same text.
    """
    counters = []
    for part in line.split(","):
        name, _, count = part.strip().rpartition(" ")
        if count.isdecimal() and len(count) < _TOO_MANY_DIGITS:
            counters.append((_counter_name(name), int(count)))
    return tuple(counters)


@lru_cache(maxsize=256)
def _counter_name(printed: str) -> str:
    return " ".join(printed.lstrip("#").rstrip(": ").lower().removeprefix("pkts").split())


def _spi(text: str) -> int | None:
    """The hexadecimal value; the decimal in brackets only repeats it. None for `[Not Available]` (SD-WAN)."""
    return int(text, 16) if text and not text.startswith("[") else None


def _peer(row: Row) -> tuple[str | None, int | None]:
    peer = _named(row["PEER"])
    glued = _GLUED_PORT.fullmatch(peer) if peer and ":" in peer else None
    if glued:
        return glued[1], int(glued[2])
    return peer, row.number("PEER_PORT")


def _remaining_s(row: Row) -> int | None:
    return row.number("REMAINING_S") if row["REMAINING_S"] else duration_s(row["REMAINING_TEXT"])


def _volume_rekey(row: Row) -> bool | None:
    if row["VOLUME_REKEY"]:
        return False
    return True if row["REMAINING_KB"] else None


def _pfs(row: Row) -> str | None:
    """The group; "none" where the device says that there is no PFS."""
    if row["PFS"] == "N":
        return "none"
    return row.text("DH_GROUP")


def _named(text: str) -> str | None:
    return None if text in {"", "(none)"} else text


_TIMEOUT_S = 300.0
"""A hub with thousands of SAs prints for minutes."""

COMMANDS = (
    CommandSpec(
        command="show crypto ipsec sa",
        parse=parse,
        needed=True,
        timeout_s=_TIMEOUT_S,
        other_forms=(
            "show crypto ipsec sa interface",
            "show crypto ipsec sa peer",
            "show crypto ipsec sa map",
            "show crypto ipsec sa vrf",
            "show crypto ipsec sa identity",
            "show crypto ipsec sa ipv6",
            "show crypto ipsec sa active",
            "show crypto ipsec sa standby",
        ),
    ),
    CommandSpec(
        command="show crypto ipsec sa detail",
        parse=parse,
        timeout_s=_TIMEOUT_S,
        other_forms=(
            "show crypto ipsec sa interface detail",
            "show crypto ipsec sa peer detail",
            "show crypto ipsec sa map detail",
            "show crypto ipsec sa vrf detail",
            "show crypto ipsec sa identity detail",
            "show crypto ipsec sa ipv6 detail",
            "show crypto ipsec sa active detail",
            "show crypto ipsec sa standby detail",
        ),
    ),
)
