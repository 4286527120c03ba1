"""`show crypto isakmp sa` and its detail form: the IKEv1 SAs (field guide 5.1)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import IkeSa
from vpnaudit.parse.duration import duration_s
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_isakmp_sa", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(ike_sas=tuple(_detailed(row) if row["LOCAL"] else _plain(row) for row in rows))


def _plain(row: Row) -> IkeSa:
    """A row of the plain form, or an IPv6 SA of either. Which of dst and src is local they do not say (DESIGN 6)."""
    capabilities = row["CAPABILITIES"] if row["LIFETIME"] else None
    return IkeSa(
        line=row.line,
        version="v1",
        local=row.text("SRC"),
        remote=row.text("DST"),
        ends_known=False,
        status=row.text("STATUS"),
        state=row.text("STATE"),
        remark=row.text("REMARK"),
        remaining_s=duration_s(row["LIFETIME"]),
        capabilities=capabilities,
        nat_t=None if capabilities is None else "N" in capabilities,
        vrf=row.text("VRF"),
        conn_id=row.number("CONN_ID"),
    )


def _detailed(row: Row) -> IkeSa:
    """A row of the detail form, whose lifetime counts down; without letters in `Cap.` the SA has no capability."""
    capabilities = row["CAPABILITIES"] if row["LIFETIME"] else None
    return IkeSa(
        line=row.line,
        version="v1",
        local=row.text("LOCAL"),
        remote=row.text("REMOTE"),
        status=row.text("STATUS"),
        remaining_s=duration_s(row["LIFETIME"]),
        capabilities=capabilities,
        nat_t=None if capabilities is None else "N" in capabilities,
        vrf=row.text("VRF"),
        conn_id=row.number("CONN_ID"),
    )


COMMANDS = (
    CommandSpec(
        command="show crypto isakmp sa",
        parse=parse,
        needed=True,
        other_forms=("show crypto isakmp sa active", "show crypto isakmp sa standby", "show crypto isakmp sa vrf"),
    ),
    CommandSpec(
        command="show crypto isakmp sa detail",
        parse=parse,
        other_forms=("show crypto isakmp sa active detail", "show crypto isakmp sa standby detail"),
    ),
)
