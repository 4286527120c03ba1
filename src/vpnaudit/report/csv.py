"""Four tables for a spreadsheet. No cell can be taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from vpnaudit.model.audit import Audit, AuditDiagnosis, AuditDpd, AuditEvent, AuditFinding, AuditLifetime
from vpnaudit.model.evidence import Evidence
from vpnaudit.report.view import wording
from vpnaudit.report.view.clean import visible
from vpnaudit.report.view.joined import Joined, StoryView, TunnelView, join

ENDING = ""

Cell = str | int | float | None
Column = tuple[str, Callable[..., Cell]]

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)
# The wide forms count too: some spreadsheets take them for the plain ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def render_files(audit: Audit) -> Mapping[str, str]:
    """Give file name and text of each table: RFC 4180, a header line, fixed columns, lists joined by "; "."""
    joined = join(audit)
    episode_tunnels = {e.id: e.tunnel for e in audit.episodes}
    return {
        "tunnels.csv": _table(_TUNNELS, joined.tunnels),
        "events.csv": _table([*_EVENTS, ("tunnel", lambda e: episode_tunnels.get(e.episode))], audit.events),
        "diagnoses.csv": _table(_DIAGNOSES, joined.stories),
        "findings.csv": _table([*_FINDINGS, ("remediations", _remedies_in(joined))], audit.findings),
    }


def cell(value: Cell) -> str:
    """Give a value as the text of a cell: absent is empty, controls are written out, no formula.

    >>> cell("=1+1"), cell("-3.5"), cell(None)
    ("'=1+1", '-3.5', '')
    """
    if value is None:
        return ""
    text = str(value)
    guard = text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text)
    return f"'{visible(text)}" if guard else visible(text)


def _table(columns: Sequence[Column], rows: Iterable[object]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([name for name, _ in columns])
    writer.writerows([cell(get(row)) for _, get in columns] for row in rows)
    return text.getvalue()


def _listed(values: Iterable[str | None]) -> str:
    return "; ".join(v for v in values if v)


def _places(evidence: Sequence[Evidence]) -> str:
    return _listed(e.file if e.line is None else f"{e.file}:{e.line}" for e in evidence)


def _dpd(side: str, fact: str) -> Column:
    def get(view: TunnelView) -> Cell:
        end: AuditDpd | None = getattr(view.tunnel.dpd, side)
        value: Cell = getattr(end, fact) if end else None
        return value

    return f"{side}_dpd_{fact}", get


def _lifetime(side: str, fact: str) -> Column:
    def get(view: TunnelView) -> Cell:
        end: AuditLifetime | None = getattr(view.tunnel.lifetime, side)
        value: Cell = getattr(end, fact) if end else None
        return value

    return f"{side}_lifetime_{fact}", get


def _spis(name: str, end: str, direction: str) -> Column:
    def get(view: TunnelView) -> Cell:
        device = getattr(view.tunnel, end).device
        return _listed(s.spi for s in view.tunnel.sas if s.device == device and s.direction == direction)

    return name, get


_TUNNELS: tuple[Column, ...] = (
    ("id", lambda v: v.tunnel.id),
    ("state", lambda v: v.tunnel.state),
    ("out_of_step", lambda v: "yes" if v.out_of_step else "no"),
    ("local_device", lambda v: v.tunnel.local.device),
    ("local_address", lambda v: v.tunnel.local.address),
    ("interface", lambda v: v.tunnel.local.interface),
    ("vrf", lambda v: v.tunnel.local.vrf),
    ("remote_device", lambda v: v.tunnel.remote.device),
    ("remote_address", lambda v: v.tunnel.remote.address),
    ("ike", lambda v: v.tunnel.ike),
    *(_dpd(side, fact) for side in ("local", "remote") for fact in ("mode", "interval_s", "retry_s")),
    *(_lifetime(side, fact) for side in ("local", "remote") for fact in ("ike_s", "ipsec_s", "ipsec_kb")),
    _spis("local_inbound_spis", "local", "in"),
    _spis("local_outbound_spis", "local", "out"),
    _spis("remote_inbound_spis", "remote", "in"),
    _spis("remote_outbound_spis", "remote", "out"),
    ("log_lines", lambda v: v.events),
    ("causes", lambda v: _listed(d.cause for d in v.diagnoses)),
)


def _event(fact: str) -> Column:
    def get(event: AuditEvent) -> Cell:
        value: Cell = getattr(event, fact)
        return value

    return fact, get


_EVENTS: tuple[Column, ...] = (
    *map(
        _event,
        (
            "id",
            "time",
            "time_from",
            "device",
            "source",
            "destination",
            "spi",
            "interface",
            "mechanism",
            "confidence",
            "count",
            "episode",
            "because",
            "raw",
        ),
    ),
    ("evidence", lambda e: _places(e.evidence)),
)


def _told(name: str, get: Callable[[AuditDiagnosis], Cell]) -> Column:
    def from_story(story: StoryView) -> Cell:
        return get(story.diagnosis)

    return name, from_story


_WAIVED: tuple[Column, ...] = (
    ("waived_reason", lambda told: told.waived.reason if told.waived else None),
    ("waived_until", lambda told: told.waived.until if told.waived else None),
    ("waived_owner", lambda told: told.waived.owner if told.waived else None),
)

_DIAGNOSES: tuple[Column, ...] = (
    _told("id", lambda d: d.id),
    _told("severity", lambda d: d.severity),
    _told("confidence", lambda d: d.confidence),
    _told("cause", lambda d: d.cause),
    _told("title", lambda d: d.title),
    _told("owner", lambda d: d.owner),
    _told("owner_devices", lambda d: _listed(d.owner_devices)),
    _told("devices", lambda d: _listed(d.subject.devices)),
    _told("tunnel", lambda d: d.subject.tunnel),
    _told("source", lambda d: d.subject.source),
    ("first", lambda s: s.first),
    ("last", lambda s: s.last),
    ("log_lines", lambda s: s.lines),
    ("episodes", lambda s: len(s.diagnosis.episodes)),
    _told("because", lambda d: " ".join(d.because)),
    _told("ruled_out", lambda d: _listed(f"{wording.rival(r)}: {r.because}" for r in d.ruled_out)),
    _told("would_settle", lambda d: _listed(w.command or w.question for w in d.would_settle)),
    ("remediations", lambda s: _listed(r.title for r in s.remedies)),
    _told("evidence", lambda d: _places(d.evidence)),
    *(_told(*column) for column in _WAIVED),
)

_FINDINGS: tuple[Column, ...] = (
    ("id", lambda f: f.id),
    ("rule", lambda f: f.rule),
    ("status", lambda f: f.status),
    ("severity", lambda f: f.severity),
    ("title", lambda f: f.title),
    ("devices", lambda f: _listed(f.subject.devices)),
    ("tunnel", lambda f: f.subject.tunnel),
    ("source", lambda f: f.subject.source),
    ("expected", lambda f: f.expected),
    ("actual", lambda f: f.actual),
    ("because", lambda f: f.because),
    *_WAIVED,
    ("evidence", lambda f: _places(f.evidence)),
)


def _remedies_in(joined: Joined) -> Callable[[AuditFinding], Cell]:
    return lambda finding: _listed(r.title for r in joined.remedies_of(finding))
