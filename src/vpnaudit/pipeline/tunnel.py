"""One tunnel out of an audit: the same document, narrowed to the two ends.

Of snapshots only what concerns the tunnel is read and judged; the result is that of the whole audit narrowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import structs

from vpnaudit.errors import UsageError
from vpnaudit.model.addresses import is_one_address, normal
from vpnaudit.model.audit import Audit, AuditDiagnosis, AuditFinding, FindingCounts
from vpnaudit.pipeline.audit import judge_fleet
from vpnaudit.pipeline.concerned import concerned, is_between
from vpnaudit.pipeline.syslog import LineOwners, audit_beside
from vpnaudit.platforms.registry import tell_platform
from vpnaudit.platforms.told_by_text import Commands
from vpnaudit.settings import Settings
from vpnaudit.snapshot.by_device import ByDevice, by_device


def audit_tunnel(
    paths: Sequence[Path], syslog: Path | None, settings: Settings, now: datetime, device: str, peer: str
) -> tuple[Audit, LineOwners]:
    """Audit the tunnel between `device` and `peer` alone, an address or a device's name each.

    Where every source is a snapshot and no syslog lies beside them, nothing is parsed but the captures that concern the
    tunnel. Raises UsageError that lists what there is where no tunnel fits.
    """
    sources = None if syslog is not None else _by_device(paths)
    found = concerned(sources, device, peer, settings, now) if sources else None
    if found is not None:
        audit = judge_fleet(found.fleet, found.snapshots, found.read, settings)
        if _has(audit, device, peer):
            return narrow(audit, device, peer), LineOwners()
    whole, strangers = audit_beside(paths, syslog, settings, now)
    return narrow(whole, device, peer), strangers


def _by_device(paths: Sequence[Path]) -> tuple[ByDevice, ...]:
    """All sources, where each is one of which single devices can be read; else none."""
    found = [by_device(path, Commands(), tell_platform) for path in dict.fromkeys(paths)]
    return tuple(source for sources in found for source in sources) if all(found) else ()


def _has(audit: Audit, device: str, peer: str) -> bool:
    between = any(is_between(t, device, peer) for t in audit.tunnels)
    told = _episodes_of(audit, device, peer)
    return between or any(_is_of_source(d, device, peer, told) for d in audit.diagnoses)


def narrow(audit: Audit, device: str, peer: str) -> Audit:
    """Only the tunnel between `device` and `peer` (an address or a device's name), and what concerns its ends.

    What is said of the fleet as a whole is left out: severity `critical` (many tunnels are out of step) becomes `high`,
    how far each waiver reaches is not told, and `source.from` is the first event's time, null where there is none.
    Case and the spelling of an IPv6 address do not matter, where only one device or address is meant.
    Raises UsageError that lists what there is where no tunnel fits.
    """
    device, peer = _as_known(audit, device), _as_known(audit, peer)
    if not _has(audit, device, peer):
        raise UsageError(_unknown(audit, device, peer))
    tunnels = tuple(t for t in audit.tunnels if is_between(t, device, peer))
    ids, told = {t.id for t in tunnels}, _episodes_of(audit, device, peer)
    devices = {name for t in tunnels for name in (t.local.device, t.remote.device) if name} | {device}
    diagnoses = tuple(
        structs.replace(d, severity="high") if d.severity == "critical" else d
        for d in audit.diagnoses
        if d.subject.tunnel in ids or _is_of_source(d, device, peer, told)
    )
    findings = tuple(f for f in audit.findings if _concerns(f, ids, devices))
    episodes = tuple(e for e in audit.episodes if e.tunnel in ids or e.id in told)
    names = {e.id for e in episodes}
    wanted = {r for d in diagnoses for r in d.remediations} | {r for f in findings for r in f.remediations}
    failed = [f.severity for f in findings if f.status == "FAIL" and f.waived is None]
    kept = tuple(d for d in audit.devices if d.name in devices)
    events = tuple(e for e in audit.events if e.episode in names)
    summary = structs.replace(
        audit.summary,
        devices=len(kept),
        complete=sum(1 for d in kept if d.status == "complete"),
        tunnels=len(tunnels),
        events=len(events),
        diagnoses=len(diagnoses),
        findings=FindingCounts(**{s: failed.count(s) for s in ("critical", "high", "medium", "low", "info")}),
        unknown=sum(1 for f in findings if f.status == "UNKNOWN" and f.waived is None),
    )
    return structs.replace(
        audit,
        source=structs.replace(audit.source, from_=min((e.time for e in events if e.time), default=None)),
        summary=summary,
        devices=kept,
        tunnels=tunnels,
        events=events,
        episodes=episodes,
        diagnoses=diagnoses,
        findings=findings,
        remediations=tuple(r for r in audit.remediations if r.id in wanted),
        waivers=tuple(w for w in audit.waivers if w.covers),
    )


def _as_known(audit: Audit, word: str) -> str:
    """A name or address as the audit has it, else as it was given."""
    ends = [end for t in audit.tunnels for end in (t.local, t.remote)]
    known = {d.name for d in audit.devices} | {end.address for end in ends}
    known |= {d.subject.source for d in audit.diagnoses if d.subject.source is not None}
    alike = {k for k in known if normal(k) == normal(word)} if word not in known else {word}
    return alike.pop() if len(alike) == 1 else word


def _episodes_of(audit: Audit, device: str, source: str) -> set[str]:
    return {e.id for e in audit.episodes if e.device == device and is_one_address(e.source, source)}


def _is_of_source(diagnosis: AuditDiagnosis, device: str, source: str, told: set[str]) -> bool:
    """About a source with which `device` has no tunnel, alone or as one of many."""
    subject = diagnosis.subject
    if subject.tunnel is not None or device not in subject.devices:
        return False
    return is_one_address(subject.source, source) or not told.isdisjoint(diagnosis.episodes)


def _concerns(finding: AuditFinding, tunnels: set[str], devices: set[str]) -> bool:
    if finding.subject.tunnel is not None:
        return finding.subject.tunnel in tunnels
    return bool(devices.intersection(finding.subject.devices))


def _unknown(audit: Audit, device: str, peer: str) -> str:
    peers = sorted(
        {t.remote.address for t in audit.tunnels if t.local.device == device}
        | {t.local.address for t in audit.tunnels if t.remote.device == device}
    )
    if peers:
        return f"{device} has no tunnel with {peer}; its peers are {', '.join(peers)}"
    return f"no tunnel of {device} was found; devices here: {', '.join(d.name for d in audit.devices) or 'none'}"
