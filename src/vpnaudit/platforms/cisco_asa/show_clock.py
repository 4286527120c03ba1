"""`show clock` and `show clock detail` of ASA, PIX and FTD."""

from __future__ import annotations

from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import parse_answer
from vpnaudit.platforms.clock_rows import clock_facts


def parse(text: str) -> Parsed:
    """Read the answer to `show clock`, plain or detailed. Never raises."""
    return parse_answer("cisco_asa", "show_clock", text, clock_facts)


COMMANDS = (CommandSpec(command="show clock", parse=parse, needed=True, other_forms=("show clock detail",)),)
