"""`show crypto ipsec sa detail`, text to records: ours beside ntc-templates, Genie and a scanner written by hand.

    make bench                                               everything, and docs/performance.md written anew
    python benchmarks/parse_ipsec_sa.py [--tunnels N …] [--rounds N] [--write]

All readers take the same text, in turn, in one process; each round gives one ratio of a reader's CPU time to ours,
since the two then ran within seconds of each other. CPU time, because other programs share the machine; wall time
stands beside it. A reader that is not installed is left out (Genie is large: `make bench` gives it an environment of
its own). What each found is counted against the SPIs in the text. Memory is what a process of its own grew by at its
peak.
"""

from __future__ import annotations

import argparse
import gc
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import ipsec_sa_by_hand
import page
from ipsec_sa_text import crypto_map, tunnel_interfaces
from ntc_templates.parse import parse_output

from vpnaudit.model.facts import Parsed
from vpnaudit.platforms.cisco_ios import show_crypto_ipsec_sa

ShowCryptoIpsecSaDetail: Any = None
with suppress(ImportError):
    from genie.libs.parser.iosxe.show_crypto import ShowCryptoIpsecSaDetail

OURS = "vpnaudit"
BY_HAND = "scanner by hand"
COMPARED = (1_000, 5_000)
ALONE = (20_000,)

_PRINTED_SPI = re.compile(r"^ +spi: 0x([0-9A-F]+)", re.MULTILINE)


class Reader(NamedTuple):
    """One way to read the text, and the SPIs in what it returns."""

    name: str
    read: Callable[[str], Any]
    spis: Callable[[Any], Iterator[int]]


class Round(NamedTuple):
    """Seconds that one reading took."""

    cpu: float
    wall: float


def readers() -> list[Reader]:
    found = [
        Reader(OURS, show_crypto_ipsec_sa.parse, our_spis),
        Reader(BY_HAND, ipsec_sa_by_hand.parse, our_spis),
        Reader(f"ntc-templates {version('ntc-templates')}, `parse_output`", read_by_ntc, ntc_spis),
    ]
    if ShowCryptoIpsecSaDetail is not None:
        found.append(Reader(f"Genie {version('genie.libs.parser')}, `parse`", read_by_genie, genie_spis))
    return found


def our_spis(parsed: Parsed) -> Iterator[int]:
    return (sa.spi for sa in parsed.facts.ipsec_sas if sa.spi is not None)


def read_by_ntc(text: str) -> Any:
    return parse_output(platform="cisco_ios", command="show crypto ipsec sa detail", data=text)


def ntc_spis(rows: list[dict[str, str]]) -> Iterator[int]:
    return (int(row["sa_spi_hex"], 16) for row in rows)


def read_by_genie(text: str) -> Any:
    return ShowCryptoIpsecSaDetail(device=None).parse(output=text)


def genie_spis(parsed: dict[str, Any]) -> Iterator[int]:
    for interface in parsed["interface"].values():
        for identity in interface["ident"].values():
            for sas in (identity["inbound_esp_sas"], identity["outbound_esp_sas"]):
                yield from (int(spi.partition("(")[0], 16) for spi in sas.get("spi", {}))


def refuse_other_results(text: str) -> None:
    """The floor is one only if it does the same work."""
    if show_crypto_ipsec_sa.parse(text) != ipsec_sa_by_hand.parse(text):
        raise SystemExit("the scanner written by hand gives other records: its times would mean nothing")


def timed(reader: Reader, text: str) -> Round:
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    result = reader.read(text)
    taken = Round(time.process_time() - cpu, time.perf_counter() - wall)
    del result
    return taken


def compared(taking_part: list[Reader], text: str, rounds: int) -> dict[str, list[Round]]:
    """Every reader once a round, in an order that turns from round to round."""
    taken: dict[str, list[Round]] = {reader.name: [] for reader in taking_part}
    for number in range(rounds):
        turn = number % len(taking_part)
        for reader in taking_part[turn:] + taking_part[:turn]:
            taken[reader.name].append(timed(reader, text))
    return taken


def table(layout: str, tunnels: int, taking_part: list[Reader], text: str, rounds: int) -> list[str]:
    """Rows of the table of times."""
    printed = {int(spi, 16) for spi in _PRINTED_SPI.findall(text)}
    found = {reader.name: len(printed.intersection(reader.spis(reader.read(text)))) for reader in taking_part}
    taken = compared(taking_part, text, rounds)
    rows = []
    for name, times in taken.items():
        cpu = [t.cpu for t in times]
        ratios = [t.cpu / ours.cpu for t, ours in zip(times, taken[OURS], strict=True)]
        rows.append(
            f"| {tunnels:,} {layout} | {name} | {page.spread(cpu, 3)} | {statistics.median(t.wall for t in times):.3f} "
            f"| {statistics.median(cpu) / tunnels * 1e6:,.0f} | {found[name]:,} of {len(printed):,} "
            f"| {'1' if name == OURS else page.spread(ratios, 2)} |"
        )
    return rows


def times(sizes: list[int], rounds: int) -> list[str]:
    rows = [
        "| Tunnels | Reader | CPU s, median (range) | Wall s | CPU µs a tunnel | SPIs found | CPU time ÷ ours |",
        "|---|---|---|---|---|---|---|",
    ]
    refuse_other_results(tunnel_interfaces(COMPARED[0]))
    refuse_other_results(crypto_map(COMPARED[0]))
    for tunnels in sizes:
        rows += table("tunnel interfaces", tunnels, readers(), tunnel_interfaces(tunnels), rounds)
    for tunnels in ALONE:
        rows += table("tunnel interfaces", tunnels, readers()[:2], tunnel_interfaces(tunnels), rounds)
    rows += table("on one crypto map", sizes[-1], readers()[:2], crypto_map(sizes[-1]), rounds)
    return rows


def memory_now(measure: str) -> int:
    """Bytes of this process: VmRSS now, VmHWM at most since the last reset.

    Linux's own account: `ru_maxrss` keeps what the parent held before it became this process.
    """
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(measure))
    return int(line.split()[1]) * 1024


def print_growth(path: Path, name: str) -> None:
    """In a process of its own: peak growth by reading file and text, and by the parse alone, in sizes of the text."""
    reader = next(r for r in readers() if r.name == name)
    reader.read(tunnel_interfaces(1))
    before = memory_now("VmRSS")
    text = path.read_text(encoding="utf-8")
    with_text, reading_text = memory_now("VmRSS"), memory_now("VmHWM")
    Path("/proc/self/clear_refs").write_text("5")
    result = reader.read(text)
    parsing = memory_now("VmHWM")
    del result
    print((max(reading_text, parsing) - before) / len(text), (parsing - with_text) / len(text))


def memory(sizes: list[int]) -> list[str]:
    rows = [
        "| Tunnels | Text MB | Reader | Peak growth ÷ text, text counted | text not counted |",
        "|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for tunnels in sizes:
            path = Path(folder) / f"{tunnels}.txt"
            path.write_text(tunnel_interfaces(tunnels), encoding="utf-8")
            for reader in readers():
                grown = subprocess.run(
                    [sys.executable, __file__, "--growth", str(path), reader.name],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout.split()
                rows.append(
                    f"| {tunnels:,} | {path.stat().st_size / 1e6:.1f} | {reader.name} "
                    f"| {float(grown[0]):.1f} | {float(grown[1]):.1f} |"
                )
    return rows


def main() -> None:
    """Measure and print; write the page if asked."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--tunnels", type=int, nargs="+", default=list(COMPARED))
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--write", action="store_true", help="also into docs/performance.md")
    options.add_argument("--growth", nargs=2, metavar=("FILE", "READER"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.growth:
        print_growth(Path(asked.growth[0]), asked.growth[1])
        return
    if asked.write and ShowCryptoIpsecSaDetail is None:
        raise SystemExit("Genie is not installed here: `make bench`")
    lines = [
        f"Python {platform.python_version()}, {asked.rounds} rounds.",
        "",
        *times(asked.tunnels, asked.rounds),
        "",
        *memory(asked.tunnels[-1:]),
    ]
    print("\n".join(lines))
    if asked.write:
        page.write(Path(__file__).name, lines)


if __name__ == "__main__":
    main()
