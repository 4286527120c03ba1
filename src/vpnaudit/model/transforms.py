"""Transform sets, whatever device prints them."""

from __future__ import annotations

PREFIXES = ("esp-", "ah-", "comp-")
WITH_DEFAULT_LENGTH = frozenset({"esp-aes-128", "esp-gcm-128", "esp-gmac-128"})
"""The length that a device takes where none is written, and leaves away when it prints."""


def algorithms(text: str) -> frozenset[str] | None:
    """A transform set as its algorithms, without regard to order and spelling; null where a word is no transform.

    >>> sorted(algorithms("esp-sha-hmac esp-aes 256") or ())
    ['esp-aes-256', 'esp-sha-hmac']
    """
    found: list[str] = []
    for word in text.lower().split():
        if word.startswith(PREFIXES):
            found.append(word)
        elif word.isascii() and word.isdigit() and found:
            found[-1] += f"-{word}"
        else:
            return None
    return frozenset(w.removesuffix("-128") if w in WITH_DEFAULT_LENGTH else w for w in found) or None
