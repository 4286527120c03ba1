"""Commands that end SAs: which they are, and whose SAs (field guide 2.6 and appendix B)."""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

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
        return scope_of(command).peer is not None or not BETWEEN_SITES.isdisjoint(command.lower().split())
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


class Cleared(Struct, frozen=True, kw_only=True, gc=False):
    """Whose SAs a clear ends; null: it names none. `vrf` is the one that is protected; `ends_ike`: the IKE SA goes too.

    An address behind `local` is the device's own.
    """

    peer: str | None = None
    map_name: str | None = None
    vrf: str | None = None
    ends_ike: bool = False


def scope_of(command: str) -> Cleared:
    """What a clear is of.

    >>> scope_of("clear crypto session local 192.0.2.1 remote 198.51.100.7").peer
    '198.51.100.7'
    >>> scope_of("clear crypto sa map VPN")
    Cleared(peer=None, map_name='VPN', vrf=None, ends_ike=False)
    """
    pairs = list(pairwise(command.split()))
    named = (address_in(word) for before, word in pairs if before.lower() != "local")
    behind = {before.lower(): word for before, word in pairs}
    words = {word.lower() for _, word in pairs}
    return Cleared(
        peer=next((address for address in named if address is not None), None),
        map_name=behind.get("map"),
        vrf=behind.get("ivrf") or behind.get("vrf"),
        ends_ike="logoff" in words or any(word.startswith("sess") for word in words),
    )
