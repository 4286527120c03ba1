"""The log cannot tell what happened: stamps, clock, buffer or level."""

from __future__ import annotations

from vpnaudit.model.judgement import Remediation
from vpnaudit.model.platform import Change, RemedySyntax
from vpnaudit.remedy.offer import Remedies, configure, investigate, look
from vpnaudit.remedy.situation import FindingSituation, Place

_BUFFER_BYTES = 262_144
_LARGEST_BYTES = 4_194_304
"""A buffer above this costs memory that the device may need; a log server is the answer then."""


def remedies(situation: FindingSituation) -> Remedies:
    """By what the rule's title is about: stamps, clock, buffer and level, session lines."""
    title = situation.finding.title
    for place in situation.changed:
        if "ntp" in title or "clock" in title:
            yield investigate(
                place,
                ("clock",),
                title=f"Synchronise the clock of {place.name}",
                why=(
                    "Times of two devices can only be compared on synchronised clocks. Which servers to use (two, with "
                    "authentication) is for the site to say."
                ),
                commands=look(place, "clock"),
            )
        elif place.syntax is not None:
            yield _change(place, place.syntax, title)


def _change(place: Place, syntax: RemedySyntax, title: str) -> Remediation | None:
    if "stamp" in title or "msec" in title:
        return _configure(
            place,
            syntax.log_stamps(),
            "log-stamps",
            "Log stamps with milliseconds, zone and year",
            "Without them lines of two devices cannot be put in order.",
            "None; programs that read the log may expect the old form.",
        )
    if "session" in title:
        return _configure(
            place,
            syntax.log_sessions(),
            "log-sessions",
            "Log tunnels coming up and going down",
            "The lines give the times of every set-up, which the tables do not keep.",
            "None; two log lines per set-up.",
        )
    return _configure(
        place,
        syntax.log_buffer(_buffer_bytes(place, wrapped="wrap" in title)),
        "log-buffer",
        "A larger log buffer at level informational",
        "The buffer has to hold the events and what happened around them until the next collection.",
        "A change of its size empties the buffer: save it first.",
    )


def _configure(
    place: Place, change: Change | None, slug: str, title: str, why: str, disruption: str
) -> Remediation | None:
    if change is None:
        return None
    return configure(place, change, (slug,), title=f"{title} on {place.name}", why=why, disruption=disruption)


def _buffer_bytes(place: Place, *, wrapped: bool) -> int:
    """At least the usual size, never less than what stands; twice that where it has wrapped."""
    standing = place.facts.logging_buffered_bytes if place.facts is not None else None
    wanted = (standing or 0) * 2 if wrapped else (standing or 0)
    return min(max(wanted, _BUFFER_BYTES), max(standing or 0, _LARGEST_BYTES))
