"""`show logging` of Cisco NX-OS."""

from __future__ import annotations

from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.logs import scan_answer

COMMANDS = (
    CommandSpec(
        command="show logging", parse=scan_answer, needed=True, timeout_s=300.0, other_forms=("show logging logfile",)
    ),
)
