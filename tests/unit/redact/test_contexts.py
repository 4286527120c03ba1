"""Secrets that only the lines before them give away: certificates, tables, applets, banners, broken lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.collect.screen import Screen
from vpnaudit.redact import MASK, Redactor

CANARY = "CaNaRy7x9"


def _masked(text: str) -> str:
    masked = Redactor().text(text)
    assert Redactor().text(masked) == masked
    assert masked.count("\n") == text.count("\n")
    return masked


ISAKMP_KEYS = """\
Keyring      Hostname/Address                            Preshared Key

default      192.0.2.1                                   CaNaRy7x9
             192.0.2.0        [255.255.255.0]            CaNaRy7x9 two
VPN          r2.example.net                              CaNaRy7x9
             2001:DB8::1/128                             CaNaRy7x9

Router#show clock
12:00:00.000 UTC Wed Nov 25 2026
"""


def test_the_table_of_isakmp_keys_keeps_who_has_one() -> None:
    masked = _masked(ISAKMP_KEYS)
    assert masked == ISAKMP_KEYS.replace("CaNaRy7x9 two", MASK).replace(CANARY, MASK)


@pytest.mark.parametrize(
    "table",
    [
        "Auth key      MD5 String\n-----------------------------------------\n1             {}\n22            {}",
        "Community            Group / Access      context\n---------   --------------\n{}    network-admin\n{}    x",
    ],
)
def test_other_tables_of_keys(table: str) -> None:
    assert _masked(table.replace("{}", CANARY)) == table.replace("{}", MASK)


def test_the_number_of_a_key_in_a_chain_is_not_its_secret() -> None:
    chain = "key chain K\n key 1\n  key-string 7 {}\n key 22\n  key-string {}\ntacacs server T\n key 12345"
    masked = _masked(chain.replace("{}", CANARY))
    assert masked == chain.replace("{}", MASK).replace("12345", MASK)


def test_an_applet_that_types_a_password() -> None:
    applet = (
        'event manager applet A\n action 1.0 cli command "copy run scp:" pattern "assword"\n'
        ' action 2.0 cli command "{}" pattern "#"\n action 3.0 cli command "show clock"'
    )
    assert _masked(applet.replace("{}", CANARY)) == applet.replace("{}", MASK)


@pytest.mark.parametrize("said", ["password is {}", "Password: {}", "enable secret = {}", "PIN : {}", "community: {}"])
def test_a_banner_that_says_how_to_get_in(said: str) -> None:
    banner = f"banner motd ^C\nWelcome. Authorised access only.\n{said}\n^C\nline vty 0 4\n login"
    masked = _masked(banner.replace("{}", CANARY))
    assert CANARY not in masked
    assert masked.endswith(f"{MASK}\n^C\nline vty 0 4\n login")
    assert CANARY not in _masked(f"banner login #{said}#".replace("{}", CANARY))


def test_a_banner_without_an_end_spoils_nothing() -> None:
    rest = "interface Tunnel0\n ip address 192.0.2.1 255.255.255.0\n tunnel key 7\n description key: none\n" * 60
    assert _masked("banner motd ^C\nHello\n" + rest).endswith(" description key: none\n")


PEM = "\n".join(f"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9{n:04}L" for n in range(9))


def test_a_key_files_lines_are_known_by_their_looks() -> None:
    assert "MII" not in _masked(PEM)
    logged = "\n".join(f"%PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:{line}" for line in PEM.split("\n"))
    assert "MII" not in _masked(logged)


def test_public_keys_go_too() -> None:
    text = "% Key pair was generated\nKey name: R1\n Key Data:\n  305C300D 06092A86\n  0F\n"
    assert _masked(text) == f"% Key pair was generated\nKey name: R1\n Key Data:\n  {MASK}\n  {MASK}\n"


SECRET = "0Zq" + "abcdefghij" * 9
COMMANDS = [
    "crypto isakmp key {} address 192.0.2.1",
    " ikev2 remote-authentication pre-shared-key {}",
    "snmp-server community {} RO",
    "crypto map OUTSIDE 10 set session-key inbound esp 300 cipher {} authenticator 0123456789abcdef0123",
    "username bob privilege 15 password 0 {}",
    "enable secret 5 {}",
    "enable password level 12 7 {}",
    "snmp-server host 192.0.2.9 vrf MGMT version 2c {} ipsec",
    "ip msdp password peer 192.0.2.9 7 {}",
]


@pytest.mark.parametrize("width", [80, 132])
@pytest.mark.parametrize("shift", range(0, 100, 3))
@pytest.mark.parametrize("command", COMMANDS)
def test_a_line_that_a_terminal_broke(command: str, shift: int, width: int) -> None:
    line = "x" * shift + " " + command.replace("{}", SECRET)
    broken = "\n".join(line[start : start + width] for start in range(0, len(line), width))
    masked = _masked(f"{broken}\ninterface Tunnel0\n ip address 192.0.2.1 255.255.255.0")
    assert not any(SECRET[start : start + 5] in masked for start in range(3, len(SECRET), 5))
    assert masked.endswith("\ninterface Tunnel0\n ip address 192.0.2.1 255.255.255.0")


def test_a_long_line_that_ends_at_the_margin_costs_nothing() -> None:
    line = " ikev1 pre-shared-key " + "k" * 58
    rest = " ikev1 trust-point TP\n peer-id-validate nocheck\ntunnel-group 192.0.2.1 type ipsec-l2l"
    assert _masked(f"{line}\n{rest}") == f" ikev1 pre-shared-key {MASK}\n{rest}"


STREAM = (
    "crypto isakmp key {} address 192.0.2.1\r\n --More-- \b\b\b\b\b\b\b\b\b         \b\b\b\b\b\b\b\b\b"
    "enable secret 5 {}\r\n<--- More --->\r              \rfailover key {}\r\n pre-shared-\x1b[Kkey {}\r\n"
)


@given(st.lists(st.integers(1, 40), max_size=30), st.text("abcXYZ019!$&*-_+", min_size=6, max_size=90))
def test_no_chunking_of_the_stream_lets_a_secret_through(sizes: list[int], word: str) -> None:
    secret = f"Zq{word}"
    data = STREAM.replace("{}", secret).encode()
    screen, redactor, lines = Screen(), Redactor(), []
    for size in [*sizes, len(data)]:
        lines += screen.feed(data[:size])
        data = data[size:]
    masked = "\n".join(redactor.lines(lines))
    assert secret not in masked
    assert masked.count(MASK) == 4


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=120)


@given(st.lists(PLAIN, max_size=8))
def test_any_lines_are_masked_to_lines(lines: list[str]) -> None:
    _masked("\n".join(lines))


HARMLESS = st.sampled_from(
    [
        "interface Tunnel0",
        " ip address 192.0.2.1 255.255.255.0",
        "crypto isakmp policy 10",
        " authentication pre-share",
        " hash md5",
        "crypto keyring K vrf V",
        "  IPSEC FLOW: permit ip host 192.0.2.1 host 198.51.100.1",
        "        sa timing: remaining key lifetime (k/sec): (4607988/1592)",
        "%AAAA-4-CLI_DEPRECATED: WARNING: a type 7 password. Migrate to a supported password type",
        "%ASA-6-308001: console enable password incorrect for number tries (from 192.0.2.1)",
        "%ASA-6-113015: AAA user authentication Rejected : reason = Invalid password : local database : user = bob",
        "%SSH-5-SSH2_SESSION: SSH2 Session from 192.0.2.1 (tty = 0) using crypto cipher 'aes', hmac 'md5' Succeeded",
        "%SNMP-3-AUTHFAIL: Authentication failure for SNMP req from host 192.0.2.9",
        "%LDP-4-PWD: MD5 protection is required for peer 192.0.2.9:0(glbl), no password configured",
        "ISAKMP:(0):found peer pre-shared key matching 192.0.2.1",
        "IKEv2:(SESSION ID = 1,SA ID = 1):Use preshared key for id 192.0.2.1, key len 8",
        "        authentication method:  Pre-Shared Key",
        "crypto map secret 6 ipsec-isakmp",
        "crypto keyring password vrf secret",
        "tunnel-group password type ipsec-l2l",
        "password strength-check",
        "password encryption aes",
        "mpls ldp password required",
        " mka pre-shared-key key-chain K",
        " ip authentication key-chain eigrp 1 K",
        " neighbor 192.0.2.9 send-community both",
        " set community 65000:100 additive",
        "snmp-server group G v3 priv read V",
        "snmp-server enable traps snmp authentication linkdown linkup",
        "snmp-server host inside 192.0.2.9",
        "crypto pki token default removal timeout 0",
        "aaa authentication login default group tacacs+ local enable",
        "ntp authenticate",
        "ntp trusted-key 1",
        "ntp server 192.0.2.9 key 1",
        "tunnel key 42",
        " key 1",
        "standby 1 authentication md5 key-chain K",
        " 158   0          0        144      29960          0          0 IPSEC manual key",
        "x" * 80,
        "",
    ]
)


@given(st.lists(HARMLESS, max_size=12))
def test_text_without_secrets_is_unchanged(lines: list[str]) -> None:
    text = "\n".join(["key chain K" if line == " key 1" else line for line in lines])
    assert Redactor().text(text) == text
