"""`show ip nhrp`: addresses of DMVPN peers, learned or configured (field guide, appendix E)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.cisco_ios._nbma import nbma_peers


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_ip_nhrp", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(nbma_peers=nbma_peers(rows, "TYPE"))


COMMANDS = (
    CommandSpec(
        command="show ip nhrp",
        parse=parse,
        timeout_s=120.0,
        other_forms=("show ip nhrp detail", "show ipv6 nhrp"),
    ),
)
