"""No secret of an ASA's configuration passes; what an audit needs stays."""

from __future__ import annotations

import pytest

from vpnaudit.platforms.registry import platform
from vpnaudit.redact.redactor import Redactor

CANARY = "CaNaRy7x9"
LINES = (
    "enable password {} encrypted",
    "enable password {} pbkdf2",
    "passwd {} encrypted",
    "username ops password {} encrypted privilege 15",
    " ikev1 pre-shared-key {}",
    " pre-shared-key {}",
    " ikev2 remote-authentication pre-shared-key {}",
    " ikev2 local-authentication pre-shared-key hex {}",
    "crypto map M 10 set ikev2 pre-shared-key {}",
    "isakmp key {} address 203.0.113.60 netmask 255.255.255.255",
    "snmp-server community {}",
    "snmp-server host inside 10.31.7.9 community {} version 2c",
    "snmp-server user u g v3 engineID 80000009 encrypted auth sha {} priv aes 256 {}",
    " ldap-login-password {}",
    " key {}",
    " key 8 {}",
    "aaa-server TAC (inside) host 10.1.1.1 {} timeout 5",
    "failover key {}",
    "failover key hex {}",
    "failover ipsec pre-shared-key {}",
    " radius-common-pw {}",
    "   policy-server-secret {}",
    "vpdn username joe password {} store-local",
    "vpnclient username joe password {}",
    "ntp authentication-key 7 md5 {}",
    " ospf message-digest-key 1 md5 8 {}",
    " authentication key eigrp 7 {} key-id 1",
    "  authentication sha-1 {} key-id 10",
    " neighbor 10.1.1.1 password {}",
    "  http-proxy 10.1.1.1 80 username u password {}",
    "crypto ca import TP pkcs12 {}",
    " password {}",
    "license smart register idtoken {} force",
    "%ASA-5-111008: User 'enable_15' executed the 'username ops password {} privilege 15' command.",
    "%ASA-5-111010: User 'a', running 'CLI' from IP 10.1.1.1, executed 'failover key {}'",
)
KEPT = (
    "tunnel-group 203.0.113.60 type ipsec-l2l",
    " isakmp keepalive threshold 10 retry 2",
    "crypto map M 10 set peer 203.0.113.60",
    "crypto ipsec ikev1 transform-set T esp-aes-256 esp-sha-hmac",
    " authentication pre-share",
    " authentication rsa-sig",
    " ikev2 remote-authentication certificate",
    "crypto key generate rsa modulus 2048",
    "ntp server 10.31.7.2 source inside prefer",
    "%ASA-4-402114: IPSEC: Received an ESP packet (SPI= 0x1A2B3C4D, sequence number= 0x12) from 198.51.100.1",
)


def _redacted(text: str) -> str:
    found = platform("cisco_asa")
    assert found is not None
    return Redactor(found.secrets).text(text)


@pytest.mark.parametrize("line", LINES)
def test_no_secret_passes_and_masking_twice_changes_nothing(line: str) -> None:
    masked = _redacted(line.format(*[CANARY] * line.count("{}")))
    assert CANARY not in masked
    assert "<redacted>" in masked
    assert _redacted(masked) == masked


def test_bodies_of_certificates_are_masked() -> None:
    text = (
        "crypto ca certificate chain TP\n certificate 0a1b2c\n"
        "    308204d3 308203bb a0030201 02021018\n    0d06092a 864886f7\n  quit\n"
    )
    masked = _redacted(text)
    assert "308204d3" not in masked
    assert "864886f7" not in masked
    assert masked.count("\n") == text.count("\n")


@pytest.mark.parametrize("line", KEPT)
def test_what_an_audit_needs_stays(line: str) -> None:
    assert _redacted(line) == line
