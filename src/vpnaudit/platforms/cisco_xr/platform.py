"""The platform value of Cisco IOS-XR: read in part, so an audit says "not assessable"."""

from __future__ import annotations

import re

from vpnaudit.model.platform import Defaults, Platform
from vpnaudit.platforms.gather import commands_in

PLATFORM = Platform(
    name="cisco_xr",
    aliases=("cisco_ios_xr",),
    title="Cisco IOS-XR",
    assessable=False,
    commands=commands_in("vpnaudit.platforms.cisco_xr"),
    defaults=Defaults(ipsec_s=3600, ipsec_kb=4608000, ike_s=86400, dpd_mode="off"),
    tells=tuple(
        re.compile(source, re.MULTILINE)
        for source in (
            r"^Cisco IOS XR Software",
            r"^!! IOS XR Configuration",
            r"\b(?:LC|RP)/\d+/\w+/CPU\d+: ?[A-Z][a-z]{2}\b",
            r"^Physical Memory: \d+M total",
        )
    ),
)
