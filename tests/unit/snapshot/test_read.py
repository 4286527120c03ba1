"""Reading sources from disk: whatever lies there, it is read or told."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Snapshot
from vpnaudit.snapshot.logfile import line_host
from vpnaudit.snapshot.read import read_logs, read_source, read_text
from vpnaudit.snapshot.terminal import undo_terminal
from vpnaudit.snapshot.text_file import decode, decompress, read_text_file, stem

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "sources"
KNOWN = ("show clock", "show version", "show logging", "show crypto ipsec sa", "show running-config")
LOG = "Nov 24 09:00:00.100: %SYS-5-CONFIG_I: Configured from console by noc on console\n"


def resolve(typed: str) -> tuple[str, str] | None:
    """Whole words, `_` and `-` as blanks, one abbreviation, and a pipe."""
    command, _, pipe = typed.lower().replace("_", " ").partition("|")
    words = command.replace("-", " ").split()
    wanted = ["show", "crypto", "ipsec", "sa"] if words == ["sh", "cry", "ips", "sa"] else words
    found = next((k for k in KNOWN if k.replace("-", " ").split() == wanted), None)
    return (found, f"| {pipe.strip()}" if pipe else "") if found else None


def tell_platform(texts: Sequence[str]) -> str | None:
    return "cisco_ios" if any("Cisco IOS" in text for text in texts) else None


def read(path: Path) -> Snapshot:
    (snapshot,) = read_source(path, resolve, tell_platform)
    return snapshot


def captures(snapshot: Snapshot) -> list[tuple[str, str, str, int]]:
    return [(d.name, c.command, c.file, c.first_line) for d in snapshot.devices for c in d.captures]


def problems(snapshot: Snapshot) -> dict[str, str]:
    return {p.file: p.problem for p in snapshot.problems}


def test_a_folder_without_a_manifest() -> None:
    snapshot = read(FIXTURES / "001_folder")
    assert (snapshot.kind, snapshot.path, snapshot.started_at) == ("folder", "001_folder", None)
    assert captures(snapshot) == [
        ("hub1", "show logging", "hub1/SHOW_LOGGING", 1),
        ("hub1", "show crypto ipsec sa", "hub1/show-crypto-ipsec-sa.log", 2),
        ("hub1", "show clock", "hub1/show_clock.txt", 1),
        ("spoke2", "show clock", "spoke2-show_clock.txt", 1),
    ]
    assert set(problems(snapshot)) == {"hub1/photo.txt", "notes.md"}


def test_a_folder_of_one_device_is_named_by_it() -> None:
    snapshot = read(FIXTURES / "001_folder" / "hub1")
    assert [d.name for d in snapshot.devices] == ["hub1"]
    assert len(snapshot.devices[0].captures) == 3


def test_a_session() -> None:
    snapshot = read(FIXTURES / "002_session.txt")
    assert snapshot.kind == "session"
    assert captures(snapshot) == [
        ("hub1", "show crypto ipsec sa", "002_session.txt", 5),
        ("hub1", "show clock", "002_session.txt", 10),
        ("hub1", "show clock", "002_session.txt", 21),
        ("hub1", "syslog", "002_session.txt", 13),
        ("spoke2", "show clock", "002_session.txt", 18),
    ]
    assert snapshot.devices[0].captures[0].text == "\ninterface: Tunnel10\n    Crypto map tag: Tunnel10-head-0"
    assert [(p.line, p.problem.rpartition(": ")[2]) for p in snapshot.problems] == [(14, "show ip route summary")]


def test_first_lines_are_numbers_in_the_file() -> None:
    lines = (FIXTURES / "002_session.txt").read_text(encoding="utf-8").split("\n")
    for device in read(FIXTURES / "002_session.txt").devices:
        for capture in device.captures:
            first = capture.text.split("\n")[0]
            assert lines[capture.first_line - 1] == first


def test_a_show_tech() -> None:
    snapshot = read(FIXTURES / "003_show_tech.txt")
    assert snapshot.kind == "show-tech"
    assert captures(snapshot) == [
        ("edge3", "show clock", "003_show_tech.txt", 3),
        ("edge3", "show version", "003_show_tech.txt", 7),
    ]
    assert snapshot.devices[0].platform == "cisco_ios"
    assert "show stacks" in snapshot.problems[0].problem


def test_a_syslog_servers_file_has_a_capture_for_each_device() -> None:
    snapshot = read(FIXTURES / "004_syslog_of_two.log")
    assert snapshot.kind == "logs"
    assert captures(snapshot) == [
        ("10.0.0.1", "syslog", "004_syslog_of_two.log", 1),
        ("10.0.0.2", "syslog", "004_syslog_of_two.log", 3),
    ]
    first = snapshot.devices[0].captures[0]
    assert len(first.text.split("\n")) == 3
    assert [first.number_of(line) for line in (1, 2, 3)] == [1, 2, 4]


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("Dec 18 00:12:08 10.0.0.1 4711: Dec 18 00:12:07.098: %SYS-5-A: b", "10.0.0.1"),
        ("2026-12-18T00:12:08+01:00 hub1 4711: Dec 18 00:12:07.098: %SYS-5-A: b", "hub1"),
        ("Dec 18 00:12:08 relay1 Dec 18 00:12:08 hub1 4711: Dec 18 00:12:07.098: %SYS-5-A: b", "hub1"),
        ("Dec 18 00:12:08 relay1 Dec 18 00:12:08 hub1 %SYS-5-A: b", "hub1"),
        ("Dec 18 00:12:08 hub1 Dec 18 00:12:07.098 UTC: %SYS-5-A: b", "hub1"),
        ("<189>12: hub1: Dec 18 00:12:07.098: %SYS-5-A: b", "hub1"),
        ("Dec 18 2026 00:12:07 fw01 : %ASA-6-302014: Teardown", "fw01"),
        ("Dec 18 2026 00:12:07 CEST: %SYS-5-A: b", None),
        ("Dec 18 2026 00:12:07 UTC: %ASA-6-302014: Teardown", None),
        ("Dec 18 00:12:07.098: %SYS-5-A: b", None),
        ("<189>4711: Dec 18 00:12:07.098: %SYS-5-A: b", None),
        ("Date: Wed, 20 Dec 2017", None),
        ("a line", None),
    ],
)
def test_line_host(line: str, host: str | None) -> None:
    assert line_host(line) == host


def snapshot_folder(root: Path, started: str = "2026-11-24T01:00:00Z", **command: Any) -> Path:
    folder = root / started.replace("-", "").replace(":", "")
    (folder / "hub1").mkdir(parents=True)
    text = b"09:00:00.000 UTC Tue Nov 24 2026\n"
    (folder / "hub1" / "show_clock.txt").write_bytes(text)
    entry = {
        "command": "show clock",
        "file": "hub1/show_clock.txt",
        "asked_at": started,
        "answered_at": started,
        "device_clock": None,
        "bytes": len(text),
        "sha256": hashlib.sha256(text).hexdigest(),
        "refused": False,
    }
    device = {
        "name": "hub1",
        "address": "192.0.2.9",
        "platform": "cisco_ios",
        "status": "partial",
        "error": None,
        "commands": [entry | command],
    }
    manifest = {
        "schema": "vpnaudit.snapshot/1",
        "tool": {"name": "vpnaudit", "version": "1"},
        "started_at": started,
        "finished_at": started,
        "devices": [device],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_a_snapshot(tmp_path: Path) -> None:
    snapshot = read(snapshot_folder(tmp_path))
    assert (snapshot.kind, snapshot.path, snapshot.problems) == ("snapshot", "20261124T010000Z", ())
    assert snapshot.started_at == datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert (snapshot.devices[0].status, snapshot.devices[0].address) == ("partial", "192.0.2.9")
    assert captures(snapshot) == [("hub1", "show clock", "hub1/show_clock.txt", 1)]


def test_several_snapshots_come_in_the_order_of_their_start(tmp_path: Path) -> None:
    for started in ("2026-11-24T01:00:00Z", "2026-11-22T01:00:00Z", "2026-11-23T01:00:00Z"):
        snapshot_folder(tmp_path, started)
    (tmp_path / "20261125T010000Z.partial").mkdir()
    found = read_source(tmp_path, resolve, tell_platform)
    assert [s.path for s in found] == ["20261122T010000Z", "20261123T010000Z", "20261124T010000Z"]
    assert problems(found[-1]) == {
        "20261125T010000Z.partial": "is what a collection that did not finish left; not read"
    }


def test_a_changed_capture_is_told_and_used(tmp_path: Path) -> None:
    snapshot = read(snapshot_folder(tmp_path, sha256="0" * 64))
    assert "SHA-256" in problems(snapshot)["hub1/show_clock.txt"]
    assert len(captures(snapshot)) == 1


@pytest.mark.parametrize("file", ["../../../../etc/hostname", "/etc/hostname", "hub1/gone.txt", "hub1"])
def test_a_manifest_leads_to_no_file_outside(tmp_path: Path, file: str) -> None:
    folder = snapshot_folder(tmp_path, file=file)
    snapshot = read_source(folder, resolve, tell_platform)[0]
    assert captures(snapshot) == []
    assert file in problems(snapshot)


@pytest.mark.parametrize("manifest", ["", "{}", "[1]", "\x00", '{"schema": "vpnaudit.snapshot/9"}', "[" * 5000])
def test_a_manifest_that_is_none_is_told(tmp_path: Path, manifest: str) -> None:
    folder = snapshot_folder(tmp_path)
    (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    snapshot = read(folder)
    assert snapshot.kind == "folder"
    assert "manifest" in problems(snapshot)["manifest.json"]
    assert [c[:2] for c in captures(snapshot)] == [("hub1", "show clock")]


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    device = tmp_path / "f" / "hub1"
    device.mkdir(parents=True)
    (device / "show_clock.txt").write_bytes(b"09:00\r\n\xff\r\n")
    (device / "show_version.txt").write_bytes(b"")
    (device / "show_logging.txt").mkdir()
    (device / "image.txt").write_bytes(bytes(range(256)) * 9)
    (device / ".hidden").write_text("x", encoding="utf-8")
    (device / "show_running-config.txt").symlink_to("/etc/hostname")
    (device / "loop").symlink_to(device / "loop")
    (device / "archive.zip").write_bytes(b"PK\x03\x04....")
    os.mkfifo(device / "show_crypto_ipsec_sa.txt")
    (tmp_path / "f" / "empty").mkdir()
    (tmp_path / "f" / "x.partial").mkdir()
    snapshot = read(tmp_path / "f")
    assert captures(snapshot) == [
        ("hub1", "show clock", "hub1/show_clock.txt", 1),
        ("hub1", "show version", "hub1/show_version.txt", 1),
    ]
    assert [c.text for c in snapshot.devices[0].captures] == ["09:00\n\ufffd\n", ""]
    told = problems(snapshot)
    names = ("show_clock.txt", "show_logging.txt", "image.txt", ".hidden", "loop", "archive.zip")
    more = ("show_running-config.txt", "show_crypto_ipsec_sa.txt")
    assert set(told) == {f"hub1/{n}" for n in (*names, *more)} | {"empty", "x.partial"}


def test_a_name_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"odd\xff.txt")).write_text("nothing", encoding="utf-8")
    (tmp_path / "show_clock.txt").write_text("09:00", encoding="utf-8")
    assert set(problems(read(tmp_path))) == {"odd\ufffd.txt"}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "show_clock.txt").write_text("09:00", encoding="utf-8")
    (tmp_path / "show_version.txt").write_text("x", encoding="utf-8")
    (tmp_path / "show_version.txt").chmod(0)
    assert "cannot be read" in problems(read(tmp_path))["show_version.txt"]


COMPRESSED = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_compressed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"hub1.log{suffix}"
    path.write_bytes(COMPRESSED[suffix](LOG.encode()))
    snapshot = read_logs([path])
    assert captures(snapshot) == [("hub1", "syslog", path.name, 1)]
    assert snapshot.devices[0].captures[0].text == LOG


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_bomb_is_cut(suffix: str) -> None:
    data, told = decompress(COMPRESSED[suffix](b"\n" * 3_000_000), limit=1_000_000)
    assert len(data) == 1_000_000
    assert "larger" in told[0]


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_cut_archive_gives_what_is_there(suffix: str) -> None:
    packed = COMPRESSED[suffix](os.urandom(400_000))
    data, told = decompress(packed[: len(packed) // 2])
    assert told or suffix == ".zst"
    assert len(data) < 400_000


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"]))
def test_any_bytes_are_decompressed_and_decoded_without_raising(data: bytes, magic: bytes) -> None:
    text, _ = decode(decompress(magic + data)[0])
    assert text is None or "\x00" not in text or (magic + data)[:2] in {b"\xff\xfe", b"\xfe\xff"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_byte_order_marks(encoding: str) -> None:
    assert decode("a\r\nb\n".encode(encoding)) == ("a\nb\n", [])


def test_a_file_over_the_limit_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    path.write_bytes(b"x" * 3000)
    found = read_text_file(path, limit=1000)
    assert found.text is not None
    assert len(found.text) == 1000
    assert "larger" in found.problems[0]


def test_logs_from_standard_input() -> None:
    snapshot = read_logs(["-"], io.BytesIO(gzip.compress(LOG.encode())))
    assert (snapshot.kind, snapshot.path) == ("logs", "-")
    assert captures(snapshot) == [("stdin", "syslog", "-", 1)]


def test_a_console_capture_is_named_by_its_prompt(tmp_path: Path) -> None:
    path = tmp_path / "paste.txt"
    path.write_text(f"HUB1#\n{LOG}HUB1#\n", encoding="utf-8")
    assert [d.name for d in read_logs([path]).devices] == ["HUB1"]


@pytest.mark.parametrize("make", ["missing", "folder", "binary"])
def test_logs_that_cannot_be_read(tmp_path: Path, make: str) -> None:
    path = tmp_path / "x"
    if make == "folder":
        path.mkdir()
    elif make == "binary":
        path.write_bytes(bytes(range(256)))
    with pytest.raises(SourceError):
        read_logs([path])
    with pytest.raises(SourceError):
        read_text(path)


def test_standard_input_must_be_there() -> None:
    with pytest.raises(SourceError):
        read_logs(["-"])


@pytest.mark.parametrize("make", ["missing", "empty folder", "empty file", "prose"])
def test_sources_that_hold_nothing(tmp_path: Path, make: str) -> None:
    path = tmp_path / "x"
    if make == "empty folder":
        path.mkdir()
    elif make != "missing":
        path.write_text("hello\n" if make == "prose" else "", encoding="utf-8")
    with pytest.raises(SourceError):
        read_source(path, resolve, tell_platform)


def test_a_copied_folder_reads_the_same(tmp_path: Path) -> None:
    copy = tmp_path / "001_folder"
    shutil.copytree(FIXTURES / "001_folder", copy)
    assert captures(read(copy)) == captures(read(FIXTURES / "001_folder"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "a"),
        ("a.log.gz", "a"),
        ("show_version", "show_version"),
        (".txt", ".txt"),
        ("r1.example.txt", "r1.example"),
    ],
)
def test_stem(name: str, expected: str) -> None:
    assert stem(name) == expected


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ("a\n --More-- \b\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b\b  b", "a\n  b"),
        ("a\n<--- More --->\r              \rb", "a\nb"),
        ("a\n--More--b", "a\nb"),
        ("abc\b\bx", "axc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("old\rnew", "new"),
        ("More is more", "More is more"),
    ],
)
def test_undo_terminal(printed: str, seen: str) -> None:
    assert undo_terminal(printed) == seen


@given(st.text(alphabet="ab \b\r\n\x1b[m-Moreshwclk#>", max_size=120))
def test_any_session_gives_a_result(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("session") / "x.txt"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        found = read_source(path, resolve, tell_platform)
    except SourceError:
        return
    assert found[0].devices
