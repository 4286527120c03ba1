"""Addresses as they are compared: logs, tables and configurations write one IPv6 address in several ways."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address


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
def is_name(peer: str) -> bool:
    """Whether a peer is written as a host's name.

    >>> is_name("gw.example.net"), is_name("2001:DB8::1")
    (True, False)
    """
    try:
        ip_address(peer)
    except ValueError:
        return True
    return False


def address_in(text: str | None) -> str | None:
    """An address in its one spelling; null: there is none.

    >>> address_in("2001:DB8:0::1"), address_in("gw.example.net")
    ('2001:db8::1', None)
    """
    return None if text is None or is_name(text) else normal(text)


def is_one_address(one: str | None, other: str | None) -> bool:
    """Whether both are known, and one address however each is written."""
    return one is not None and other is not None and normal(one) == normal(other)
