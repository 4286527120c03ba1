"""The receiver runs out of memory (field guide C8): find who holds it. A reboot hides the holder."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, clear_both, investigate, look
from vpnaudit.remedy.situation import Situation


def remedies(situation: Situation) -> Remedies:
    """The commands that show the holder, twice a day apart; then what brings the traffic back."""
    place = situation.receiver
    yield investigate(
        place,
        ("memory",),
        title=f"Find what holds the memory of {place.name}",
        why=(
            "Take these now and again a day later: the process whose holding grows is the holder. Then: a release "
            "without that leak, fewer SAs (idle timers), or more memory. A reboot frees it for a while and destroys "
            "the evidence."
        ),
        commands=(*look(place, "memory"), *look(place, "release")),
    )
    yield from clear_both(situation, "The receiver could not install the SA; with memory free, a new set-up can.")
