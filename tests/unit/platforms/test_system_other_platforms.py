"""What is read of the platforms that are not assessed: release, uptime, memory, logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import MemoryPool
from vpnaudit.platforms.registry import platform, resolve_command

CORPUS = Path(__file__).resolve().parents[3] / "../shared/corpus"
OTHERS = ("cisco_asa", "cisco_nxos", "cisco_xr")

ASA = """\
Cisco Adaptive Security Appliance Software Version 9.16(4)14
SSP Operating System Version 2.10(1.1400)
Device Manager Version 7.18(1)

Compiled on Tue 06-Dec-22 17:11 GMT by builders
System image file is "disk0:/asa9-16-4-14-lfbff-k8.SPA"
Config file at boot was "startup-config"

fw01 up 12 mins 30 secs
failover cluster up 87 days 15 hours

Hardware:   ASA5516, 8192 MB RAM, CPU Atom C2000 series 2416 MHz, 1 CPU (8 cores)
"""
NXOS = """\
Cisco Nexus Operating System (NX-OS) Software
Software
  BIOS: version 07.69
  NXOS: version 9.3(8) [build 9.3(8)]
Hardware
  cisco Nexus9000 C93180YC-EX Chassis
  Device name: leaf1
Kernel uptime is 0 day(s), 2 hour(s), 0 minute(s), 5 second(s)
Last reset
  Reason: Unknown
"""
XR = """\
Tue Nov 24 10:00:00.000 UTC
Cisco IOS XR Software, Version 7.5.2[Default]
ROM: GRUB, Version 2.00(0), DEV RELEASE
core1 uptime is 1 week, 1 day
"""
VERSIONS = [
    ("cisco_asa", ASA, ("9.16(4)14", "fw01", 750, 1, "ASA5516", None)),
    ("cisco_nxos", NXOS, ("9.3(8)", "leaf1", 7205, 1, "Nexus9000 C93180YC-EX", "Unknown")),
    ("cisco_xr", XR, ("7.5.2", "core1", 691200, 86400, None, None)),
]
MEMORY = [
    (
        "cisco_asa",
        "show memory",
        (
            "Free memory:        600 bytes (60%)\nUsed memory:        400 bytes (40%)\n"
            "-------------     ------------------\nTotal memory:       1000 bytes (100%)\n"
        ),
        MemoryPool(line=1, pool="asa", total=1000, used=400, free=600),
    ),
    (
        "cisco_nxos",
        "show system resources",
        (
            "Load average:   1 minute: 0.10   5 minutes: 0.20   15 minutes: 0.30\n"
            "Processes   :   602 total, 2 running\nCPU states  :   1.00% user,   0.50% kernel,   98.50% idle\n"
            "Memory usage:   10K total,   4K used,   6K free\nCurrent memory status: OK\n"
        ),
        MemoryPool(line=4, pool="System memory", total=10240, used=4096, free=6144),
    ),
    (
        "cisco_xr",
        "show memory summary",
        "node:      node0_RP0_CPU0\nPhysical Memory: 3G total (1499M available)\n",
        MemoryPool(line=2, pool="Physical Memory", total=3 * 1024**3, free=1499 * 1024**2),
    ),
]


def _spec(name: str, command: str) -> CommandSpec:
    found = platform(name)
    assert found is not None
    return next(s for s in found.commands if command in {s.command, *s.other_forms})


@pytest.mark.parametrize(("name", "text", "expected"), VERSIONS)
def test_version(name: str, text: str, expected: tuple[Any, ...]) -> None:
    parsed = _spec(name, "show version").parse(text)
    found = parsed.facts.version
    assert found is not None
    assert parsed.coverage.unparsed == ()
    assert expected == (
        found.version,
        found.hostname,
        found.uptime_s,
        found.uptime_resolution_s,
        found.model,
        found.reload_reason,
    )


@pytest.mark.parametrize(("name", "command", "text", "pool"), MEMORY)
def test_memory(name: str, command: str, text: str, pool: MemoryPool) -> None:
    parsed = _spec(name, command).parse(text)
    assert parsed.facts.memory_pools == (pool,)
    assert parsed.coverage.unparsed == ()


def test_a_firewalls_log() -> None:
    line = (
        "Aug 15 2019 13:44:38: %ASA-4-402114: IPSEC: Received an ESP packet (SPI= 0x9E6D41B7, sequence number= 0x12) "
        "from 198.51.100.2 to 192.0.2.9 with an invalid SPI.\n"
    )
    (message,) = _spec("cisco_asa", "show logging").parse(line).facts.messages
    assert (message.spi, message.source, message.destination) == (0x9E6D41B7, "198.51.100.2", "192.0.2.9")


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("text", ["", "\x00\xff\n", "x up \n", "A" * 100_000, " " * 4000 + "x up 1 day"])
def test_any_text_gives_a_result(name: str, text: str) -> None:
    found = platform(name)
    assert found is not None
    for spec in found.commands:
        parsed = spec.parse(text)
        assert parsed.coverage.understood <= parsed.coverage.lines


def _samples() -> list[Any]:
    files = [
        f for p in OTHERS for c in ("show-version*", "show-memory*") for f in sorted((CORPUS / p).glob(f"{c}/*.txt"))
    ]
    if not files:
        return [pytest.param(CORPUS, marks=pytest.mark.skip(reason=f"no collected answers in {CORPUS.parent}"))]
    return [pytest.param(f, id="/".join(f.parts[-3:])) for f in files]


@pytest.mark.shared
@pytest.mark.parametrize("file", _samples())
def test_collected_answers(file: Path) -> None:
    name = file.parts[-3]
    command = resolve_command(name, file.parts[-2])
    assert command is not None
    parsed = _spec(name, command[0]).parse(file.read_text(encoding="utf-8", errors="replace"))
    facts = json.loads(file.with_suffix("").with_suffix(".expect.json").read_text(encoding="utf-8"))
    assert parsed.coverage.understood >= 0.8 * parsed.coverage.lines
    if "version" in facts:
        found = parsed.facts.version
        assert found is not None
        assert (found.version, found.uptime) == (facts["version"]["version"], facts["version"]["uptime"])
        assert set(facts["version"]["spellings"]) - set(found.spellings) <= {"2.100(20100129"}  # a cut one
    for pool in facts.get("pools", ()):
        assert any(all(getattr(p, key) == value for key, value in pool.items()) for p in parsed.facts.memory_pools)
