"""What a log may call a device."""

from __future__ import annotations


def short_name(name: str) -> str:
    """A host's name without its domain; an address has none.

    >>> short_name("edge-1.example.net"), short_name("192.0.2.1")
    ('edge-1', '192.0.2.1')
    """
    first, _, rest = name.partition(".")
    return name if first.isdigit() and rest else first
