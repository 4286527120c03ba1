"""Several ends or tunnels behind one address (field guide C7)."""

from __future__ import annotations

from vpnaudit.model.judgement import Remediation
from vpnaudit.remedy.offer import Remedies, ask, configure, investigate, look
from vpnaudit.remedy.situation import Place, Situation

_NAT_KEEPALIVE_S = 20


def remedies(situation: Situation) -> Remedies:
    """Tell the ends apart; keep the NAT's mapping where a NAT is seen."""
    for place in situation.ours:
        yield investigate(
            place,
            ("identities", situation.scope),
            title=f"Tell the ends behind {place.peer or 'the address'} apart at {place.name}",
            why=(
                "Each end needs an identity of its own, and NAT-T where a NAT stands between. Look for two map entries "
                "or tunnels to one peer with overlapping networks, two tunnel interfaces with one source and "
                "destination without `shared`, and several IKE SAs or ports behind one address."
            ),
            commands=(*look(place, "ike"), *look(place, "session", place.peer), *look(place, "sa", place.peer)),
        )
        yield _keep_mapping(place)
    yield ask(
        situation,
        (
            "how many IPsec devices or tunnels of yours are behind this address, and which should talk to us?",
            "does each have an IKE identity of its own, and is NAT traversal (UDP 4500) on?",
            "does the NAT keep the mapping of UDP 4500 for longer than the tunnel is idle (keepalive 20 s)?",
        ),
        "Behind one address only its owner can tell the ends apart.",
    )


def _keep_mapping(place: Place) -> Remediation | None:
    seen = place.end is not None and any(i.sa.nat_t for i in place.end.live_ike)
    change = place.syntax.nat_keepalive(_NAT_KEEPALIVE_S) if seen and place.syntax and place.ike == "v1" else None
    if change is None:
        return None
    return configure(
        place,
        change,
        ("nat-keepalive",),
        title=f"NAT keepalive {_NAT_KEEPALIVE_S} s on {place.name}",
        why="A NAT stands between the ends; when it forgets the mapping, the peer comes back from another port.",
        disruption="None; one small packet per peer and interval.",
    )
