"""`show crypto ipsec sa` in all its forms: the IPsec SAs, and the identities with their counters (field guide 5.1)."""

from __future__ import annotations

import re

from msgspec import structs

from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import IpsecFlow, IpsecSa
from vpnaudit.parse.duration import duration_s
from vpnaudit.parse.engine import Row, parse_rows
from vpnaudit.platforms.ipsec_records import IpsecRecords, Owner, flow_of, has_lists, last_identity, parted, sa_of

_LAST_LIST = re.compile(r"^[ \t]*outbound[ \t]+pcp[ \t]+sas:", re.IGNORECASE | re.MULTILINE)


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    records = IpsecRecords(_sa, _flow)
    parsed = parse_rows("cisco_ios", "show_crypto_ipsec_sa", text, records.take, records.facts)
    if not parsed.facts.ipsec_flows or not _is_cut(text):
        return parsed
    return structs.replace(parsed, facts=structs.replace(parsed.facts, cut=True))


def _is_cut(text: str) -> bool:
    """Whether the last identity lacks its end: the list of outbound compression SAs, which every release prints."""
    return has_lists(text) and _LAST_LIST.search(text, last_identity(text)) is None


def _sa(row: Row) -> IpsecSa:
    return sa_of(
        row,
        _owner(row),
        status=row.text("STATUS"),
        remaining_s=_remaining_s(row),
        volume_rekey=_volume_rekey(row),
        initiator=None if not row["INITIATOR"] else row["INITIATOR"] == "True",
    )


def _flow(row: Row) -> IpsecFlow:
    return flow_of(row, _owner(row), pfs=pfs_group(row))


def _owner(row: Row) -> Owner:
    peer, port = parted(_named(row["PEER"]), row.number("PEER_PORT"))
    return Owner(peer, port, _named(row["MAP_TAG"]), _named(row["VRF"]))


def _remaining_s(row: Row) -> int | None:
    return row.number("REMAINING_S") if row["REMAINING_S"] else duration_s(row["REMAINING_TEXT"])


def _volume_rekey(row: Row) -> bool | None:
    if row["VOLUME_REKEY"]:
        return False
    return True if row["REMAINING_KB"] else None


def pfs_group(row: Row) -> str | None:
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
