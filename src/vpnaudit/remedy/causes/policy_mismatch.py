"""The ends disagree on what the tunnel protects (field guide C12): the access lists have to mirror each other."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask, investigate, look
from vpnaudit.remedy.situation import Place, Situation


def remedies(situation: Situation) -> Remedies:
    """Which lines to compare. No lines are proposed: what should be protected is for the two owners to say."""
    if situation.diagnosis.parameters.get("by") == "pfs":
        yield from _pfs(situation)
        return
    for place in situation.ours:
        yield investigate(
            place,
            ("proxies", situation.scope),
            title=f"Compare what {place.name} protects with what the other end does",
            why=(
                "Every permit of one end's access list needs its mirror at the other, with the same masks, protocols "
                "and ports; NAT exemption has to come before it. What belongs in the tunnel is for the owners to "
                f"decide. {_protected(place)}"
            ).strip(),
            commands=(
                *look(place, "lifetime"),
                *look(place, "filter", _list_name(place)),
                *look(place, "sa", place.peer),
            ),
        )
    yield ask(
        situation,
        (
            "the networks, protocols and ports that your end protects towards ours, as pairs (yours, ours);",
            "which transforms, PFS group and mode your end offers for this tunnel;",
            "what your end logged about it at these times.",
        ),
        "The two ends' lists have to mirror each other; we see only ours.",
    )


def _pfs(situation: Situation) -> Remedies:
    for place in situation.ours:
        yield investigate(
            place,
            ("pfs", situation.scope),
            title=f"Set the same PFS group at {place.name} and at the other end, or none at both",
            why=(
                "The first pair of an IKE SA is made without PFS, every rekey with it: the end that wants it refuses "
                "what the other offers, and the session lasts as long as its first SA. Which of the two is wanted is "
                "for the owners to decide."
            ),
            commands=(*look(place, "lifetime"), *look(place, "config")),
        )
    yield ask(
        situation,
        (
            "which PFS group your end asks for in a rekey of this tunnel, or none;",
            "what your end logged at these times.",
        ),
        "Both ends have to ask for the same group.",
    )


def _protected(place: Place) -> str:
    proxies = place.end.proxies if place.end is not None else None
    if not proxies:
        return ""
    return f"Here: {', '.join(f'{p.local} to {p.remote} ({p.protocol})' for p in proxies[:20])}."


def _list_name(place: Place) -> str | None:
    entry = place.end.map_entry if place.end is not None else None
    entries = place.facts.map_entries if place.facts is not None else ()
    return next((e.acl for e in entries if f"{e.name} {e.sequence}" == entry), None)
