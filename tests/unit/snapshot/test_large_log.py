"""A large log in a folder, an archive or a snapshot says what it says when it is read whole."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings
from vpnaudit.snapshot import large_log

pytestmark = pytest.mark.long

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
HEADER = """Syslog logging: enabled (0 messages dropped, 3 messages rate-limited, 0 flushes, 0 overruns, xml disabled)
    Console logging: level warnings, 12 messages logged, xml disabled, filtering disabled
    Buffer logging:  level informational, 40120 messages logged, xml disabled, filtering disabled

Log Buffer (4194304 bytes):

"""


def noise(first: int, count: int = 300, relay: str = "") -> str:
    return "".join(
        f"{relay}{n:06d}: Nov 24 0{n // 3600}:{n // 60 % 60:02d}:{n % 60:02d}.017 UTC: %SEC-6-IPACCESSLOGP: list OUT "
        f"denied tcp 203.0.113.{n % 250}({n}) -> 192.0.2.1(23), 1 packet\n"
        for n in range(first, first + count)
    )


def event(second: int, spi: int, relay: str = "") -> str:
    return (
        f"{relay}{second:06d}: Nov 24 0{second // 3600}:{second // 60 % 60:02d}:{second % 60:02d}.100 UTC: "
        "%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=192.0.2.9, prot=50, "
        f"spi=0x{spi:X}({spi}), srcaddr=198.51.100.2\n"
    )


def log(relay: str = "") -> str:
    return "".join(noise(n * 300, 300, relay) + event(n * 300 + 299, 0x9E6D41B0 + n, relay) for n in range(12))


CLOCK = "02:30:00.000 UTC Tue Nov 24 2026\n"
VERSION = "Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.7(3)M4, RELEASE SOFTWARE (fc1)\n"
RELAYED = log("Nov 24 09:00:00 hub1 ") + log("Nov 24 09:00:00 spoke2 ")


def folder(root: Path, name: str, text: bytes) -> Path:
    (root / "captures" / "hub1").mkdir(parents=True)
    (root / "captures" / "hub1" / "show_clock.txt").write_text(CLOCK)
    (root / "captures" / "hub1" / "show_version.txt").write_text(VERSION)
    (root / "captures" / name).parent.mkdir(exist_ok=True)
    (root / "captures" / name).write_bytes(text)
    return root / "captures"


def archive(root: Path, name: str, text: bytes) -> Path:
    source = folder(root, name, text)
    with zipfile.ZipFile(root / "captures.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            packed.write(path, path.relative_to(root).as_posix())
    return root / "captures.zip"


def snapshot(root: Path, name: str, text: bytes) -> Path:
    source = folder(root, name, text)
    commands = [
        {
            "command": command,
            "file": file,
            "asked_at": "2026-11-24T02:30:00Z",
            "answered_at": "2026-11-24T02:30:01Z",
            "device_clock": None,
            "bytes": (source / file).stat().st_size,
            "sha256": hashlib.sha256((source / file).read_bytes()).hexdigest(),
            "refused": False,
        }
        for command, file in (("show clock", "hub1/show_clock.txt"), ("show logging", name))
    ]
    device = {"name": "hub1", "address": "192.0.2.9", "platform": "cisco_ios", "status": "complete", "error": None}
    times = {"started_at": "2026-11-24T02:30:00Z", "finished_at": "2026-11-24T02:31:00Z"}
    tool = {"name": "vpnaudit", "version": "0"}
    manifest = {"schema": "vpnaudit.snapshot/1", "tool": tool, **times, "devices": [{**device, "commands": commands}]}
    (source / "manifest.json").write_text(json.dumps(manifest))
    return source


def as_is(text: str) -> bytes:
    return text.encode()


CASES: dict[str, tuple[Callable[[Path, str, bytes], Path], str, bytes, int]] = {
    "a buffer in a folder": (folder, "hub1/show_logging.txt", as_is(HEADER + log()), 12),
    "a packed buffer": (folder, "hub1/show_logging.txt.gz", gzip.compress(as_is(HEADER + log())), 12),
    "a device's log": (folder, "hub1/console.log", as_is(log()), 12),
    "a device's log beside folders": (folder, "hub1.log", as_is(log()), 12),
    "a server's log": (folder, "logs/syslog", as_is(RELAYED), 24),
    "a server's log by no name": (folder, "logs/all.txt", as_is(RELAYED), 24),
    "UTF-16": (folder, "logs/all.txt", RELAYED.encode("utf-16"), 24),
    "CRLF": (folder, "logs/all.txt", as_is(RELAYED.replace("\n", "\r\n")), 24),
    "in a zip": (archive, "logs/syslog.1.gz", gzip.compress(as_is(RELAYED)), 24),
    "a buffer in a zip": (archive, "hub1/show_logging.txt", as_is(HEADER + log()), 12),
    "in a snapshot": (snapshot, "hub1/show_logging.txt", as_is(HEADER + log()), 12),
    "a session with a log in it": (
        folder,
        "putty.log",
        as_is(f"hub1#show logging\n{HEADER}{log()}hub1#show clock\n{CLOCK}hub1#\n"),
        12,
    ),
    "a show-tech with a log in it": (
        folder,
        "tech.txt",
        as_is(
            f"------------------ show logging ------------------\n\n{HEADER}{log()}\n"
            f"------------------ show running-config ------------------\n\nhostname hub1\n"
        ),
        12,
    ),
}


def audit(source: Path) -> Audit:
    return audit_sources([source], Settings(), NOW)


@pytest.mark.parametrize("case", list(CASES))
def test_same_events_and_line_numbers(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, name, text, events = CASES[case]
    source = make(tmp_path, name, text)
    whole = audit(source)
    monkeypatch.setattr(large_log, "LARGE", 20_000)
    sieved = audit(source)
    assert len(whole.events) == events
    assert sieved.events == whole.events
    assert sieved.diagnoses == whole.diagnoses
    assert sieved.problems == whole.problems
    assert [d.name for d in sieved.devices] == [d.name for d in whole.devices]
    assert [f for f in sieved.findings if f.rule.startswith("LOG")] == [
        f for f in whole.findings if f.rule.startswith("LOG")
    ]


def lines_kept(audit: Audit) -> int:
    return sum(c.lines for d in audit.devices for name, c in d.parse.items() if name in {"show logging", "syslog"})


@pytest.mark.parametrize("case", [c for c in CASES if " with a log in it" not in c])
def test_only_what_is_needed_is_kept(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, name, text, events = CASES[case]
    monkeypatch.setattr(large_log, "LARGE", 20_000)
    assert events < lines_kept(audit(make(tmp_path, name, text))) < 200


def test_a_changed_large_capture_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_log, "LARGE", 20_000)
    source = snapshot(tmp_path, "hub1/show_logging.txt", as_is(HEADER + log()))
    with (source / "hub1" / "show_logging.txt").open("ab") as file:
        file.write(as_is(event(3600, 0x77)))
    found = audit(source)
    assert len(found.events) == 13
    assert "SHA-256" in found.problems[0].problem


def test_a_large_log_that_is_cut_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_log, "LARGE", 20_000)
    packed = gzip.compress(as_is(RELAYED))
    found = audit(folder(tmp_path, "logs/syslog.1.gz", packed[: len(packed) // 2]))
    assert 0 < len(found.events) < 24
    assert "damaged or cut" in found.problems[0].problem
