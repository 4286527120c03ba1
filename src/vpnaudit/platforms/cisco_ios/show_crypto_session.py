"""`show crypto session` and its detail form: state and age of each tunnel (field guide 5.1)."""

from __future__ import annotations

import re

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import Session
from vpnaudit.parse.duration import duration_s
from vpnaudit.parse.engine import Row, parse_answer

_LIFE = re.compile(r"(Inbound|Outbound):.*?\blife \(KB/Sec\)\s*(\S.*)")
_LETTERS = {
    "U": "UP",
    "D": "DOWN",
    "A": "ACTIVE",
    "I": "IDLE",
    "N": "NEGOTIATING",
    "K": "NO-IKE",
    "S": "STANDBY",
}
_DIRECTIONS = {"Inbound": "in", "Outbound": "out"}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_session", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(sessions=tuple(_session(row) for row in rows))


def _session(row: Row) -> Session:
    return Session(
        line=row.line,
        interface=row.text("INTERFACE") or row.text("SHORT_INTERFACE"),
        status=row.text("STATUS") or _brief_status(row["RECORD"]),
        peers=row.each("PEERS"),
        uptime_s=duration_s(row["UPTIME"]),
        flows=len(row.each("FLOWS")),
        ike_sas=len(row.each("IKE")),
        profile=row.text("PROFILE"),
        capabilities=_capabilities(row),
        peer_port=row.number("PEER_PORT"),
        life=tuple((_DIRECTIONS[m[1]], m[2]) for m in map(_LIFE.match, row.each("LIFE")) if m),
    )


def _brief_status(letters: str) -> str | None:
    """The brief form's letters in the words of the others: "UA" is UP-ACTIVE."""
    return "-".join(_LETTERS[letter] for letter in letters) if set(letters) <= set(_LETTERS) else None


def _capabilities(row: Row) -> str | None:
    """Those of the first IKE SA that is active, else of the first; only the detail form prints them."""
    printed = row.each("CAPABILITIES")
    if not printed:
        return None
    active = [letters for letters, state in zip(printed, row.each("IKE_STATE"), strict=False) if state == "Active"]
    first = (active or printed)[0]
    return "" if first == "(none)" else first


COMMANDS = (
    CommandSpec(
        command="show crypto session detail",
        parse=parse,
        timeout_s=300.0,
        other_forms=(
            "show crypto session interface detail",
            "show crypto session local detail",
            "show crypto session remote detail",
            "show crypto session username detail",
            "show crypto session fvrf detail",
            "show crypto session ivrf detail",
        ),
    ),
    CommandSpec(
        command="show crypto session",
        parse=parse,
        collected=False,
        timeout_s=300.0,
        other_forms=(
            "show crypto session brief",
            "show crypto session interface",
            "show crypto session local",
            "show crypto session remote",
            "show crypto session username",
            "show crypto session fvrf",
            "show crypto session ivrf",
        ),
    ),
)
