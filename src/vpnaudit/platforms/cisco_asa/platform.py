"""The platform value of Cisco ASA, PIX and FTD: read in part, so an audit says "not assessable"."""

from __future__ import annotations

import re

from vpnaudit.model.platform import Defaults, Platform
from vpnaudit.platforms.gather import commands_in

PLATFORM = Platform(
    name="cisco_asa",
    aliases=("cisco_ftd", "cisco_pix"),
    title="Cisco ASA, PIX and FTD",
    assessable=False,
    commands=commands_in("vpnaudit.platforms.cisco_asa"),
    defaults=Defaults(
        ipsec_s=28800,
        ipsec_kb=4608000,
        ike_s=86400,
        dpd_mode="on-demand",
        dpd_interval_s=10,
        dpd_retry_s=2,
        log_interval_s=5,
        log_milliseconds=False,
    ),
    tells=tuple(
        re.compile(source, re.MULTILINE)
        for source in (
            r"^Cisco (?:Adaptive Security Appliance Software|PIX (?:Security Appliance Software|Firewall) )",
            r"^(?:ASA|PIX) Version \d",
            r"\bCisco (?:Secure )?Firepower Threat Defense\b",
            r"%(?:ASA|FTD|PIX)-(?:\w+-)?[0-7]-\d{6}:",
            r"^[ \t]{1,80}Crypto map tag: \S+, seq num: \d+, local addr:",
            r"^[ \t]{0,80}current_peer: \S+, username:",
            r"^(?:IKEv1 SAs:|There are no IKEv[12] SAs|Tunnel-id\s+Local\s+Remote\s+Status\s+Role)",
            r"^\d+\s+IKE Peer: ",
            r"^Free memory:\s+\d+ bytes",
            r"^(?: nameif |tunnel-group \S+ type |crypto ipsec ikev[12] |crypto map \S+ \d+ (?:set|match) )",
            r"^Session Type: (?:LAN-to-LAN|VPN)",
        )
    ),
)
