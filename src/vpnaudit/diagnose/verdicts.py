"""Short ways of writing what a cause says of a story."""

from __future__ import annotations

from vpnaudit.model.evidence import Evidence
from vpnaudit.model.judgement import Reason, Weighing, WouldSettle


def out(because: str, *evidence: Evidence) -> Weighing:
    """It cannot be this."""
    return Weighing(verdict="out", because=(Reason(text=because, evidence=evidence),))


def unlikely(because: str, *evidence: Evidence) -> Weighing:
    """It is hardly this, although nothing proves that it cannot be."""
    return Weighing(verdict="unlikely", because=(Reason(text=because, evidence=evidence),))


def still_open(question: str, command: str | None = None) -> Weighing:
    """It could be this; a command would tell."""
    return Weighing(verdict="open", would_settle=(WouldSettle(question=question, command=command),))


def reason(text: str, *evidence: Evidence) -> Reason:
    """A sentence and its lines."""
    return Reason(text=text, evidence=evidence)
