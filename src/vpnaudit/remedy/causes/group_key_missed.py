"""A GETVPN member missed a group key (field guide C14)."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, configure, investigate, is_word, look
from vpnaudit.remedy.situation import Situation

_RECOVERY_CHECK_S = 300


def remedies(situation: Situation) -> Remedies:
    """The member's own recovery check, and whether rekeys reach it."""
    place = situation.receiver
    yield investigate(
        place,
        ("group",),
        title=f"See whether {place.name} has the group's keys and gets its rekeys",
        why=(
            "All members share the group's SPIs. Compare them with another member and with the key server; a member "
            "that gets no rekeys has a path or a filter problem (UDP 848, multicast), and split key servers hand out "
            "different keys."
        ),
        commands=look(place, "group"),
    )
    for group in place.facts.gdoi_groups if place.facts is not None else ():
        change = (
            place.syntax.group_recovery_check(group, _RECOVERY_CHECK_S) if place.syntax and is_word(group) else None
        )
        if change is not None:
            yield configure(
                place,
                change,
                ("group-recovery", group),
                title=f"Recovery check for group {group} on {place.name}",
                why="With it the member registers anew when it meets an SPI of its own group that it does not have.",
                disruption=f"None at once; at most one registration in {_RECOVERY_CHECK_S} s when keys are missed.",
            )
