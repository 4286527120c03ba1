"""`show version` of Cisco IOS-XR."""

from __future__ import annotations

from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import parse_answer
from vpnaudit.platforms.version_rows import version_reader

_FACTS = version_reader("xr")


def parse(text: str) -> Parsed:
    """Read the answer to `show version`."""
    return parse_answer("cisco_xr", "show_version", text, _FACTS)


COMMANDS = (CommandSpec(command="show version", parse=parse, needed=True, other_forms=("show version brief",)),)
