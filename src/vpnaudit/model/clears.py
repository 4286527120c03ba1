"""Commands that end SAs: which they are, and whose SAs (field guide 2.6 and appendix B)."""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

from vpnaudit.model.addresses import address_in

COUNTED = frozenset(
    {"counters", "stats", "statistics", "accelerator", "protocol", "logging", "pki", "ca", "inactive", "gdoi"}
)
"""What else can be cleared below `crypto`, and costs no SA that is in use between two sites (`gdoi`: a group's)."""
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
    """Whose SAs a clear ends; null: it names none. `ends_ike`: the IKE SA goes too.

    `vrf` is the one that is protected, `local` the device's own address, `one` what else limits it (a user, a group, an
    IKE SA by its number), in words.
    """

    peer: str | None = None
    map_name: str | None = None
    vrf: str | None = None
    local: str | None = None
    one: str | None = None
    ends_ike: bool = False

    @property
    def limited_to(self) -> str | None:
        """What it is of besides a peer, in words."""
        named = (("crypto map", self.map_name), ("VRF", self.vrf), ("local address", self.local), ("the", self.one))
        return next((f"{what} {name}" for what, name in named if name is not None), None)


def scope_of(command: str) -> Cleared:
    """What a clear is of.

    >>> scope_of("clear crypto session local 192.0.2.1 remote 198.51.100.7").peer
    '198.51.100.7'
    >>> scope_of("clear crypto sa map VPN").limited_to, scope_of("clear crypto session username kp").limited_to
    ('crypto map VPN', 'the user kp')
    >>> scope_of("clear crypto isakmp 1009").limited_to, scope_of("clear crypto isakmp").limited_to
    ('the IKE SA 1009', None)
    """
    pairs = list(pairwise(command.split()))
    named = (address_in(word) for before, word in pairs if before.lower() != "local")
    behind = {before.lower(): word for before, word in pairs}
    words = {word.lower() for _, word in pairs}
    user, number = behind.get("username") or behind.get("user"), behind.get("isakmp", "")
    group = behind.get("group") or behind.get("profile")
    one = f"user {user}" if user else f"group {group}" if group else f"IKE SA {number}" if number.isdigit() else None
    return Cleared(
        peer=next((address for address in named if address is not None), None),
        map_name=behind.get("map"),
        vrf=behind.get("ivrf") or behind.get("vrf"),
        local=address_in(behind.get("local")),
        one=one,
        ends_ike="logoff" in words or any(word.startswith("sess") for word in words),
    )
