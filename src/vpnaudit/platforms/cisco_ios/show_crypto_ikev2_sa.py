"""`show crypto ikev2 sa` and `show crypto ikev2 session`: IKEv2 SAs and the IPsec SAs under them (field guide 5.1)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import IkeSa
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.ikev2_rows import ikev2_sa

_INITIATOR = {"Yes": True, "No": False, "INITIATOR": True, "RESPONDER": False}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ikev2_sa", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(ike_sas=tuple(_ike_sa(row) for row in rows))


def _ike_sa(row: Row) -> IkeSa:
    return ikev2_sa(
        row,
        status=row.text("STATUS"),
        initiator=_INITIATOR.get(row["INITIATOR"] or row["ROLE"]),
        vrf=None if row["IVRF"] in {"", "none"} else row["IVRF"],
        front_vrf="" if row["FVRF"] == "none" else row.text("FVRF"),
    )


COMMANDS = (
    CommandSpec(
        command="show crypto ikev2 sa",
        parse=parse,
        other_forms=("show crypto ikev2 sa local", "show crypto ikev2 sa remote"),
    ),
    CommandSpec(
        command="show crypto ikev2 sa detail",
        sent="show crypto ikev2 sa detailed",
        parse=parse,
        other_forms=("show crypto ikev2 sa local detail", "show crypto ikev2 sa remote detail"),
    ),
    CommandSpec(command="show crypto ikev2 session", parse=parse),
    CommandSpec(command="show crypto ikev2 session detail", parse=parse, collected=False),
)
