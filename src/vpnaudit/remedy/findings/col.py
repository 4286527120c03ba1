"""Evidence could not be collected or read: what to collect, and with which right."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, investigate, look
from vpnaudit.remedy.situation import FindingSituation, Place

_SHOWN = 20
_RIGHTS = "See whether the account may use these commands, and whether the device answers them in time."


def remedies(situation: FindingSituation) -> Remedies:
    """The commands that the device did not answer; the clock's where that is what is not known."""
    finding = situation.finding
    for place in situation.changed:
        missing = _missing(place)
        yield investigate(
            place,
            ("collect", finding.title),
            title=f"Complete the evidence of {place.name}",
            why=f"{finding.because} {_RIGHTS if missing else ''}".strip() or finding.actual,
            commands=look(place, "clock") if "clock" in finding.title else missing,
        )


def _missing(place: Place) -> tuple[str, ...]:
    missing = place.device.missing if place.device is not None else ()
    return tuple(c for c in missing if c.startswith("show "))[:_SHOWN]
