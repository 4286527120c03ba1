"""The platform value of Cisco IOS and IOS-XE."""

from __future__ import annotations

import re

from vpnaudit.model.platform import Defaults, Needless, PeerForm, Platform, SecretRule
from vpnaudit.platforms.cisco_ios.remedies import REMEDIES
from vpnaudit.platforms.gather import commands_in, planned

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
    "show ip sla statistics",
    "show ip sla monitor statistics",
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
    ("idtoken", r"\bidtoken\s+(?P<secret>\S+)"),
    (
        "apn",
        r"\bapn\s+\S+\s+(?:authentication\s+)?(?:chap|pap|pap_chap|chap_pap)\s+username\s+\S+\s+password\s+(?P<secret>\S+)",
    ),
    ("gsm", r"\bgsm\s+profile\s+create\s+\d+\s+\S+\s+(?:chap|pap)\s+\S+\s+(?P<secret>\S+)"),
)
"""Secrets in words that only IOS uses; those of every Cisco are known to `redact`."""


_CLASSIC = r"^(?:Cisco )?IOS (?:Software, |\(tm\) )[^\[]{0,200}Version "
_XE = re.compile(r"IOSD|IOS[- ]XE", re.IGNORECASE)
_WHOLE = (re.compile(r"^interface \S"), re.compile(r"^end$"))
"""What a configuration shows that was printed to its end; one cut to a user's privileges lacks the sections."""
_NO_QFP = (
    Needless(
        answer="show version",
        sure=(re.compile(_CLASSIC + r"1[25]\.\d{1,2}\("),),
        shown_by=_XE,
        because="only IOS-XE has it, and this is classic IOS",
    ),
)
_NO_IKEV2 = (
    Needless(
        answer="show version",
        sure=(re.compile(_CLASSIC + r"12\.(?:[0-3]\(|4\(1?\d[a-z]?\))"),),
        shown_by=_XE,
        because="the release is older than IKEv2",
    ),
    Needless(
        answer="show running-config",
        sure=(*_WHOLE, re.compile(r"^crypto (?:isakmp|ipsec|map|dynamic-map|keyring|gdoi) ")),
        shown_by=re.compile(r"ikev2", re.IGNORECASE),
        because="the configuration has no IKEv2",
    ),
)
_NO_NHRP = (
    Needless(
        answer="show running-config",
        sure=(*_WHOLE, re.compile(r"^ (?:no )?ip address\b")),
        # A virtual template may get its NHRP from an AAA server.
        shown_by=re.compile(r"\bnhrp\b|gre multipoint|virtual-template", re.IGNORECASE),
        because="the configuration has no NHRP",
    ),
)
_NO_IP_SLA = (
    Needless(
        answer="show running-config",
        sure=_WHOLE,
        shown_by=re.compile(r"^ip sla (?:\d|auto |ethernet-monitor )"),
        because="the configuration has no IP SLA operation",
    ),
)
_NO_IP_SLA_MONITOR = (
    Needless(
        answer="show running-config",
        sure=_WHOLE,
        shown_by=re.compile(r"^ip sla monitor \d"),
        because="the configuration has no IP SLA operation in the words of 12.3 and 12.4",
    ),
)
NEEDLESS = {
    "show platform resources": _NO_QFP,
    "show platform hardware qfp active feature ipsec datapath drops": _NO_QFP,
    "show crypto ikev2 sa detail": _NO_IKEV2,
    "show crypto ikev2 stats exchange": _NO_IKEV2,
    "show crypto ikev2 stats timeout": _NO_IKEV2,
    "show ip nhrp": _NO_NHRP,
    "show dmvpn": _NO_NHRP,
    "show ip sla statistics": _NO_IP_SLA,
    "show ip sla monitor statistics": _NO_IP_SLA_MONITOR,
}
"""Of which commands an earlier answer may say that they cannot matter."""
_FRONT_VRF = (
    Needless(
        answer="show running-config",
        sure=(re.compile(r"^ (?:ip )?vrf forwarding (?!Mgmt)|^ tunnel vrf |\bfvrf |^crypto keyring \S+ vrf "),),
        because="the form finds no peer behind a VRF",
    ),
)
PEER_FORMS = {
    "show crypto ipsec sa": PeerForm(text="show crypto ipsec sa peer {peer}", needless=_FRONT_VRF),
    "show crypto ipsec sa detail": PeerForm(text="show crypto ipsec sa peer {peer} detail", needless=_FRONT_VRF),
    "show crypto session detail": PeerForm(text="show crypto session remote {peer} detail", needless=_FRONT_VRF),
}
"""Of the big tables one peer's part alone. The IKE tables are asked whole: they are short, and show what is missing."""
_OF_THE_DEVICE = {
    "show processes memory sorted",
    "show platform resources",
    "show crypto ikev2 stats exchange",
    "show crypto ikev2 stats timeout",
    "show platform hardware qfp active feature ipsec datapath drops",
}
"""Sums over the whole device: nothing in them is one tunnel's."""


PLATFORM = Platform(
    name="cisco_ios",
    aliases=("cisco_xe",),
    title="Cisco IOS and IOS-XE",
    commands=planned(
        commands_in("vpnaudit.platforms.cisco_ios"),
        PLAN,
        needless=NEEDLESS,
        peer_forms=PEER_FORMS,
        of_the_device=_OF_THE_DEVICE,
    ),
    defaults=Defaults(
        ipsec_s=3600, ipsec_kb=4608000, ike_s=86400, dpd_mode="off", log_interval_s=60, buffer_level="debugging"
    ),
    secrets=tuple(SecretRule(trigger, source) for trigger, source in _SECRETS),
    remedies=REMEDIES,
    tells=tuple(re.compile(source, re.MULTILINE) for source in _TELLS),
)
