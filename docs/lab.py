"""Judges the lab's measured runs as Cisco routers would show them: writes its section of docs/accuracy.md.

`python docs/lab.py LAB [--processes N]` prints the section; `--write` keeps it. `--only RUN` judges one run and says
what was found; `--keep DIR` keeps its captures. LAB is the folder of the timelines (`lab/` beside the checkout's shared
reading); its own README says how they were measured.

What was measured is the truth here, and how it is turned into show commands stands in lab_play.py. Each run is judged
1 s after its first line, 1 s after its last one and half an hour later, with routers that keep an event trace and with
some that do not.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from lab_play import TRACED, UNTRACED, Lab, stamp
from lab_runs import ENDS, STREAM_S, Run, Stray, read_all

from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings
from vpnaudit.simulate.models import Hardware

PAGE = Path(__file__).parent / "accuracy.md"
BEGIN, END = "<!-- lab -->", "<!-- end of lab -->"
LAB = Path(__file__).resolve().parents[2] / "shared" / "lab"
OPEN, NOTHING, UNEXPLAINED = "insufficient-evidence", "nothing", "unexplained"
WITH_TRACE, WITHOUT_TRACE, LOGS = "all, with event traces", "all, without event traces", "logs and configurations"
LINE_EVERY_S = 60.0
SHORT_S = 10.5
"""As long as a stream lasts that one repeated IKE message ends (10 s in IKEv1). It leaves one line, as a late packet
does, and by DESIGN 7 it is one unless the sender was seen to keep the SA: both are true of it."""
AT_END = "the end, no line"
FIRST, LAST, LATER = "the first line", "the last line", "half an hour later"
AFTER_S = {FIRST: 1.0, LAST: 1.0, LATER: 1800.0}
"""When the routers are asked: seconds after a line."""
OFTEN_REKEYED = frozenset({"loss", "reorder", "baseline", "lifetime"})
"""A rekey every 2 s, or an end whose SAs live 12 s: lines of that are true by themselves."""
FLAP_SETUPS = 3
"""So many times in a run (of minutes) an end without any SA got one: the tunnel flapped, whatever made it."""


@dataclass(frozen=True)
class Line:
    """One logged line: what was measured of its packet, and what was told. `allowed`: the mechanisms that are true."""

    kind: str
    truth: str
    allowed: frozenset[str]
    told: str
    confidence: str

    @property
    def is_open(self) -> bool:
        """Honest, and less than was measured."""
        return self.told == UNEXPLAINED and self.told not in self.allowed

    @property
    def is_wrong(self) -> bool:
        """Another mechanism."""
        return not self.is_open and self.told not in self.allowed


@dataclass(frozen=True)
class Judged:
    """A run as judged at one moment. `allowed`: the causes that are true of what was done in it."""

    run: str
    done: str
    experiment: str
    evidence: str
    moment: str
    lines: tuple[Line, ...]
    told: tuple[str, ...]
    allowed: frozenset[str]

    @property
    def first(self) -> str:
        """The first cause told."""
        return self.told[0] if self.told else NOTHING

    @property
    def is_open(self) -> bool:
        """No cause is told where there is one."""
        return self.first == OPEN

    @property
    def is_wrong(self) -> bool:
        """Another cause first, or silence where lines were logged."""
        return not self.is_open and self.first not in self.allowed

    def __str__(self) -> str:
        found = ", ".join(f"{n} {key}" for key, n in sorted(Counter(_said(i) for i in self.lines).items()))
        return (
            f"{self.run} ({self.done}), {self.moment}, {self.evidence}: {found or 'no line'}; "
            f"told {' + '.join(self.told) or NOTHING}, true {' or '.join(sorted(self.allowed))}"
        )


def _said(line: Line) -> str:
    return f"{line.kind} is {line.truth}, told {line.told}"


# ---------------------------------------------------------------------- what is true


def lasted_s(flow: Sequence[Stray], by: float) -> float:
    """From the first packet of a flow that met no SA to the last one by then, seconds."""
    return min(flow[-1].at, by) - flow[0].at


def true_mechanisms(run: Run, stray: Stray, lines: int, by: float) -> tuple[str, frozenset[str]]:
    """DESIGN 7 on the lab's own intervals; `lines`: how many the flow has left by the second `by`."""
    if stray.kind == "foreign":
        return "unknown-source", frozenset({"unknown-source"})
    if stray.kind == "state-lost":
        return "stale-sa", frozenset({"stale-sa"})
    if stray.kind == "before-install":  # the receiver's own SA, installed next to the event
        return "rekey-race", frozenset({"rekey-race"})
    flow = run.flow(stray)
    whole, so_far = lasted_s(flow, run.end), lasted_s(flow, by)
    if whole <= STREAM_S and lines == 1:
        return "rekey-race", frozenset({"rekey-race"})
    if so_far <= SHORT_S and lines == 1:
        return "short stream" if whole <= SHORT_S else "stream begun", frozenset({"rekey-race", "stale-sa"})
    return "stale-sa", frozenset({"stale-sa"})


def true_causes(run: Run, lab: Lab, logged: Sequence[Stray], by: float) -> frozenset[str]:
    """What was done in the run, in the names of DESIGN 8."""
    if not logged:
        return frozenset({NOTHING})
    if run.experiment == "stranger":
        return frozenset({"unconfigured-source"})
    if any(s.kind == "state-lost" for s in logged):
        return frozenset({"reset-not-detected"})
    lengths = [lasted_s(run.flow(s), by) for s in logged if s.kind != "before-install"]
    streams, races = max(lengths, default=0.0) > STREAM_S, min(lengths, default=0.0) <= SHORT_S
    found = set(_out_of_step(lab)) if run.experiment in {"loss", "reorder", "baseline"} else set()
    if not streams:
        found.add("normal-rekey")
    if races and run.experiment in OFTEN_REKEYED:
        found |= {"normal-rekey", "frequent-rekey"}
    return frozenset({*found, *_done(run, lab, streams=streams)})


def _out_of_step(lab: Lab) -> Iterator[str]:
    """DESIGN 8 of an SA that one end sends on at that moment and the other lacks: collisions of IKEv1 leave some."""
    ends = lab.tunnel.ends
    for side, end in enumerate(ends):
        if any(p.enabled and not ends[1 - side].holds(p.outbound) for p in end.pairs):
            yield "delete-lost" if ends[0].ike and ends[1].ike else "missing-ike-sa"


def _done(run: Run, lab: Lab, *, streams: bool) -> Iterator[str]:
    if run.loss or run.experiment == "outage" or lab.gave_up or (run.experiment == "targeted" and streams):
        yield "packet-loss"
    lost_delete = run.settings.get("delete_lost_for") or run.loss or run.experiment == "targeted"
    if lost_delete and (streams or run.experiment == "onesided") and run.ike_version == 1:
        yield "delete-lost"
    if run.settings.get("delete_lost_for") and run.ike_version == 2:
        yield "delete-lost"
    if run.experiment == "lifetime":
        yield "lifetime-mismatch"
    elif max(lab.setups) >= FLAP_SETUPS:
        yield "tunnel-flap"


# ---------------------------------------------------------------------- judging


def logged(run: Run) -> list[Stray]:
    """The packets that leave a line: one a minute of each flow (field guide 1.3)."""
    newest: dict[tuple[int, str, int], float] = {}
    found = []
    for stray in sorted((s for s in run.strays if s.at < run.end), key=lambda s: s.at):
        key = (stray.side, stray.source, stray.spi)
        if stray.at - newest.get(key, float("-inf")) >= LINE_EVERY_S:
            newest[key] = stray.at
            found.append(stray)
    return found


def moments(run: Run) -> dict[str, float]:
    """When the routers are asked, in seconds of the run; one without a line at its end."""
    lines = logged(run)
    if not lines:
        return {AT_END: run.end - 0.1}
    at = {FIRST: lines[0].at, LAST: lines[-1].at, LATER: lines[-1].at}
    return {moment: at[moment] + after_s for moment, after_s in AFTER_S.items()}


def evidence(run: Run, hardware: Hardware) -> str:
    """What the routers of the run can show."""
    if not run.is_whole:
        return LOGS
    return WITH_TRACE if hardware is TRACED else WITHOUT_TRACE


def judge(run: Run, hardware: Hardware, moment: str, keep: Path | None = None) -> Judged:
    """The run at one of its moments."""
    second = moments(run)[moment]
    lab = Lab(run, hardware)
    lab.play_until(second)
    with tempfile.TemporaryDirectory() as place:
        now = lab.write_snapshot(Path(place))
        audit = audit_sources([Path(place)], Settings(), now)
        if keep is not None:
            shutil.copytree(place, keep, dirs_exist_ok=True)
    return Judged(
        run=run.name,
        done=run.done,
        experiment=run.experiment,
        evidence=evidence(run, hardware),
        moment=moment,
        lines=tuple(_lines(run, audit, second)),
        told=tuple(d.cause for d in audit.diagnoses),
        allowed=true_causes(run, lab, [s for s in logged(run) if s.at <= second], second),
    )


def _lines(run: Run, audit: Audit, by: float) -> Iterator[Line]:
    strays = {(f"lab-{ENDS[s.side]}", s.spi, stamp(s.at)): s for s in run.strays}
    found = [(strays[e.device, int(e.spi, 16), e.time or ""], e) for e in audit.events]
    counts = Counter((s.side, s.spi, s.kind) for s, _ in found)
    for stray, event in found:
        truth, allowed = true_mechanisms(run, stray, counts[stray.side, stray.spi, stray.kind], by)
        yield Line(stray.kind, truth, allowed, event.mechanism, event.confidence)


def judge_run(run: Run) -> list[Judged]:
    """The run at each of its moments: with both kinds of routers, where their tables and traces are known."""
    kinds = (TRACED, UNTRACED) if run.is_whole else (TRACED,)
    return [judge(run, hardware, moment) for hardware in kinds for moment in moments(run)]


def judge_all(runs: Sequence[Run], processes: int) -> list[Judged]:
    """Every run, in order."""
    if processes == 1:
        return [j for run in runs for j in judge_run(run)]
    with ProcessPoolExecutor(processes) as pool:
        return [j for found in pool.map(judge_run, runs, chunksize=16) for j in found]


# ---------------------------------------------------------------------- the page


def section(runs: Sequence[Run], judged: Sequence[Judged]) -> str:
    """The section of the page as Markdown, with its marks."""
    wrong = [j for j in judged if j.is_wrong or any(line.is_wrong for line in j.lines)]
    listed = "".join(f"- {j}\n" for j in wrong) or "Nothing in these runs.\n"
    parts = [_opening(runs), _summary(judged), _mechanisms(judged), _causes(judged)]
    return "\n".join([BEGIN, *parts, f"### What is wrong today in the lab's runs\n\n{listed}{END}\n"])


def _opening(runs: Sequence[Run]) -> str:
    whole = [r for r in runs if r.is_whole]
    lines = sum(len(logged(r)) for r in runs)
    packets = sum({(r.name, s.side, s.spi): s.packets for r in runs for s in r.strays}.values())
    return f"""## Measured: real IKE and ESP

Made by `python docs/lab.py --write` (minutes) from timelines of two real IKE implementations; not written by hand.

{len(runs)} runs under loss, outages, restarts, one-sided deletes, lost messages, reordering, unequal lifetimes and a
stranger's packets. {packets:,} ESP packets met no SA, which is {lines:,} lines at one a minute of each flow. The runs
are played into two simulated routers, which answer show commands with what was measured; the pipeline judges them 1 s
after a run's first line, 1 s after its last one, and half an hour later. Of {len(whole)} runs every SA is known; of the
others only the packets that met none: they are shown as logs, configurations and clocks.

This is not Cisco software: it does not answer an unknown SPI with a DELETE, and sets up nothing on traffic. It ran with
lifetimes of seconds (less than IOS takes), and where it was rekeyed every 2 s, lines of plain rekeys are
`frequent-rekey` as well as `normal-rekey`; more rekeys than the lifetime in the configuration allows leave the cause
open. Clocks are right throughout, after a restart too. After a run nothing is sent any more: SAs go by their own
lifetime, of 3600 s where the lab names none.
"""


def _summary(judged: Sequence[Judged]) -> str:
    text = """### By evidence and moment

A mechanism is right where it is the measured one; `open` is `unexplained`. A cause is right where it is true of what
was done in the run; `open` is `insufficient-evidence`. A run without a line is right where nothing is told of it.

| evidence | moment | lines | right | open | wrong | runs | cause right | open | wrong |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""
    for what in (WITH_TRACE, WITHOUT_TRACE, LOGS):
        for moment in (*AFTER_S, AT_END):
            mine = [j for j in judged if (j.evidence, j.moment) == (what, moment)]
            lines = [line for j in mine for line in j.lines]
            cells = [len(lines), *_split(lines), len(mine), *_split(mine)]
            text += f"| {what} | {moment} | {' | '.join(map(str, cells))} |\n"
    return text


def _split(found: Sequence[Line] | Sequence[Judged]) -> tuple[int, int, int]:
    is_open, wrong = sum(f.is_open for f in found), sum(f.is_wrong for f in found)
    return len(found) - is_open - wrong, is_open, wrong


def _mechanisms(judged: Sequence[Judged]) -> str:
    text = f"""### Mechanisms

Lines half an hour after each run's last one, with event traces, by what the lab says of the packet. `short stream`:
packets for 1 to {SHORT_S:g} s, which left one line; by the design's rule that is a late packet (`rekey-race`) unless
the sender was seen to keep the SA.

"""
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for j in judged:
        if (j.evidence, j.moment) == (WITH_TRACE, LATER):
            for line in j.lines:
                counts[j.experiment, line.kind, line.truth][line.told] += 1
    columns = sorted({told for found in counts.values() for told in found})
    text += f"| experiment | the lab says | true | {' | '.join(columns)} |\n|---|---|---|{'---:|' * len(columns)}\n"
    for (experiment, kind, truth), found in sorted(counts.items()):
        cells = (f"**{found[c]}**" if found[c] and c == truth else str(found[c] or "") for c in columns)
        text += f"| {experiment} | {kind} | {truth} | {' | '.join(cells)} |\n"
    return text


def _causes(judged: Sequence[Judged]) -> str:
    text = """### First causes

With event traces, at the three moments of every run that left a line. Several are true where several things were done,
where an end gave up its peer because of what was lost, or where its runs differ. A second after the first packet no one
can tell a lost message from a rekey: `normal-rekey` is not held to be wrong there.

| done | times judged | told first | true |
|---|---:|---|---|
"""
    by_run: dict[str, list[Judged]] = defaultdict(list)
    for j in judged:
        if j.evidence == WITH_TRACE and j.lines:
            by_run[j.done].append(j)
    for done, mine in sorted(by_run.items()):
        told = ", ".join(f"{name} {n}" for name, n in Counter(j.first for j in mine).most_common())
        true = ", ".join(sorted({cause for j in mine if j.moment == LATER for cause in j.allowed}))
        text += f"| {done} | {len(mine)} | {told} | {true} |\n"
    return text


def keep_section(page: str, new: str) -> str:
    """The page with its section of the lab replaced, or added at its end."""
    head, begin, rest = page.partition(BEGIN)
    if not begin:
        return f"{page.rstrip()}\n\n{new}"
    return f"{head}{new}{rest.partition(END)[2].lstrip()}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its status is 1 where a mechanism or a first cause is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("lab", type=Path, nargs="?", default=LAB, help="the folder of the timelines")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="write the section of docs/accuracy.md")
    parser.add_argument("--only", metavar="RUN", help="one run: what was found")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="with --only: keep its captures there")
    asked = parser.parse_args(arguments)
    runs = read_all(asked.lab)
    if asked.only is not None:
        return _one(next(r for r in runs if r.name == asked.only), asked.keep)
    judged = judge_all(runs, asked.processes)
    text = section(runs, judged)
    if asked.write:
        kept = keep_section(PAGE.read_text(encoding="utf-8"), text)
        PAGE.write_text(kept, encoding="utf-8", newline="\n")
    print(text)  # noqa: T201
    return int(any(j.is_wrong or any(line.is_wrong for line in j.lines) for j in judged))


def _one(run: Run, keep: Path | None) -> int:
    for hardware in (TRACED, UNTRACED):
        for number, moment in enumerate(moments(run)):
            found = judge(run, hardware, moment, keep / f"{hardware.product[:7]}-{number}" if keep else None)
            print(found)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
