"""The counter lines of an identity in `show crypto ipsec sa`, the same words on every Cisco system."""

from __future__ import annotations

from functools import lru_cache

_TOO_MANY_DIGITS = 20
"""A counter has 64 bits."""


@lru_cache(maxsize=1024)
def read_counters(line: str) -> tuple[tuple[str, int], ...]:
    """Return the names and counts of a line; a colon may be missing, and a hash or a blank be there twice.

    Most counters of most tunnels are zero, so that most lines are the same text.

    >>> read_counters("#pkts encaps: 4, #pkts no sa (send): 1, #send errors 0")
    (('encaps', 4), ('no sa (send)', 1), ('send errors', 0))
    """
    counters = []
    for part in line.split(","):
        name, _, count = part.strip().rpartition(" ")
        if count.isdecimal() and len(count) < _TOO_MANY_DIGITS:
            counters.append((_name(name), int(count)))
    return tuple(counters)


@lru_cache(maxsize=256)
def _name(printed: str) -> str:
    return " ".join(printed.lstrip("#").rstrip(": ").lower().removeprefix("pkts").split())
