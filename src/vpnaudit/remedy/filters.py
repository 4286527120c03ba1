"""An outside filter that lets ESP in from peers only: where it may be proposed, and where only a look."""

from __future__ import annotations

from vpnaudit.model.addresses import is_ipv4
from vpnaudit.model.config import ConfigFacts, ConfigInterface
from vpnaudit.model.judgement import Remediation
from vpnaudit.remedy.offer import configure, investigate, is_word, look
from vpnaudit.remedy.settings import drops_strangers, outside_interface, static_peers
from vpnaudit.remedy.situation import Place

_FIRST_NUMBER = 10
"""IOS numbers the entries of a list 10, 20 … where its configuration shows no numbers."""


def peers_only(place: Place, why: str) -> Remediation | None:
    """Let ESP and IKE in from the configured peers and drop other ESP, where every peer is static and IPv4.

    Otherwise (dynamic or learned peers, an unread configuration, no room in the list) something to look into: a list of
    peers that is not complete would cut tunnels.
    """
    facts = place.facts
    if facts is None or place.syntax is None:
        return _look(place, why, "The configuration was not read.")
    peers, local, outside = static_peers(facts), place.address, outside_interface(place)
    if not (facts.whole and peers and all(is_ipv4(p) for p in peers)) or takes_unknown_peers(facts):
        return _look(place, why, "Not every peer is configured with a fixed IPv4 address.")
    if local is None or not is_ipv4(local) or outside is None or not is_word(outside.known_as):
        return _look(place, why, "The interface with the address that was hit is not known.")
    if drops_strangers(facts, place):
        return None
    entries = facts.acls.get(outside.acl_in or "", ())
    if outside.acl_in is not None and entries:
        change = place.syntax.extend_filter(outside.acl_in, _below(outside, facts), local, peers, "any")
    else:
        change = place.syntax.permit_peers_only(outside.known_as, local, peers, "any")
    if change is None:
        return _look(place, why, f"There is no room in front of the first entry of {outside.acl_in}.")
    proposed = configure(
        place,
        change,
        ("esp-from-peers-only", outside.known_as),
        title=f"Let ESP in from the configured peers only, on {place.name} {outside.known_as}",
        why=f"{why} Every peer of {place.name} is configured with a fixed address, so the list of them is complete.",
        risk="disruptive",
        disruption=(
            f"ESP to {local} from any address but {', '.join(peers)} is dropped: remote access and peers that change "
            "their address would break. Look at the list on the device first: the numbers used must be free there."
        ),
    )
    return proposed or _look(place, why, f"The list {outside.acl_in} is not one that can be extended.")


def takes_unknown_peers(facts: ConfigFacts) -> bool:
    """Whether a configuration lets in peers that it does not name: dynamic maps, templates, NHRP, wildcard keys."""
    keyed = (*facts.isakmp_keys, *(m for ring in facts.ikev2_keyrings.values() for m in ring))
    return (
        any(e.template or e.kind in {"dynamic", "gdoi"} for e in facts.map_entries)
        or any(p.virtual_template for p in facts.ike_profiles)
        or any(i.nhrp or i.virtual_template for i in facts.interfaces)
        or any(i.ipsec_profile and not i.tunnel_destination for i in facts.interfaces)
        or any(m.any_peer for m in keyed)
        or bool(facts.gdoi_groups)
    )


def _below(outside: ConfigInterface, facts: ConfigFacts) -> int:
    numbers = [
        int(word)
        for entry in facts.acls.get(outside.acl_in or "", ())
        if (word := entry.text.partition(" ")[0]).isdecimal() and len(word) < 10
    ]
    return min(numbers, default=_FIRST_NUMBER)


def _look(place: Place, why: str, reason: str) -> Remediation | None:
    return investigate(
        place,
        ("esp-from-peers-only",),
        title=f"See whether the edge before {place.name} can drop ESP from strangers",
        why=f"{why} {reason} So no filter is proposed here: it could cut tunnels that are wanted.",
        commands=(*look(place, "session"), *look(place, "filter")),
    )
