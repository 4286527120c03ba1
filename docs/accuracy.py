"""Measures how often the first cause told is the true one, on generated situations: writes docs/accuracy.md.

`python docs/accuracy.py [--seed N] [--count N] [--processes N]` prints the page; `--write` keeps it. `--only N` judges
one situation instead, and `--keep DIR` writes its captures. The same seed and count give the
same page, however many processes.

A situation is a simulated fleet (`vpnaudit.simulate`, which shares no code with what is measured): one fault or two on
different tunnels, some healthy tunnels beside them, at a random moment, with random addresses, names, platforms and
clocks. The fleet's root facts say which cause is true of which tunnel. Each situation is judged with all evidence, and
again with parts of it withheld.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from parse_once import parsing_each_text_once

from vpnaudit.diagnose import all_causes
from vpnaudit.model.audit import Audit, AuditDiagnosis
from vpnaudit.model.judgement import CONFIDENCES
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings
from vpnaudit.simulate import FAULTS, Ends, SimFleet, build_fleet

PAGE = Path(__file__).resolve().parent / "accuracy.md"
MEASURED = re.compile(r"<!-- lab -->\n.*<!-- end of lab -->\n", re.DOTALL)
SEED, COUNT = 1, 320
OPEN = "insufficient-evidence"
NORMAL = "normal-rekey"
NOTHING = "nothing"
"""As truth: no fault, or one that has left no line. As what was told: no diagnosis of that tunnel."""
KINDS_OF_ENDS: tuple[Ends, ...] = ("routers", "routers", "firewalls", "ipv6", "dmvpn", "backup", "vrfs", "partners")
EARLIEST, LATEST = datetime(2010, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)
Truth = dict[str, Any]
Withhold = Callable[[Path, Truth], None]


@dataclass(frozen=True)
class Situation:
    """What is generated: `number` of the run with `seed`."""

    seed: int
    number: int
    faults: tuple[str, ...]
    now: datetime
    hours: float
    ends: Ends

    def build(self) -> SimFleet:
        """The fleet, lived up to `now`."""
        seed = self.seed * 1_000_003 + self.number
        return build_fleet(seed, self.faults, self.now, hours=self.hours, scattered=True, ends=self.ends)

    def __str__(self) -> str:
        return (
            f"seed {self.seed} number {self.number} ({', '.join(self.faults)}; {self.ends}; {self.now:%Y-%m-%d %H:%M})"
        )


@dataclass(frozen=True)
class Row:
    """What was told first of one tunnel (or source) of a situation, with one amount of evidence."""

    situation: Situation
    level: str
    between: str
    fault: str
    truth: str
    told: str
    confidence: str | None
    is_right: bool
    raised: bool

    @property
    def is_wrong(self) -> bool:
        """A cause that is not true, or silence where lines were logged."""
        return not self.is_right and self.told != OPEN

    def __str__(self) -> str:
        return f"{self.situation}, {self.level}: {self.fault} is {self.truth}, told {self.told} ({self.confidence})"


def situation(seed: int, number: int) -> Situation:
    """Every fault in turn comes first; every other time a second one beside it; up to two healthy tunnels."""
    rng = Random(f"accuracy/{seed}/{number}")  # noqa: S311 - must repeat
    names = sorted(FAULTS)
    faults = [names[number % len(names)]]
    if (number // len(names)) % 2:
        faults.append(rng.choice([n for n in names if n != "healthy"]))
    faults += ["healthy"] * rng.choice((0, 0, 1, 2))
    rng.shuffle(faults)
    now = EARLIEST + timedelta(seconds=rng.randrange(int((LATEST - EARLIEST).total_seconds())))
    hours = rng.choice((12.0, 24.0, 36.0, 48.0))
    return Situation(seed, number, tuple(faults), now, hours, rng.choice(KINDS_OF_ENDS))


# ---------------------------------------------------------------------- evidence


def _keep(patterns: Sequence[str], folder: Path, truth: Truth) -> None:  # noqa: ARG001 - one form for all levels
    for device in sorted(folder.iterdir()):
        kept = {f for p in patterns for f in device.glob(p)}
        for file in device.iterdir():
            if file not in kept:
                file.unlink()


def _drop(patterns: Sequence[str], folder: Path, truth: Truth) -> None:  # noqa: ARG001
    for pattern in patterns:
        for file in folder.glob(f"*/{pattern}"):
            file.unlink()


def _without_end(end: str, folder: Path, truth: Truth) -> None:
    shutil.rmtree(folder / truth[end])


def _receivers_log(folder: Path, truth: Truth) -> None:
    for device in sorted(folder.iterdir()):
        if device.name != truth["receiver"]:
            shutil.rmtree(device)
    _keep(("show_logging*",), folder, truth)


ALL = "both ends, everything"
FLEETWIDE: dict[str, Withhold] = {
    ALL: lambda _folder, _truth: None,
    "no configuration": partial(_drop, ("show_running-config*", "show_crypto_map*")),
    "no logs": partial(_drop, ("show_logging*",)),
    "logs only": partial(_keep, ("show_logging*",)),
}
OF_ONE_TUNNEL: dict[str, Withhold] = {
    "receiver only": partial(_without_end, "sender"),
    "sender only": partial(_without_end, "receiver"),
    "the receiver's log only": _receivers_log,
}
OF_A_PARTNER = {
    ALL: "receiver only",
    "no configuration": "receiver only, no configuration",
    "no logs": "receiver only, no logs",
    "logs only": "the receiver's log only",
}
"""What the fleet's evidence amounts to for a tunnel whose sender is somebody else's."""
LEVELS = tuple(dict.fromkeys((*FLEETWIDE, *OF_ONE_TUNNEL, *OF_A_PARTNER.values())))


# ---------------------------------------------------------------------- measuring


def measure(asked: Situation) -> list[Row]:
    """The situation with every amount of evidence."""
    with tempfile.TemporaryDirectory() as place, parsing_each_text_once():
        whole = Path(place, "whole")
        fleet = asked.build()
        fleet.write_captures(whole)
        for file in whole.rglob("*.txt"):
            os.utime(file, (asked.now.timestamp(), asked.now.timestamp()))
        rows: list[Row] = []
        for level, truths, withhold in _runs(fleet.truth):
            less = Path(place, "less")
            shutil.copytree(whole, less, copy_function=os.link)
            withhold(less, truths[0])
            audit = audit_sources([less], Settings(), asked.now)
            rows += [_row(asked, level, truth, less, audit, rows) for truth in truths]
            shutil.rmtree(less)
    return rows


def _runs(truths: Sequence[Truth]) -> Iterator[tuple[str, Sequence[Truth], Withhold]]:
    for level, withhold in FLEETWIDE.items():
        yield level, truths, withhold
    for truth in truths:
        if truth["cause"] is not None and truth["sender"] is not None and not truth.get("theirs"):
            for level, withhold in OF_ONE_TUNNEL.items():
                yield level, [truth], withhold


def _row(asked: Situation, level: str, truth: Truth, folder: Path, audit: Audit, before: Iterable[Row]) -> Row:
    first = next((d for d in audit.diagnoses if _is_about(d, truth)), None)
    told = first.cause if first else NOTHING
    cause = truth["cause"] or NOTHING
    logged = _lines(folder, truth)
    allowed = {cause, *truth.get("also", ())} if logged else {cause, NOTHING}
    late = sum(n for name, n in truth["late_lines"].items() if (folder / name).is_dir())
    unseen = truth["cause"] is None or not (folder / truth["receiver"]).is_dir()
    if logged and logged == late and unseen:  # what is left to be seen are packets under way as their SA ended
        cause, allowed = NORMAL, {NORMAL, cause}
    between = " and ".join(e["address"] for e in truth["ends"])
    whole = next((r for r in before if r.level in (ALL, OF_A_PARTNER[ALL]) and r.between == between), None)
    return Row(
        situation=asked,
        level=OF_A_PARTNER[level] if truth.get("theirs") else level,
        between=between,
        fault=truth["fault"],
        truth=(told if told in allowed else cause) if logged or told != NOTHING else NOTHING,
        told=told,
        confidence=first.confidence if first else None,
        is_right=told in allowed,
        raised=whole is not None and _is_raised(whole, first),
    )


def _is_raised(whole: Row, first: AuditDiagnosis | None) -> bool:
    if first is None or first.cause != whole.told or whole.confidence is None or first.cause == OPEN:
        return False
    surest_first = [str(c) for c in CONFIDENCES]
    return surest_first.index(first.confidence) < surest_first.index(whole.confidence)


def _is_about(diagnosis: AuditDiagnosis, truth: Truth) -> bool:
    addresses = [e["address"] for e in truth["ends"]]
    if diagnosis.subject.tunnel is not None:
        ends, _, vrf = diagnosis.subject.tunnel.partition("#")[0].partition("@")
        told = set(ends.split("-")[:2])
        if truth.get("vrf") and not (vrf == truth["vrf"] if vrf else _has_branch(diagnosis, truth)):
            return False
        if "unknown" in told:  # what the receiver's own address is, nothing of what is left says
            return told == {"unknown", truth["source"]} and truth["receiver"] in diagnosis.subject.devices
        return any(told == {addresses[0], other} for other in (addresses[1], *truth.get("behind", ())))
    others = {e["device"] for e in truth["ends"] if e["address"] != truth["source"]} | {truth["receiver"]}
    if diagnosis.subject.source is None:  # of several sources: a group's key, a scan
        return any(e.split()[0] in others and e.split()[1] == truth["source"] for e in diagnosis.episodes)
    return diagnosis.subject.source.lower() == truth["source"] and not others.isdisjoint(diagnosis.subject.devices)


def _has_branch(diagnosis: AuditDiagnosis, truth: Truth) -> bool:
    return truth["ends"][1]["device"] in diagnosis.subject.devices


def _lines(folder: Path, truth: Truth) -> int:
    """How many invalid-SPI lines of the tunnel its ends have in their logs, read without the parsers under test."""
    count = 0
    sources = {e["address"] for e in truth["ends"]}
    for log in folder.glob("*/show_logging*.txt"):
        for line in log.read_text(encoding="utf-8").splitlines():
            if "RECVD_PKT_INV_SPI" in line or "-4-402114" in line:
                words = line.lower().replace("srcaddr=", " ").replace("destaddr=", " ").replace(",", " ").split()
                count += len(sources.intersection(words)) == len(sources)
    return count


def run(seed: int, numbers: Sequence[int], processes: int) -> list[Row]:
    """All rows, in the order of the numbers."""
    asked = [situation(seed, n) for n in numbers]
    if processes == 1:
        return [row for s in asked for row in measure(s)]
    with ProcessPoolExecutor(processes) as pool:
        return [row for rows in pool.map(measure, asked, chunksize=4) for row in rows]


# ---------------------------------------------------------------------- the page


def page(seed: int, count: int, rows: Sequence[Row]) -> str:
    """The whole page as Markdown."""
    parts = [_opening(seed, count, rows), _summary(rows)]
    parts += [_matrix(level, [r for r in rows if r.level == level]) for level in LEVELS]
    parts += [_wrong(rows), _not_simulated()]
    return "\n".join(parts)


def _opening(seed: int, count: int, rows: Sequence[Row]) -> str:
    by_fault = Counter(fault for _, fault, _ in {(r.situation.number, r.fault, r.between) for r in rows})
    listed = "".join(f"| {name} | {by_fault[name]} | {FAULTS[name]} |\n" for name in sorted(by_fault))
    return f"""# How often the first cause is the true one

Made by `python docs/accuracy.py --seed {seed} --count {count} --write` (minutes); not written by hand.

{count} situations were generated: simulated fleets with one fault, or two on different tunnels, and up to two healthy
tunnels beside them; hubs and branches with drawn names, addresses, models (IOS and IOS-XE), zones and clocks. In some
of them ASAs stand at one end or both of every tunnel whose fault leaves the choice; in others such tunnels run over
IPv6, are of a spoke with the hub of a DMVPN that has other spokes, have a second peer in the branch's map entry, have a
twin with the same addresses in another VRF, or have a sender that is somebody else's and is not collected: these count
as `receiver only`. At a drawn moment between {EARLIEST:%Y} and {LATEST:%Y}, with 12 to 48 hours of life before it.
Lines, tables and counters follow from a fault's root facts (who lost which SA, what was lost on the path); the
simulation shares no code with what is measured. Each tunnel's truth is set beside the first diagnosis of it. Where all
that is left to be seen of a tunnel are packets that were under way as their SA ended, at an end that is not the
fault's, `normal-rekey` is true of them.

| fault | tunnels | what is true |
|---|---:|---|
{listed}"""


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _summary(rows: Sequence[Row]) -> str:
    text = """## By amount of evidence

`right`: the true cause first, and no diagnosis where nothing is wrong or nothing is to be seen. `wrong`: another cause
first, or silence although lines were logged. With evidence withheld, `insufficient-evidence` is the honest answer.
Of tunnels with a fault that is to be seen:

| evidence | tunnels | right | insufficient-evidence | share | wrong | more confident than with all |
|---|---:|---:|---:|---:|---:|---:|
"""
    for level in LEVELS:
        mine = [r for r in rows if r.level == level and r.truth != NOTHING]
        right = sum(r.is_right for r in mine)
        left_open = sum(r.told == OPEN for r in mine)
        wrong, raised = sum(r.is_wrong for r in mine), sum(r.raised for r in mine)
        text += (
            f"| {level} | {len(mine)} | {right} | {left_open} | {_share(left_open, len(mine))} | {wrong} | {raised} |\n"
        )
    return text


def _matrix(level: str, rows: Sequence[Row]) -> str:
    """Rows: the truth. Columns: the first cause told."""
    order = {c.name: c.order for c in all_causes()} | {NOTHING: -1}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row.truth][row.told] += 1
    columns = sorted({told for found in counts.values() for told in found}, key=order.__getitem__)
    text = f"## {level[0].upper()}{level[1:]}\n\n| truth \\ told | {' | '.join(columns)} |\n"
    text += f"|---|{'---:|' * len(columns)}\n"
    for truth in sorted(counts, key=order.__getitem__):
        cells = (_cell(truth, told, counts[truth][told]) for told in columns)
        text += f"| {truth} | {' | '.join(cells)} |\n"
    return text


def _cell(truth: str, told: str, count: int) -> str:
    return f"**{count}**" if count and truth == told else str(count or "")


def _wrong(rows: Sequence[Row]) -> str:
    wrong = [r for r in rows if r.is_wrong or r.raised]
    missed = [r for r in rows if r.level == ALL and r.told == OPEN]
    text = "## What is wrong today\n\n"
    text += "".join(f"- {r}\n" for r in (*wrong, *missed)) or "Nothing in these situations.\n"
    return text


def _not_simulated() -> str:
    true_of = set(_causes_produced())
    missing = [c.name for c in all_causes() if c.name not in true_of and c.name != OPEN]
    names = ", ".join(f"`{n}`" for n in missing) or "none"
    return f"""## What is not simulated

Causes that no fault produces: {names}. They are held by the situations in `tests/fixtures/situations` alone.
Platforms: IOS, IOS-XE and ASA; ASAs with crypto maps alone, and no failover pair of them. Not generated either:
FlexVPN, NAT but in front of two branches with one address, crypto maps over IPv6 or in a VRF, DMVPN from spoke to
spoke, two faults of one tunnel at one time, senders that are no Cisco's, syslog files, older snapshots.
"""


def _causes_produced() -> set[str]:
    now = datetime(2026, 5, 1, 3, tzinfo=UTC)
    return {t["cause"] for name in FAULTS for t in build_fleet(1, (name,), now, scattered=True).truth if t["cause"]}


def with_kept_section(text: str) -> str:
    """The page with the section that lab.py wrote into the kept one."""
    kept = MEASURED.search(PAGE.read_text(encoding="utf-8"))
    return f"{text}\n{kept[0]}" if kept else text


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its status is 1 where a first cause is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT, help="how many situations")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="write docs/accuracy.md")
    parser.add_argument("--only", type=int, metavar="N", help="one situation: its rows")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="with --only: write its captures there")
    asked = parser.parse_args(arguments)
    if asked.only is not None:
        return _one(situation(asked.seed, asked.only), asked.keep)
    rows = run(asked.seed, range(asked.count), asked.processes)
    text = page(asked.seed, asked.count, rows)
    if asked.write:
        PAGE.write_text(with_kept_section(text), encoding="utf-8", newline="\n")
    print(text)  # noqa: T201
    return int(any(r.is_wrong for r in rows))


def _one(asked: Situation, keep: Path | None) -> int:
    if keep is not None:
        asked.build().write_captures(keep)
    rows = measure(asked)
    for row in rows:
        print(f"{'WRONG  ' if row.is_wrong else '       '}{row}")  # noqa: T201
    return int(any(r.is_wrong for r in rows))


if __name__ == "__main__":
    sys.exit(main())
