"""Packets arrive with a bit or two changed: look at the interfaces and the lines on the way."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, investigate, look
from vpnaudit.remedy.settings import outside_interface
from vpnaudit.remedy.situation import Situation


def remedies(situation: Situation) -> Remedies:
    """Error counters, twice some minutes apart, at each end of ours; the receiver first, where the packets arrive."""
    for place in (p for p in reversed(situation.places) if p.device is not None):
        outside = outside_interface(place)
        yield investigate(
            place,
            ("interface", outside.name if outside is not None else "all"),
            title=f"Check the interface errors of {place.name}",
            why=(
                "Take the counters twice, some minutes apart: CRC and input errors that rise name the line. Errors at "
                "neither end mean a device in between that changes packets and makes their checksums anew."
            ),
            commands=look(place, "interface", outside.name if outside is not None else None),
        )
