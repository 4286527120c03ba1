"""A device was reloaded, or runs a release with known defects."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, investigate, look
from vpnaudit.remedy.situation import FindingSituation


def remedies(situation: FindingSituation) -> Remedies:
    """Why it reloaded, and which caveats its release has."""
    for place in situation.changed:
        yield investigate(
            place,
            ("release",),
            title=f"See why {place.name} reloaded and what its release is known for",
            why="A reload loses every SA while the peers keep theirs; a reload without a reason comes again.",
            commands=look(place, "reload"),
        )
