"""A device was reloaded, or runs a release with known defects."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, investigate, look
from vpnaudit.remedy.situation import FindingSituation


def remedies(situation: FindingSituation) -> Remedies:
    """The release that repairs a defect where one is known; else why the device reloaded."""
    repaired = situation.finding.parameters.get("repaired")
    for place in situation.changed:
        if repaired is not None:
            yield investigate(
                place,
                ("upgrade",),
                title=f"Plan an upgrade of {place.name} to {repaired} or later",
                why=(
                    f"{situation.finding.because} Read the release notes first; which release is right for the device "
                    "is for its owner to say."
                ),
                commands=look(place, "release"),
            )
        else:
            yield investigate(
                place,
                ("release",),
                title=f"See why {place.name} reloaded and what its release is known for",
                why="A reload loses every SA while the peers keep theirs; a reload without a reason comes again.",
                commands=look(place, "reload"),
            )
