"""Addresses and networks as configurations and tables of every platform write them."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network


def is_ipv4(text: str) -> bool:
    """Whether a word is an IPv4 address."""
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def is_address(text: str) -> bool:
    """Whether a word is an IPv4 or IPv6 address.

    >>> is_address("2001:db8::1"), is_address("Tunnel1")
    (True, False)
    """
    if is_ipv4(text):
        return True
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def host_network(address: str) -> str | None:
    """The network of one address; null where it is none.

    >>> host_network("192.0.2.1")
    '192.0.2.1/32'
    """
    return network(f"{address}/{128 if ':' in address else 32}")


def network(text: str) -> str | None:
    """`ADDRESS/LENGTH` or `ADDRESS/MASK` as network and length; null where it is none.

    >>> network("192.0.2.1/255.255.255.0")
    '192.0.2.0/24'
    """
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return None
