"""The path or an interface loses packets, flaps, or damages them."""

from __future__ import annotations

from vpnaudit.model.judgement import Remediation
from vpnaudit.remedy.offer import Remedies, investigate, is_word, look
from vpnaudit.remedy.situation import FindingSituation, Place


def remedies(situation: FindingSituation) -> Remedies:
    """The interface that the finding names, twice; the negotiations where IKE was given up."""
    named = situation.finding.parameters.get("interface")
    for place in situation.changed:
        if "ike" in situation.finding.title:
            yield _who_does_not_answer(place)
        else:
            yield _counters(place, named if is_word(named) else None)


def _counters(place: Place, interface: str | None) -> Remediation | None:
    return investigate(
        place,
        ("interface", interface or "all"),
        title=f"Check {interface or 'the interfaces'} of {place.name}",
        why=(
            "Take the counters twice, some minutes apart: what rises is happening now. Compare the times of "
            "outages with those of the events; the longest outage counts, not the average loss."
        ),
        commands=(*look(place, "interface", interface), *look(place, "log")),
    )


def _who_does_not_answer(place: Place) -> Remediation | None:
    return investigate(
        place,
        ("ike-given-up",),
        title=f"See which peers of {place.name} do not answer IKE",
        why=(
            "Take these twice, an hour apart. A peer that is down for good goes out of the configuration; one that "
            "comes and goes has outages on its path, or a filter that passes UDP 500 and 4500 one way only."
        ),
        commands=(*look(place, "session"), *look(place, "ike"), *look(place, "filter"), *look(place, "log")),
    )
