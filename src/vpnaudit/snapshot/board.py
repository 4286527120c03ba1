"""Which box answered: its serial number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vpnaudit.model.snapshot import Capture

_BOARD = re.compile(r"^(?:Processor board ID|Serial Number:) {1,4}(\S{4,40})", re.MULTILINE)


def board(captures: Sequence[Capture]) -> str | None:
    """The serial number in `show version`: of a router's chassis (`Processor board ID`), of a firewall."""
    found = (_BOARD.search(c.text) for c in captures if c.command == "show version")
    return next((match[1] for match in found if match is not None), None)
