"""The terminal report, drawn with rich. Device text goes through `visible` and `Text`: never through markup."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vpnaudit.model.audit import Audit, AuditDevice, AuditEpisode, AuditFinding, AuditRemediation
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.judgement import Severity
from vpnaudit.model.printable import counted
from vpnaudit.report.view import verdict, wording
from vpnaudit.report.view.clean import visible, visible_lines
from vpnaudit.report.view.joined import Joined, OpenGroup, StoryView, TunnelView, join

_MOST_EVIDENCE = 6
_MOST_EPISODES = 4
_MOST_FINDINGS_A_RULE = 4
_MOST_QUIET_ROWS = 20

_SEVERITY_STYLE: dict[Severity, str] = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
}
_STATE_STYLE = {"up": "green", "idle": "", "one-sided": "red", "down": "red", "unknown": "yellow"}


def drawn(audit: Audit, *, width: int, color: bool, quiet: bool) -> str:
    """Draw the report; `width` in columns. The environment has no say."""
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        height=1000,
        color_system="standard" if color else None,
        force_terminal=color,
        no_color=not color,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    joined = join(audit)
    for block in _quiet(joined) if quiet else _blocks(joined):
        console.print(block)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().split("\n")).rstrip("\n") + "\n"


def _text(said: str, style: str = "") -> Text:
    return Text(visible(said), style=style, overflow="fold")


def _under(block: RenderableType, left: int) -> Padding:
    return Padding(block, (0, 0, 0, left), expand=False)


def _section(title: str) -> list[RenderableType]:
    return [Text(), _text(title.upper(), "bold")]


def _quiet(joined: Joined) -> Iterable[RenderableType]:
    yield _headline(joined)
    for number, story in enumerate(joined.stories, 1):
        yield _story_title(number, story)


def _blocks(joined: Joined) -> Iterable[RenderableType]:
    yield from _opening(joined)
    for number, story in enumerate(joined.stories, 1):
        yield from _story(number, story)
    yield from _tunnels(joined)
    yield from _findings(joined)
    yield from _open_points(joined)
    yield from _devices(joined)
    yield from _problems(joined)


def _headline(joined: Joined) -> Text:
    return _text(verdict.headline(joined) + ".", "bold red" if joined.out_of_step else "bold")


def _opening(joined: Joined) -> Iterable[RenderableType]:
    audit = joined.audit
    yield _headline(joined)
    yield _text("; ".join(verdict.totals(joined)) + ".")
    for caveat in verdict.caveats(joined):
        yield _text(caveat, "yellow")
    yield _text(
        f"{audit.source.kind} {audit.source.path}, evidence until {verdict.evidence_until(joined)};"
        f" {audit.tool.name} {audit.tool.version}",
        "dim",
    )


def _story_title(number: int, story: StoryView) -> RenderableType:
    diagnosis = story.diagnosis
    title = Text(style="bold", overflow="fold")
    title.append(diagnosis.severity.upper(), _SEVERITY_STYLE[diagnosis.severity])
    title.append(f"{', accepted' if diagnosis.waived else ''}  {visible(diagnosis.title)}")
    return _list([title], mark=f"{number}.")


def _story(number: int, story: StoryView) -> Iterable[RenderableType]:
    diagnosis = story.diagnosis
    yield Text()
    yield _story_title(number, story)
    facts = [("cause", f"{diagnosis.cause} ({diagnosis.confidence})"), ("where", story.where), ("owner", _owner(story))]
    if story.lines:
        facts.append(("when", story.when))
    if diagnosis.waived:
        facts.append(("accepted", wording.accepted(diagnosis.waived)))
    yield _under(_fact_table(facts), 3)
    yield from _bullets("Why", diagnosis.because)
    yield from _episodes(story.episodes)
    yield from _evidence(diagnosis.evidence)
    yield from _bullets("Ruled out", [f"{wording.rival(r)}: {r.because}" for r in diagnosis.ruled_out])
    asked = [_settling(wording.question(w), w.command) for w in diagnosis.would_settle]
    yield from _bullets("Would settle what is open", asked)
    yield from _remedies(story.remedies)


def _owner(story: StoryView) -> str:
    diagnosis = story.diagnosis
    said = wording.OWNER_WORDS[diagnosis.owner]
    return f"{said}: {', '.join(diagnosis.owner_devices)}" if diagnosis.owner_devices else said


def _settling(question: str, command: str | None) -> str:
    return f"{question} -> {command}" if command else question


def _fact_table(facts: Sequence[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, said in facts:
        grid.add_row(Text(name), _text(said))
    return grid


def _list(items: Iterable[RenderableType], mark: str = "-") -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for item in items:
        grid.add_row(Text(mark), item)
    return grid


def _bullets(title: str, sentences: Sequence[str]) -> Iterable[RenderableType]:
    if sentences:
        yield _under(_text(title, "bold"), 3)
        yield _under(_list([_text(s) for s in sentences]), 3)


def _episodes(episodes: Sequence[AuditEpisode]) -> Iterable[RenderableType]:
    if not episodes:
        return
    said = [
        f"SPI {e.spi} from {e.source or wording.UNKNOWN} at {e.device}: {e.mechanism}, {wording.span(e.first, e.last)},"
        f" {counted(e.events, 'log line')}, {wording.duration(e.duration_s)}"
        for e in episodes[:_MOST_EPISODES]
    ]
    yield from _bullets("Episodes", [*said, *_rest(len(episodes), _MOST_EPISODES)])


def _rest(total: int, shown: int) -> list[str]:
    return [f"and {total - shown:,} more (all of them in the JSON and HTML reports)"] if total > shown else []


def _evidence(evidence: Sequence[Evidence]) -> Iterable[RenderableType]:
    if not evidence:
        return
    yield _under(_text("Evidence", "bold"), 3)
    for piece in evidence[:_MOST_EVIDENCE]:
        yield _under(_text(_place(piece), "dim"), 3)
        for line in visible_lines(piece.text.strip("\r\n")) if piece.text else ():
            yield _under(_text(line.strip()), 7)
    for rest in _rest(len(evidence), _MOST_EVIDENCE):
        yield _under(_text(rest, "dim"), 3)


def _place(piece: Evidence) -> str:
    line = "" if piece.line is None else f":{piece.line}"
    return f"{piece.device}, {piece.command} ({piece.file}{line})"


def _remedies(remedies: Sequence[AuditRemediation]) -> Iterable[RenderableType]:
    if not remedies:
        return
    yield _under(_text("What to change (nothing is changed by this program)", "bold"), 3)
    for number, remedy in enumerate(remedies, 1):
        yield _under(_list([_text(_remedy_title(remedy))], mark=f"{number})"), 3)
        yield from (_under(_text(said), 6) for said in (remedy.why, _risk(remedy)) if said)
        yield from _commands(wording.do_word(remedy).lower(), remedy.commands)
        yield from _commands("verify", remedy.verify)
        yield from _commands("undo", remedy.rollback)


def _remedy_title(remedy: AuditRemediation) -> str:
    where = f"on {remedy.device}" if remedy.device else f"at the {remedy.side}"
    return f"{remedy.title} ({wording.KIND_WORDS[remedy.kind]} {where})"


def _risk(remedy: AuditRemediation) -> str:
    said = wording.RISK_WORDS[remedy.risk]
    return f"{said}: {remedy.disruption}" if remedy.disruption else said


def _commands(name: str, commands: Sequence[str]) -> Iterable[RenderableType]:
    if not commands:
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    lines = [line for command in commands for line in visible_lines(command)]
    for number, line in enumerate(lines):
        grid.add_row(Text(name if number == 0 else ""), Text(line, style="bold", overflow="fold"))
    yield _under(grid, 6)


def _tunnels(joined: Joined) -> Iterable[RenderableType]:
    if not joined.tunnels:
        return
    telling = sorted((t for t in joined.tunnels if not t.quiet), key=lambda t: (not t.out_of_step, -t.events))
    quiet = [t for t in joined.tunnels if t.quiet]
    shown = telling if len(joined.tunnels) > _MOST_QUIET_ROWS else [*telling, *quiet]
    yield from _section(f"Tunnels ({len(joined.tunnels):,})")
    if shown:
        yield _tunnel_table(shown)
    if len(shown) < len(joined.tunnels):
        yield _text(f"{counted(len(quiet), 'more tunnel')} up or idle, without log lines or diagnosis.", "dim")


def _tunnel_table(views: Sequence[TunnelView]) -> Table:
    table = _table("State", "Ends", "IKE", "DPD", "IPsec lifetime", "Lines")
    table.columns[0].no_wrap = True
    table.columns[-1].justify = "right"
    for view in views:
        tunnel = view.tunnel
        table.add_row(
            _text(wording.STATE_WORDS[tunnel.state], _STATE_STYLE[tunnel.state]),
            _text(view.local_name),
            _text(tunnel.ike or "?"),
            _text(wording.dpd(tunnel.dpd.local)),
            _text(wording.ipsec_lifetime(tunnel.lifetime.local)),
            _text(f"{view.events:,}"),
        )
        table.add_row(
            _text("out of step" if view.out_of_step and tunnel.state != "one-sided" else "", "red"),
            _text(view.remote_name),
            "",
            _text(wording.dpd(tunnel.dpd.remote)),
            _text(wording.ipsec_lifetime(tunnel.lifetime.remote)),
            "",
        )
    return table


def _table(*headers: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False, show_edge=False)
    for header in headers:
        table.add_column(Text(header), overflow="fold")
    return table


def _findings(joined: Joined) -> Iterable[RenderableType]:
    if not (joined.failed or joined.waived or joined.passed):
        return
    yield from _section(f"Failed checks ({len(joined.failed):,})")
    for group in _by_rule(joined.failed):
        first = group[0]
        title = Text(overflow="fold")
        title.append(f"{first.severity:<8}", _SEVERITY_STYLE[first.severity])
        title.append(f" {visible(first.rule)} {visible(first.title)}")
        yield title
        if first.because and all(f.because == first.because for f in group):
            yield _under(_text(first.because), 9)
        yield _under(_list([_text(_finding(f, joined)) for f in group[:_MOST_FINDINGS_A_RULE]]), 9)
        for rest in _rest(len(group), _MOST_FINDINGS_A_RULE):
            yield _under(_text(rest, "dim"), 9)
    if joined.waived:
        said = [f"{f.rule} {f.title}, {_subject(f)}: {wording.accepted(f.waived)}" for f in joined.waived if f.waived]
        yield _text(f"Accepted ({len(said)})", "bold")
        yield _list([_text(s) for s in said])
    if joined.passed:
        yield _text(f"{counted(len(joined.passed), 'check')} passed.", "dim")


def _by_rule(findings: Sequence[AuditFinding]) -> list[list[AuditFinding]]:
    groups: dict[tuple[str, str], list[AuditFinding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.rule), []).append(finding)
    return list(groups.values())


def _subject(finding: AuditFinding) -> str:
    subject = finding.subject
    return ", ".join([*subject.devices, *(s for s in (subject.tunnel, subject.source) if s)]) or "everything"


def _finding(finding: AuditFinding, joined: Joined) -> str:
    said = f"{_subject(finding)}: {finding.actual or wording.UNKNOWN}; expected {finding.expected}"
    cures = ", ".join(r.title for r in joined.remedies_of(finding))
    return f"{said} -> {cures}" if cures else said


def _open_points(joined: Joined) -> Iterable[RenderableType]:
    if joined.open_groups:
        yield from _section("Cannot be told from this source")
        yield _list([_text(_open_group(g)) for g in joined.open_groups])


def _open_group(group: OpenGroup) -> str:
    rules = ", ".join(dict.fromkeys(f.rule for f in group.findings))
    if group.command is None:
        return group.questions[0] if group.questions else f"{group.findings[0].because} ({rules})"
    settles = [f"{counted(len(group.findings), 'check')} ({rules})"] if rules else []
    settles += [f'the question "{q}"' for q in group.questions]
    on = f" on {', '.join(group.devices)}" if group.devices else ""
    return f"{group.command}{on} would settle {' and '.join(settles)}"


def _devices(joined: Joined) -> Iterable[RenderableType]:
    devices = joined.audit.devices
    if not devices:
        return
    shown = devices if len(devices) <= _MOST_QUIET_ROWS else tuple(d for d in devices if _telling(d))
    yield from _section(f"Devices ({len(devices):,})")
    if shown:
        yield _device_table(shown)
    if len(shown) < len(devices):
        rest = counted(len(devices) - len(shown), "more device")
        yield _text(f"{rest} read completely, without anything to tell.", "dim")
    told = [said for d in shown for said in _missing(d)]
    if told:
        yield _list([_text(s) for s in told])


def _telling(device: AuditDevice) -> bool:
    unclean = device.status != "complete" or bool(device.missing) or bool(device.error)
    return unclean or not device.assessable or device.clock_synchronized is False


def _device_table(devices: Sequence[AuditDevice]) -> Table:
    table = _table("Device", "Platform", "Read", "Clock offset", "Lines understood")
    for device in devices:
        table.add_row(
            _text(device.name),
            _text(f"{device.platform or 'platform not known'} {device.version or ''}".strip()),
            _text(device.status, "green" if device.status == "complete" else "yellow"),
            _text(_clock(device)),
            _text(_coverage(device)),
        )
    return table


def _clock(device: AuditDevice) -> str:
    within_s, synchronized = device.clock_uncertainty_s, device.clock_synchronized
    return wording.offset(device.clock_offset_s, synchronized=synchronized, within_s=within_s)


def _coverage(device: AuditDevice) -> str:
    lines = sum(c.lines for c in device.parse.values())
    understood = sum(c.understood for c in device.parse.values())
    if not lines:
        return "nothing read"
    return f"{understood:,} of {lines:,}"


def _missing(device: AuditDevice) -> Iterable[str]:
    if device.error:
        yield f"{device.name}: {device.error}"
    if not device.assessable:
        yield f"{device.name}: not assessable on this platform"
    if device.missing:
        yield f"{device.name} lacks: {', '.join(device.missing)}"


def _problems(joined: Joined) -> Iterable[RenderableType]:
    problems = joined.not_used
    if problems:
        yield from _section("Not used from the source")
        yield _list([_text(f"{p.file}{'' if p.line is None else f', line {p.line}'}: {p.problem}") for p in problems])
