"""Waivers: what was accepted, by whom and until when, laid on findings and diagnoses."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct, structs

from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Finding, Reason, Subject, Waived

WaiverState = Literal["in-force", "expired", "passing", "unused"]
"""Passing: what it names is there and passes. Unused: nothing is there that it names."""


class Waiver(Struct, frozen=True, kw_only=True, gc=False):
    """An accepted finding or diagnosis, as `vpnaudit.yaml` has it at `line`.

    `rule` is the ID or the title of a rule, or the name of a cause. `subject` is a pattern (`*`, `?`, `[…]`) for a
    device, a tunnel's id, a source or the address of a peer; without it every subject is meant. It holds up to and
    including the day `expires` (UTC).
    """

    rule: str
    reason: str
    expires: datetime.date
    subject: str | None = None
    owner: str | None = None
    line: int | None = None


class WaiverUse(Struct, frozen=True, kw_only=True, gc=False):
    """What became of a waiver, and how many findings and diagnoses it covers (what passes is not counted)."""

    waiver: Waiver
    state: WaiverState
    covers: int


class Judged(Struct, frozen=True, kw_only=True, gc=False):
    """Findings and diagnoses with the waivers laid on them, in their order, and what became of each waiver."""

    findings: tuple[Finding, ...]
    diagnoses: tuple[Diagnosis, ...]
    uses: tuple[WaiverUse, ...]


def lay_on(
    waivers: Sequence[Waiver], findings: Sequence[Finding], diagnoses: Sequence[Diagnosis], fleet: Fleet
) -> Judged:
    """Mark what is waived; it stays where it is. What passes is not marked.

    "Today" is the day of the fleet's collection, so that the same snapshot is always judged alike. A waiver that has
    run out marks nothing: what it covered counts again and says so.
    """
    if not waivers:
        return Judged(findings=tuple(findings), diagnoses=tuple(diagnoses), uses=())
    today = fleet.collected_at.date()
    covered: dict[int, list[bool]] = {n: [] for n in range(len(waivers))}

    def covering(names: Iterable[str], subject: Subject, *, passes: bool = False) -> list[Waiver]:
        found = [n for n, w in enumerate(waivers) if _is_named(w, names) and _is_meant(w, subject, fleet)]
        for number in found:
            covered[number].append(passes)
        return [waivers[n] for n in found]

    marked_findings = tuple(
        _finding(f, covering((f.rule, f.title), f.subject, passes=f.status == "PASS"), today) for f in findings
    )
    marked_diagnoses = tuple(_diagnosis(d, covering((d.cause,), d.subject), today) for d in diagnoses)
    uses = tuple(_use(w, covered[n], today) for n, w in enumerate(waivers))
    return Judged(findings=marked_findings, diagnoses=marked_diagnoses, uses=uses)


def _is_named(waiver: Waiver, names: Iterable[str]) -> bool:
    return waiver.rule.lower() in {n.lower() for n in names}


def _is_meant(waiver: Waiver, subject: Subject, fleet: Fleet) -> bool:
    if waiver.subject is None:
        return True
    pattern = waiver.subject.lower()
    return any(fnmatchcase(name.lower(), pattern) for name in _names_of(subject, fleet))


def _names_of(subject: Subject, fleet: Fleet) -> set[str]:
    """Everything by which a person may call the subject."""
    tunnel = fleet.tunnel_by_id.get(subject.tunnel or "")
    ends = (tunnel.local, tunnel.remote) if tunnel is not None else ()
    addresses = {a for e in ends for a in (e.address, e.seen)}
    return {name for name in (*subject.devices, subject.tunnel, subject.source, *addresses) if name}


def _finding(finding: Finding, waivers: Sequence[Waiver], today: datetime.date) -> Finding:
    if finding.status == "PASS" or not waivers:
        return finding
    if (waived := _in_force(waivers, today)) is not None:
        return structs.replace(finding, waived=waived)
    return structs.replace(finding, because=" ".join([finding.because, *_ended(waivers)]))


def _diagnosis(diagnosis: Diagnosis, waivers: Sequence[Waiver], today: datetime.date) -> Diagnosis:
    if not waivers:
        return diagnosis
    if (waived := _in_force(waivers, today)) is not None:
        return structs.replace(diagnosis, waived=waived)
    return structs.replace(diagnosis, because=(*diagnosis.because, *(Reason(text=t) for t in _ended(waivers))))


def _in_force(waivers: Sequence[Waiver], today: datetime.date) -> Waived | None:
    """The one of `waivers` that holds longest."""
    holding = [w for w in waivers if w.expires >= today]
    if not holding:
        return None
    longest = max(holding, key=lambda w: w.expires)
    return Waived(reason=longest.reason, until=longest.expires.isoformat(), owner=longest.owner)


def _ended(waivers: Sequence[Waiver]) -> list[str]:
    return [f"A waiver of this ended on {w.expires.isoformat()} ({w.reason})." for w in waivers]


def _use(waiver: Waiver, covered: Sequence[bool], today: datetime.date) -> WaiverUse:
    state: WaiverState = "unused"
    if False in covered:
        state = "in-force" if waiver.expires >= today else "expired"
    elif covered:
        state = "passing"
    return WaiverUse(waiver=waiver, state=state, covers=covered.count(False))
