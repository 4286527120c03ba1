"""Addresses as they are compared: logs, tables and configurations write one IPv6 address in several ways."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

_PRIVATE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")),
)


@lru_cache(maxsize=65_536)
def normal(address: str) -> str:
    """An address in its one spelling (RFC 5952: IPv6 compressed, lower case); other text as it is, lower case.

    >>> normal("2001:DB8:0:0::1"), normal("192.0.2.1"), normal("GW.example.net")
    ('2001:db8::1', '192.0.2.1', 'gw.example.net')
    """
    try:
        return str(ip_address(address))
    except ValueError:
        return address.lower()


@lru_cache(maxsize=65_536)
def is_address(text: str) -> bool:
    """Whether a word is an IPv4 or IPv6 address.

    >>> is_address("2001:DB8::1"), is_address("Tunnel1")
    (True, False)
    """
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_ipv4(text: str) -> bool:
    """Whether a word is an IPv4 address.

    >>> is_ipv4("192.0.2.1"), is_ipv4("2001:db8::1"), is_ipv4("x.x.x.x")
    (True, False, False)
    """
    return ":" not in text and is_address(text)


def is_name(peer: str) -> bool:
    """Whether a peer is written as a host's name.

    >>> is_name("gw.example.net"), is_name("2001:DB8::1")
    (True, False)
    """
    return not is_address(peer)


def address_in(text: str | None) -> str | None:
    """An address in its one spelling; null: there is none.

    >>> address_in("2001:DB8:0::1"), address_in("gw.example.net")
    ('2001:db8::1', None)
    """
    return None if text is None or is_name(text) else normal(text)


def is_one_address(one: str | None, other: str | None) -> bool:
    """Whether both are known, and one address however each is written."""
    return one is not None and other is not None and normal(one) == normal(other)


@lru_cache(maxsize=65_536)
def is_private(address: str) -> bool:
    """Whether an address is of a range that no other network reaches without translation (RFC 1918, 6598, 4193).

    >>> [is_private(a) for a in ("10.60.0.2", "100.64.0.1", "fd00::1", "192.0.2.1", "gw.example.net")]
    [True, True, True, False, False]
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _PRIVATE if network.version == parsed.version)


def meets(identity: str | None, network: str) -> bool:
    """Whether an SA's identity (`address/mask/protocol/port`) and a configured network have addresses in common."""
    if identity is None:
        return True
    try:
        return ip_network("/".join(identity.split("/")[:2]), strict=False).overlaps(ip_network(network, strict=False))
    except (TypeError, ValueError):
        return True
