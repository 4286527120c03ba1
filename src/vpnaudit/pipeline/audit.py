"""The offline audit: sources in, audit document out. A pure function of the files, the settings and `now`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, get_args

from msgspec import structs

from vpnaudit import diagnose, remedy
from vpnaudit.checks.registry import run as run_checks
from vpnaudit.correlate import correlate
from vpnaudit.errors import SourceError
from vpnaudit.loss.story import loss_reasons, speaks_of
from vpnaudit.model.audit import Audit
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Finding, Remediation
from vpnaudit.model.platform import RemedySyntax
from vpnaudit.model.snapshot import Problem, Snapshot, SourceKind
from vpnaudit.pipeline import document
from vpnaudit.pipeline.devices import Read, read_devices
from vpnaudit.pipeline.loss_path import path_of
from vpnaudit.platforms.registry import all_platforms, tell_platform
from vpnaudit.platforms.told_by_text import Commands
from vpnaudit.settings import Judged, Settings, lay_on
from vpnaudit.snapshot.folder import devices_of
from vpnaudit.snapshot.read import read_logs, read_source

KINDS: tuple[SourceKind, ...] = get_args(SourceKind)


def read_sources(paths: Sequence[Path]) -> tuple[Snapshot, ...]:
    """Every snapshot that the paths hold; of several, one that cannot be read is told.

    Files that lie in one folder and are each named by a command are one collection, as if the folder had been given.
    Raises SourceError where nothing can be read.
    """
    found: list[tuple[Path, Snapshot]] = []
    errors: list[SourceError] = []
    for path in dict.fromkeys(paths):
        try:
            found += [(path, s) for s in read_source(path, Commands(), tell_platform)]
        except SourceError as error:
            errors.append(error)
    if errors and not found:
        raise errors[0]
    if not any(d.captures for _, s in found for d in s.devices):
        names = ", ".join(str(p) for p in paths)
        problems = "; ".join(f"{p.file}: {p.problem}" for _, s in found for p in s.problems[:3])
        raise SourceError(names, f"nothing in it can be read{': ' + problems if problems else ''}")
    told = tuple(Problem(file=e.path, problem=e.problem) for e in errors)
    first, *more = _one_for_each_folder(found)
    return (structs.replace(first, problems=(*first.problems, *told)), *more)


def _one_for_each_folder(found: Sequence[tuple[Path, Snapshot]]) -> list[Snapshot]:
    whole: list[Snapshot] = []
    loose: dict[Path, list[Snapshot]] = {}
    for path, snapshot in found:
        if snapshot.kind == "folder" and path.is_file():
            loose.setdefault(path.absolute().parent, []).append(snapshot)
        else:
            whole.append(snapshot)
    return whole + [_together(folder, parts) for folder, parts in loose.items()]


def _together(folder: Path, parts: Sequence[Snapshot]) -> Snapshot:
    """Parts in the order of their files, so that the order of the arguments does not matter."""
    if len(parts) == 1:
        return parts[0]
    ordered = sorted(parts, key=lambda s: s.path)
    captures = [c for s in ordered for d in s.devices for c in d.captures]
    return Snapshot(
        kind="folder",
        path=folder.name,
        devices=devices_of(captures, tell_platform),
        problems=tuple(p for s in ordered for p in s.problems),
    )


def audit_sources(paths: Sequence[Path], settings: Settings, now: datetime) -> Audit:
    """Audit snapshots, folders of captures, sessions and show-techs together."""
    return audit_snapshots(read_sources(paths), settings, now)


def audit_logs(paths: Sequence[str], stdin: BinaryIO | None, settings: Settings, now: datetime) -> Audit:
    """Audit logs alone: files of any kind, or "-" for standard input."""
    return audit_snapshots((read_logs(paths, stdin),), settings, now)


def audit_snapshots(snapshots: Sequence[Snapshot], settings: Settings, now: datetime) -> Audit:
    """Parse, correlate, judge, remedy; then the document."""
    return judge(snapshots, read_devices(snapshots, now), settings, now)


def judge(snapshots: Sequence[Snapshot], read: Read, settings: Settings, now: datetime) -> Audit:
    """The same for devices that were read from the snapshots already."""
    return judge_fleet(correlate_read(snapshots, read, settings, now), snapshots, read, settings)


def correlate_read(snapshots: Sequence[Snapshot], read: Read, settings: Settings, now: datetime) -> Fleet:
    """What the devices say together, before it is judged."""
    return correlate(
        read.devices,
        older=read.older,
        readings=read.readings,
        collected_at=_collected_at(snapshots, read, now),
        started_at=min((s.started_at for s in snapshots if s.started_at), default=None),
        settings=settings,
    )


def judge_fleet(fleet: Fleet, snapshots: Sequence[Snapshot], read: Read, settings: Settings) -> Audit:
    """Judge what was correlated, remedy; then the document."""
    return told(judged(fleet, settings), fleet, snapshots, read)


def judged(fleet: Fleet, settings: Settings) -> Judged:
    """Every diagnosis, with what it means for the loss question, and every finding; what is accepted is marked so."""
    explained = [_with_loss(d, fleet, settings) for d in diagnose.diagnose(fleet, settings)]
    return lay_on(settings.waivers, run_checks(fleet, settings), explained, fleet)


def told(verdicts: Judged, fleet: Fleet, snapshots: Sequence[Snapshot], read: Read) -> Audit:
    """What to do about it, and the document."""
    syntaxes = {p.name: p.remedies for p in all_platforms() if p.remedies is not None}
    diagnoses = [_with_remedies(d, fleet, syntaxes) for d in verdicts.diagnoses]
    findings = [_finding_with_remedies(f, fleet, syntaxes) for f in verdicts.findings]
    return document.build(fleet, diagnoses, findings, read.problems, _source(snapshots), verdicts.uses)


def _with_loss(diagnosis: Diagnosis, fleet: Fleet, settings: Settings) -> Diagnosis:
    if not speaks_of(diagnosis):
        return diagnosis
    reasons = loss_reasons(diagnosis, fleet, path_of(diagnosis, fleet, settings))
    return structs.replace(diagnosis, because=(*diagnosis.because, *reasons)) if reasons else diagnosis


def _with_remedies(
    diagnosis: Diagnosis, fleet: Fleet, syntaxes: dict[str, RemedySyntax]
) -> tuple[Diagnosis, Sequence[Remediation]]:
    return diagnosis, remedy.for_diagnosis(diagnosis, fleet, syntaxes)


def _finding_with_remedies(
    finding: Finding, fleet: Fleet, syntaxes: dict[str, RemedySyntax]
) -> tuple[Finding, Sequence[Remediation]]:
    wanted = finding.status == "FAIL" and finding.waived is None
    return finding, remedy.for_finding(finding, fleet, syntaxes) if wanted else ()


def _collected_at(snapshots: Sequence[Snapshot], read: Read, now: datetime) -> datetime:
    """The end of the collection: the manifest's, else the newest clock, else the last line, else the newest file."""
    finished = [s.finished_at for s in snapshots if s.finished_at]
    if finished:
        return max(finished)
    trusted = [read.readings[d.name] for d in read.devices if d.name in read.readings and _has_clock(d)]
    readings = trusted or list(read.readings.values())
    return max(readings or _line_times(read) or _file_times(snapshots), default=now)


def _line_times(read: Read) -> list[datetime]:
    return [m.time for d in read.devices for _, m in d.messages if m.time]


def _file_times(snapshots: Sequence[Snapshot]) -> list[datetime]:
    return [c.modified_at for s in snapshots for d in s.devices for c in d.captures if c.modified_at]


def _has_clock(device: Device) -> bool:
    return device.clock is not None and device.clock[1].mark == ""


def _source(snapshots: Sequence[Snapshot]) -> tuple[SourceKind, str]:
    """Of several kinds the one that says most about its collection, whatever the order of the arguments."""
    found = {s.kind for s in snapshots}
    names = sorted({Path(s.path).name or s.path for s in snapshots})
    return next(kind for kind in KINDS if kind in found), ", ".join(names)


def is_incomplete(audit: Audit) -> bool:
    """Whether a device was not had whole, or something in the sources could not be used."""
    lost = any(p.lost for p in audit.problems)
    if audit.source.kind == "logs":
        return lost
    return lost or any(d.status != "complete" for d in audit.devices)
