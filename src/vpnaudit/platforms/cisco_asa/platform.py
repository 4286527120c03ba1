"""The platform value of Cisco ASA, PIX and FTD."""

from __future__ import annotations

import re

from vpnaudit.model.platform import Defaults, Needless, PeerForm, Platform, SecretRule, Words
from vpnaudit.platforms.cisco_asa.remedies import REMEDIES
from vpnaudit.platforms.gather import commands_in, planned

PLAN = (
    "show clock",
    "show version",
    "show running-config",
    "show crypto isakmp sa",
    "show crypto ikev1 sa detail",
    "show crypto ikev2 sa detail",
    "show crypto ipsec sa",
    "show crypto ipsec sa detail",
    "show vpn-sessiondb detail l2l",
    "show memory",
    "show crypto ipsec stats",
    "show interfaces",
    "show failover",
    "show ntp status",
    "show logging",
)
"""What is collected, in this order: the clock first, so that the rest can be dated; the log late, so that it holds what
happened meanwhile. Other commands are read where a source has them."""

_TELLS = (
    r"^Cisco (?:Adaptive Security Appliance Software|PIX (?:Security Appliance Software|Firewall) )",
    r"^(?:ASA|PIX|NGFW) Version \d",
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
"""Marks that no other platform's text bears; found in what others collected, none of them in another's text."""
_SECRETS = (
    ("radius-common-pw", r"\bradius-common-pw\s+(?P<secret>\S+)"),
    ("storage-key", r"\bstorage-key\s+(?P<secret>\S+)"),
    ("policy-server-secret", r"\bpolicy-server-secret\s+(?P<secret>\S+)"),
    ("idtoken", r"\bidtoken\s+(?P<secret>\S+)"),
    ("failover", r"\bfailover\s+key\s+(?:hex|<redacted>)\s+(?P<secret>\S+)"),
    ("eigrp", r"\bauthentication\s+key\s+eigrp\s+\d+\s+(?:\d\s+)?(?P<secret>\S+)"),
    (
        "key-id",
        r"\bauthentication\s+(?:meticulous-)?(?:md5|sha-1)\s+(?:\d\s+)?(?P<secret>\S+)\s+key-id\b",
    ),
    ("pkcs12", r"\bcrypto\s+ca\s+(?:import|export)\s+\S+\s+pkcs12\s+(?P<secret>\S+)"),
)
"""Secrets in words that only an ASA uses; those of every Cisco are known to `redact`."""


_END = re.compile(r"^: end$")
_WHOLE = (_END, re.compile(r"^interface \S"), re.compile(r"^crypto "))


def _not_configured(words: str, what: str) -> tuple[Needless, ...]:
    """Needless where a configuration that was printed whole has none of `words` (an expression)."""
    shown = re.compile(words, re.IGNORECASE)
    because = f"the configuration has no {what}"
    return (Needless(answer="show running-config", sure=_WHOLE, shown_by=shown, because=because),)


NEEDLESS = {
    "show crypto ikev1 sa detail": _not_configured("ikev1|isakmp", "IKEv1"),
    "show crypto ikev2 sa detail": _not_configured("ikev2", "IKEv2"),
    "show failover": (
        Needless(
            answer="show running-config",
            sure=(_END, re.compile(r"^no failover$")),
            shown_by=re.compile(r"^failover(?: |$)"),
            because="failover is off",
        ),
    ),
    "show ntp status": (
        Needless(
            answer="show version",
            sure=(re.compile(r"^Cisco Adaptive Security Appliance Software Version \S+ <context>"),),
            because="a context has the clock of its system, and no NTP of its own",
        ),
    ),
}
"""Of which commands an earlier answer may say that they cannot matter."""
PEER_FORMS = {
    "show crypto ipsec sa": PeerForm(text="show crypto ipsec sa peer {peer}"),
    "show crypto ipsec sa detail": PeerForm(text="show crypto ipsec sa peer {peer} detail"),
    "show vpn-sessiondb detail l2l": PeerForm(text="show vpn-sessiondb detail l2l filter ipaddress {peer}"),
}
"""Of the big tables one peer's part alone."""
_OF_THE_DEVICE = {"show crypto ipsec stats"}
"""Sums over the whole device: nothing in them is one tunnel's."""


PLATFORM = Platform(
    name="cisco_asa",
    aliases=("cisco_ftd", "cisco_pix"),
    title="Cisco ASA, PIX and FTD",
    assessable=True,
    commands=planned(
        commands_in("vpnaudit.platforms.cisco_asa"),
        PLAN,
        needless=NEEDLESS,
        peer_forms=PEER_FORMS,
        of_the_device=_OF_THE_DEVICE,
    ),
    defaults=Defaults(
        ipsec_s=28800,
        ipsec_kb=4608000,
        ike_s=86400,
        # An ASA asks after so many seconds without a packet from its peer, also where it has nothing to send
        # (field guide 5.4 and 6.1).
        dpd_mode="periodic",
        dpd_interval_s=10,
        dpd_retry_s=2,
        dpd_waits=((1, 3), (1, 4)),
        log_interval_s=5,
        rekey_share=0.95,
        log_is_local=True,
        log_milliseconds=False,
        counts_queue_drops=False,
        counts_ike_timeouts=False,
        words=Words(
            sessions_shown_by="show vpn-sessiondb detail l2l",
            sessions_logged_by="logging class vpn buffered informational",
            ikev2_sessions_logged_by="logging class vpn buffered informational",
            interfaces_shown_by="show interface",
            policy_shown_by="show running-config all crypto",
            dpd_shown_by="show running-config all tunnel-group",
            ike_shown_by="show crypto isakmp sa detail; show crypto ikev2 sa detail",
            memory_shown_by="show memory",
            sas_recorded_by="show logging (602303 and 602304, logging class vpn buffered informational)",
            route_shown_by="show route",
        ),
    ),
    secrets=tuple(SecretRule(trigger, source) for trigger, source in _SECRETS),
    remedies=REMEDIES,
    tells=tuple(re.compile(source, re.MULTILINE) for source in _TELLS),
)
