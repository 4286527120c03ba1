"""The path or an interface loses packets, flaps, or damages them."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, investigate, is_word, look
from vpnaudit.remedy.situation import FindingSituation


def remedies(situation: FindingSituation) -> Remedies:
    """The interface that the finding names, twice."""
    named = situation.finding.parameters.get("interface")
    interface = named if is_word(named) else None
    for place in situation.changed:
        yield investigate(
            place,
            ("interface", interface or "all"),
            title=f"Check {interface or 'the interfaces'} of {place.name}",
            why=(
                "Take the counters twice, some minutes apart: what rises is happening now. Compare the times of "
                "outages with those of the events; the longest outage counts, not the average loss."
            ),
            commands=(*look(place, "interface", interface), *look(place, "log")),
        )
