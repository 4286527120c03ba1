"""`show dmvpn`: DMVPN peers and their state (field guide, appendix E)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.cisco_ios._nbma import nbma_peers


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_dmvpn", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(nbma_peers=nbma_peers(rows, "STATE"))


COMMANDS = (
    CommandSpec(
        command="show dmvpn",
        parse=parse,
        timeout_s=120.0,
        other_forms=("show dmvpn detail", "show dmvpn ipv4", "show dmvpn ipv6"),
    ),
)
