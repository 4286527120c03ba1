"""What an audit says that the one before did not: lines for a terminal on which logs are followed."""

from __future__ import annotations

from collections.abc import Iterator

from vpnaudit.model.audit import Audit, AuditDiagnosis, AuditEvent
from vpnaudit.report.view import wording
from vpnaudit.report.view.clean import visible
from vpnaudit.report.view.joined import join
from vpnaudit.report.view.verdict import headline

MOST_EVENTS = 50
"""Of one look; of more the rest is counted."""


def news(before: Audit | None, after: Audit) -> Iterator[str]:
    """Yield the verdict at the beginning, later each new event; after them each diagnosis that is new or changed."""
    if before is None:
        yield visible(headline(join(after)))
    else:
        yield from _events(before, after)
    known = {_said(diagnosis) for diagnosis in before.diagnoses} if before else set()
    for diagnosis in after.diagnoses:
        if _said(diagnosis) not in known:
            yield visible(f"=> {diagnosis.severity}, {diagnosis.confidence}: {diagnosis.title} [{diagnosis.cause}]")


def _said(diagnosis: AuditDiagnosis) -> tuple[object, ...]:
    return diagnosis.cause, diagnosis.subject, diagnosis.severity, diagnosis.confidence


def _events(before: Audit, after: Audit) -> Iterator[str]:
    """Lines are known by what they say: their number in the file changes with a rotation's name."""
    known = {_line(event) for event in before.events}
    new = [event for event in after.events if _line(event) not in known]
    yield from (_event(event) for event in new[:MOST_EVENTS])
    if len(new) > MOST_EVENTS:
        yield f"and {len(new) - MOST_EVENTS:,} more"


def _line(event: AuditEvent) -> tuple[object, ...]:
    return event.device, event.time, event.raw, event.count


def _event(event: AuditEvent) -> str:
    ends = f"from {event.source or wording.UNKNOWN} to {event.destination or wording.UNKNOWN}"
    spi = f"invalid SPI {event.spi}" if event.spi else "packet without SA"
    return visible(f"{wording.clock(event.time)} {event.device}: {spi} {ends}: {event.mechanism}, {event.confidence}")
