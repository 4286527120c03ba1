"""Correlating and judging a fleet: 1,000 and 10,000 tunnels, both ends of each, about ten logged lines a tunnel.

    make bench                                                  everything, and docs/performance.md written anew
    python benchmarks/judge_fleet.py [--devices N …] [--rounds N] [--pythons PYTHON …] [--write]

Each size is a process of its own, which reads and parses the snapshot, and then does what an audit does with the parsed
devices: it correlates and judges (diagnoses with their loss question, checks, waivers), then finds remedies and makes
the document. CPU time of both parts, on one core; memory is the process's peak, reading included. One tunnel out of the
snapshot is the verb `vpnaudit tunnel … --from`, start to end. Several interpreters are measured turn by turn: a
distribution's is built with profile and link-time optimisation, one that somebody built from source mostly without, and
that takes about 1.4 times as long for the same work. The yardstick is a loop that adds numbers, timed before and behind
the judging in the same process: it tells the pace that the machine had.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import page
from fleet_text import Shape, tunnels_of, write_fleet

from vpnaudit.cli import garbage
from vpnaudit.pipeline.audit import correlate_read, judged, read_sources, told
from vpnaudit.pipeline.devices import read_devices
from vpnaudit.settings import Settings

DEVICES = (200, 2000)
SHAPES: tuple[Shape, ...] = ("mesh", "star")
_YARD = 3_000_000
"""Numbers that the yardstick adds."""


def print_one(folder: Path) -> None:
    """One judging, in this process: JSON with its figures."""
    garbage.seldom()
    with garbage.not_looked_for():
        _print_one(folder)


def _print_one(folder: Path) -> None:
    now, settings = datetime.now(UTC), Settings()
    begun = time.process_time()
    snapshots = read_sources([folder])
    read = read_devices(snapshots, now)
    read_s = time.process_time() - begun
    before_s = yardstick_s()
    parsed = time.process_time()
    fleet = correlate_read(snapshots, read, settings, now)
    verdicts = judged(fleet, settings)
    known = time.process_time()
    audit = told(verdicts, fleet, snapshots, read)
    done = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    causes = Counter(d.cause for d in audit.diagnoses)
    print(
        json.dumps(
            {
                "read_s": read_s,
                "judge_s": known - parsed,
                "told_s": done - known,
                "yardstick_s": (before_s + yardstick_s()) / 2,
                "peak": peak,
                "tunnels": len(audit.tunnels),
                "events": sum(e.count for e in audit.events),
                "causes": dict(causes),
            }
        )
    )


def yardstick_s() -> float:
    """CPU seconds of a loop of always the same length."""
    begun, total = time.process_time(), 0
    for number in range(_YARD):
        total += number & 7
    return time.process_time() - begun


def one_tunnel(python: str, folder: Path) -> tuple[float, float]:
    """Seconds of the verb for one tunnel: by the wall's clock, and of CPU."""
    begun, before = time.perf_counter(), _cpu_of_children()
    words = [python, "-m", "vpnaudit", "tunnel", "r00005", "r00000", "--from", str(folder)]
    done = subprocess.run(
        [*words, "--quiet", "--json", os.devnull, "--fail-on", "never"], check=False, capture_output=True, text=True
    )
    if done.returncode not in {0, 3}:
        raise SystemExit(done.stderr)
    return time.perf_counter() - begun, _cpu_of_children() - before


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(sizes: list[int], rounds: int, pythons: list[str]) -> list[str]:
    rows = [
        f"{rounds} rounds, {os.cpu_count()} cores, of which one is used.",
        "",
        (
            "| Python | Fleet | Devices | Tunnels | Lines | Read and parse, CPU s "
            "| Correlate and judge, CPU s, median (range) | ms a tunnel | Remedies and document, CPU s | MB "
            "| One tunnel, s | its CPU s | Yardstick, s |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for devices in sizes:
        for shape in SHAPES:
            rows += _rows(devices, shape, rounds, pythons)
    return rows


def _rows(devices: int, shape: Shape, rounds: int, pythons: list[str]) -> list[str]:
    """One for each interpreter, measured turn by turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "fleet"
        lines = write_fleet(folder, devices, shape)
        runs = [(python, _run(python, folder)) for _ in range(rounds) for python in pythons]
        alone = [(python, one_tunnel(python, folder)) for _ in range(rounds) for python in pythons]
    found = {(run["tunnels"], run["events"]) for _, run in runs}
    if found != {(tunnels_of(devices, shape), lines)}:
        raise SystemExit(f"{devices} devices, {shape}: not every tunnel and line was found: {found}")
    return [
        _row(
            f"{_build(python)} | {shape}",
            devices,
            [run for by, run in runs if by == python],
            [seconds for by, seconds in alone if by == python],
        )
        for python in pythons
    ]


def _row(what: str, devices: int, runs: list[dict[str, Any]], alone: list[tuple[float, float]]) -> str:
    first, seconds = runs[0], [run["judge_s"] for run in runs]
    return (
        f"| {what} | {devices:,} | {first['tunnels']:,} | {first['events']:,} | {min(r['read_s'] for r in runs):.1f} "
        f"| {page.spread(seconds, 2)} | {min(seconds) / first['tunnels'] * 1e3:.2f} "
        f"| {page.spread([r['told_s'] for r in runs], 2)} | {max(r['peak'] for r in runs) / 1e6:.0f} "
        f"| {page.spread([w for w, _ in alone], 2)} | {min(c for _, c in alone):.2f} "
        f"| {page.spread([r['yardstick_s'] for r in runs], 2)} |"
    )


def _build(python: str) -> str:
    """The version, and whether it is the distribution's own build (with PGO and LTO) or another."""
    asked = "import platform, sys; print(platform.python_version(), sys.base_prefix)"
    told = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True).stdout
    version, _, place = told.strip().partition(" ")
    return f"{version}, {'of the distribution' if place == '/usr' else 'built from source'}"


def _run(python: str, folder: Path) -> dict[str, Any]:
    words = [python, __file__, "--one", str(folder)]
    loaded: dict[str, Any] = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return loaded


def main() -> None:
    """Measure and print; write the page if asked."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--devices", type=int, nargs="+", default=list(DEVICES))
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--pythons", nargs="+", default=[sys.executable], help="interpreters that have what it takes")
    options.add_argument("--write", action="store_true", help="also into docs/performance.md")
    options.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.one:
        print_one(asked.one)
        return
    lines = measured(asked.devices, asked.rounds, asked.pythons)
    print("\n".join(lines))
    if asked.write:
        page.write(Path(__file__).name, lines)


if __name__ == "__main__":
    main()
