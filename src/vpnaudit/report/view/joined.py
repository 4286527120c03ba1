"""The audit document with its references followed: what belongs to a diagnosis, a tunnel, an open question."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from vpnaudit.model.audit import (
    Audit,
    AuditDevice,
    AuditDiagnosis,
    AuditEpisode,
    AuditEvent,
    AuditFinding,
    AuditProblem,
    AuditRemediation,
    AuditSa,
    AuditTunnel,
)
from vpnaudit.model.judgement import SEVERITIES
from vpnaudit.model.printable import counted
from vpnaudit.report.view import wording

WRONG_S = 60.0
"""A clock that is off by so much makes a line's time another than it was."""

SeenAt = Literal["both ends", "sender only", "receiver only", "one end seen"]


class SpiRow(Struct, frozen=True, kw_only=True, gc=False):
    """One SPI of one direction. `seen_at` is "one end seen" where the other end's SA table was not read."""

    spi: str
    seen_at: SeenAt
    remaining_s: int | None
    remaining_kb: int | None
    transform: str | None

    @property
    def fits(self) -> bool:
        """Whether nothing speaks against this SPI."""
        return self.seen_at in {"both ends", "one end seen"}


class Direction(Struct, frozen=True, kw_only=True, gc=False):
    """One direction of a tunnel: who sends, who receives, on which SPIs."""

    sender: str
    receiver: str
    rows: tuple[SpiRow, ...]


class TunnelView(Struct, frozen=True, kw_only=True, gc=False):
    """A tunnel with its directions, the number of log lines about it, and the diagnoses that explain it."""

    tunnel: AuditTunnel
    out_of_step: bool
    events: int
    diagnoses: tuple[AuditDiagnosis, ...]
    directions: tuple[Direction, ...]

    @property
    def local_name(self) -> str:
        """The local end: device and address."""
        return _local_end(self.tunnel)

    @property
    def remote_name(self) -> str:
        """The other end: device and address, or the address and that the device was not read."""
        return _remote_end(self.tunnel)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell: up or idle, no event, no diagnosis."""
        return self.tunnel.state in {"up", "idle"} and not (self.out_of_step or self.events or self.diagnoses)


class StoryView(Struct, frozen=True, kw_only=True, gc=False):
    """A diagnosis with everything that it refers to. `lines` counts log lines, repetitions included."""

    diagnosis: AuditDiagnosis
    tunnel: AuditTunnel | None
    episodes: tuple[AuditEpisode, ...]
    events: tuple[AuditEvent, ...]
    remedies: tuple[AuditRemediation, ...]
    lines: int
    first: str | None
    last: str | None
    clock: str | None = None
    """Whose clock the times of the lines are by, where that is not right."""

    @property
    def when(self) -> str:
        """From when to when the lines came, and how many they are."""
        by = f", by {self.clock}" if self.clock else ""
        return f"{wording.span(self.first, self.last)}{by}, {counted(self.lines, 'log line')}"

    @property
    def where(self) -> str:
        """The tunnel's ends, or the source and the devices that logged it."""
        devices = ", ".join(self.diagnosis.subject.devices)
        if self.tunnel:
            return f"{_local_end(self.tunnel)} and {_remote_end(self.tunnel)}"
        if self.diagnosis.subject.tunnel:
            return self.diagnosis.subject.tunnel
        if self.diagnosis.subject.source:
            at = f", seen at {devices}" if devices else ""
            return f"packets from {self.diagnosis.subject.source}{at}"
        return devices or "not known"


class OpenGroup(Struct, frozen=True, kw_only=True, gc=False):
    """Checks and diagnoses that wait for the same answer. `command` null: no single command was named."""

    command: str | None
    devices: tuple[str, ...]
    findings: tuple[AuditFinding, ...]
    questions: tuple[str, ...]

    @property
    def settles(self) -> int:
        """How many open points the answer would settle."""
        return len(self.findings) + len(self.questions)


class Joined(Struct, frozen=True, kw_only=True, gc=False):
    """The whole document, ready to be laid out."""

    audit: Audit
    stories: tuple[StoryView, ...]
    tunnels: tuple[TunnelView, ...]
    failed: tuple[AuditFinding, ...]
    waived: tuple[AuditFinding, ...]
    passed: tuple[AuditFinding, ...]
    unknown: tuple[AuditFinding, ...]
    open_groups: tuple[OpenGroup, ...]
    remedies: dict[str, AuditRemediation]

    @property
    def out_of_step(self) -> int:
        """How many tunnels are out of step now."""
        return sum(t.out_of_step for t in self.tunnels)

    @property
    def incomplete(self) -> tuple[AuditDevice, ...]:
        """Devices from which a needed answer is missing."""
        return tuple(d for d in self.audit.devices if d.status != "complete")

    @property
    def not_used(self) -> tuple[AuditProblem, ...]:
        """What of the source could not be used."""
        return tuple(p for p in self.audit.problems if p.lost)

    def remedies_of(self, finding: AuditFinding) -> tuple[AuditRemediation, ...]:
        """The remediations of a finding, in its order."""
        return _followed(finding.remediations, self.remedies)


def join(audit: Audit) -> Joined:
    """Follow the references of `audit` once, for every format."""
    remedies = {r.id: r for r in audit.remediations}
    by_severity = sorted(audit.findings, key=lambda f: SEVERITIES.index(f.severity))
    failed = [f for f in by_severity if f.status == "FAIL"]
    unknown = tuple(f for f in by_severity if f.status == "UNKNOWN" and not f.waived)
    return Joined(
        audit=audit,
        stories=_stories(audit, remedies),
        tunnels=_tunnels(audit),
        failed=tuple(f for f in failed if not f.waived),
        waived=tuple(f for f in by_severity if f.waived and f.status != "PASS"),
        passed=tuple(f for f in audit.findings if f.status == "PASS"),
        unknown=unknown,
        open_groups=_open_groups(audit, unknown),
        remedies=remedies,
    )


def _followed(ids: Iterable[str], known: dict[str, AuditRemediation]) -> tuple[AuditRemediation, ...]:
    return tuple(known[i] for i in ids if i in known)


def _local_end(tunnel: AuditTunnel) -> str:
    return f"{tunnel.local.device} {tunnel.local.address}"


def _remote_end(tunnel: AuditTunnel) -> str:
    remote = tunnel.remote
    return f"{remote.device} {remote.address}" if remote.device else f"{remote.address} (not read)"


def _stories(audit: Audit, remedies: dict[str, AuditRemediation]) -> tuple[StoryView, ...]:
    tunnels = {t.id: t for t in audit.tunnels}
    episodes = {e.id: e for e in audit.episodes}
    events: dict[str, list[AuditEvent]] = defaultdict(list)
    for event in audit.events:
        events[event.episode].append(event)
    offsets = {d.name: d.clock_offset_s for d in audit.devices if abs(d.clock_offset_s or 0.0) >= WRONG_S}
    return tuple(
        _story(
            diagnosis,
            offsets,
            tunnels.get(diagnosis.subject.tunnel or ""),
            [episodes[e] for e in diagnosis.episodes if e in episodes],
            [event for e in diagnosis.episodes for event in events.get(e, ())],
            _followed(diagnosis.remediations, remedies),
        )
        for diagnosis in audit.diagnoses
    )


def _story(
    diagnosis: AuditDiagnosis,
    offsets: Mapping[str, float | None],
    tunnel: AuditTunnel | None,
    episodes: Sequence[AuditEpisode],
    events: Sequence[AuditEvent],
    remedies: tuple[AuditRemediation, ...],
) -> StoryView:
    return StoryView(
        diagnosis=diagnosis,
        tunnel=tunnel,
        episodes=tuple(episodes),
        events=tuple(events),
        remedies=remedies,
        lines=sum(e.count for e in events) or sum(e.events for e in episodes),
        first=min((e.first for e in episodes if e.first), default=None),
        last=max((e.last for e in episodes if e.last), default=None),
        clock=next((_wrong(e.device, offset) for e in episodes if (offset := offsets.get(e.device))), None),
    )


def _wrong(device: str, offset_s: float) -> str:
    way = "ahead" if offset_s > 0 else "behind"
    return f"{device}'s clock ({wording.duration(abs(offset_s))} {way})"


def _tunnels(audit: Audit) -> tuple[TunnelView, ...]:
    read = {d.name for d in audit.devices if any(c.startswith("show crypto ipsec sa") for c in d.parse)}
    lines: dict[str, int] = defaultdict(int)
    for episode in audit.episodes:
        lines[episode.tunnel or ""] += episode.events
    diagnoses: dict[str, list[AuditDiagnosis]] = defaultdict(list)
    for diagnosis in audit.diagnoses:
        diagnoses[diagnosis.subject.tunnel or ""].append(diagnosis)
    return tuple(
        TunnelView(
            tunnel=tunnel,
            out_of_step=_out_of_step(tunnel, diagnoses.get(tunnel.id, ())),
            events=lines.get(tunnel.id, 0),
            diagnoses=tuple(diagnoses.get(tunnel.id, ())),
            directions=_directions(tunnel, read),
        )
        for tunnel in audit.tunnels
    )


def _out_of_step(tunnel: AuditTunnel, diagnoses: Sequence[AuditDiagnosis]) -> bool:
    """The document's own words: one-sided, or a diagnosis of the severity that is kept for "out of step now"."""
    return tunnel.state == "one-sided" or any(d.severity in {"critical", "high"} for d in diagnoses)


def _directions(tunnel: AuditTunnel, read: set[str]) -> tuple[Direction, ...]:
    local, remote = tunnel.local.device, tunnel.remote.device
    there = remote or tunnel.remote.address
    return tuple(
        Direction(sender=sender, receiver=receiver, rows=rows)
        for sender, receiver in ((local, there), (there, local))
        if (rows := _spi_rows(tunnel.sas, sender, receiver, read))
    )


def _spi_rows(sas: Sequence[AuditSa], sender: str, receiver: str, read: set[str]) -> tuple[SpiRow, ...]:
    sending = {s.spi: s for s in sas if s.device == sender and s.direction == "out"}
    receiving = {s.spi: s for s in sas if s.device == receiver and s.direction == "in"}
    both_read = {sender, receiver} <= read
    rows = []
    for spi in dict.fromkeys([*sending, *receiving]):
        told_by = receiving.get(spi) or sending[spi]
        rows.append(
            SpiRow(
                spi=spi,
                seen_at=_seen_at(sent=spi in sending, received=spi in receiving, both_read=both_read),
                remaining_s=told_by.remaining_s,
                remaining_kb=told_by.remaining_kb,
                transform=told_by.transform,
            )
        )
    return tuple(rows)


def _seen_at(*, sent: bool, received: bool, both_read: bool) -> SeenAt:
    if sent and received:
        return "both ends"
    if not both_read:
        return "one end seen"
    return "sender only" if sent else "receiver only"


def _open_groups(audit: Audit, unknown: Sequence[AuditFinding]) -> tuple[OpenGroup, ...]:
    """Group what is open by the command that would settle it; the one that settles most comes first."""
    named = _commands_of(audit)
    findings: dict[str, list[AuditFinding]] = defaultdict(list)
    questions: dict[str, list[str]] = defaultdict(list)
    commands: dict[str, str | None] = {}
    for finding in unknown:
        command = _command_in(finding.because, named)
        key = command or finding.because
        commands[key] = command
        findings[key].append(finding)
    for diagnosis in audit.diagnoses:
        for open_point in diagnosis.would_settle:
            key = open_point.command or open_point.question
            commands.setdefault(key, open_point.command)
            questions[key].append(open_point.question)
    groups = [
        OpenGroup(
            command=command,
            devices=tuple(dict.fromkeys(d for f in findings[key] for d in _where_asked(f))),
            findings=tuple(findings[key]),
            questions=tuple(dict.fromkeys(questions[key])),
        )
        for key, command in commands.items()
    ]
    return tuple(sorted(groups, key=lambda g: (-g.settles, g.command or "")))


def _commands_of(audit: Audit) -> tuple[str, ...]:
    """Every command that the document names, longest first, so that a detail form wins over its plain form."""
    named = {c for d in audit.devices for c in (*d.missing, *d.parse)}
    named |= {e.command for f in audit.findings for e in f.evidence}
    named |= {w.command for d in audit.diagnoses for w in d.would_settle if w.command}
    return tuple(sorted((c for c in named if c.startswith("show ")), key=lambda c: (-len(c), c)))


_ASKED_AT = re.compile(r"[`'\"] on (?P<where>.{1,200}?),? would settle it\b")


def _where_asked(finding: AuditFinding) -> tuple[str, ...]:
    """Where an UNKNOWN's sentence says that its command is to be given: it may be the end that was not read."""
    asked = _ASKED_AT.search(finding.because)
    return (asked["where"],) if asked is not None else finding.subject.devices


_QUOTED_COMMAND = re.compile(r"[`'\"](show [^`'\"]{1,80})[`'\"]")


def _command_in(sentence: str, named: Sequence[str]) -> str | None:
    """The command that an UNKNOWN's sentence names: in quotes, or one that the document names elsewhere."""
    quoted = _QUOTED_COMMAND.search(sentence)
    if quoted:
        return quoted.group(1)
    return next((c for c in named if c in sentence), None)
