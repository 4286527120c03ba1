"""The ends agree on everything but the SPIs: a defect of the software is suspected (field guide C5)."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask, clear_both, investigate, look
from vpnaudit.remedy.situation import Situation


def remedies(situation: Situation) -> Remedies:
    """Keep the evidence for the vendor, then clear."""
    for place in situation.ours:
        yield investigate(
            place,
            ("defect", situation.scope),
            title=f"Collect what the vendor will ask for, on {place.name}",
            why=(
                "Take these at both ends within the same minute, before anything is cleared, and open a case with "
                "them. See the release's caveats for lost or doubled SAs at a rekey."
            ),
            commands=(
                *look(place, "release"),
                *look(place, "sa", place.peer),
                *look(place, "ike"),
                *look(place, "session", place.peer),
                *look(place, "counters"),
                *look(place, "log"),
            ),
        )
    yield from clear_both(situation, "The ends disagree on their SPIs and do not heal by themselves.")
    yield ask(
        situation,
        (
            "device, software release and role (initiator or responder) of your end at the last rekey;",
            "your outbound and inbound SPIs for this tunnel now, with the time at which you looked;",
            "then please clear this tunnel (this peer only).",
        ),
        "A defect can be at either end; the vendor needs both.",
    )
