"""Weighs every cause against every story and names one: the first that explains, with its rivals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import structs

from vpnaudit.diagnose.registry import all_causes
from vpnaudit.diagnose.signs import ends
from vpnaudit.diagnose.stories import tell
from vpnaudit.diagnose.verdicts import reason
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import (
    CONFIDENCES,
    SEVERITIES,
    Cause,
    Diagnosis,
    Reason,
    RuledOut,
    Severity,
    Story,
    Subject,
    Weighing,
    WouldSettle,
)
from vpnaudit.settings import Settings

LOW = frozenset({"insufficient-evidence", "unconfigured-source", "damaged-in-transit"})
_SHOW = re.compile(r"show [a-z][a-z0-9 -]*[a-z0-9]")
EARLIEST = datetime.min.replace(tzinfo=UTC)


def diagnose(fleet: Fleet, settings: Settings) -> tuple[Diagnosis, ...]:
    """One diagnosis a cause and tunnel (or source), sorted by severity, confidence, last event."""
    merged: dict[tuple[str, str], list[tuple[Story, Weighing, Mapping[str, Weighing]]]] = {}
    judged = [(story, *judge(story, fleet, settings)) for story in tell(fleet)]
    for story, cause, weighings in _as_proven_elsewhere(judged):
        subject = story.tunnel.id if story.tunnel else f"source {story.source or 'unknown'}"
        merged.setdefault((cause.name, subject), []).append((story, weighings[cause.name], weighings))
    causes = {c.name: c for c in all_causes()}
    widespread = _is_widespread(fleet, settings)
    found = [_diagnosis(causes[name], subject, told, widespread) for (name, subject), told in merged.items()]
    return tuple(sorted(found, key=_order))


def judge(story: Story, fleet: Fleet, settings: Settings) -> tuple[Cause, Mapping[str, Weighing]]:
    """The cause that wins, and what every cause says."""
    weighings = {c.name: c.weigh(story, fleet, settings) for c in all_causes()}
    left_open = {name for name, w in weighings.items() if w.verdict == "open"}
    winner = next(
        c
        for c in all_causes()
        if weighings[c.name].verdict == "fits" and not left_open.intersection(weighings[c.name].unless_open)
    )
    return winner, weighings


def _as_proven_elsewhere(
    judged: Sequence[tuple[Story, Cause, Mapping[str, Weighing]]],
) -> list[tuple[Story, Cause, Mapping[str, Weighing]]]:
    """An episode that proves its cause speaks for those of its kind, between the same ends, that leave it open.

    The newest still has its SAs in the tables, the older ones have not.
    """
    proven = {
        (story.tunnel.id, story.receiver, story.mechanism): (cause, weighings[cause.name])
        for story, cause, weighings in judged
        if story.tunnel is not None and weighings[cause.name].confidence == "proven"
    }
    found: list[tuple[Story, Cause, Mapping[str, Weighing]]] = []
    for story, cause, weighings in judged:
        key = (story.tunnel.id if story.tunnel else "", story.receiver, story.mechanism)
        other, weighing = proven.get(key, (cause, weighings[cause.name]))
        if other.order < cause.order and weighings[other.name].verdict == "open":
            same = reason(f"the same as the episode of {story.source} for which it is proven")
            adopted = structs.replace(weighing, confidence="possible", because=(same,), would_settle=())
            found.append((story, other, {**weighings, other.name: adopted}))
        else:
            found.append((story, cause, weighings))
    return found


def _diagnosis(
    cause: Cause,
    subject: str,
    told: Sequence[tuple[Story, Weighing, Mapping[str, Weighing]]],
    widespread: bool,
) -> Diagnosis:
    stories = tuple(story for story, _, _ in told)
    newest_story, newest, _ = max(told, key=lambda t: (t[0].ongoing, ends(t[0]) or EARLIEST))
    own = [(w, _confidence(cause, w, ws)) for _, w, ws in told]
    devices = {d for s in stories for d in (s.receiver, s.sender) if d}
    tunnel = newest_story.tunnel
    return Diagnosis(
        id=f"{cause.name} {subject}",
        cause=cause.name,
        severity=_severity(cause.name, any(s.ongoing for s in stories), widespread),
        confidence=min((c for _, c in own), key=CONFIDENCES.index),
        owner=newest.owner or cause.owner,
        owner_devices=tuple(sorted({d for w, _ in own for d in w.owner_devices})),
        subject=Subject(
            devices=tuple(sorted(devices)), tunnel=tunnel.id if tunnel else None, source=newest_story.source
        ),
        title=newest.title,
        because=_unique(r for w, _ in own for r in w.because),
        ruled_out=_ruled_out(cause, told),
        would_settle=_would_settle(cause, told),
        stories=stories,
        parameters=newest.parameters,
    )


def _confidence(cause: Cause, weighing: Weighing, all_of: Mapping[str, Weighing]) -> Confidence:
    """A cause that would have gone first and is still open makes "likely" no more than "possible"."""
    if weighing.confidence != "likely":
        return weighing.confidence
    earlier = [c.name for c in all_causes() if c.order < cause.order]
    return "possible" if any(all_of[name].verdict == "open" for name in earlier) else "likely"


def _severity(cause: str, ongoing: bool, widespread: bool) -> Severity:
    if cause == "normal-rekey":
        return "info"
    if cause in LOW:
        return "medium" if ongoing else "low"
    if cause == "frequent-rekey":
        return "medium"
    if ongoing:
        return "critical" if widespread else "high"
    return "medium"


def _is_widespread(fleet: Fleet, settings: Settings) -> bool:
    limits = settings.thresholds
    count = sum(1 for t in fleet.tunnels if t.stale)
    share = count / len(fleet.tunnels) if fleet.tunnels else 0.0
    return count >= limits.critical_tunnels or (
        count >= limits.critical_share_tunnels and share >= limits.critical_share
    )


def _ruled_out(cause: Cause, told: Sequence[tuple[Story, Weighing, Mapping[str, Weighing]]]) -> tuple[RuledOut, ...]:
    found: dict[str, str] = {}
    for rival in all_causes():
        for _, _, weighings in told:
            weighing = weighings[rival.name]
            if rival.name in {cause.name, "insufficient-evidence"} or rival.name in found:
                continue
            if weighing.verdict == "out" and weighing.because:
                found[rival.name] = weighing.because[0].text
            elif weighing.verdict == "fits" and rival.order > cause.order:
                found[rival.name] = f"it would fit too, but {cause.name} explains why the receiver has no SA"
    return tuple(RuledOut(cause=name, because=because) for name, because in found.items())


def _would_settle(
    cause: Cause, told: Sequence[tuple[Story, Weighing, Mapping[str, Weighing]]]
) -> tuple[WouldSettle, ...]:
    """Its own questions, and of its rivals those that take a command beyond: one answer settles many questions."""
    asked = [w for _, own, _ in told for w in own.would_settle]
    known = {answer for w in asked for answer in _answers(w)}
    for _, _, weighings in told:
        for rival in all_causes():
            weighing = weighings[rival.name]
            if rival.name != cause.name and weighing.verdict == "open":
                more = [w for w in weighing.would_settle if not _answers(w) or not _answers(w) <= known]
                asked += more
                known.update(answer for w in more for answer in _answers(w))
    return tuple(dict.fromkeys(asked))


@lru_cache(maxsize=65536)
def _answers(wanted: WouldSettle) -> frozenset[tuple[str, str]]:
    """The show commands that it takes, each with the device."""
    device, _, commands = (wanted.command or "").partition(":")
    return frozenset((device, command) for command in _SHOW.findall(commands))


def _unique(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple({r.text: r for r in reasons}.values())


def _order(diagnosis: Diagnosis) -> tuple[int, int, float, str]:
    last = max((at for s in diagnosis.stories if (at := ends(s)) is not None), default=EARLIEST)
    return (
        SEVERITIES.index(diagnosis.severity),
        CONFIDENCES.index(diagnosis.confidence),
        -(last - EARLIEST).total_seconds(),
        diagnosis.id,
    )
