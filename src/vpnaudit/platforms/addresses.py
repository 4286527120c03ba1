"""Addresses and networks as configurations and tables of every platform write them."""

from __future__ import annotations

from ipaddress import ip_network


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
