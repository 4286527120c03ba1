"""A syslog server's file of 1 GB and more: ours beside `grep -cF` with the same literals, and beside decompression.

    make bench                                           everything, and docs/performance.md written anew
    python benchmarks/scan_log.py [--gigabytes N] [--rounds N] [--write]

In each round grep and ours run one after the other on the same file in the page cache; a ratio is of such a pair.
"The verb" is `vpnaudit logs FILE --json …` as an operator runs it, a process of its own from start to end; "the
scanner" is a process that turns the file into typed events and stops there, its interpreter's start included. Wall
time: both cores may be used, and grep has one.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import page
from log_text import Written, chunks, write_log

from vpnaudit.model.logs import NEEDED_MARKS
from vpnaudit.parse.logs import scan
from vpnaudit.snapshot.logfile import read_log
from vpnaudit.snapshot.text_file import Unpacked

SHARES = (0.0001, 0.01)
_FEW, _MANY = SHARES
_PACKERS = {".gz": ("gzip", "-k", "-f", "-6"), ".zst": ("zstd", "-q", "-k", "-f", "-3")}
_UNPACKERS = {".gz": ("gzip", "-dc"), ".zst": ("zstd", "-dc", "-q")}
_ENVIRONMENT = {**os.environ, "LC_ALL": "C"}


class Run(NamedTuple):
    """Seconds and bytes at the peak of one process, and what it printed."""

    wall: float
    peak: int
    printed: str


def run(words: list[str], *, discard: bool = False) -> Run:
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL if discard else out, env=_ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begun
        if process.returncode not in {0, 3}:
            raise SystemExit(f"{words[:4]} … ended with status {process.returncode}")
        out.seek(0)
        return Run(wall, usage.ru_maxrss * 1024, out.read())


def grep(path: Path) -> list[str]:
    return ["grep", "-cF", *(word for mark in NEEDED_MARKS for word in ("-e", mark)), str(path)]


def verb(path: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "vpnaudit", "logs", str(path), "--json", os.devnull),
        *("--quiet", "--fail-on", "never"),
    ]


def scanner(path: Path) -> list[str]:
    return [sys.executable, __file__, "--scan", str(path)]


def library_alone(path: Path) -> list[str]:
    return [sys.executable, __file__, "--unpack", str(path)]


def print_events(path: Path) -> None:
    """The scanner alone: how many typed messages of the needed kinds there are."""
    with path.open("rb") as stream:
        log = read_log(stream, "log")
    found = 0
    for part in log.parts or ():
        messages = scan(part.text, part.numbers).facts.messages
        found += sum(any(mark in m.raw for mark in NEEDED_MARKS) for m in messages)
    print(found)


def unpack(path: Path) -> None:
    """What decompression takes in the same language, by the same library."""
    with path.open("rb") as stream:
        print(sum(map(len, Unpacked(stream).chunks(1 << 20))))


def paired(ours: list[str], theirs: list[str], rounds: int, *, discard: bool = False) -> tuple[list[Run], list[Run]]:
    """Both once a round, who begins turns."""
    mine, other = [], []
    for number in range(rounds):
        order: list[Callable[[], None]] = [
            lambda: mine.append(run(ours)),
            lambda: other.append(run(theirs, discard=discard)),
        ]
        for once in order if number % 2 else reversed(order):
            once()
    return mine, other


def row(what: str, against: str, ours: list[Run], theirs: list[Run]) -> str:
    ratios = [a.wall / b.wall for a, b in zip(ours, theirs, strict=True)]
    return (
        f"| {what} | {page.spread([r.wall for r in ours], 2)} | {max(r.peak for r in ours) / 1e6:.0f} "
        f"| {against} | {page.spread([r.wall for r in theirs], 2)} | {page.spread(ratios, 2)} |"
    )


def refuse_lost_events(path: Path, written: Written) -> None:
    """A scanner that misses lines would be fast for nothing."""
    found = int(run(scanner(path)).printed)
    counted = int(run(grep(path)).printed)
    if not found == counted == written.needed:
        raise SystemExit(f"{path.name}: {written.needed} lines written, {counted} by grep, {found} read as events")


def plain(folder: Path, size: int, rounds: int) -> tuple[list[str], dict[float, tuple[Path, Written]]]:
    rows, files = [], {}
    for share in SHARES:
        path = folder / f"syslog-{share}"
        written = write_log(path, size, share)
        files[share] = path, written
        refuse_lost_events(path, written)
        name = f"{path.stat().st_size / 1e9:.1f} GB, {written.needed:,} of {written.lines:,} lines needed"
        rows.append(row(f"{name}: the scanner", "`grep -cF`", *paired(scanner(path), grep(path), rounds)))
        times = rounds if share == _FEW else 1
        rows.append(row(f"{name}: the verb", "`grep -cF`", *paired(verb(path), grep(path), times)))
    return rows, files


def packed(path: Path, name: str, rounds: int) -> list[str]:
    rows = []
    for ending, words in _PACKERS.items():
        if shutil.which(words[0]) is None:
            rows.append(f"| {name}, {ending} | not measured: no `{words[0]}` here | | | | |")
            continue
        subprocess.run([*words, str(path)], check=True)
        file = path.with_name(path.name + ending)
        for _ in chunks(file):
            pass
        tool = [*_UNPACKERS[ending], str(file)]
        for what, ours in (("the scanner", scanner(file)), ("the verb", verb(file))):
            rows.append(
                row(f"{name}, {ending}: {what}", "the library alone", *paired(ours, library_alone(file), rounds))
            )
            rows.append(
                row(f"{name}, {ending}: {what}", f"`{' '.join(tool[:2])}`", *paired(ours, tool, rounds, discard=True))
            )
        file.unlink()
    return rows


def memory(folder: Path, size: int) -> str:
    path = folder / "twice"
    written = write_log(path, 2 * size, _FEW, seed=2)
    took = run(verb(path))
    return (
        f"At {path.stat().st_size / 1e9:.1f} GB, {written.needed:,} lines needed, the verb's process held at most "
        f"{took.peak / 1e6:.0f} MB and took {took.wall:.1f} s."
    )


def measured(size: int, rounds: int) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows, files = plain(folder, size, rounds)
        few = files[_FEW][0]
        files[_MANY][0].unlink()
        return [
            f"Python {platform.python_version()}, {rounds} rounds ({len(NEEDED_MARKS)} literals).",
            "",
            "| What | s, median (range) | MB at most | Beside | s | Ratio |",
            "|---|---|---|---|---|---|",
            *rows,
            *packed(few, f"{few.stat().st_size / 1e9:.1f} GB", rounds),
            "",
            memory(folder, size),
        ]


def main() -> None:
    """Measure and print; write the page if asked."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--gigabytes", type=float, default=1.0)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--write", action="store_true", help="also into docs/performance.md")
    options.add_argument("--scan", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--unpack", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.scan:
        print_events(asked.scan)
    elif asked.unpack:
        unpack(asked.unpack)
    else:
        lines = measured(int(asked.gigabytes * 1e9), asked.rounds)
        print("\n".join(lines))
        if asked.write:
            page.write(Path(__file__).name, lines)


if __name__ == "__main__":
    main()
