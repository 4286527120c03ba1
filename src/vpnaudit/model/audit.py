"""The audit document, `vpnaudit.audit/1` (DESIGN 6). Struct field order is the document's order; SPIs are text here."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from vpnaudit.model.config import DpdMode
from vpnaudit.model.event import Confidence, Mechanism
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.judgement import Owner, RuledOut, Severity, Status, Subject, Waived, WouldSettle
from vpnaudit.model.sa import Direction
from vpnaudit.model.snapshot import DeviceStatus, SourceKind
from vpnaudit.model.spi import SpiText
from vpnaudit.model.tunnel import TunnelState

UtcText = str
"""`2026-05-01T12:00:07.098Z`."""


class AuditTool(Struct, frozen=True, kw_only=True, gc=False):
    """What wrote the document."""

    name: str
    version: str


class AuditSource(Struct, frozen=True, kw_only=True, gc=False, rename={"from_": "from"}):
    """What was judged. `path` is a base name; `from` and `to` the first and last moment of the evidence."""

    kind: SourceKind
    path: str
    from_: UtcText | None
    to: UtcText | None


class FindingCounts(Struct, frozen=True, kw_only=True, gc=False):
    """Failed, unwaived findings by severity."""

    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    info: int = 0


class AuditSummary(Struct, frozen=True, kw_only=True, gc=False):
    """Numbers. `complete`: devices whose needed commands were all answered; `unknown`: findings that are UNKNOWN."""

    devices: int
    complete: int
    tunnels: int
    events: int
    diagnoses: int
    findings: FindingCounts
    unknown: int


class ParseCount(Struct, frozen=True, kw_only=True, gc=False):
    """Lines of a capture (blank ones not counted), and how many of them were understood."""

    lines: int
    understood: int


class AuditDevice(Struct, frozen=True, kw_only=True, gc=False):
    """One device. `clock_offset_s` is good to `clock_uncertainty_s`; both null where unknown."""

    name: str
    platform: str | None
    version: str | None
    addresses: tuple[str, ...]
    status: DeviceStatus
    missing: tuple[str, ...]
    clock_offset_s: float | None
    clock_synchronized: bool | None
    uptime_s: int | None
    parse: dict[str, ParseCount]
    assessable: bool = True
    error: str | None = None
    clock_uncertainty_s: float | None = None


class AuditLocal(Struct, frozen=True, kw_only=True, gc=False):
    """The end that is ours."""

    device: str
    address: str
    interface: str | None
    vrf: str | None


class AuditRemote(Struct, frozen=True, kw_only=True, gc=False):
    """The other end; `device` where it is ours too."""

    device: str | None
    address: str


class AuditDpd(Struct, frozen=True, kw_only=True, gc=False):
    """DPD of one end."""

    interval_s: int | None
    retry_s: int | None
    mode: DpdMode | None


class AuditDpdPair(Struct, frozen=True, kw_only=True, gc=False):
    """DPD of both ends; remote null where that end was not collected."""

    local: AuditDpd | None
    remote: AuditDpd | None


class AuditLifetime(Struct, frozen=True, kw_only=True, gc=False):
    """Lifetimes of one end."""

    ike_s: int | None
    ipsec_s: int | None
    ipsec_kb: int | None


class AuditLifetimePair(Struct, frozen=True, kw_only=True, gc=False):
    """Lifetimes of both ends; remote null where that end was not collected."""

    local: AuditLifetime | None
    remote: AuditLifetime | None


class AuditSa(Struct, frozen=True, kw_only=True, gc=False):
    """One live IPsec SA."""

    device: str
    direction: Direction
    spi: SpiText
    remaining_s: int | None
    remaining_kb: int | None
    transform: str | None
    installed_at: UtcText | None


class AuditTunnel(Struct, frozen=True, kw_only=True, gc=False):
    """One tunnel."""

    id: str
    local: AuditLocal
    remote: AuditRemote
    ike: Literal["v1", "v2"] | None
    state: TunnelState
    dpd: AuditDpdPair
    lifetime: AuditLifetimePair
    sas: tuple[AuditSa, ...]


class AuditEvent(Struct, frozen=True, kw_only=True, gc=False):
    """One logged line. `time` is the device's stamp in UTC.

    `at` is true time, the clock's offset and later changes taken out, good to `at_within_s`; both null where it cannot
    be known.
    """

    id: str
    time: UtcText | None
    time_from: str
    device: str
    destination: str | None
    source: str | None
    spi: SpiText
    interface: str | None
    mechanism: Mechanism
    confidence: Confidence
    count: int
    episode: str
    evidence: tuple[Evidence, ...]
    raw: str
    because: str = ""
    at: UtcText | None = None
    at_within_s: float | None = None


class AuditEpisode(Struct, frozen=True, kw_only=True, gc=False):
    """Lines of one flow that belong together. `events` is their number."""

    id: str
    tunnel: str | None
    device: str
    source: str | None
    spi: SpiText
    first: UtcText | None
    last: UtcText | None
    events: int
    duration_s: float
    mechanism: Mechanism


class AuditDiagnosis(Struct, frozen=True, kw_only=True, gc=False):
    """One story explained. `because` are sentences, `evidence` the lines that prove them; `remediations` are ids."""

    id: str
    cause: str
    severity: Severity
    confidence: Confidence
    owner: Owner
    owner_devices: tuple[str, ...]
    subject: Subject
    title: str
    because: tuple[str, ...]
    ruled_out: tuple[RuledOut, ...]
    would_settle: tuple[WouldSettle, ...]
    episodes: tuple[str, ...]
    remediations: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
    waived: Waived | None = None


class AuditFinding(Struct, frozen=True, kw_only=True, gc=False):
    """One rule's word on one subject. `remediations` are ids."""

    id: str
    rule: str
    title: str
    status: Status
    severity: Severity
    subject: Subject
    expected: str
    actual: str
    because: str
    evidence: tuple[Evidence, ...]
    remediations: tuple[str, ...]
    waived: Waived | None = None


class AuditRemediation(Struct, frozen=True, kw_only=True, gc=False):
    """One change, question or thing to look into."""

    id: str
    device: str | None
    side: Literal["sender", "receiver", "both"]
    kind: Literal["config", "exec", "ask", "investigate"]
    title: str
    why: str
    commands: tuple[str, ...]
    verify: tuple[str, ...]
    rollback: tuple[str, ...]
    risk: Literal["none", "low", "disruptive"]
    disruption: str


class AuditProblem(Struct, frozen=True, kw_only=True, gc=False):
    """Something in the source that could not be used; or, `lost` being false, that was used and has to be known."""

    file: str
    line: int | None
    problem: str
    lost: bool = True


class AuditWaiver(Struct, frozen=True, kw_only=True, gc=False):
    """A waiver of the settings, and what became of it at `generated_at`.

    `covers` counts the findings and diagnoses that it names. "expired": they count again; "passing": what it names
    passes now; "unused": nothing is there that it names.
    """

    rule: str
    subject: str | None
    reason: str
    owner: str | None
    until: str
    state: Literal["in-force", "expired", "passing", "unused"]
    covers: int
    line: int | None = None


class Audit(Struct, frozen=True, kw_only=True, gc=False, rename={"schema_": "schema"}):
    """The whole document."""

    schema_: Literal["vpnaudit.audit/1"]
    tool: AuditTool
    generated_at: UtcText
    source: AuditSource
    summary: AuditSummary
    devices: tuple[AuditDevice, ...]
    tunnels: tuple[AuditTunnel, ...]
    events: tuple[AuditEvent, ...]
    episodes: tuple[AuditEpisode, ...]
    diagnoses: tuple[AuditDiagnosis, ...]
    findings: tuple[AuditFinding, ...]
    remediations: tuple[AuditRemediation, ...]
    problems: tuple[AuditProblem, ...] = ()
    waivers: tuple[AuditWaiver, ...] = ()
