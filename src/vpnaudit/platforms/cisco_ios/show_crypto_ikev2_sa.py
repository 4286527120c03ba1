"""`show crypto ikev2 sa` and `show crypto ikev2 session`: IKEv2 SAs and the IPsec SAs under them (field guide 5.1)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import ChildSa, DpdTimers, IkeSa
from vpnaudit.parse.engine import Row, parse_answer

_NAT_T = {"detected": True, "not detected": False}
_INITIATOR = {"Yes": True, "No": False, "INITIATOR": True, "RESPONDER": False}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ikev2_sa", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(ike_sas=tuple(_ike_sa(row) for row in rows))


def _ike_sa(row: Row) -> IkeSa:
    lifetime_s, active_s = row.number("LIFETIME_S"), row.number("ACTIVE_S")
    return IkeSa(
        line=row.line,
        version="v2",
        local=row.text("LOCAL"),
        remote=row.text("REMOTE"),
        local_port=row.number("LOCAL_PORT"),
        remote_port=row.number("REMOTE_PORT"),
        status=row.text("STATUS"),
        state=row.text("DESCRIPTION"),
        lifetime_s=lifetime_s,
        active_s=active_s,
        remaining_s=None if lifetime_s is None or active_s is None else max(lifetime_s - active_s, 0),
        dpd=_dpd(row),
        child_sas=tuple(child for pair in row.each("CHILD") for child in _children(pair)),
        initiator=_INITIATOR.get(row["INITIATOR"] or row["ROLE"]),
        nat_t=_NAT_T.get(row["NAT_T"]),
        vrf=None if row["IVRF"] in {"", "none"} else row["IVRF"],
        front_vrf="" if row["FVRF"] == "none" else row.text("FVRF"),
        conn_id=row.number("TUNNEL_ID"),
    )


def _dpd(row: Row) -> DpdTimers | None:
    """The timers that this SA runs with; an interval of 0 means that this end sends no probes."""
    if not row["DPD_INTERVAL_S"]:
        return None
    return DpdTimers(interval_s=row.number("DPD_INTERVAL_S"), retry_s=row.number("DPD_RETRY_S"))


def _children(pair: str) -> tuple[ChildSa, ChildSa]:
    inbound, outbound = pair.split("/")
    return ChildSa(direction="in", spi=int(inbound, 16)), ChildSa(direction="out", spi=int(outbound, 16))


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
