"""Lines that a terminal broke: the rest of a key may stand at the beginning of the next one."""

from __future__ import annotations

import re

WIDTHS = frozenset({79, 80, 100, 120, 128, 132, 160, 200, 240, 255, 256, 511, 512})
"""Columns at which terminals are known to break a line; 80 is an ASA's and IOS's default, 511 an ASA's most."""

_LONGEST = 2048
"""Columns of one line that was broken into several."""

_COMMANDS = frozenset(
    """
    aaa aaa-server access-group access-list address alias archive arp authentication banner bgp boot bridge cdp
    certificate class class-map clock control-plane crypto default default-group-policy default-router deny
    description dhcp dhcpd dns domain-name duplex email enable encapsulation encr encryption end event
    exec-timeout exit exit-address-family failover feature fqdn ftp global group group-object group-policy hash
    host hostname http icmp ike ikev1 ikev2 inspect integrity interface ip ipv6 isakmp ldap-attribute-map
    ldap-base-dn ldap-login-dn ldap-scope license lifetime line logging login mac-address match monitor mtu name
    nameif names nat neighbor network network-object no ntp object object-group passwd peer peer-id-validate
    permit policy-map port-object prf priority-queue privilege prompt protocol quit radius redundancy remark
    rommon route route-map router rsakeypair same-security-traffic scheduler security-level server-type service
    service-policy session-timeout set shutdown snmp-server spanning-tree speed split-tunnel-policy ssh standby
    subnet switchport sysopt tacacs telnet threat-detection timeout timers tls-proxy transport tunnel
    tunnel-group username version vlan vpn-idle-timeout vpn-tunnel-protocol vrf webvpn
    tacacs-server radius-server vpdn vrrp glbp key-string pre-shared-key
    """.split()  # noqa: SIM905
)
"""The words that a line of a configuration begins with: no rest of a key."""

_OWN_LINE = re.compile(
    r"[ \t]*$|[ \t]{2}|[ \t][0-9]+[ \t]{2}|![ \t]*$|[!:][ \t]"
    r"|[ \t]*(?:[0-9]+: )?[.*]?[A-Z][a-z]{2}[ \t]+[0-9]"
    r"|<[0-9]{1,3}>|%[A-Z0-9_]+-|[\w.()/@-]{1,60}[#>](?:[ \t]|$|sh|te)"
)
"""A comment, a log line with its stamp, a row of a table, a prompt."""


class Wrapped:
    """Tells whether a line goes on where the one before was broken."""

    def __init__(self) -> None:
        self._before = ""
        self._width = 0

    @property
    def at_rest(self) -> bool:
        """Whether the line before was not broken. Then `head` has only to do with lines as long as one of WIDTHS."""
        return not self._before

    def head(self, line: str, masked: str) -> tuple[str, bool]:
        """What `line` is perhaps the rest of, as it came, and whether a word goes on in it. `masked` is a mask's text.

        The first is "" where nothing was broken, or `line` is plainly a line of its own.
        """
        before = "" if _OWN_LINE.match(line) else self._before
        broken = len(line) in WIDTHS and masked not in line and (not before or len(line) == self._width)
        if broken and len(before) + len(line) <= _LONGEST:
            self._before, self._width = before + line, len(line)
        else:
            self._before = ""
        return before, bool(before) and line.split(maxsplit=1)[0].lower() not in _COMMANDS
