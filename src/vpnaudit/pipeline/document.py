"""From what was judged to the audit document: every list in its order, SPIs and times as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from msgspec import structs

from vpnaudit import __version__
from vpnaudit.model.audit import (
    Audit,
    AuditDevice,
    AuditDiagnosis,
    AuditDpd,
    AuditDpdPair,
    AuditEpisode,
    AuditEvent,
    AuditFinding,
    AuditLifetime,
    AuditLifetimePair,
    AuditLocal,
    AuditProblem,
    AuditRemediation,
    AuditRemote,
    AuditSa,
    AuditSource,
    AuditSummary,
    AuditTool,
    AuditTunnel,
    AuditWaiver,
    FindingCounts,
    ParseCount,
)
from vpnaudit.model.device import Device
from vpnaudit.model.event import Event
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Finding, Remediation
from vpnaudit.model.snapshot import Problem, SourceKind
from vpnaudit.model.spi import spi_text
from vpnaudit.model.times import utc_text
from vpnaudit.model.tunnel import Dpd, Lifetime, Tunnel, TunnelEnd
from vpnaudit.redact import masked_alone
from vpnaudit.settings import WaiverUse


def optional_utc_text(time: datetime | None) -> str | None:
    """A time as the documents write it; null where there is none."""
    return utc_text(time) if time is not None else None


def build(
    fleet: Fleet,
    diagnoses: Sequence[tuple[Diagnosis, Sequence[Remediation]]],
    findings: Sequence[tuple[Finding, Sequence[Remediation]]],
    problems: Iterable[Problem],
    source: tuple[SourceKind, str],
    waivers: Iterable[WaiverUse] = (),
) -> Audit:
    """The whole document."""
    remediations = {r.id: r for _, offered in (*findings, *diagnoses) for r in offered}
    return Audit(
        schema_="vpnaudit.audit/1",
        tool=AuditTool(name="vpnaudit", version=__version__),
        generated_at=utc_text(fleet.collected_at),
        source=_source(fleet, source),
        summary=_summary(fleet, [d for d, _ in diagnoses], [f for f, _ in findings]),
        devices=tuple(_device(d) for d in fleet.devices),
        tunnels=tuple(_tunnel(t) for t in fleet.tunnels),
        events=tuple(_event(e, fleet.device_by_name[e.device].clock_uncertainty_s) for e in fleet.events),
        episodes=_episodes(fleet),
        diagnoses=tuple(_diagnosis(d, offered) for d, offered in diagnoses),
        findings=_with_ids(findings),
        remediations=tuple(_remediation(remediations[key]) for key in sorted(remediations)),
        problems=tuple(
            AuditProblem(file=p.file, line=p.line, problem=p.problem, lost=p.lost)
            for p in sorted(problems, key=lambda p: (p.file, p.line or 0, p.problem))
        ),
        waivers=tuple(_waiver(use) for use in waivers),
    )


def _waiver(use: WaiverUse) -> AuditWaiver:
    waiver = use.waiver
    return AuditWaiver(
        rule=waiver.rule,
        subject=waiver.subject,
        reason=waiver.reason,
        owner=waiver.owner,
        until=waiver.expires.isoformat(),
        state=use.state,
        covers=use.covers,
        line=waiver.line,
    )


def _source(fleet: Fleet, source: tuple[SourceKind, str]) -> AuditSource:
    times = [e.time for e in fleet.events if e.time]
    first = min([*times, *([fleet.started_at] if fleet.started_at else [])], default=None)
    ends = (fleet.log_runs_on(name) for name in {e.device for e in fleet.events})
    to = max((end for end in ends if end is not None), default=fleet.collected_at)
    return AuditSource(kind=source[0], path=source[1], from_=optional_utc_text(first), to=utc_text(to))


def _summary(fleet: Fleet, diagnoses: Sequence[Diagnosis], findings: Sequence[Finding]) -> AuditSummary:
    failed: Counter[str] = Counter(f.severity for f in findings if f.status == "FAIL" and f.waived is None)
    return AuditSummary(
        devices=len(fleet.devices),
        complete=sum(1 for d in fleet.devices if d.status == "complete"),
        tunnels=len(fleet.tunnels),
        events=len(fleet.events),
        diagnoses=len(diagnoses),
        findings=FindingCounts(**failed),
        unknown=sum(1 for f in findings if f.status == "UNKNOWN" and f.waived is None),
    )


def _device(device: Device) -> AuditDevice:
    version = device.version[1] if device.version else None
    captures = (*device.captures, *device.log_captures)
    return AuditDevice(
        name=device.name,
        platform=device.platform,
        version=version.version if version else None,
        addresses=_addresses(device),
        status=device.status,
        missing=device.missing,
        clock_offset_s=device.clock_offset_s,
        clock_synchronized=device.clock_synchronized,
        uptime_s=version.uptime_s if version else None,
        parse=_parse_counts(captures),
        assessable=device.assessable,
        error=device.error,
        clock_uncertainty_s=device.clock_uncertainty_s,
    )


def _parse_counts(captures: Iterable[ParsedCapture]) -> dict[str, ParseCount]:
    counts: dict[str, tuple[int, int]] = {}
    for c in captures:
        lines, understood = counts.get(c.capture.words, (0, 0))
        counts[c.capture.words] = (lines + c.parsed.coverage.lines, understood + c.parsed.coverage.understood)
    return {k: ParseCount(lines=counts[k][0], understood=counts[k][1]) for k in sorted(counts)}


def _addresses(device: Device) -> tuple[str, ...]:
    found = [i.address for _, i in device.interfaces if i.address]
    if device.config is not None:
        found += [a.partition("/")[0] for i in device.config[1].interfaces for a in i.addresses]
    return tuple(sorted(set(found)))


def _tunnel(tunnel: Tunnel) -> AuditTunnel:
    local, remote = tunnel.local, tunnel.remote
    return AuditTunnel(
        id=tunnel.id,
        local=AuditLocal(device=local.device or "", address=local.address, interface=local.interface, vrf=local.vrf),
        remote=AuditRemote(device=remote.device, address=remote.address),
        ike=tunnel.ike,
        state=tunnel.state,
        dpd=AuditDpdPair(local=_dpd(local.dpd), remote=_dpd(remote.dpd)),
        lifetime=AuditLifetimePair(local=_lifetime(local.lifetime), remote=_lifetime(remote.lifetime)),
        sas=tuple(s for end in tunnel.ends for s in _sas(end)),
    )


def _dpd(dpd: Dpd | None) -> AuditDpd | None:
    return AuditDpd(interval_s=dpd.interval_s, retry_s=dpd.retry_s, mode=dpd.mode) if dpd else None


def _lifetime(life: Lifetime | None) -> AuditLifetime | None:
    return AuditLifetime(ike_s=life.ike_s, ipsec_s=life.ipsec_s, ipsec_kb=life.ipsec_kb) if life else None


def _sas(end: TunnelEnd) -> Iterable[AuditSa]:
    for sa in end.sas:
        yield AuditSa(
            device=sa.device,
            direction=sa.direction,
            spi=spi_text(sa.spi),
            remaining_s=sa.remaining_s,
            remaining_kb=sa.remaining_kb,
            transform=sa.transform,
            installed_at=optional_utc_text(sa.installed_at),
        )


def _event(event: Event, clock_s: float | None) -> AuditEvent:
    """`clock_s`: how well the clock of its device is known."""
    placed = event.at is not None and clock_s is not None
    return AuditEvent(
        id=event.id,
        time=optional_utc_text(event.time),
        time_from=event.time_from,
        device=event.device,
        destination=event.destination,
        source=event.source,
        spi=spi_text(event.spi),
        interface=event.interface,
        mechanism=event.mechanism,
        confidence=event.confidence,
        count=event.count,
        episode=event.episode,
        evidence=event.evidence,
        raw=event.raw,
        because=event.because,
        at=optional_utc_text(event.at) if placed else None,
        at_within_s=round(event.uncertainty_s + clock_s, 3) if placed and clock_s is not None else None,
    )


def _episodes(fleet: Fleet) -> tuple[AuditEpisode, ...]:
    return tuple(
        AuditEpisode(
            id=e.id,
            tunnel=e.tunnel,
            device=e.device,
            source=e.source,
            spi=spi_text(e.spi),
            first=optional_utc_text(e.first),
            last=optional_utc_text(e.last),
            events=e.lines,
            duration_s=round(e.duration_s, 3),
            mechanism=e.mechanism,
        )
        for e in fleet.episodes
    )


def _diagnosis(diagnosis: Diagnosis, offered: Sequence[Remediation]) -> AuditDiagnosis:
    return AuditDiagnosis(
        id=diagnosis.id,
        cause=diagnosis.cause,
        severity=diagnosis.severity,
        confidence=diagnosis.confidence,
        owner=diagnosis.owner,
        owner_devices=diagnosis.owner_devices,
        subject=diagnosis.subject,
        title=diagnosis.title,
        because=tuple(r.text for r in diagnosis.because if r.text),
        ruled_out=tuple(structs.replace(r, evidence=_unique(r.evidence)) for r in diagnosis.ruled_out),
        would_settle=diagnosis.would_settle,
        episodes=tuple(e.id for s in diagnosis.stories for e in s.episodes),
        remediations=tuple(dict.fromkeys(r.id for r in offered)),
        evidence=_unique([e for r in diagnosis.because for e in r.evidence]),
        waived=diagnosis.waived,
    )


def _unique(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Each line once, its secrets masked: what somebody else collected may hold them, and a report goes to others."""
    once = dict.fromkeys(evidence) if len(evidence) > 1 else evidence
    return tuple([e if (masked := _masked(e.text)) == e.text else structs.replace(e, text=masked) for e in once])


@lru_cache(maxsize=65536)
def _masked(text: str) -> str:
    return masked_alone(text)


def _with_ids(findings: Sequence[tuple[Finding, Sequence[Remediation]]]) -> tuple[AuditFinding, ...]:
    """A rule may speak twice of one subject (two interfaces, say): what it saw then makes the id its own."""
    plain = [_finding_id(f) for f, _ in findings]
    times = Counter(plain)
    built: dict[str, AuditFinding] = {}
    for (finding, offered), name in zip(findings, plain, strict=True):
        key = f"{name} {finding.actual}" if times[name] > 1 else name
        built.setdefault(key, _finding(key, finding, offered))
    return tuple(built.values())


def _finding_id(finding: Finding) -> str:
    subject = finding.subject
    return " ".join(filter(None, (finding.rule, subject.tunnel, subject.source, "+".join(subject.devices))))


def _finding(key: str, finding: Finding, offered: Sequence[Remediation]) -> AuditFinding:
    return AuditFinding(
        id=key,
        rule=finding.rule,
        title=finding.title,
        status=finding.status,
        severity=finding.severity,
        subject=finding.subject,
        expected=finding.expected,
        actual=finding.actual,
        because=finding.because,
        evidence=_unique(finding.evidence),
        remediations=tuple(dict.fromkeys(r.id for r in offered)) if offered else (),
        waived=finding.waived,
    )


def _remediation(remediation: Remediation) -> AuditRemediation:
    return AuditRemediation(**{f: getattr(remediation, f) for f in remediation.__struct_fields__})
