"""Outages of the path cost one end its SAs (field guide C9, section 6): wait longer than the longest."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask, clear_both, investigate, look, to_clear
from vpnaudit.remedy.settings import outside_interface, periodic_dpd
from vpnaudit.remedy.situation import Situation


def remedies(situation: Situation) -> Remedies:
    """Clear what is out of step, find the outages, patient DPD at both ends."""
    yield from clear_both(situation, "An outage cost one end its SAs; the sender still uses them.")
    for place in situation.ours:
        outside = outside_interface(place)
        yield investigate(
            place,
            ("outages", situation.scope),
            title=f"Measure the longest outage of the path at {place.name}",
            why=(
                "Not the average counts but the longest outage: one shorter than DPD waits costs nothing. A probe a "
                "second with its times (IP SLA, BFD) tells; see also whether IKE (UDP 500 and 4500) is dropped by a "
                "queue or policer, and mark it like other control traffic."
            ),
            commands=(
                *look(place, "interface", outside.name if outside is not None else None),
                *look(place, "filter"),
                *look(place, "log"),
            ),
        )
    for place in situation.ours:
        yield periodic_dpd(
            place,
            situation.receiver if place.side == "sender" else situation.sender,
            "Periodic DPD heals a stale SA; with 30 s / 5 s it waits out outages up to 25 s instead of ending the "
            "tunnel in each.",
            lossy=True,
        )
    yield ask(
        situation,
        (
            *(to_clear(situation, "please clear this tunnel (this peer only);") if situation.story.ongoing else ()),
            "did your end see an outage, an interface change or DPD failures at these times?",
            "your DPD timers: periodic 30 s / 5 s waits out outages up to 25 s and still heals the tunnel;",
            "is IKE (UDP 500 and 4500) protected from drops in your queues and at your provider?",
        ),
        "An outage has two ends; the owner of the other can compare the times.",
    )
