"""Ends that disagree on their SAs: clear at the end that sends."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, clear_peer, investigate, look
from vpnaudit.remedy.situation import FindingSituation


def remedies(situation: FindingSituation) -> Remedies:
    """Look again first (a rekey in between is no fault), then clear the peer at the end that the finding names."""
    for place in situation.changed:
        yield investigate(
            place,
            ("sas", situation.scope),
            title=f"Look at the SAs of {place.name} again a minute later",
            why="A rekey between the two readings looks the same for a moment. What stays is a fault.",
            commands=(*look(place, "sa", place.peer), *look(place, "session", place.peer)),
        )
    if situation.finding.severity not in {"critical", "high"} or situation.tunnel is None:
        return
    for place in situation.changed:
        yield clear_peer(place, situation.scope, "The ends do not hold the same SAs; what is sent on them is dropped.")
