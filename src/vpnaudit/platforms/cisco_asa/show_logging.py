"""`show logging` of Cisco ASA, PIX and FTD."""

from __future__ import annotations

from vpnaudit.model.facts import Coverage, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.logs import scan
from vpnaudit.parse.refusal import is_refused


def parse(text: str) -> Parsed:
    """Read the answer to `show logging`. Never raises."""
    if is_refused(text):
        lines = sum(1 for line in text.split("\n") if line.strip())
        return Parsed(coverage=Coverage(lines=lines, understood=lines), refused=True)
    return scan(text)


COMMANDS = (CommandSpec(command="show logging", parse=parse, needed=True, timeout_s=300.0),)
