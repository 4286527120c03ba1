"""`show clock` and `show clock detail`: the device's time as it shows it, and whether it vouches for it."""

from __future__ import annotations

from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import parse_answer
from vpnaudit.platforms.clock_rows import clock_facts


def parse(text: str) -> Parsed:
    """Read the answer to `show clock`, plain or detailed."""
    return parse_answer("cisco_ios", "show_clock", text, clock_facts)


COMMANDS = (CommandSpec(command="show clock", parse=parse, needed=True, other_forms=("show clock detail",)),)
