"""`show crypto ipsec sa` of ASA, PIX and FTD: the IPsec SAs, and the identities with their counters (field guide 5)."""

from __future__ import annotations

import re

from msgspec import structs

from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import IpsecFlow, IpsecSa
from vpnaudit.parse.engine import Row, parse_rows
from vpnaudit.platforms.ipsec_records import IpsecRecords, Owner, flow_of, has_lists, last_identity, parted, sa_of

_LAST_LIST = re.compile(r"^[^\S\n]*outbound[^\S\n]+(?:esp|ah|pcp)[^\S\n]+sas:", re.IGNORECASE | re.MULTILINE)
_CURRENT_SPI = re.compile(r"^[^\S\n]*current[^\S\n]+outbound[^\S\n]+spi[^\S\n]*:", re.IGNORECASE | re.MULTILINE)
_SPI = re.compile(r"^[^\S\n]*spi[^\S\n]*:", re.IGNORECASE | re.MULTILINE)
_END_OF_SA = re.compile(r"\breplay[^\S\n]+detection[^\S\n]+support:", re.IGNORECASE)

_CUT_NUMBER = re.compile(r"(?:\((?:sec|kB|k)\):|#[^#,\n]{1,60})\s*\d{1,20}\Z")
"""The end of a text inside a number, it may be: where an answer is cut, its last number may lack digits."""

_LAST_LINE = 200


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    parsed = _read(text)
    if not parsed.facts.ipsec_flows or not _is_cut(text):
        return parsed
    number = _CUT_NUMBER.search(text, max(len(text) - _LAST_LINE, 0))
    facts = _read(text[: number.start()]).facts if number else parsed.facts
    return structs.replace(parsed, facts=structs.replace(facts, cut=True))


def _read(text: str) -> Parsed:
    records = IpsecRecords(_sa, _flow)
    return parse_rows("cisco_asa", "show_crypto_ipsec_sa", text, records.take, records.facts)


def _is_cut(text: str) -> bool:
    """Whether the last identity lacks its end: outbound SAs, each with the line on replay that every release prints.

    The `identity` form prints no lists at all, and ends with the SPI.
    """
    if not has_lists(text):
        return _CURRENT_SPI.search(text, last_identity(text)) is None
    outbound = _LAST_LIST.search(text, last_identity(text))
    if outbound is None:
        return True
    last = max((spi.end() for spi in _SPI.finditer(text, outbound.end())), default=None)
    return last is not None and _END_OF_SA.search(text, last) is None


def _sa(row: Row) -> IpsecSa:
    return sa_of(
        row,
        _owner(row),
        status=row.text("STATE"),
        remaining_s=row.number("REMAINING_S"),
        volume_rekey=True if row["REMAINING_KB"] else None,
    )


def _flow(row: Row) -> IpsecFlow:
    return flow_of(row, _owner(row))


def _owner(row: Row) -> Owner:
    """An ASA prints port 0 where the port stands for none."""
    peer, port = parted(row.text("PEER"), row.number("REMOTE_PORT") or None)
    vrf = None if row["VRF"].lower() == "global" else row.text("VRF")
    return Owner(peer, port, row.text("MAP_TAG"), vrf)


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
            "show crypto ipsec sa entry",
            "show crypto ipsec sa inactive",
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
            "show crypto ipsec sa entry detail",
            "show crypto ipsec sa inactive detail",
            "show ipsec sa detail",
        ),
    ),
)
