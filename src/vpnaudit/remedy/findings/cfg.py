"""The two ends' configurations do not mirror each other: what to compare. The owners decide which is right."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, investigate, look
from vpnaudit.remedy.situation import FindingSituation


def remedies(situation: FindingSituation) -> Remedies:
    """Both ends side by side."""
    finding = situation.finding
    for place in situation.places:
        yield investigate(
            place,
            (finding.title, situation.scope),
            title=f"Compare {place.name} with the other end",
            why=f"Expected: {finding.expected}. Found: {finding.actual}. Which end is right is for the owners to say.",
            commands=(*look(place, "lifetime"), *look(place, "filter"), *look(place, "config")),
        )
