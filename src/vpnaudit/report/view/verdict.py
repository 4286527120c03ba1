"""The first lines of every report: what is out of step now, and what that word rests on."""

from __future__ import annotations

from vpnaudit.model.device import SA_COMMANDS
from vpnaudit.model.judgement import SEVERITIES
from vpnaudit.model.printable import counted
from vpnaudit.report.view import wording
from vpnaudit.report.view.joined import Joined


def headline(joined: Joined) -> str:
    """Say the verdict in one sentence without a full stop: "2 of 9 tunnels are out of step now"."""
    audit = joined.audit
    if joined.tunnels:
        return _tunnels_line(joined)
    if audit.events:
        lines = counted(sum(e.count for e in audit.events), "invalid-SPI log line")
        if _has_sa_table(joined):
            return (
                f"{lines}, but the SA tables that were read show no tunnel: whether one is out of step cannot be told"
            )
        return f"{lines}, but no SA table was read: whether a tunnel is out of step now cannot be told"
    if audit.devices:
        return f"No tunnel and no invalid-SPI log line was found on {counted(len(audit.devices), 'device')}"
    return "Nothing could be judged: the source has no device and no invalid-SPI log line"


def _has_sa_table(joined: Joined) -> bool:
    return any(d.parse.keys() & set(SA_COMMANDS) - set(d.missing) for d in joined.audit.devices)


def _tunnels_line(joined: Joined) -> str:
    total, wrong = len(joined.tunnels), joined.out_of_step
    unknown = sum(t.tunnel.state == "unknown" and not t.out_of_step for t in joined.tunnels)
    if unknown == total:
        which = "the only tunnel is" if total == 1 else f"any of {total:,} tunnels is"
        return f"Whether {which} out of step now cannot be told from this source"
    down = sum(t.tunnel.state == "down" and not t.out_of_step for t in joined.tunnels)
    if total == 1:
        if down:
            return f"The only tunnel is down {_when(joined)}, and so not out of step"
        return f"The only tunnel {'is' if wrong else 'is not seen'} out of step {_when(joined)}"
    number = f"{wrong:,}" if wrong else "None"
    said = f"{number} of {total:,} tunnels {'are' if wrong > 1 else 'is'} {'' if wrong else 'seen '}out of step"
    said = f"{said} {_when(joined)}" + (f", and {down:,} {'are' if down > 1 else 'is'} down" if down else "")
    return f"{said}; for {unknown:,} it cannot be told" if unknown else said


def evidence_until(joined: Joined) -> str:
    """Say when the newest of the evidence is from: the end of the collection, or of a log that runs on after it."""
    return wording.clock(joined.audit.source.to or joined.audit.generated_at)


def _when(joined: Joined) -> str:
    """Now; or, where a log runs on after the tables were read, when that was: they tell no more."""
    audit = joined.audit
    if audit.source.to is None or audit.source.to <= audit.generated_at:
        return "now"
    return f"as the tables were read, at {wording.clock(audit.generated_at)}"


def totals(joined: Joined) -> tuple[str, ...]:
    """Say the numbers behind the headline, one phrase each."""
    audit = joined.audit
    failed = audit.summary.findings
    by_severity = [f"{n:,} {s}" for s in SEVERITIES if (n := getattr(failed, s))]
    said = [
        counted(sum(e.count for e in audit.events), "invalid-SPI log line"),
        counted(len(audit.diagnoses), "diagnosis", "diagnoses"),
        f"failed checks: {', '.join(by_severity)}" if by_severity else "no failed check",
    ]
    accepted = sum(d.waived is not None for d in audit.diagnoses) + len(joined.waived)
    if accepted:
        said.append(f"{accepted:,} accepted")
    if audit.summary.unknown:
        said.append(f"{counted(audit.summary.unknown, 'check')} without the evidence to decide")
    if audit.devices:
        said.append(f"{audit.summary.complete:,} of {counted(len(audit.devices), 'device')} read completely")
    return tuple(said)


def caveats(joined: Joined) -> tuple[str, ...]:
    """Say what the verdict does not cover; empty where all was read and all can be judged."""
    said = []
    if joined.incomplete:
        names = _some([f"{d.name} ({d.status})" for d in joined.incomplete])
        said.append(f"Not all was read: {names}. What is missing there is not judged.")
    silent = [d.name for d in joined.audit.devices if not d.assessable]
    if silent:
        said.append(f"Not assessable, which is not the same as healthy: {_some(silent)}.")
    said += [f"{p.file}: {p.problem}." for p in joined.audit.problems if not p.lost]
    if joined.not_used:
        said.append(f"{counted(len(joined.not_used), 'part')} of the source could not be used; see the end.")
    expired = [f"{w.rule} ({w.until})" for w in joined.audit.waivers if w.state == "expired"]
    if expired:
        said.append(f"Waivers have run out, and what they accepted counts again: {_some(expired)}.")
    return tuple(said)


def _some(names: list[str], most: int = 5) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
