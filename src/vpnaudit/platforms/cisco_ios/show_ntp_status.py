"""`show ntp status`: whether the clock follows a server (field guide C16)."""

from __future__ import annotations

from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import parse_answer
from vpnaudit.platforms.clock_rows import ntp_facts


def parse(text: str) -> Parsed:
    """Read the answer to `show ntp status`."""
    return parse_answer("cisco_ios", "show_ntp_status", text, ntp_facts)


COMMANDS = (CommandSpec(command="show ntp status", parse=parse),)
