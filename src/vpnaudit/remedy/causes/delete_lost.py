"""One end deleted the SA and the other was never told, though both hold an IKE SA (field guide C4).

DPD asks the IKE peer, which answers: it is no cure here and is not proposed. Clear the one SA at the sender, find out
why the DELETE does not arrive, and move to IKEv2, which acknowledges it.
"""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask, clear_both, clear_spis, investigate, look, to_clear
from vpnaudit.remedy.settings import ike_other_than, outside_interface
from vpnaudit.remedy.situation import Place, Situation


def remedies(situation: Situation) -> Remedies:
    """Clear one SA, then the peer; look at what stands between the ends on UDP 500 and 4500."""
    why = "The sender was never told that this SA was deleted; DPD is answered by the live IKE SA and does not heal it."
    yield clear_spis(situation, why)
    yield from clear_both(situation, why)
    for place in situation.ours:
        yield investigate(
            place,
            ("ike-filter", situation.scope),
            title=f"See whether UDP 500 and 4500 pass both ways at {place.name}",
            why=(
                "A DELETE goes over IKE. Where it is lost again and again, a filter, a policer or a NAT passes one "
                "direction only, or drops IKE under load. " + ike_other_than(place.ike)
            ).strip(),
            commands=(*look(place, "filter", _outside_filter(place)), *look(place, "ike"), *look(place, "counters")),
        )
    yield ask(
        situation,
        (
            *to_clear(
                situation, "please clear the SAs with the SPIs above (or this peer), so that your end makes new ones;"
            ),
            "did your end log a DELETE from us at these times?",
            "do UDP 500 and UDP 4500 from our address pass your filters and policers at all times?",
            "would you move this tunnel to IKEv2, where a DELETE is acknowledged?",
        ),
        "The sender keeps sending on an SA whose DELETE it did not get.",
    )


def _outside_filter(place: Place) -> str | None:
    outside = outside_interface(place)
    return outside.acl_in if outside is not None else None
