"""`show crypto ikev2 sa` of Cisco's systems: rows of their templates as IKE SAs and their children (field guide 5)."""

from __future__ import annotations

from vpnaudit.model.sa import ChildSa, DpdTimers, IkeSa
from vpnaudit.parse.engine import Row

_NAT_T = {"detected": True, "not detected": False}


def ikev2_sa(row: Row, *, status: str | None, initiator: bool | None, vrf: str | None, front_vrf: str | None) -> IkeSa:
    """Return the SA of a row; what the systems say in words of their own is given. A front VRF "" is the global one."""
    lifetime_s, active_s = row.number("LIFETIME_S"), row.number("ACTIVE_S")
    return IkeSa(
        line=row.line,
        version="v2",
        local=row.text("LOCAL"),
        remote=row.text("REMOTE"),
        local_port=row.number("LOCAL_PORT"),
        remote_port=row.number("REMOTE_PORT"),
        status=status,
        state=row.text("DESCRIPTION"),
        lifetime_s=lifetime_s,
        active_s=active_s,
        remaining_s=None if lifetime_s is None or active_s is None else max(lifetime_s - active_s, 0),
        dpd=_dpd(row),
        child_sas=tuple(child for pair in row.each("CHILD") for child in _children(pair)),
        initiator=initiator,
        nat_t=_NAT_T.get(row["NAT_T"]),
        vrf=vrf,
        front_vrf=front_vrf,
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
