"""`show version` of Cisco NX-OS."""

from __future__ import annotations

from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import parse_answer
from vpnaudit.platforms.version_rows import version_reader

_FACTS = version_reader("nxos")


def parse(text: str) -> Parsed:
    """Read the answer to `show version`."""
    return parse_answer("cisco_nxos", "show_version", text, _FACTS)


COMMANDS = (CommandSpec(command="show version", parse=parse, needed=True),)
