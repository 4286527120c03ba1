"""Findings and diagnoses, and the rules and causes that make them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from vpnaudit.model.event import Confidence, Episode, Mechanism
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.tunnel import LiveSa, Tunnel, TunnelEnd

Severity = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
CONFIDENCES: tuple[Confidence, ...] = ("proven", "likely", "possible")
Status = Literal["PASS", "FAIL", "UNKNOWN"]
Owner = Literal["sender", "receiver", "both", "path", "vendor", "nobody", "unknown"]
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
"""What a change needs to know where it needs nothing: one for all, since most findings are that nothing is wrong."""


class Subject(Struct, frozen=True, kw_only=True, gc=False):
    """What a finding or diagnosis is about."""

    devices: tuple[str, ...] = ()
    tunnel: str | None = None
    source: str | None = None


class Waived(Struct, frozen=True, kw_only=True, gc=False):
    """An accepted finding or diagnosis: why, by whom, until when (ISO date)."""

    reason: str
    until: str | None = None
    owner: str | None = None


class Finding(Struct, frozen=True, kw_only=True, gc=False):
    """What one rule says about one subject. UNKNOWN: the evidence is not there, `because` names the command.

    `parameters` is for `remedy`: what the change needs to know, by name.
    """

    rule: str
    title: str
    status: Status
    severity: Severity
    subject: Subject
    expected: str
    actual: str
    because: str
    evidence: tuple[Evidence, ...] = ()
    parameters: Mapping[str, str] = NO_PARAMETERS
    waived: Waived | None = None


class Rule(Struct, frozen=True, kw_only=True, gc=False):
    """A rule of one file of `checks`. The file's docstring is its page in `explain`."""

    id: str
    title: str
    severity: Severity
    needs: tuple[str, ...]
    check: Callable[[Fleet, Any], Iterable[Finding]]
    page: str = ""


class Reason(Struct, frozen=True, kw_only=True, gc=False):
    """One sentence of a diagnosis, with the lines that prove it."""

    text: str
    evidence: tuple[Evidence, ...] = ()


class RuledOut(Struct, frozen=True, kw_only=True, gc=False):
    """A rival cause, and what speaks against it: with the lines that prove it, where it is a line that does.

    "ruled-out": it cannot be. "unlikely": it could, but what was found explains more.
    """

    cause: str
    because: str
    verdict: Literal["ruled-out", "unlikely"] = "ruled-out"
    evidence: tuple[Evidence, ...] = ()


class WouldSettle(Struct, frozen=True, kw_only=True, gc=False):
    """A question that is open, the command (on which device) that would settle it, and the causes that hang on it."""

    question: str
    command: str | None = None
    causes: tuple[str, ...] = ()


class Story(Struct, frozen=True, kw_only=True, dict=True):
    """Episodes that share one trouble, of one tunnel or source; `episodes` may be empty for a tunnel out of step now.

    `receiver` is the device that logged, or that lacks the SA; `sender` the device at the other end if it is ours.
    `source` is the sender's address as the receiver sees it. `ongoing`: out of step at the time of the collection.
    """

    mechanism: Mechanism
    receiver: str
    sender: str | None
    source: str | None
    tunnel: Tunnel | None
    episodes: tuple[Episode, ...] = ()
    ongoing: bool = False

    @cached_property
    def receiver_end(self) -> TunnelEnd | None:
        """The receiver's end of the tunnel."""
        return self.tunnel.end_of(self.receiver) if self.tunnel else None

    @cached_property
    def sender_end(self) -> TunnelEnd | None:
        """The other end; its `device` is null where it is not ours."""
        return self.tunnel.other_end(self.receiver) if self.tunnel is not None and self.receiver_end else None

    @cached_property
    def begins(self) -> datetime | None:
        """When the first event was logged, on the common clock."""
        return min((e.first_at for e in self.episodes if e.first_at), default=None)

    @cached_property
    def ends(self) -> datetime | None:
        """When the last event was logged, on the common clock."""
        return max((e.last_at for e in self.episodes if e.last_at), default=None)

    @cached_property
    def sent_sa(self) -> LiveSa | None:
        """The sender's live outbound SA that it is about; null where its table was taken before all the lines."""
        end = self.sender_end
        if end is None or (self.episodes and all(v.outdated for e in self.episodes for v in e.events)):
            return None
        spis = {e.spi for e in self.episodes}
        if not spis and self.tunnel is not None:
            spis = {s.spi for s in self.tunnel.stale if s.receiver == self.receiver}
        return next((s for s in end.outbound if s.spi in spis), None)


class Weighing(Struct, frozen=True, kw_only=True, gc=False):
    """What one cause says of one story.

    "fits": it explains the story, with this confidence. "out": it cannot be, `because` says by what. "unlikely": what
    was read speaks against it and does not prove it, `because` says what. "open": it could be, and `would_settle` says
    what is missing.
    """

    verdict: Literal["fits", "out", "unlikely", "open"]
    confidence: Confidence = "possible"
    because: tuple[Reason, ...] = ()
    would_settle: tuple[WouldSettle, ...] = ()
    owner: Owner | None = None
    owner_devices: tuple[str, ...] = ()
    title: str = ""
    parameters: Mapping[str, str] = NO_PARAMETERS
    unless_open: tuple[str, ...] = ()
    """Causes that must not be open for this one to be named: it fits only because they do not."""


class Cause(Struct, frozen=True, kw_only=True, gc=False):
    """A cause of one file of `diagnose`. `order`: of several that fit, the lowest wins. The docstring is its page."""

    name: str
    order: int
    owner: Owner
    weigh: Callable[[Story, Fleet, Any], Weighing]
    page: str = ""
    title_of: Callable[[Sequence[Story]], str] | None = None
    """The title of several stories together, where that of the newest would not do."""


class Diagnosis(Struct, frozen=True, kw_only=True, gc=False):
    """One story explained."""

    id: str
    cause: str
    severity: Severity
    confidence: Confidence
    owner: Owner
    owner_devices: tuple[str, ...]
    subject: Subject
    title: str
    because: tuple[Reason, ...]
    ruled_out: tuple[RuledOut, ...]
    would_settle: tuple[WouldSettle, ...]
    stories: tuple[Story, ...]
    parameters: Mapping[str, str] = NO_PARAMETERS
    waived: Waived | None = None


class Remediation(Struct, frozen=True, kw_only=True, gc=False):
    """A change on one device, or something to ask or look into. Commands are for a person: vpnaudit sends none."""

    id: str
    device: str | None
    side: Literal["sender", "receiver", "both"]
    kind: Literal["config", "exec", "ask", "investigate"]
    title: str
    why: str
    commands: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()
    risk: Literal["none", "low", "disruptive"] = "none"
    disruption: str = ""
