"""`show failover`: which unit is active since when, and what the pair replicates, among it the SAs (field guide C6)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import FailoverState
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.clock_rows import reading_of
from vpnaudit.platforms.counter_rows import in_columns

_COLUMNS = {"XMIT": "xmit", "XERR": "xerr", "RCV": "rcv", "RERR": "rerr"}
"""The updates of one kind of object: sent and received, each with its errors."""
_SAS = ("VPN IKE", "VPN IPSEC")
"""How the kinds of objects that are SAs begin: `VPN IKE upd`, `VPN IPSEC upd`, `VPN IKEv1 P2`, `VPN IKEv2 SA`."""


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_asa", "show_failover", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    objects = [row for row in rows if row["NAME"]]
    return Facts(
        counters=tuple(counter for row in objects for counter in in_columns(row, row["NAME"], _COLUMNS)),
        failover=_failover(rows, objects),
    )


def _failover(rows: list[Row], objects: list[Row]) -> FailoverState | None:
    """What the unit says of itself; nothing where it says neither that failover is on nor that it is off."""
    on, state, link, last = (_first(rows, name) for name in ("ON", "STATE", "LINK", "HOUR"))
    if on is None:
        return None
    failing = [row for row in objects if _is_of_sas(row) and _errors(row)]
    return FailoverState(
        line=last.line if last is not None else on.line,
        on=on["ON"] == "On",
        state=state["STATE"] if state is not None else None,
        state_line=state.line if state is not None else None,
        last=reading_of(last) if last is not None else None,
        keeps_sas=_keeps_sas(link, objects) if link is not None else None,
        keeps_line=link.line if link is not None else None,
        sa_errors=sum(map(_errors, failing)),
        errors_line=failing[-1].line if failing else None,
    )


def _first(rows: list[Row], name: str) -> Row | None:
    return next((row for row in rows if row[name]), None)


def _keeps_sas(link: Row, objects: list[Row]) -> bool | None:
    """By the state link, and by the kinds of objects that go over it: where SAs do, they are listed at zero too.

    An answer that ends before any kind says nothing of them.
    """
    if link["LINK"].lower().startswith("unconfigured"):
        return False
    if any(map(_is_of_sas, objects)):
        return True
    return False if objects else None


def _is_of_sas(row: Row) -> bool:
    return row["NAME"].upper().startswith(_SAS)


def _errors(row: Row) -> int:
    """Updates from the active unit that came damaged or out of turn: what they were of, this one does not have."""
    return sum(counter.value for counter in in_columns(row, row["NAME"], _COLUMNS) if counter.scope == "rerr")


COMMANDS = (CommandSpec(command="show failover", parse=parse),)
