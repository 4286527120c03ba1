"""For a ticket, or a mail to the other party: verdict, diagnoses, evidence, remedies, what is open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vpnaudit.model.audit import Audit, AuditFinding, AuditRemediation
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.printable import counted
from vpnaudit.report.view import verdict, wording
from vpnaudit.report.view.clean import visible, visible_lines
from vpnaudit.report.view.joined import Joined, OpenGroup, StoryView, TunnelView, join

ENDING = ".md"

_MOST_EVIDENCE = 12
_MOST_TUNNELS = 50

# CommonMark and GitHub's form of it: what can begin markup anywhere in a line.
_ANYWHERE = re.compile(r"[\\`*\[\]|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=\s)#+$")
_AT_START = re.compile(r"^(?:[#+=-]|[0-9]{1,9}(?=[.)](?:\s|$)))")
# What some renderers turn into a link or a mention by themselves.
_AUTOLINK = re.compile(r"(?i)www\.|://|@")


def render(audit: Audit) -> str:
    """Give the report as Markdown (CommonMark with tables) in which no text from a device acts as markup."""
    joined = join(audit)
    blocks = [
        *_opening(joined),
        *(block for number, story in enumerate(joined.stories, 1) for block in _story(number, story)),
        *_tunnels(joined),
        *_findings(joined),
        *_open_points(joined),
        _item_list("Not used from the source", [f"{p.file}: {p.problem}" for p in joined.not_used]),
    ]
    return "\n\n".join(b for b in blocks if b) + "\n"


def escaped(text: str) -> str:
    r"""Give `text` as one line of Markdown that shows as it stands.

    >>> escaped("a|b <i> `c` *d*")
    'a\\|b &lt;i&gt; \\`c\\` \\*d\\*'
    """
    said = visible(text).strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    said = _ANYWHERE.sub(r"\\\g<0>", said)
    said = _AUTOLINK.sub(lambda m: f"&#{ord(m[0][0])};{m[0][1:]}", said)
    return _AT_START.sub(lambda m: f"&#{ord(m[0][0])};{m[0][1:]}", said)


def _opening(joined: Joined) -> Iterable[str]:
    audit = joined.audit
    yield f"# VPN audit: {escaped(verdict.headline(joined))}"
    yield f"{escaped('; '.join(verdict.totals(joined)))}."
    yield "\n".join(f"- {escaped(c)}" for c in verdict.caveats(joined))
    yield escaped(
        f"Source: {audit.source.kind} {audit.source.path}, evidence until {verdict.evidence_until(joined)}."
        f" Made by {audit.tool.name} {audit.tool.version}."
    )


def _story(number: int, story: StoryView) -> Iterable[str]:
    diagnosis = story.diagnosis
    yield f"## {number}. {escaped(diagnosis.title)}"
    facts = [
        ("Severity", diagnosis.severity),
        ("Cause", f"{diagnosis.cause} ({diagnosis.confidence})"),
        ("Where", story.where),
        ("Whose it is", _owner(story)),
    ]
    if story.lines:
        facts.append(("When", story.when))
    if diagnosis.waived:
        facts.append(("Accepted", wording.accepted(diagnosis.waived)))
    yield "\n".join(f"- **{name}**: {escaped(said)}" for name, said in facts)
    yield _item_list("Why", diagnosis.because, level=3)
    yield from _evidence(diagnosis.evidence)
    yield _item_list("Ruled out", [f"{wording.rival(r)}: {wording.against(r)}" for r in diagnosis.ruled_out], level=3)
    yield _item_list(
        "What would settle what is open",
        [f"{wording.question(w)} ({w.command})" if w.command else wording.question(w) for w in diagnosis.would_settle],
        level=3,
    )
    for remedy in story.remedies:
        yield from _remedy(remedy)


def _owner(story: StoryView) -> str:
    devices = ", ".join(story.diagnosis.owner_devices)
    said = wording.OWNER_WORDS[story.diagnosis.owner]
    return f"{said}: {devices}" if devices else said


def _item_list(title: str, items: Sequence[str], *, level: int = 2) -> str:
    if not items:
        return ""
    return "\n".join([f"{'#' * level} {title}", "", *(f"- {escaped(item)}" for item in items)])


def _fenced(text: Iterable[str]) -> str:
    lines = [line for piece in text for line in visible_lines(piece)]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def _evidence(evidence: Sequence[Evidence]) -> Iterable[str]:
    if not evidence:
        return
    yield "### Evidence"
    lines = []
    for piece in evidence[:_MOST_EVIDENCE]:
        place = piece.file if piece.line is None else f"{piece.file}:{piece.line}"
        lines.append(f"{piece.device}, {piece.command} ({place})")
        lines.extend(f"    {line.strip()}" for line in visible_lines(piece.text.strip("\r\n")) if line.strip())
    if len(evidence) > _MOST_EVIDENCE:
        lines.append(f"and {len(evidence) - _MOST_EVIDENCE:,} more lines")
    yield _fenced(lines)


def _remedy(remedy: AuditRemediation) -> Iterable[str]:
    where = f"on {remedy.device}" if remedy.device else f"at the {remedy.side}"
    yield f"### To do {escaped(where)}: {escaped(remedy.title)}"
    disruption = f": {remedy.disruption}" if remedy.disruption else ""
    yield escaped(f"{remedy.why} Risk: {remedy.risk}{disruption}".removesuffix(".") + ".")
    for name, commands in (
        (wording.do_word(remedy), remedy.commands),
        ("Verify", remedy.verify),
        ("Undo", remedy.rollback),
    ):
        if commands:
            yield f"{name}:"
            yield _fenced(commands)


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = f"| {' | '.join(headers)} |"
    rule = f"|{'|'.join(' --- ' for _ in headers)}|"
    return "\n".join([head, rule, *(f"| {' | '.join(escaped(c) for c in row)} |" for row in rows)])


def _tunnels(joined: Joined) -> Iterable[str]:
    if not joined.tunnels:
        return
    telling = [t for t in joined.tunnels if not t.quiet]
    shown = telling[:_MOST_TUNNELS]
    yield f"## Tunnels ({len(joined.tunnels):,})"
    if shown:
        yield _table(("State", "One end", "Other end", "IKE", "DPD", "IPsec lifetime", "Log lines"), map(_row, shown))
    if len(telling) > len(shown):
        yield f"{counted(len(telling) - len(shown), 'more tunnel')} with something to tell."
    quiet = len(joined.tunnels) - len(telling)
    if quiet:
        yield f"{counted(quiet, 'tunnel')} up or idle, without log lines or diagnosis."


def _row(view: TunnelView) -> Sequence[str]:
    tunnel = view.tunnel
    state = wording.STATE_WORDS[tunnel.state]
    dpd = (wording.dpd(tunnel.dpd.local), wording.dpd(tunnel.dpd.remote))
    lifetime = (wording.ipsec_lifetime(tunnel.lifetime.local), wording.ipsec_lifetime(tunnel.lifetime.remote))
    return (
        f"{state}, out of step" if view.out_of_step else state,
        view.local_name,
        view.remote_name,
        tunnel.ike or wording.UNKNOWN,
        " / ".join(dict.fromkeys(dpd)),
        " / ".join(dict.fromkeys(lifetime)),
        f"{view.events:,}",
    )


def _findings(joined: Joined) -> Iterable[str]:
    if joined.failed:
        yield f"## Failed checks ({len(joined.failed):,})"
        yield _table(("Severity", "Rule", "What", "Where", "Found", "Expected"), map(_finding_row, joined.failed))
    if joined.waived:
        yield f"## Accepted ({len(joined.waived):,})"
        yield _table(("Severity", "Rule", "What", "Where", "Accepted because"), map(_accepted_row, joined.waived))


def _finding_row(finding: AuditFinding) -> Sequence[str]:
    return finding.severity, finding.rule, finding.title, _where(finding), finding.actual, finding.expected


def _accepted_row(finding: AuditFinding) -> Sequence[str]:
    said = wording.accepted(finding.waived) if finding.waived else ""
    return finding.severity, finding.rule, finding.title, _where(finding), said


def _where(finding: AuditFinding) -> str:
    subject = finding.subject
    return ", ".join([*subject.devices, *(s for s in (subject.tunnel, subject.source) if s)])


def _open_points(joined: Joined) -> Iterable[str]:
    yield _item_list("Cannot be told from this source", [_open_group(g) for g in joined.open_groups])


def _open_group(group: OpenGroup) -> str:
    rules = ", ".join(dict.fromkeys(f.rule for f in group.findings))
    if group.command is None:
        return group.questions[0] if group.questions else f"{group.findings[0].because} ({rules})"
    on = f" on {', '.join(group.devices)}" if group.devices else ""
    settles = [rules] if rules else []
    return f"{group.command}{on} would settle: {'; '.join([*settles, *group.questions])}"
