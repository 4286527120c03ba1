"""The platform value of Cisco NX-OS: read in part, so an audit says "not assessable"."""

from __future__ import annotations

import re

from vpnaudit.model.platform import Defaults, Platform
from vpnaudit.platforms.gather import commands_in

PLATFORM = Platform(
    name="cisco_nxos",
    aliases=("cisco_mds",),
    title="Cisco NX-OS",
    assessable=False,
    commands=commands_in("vpnaudit.platforms.cisco_nxos"),
    defaults=Defaults(ipsec_s=3600, ipsec_kb=450 * 1024 * 1024, ike_s=86400, dpd_mode="off"),
    tells=tuple(
        re.compile(source, re.MULTILINE)
        for source in (
            r"^Cisco Nexus Operating System \(NX-OS\) Software",
            r"^!Command: show running-config",
            r"^PID\s+MemAlloc\s+MemLimit",
            r"^\d{4} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \S+ %",
            r"^Kernel uptime is \d+ day",
            r"%(?:VSHD|ETHPORT|ETH_PORT_CHANNEL|DAEMON|AUTHPRIV)-[0-7]-[A-Z_]+:",
        )
    ),
)
