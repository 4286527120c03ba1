"""Lifetimes that differ, are short, or end by volume before their time."""

from __future__ import annotations

from vpnaudit.model.judgement import Remediation
from vpnaudit.remedy.offer import Remedies, investigate, look
from vpnaudit.remedy.settings import lifetime_seconds, lifetime_volume
from vpnaudit.remedy.situation import FindingSituation, Place


def remedies(situation: FindingSituation) -> Remedies:
    """The volume where it ends the SAs; the seconds where those of IPsec differ; a look for those of IKE."""
    for place in situation.changed:
        if "interval_s" in situation.finding.parameters:
            yield lifetime_volume(
                place,
                situation.number("kilobytes"),
                "A volume lifetime that lasts a working day at the rate seen ends no SA before its time.",
            )
        elif "ike" in situation.finding.title:
            yield _ike_lifetime(place)
        else:
            yield from _equal(situation, place)


def _equal(situation: FindingSituation, place: Place) -> Remedies:
    why = "Equal lifetimes at both ends, so that neither keeps an SA that the other has ended."
    seconds = situation.number("seconds")
    if seconds is not None:
        yield lifetime_seconds(place, seconds, why)
    if "kilobytes" in situation.finding.parameters:
        yield lifetime_volume(place, situation.number("kilobytes"), why)


def _ike_lifetime(place: Place) -> Remediation | None:
    return investigate(
        place,
        ("ike-lifetime",),
        title=f"Make the IKE lifetime of {place.name} equal to the peer's and longer than IPsec's",
        why=(
            "The IKE SA has to be there to carry the DELETE of an IPsec SA. The policy or profile holds for other "
            "peers too: see which before it is changed."
        ),
        commands=(*look(place, "ike"), *look(place, "config")),
    )
