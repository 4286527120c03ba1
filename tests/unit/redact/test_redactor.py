from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.model.platform import SecretRule
from vpnaudit.redact import MASK, Redactor

KEY = "Canary-7x"

FORMS = [
    ("crypto isakmp key {} address 192.0.2.1", "address 192.0.2.1"),
    ("crypto isakmp key 6 {} address 192.0.2.1 255.255.255.0 no-xauth", "address 192.0.2.1 255.255.255.0 no-xauth"),
    ("crypto isakmp key {} hostname r2.example.net", "hostname r2.example.net"),
    ("crypto isakmp key 0 {}", "key 0"),
    ("isakmp key {} address 192.0.2.1 netmask 255.255.255.255", "address 192.0.2.1"),
    ("  pre-shared-key address 192.0.2.1 key {}", "address 192.0.2.1"),
    ("  pre-shared-key hostname r2 key 6 {}", "hostname r2"),
    ("  pre-shared-key {}", "pre-shared-key"),
    ("  pre-shared-key local 6 {}", "local 6"),
    ("  pre-shared-key remote {} with blanks", "remote"),
    ("  pre-shared-key hex {}", "hex"),
    (" ikev1 pre-shared-key {}", "ikev1 pre-shared-key"),
    (" ikev2 remote-authentication pre-shared-key {}", "remote-authentication"),
    (" ikev2 local-authentication pre-shared-key 0 {}", "local-authentication"),
    (" authentication remote pre-share key 6 {}", "authentication remote pre-share"),
    ("  ppk manual id peer-1 key hex {} required", "ppk manual id peer-1"),
    (" set session-key inbound esp 256 cipher {} authenticator aa", "inbound esp 256"),
    ("set aggressive-mode password {}", "aggressive-mode"),
    (" group vpn key {}", "group vpn"),
    ("enable secret 9 {}", "enable secret 9"),
    ("enable secret level 5 {}", "level 5"),
    ("enable password {} and more", "enable password"),
    ("username bob privilege 15 secret 5 {}", "username bob privilege 15 secret 5"),
    ("username bob password {} encrypted privilege 15", "username bob"),
    ("username bob secret {}", "username bob"),
    ("passwd {} encrypted", "encrypted"),
    (" password 7 {}", "password 7"),
    ("ip ftp password {}", "ip ftp"),
    ("l2tp tunnel password 7 {}", "l2tp tunnel"),
    (" ldap-login-password {}", "ldap-login-password"),
    ("snmp-server community {} RO 10", "RO 10"),
    ("snmp-server host 192.0.2.9 {}", "host 192.0.2.9"),
    ("snmp-server host 192.0.2.9 vrf MGMT version 2c {} ipsec", "vrf MGMT version 2c"),
    ("snmp-server host 192.0.2.9 traps version 3 priv {}", "version 3 priv"),
    ("snmp-server host inside 192.0.2.9 poll community {} version 2c", "inside 192.0.2.9 poll community"),
    ("snmp-server user u g v3 auth sha {} priv aes 128 x", "user u g v3 auth sha"),
    ("snmp-server user u g v3 auth md5 x priv {}", "user u g v3 auth md5"),
    ("tacacs-server host 192.0.2.9 key 7 {}", "host 192.0.2.9 key 7"),
    ("tacacs-server key {}", "tacacs-server key"),
    ("radius-server host 192.0.2.9 auth-port 1812 acct-port 1813 key {}", "auth-port 1812"),
    (" server-private 192.0.2.9 timeout 5 key 7 {}", "server-private 192.0.2.9 timeout 5"),
    ("aaa-server TAC (inside) host 192.0.2.9 {} timeout 5", "host 192.0.2.9"),
    (" key {}", " key"),
    (" key 7 {}", " key 7"),
    ("  key-string {}", "  key-string"),
    ("  key-string 7 {}", "  key-string 7"),
    ("key config-key password-encrypt {}", "config-key password-encrypt"),
    ("failover key {}", "failover key"),
    ("failover ipsec pre-shared-key {}", "failover ipsec"),
    (" ip nhrp authentication {}", "ip nhrp authentication"),
    (" ip ospf authentication-key 7 {}", "authentication-key 7"),
    (" ip ospf message-digest-key 1 md5 7 {}", "message-digest-key 1 md5 7"),
    (" area 1 virtual-link 192.0.2.9 authentication-key {}", "virtual-link 192.0.2.9"),
    (" neighbor 192.0.2.9 password 7 {}", "neighbor 192.0.2.9"),
    (" isis password {} level-1", "level-1"),
    (" area-password {}", "area-password"),
    (" domain-password {}", "domain-password"),
    (" standby 1 authentication {}", "standby 1"),
    (" standby 1 authentication md5 key-string 7 {}", "md5 key-string 7"),
    (" vrrp 1 authentication text {}", "vrrp 1 authentication text"),
    ("ntp authentication-key 1 md5 {} 7", "ntp authentication-key 1 md5"),
    ("ntp authentication-key 2 hmac-sha2-256 {}", "hmac-sha2-256"),
    (" ppp chap password 7 {}", "ppp chap password 7"),
    (" ppp pap sent-username u password 0 {}", "sent-username u password 0"),
    (" wpa-psk ascii 0 {}", "wpa-psk ascii 0"),
    ("archive path ftp://u:{}@192.0.2.9/x", "@192.0.2.9/x"),
    ("ospfv3 authentication ipsec spi 500 sha1 0 0123456789abcdef{}", "ipsec spi 500 sha1 0"),
    ("something new secret 8 {}", "something new secret 8"),
]  # fmt: skip

WRAPPERS = [
    "{}",
    "*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:{}",
    "<166>%ASA-5-111008: User 'bob' executed the '{}' command.",
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize(("form", "kept"), FORMS)
def test_the_value_goes_and_the_line_stays(form: str, kept: str, wrapper: str) -> None:
    command = form if wrapper == "{}" else form.strip()
    line = wrapper.format(command.format(KEY))
    masked = Redactor().line(line)
    assert KEY not in masked
    assert MASK in masked
    assert kept.strip() in masked
    assert masked.startswith(line[: line.index(KEY)][:30])
    assert Redactor().line(masked) == masked


@pytest.mark.parametrize(
    "line",
    [
        "crypto isakmp keepalive 10 3 periodic",
        "crypto isakmp policy 10",
        " authentication pre-share",
        " set security-association lifetime seconds 3600",
        "crypto ipsec transform-set TS esp-aes 256 esp-sha256-hmac",
        "crypto keyring K vrf V",
        "crypto ikev2 keyring K",
        "key chain K",
        "service password-encryption",
        "password encryption aes",
        "aaa authentication login default group tacacs+ local",
        "aaa-server TAC protocol tacacs+",
        "certificate ca 01 nvram:example.cer",
        "      spi: 0x50A0FB1C(1352727324)",
        "        sa timing: remaining key lifetime (k/sec): (4607988/1592)",
        "        sa timing: remaining key lifetime (kB/sec): (4055035/28244)",
        "      Anti replay bitmap: ",
        "        0x00000000 0x00000001",
        "decaps: rec'd IPSEC packet has invalid spi for destaddr=192.0.2.1, prot=50, spi=0x3EA71AED(1051138797)",
        "%SSH-5-SSH2_CLOSE: SSH2 Session using crypto cipher 'aes256-ctr', hmac 'hmac-sha2-256' closed",
        "Key Policy:",
        "Pre-shared key for remote peer at 192.0.2.1 is missing",
        "%ASA-6-113015: AAA user authentication Rejected : reason = Invalid password : local database : user = bob",
        "2001  192.0.2.1  198.51.100.1  ACTIVE aes  sha    psk  16 00:01:12 D",
        "username bob nopassword",
        " no key 1",
        "ip ospf authentication message-digest",
        "",
    ],
)
def test_the_audits_facts_stay(line: str) -> None:
    assert Redactor().line(line) == line


PEM = """crypto pki certificate chain TP
 certificate ca 01
  30820330 30820218 A0030201 02020101 300D0609 2A864886 F70D0101 04050030
  ABCD
  \tquit
-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: DES-EDE3-CBC,0123456789ABCDEF

MIICXAIBAAKBgQ/cAnArY+==
-----END RSA PRIVATE KEY-----
crypto key pubkey-chain rsa
  key-string
   305C300D 06092A86
  quit
interface Tunnel0
 certificate self-signed 02
  30820330 30820218
interface Tunnel1
 ip address 192.0.2.1 255.255.255.0
  30820330 30820218 A0030201 02020101
"""


def test_blocks_keep_their_first_and_last_line() -> None:
    masked = Redactor().text(PEM)
    assert masked == re.sub(
        r"(?m)^( +)(3082\S+|ABCD|305C\S+)( .*)?$|^(Proc|DEK|MIIC).*$", lambda m: (m[1] or "") + MASK, PEM
    )
    assert Redactor().text(masked) == masked
    assert masked.count("\n") == PEM.count("\n")


def test_a_platforms_own_patterns_run_too() -> None:
    sources = {"license": r"license (?P<secret>\S+)", "x": r"(?P<secret>never)?x"}
    redactor = Redactor([SecretRule(trigger, source) for trigger, source in sources.items()])
    assert redactor.line("license AB12 x") == f"license {MASK} x"


VOCABULARY = """crypto isakmp key 0 6 7 address 192.0.2.1 password secret pre-shared-key local remote hex username u
enable level snmp-server host community version 2c traps user auth sha priv aes 128 tacacs-server md5 authentication-key
1 session-key cipher authenticator certificate quit group aaa-server (in) key-string command: ' <redacted>
0123456789ABCDEF0123"""
WORDS = st.sampled_from([*VOCABULARY.split(), '"a b"', "-----BEGIN KEY-----", "\n", "\n ", KEY])


CONTEXTS = """key chain one
 key 1
  key-string hunter2
interface Tunnel0
crypto pki certificate chain ca
 certificate ca 01
  30820122 30820122
  quit
Community Group / Access
hunter2 read-only
Hostname/Address      Preshared Key
192.0.2.1             hunter2
 action 1 cli command "enable" pattern "assword"
 action 2 cli command "hunter2"
banner login ^C
password is hunter2
^C
username u password 7 0307
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxyzabcdefghijklmnopq
 peer 192.0.2.1"""
CONTEXT_LINES = st.sampled_from(CONTEXTS.splitlines())


@given(st.lists(st.one_of(CONTEXT_LINES, st.lists(WORDS, max_size=6).map(" ".join)), max_size=30), st.integers(1, 9))
def test_lines_are_masked_as_one_by_one(lines: list[str], at_once: int) -> None:
    one, several = Redactor(), Redactor()
    lines = "\n".join(lines).split("\n")
    alone = [one.line(line) for line in lines]
    together = [m for i in range(0, len(lines), at_once) for m in several.lines(lines[i : i + at_once])]
    assert together == alone


@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = Redactor().text(text)
    assert Redactor().text(once) == once
    assert once.count("\n") == text.count("\n")


@given(st.text(max_size=200))
def test_any_text_is_masked_to_a_text(text: str) -> None:
    once = Redactor().text(text)
    assert Redactor().text(once) == once


@pytest.mark.parametrize(
    "word", ["pre-shared-key address ", "snmp-server user ", "username x ", "://a", " key", 'password "', "AAAA "]
)
def test_a_hostile_line_is_done(word: str) -> None:
    assert Redactor().line(word * 20_000) is not None
