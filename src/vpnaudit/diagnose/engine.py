"""Weighs every cause against every story and names one: the first that explains, with its rivals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from vpnaudit.diagnose import waves
from vpnaudit.diagnose.counts import count_reasons
from vpnaudit.diagnose.of_story import from_another_address, logged_elsewhere, of_another_device
from vpnaudit.diagnose.registry import all_causes
from vpnaudit.diagnose.rivals import CATCH_ALL, Told, examples, ruled_out, would_settle
from vpnaudit.diagnose.signs import EARLIEST
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
    Severity,
    Story,
    Subject,
    Weighing,
)
from vpnaudit.settings import Settings

LOW = frozenset({"insufficient-evidence", "unconfigured-source", "damaged-in-transit"})


def diagnose(fleet: Fleet, settings: Settings) -> tuple[Diagnosis, ...]:
    """One diagnosis a cause and tunnel (or source), sorted by severity, confidence, last event."""
    merged: dict[tuple[str, str], list[tuple[Story, Weighing, Mapping[str, Weighing]]]] = {}
    judged = [(story, *judge(story, fleet, settings)) for story in tell(fleet)]
    told = _as_proven_elsewhere(judged)
    for subject, (story, cause, weighings) in zip(waves.subjects(told, fleet), told, strict=True):
        merged.setdefault((cause.name, subject), []).append((story, weighings[cause.name], weighings))
    causes = {c.name: c for c in all_causes()}
    widespread = _is_widespread(fleet, settings)
    found = [_diagnosis(causes[name], subject, of, widespread, fleet) for (name, subject), of in merged.items()]
    return tuple(sorted(found, key=_order))


def judge(story: Story, fleet: Fleet, settings: Settings) -> tuple[Cause, Mapping[str, Weighing]]:
    """The cause that wins, and what every cause says."""
    weighings = {c.name: c.weigh(story, fleet, settings) for c in all_causes()}
    if logged_elsewhere(story):
        asked = of_another_device(story, fleet)
        weighings = {n: asked if w.verdict == "fits" and n != CATCH_ALL else w for n, w in weighings.items()}
    waiting = _open(weighings)
    winner = next(c for c in all_causes() if weighings[c.name].verdict == "fits" and c.name not in waiting)
    return winner, weighings


def _open(weighings: Mapping[str, Weighing]) -> frozenset[str]:
    """The causes that are open, and those that would fit and wait for one of them."""
    found = {name for name, w in weighings.items() if w.verdict == "open"}
    for cause in all_causes():
        if weighings[cause.name].verdict == "fits" and found.intersection(weighings[cause.name].unless_open):
            found.add(cause.name)
    return frozenset(found)


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
    told: Told,
    widespread: bool,
    fleet: Fleet,
) -> Diagnosis:
    stories = tuple(story for story, _, _ in told)
    newest_story, newest, _ = max(told, key=lambda t: (t[0].ongoing, t[0].ends or EARLIEST))
    own = [(w, _confidence(cause, w, ws)) for _, w, ws in told]
    devices = {d for s in stories for d in (s.receiver, s.sender) if d}
    wave = waves.is_wave(stories)
    tunnel = newest_story.tunnel or next((s.tunnel for s in stories if s.tunnel is not None), None)
    moved = [r for s in stories for r in from_another_address(s)]
    reasons = waves.because(told) if wave else [r for w, _ in own for r in w.because]
    return Diagnosis(
        id=f"{cause.name} {subject}",
        cause=cause.name,
        severity=_severity(cause.name, any(s.ongoing for s in stories), widespread),
        confidence=min((c for _, c in own), key=CONFIDENCES.index),
        owner=newest.owner or cause.owner,
        owner_devices=tuple(sorted({d for w, _ in own for d in w.owner_devices})),
        subject=Subject(
            devices=tuple(sorted(devices)),
            tunnel=tunnel.id if tunnel else None,
            source=newest_story.source if not wave else None,
        ),
        title=waves.title(cause, stories, newest.title) if wave else _title(cause, stories, newest),
        because=_unique((*reasons, *moved, *count_reasons(stories, fleet))),
        ruled_out=ruled_out(cause, told),
        would_settle=would_settle(cause, examples(cause, told, waves.SHOWN) if wave else told),
        stories=stories,
        parameters=newest.parameters,
    )


def _title(cause: Cause, stories: Sequence[Story], newest: Weighing) -> str:
    return cause.title_of(stories) if cause.title_of is not None and len(stories) > 1 else newest.title


def _confidence(cause: Cause, weighing: Weighing, all_of: Mapping[str, Weighing]) -> Confidence:
    """A cause that would have gone first and is still open makes "likely" no more than "possible"."""
    if weighing.confidence != "likely":
        return weighing.confidence
    earlier = [c.name for c in all_causes() if c.order < cause.order]
    return "possible" if _open(all_of).intersection(earlier) else "likely"


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


def _unique(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple({r.text: r for r in reasons}.values())


def _order(diagnosis: Diagnosis) -> tuple[int, int, float, str]:
    last = max((at for s in diagnosis.stories if (at := s.ends) is not None), default=EARLIEST)
    return (
        SEVERITIES.index(diagnosis.severity),
        CONFIDENCES.index(diagnosis.confidence),
        -(last - EARLIEST).total_seconds(),
        diagnosis.id,
    )
