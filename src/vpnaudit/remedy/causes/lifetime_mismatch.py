"""One end's lifetime ends before the other's, and the other keeps sending (field guide C11, 2.1).

Clear the one SA at the sender while it is out of step; then make the lifetimes equal; then DPD, for the case that the
IKE SA is gone too.
"""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask, clear_both, clear_spis, to_clear
from vpnaudit.remedy.settings import equal_lifetime, lifetime_seconds, periodic_dpd
from vpnaudit.remedy.situation import Place, Situation


def remedies(situation: Situation) -> Remedies:
    """Clear, equal lifetimes, DPD at the sender; a letter where the sender is not ours."""
    why = "The sender keeps an SA that the receiver's shorter lifetime has ended."
    if situation.both_ike_live:
        yield clear_spis(situation, why)
    yield from clear_both(situation, why)
    seconds = equal_lifetime((_seconds(situation.sender), _seconds(situation.receiver)))
    if seconds is not None:
        for place in situation.ours:
            yield lifetime_seconds(
                place,
                seconds,
                "Equal lifetimes at both ends, so that neither keeps an SA that the other has ended.",
            )
    yield periodic_dpd(
        situation.sender,
        situation.receiver,
        "Where the receiver has lost its IKE SA too, only DPD tells the sender that nobody listens.",
    )
    ours = _seconds(situation.receiver)
    yield ask(
        situation,
        (
            "the IPsec lifetime for this tunnel, in seconds and in kilobytes: please tell us both;",
            f"please set the seconds to {ours if ours is not None else 'the value that we agree on'}, as at our end;",
            *to_clear(situation, "please clear this tunnel once (this peer only);"),
            "please switch periodic DPD on (10 s, retry 3 s).",
        ),
        "The lifetimes have to be equal at both ends; in IKEv2 they are not negotiated.",
    )


def _seconds(place: Place) -> int | None:
    lifetime = place.end.lifetime if place.end is not None else None
    return lifetime.ipsec_s if lifetime is not None else None
