"""Commands that end SAs: which they are, and whose SAs (field guide 2.6 and appendix B)."""

from __future__ import annotations

from itertools import pairwise

from vpnaudit.model.addresses import address_in

COUNTED = frozenset({"counters", "stats", "statistics", "accelerator", "protocol", "logging", "pki", "ca", "inactive"})
"""What else can be cleared below `crypto`, and costs no SA that is in use."""
BETWEEN_SITES = frozenset({"all", "l2l", "ikev1", "ikev2"})
"""Which of a firewall's sessions a log-off ends, where it is not the clients' alone."""


def clears_sas(command: str) -> bool:
    """Whether a command ends IKE or IPsec SAs; counters can be cleared too. People shorten its words.

    >>> [clears_sas(c) for c in ("do clear crypto sa", "clear ipsec sa peer 192.0.2.1", "clear crypto sa counters")]
    [True, True, False]
    >>> [clears_sas(c) for c in ("cle cry sess", "clear counters", "clear cry sa count")]
    [True, False, False]
    >>> [clears_sas(c) for c in ("vpn-sessiondb logoff l2l", "vpn-sessiondb logoff anyconnect noconfirm")]
    [True, False]
    """
    if command.lower().startswith("vpn-sessiondb logoff"):
        return peer_cleared(command) is not None or not BETWEEN_SITES.isdisjoint(command.lower().split())
    verb, what, *rest = [*command.lower().removeprefix("do ").split(), "", ""]
    named = "crypto".startswith(what) and len(what) > 1
    return (
        "clear".startswith(verb)
        and len(verb) > 2
        and (named or what in {"ipsec", "isakmp"})
        and not any(_is_of_counts(word) for word in rest)
    )


def _is_of_counts(word: str) -> bool:
    return word in COUNTED or (len(word) > 3 and any(name.startswith(word) for name in COUNTED))


def peer_cleared(command: str) -> str | None:
    """The address that a clear names; one behind `local` is the device's own.

    >>> peer_cleared("clear crypto session local 192.0.2.1 remote 198.51.100.7"), peer_cleared("clear crypto sa")
    ('198.51.100.7', None)
    """
    words = command.split()
    named = (address_in(word) for before, word in pairwise(words) if before != "local")
    return next((address for address in named if address is not None), None)
