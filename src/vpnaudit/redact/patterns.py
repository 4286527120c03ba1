r"""The secrets that stand in one line of IOS, IOS-XE, ASA, NX-OS or IOS-XR text: configurations, logs, tables.

A rule is a literal that must be in the lower-cased line, and an expression with one group `secret`: what is masked.
Expressions are written short: a blank is any run of blanks and tabs, `isa*kmp` is `isakmp` or any abbreviation of it
that has at least `isa`, and

    <C>  where a command begins: a line, or what a log, a prompt or an EEM action quotes it after
    <L>  the same without the beginning of a line, for words too short to be trusted there
    <T>  the type in front of a value: `0`, `6`, `7`, `encrypted`, `clear`
    <W>  the value, a word, perhaps quoted        <R>  the value, to the end of the line
    <P>  not who has the key, nor where it is       <O>  not the name of an object: `crypto map secret 6`
    <S>  a character of a word                    <B>  a blank or a tab
    <G>  whatever stands between                  <N>  not the prose of a message: `password is`, `password mismatch`

What an audit needs (an address after a key, a type's number) is outside of the group. No rule needs what follows the
value, so that a line that was cut is masked as well; no rule has a repeat that is not bounded before a repeat, so that
a hostile line takes linear time. Sources: the lists of RANCID, oxidized, NAPALM and netconan, the command references
of IOS 15, IOS-XE 17, ASA 9, NX-OS 9 and IOS-XR 7; tests/unit/redact/test_forms.py holds a line for each.
"""

from __future__ import annotations

import re

from vpnaudit.model.platform import SecretRule


def _abbreviations(needed: str, rest: str) -> str:
    """A word and what it can be shortened to: `k` and `ey` are `k`, `ke` and `key`."""
    return needed + "".join(f"(?:{letter}" for letter in rest) + ")?" * len(rest)


_QUOTED = r'"(?:[^"\\]|\\.){0,1000}"[^ \t]*'
_PROSE = (
    "a|an|and|are|as|at|because|by|can|cannot|change|changed|checking|configured|does|encryption|expired|expiration|expires|failed|"
    "failure|for|from|has|have|history|in|incorrect|into|invalid|is|length|lifetime|management|match|matching|may|"
    "mismatch|must|not|of|on|or|policy|prompt|protected|recovery|required|reset|retry|should|strength-check|that|the|"
    "this|to|type|update|validation|verification|was|when|which|will|with|without"
)
_ADDRESS, _HOSTNAME = _abbreviations("ad", "dress"), _abbreviations("h", "ostname")
_MACROS = {
    "<C>": (
        r"(?:^[ \t]*|[#'\"|;>][ \t]*|(?:command|cmd|applet|exec|detected -)[ \t]*[:=][ \t]*|:[ \t]+)"
        r"(?:![ \t]*)?(?:(?:no|do|default)[ \t]+)?"
    ),
    "<L>": r"(?:[#'\"|;][ \t]*|(?:command|cmd)[ \t]*[:=][ \t]*)(?:![ \t]*)?(?:(?:no|do|default)[ \t]+)?",
    "<T>": r"(?:(?:\d{1,2}|encrypted|clear|hex|hexadecimal)[ \t]+)?",
    "<W>": rf"(?P<secret>{_QUOTED}|[^ \t]+)",
    "<R>": r"(?P<secret>[^ \t].*)",
    "<G>": r".{0,300}?",
    "<N>": rf"(?!(?:{_PROSE})[:=.,;)]?(?:[ \t]|$)|(?:[:=.,;)]|\[\d{{1,3}}\])(?:[ \t]|$))",
    "<P>": rf"(?!(?:{_ADDRESS}|{_HOSTNAME})[ \t]|(?:key-chain|key)(?:[ \t]|$))",
    "<O>": "".join(
        rf"(?<!{word}[ \t])"
        for word in ("map", "keyring", "-set", "-group", "-policy", "profile", "ip host", "remark", "description")
    ),
    "<KEY>": (
        rf"(?P<secret>{_QUOTED}|[^ \t].{{0,300}}(?<![ \t])"
        rf"(?=[ \t]++(?:{_ADDRESS}|{_HOSTNAME})[ \t])|[^ \t]+)"
    ),
    "<S>": r"[^ \t]",
    "<B>": r"[ \t]",
}

_SOURCES: tuple[tuple[str, str], ...] = (
    # IKE. The type is not taken for the key of `crypto isakmp key 6 address ...`.
    ("isa", r"<C>(?:cr*ypto )?isa*kmp k*ey (?:[0-9] (?!ad*dress |h*ostname ))?<KEY>"),
    ("isakmp key", r"isakmp key <N>(?:[0-9] (?!address\b|hostname\b))?<KEY>"),
    ("pre-s", r"pre-s*hared-key (?:a*ddress|h*ostname)<B><G><B>k*ey <T><R>"),
    ("pre", r"<L>(?:ikev1 )?pre*-shared-key (?:a*ddress|h*ostname)<B><G><B>k*ey <T><R>"),
    (
        "pre-shared-key",
        r"pre-shared-key <P><N>(?:(?:local|remote) )?(?:(?:\d|hex) ){0,2}<R>",
    ),
    (
        "pre-s",
        r"<C>(?:ikev1 )?pre-s*hared-key <P><N>(?:(?:local|remote) )?(?:(?:\d|hex) ){0,2}<R>",
    ),
    (
        "pre",
        (
            r"<L>(?:ikev[12] )?(?:(?:lo*cal-authentication|re*mote-authentication) )?"
            r"pre*-shared-key (?!a*ddress |h*ostname )(?:(?:local|remote) )?<T><R>"
        ),
    ),
    (
        "pre-shared-key",
        (
            r"(?:^<B>*|<L>)(?:failover ipsec |crypto map <S>+ \d+ set )?(?:ikev[12] )?"
            r"(?:(?:local|remote)-authentication )?pre-shared-key <P>(?:(?:local|remote) )?(?:(?:\d|hex) ){0,2}<R>"
        ),
    ),
    ("pre-share", r"pre-share k*ey (?:(?:\d|hex) )?<R>"),
    ("pre-shared-secret", r"pre-shared-secret <T><W>"),
    ("shared", r"pre_?shared_?key\"?<B>{0,9}[:>=]<B>{0,9}\"?(?P<secret>[^<\"\s]+)"),
    ("ppk", r"ppk manual id <S>+ k*ey (?:(?:\d|hex) )?<R>"),
    ("postquantum-key", r"postquantum-key <T><W>"),
    ("aggressive-mode", r"aggressive-mode password <T><R>"),
    ("group", r"group <S>+ key <T><W>"),
    # Manual keys of crypto maps and of OSPFv3: several in one line, told by their length after an algorithm's name.
    (" ses", r"ses*sion-key (?:in*bound|ou*tbound)<B><G><B>ci*pher <T><W>"),
    (" ses", r"ses*sion-key (?:in*bound|ou*tbound)<B><G><B>au*thenticator <T><W>"),
    (" ses", r"ses*sion-key (?:in*bound|ou*tbound) ah \d+ <T><W>"),
    ("key:", r"(?:spi:<B>{0,9}\d+,<B>{0,9}key|cipher key|auth(?:<B>|_)key):<B>{0,9}(?P<secret>[^\s,]+)"),
    *(
        (name + " ", rf"{name} (?:\d{{3}} )?(?:\d )?(?P<secret>[0-9a-f]{{16}}<S>*)")
        for name in ("esp", "ah", "md5", "sha1", "sha256", "sha-256", "aes-cbc", "3des", "des")
    ),
    ("ipsec spi", r"ipsec spi \d+<B>(?:<G><B>)?(?:md5|sha1) <T>(?!null\b)<W>"),
    # Users and lines.
    ("username", r"(?:^<B>*|<L>)username <S>+<B>(?:<G><B>)??(?:password|secret) <T><R>"),
    ("user", r"<L>user*name <S>+<B>(?:[^']{0,300}?<B>)??(?:pas*sword|sec*ret) <T><R>"),
    ("passw", r"(?:^<B>*|<L>)passw*d <T><W>"),
    (
        " pass",
        (
            r"^<B>*(?:ip|l2tp|vpdn|vpnclient|http-proxy|cts|kerberos|xml|syscon|crypto|ldap-server|wlccp|dot1x)<B>"
            r"(?:<G><B>)??<O>(?:priv-)?pass(?:word|phrase) (?!peer |encryption |option )<T><W>"
        ),
    ),
    ("-pass", r"^<B>*[\w-]{1,40}-pass(?:word|phrase|wd) <T>(?:(?:hmac-md5|text) )?<T><W>"),
    (" sec", r"<C>en*able (?:al*gorithm-type <S>+ )?sec*ret (?:le*vel \d+ )?<T><R>"),
    (" pas", r"<C>en*able pas*sword (?:le*vel \d+ )?<T><R>"),
    ("enable", r"(?<!console<B>)enable (?:secret|password) <N>(?:level \d+ )?<T><R>"),
    ("user", r"<C>user*name (?!')<S>+<B>(?:[^']{0,300}?<B>)??(?:pas*sword|sec*ret) <N><T><R>"),
    ("username", r"username <S>+<B>(?:<G><B>)??(?:password|secret) <N><T><R>"),
    ("passw", r"<C>passw*d <N><T><W>"),
    ("pas", r"<L>pas*sword <T><W>"),
    ("secret", r"(?:^<B>*|<L>)secret (?:\d{1,2} ){0,2}<R>"),
    ("secret", r"digest secret <T><W>"),
    ("password", r"^<B>*password (?!encryption |policy |strength-check)<T><W>"),
    ("msdp", r"msdp password peer <S>+ <T><W>"),
    ("ldp", r"ldp (?:neighbor <S>+ )?password (?:option \d+ for <S>+ )?(?:fallback )?(?:\d )<W>"),
    ("ldp", r"ldp password (?:option \d+ for <S>+ |fallback )(?!key-chain\b)<T><W>"),
    ("password", r"(?:neighbor|nei|peer) <S>+ pas*sword (?!peer\b)<T><W>"),
    ("nei", r"<C>nei*ghbor <S>+ pas*sword <T><W>"),
    (" pas", r"<C>(?:ip ftp|ip http? cl*ient|ppp chap|ppp eap|isis|l2tp tunnel) pas*sword <T><W>"),
    (
        " password ",
        r"<O>(?<!msdp<B>)(?<!ldp<B>)(?<![\w-])password (?:\d{1,2}|hmac-md5|text|encrypted|clear|ENC) (?!for\b)<T><W>",
    ),
    (
        " password ",
        r"<O>(?<!msdp<B>)(?<!ldp<B>)(?<![\w-])password <N>(?!peer |option |level |required\b|rollover|fallback)<T><W>",
    ),
    ("pass", r"[\w-]{0,40}-pass(?:word|phrase|wd|code)s? <N><T>(?:hmac-md5 |text )?<T><W>"),
    ("-pw", r"[\w-]{0,40}-pw <N><T><W>"),
    ("-secret", r"[\w-]{0,40}-secret <N><T><W>"),
    ("storage-key", r"storage-key <W>"),
    ("passphrase", r"passphrase <N><T><W>"),
    ("pass", r"(?<!invalid<B>)(?:password|passwd|passphrase)[=:]<B>{0,9}(?P<secret><S>+)"),
    ("$", r"(?P<secret>\$(?:1|5|6|8|9|14|y|sha512)\$<S>+)"),
    ("://", r"://[^/:@\s]{0,200}:(?P<secret><S>{1,200})@"),
    ("mail server", r"mail server \"[^\":@]{0,200}:(?P<secret>[^\"]{1,200})@"),
    ("-----begin", r"-----BEGIN [A-Z0-9\x20]{1,60}-----(?P<secret>.{1,8000}?)-----END"),
    ("environment", r"environment <S>{0,60}?(?:pass|pwd|pw|secret|key|community|token|cred)<S>* <R>"),
    ("set ", r"set <S>{0,60}?(?:pass|pwd|pw|secret)<S>* (?P<secret>[\"{$]<S>.*|<S>+)"),
    # SNMP.
    (" com", r"<C>snmp*-server com*munity (?:(?:[08]|encrypted|clear) )?<W>"),
    ("snmp", r"snmp(?:-server)? community (?:(?:[08]|encrypted|clear|read-only|read-write|read-write-all) )?<W>"),
    ("snmp-community", r"snmp-community <W>"),
    ("community-map", r"community-map <W>"),
    ("community", r"snmp-server h*ost<B><G><B>com*munity (?:[08] )?<W>"),
    (
        "snmp",
        (
            r"snmp*-server h*ost (?:<S>+ (?=\d+\.\d+\.\d+\.\d+(?: |$)))?<S>+ (?!(?:.{0,300}<B>)?community )"
            r"(?:vrf <S>+ )?(?:(?:informs|inform|traps|trap|poll) )?(?:version (?:1|2c|3(?: (?:auth|noauth|priv))?) )?"
            r"(?:(?:encrypted|clear) )?(?!\d+\.\d+\.\d+\.\d+(?: |$)|udp-port )<W>"
        ),
    ),
    ("snmp", r"snmp*-server us*er<B><G><B>au*th (?:md5|sha\S*) (?:(?:encrypted|clear) )?<W>"),
    (
        "snmp",
        (
            r"snmp*-server us*er<B><G><B>pr*iv (?:(?:3des|des56|des|aes(?:-?(?:128|192|256))?) (?:(?:128|192|256) )?)?"
            r"(?:(?:encrypted|clear) )?<W>"
        ),
    ),
    ("community", r"community (?:name|index|securityname):<B>{0,9}<W>"),
    ("security model", r"(?:user|groupname):<B>{0,9}(?P<secret><S>+)(?=<B>.{0,80}security model:<B>{0,9}v[12])"),
    # AAA.
    ("tac", r"<C>tac*acs-server<B>(?:<G><B>)?k*ey <T><R>"),
    ("rad", r"<C>rad*ius-server<B>(?:<G><B>)?k*ey <T><R>"),
    ("-server", r"(?:tacacs|radius)-server<B>(?:<G><B>)?key <T><R>"),
    ("server-private", r"server-private<B><G><B>key <T><R>"),
    ("server-key", r"server-key <T><W>"),
    ("secret-key", r"secret-key <T><W>"),
    ("aaa-server", r"aaa-server <S>+ (?:\([^)]{0,80}\) )?h*ost <S>+ (?!timeout\b)<W>"),
    *((f"{word} ", rf"{word} key <T><W>") for word in ("aaa", "failover", "pac")),
    ("fai", r"<C>fail*over k*ey <T><W>"),
    ("shared-secret", r"shared-secret <T><W>"),
    ("tunnel-password", r"tunnel-password \[\d+\] \d+ <R>"),
    ("password", r"attribute type <S>*password<S>* <R>"),
    ("-password", r"[\w-]{0,40}-password[\w-]{0,40}=(?P<secret><S>+)"),
    ("srvtab", r"kerberos srvtab entry <S>+ <R>"),
    # A `key` by itself is a sub-command (TACACS, RADIUS, EZVPN group, key chain); `Key Policy:` is a heading.
    (
        "key",
        (
            r"(?:^<B>*|<L>)(?-i:key) (?!(?:chain|generate|config-key|zeroize|import|export|storage|param\w*"
            r"|pubkey-chain) )(?!\d{1,20} -- )(?!<S>{1,40}<B>{0,20}:(?:<B>|$))<N><T><R>"
        ),
    ),
    ("key ", r"^<B>+(?-i:key) (?!(?:chain|generate) )(?:\d{1,2} )?(?P<secret><S>+)<B>*$"),
    ("config-key", r"config-key (?:password-encrypt\S*|\d+) <R>"),
    ("key-s", r"key-s*tring (?!\()(?:password )?<T><R>"),
    ("string", r"(?:key-string|text, string|md5, string)<B>{1,9}(?P<secret>\".*)"),
    ("key-octet-string", r"key-octet-string <T><W>"),
    ("-- text", r"key \d+ -- text <R>"),
    ("key-hash", r"key-hash <S>+ <W>"),
    ("encryption", r"encryption (?:<S>+ <S>+ )?key \d+ size <S>+ <T><W>"),
    ("pmk", r"sap pmk <W>"),
    # PKI: what opens a key's file.
    ("pem", r"pem<B>(?:<G><B>)?(?:3des|des|aes\S*) <W>"),
    ("pkcs12", r"(?:pki|ca) (?:import|export) <S>+ pkcs12 (?!.{0,300}<B>password )(?:[a-z]{1,9}:<S>+ |terminal )?<W>"),
    ("token", r"(?:idtoken|chassis-number <S>+ token) <W>"),
    # Routing, redundancy, NHRP, NTP, PPP, wireless.
    ("nh", r"(?:^<B>*|<L>)ip nh*rp au*thentication <W>"),
    ("nh", r"nh*rp au*thentication <N><W>"),
    ("data:", r"authentication extension.{0,80}data:(?P<secret><S>+)"),
    ("authentication-k", r"authentication-k*ey (?:\d+ (?:md5|sha|hmac|cmac)\S* )?<T><W>"),
    ("mes", r"mes*sage-digest-key \d+ <S>+ <T><W>"),
    ("authentication mode", r"authentication mode hmac-sha-256 <T><W>"),
    ("eigrp", r"authentication key eigrp \d+ <T><W>"),
    ("key-id", r"authentication (?:meticulous-)?(?:md5|sha-1) <T>(?P<secret><S>+) key-id"),
    (" au", r"(?:standby|vrrp|glbp) (?:\d+ )?au*thentication (?:text )?(?!md5\b)<W>"),
    (" au", r"<C>st*andby (?:\d+ )?au*thentication (?:text )?(?!md5\b)<W>"),
    ("text", r"(?:text-authentication|authentication text) (?!,<B>)<W>"),
    ("hostname", r"ppp (?:chap|eap) hostname <W>"),
    ("psk", r"(?:wpa-psk|psk set-key) (?:(?:ascii|hex) )?<T><W>"),
    ("syscon", r"syscon address <S>+ <W>"),
    # Whatever is given with an encryption type is a secret, in whichever command.
    *(
        (word + " ", rf"(?={word}<B>)<O>(?<![\w-]){word} (?:[05-9] ){{1,2}}(?!address\b|hostname\b)<W>")
        for word in ("key", "secret", "community", "authentication", "md5")
    ),
    # A key file's base64 that was typed, and logged, a line at a time.
    ("command:", r"command:<B>*(?P<secret>[A-Za-z0-9+/]{60,76}={0,2})<B>*$"),
)

_UNBOUND = ("^", "(?=", "<C>", "<L>", "<O>", "(?:^", "(?P<secret>", "://", "-----", "(?<!")
"""How those expressions begin that need not begin at a word."""

_ABBREVIATED = re.compile(r"([a-z0-9-]+)\*([a-z-]+)")


def _written_out(source: str) -> str:
    """A rule's expression from its short form, see the top of this file."""
    text = _ABBREVIATED.sub(lambda word: _abbreviations(word[1], word[2]), source).replace(" ", r"[ \t]++")
    for name, meaning in _MACROS.items():
        text = text.replace(name, meaning)
    bound = "" if source.startswith(_UNBOUND) else r"(?<![\w-])"
    return bound + text


RULES: tuple[SecretRule, ...] = tuple(SecretRule(trigger, _written_out(source)) for trigger, source in _SOURCES)
"""What runs on every platform's answers, in this order."""
