"""The secrets that IOS, IOS-XE and ASA print, in configurations and in logged commands.

Each pattern has one group `secret`: what is masked. None is anchored at the start of a line, because the same words
appear in a logged command (`%PARSER-5-CFGLOG_LOGGEDCMD ... logged command:...`, `%ASA-5-111008: User 'x' executed the
'...' command`). Where a device reads its value to the end of the line, so does the pattern; what an audit needs (the
address after an IKEv1 key, the number of the encryption type) is outside the group. No pattern needs what follows the
value, so that a line that was cut is masked as well. Sources: oxidized's and NAPALM's lists, and the command
references of IOS 15 and ASA 9.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TYPE = r"(?:\d{1,2}\s+)?"
_WORD = r'(?P<secret>"[^"]*"|\S+)'
_REST = r"(?P<secret>\S.*)"
_GAP = r".{0,300}?"  # bounded, so that a hostile line of a megabyte takes linear time
_START = r"(?<![\w-])"

_SOURCES = (
    # IKE. The type is not taken for the key of `crypto isakmp key 6 address ...`.
    rf"isakmp\s+key\s+(?:[0-9]\s+(?!address\b|hostname\b))?{_WORD}",
    rf"pre-shared-key\s+(?:address|hostname)\s{_GAP}\skey\s+{_TYPE}{_WORD}",
    rf"pre-shared-key\s+(?!address\b|hostname\b)(?:(?:local|remote)\s+)?(?:(?:\d|hex)\s+){{0,2}}{_REST}",
    rf"pre-share\s+key\s+(?:(?:\d|hex)\s+)?{_REST}",
    rf"ppk\s+manual\s+id\s+\S+\s+key\s+(?:(?:\d|hex)\s+)?{_REST}",
    rf"aggressive-mode\s+password\s+{_TYPE}{_WORD}",
    rf"group\s+\S+\s+key\s+{_TYPE}{_WORD}",
    # Manual keys of crypto maps and of OSPFv3: several in one line, told by their length after an algorithm's name.
    rf"session-key\s{_GAP}\scipher\s+{_TYPE}{_WORD}",
    rf"session-key\s{_GAP}\sauthenticator\s+{_TYPE}{_WORD}",
    r"(?:esp|ah|md5|sha1|sha-?256|aes-cbc|3des|des)\s+(?:\d{3}\s+)?(?:\d\s+)?(?P<secret>[0-9a-f]{16}\S*)",
    # Users and lines.
    rf"enable\s+(?:secret|password)\s+(?:level\s+\d+\s+)?{_TYPE}{_REST}",
    rf"username\s+\S+\s(?:{_GAP}\s)?(?:password|secret)\s+{_TYPE}{_REST}",
    rf"passwd\s+{_TYPE}{_WORD}",
    rf"(?:ldap-)?(?:login-)?password\s+(?!encryption\b|[:=.,;]){_TYPE}{_WORD}",
    rf"passphrase\s+{_TYPE}{_WORD}",
    rf"(?:area|domain)-password\s+{_TYPE}{_WORD}",
    r"(?P<secret>\$(?:1|5|6|8|9|14|sha512)\$\S+)",
    r"://[^/\s:@]*:(?P<secret>[^@\s/]+)@",
    r"-----BEGIN [A-Z0-9 ]+-----(?P<secret>.{1,8000}?)-----END",
    # SNMP.
    rf"snmp-server\s+community\s+(?:[08]\s+)?{_WORD}",
    rf"snmp-server\s+host\s{_GAP}\scommunity\s+(?:[08]\s+)?{_WORD}",
    (
        rf"snmp-server\s+host\s+\S+\s+(?!.{{0,300}}\scommunity\s)(?:vrf\s+\S+\s+)?(?:(?:informs|traps|trap|poll)\s+)?"
        rf"(?:version\s+(?:1|2c|3(?:\s+(?:auth|noauth|priv))?)\s+)?{_WORD}"
    ),
    rf"snmp-server\s+user\s{_GAP}\sauth\s+(?:md5|sha\S*)\s+{_WORD}",
    rf"snmp-server\s+user\s{_GAP}\spriv\s+(?:(?:des|3des|des56|aes)\s+(?:(?:128|192|256)\s+)?)?{_WORD}",
    # AAA.
    rf"(?:tacacs|radius)-server\s(?:{_GAP}\s)?key\s+{_TYPE}{_REST}",
    rf"server-private\s{_GAP}\skey\s+{_TYPE}{_REST}",
    rf"aaa-server\s+\S+\s+(?:\([^)\s]*\)\s+)?host\s+\S+\s+(?!timeout\b){_WORD}",
    rf"(?:aaa|failover)\s+key\s+{_TYPE}{_WORD}",
    rf"shared-secret\s+{_TYPE}{_WORD}",
    # A `key` by itself is a sub-command (TACACS, RADIUS, EZVPN group, key chain); `Key Policy:` is a heading.
    rf"(?:^\s*|command:\s*!?\s*|')(?-i:key)\s+(?!chain\b|generate\b|config-key\b){_TYPE}{_WORD}",
    rf"config-key\s+(?:password-encrypt|\d+)\s+{_REST}",
    rf"key-string\s+{_TYPE}{_REST}",
    # Routing, redundancy, NHRP, NTP, PPP, wireless.
    rf"nhrp\s+authentication\s+{_WORD}",
    rf"authentication-key\s+(?:\d+\s+(?:md5|sha|hmac|cmac)\S*\s+)?{_TYPE}{_WORD}",
    rf"message-digest-key\s+\d+\s+\S+\s+{_TYPE}{_WORD}",
    rf"(?:standby|vrrp|glbp)\s+(?:\d+\s+)?authentication\s+(?:text\s+)?(?!md5\b){_WORD}",
    rf"wpa-psk\s+(?:(?:ascii|hex)\s+)?{_TYPE}{_WORD}",
    rf"psk\s+set-key\s+(?:ascii|hex)\s+{_TYPE}{_WORD}",
    # Whatever is given with an encryption type is a secret, in whichever command.
    r"(?:key|secret|community|authentication|md5)\s+[05-9]\s+(?!address\b|hostname\b)(?P<secret>\S+)",
)

_UNBOUND = ("(?:^", "(?P<secret>", "://", "-----")
"""How those patterns begin that need not begin at a word."""

COMMON_PATTERNS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(source if source.startswith(_UNBOUND) else _START + source, re.IGNORECASE) for source in _SOURCES
)
"""The patterns that run on every platform's answers, in this order."""

HINTS = (
    *("key", "passw", "passphrase", "secret", "community", "snmp", "pre-share", "authentic", "aaa-server", "psk"),
    *("md5", "ipsec spi", "$", "://", "-----begin"),
)
"""A line that, in lower case, has none of these holds none of the common secrets: most lines of a log end here.

Looking for substrings takes 3 us a line, one regular expression of them took 29 (a log line of 183 characters).
"""


class Block(NamedTuple):
    """A secret of several lines. The lines that `first` and `last` find stay, what is between is masked.

    A line that `body` does not match is no longer of the block: its end was lost, and what follows is wanted.
    """

    first: re.Pattern[str]
    body: re.Pattern[str]
    last: re.Pattern[str]


_HEX_OR_BASE64 = r"[0-9A-Za-z+/=]+|(?:[0-9A-Fa-f]{1,8}[ \t]+){1,16}[0-9A-Fa-f]{0,8}"

BLOCKS: tuple[Block, ...] = (
    Block(  # PEM, with its headers (`Proc-Type: 4,ENCRYPTED`)
        re.compile(r"-----BEGIN [A-Z0-9 ]+-----"),
        re.compile(rf"[ \t]*(?:{_HEX_OR_BASE64}|[A-Za-z-]+: .*)[ \t]*$"),
        re.compile(r"-----END [A-Z0-9 ]+-----"),
    ),
    Block(  # IOS and ASA `crypto pki|ca certificate chain`; not `certificate ... nvram:file`, which has no body
        re.compile(
            r"^\s*certificate\s+(?:(?:ca|self-signed|rollover|ra-\w+|server)\s+){0,3}[0-9A-F]+\s*$", re.IGNORECASE
        ),
        re.compile(rf"[ \t]*(?:{_HEX_OR_BASE64})[ \t]*$"),
        re.compile(r"^\s*quit\s*$"),
    ),
    Block(  # IOS `crypto key pubkey-chain rsa`: `key-string` by itself, then hexadecimal lines
        re.compile(r"^\s*key-string\s*$"),
        re.compile(rf"[ \t]*(?:{_HEX_OR_BASE64})[ \t]*$"),
        re.compile(r"^\s*(?:quit|exit)\s*$"),
    ),
)

HEX_DUMP = re.compile(r"^\s*(?:[0-9A-F]{8} ){3,15}[0-9A-F]{2,8}\s*$")
"""A line of a certificate or key whose first line was not seen."""
