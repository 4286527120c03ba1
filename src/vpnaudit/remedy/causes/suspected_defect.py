"""The ends agree on all but the SPIs, or one refuses what its own table has: a defect is suspected (field guide C5)."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask, clear_both, investigate, look
from vpnaudit.remedy.situation import Situation

_DISAGREE = "The ends disagree on their SPIs and do not heal by themselves."
_REFUSED = (
    "{} refuses packets on an SA that its own table has, and both ends agree on it: nothing but its lifetime or a new "
    "negotiation ends that."
)


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
    yield from clear_both(situation, _why_clear(situation))
    yield ask(
        situation,
        (
            "device, software release and role (initiator or responder) of your end at the last rekey;",
            "your outbound and inbound SPIs for this tunnel now, with the time at which you looked;",
            "then please clear this tunnel (this peer only).",
        ),
        "A defect can be at either end; the vendor needs both.",
    )


def _why_clear(situation: Situation) -> str:
    return _REFUSED.format(situation.receiver.name) if situation.story.mechanism == "unexplained" else _DISAGREE
