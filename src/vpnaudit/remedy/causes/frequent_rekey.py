"""Rekeys are frequent because a lifetime is short or its volume runs out early (field guide C11, 2.5).

The volume part first where it is what ends the SAs; both ends, because the lower value of IKEv1 holds for both and in
IKEv2 either end rekeys by its own.
"""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask
from vpnaudit.remedy.settings import DEFAULT_SECONDS, lifetime_seconds, lifetime_volume
from vpnaudit.remedy.situation import Place, Situation

SHORT_S = 1800
"""A lifetime under this is short: more than twice the rekeys of the default."""


VOLUME_WHY = (
    "At this tunnel's traffic the volume lifetime runs out before the time does, and every rekey can show an unknown "
    "SPI. Without it only the time ends an SA; below 2^32 packets in one lifetime this is safe."
)
SAME_WHY = (
    "The other end's volume lifetime is lower and runs out first. Off at both, the ends have one lifetime, and time "
    "alone ends an SA; below 2^32 packets in one lifetime this is safe."
)


def remedies(situation: Situation) -> Remedies:
    """Volume off, seconds up to the default, on each end of ours; else ask."""
    by_time = _by_time(situation)
    volumes = [v for p in situation.places if (v := _volume(p)) is not None]
    for place in situation.ours if by_time else sorted(situation.ours, key=lambda p: _volume(p) or 0):
        if not by_time:
            yield lifetime_volume(
                place, None, VOLUME_WHY if (_volume(place) or 0) <= min(volumes, default=0) else SAME_WHY
            )
        else:
            yield lifetime_seconds(
                place,
                DEFAULT_SECONDS,
                "Every rekey can show an unknown SPI; this lifetime makes many of them. The default is an hour.",
            )
    yield ask(
        situation,
        (
            "the IPsec lifetime for this tunnel, in seconds and in kilobytes: please tell us both;",
            f"if the seconds are under {DEFAULT_SECONDS}: please raise them to that;",
            "if the volume part is on and the traffic heavy: please switch it off, as we do at our end.",
        ),
        "The lower lifetime of the two ends decides how often the tunnel rekeys.",
    )


def _volume(place: Place) -> int | None:
    return place.end.lifetime.ipsec_kb if place.end is not None and place.end.lifetime is not None else None


def _by_time(situation: Situation) -> bool:
    """Whether the seconds end the SAs: the diagnosis says so, or a lifetime of one end is short."""
    by = situation.diagnosis.parameters.get("by")
    if by is not None:
        return by == "time"
    lifetimes = [p.end.lifetime for p in situation.places if p.end is not None]
    return any(x is not None and x.ipsec_s is not None and x.ipsec_s < SHORT_S for x in lifetimes)
