"""Memory is low, in pieces, or allocations failed: find the holder."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, investigate, look
from vpnaudit.remedy.situation import FindingSituation


def remedies(situation: FindingSituation) -> Remedies:
    """The same look as for the cause `low-memory`."""
    for place in situation.changed:
        yield investigate(
            place,
            ("memory",),
            title=f"Find what holds the memory of {place.name}",
            why="Take these now and a day later: the process whose holding grows is the holder. Do not reboot first.",
            commands=(*look(place, "memory"), *look(place, "release")),
        )
