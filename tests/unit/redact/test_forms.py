"""A line for every form that RANCID, oxidized, NAPALM and netconan mask, and for those that they do not know.

`{}` is the secret. A second column, where there is one, is what is left: some commands read their value to the end of
the line, so that all of it goes.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.platforms.registry import platform
from vpnaudit.redact import MASK, Redactor

CANARY = "CaNaRy7x9"
M = MASK

IKE = """
crypto isakmp key {} address 192.0.2.1
crypto isakmp key 0 {} address 192.0.2.0 255.255.255.0
crypto isakmp key 6 {} address 0.0.0.0 no-xauth
crypto isakmp key 7 {} hostname r2.example.net
crypto isakmp key {} address ipv6 2001:DB8::1/128
crypto isakmp key two words {} address 192.0.2.1 -> crypto isakmp key <redacted> address 192.0.2.1
crypto isakmp key "quoted {} key" address 192.0.2.1 -> crypto isakmp key <redacted> address 192.0.2.1
crypto isakmp key a!{}!b address 192.0.2.1 -> crypto isakmp key <redacted> address 192.0.2.1
crypto isakmp key {}
isakmp key {} address 192.0.2.1 netmask 255.255.255.255 no-config-mode
  pre-shared-key address 192.0.2.1 key {}
  pre-shared-key address 192.0.2.0 255.255.255.0 key 6 {}
  pre-shared-key address ipv6 ::1/128 key 6 {}
  pre-shared-key hostname r2.example.net key 0 {}
  pre-shared-key hostname r2.example.net key one two {} -> "  pre-shared-key hostname r2.example.net key <redacted>
  pre-shared-key {}
  pre-shared-key 6 {}
  pre-shared-key local {}
  pre-shared-key local 6 {}
  pre-shared-key remote 0 {}
  pre-shared-key remote hex {}
  pre-shared-key hex {}
  pre-shared-key local 0 {} with blanks -> "  pre-shared-key local 0 <redacted>
 ikev1 pre-shared-key {}
 ikev2 local-authentication pre-shared-key {}
 ikev2 remote-authentication pre-shared-key {}
 ikev2 remote-authentication pre-shared-key hex {}
 authentication local pre-share key {}
 authentication remote pre-share key 6 {}
  ppk manual id peer-1 key hex {} -> "  ppk manual id peer-1 key hex <redacted>
 ikev2 postquantum-key {} identity peer-1 mandatory
 ikev2 postquantum-key 8 {} identity peer-1
 set aggressive-mode password {}
crypto map M 10 set ikev2 pre-shared-key {}
crypto isakmp client configuration group G key {}
  pre-shared-secret {}
<pre_shared_key>{}</pre_shared_key>
"PreSharedKey": "{}",
crypto map M 10 set session-key inbound esp 300 cipher {} authenticator {}
 set session-key inbound ah 4294967295 {}
 set session-key outbound esp 256 cipher {} authenticator {}
 set session-key outbound esp 256 authenticator {}
 set session-key inbound esp 256 cipher 7 {}
        Inbound esp spi: 256, cipher key: {}, auth_key: {}
        Inbound ah spi: 300, key: {},
"""

USERS = """
enable secret 5 {}
enable secret 9 {}
enable secret {}
enable secret level 5 {}
enable secret level 3 5 {}
enable algorithm-type scrypt secret {}
enable password {}
enable password 7 {}
enable password level 12 {}
enable password level 12 7 {}
enable password {} encrypted -> enable password <redacted>
enable password {} pbkdf2 -> enable password <redacted>
passwd {} encrypted
username bob password {}
username bob password 0 {}
username bob password 7 {}
username bob secret 5 {}
username bob secret 8 {}
username bob secret 9 {}
username bob secret {}
username bob privilege 15 secret 4 {}
username bob privilege 15 view V password 7 {}
username bob view V secret {}
username bob algorithm-type sha256 secret {}
username bob common-criteria-policy P password 0 {}
username bob secret 0 {} with blanks -> username bob secret 0 <redacted>
username bob password {} encrypted privilege 15 -> username bob password <redacted>
username bob password {} mschap -> username bob password <redacted>
username noc secret sha512 {} -> username noc secret <redacted>
username admin password 5 {} role network-admin -> username admin password 5 <redacted>
 password 7 {}
 password {}
 secret 5 {}
 secret 10 {}
 secret 0 5 {}
 secret {}
ip ftp password {}
ip ftp password 7 {}
ip http client password 0 {}
ip rcmd remote-username bob password {}
 ppp chap password 7 {}
 ppp chap hostname {}
 ppp pap sent-username bob password 7 {}
 ppp eap password 0 {}
l2tp tunnel password 7 {}
l2tp tunnel X password {}
 digest secret {} hash MD5
 digest secret 0 {}
vpdn username joe password {} store-local -> vpdn username joe password <redacted>
vpnclient username joe password {}
wlccp ap username bob password 7 {}
 dot1x username bob password 7 {}
 mgmtuser username bob password 0 {} secret 0 {} -> " mgmtuser username bob password 0 <redacted>
 ldap-login-password {}
 bind authenticate root-dn cn=a password 0 {}
  http-proxy 192.0.2.1 80 username u password {}
 radius-common-pw {}
   policy-server-secret {}
 storage-key {}
cts credentials id R1 password {}
kerberos password {}
kerberos srvtab entry host/r1@EX 0 896555 1 1 8 {} -> kerberos srvtab entry host/r1@EX <redacted>
ip wccp web-cache password 0 {}
 authentication username bob password 7 {} realm example.net -> " authentication username bob password 7 <redacted>
 xml user bob password {} 15
syscon address 192.0.2.1 {}
syscon password {}
 key-hash ssh-rsa {} bob
  auth-password {} priv-password {}
ap-console-password {}
wpa-passphrase {}
vrrp-passphrase {}
"""

SERVERS = """
snmp-server community {}
snmp-server community {} RO 10
snmp-server community {} view V RW 2
snmp-server community 8 {}
snmp-server community encrypted {} RO
snmp-server mib community-map {} context public1
rf-switch snmp-community {}
snmp-server host 192.0.2.9 {}
snmp-server host 192.0.2.9 {} vrrp
snmp-server host 192.0.2.9 vrf MGMT {} config
snmp-server host 192.0.2.9 vrf MGMT version 2c {} ipsec
snmp-server host 192.0.2.9 vrf MGMT informs {} config
snmp-server host 192.0.2.9 informs version 1 {} ipsec
snmp-server host 192.0.2.9 traps version 2c {}
snmp-server host 192.0.2.9 traps version 2c encrypted {}
snmp-server host 192.0.2.9 traps {}
snmp-server host 192.0.2.9 informs version 3 auth {} ipsec
snmp-server host 192.0.2.9 traps version 3 noauth {}
snmp-server host 192.0.2.9 version 3 priv {} memory
snmp-server host 192.0.2.9 version 2c {} udp-port 1162
snmp-server host inside 192.0.2.9 community {} version 2c
snmp-server host inside 192.0.2.9 poll community 8 {} version 2c udp-port 161
snmp-server user u g v3 auth md5 {}
snmp-server user u g v3 auth sha {} priv 3des {}
snmp-server user u g v3 auth sha {} priv aes 256 {} access 10
snmp-server user u g v3 auth sha {} priv {}
snmp-server user u g remote 192.0.2.9 v3 auth sha-256 {}
snmp-server user u g v3 encrypted auth sha {} priv des56 {}
snmp-server user u g auth md5 {} priv aes-128 {} localizedkey
snmp-server user u g v3 auth md5 encrypted {} priv des56 encrypted {} SystemOwner
snmp-server user u g v3 engineID 80000009 encrypted auth sha {} priv aes 256 {}
set snmp community read-only {}
Community name: {}
Community SecurityName: {}
user: {}   security model: v2c
groupname: {}                   security model:v1
tacacs-server key {}
tacacs-server key 7 {}
tacacs-server host 192.0.2.9 key 7 {}
tacacs-server host 192.0.2.9 single-connection port 49 key {}
tacacs-server host 192.0.2.9 key 7 {} timeout 5 -> tacacs-server host 192.0.2.9 key 7 <redacted>
radius-server key 6 {}
radius-server host 192.0.2.9 auth-port 1812 acct-port 1813 key 7 {}
radius-server host 192.0.2.9 key 7 "{}" authentication accounting -> radius-server host 192.0.2.9 key 7 <redacted>
 server-private 192.0.2.9 key 7 {}
 server-private 192.0.2.9 timeout 5 retransmit 3 key {}
 client 192.0.2.9 server-key 7 {}
 server-key {}
 key {}
 key 7 {}
 key 6 {}
 key encrypted {}
 key hexadecimal {}
 pac key 7 {}
aaa-server TAC (inside) host 192.0.2.9 {} timeout 5
aaa-server TAC host 192.0.2.9 {}
 cable shared-secret 7 {}
 secret-key {}
failover key {}
failover key hex {}
failover ipsec pre-shared-key {}
ntp authentication-key 7 md5 {}
ntp authentication-key 7 md5 {} 7
ntp authentication-key 4294967295 md5 {}
ntp authentication-key 2 hmac-sha2-256 {}
ntp authentication-key 1 md5 encrypted {}
encrypted radius-server key {}
encrypted sntp authentication-key 1 md5 {}
 path ftp://bob:{}@192.0.2.9/r1
copy scp://bob:{}@192.0.2.9/x flash:
 enrollment url http://bob:{}@192.0.2.9:80
ip sla 1 http get http://bob:{}@192.0.2.9
 action 1.0 mail server "bob:{}@192.0.2.9" to "a@example.net" from "b@example.net" subject "s" body "b"
event manager environment _email_password {}
 action 1.0 set password "{}" -> " action 1.0 set password <redacted>
 action 1.0 cli command "enable secret {}" -> ' action 1.0 cli command "enable secret <redacted>
set password {}
"""

ROUTING = """
 ip nhrp authentication {}
 ip ospf authentication-key {}
 ip ospf authentication-key 7 {}
 ip ospf message-digest-key 1 md5 {}
 ip ospf message-digest-key 1 md5 7 {}
  message-digest-key 1 md5 encrypted {}
 ospf message-digest-key 1 md5 8 {}
 area 1 virtual-link 192.0.2.9 authentication-key {}
 area 1 virtual-link 192.0.2.9 message-digest-key 1 md5 7 {}
 ospfv3 authentication ipsec spi 500 sha1 0 {}
 ipv6 ospf encryption ipsec spi 500 esp aes-cbc 128 0 0123456789abcdef{} sha1 0 {} -> --
 neighbor 192.0.2.9 password {}
 neighbor 192.0.2.9 password 7 {}
 neighbor PEERS password {}
 neighbor 2001:DB8::1 password encrypted {}
mpls ldp neighbor 192.0.2.9 password 7 {}
mpls ldp password option 1 for ACL 7 {}
mpls ldp password fallback {}
ip msdp password peer 192.0.2.9 {}
ip msdp password peer 192.0.2.9 7 {}
 isis password {} level-1
 area-password {} authenticate snp send-only
 domain-password {} authenticate snp validate
 lsp-password hmac-md5 encrypted {}
 hello-password text clear {}
  authentication mode hmac-sha-256 7 {}
  authentication mode hmac-sha-256 {}
 authentication key eigrp 7 {} key-id 1
  authentication sha-1 {} key-id 10
 standby authentication {}
 standby 1 authentication {}
 standby 1 authentication text {}
 standby 1 authentication md5 key-string {}
 standby 1 authentication md5 key-string 7 {} timeout 30 -> " standby 1 authentication md5 key-string 7 <redacted>
 vrrp 1 authentication text {}
 vrrp 1 authentication {}
 vrrp 1 authentication md5 key-string 7 {}
 glbp 1 authentication text {}
  authentication text {}
  text-authentication {}
  key-string {}
  key-string 7 {}
  key-string password {}
  key-string one two {} -> "  key-string <redacted>
  key-octet-string 7 {} cryptographic-algorithm AES_128_CMAC
   key 1 -- text "{}" -> "   key 1 -- text <redacted>
    Authentication MD5, key-string "{}" -> "    Authentication MD5, key-string <redacted>
  Authentication text, string "{}" -> "  Authentication text, string <redacted>
 wpa-psk ascii 0 {}
 wpa-psk hex 7 {}
 security wpa psk set-key ascii 0 {}
 encryption key 1 size 128bit 7 {} transmit-key
 encryption vlan 1 key 1 size 40bit {}
 sap pmk {} mode-list gcm-encrypt
"""

KEYS = """
key config-key password-encrypt {}
key config-key password-encryption {}
crypto ca import TP pkcs12 {}
crypto pki import TP pkcs12 flash:tp.p12 {}
crypto pki import TP pkcs12 tftp://192.0.2.9/tp.p12 password {}
crypto pki export TP pkcs12 terminal {}
crypto pki export TP pem terminal 3des {}
crypto key export rsa K pem terminal 3des {}
crypto key encrypt write rsa name K passphrase {}
crypto key lock rsa passphrase {}
license smart register idtoken {} force
license smart trust idtoken {} all
request platform software sdwan vedge_cloud activate chassis-number X token {}
something new secret 8 {}
my password is $1$salt${} -> my password is <redacted>
-----BEGIN KEY-----{}-----END KEY-----
"""

LOGGED = """
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:crypto isakmp key {} address 192.0.2.1
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:cry isa key {} addr 192.0.2.1
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:cry isa k 6 {} ho r2
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:enab sec {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:ena pas 7 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:user eve priv 15 sec {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:usern eve pass 0 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:snmp-s com {} ro
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:snmp-server comm {} RW
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:snmp-s h 192.0.2.9 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:snmp-s user u g v3 au sha {} pri aes 128 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:tacacs-s key {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:tacacs-s host 192.0.2.9 k 7 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:radius-s host 192.0.2.9 key {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:pre add 192.0.2.1 key {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:pre-sh {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:pre-sh add 192.0.2.1 k 6 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:pre {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:pass 7 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:key 7 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:key-s {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:nei 192.0.2.9 pass {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:ip nhrp auth {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:ip ospf mess 1 md5 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:ip ospf authentication-k {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:stand 1 auth {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:set sess in esp 256 ci {} au {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:no enable secret 5 {}
*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:do enable secret {}
Nov 25 13:00:00 fw %ASA-5-111008: User 'enable_15' executed the 'enable password {}' command.
Nov 25 13:00:00 fw %ASA-5-111008: User 'enable_15' executed the 'username ops password {} privilege 15' command. -> --
Nov 25 13:00:00 fw %ASA-5-111008: User 'bob' executed the 'ikev1 pre-shared-key {}' command.
Nov 25 13:00:00 fw %ASA-5-111008: User 'bob' executed the 'pre {}' command.
Nov 25 13:00:00 fw %ASA-5-111008: User 'bob' executed the 'ikev2 rem pre {}' command.
Nov 25 13:00:00 fw %ASA-5-111010: User 'bob', running 'CLI' from IP 192.0.2.1, executed 'failover key {}'
Nov 25 13:00:00 fw %ASA-5-111010: User 'bob', running 'CLI' from IP 192.0.2.1, executed 'snmp-server community {}'
Nov 25 13:00:00 fw %ASA-5-111010: User 'bob', running 'CLI' from IP 192.0.2.1, executed 'fail key {}'
    1     1        bob@vty0  |  crypto isakmp key {} address 192.0.2.1
   12     3        bob@vty0  |enable secret {}
   13     3        bob@vty0  | pass {}
%AAAA-6-ACCTLOCAL: Username: bob Privilege level: 15 Command: username eve secret {} <cr> -> --
192.0.2.1 bob vty0 192.0.2.2 stop service=shell priv-lvl=15 cmd=crypto isakmp key {} address 192.0.2.1 <cr>
Nov 25 13:00:00 type=update:id=console0:user=admin:cmd=configure terminal ; snmp-server community {} (SUCCESS)
%DMI-5-SYNC_NEEDED: R0/0: dmiauthd: Configuration change requiring sync detected - 'enable secret 5 {}'. The rest -> --
%HA_EM-6-LOG: APPLET: username eve secret {}
%HA_EM-6-LOG: CLI: DEBUG(cli_lib) : : IN  : R1(config)#crypto isakmp key {} address 192.0.2.1
R1(config)#cry isa key {} addr 192.0.2.1
R1(config-line)#pass {}
cry isa key {} add 192.0.2.1
RADIUS:  Tunnel-Password     [69]  21  {}
RADIUS:  Cisco AVpair [1] 41 "ipsec:ikev2-password-local={}" -> --
AAA/AUTHOR: attribute password={}
NHRP: Authentication Extension(7): type:Cleartext(1), data:{}
"""

TEXTS = IKE, USERS, SERVERS, ROUTING, KEYS, LOGGED


def _rows() -> list[tuple[str, str | None]]:
    rows: list[tuple[str, str | None]] = []
    for line in "".join(TEXTS).split("\n"):
        if not line:
            continue
        form, arrow, left = line.partition(" -> ")
        expected = left.lstrip("\"'") if arrow else form.replace("{}", M)
        rows.append((form, None if left == "--" else expected))
    return rows


ROWS = _rows()
FORMS = [form for form, _ in ROWS]


def _redactor() -> Redactor:
    asa, ios = platform("cisco_asa"), platform("cisco_ios")
    assert asa is not None
    assert ios is not None
    return Redactor((*asa.secrets, *ios.secrets))


@pytest.mark.parametrize(("form", "expected"), ROWS)
def test_the_secret_goes_and_the_rest_stays(form: str, expected: str | None) -> None:
    masked = _redactor().line(form.replace("{}", CANARY))
    assert CANARY not in masked
    assert M in masked
    if expected is not None:
        assert masked == expected
    assert _redactor().line(masked) == masked


TRICKY = [":Zq81abcd", "=Zq81abcd", ".Zq81abcd", ";Zq81abcd", ")Zq81abcd", "[0Zq81abcd", "'Zq81abcd", "Zq8'1abcd"]
TRICKY += ["Zq8@1abcd", "Zq8/1abcd", "Zq8:1abcd", "Zq8!1abcd", "!Zq81abcd", "-Zq81abcd", "$Zq81abcd", "%Zq81abcd"]
TRICKY += ["Zq8|1abcd", "the.81abcd", "is-81abcd", "chain81abcd", "key81abcd", "address81abcd", "Zq8'.1abcd"]
TRICKY += ["Zq8\N{NO-BREAK SPACE}1abcd", "Zq8\N{LATIN SMALL LETTER E WITH ACUTE}1abcd", "Zq8(1abcd)", "Zq8\\1abcd"]


@pytest.mark.parametrize("secret", TRICKY)
def test_secrets_that_look_like_something_else(secret: str) -> None:
    leaks = [form for form in FORMS if "1abcd" in _redactor().line(form.replace("{}", secret))]
    assert leaks == []


@pytest.mark.parametrize("secret", ["policy", "lifetime", "change", "required", "1234567890"])
@pytest.mark.parametrize(
    "form",
    [
        " ikev1 pre-shared-key {}",
        "  pre-shared-key {}",
        "crypto isakmp key {} address 192.0.2.1",
        "username bob password {}",
        "ip ftp password {}",
        "enable secret {}",
        " key {}",
        " password {}",
        " ldap-login-password {}",
        " ip nhrp authentication {}",
        "*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:user eve priv 15 sec {}",
        "<166>%ASA-5-111008: User 'bob' executed the 'ikev1 pre-shared-key {}' command.",
    ],
)
def test_a_word_of_a_dictionary_is_a_secret_too(form: str, secret: str) -> None:
    assert _redactor().line(form.replace("{}", secret)) == form.replace("{}", M)


WORDS = st.text(st.characters(min_codepoint=33, exclude_categories=("Cs", "Cc", "Z")), min_size=4, max_size=40)
ASCII = st.text(st.characters(min_codepoint=35, max_codepoint=126, exclude_characters="'\"@,<;:()"), min_size=6)


@given(st.sampled_from(FORMS), st.one_of(ASCII, WORDS.map(lambda word: f"{word}Zq9")))
def test_whatever_the_secret_is(form: str, word: str) -> None:
    secret = f"Zq{word.strip(chr(34))}"
    masked = _redactor().line(form.replace("{}", secret))
    assert secret not in masked
    assert _redactor().line(masked) == masked


@given(st.lists(st.sampled_from(FORMS), max_size=6))
def test_lines_do_not_spoil_each_other(forms: list[str]) -> None:
    masked = _redactor().text("\n".join(form.replace("{}", CANARY) for form in forms))
    assert CANARY not in masked
    assert _redactor().text(masked) == masked
