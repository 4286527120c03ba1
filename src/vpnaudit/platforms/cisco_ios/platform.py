"""The platform value of Cisco IOS and IOS-XE."""

from __future__ import annotations

import re

from msgspec import structs

from vpnaudit.model.platform import CommandSpec, Defaults, Platform
from vpnaudit.platforms.cisco_ios.remedies import REMEDIES
from vpnaudit.platforms.gather import commands_in

PLAN = (
    "show clock",
    "show version",
    "show running-config",
    "show crypto isakmp sa",
    "show crypto isakmp sa detail",
    "show crypto ikev2 sa detail",
    "show crypto ipsec sa",
    "show crypto ipsec sa detail",
    "show crypto map",
    "show crypto isakmp policy",
    "show crypto session detail",
    "show memory statistics",
    "show processes memory sorted",
    "show platform resources",
    "show interfaces",
    "show monitor event-trace crypto ipsec event all",
    "show crypto ikev2 stats exchange",
    "show crypto ikev2 stats timeout",
    "show platform hardware qfp active feature ipsec datapath drops",
    "show ip nhrp",
    "show dmvpn",
    "show ntp status",
    "show logging",
)
"""What is collected, in this order: the clock first, so that the rest can be dated; the log late, so that it holds what
happened meanwhile. Other commands are read where a source has them."""

_TELLS = (
    r"^Cisco (?:IOS Software|IOS XE Software|Internetwork Operating System Software)",
    r"^IOS \(tm\) ",
    r"^(?:no )?service timestamps (?:log|debug) ",
    r"^Current configuration : \d+ bytes",
    r"^crypto (?:keyring|isakmp profile|isakmp policy|ikev2 keyring|ikev2 profile|ikev2 proposal) \S",
    r"^crypto (?:ipsec transform-set \S+ (?:esp|ah)-|map \S+ \d+ (?:ipsec-isakmp|gdoi))",
    r"^IPv[46] Crypto (?:ISAKMP|IKEv2)\s+(?:SA|Session)",
    r"^[ \t]{0,80}Tunnel-id\s+Local\s+Remote\s+fvrf/ivrf\s+Status",
    r"^[ \t]{0,80}dst\s+src\s+state\s+(?:conn-id|slot)",
    r"^Crypto session current status",
    r"^Session status: ",
    r"^Legend: Attrb --> S - Static",
    r"^(?:Crypto Map|IPSEC profile|Crypto Map IPv[46]) \"?\S",
    r"^[ \t]{1,80}Crypto map tag: \S+, local addr[. ]",
    r"^[ \t]{0,80}current_peer \S+ port \d+",
    r"^[ \t]{0,80}Processor Pool Total:",
    r"^[ \t]{0,80}Head\s+Total\(b\)",
    r"^Syslog logging: (?:enabled|disabled) \(\d+ messages? dropped",
    r"IPSEC-EVENT:",
    r"%(?:CRYPTO|CRYPTO_ENGINE|IKEV2|GDOI|SYS|LINEPROTO|LINK|PARSER|IOSXE)-(?:SW\d-|STBY-)?[0-7]-[A-Z_]+:",
)
"""Marks that no other platform's text bears; found in what others collected, none of them in another's text."""
_SECRETS = (
    r"\bidtoken\s+(?P<secret>\S+)",
    r"\bapn\s+\S+\s+(?:authentication\s+)?(?:chap|pap|pap_chap|chap_pap)\s+username\s+\S+\s+password\s+(?P<secret>\S+)",
    r"\bgsm\s+profile\s+create\s+\d+\s+\S+\s+(?:chap|pap)\s+\S+\s+(?P<secret>\S+)",
)
"""Secrets in words that only IOS uses; those of every Cisco are known to `redact`."""


def _plan(commands: tuple[CommandSpec, ...]) -> tuple[CommandSpec, ...]:
    """Put the planned commands first, in order; whatever else can be read follows and is not sent."""
    known = {spec.command: spec for spec in commands}
    planned = tuple(structs.replace(known[name], collected=True) for name in PLAN)
    return planned + tuple(structs.replace(s, collected=False) for s in commands if s.command not in PLAN)


PLATFORM = Platform(
    name="cisco_ios",
    aliases=("cisco_xe",),
    title="Cisco IOS and IOS-XE",
    commands=_plan(commands_in("vpnaudit.platforms.cisco_ios")),
    defaults=Defaults(ipsec_s=3600, ipsec_kb=4608000, ike_s=86400, dpd_mode="off", log_interval_s=60),
    secret_patterns=tuple(re.compile(source, re.IGNORECASE) for source in _SECRETS),
    remedies=REMEDIES,
    tells=tuple(re.compile(source, re.MULTILINE) for source in _TELLS),
)
