"""`show crypto isakmp sa`, `show crypto ikev1 sa` and `show crypto ikev2 sa`: the IKE SAs (field guide 5).

One reader for all three: the first lists both versions, in the words of the others.
"""

from __future__ import annotations

import re

from msgspec import structs

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import IkeSa
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.ikev2_rows import ikev2_sa

_CUT_SPI = re.compile(r"spi in/out:\s*0x[0-9a-f]{1,8}\s*/\s*0x[0-9a-f]{1,7}\Z", re.IGNORECASE)
"""The end of a text inside an SPI, it may be: leading zeros are not printed, so that the last one may lack digits."""

_LAST_LINE = 200
_INITIATOR = {"init": True, "initiator": True, "resp": False, "responder": False}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    parsed = parse_answer("cisco_asa", "show_crypto_isakmp_sa", text, _facts)
    if not parsed.facts.ike_sas or not _CUT_SPI.search(text, max(len(text) - _LAST_LINE, 0)):
        return parsed
    *whole, last = parsed.facts.ike_sas
    cut = structs.replace(last, child_sas=last.child_sas[:-1])
    return structs.replace(parsed, facts=structs.replace(parsed.facts, ike_sas=(*whole, cut), cut=True))


def _facts(rows: list[Row]) -> Facts:
    return Facts(ike_sas=tuple(_ike_sa(row) for row in rows if _is_begun(row)))


def _is_begun(row: Row) -> bool:
    """Whether the line with the peer is there: what follows a cut says nothing of any SA."""
    return bool(row["PEER"] or row["DST"] or row["TUNNEL_ID"])


def _ike_sa(row: Row) -> IkeSa:
    if row["TUNNEL_ID"]:
        return _version_2(row)
    return _version_1(row) if row["PEER"] else _of_pix(row)


def _version_1(row: Row) -> IkeSa:
    """An ASA names only the peer, and calls `State` what is also the status."""
    return IkeSa(
        line=row.line,
        version="v1",
        remote=row["PEER"],
        status=row.text("STATE"),
        state=row.text("STATE"),
        lifetime_s=row.number("LIFETIME_S"),
        remaining_s=row.number("REMAINING_S"),
        initiator=_INITIATOR.get(row["ROLE"].lower()),
    )


def _of_pix(row: Row) -> IkeSa:
    """Which of dst and src is local PIX 6 does not say (DESIGN 6)."""
    return IkeSa(
        line=row.line,
        version="v1",
        local=row["SRC"],
        remote=row["DST"],
        ends_known=False,
        status=row.text("STATE"),
        state=row.text("STATE"),
    )


def _version_2(row: Row) -> IkeSa:
    return ikev2_sa(
        row,
        status=row.text("STATE"),
        initiator=_INITIATOR.get(row["ROLE"].lower()),
        vrf=None if row["IVRF"] in {"", "none", "Global"} else row["IVRF"],
        front_vrf="" if row["FVRF"] in {"none", "Global"} else row.text("FVRF"),
    )


COMMANDS = (
    CommandSpec(command="show crypto isakmp sa", parse=parse, needed=True, other_forms=("show isakmp sa",)),
    CommandSpec(command="show crypto isakmp sa detail", parse=parse, other_forms=("show isakmp sa detail",)),
    CommandSpec(command="show crypto ikev1 sa", parse=parse),
    CommandSpec(command="show crypto ikev1 sa detail", parse=parse),
    CommandSpec(command="show crypto ikev2 sa", parse=parse),
    CommandSpec(command="show crypto ikev2 sa detail", parse=parse),
)
