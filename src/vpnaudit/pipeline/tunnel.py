"""One tunnel out of an audit: the same document, narrowed to the two ends."""

from __future__ import annotations

from msgspec import structs

from vpnaudit.errors import UsageError
from vpnaudit.model.audit import Audit, AuditDiagnosis, AuditFinding, AuditTunnel, FindingCounts


def narrow(audit: Audit, device: str, peer: str) -> Audit:
    """Only the tunnel between `device` and `peer` (an address or a device's name), and what concerns its ends.

    Raises UsageError that lists what there is where no tunnel fits.
    """
    tunnels = tuple(t for t in audit.tunnels if _is_between(t, device, peer))
    if not tunnels and not any(_is_of_source(d, device, peer) for d in audit.diagnoses):
        raise UsageError(_unknown(audit, device, peer))
    ids = {t.id for t in tunnels}
    devices = {name for t in tunnels for name in (t.local.device, t.remote.device) if name} | {device}
    diagnoses = tuple(d for d in audit.diagnoses if d.subject.tunnel in ids or _is_of_source(d, device, peer))
    findings = tuple(f for f in audit.findings if _concerns(f, ids, devices))
    episodes = tuple(e for e in audit.episodes if e.tunnel in ids or (e.device == device and e.source == peer))
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
        unknown=sum(1 for f in findings if f.status == "UNKNOWN"),
    )
    return structs.replace(
        audit,
        summary=summary,
        devices=kept,
        tunnels=tunnels,
        events=events,
        episodes=episodes,
        diagnoses=diagnoses,
        findings=findings,
        remediations=tuple(r for r in audit.remediations if r.id in wanted),
    )


def _is_between(tunnel: AuditTunnel, device: str, peer: str) -> bool:
    local = {tunnel.local.device, tunnel.local.address}
    remote = {tunnel.remote.device, tunnel.remote.address}
    return (device in local and peer in remote) or (device in remote and peer in local)


def _is_of_source(diagnosis: AuditDiagnosis, device: str, source: str) -> bool:
    """About a source with which `device` has no tunnel."""
    subject = diagnosis.subject
    return subject.tunnel is None and subject.source == source and device in subject.devices


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
