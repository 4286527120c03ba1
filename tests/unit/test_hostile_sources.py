"""Whatever lies in a source: a result or one clear line, the good beside it still audited, nothing unsafe let out."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vpnaudit.errors import SourceError
from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_logs, audit_sources, is_incomplete
from vpnaudit.pipeline.parse_document import json_lines, parse_files
from vpnaudit.pipeline.schemas import schema_text
from vpnaudit.report import render, write_csv
from vpnaudit.settings import Settings
from vpnaudit.simulate import build_fleet
from vpnaudit.snapshot import text_file

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SA_FILE, CONFIG_FILE, LOG_FILE = "show_crypto_ipsec_sa.txt", "show_running-config.txt", "show_logging.txt"
EVENT = (
    "Nov 25 02:10:10.100: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
    "destaddr={destination}, prot=50, spi={spi}, srcaddr={source}\n"
)


_VALID: set[tuple[str, bytes]] = set()


def _ref(validator: Any, ref: str, instance: Any, schema: Any) -> Iterator[Any]:
    """A record that was found valid is not looked at again: the documents share most of theirs."""
    key = (ref, msgspec.json.encode(instance))
    if key in _VALID:
        return
    errors = list(jsonschema.Draft202012Validator.VALIDATORS["$ref"](validator, ref, instance, schema))
    yield from errors
    if not errors:
        _VALID.add(key)


@cache
def validator() -> Any:
    remembering = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"$ref": _ref})
    return remembering(json.loads(schema_text("audit")))


def is_valid(audit: Audit) -> dict[str, Any]:
    """The document, valid by its schema, with nothing that a terminal would obey; every other format is written too."""
    text = render("json", audit)
    assert text.replace("\n", "").isprintable()
    document: dict[str, Any] = json.loads(text)
    validator().validate(document)
    return document


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("good") / "captures"
    build_fleet(3, ("delete-lost",), NOW, hours=8).write_captures(place)
    return place


@pytest.fixture
def place(good: Path, tmp_path: Path) -> Path:
    """A copy of the good folder, with room for a bad device in it."""
    copy = tmp_path / "captures"
    shutil.copytree(good, copy)
    (copy / "bad").mkdir()
    return copy


def still_good(place: Path) -> dict[str, Any]:
    audit = audit_sources([place], Settings(), NOW)
    document = is_valid(audit)
    assert "delete-lost" in {d["cause"] for d in document["diagnoses"]}
    for name in ("html", "markdown"):
        render(name, audit)
    with tempfile.TemporaryDirectory() as folder:
        write_csv(audit, Path(folder))
    return document


CONTENTS: dict[str, bytes] = {
    "binary": bytes(range(256)) * 400,
    "nothing": b"",
    "NUL": b"\0" * 10_000,
    "NUL between": b"interface: Gi0\0/0\n\0   current_peer 192.0.2.1\n",
    "no UTF-8": b"interface: \xff\xfe\xfa\xc3\x28 Gi0/0\n    current_peer 192.0.2.1 port 500\n",
    "UTF-16": ("\ufeff" + "show clock\n12:00:00.000 UTC Wed Nov 25 2026\n").encode("utf-16-le"),
    "UTF-16 cut": b"\xff\xfes\0h\0o",
    "one line": b"A" * 500_000,
    "one line of blanks": b" " * 200_000 + b"x",
    "junk lines": b"".join(b"junk line %d of nothing\n" % i for i in range(20_000)),
    "prompts": b"x#show clock\n" * 5_000,
    "separators": b"------------------ show clock ------------------\n" * 2_000,
    "pager": b" --More-- \x08\x08\x08\x08" * 20_000,
    "returns": b"x\r" * 50_000,
    "escapes": b"\x1b[31m\x1b]8;;http://192.0.2.66\x07link\x1b]8;;\x07\x1b[2J\x9b31m\n" * 50,
    "bidi": "\u202e\u2066edge\u2069 uptime is 1 day\u202c\n".encode() * 50,
    "gzip of nothing": gzip.compress(b""),
    "gzip cut": gzip.compress(b"show clock\n" * 1000)[:40],
    "gzip damaged": gzip.compress(random.Random(1).randbytes(5000))[:3000] + b"\0" * 50,  # noqa: S311
    "gzip in gzip": gzip.compress(gzip.compress(b"x" * 100_000)),
    "zip": b"PK\x03\x04" + b"\0" * 500,
    "surrogates": "\ud800\udfff spi: 0x1(1)\n".encode("utf-8", "surrogatepass"),
}
NAMES = (SA_FILE, CONFIG_FILE, LOG_FILE, "show_clock.txt", "show_version.txt.gz", "syslog.log", "anything")


@pytest.mark.parametrize("content", list(CONTENTS))
def test_damaged_files(content: str, place: Path) -> None:
    for name in NAMES:
        (place / "bad" / name).write_bytes(CONTENTS[content])
    (place / "loose.txt").write_bytes(CONTENTS[content])
    still_good(place)


@pytest.mark.parametrize("name", ["show_logging.txt.gz", "syslog.gz"])
def test_a_file_that_grows_without_end_is_cut(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "_EXPANSION_FREE", 50_000)
    (place / "bad" / name).write_bytes(gzip.compress(b"a\n" * 1_000_000))
    problems = {p["file"]: p["problem"] for p in still_good(place)["problems"]}
    assert "times its size" in problems[f"bad/{name}"]


def test_a_file_of_too_many_lines_is_cut(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "LINES_MAX", 5_000)
    (place / "bad" / LOG_FILE).write_bytes(b"%SYS-5-CONFIG_I: x\n" * 4_999 + b"last but one\nlast\n")
    found = text_file.read_text_file(place / "bad" / LOG_FILE)
    assert found.text is not None
    assert (found.text.count("\n"), found.text[-13:]) == (5_000, "last but one\n")
    still_good(place)


def test_things_that_are_no_files(place: Path, tmp_path: Path) -> None:
    bad = place / "bad"
    (bad / "show_clock.txt").mkdir()
    (bad / "show_clock.txt" / "show_clock.txt").mkdir()
    os.mkfifo(bad / LOG_FILE)
    os.mkfifo(place / "show_version.txt")
    (bad / "loop").symlink_to(bad)
    (bad / CONFIG_FILE).symlink_to(bad / CONFIG_FILE)
    (place / "round").symlink_to(place)
    (place / "gone.txt").symlink_to(place / "nowhere")
    secret = tmp_path / "secret.txt"
    secret.write_text("hostname secret-host\n", encoding="utf-8")
    (bad / "show_version.txt").symlink_to(secret)
    (place / "out").symlink_to(tmp_path)
    deep = place
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "show_clock.txt").write_text("12:00:00.000 UTC Wed Nov 25 2026\n", encoding="utf-8")
    text = json.dumps(still_good(place))
    assert "secret-host" not in text


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_what_may_not_be_read(place: Path) -> None:
    (place / "bad" / LOG_FILE).write_text("x\n", encoding="utf-8")
    (place / "bad" / LOG_FILE).chmod(0)
    (place / "shut").mkdir(mode=0)
    try:
        assert len(still_good(place)["problems"]) >= 2
    finally:
        (place / "shut").chmod(0o700)


HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "=cmd|' -C calc'!A0",
    "..",
    "../../etc",
    "\x1b[31mred",
    "\u202egnp.exe",
    "-rf",
    "a" * 120,
    "con\nfig",
    "'\"`$(id)",
    "%s%n{0}",
)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_of_devices(name: str, place: Path) -> None:
    """In the folder's name where a file system takes it, and in host name, prompt, description and log."""
    folder = name.replace("/", "_") if name != ".." else "dots"
    bad = place / folder
    bad.mkdir()
    hub = place / "hub-a"
    for file in (CONFIG_FILE, "show_version.txt", SA_FILE, "show_clock.txt"):
        text = (hub / file).read_text(encoding="utf-8").replace("HUB-A", name).replace("Internet", name)
        (bad / file).write_text(text.replace("192.0.2.", "198.18.0."), encoding="utf-8")
    line = EVENT.format(destination="198.18.0.1", spi="0x1A2B3C4D(439041101)", source="203.0.113.11")
    (bad / LOG_FILE).write_text(f"{line}Nov 25 02:11:10.100: %SYS-5-CONFIG_I: {name}\n", encoding="utf-8")
    (place / "session.log").write_text(f"{name}#show clock\n12:00:00.000 UTC Wed Nov 25 2026\n", encoding="utf-8")
    document = still_good(place)
    audit = audit_sources([place], Settings(), NOW)
    page = render("html", audit)
    assert "<script>alert" not in page
    assert "\x1b" not in page + render("markdown", audit)
    assert document["summary"]["devices"] >= 3


SPIS = ("0x0(0)", "0xFFFFFFFF(4294967295)", "0x1FFFFFFFFF(1)", "0x" + "F" * 5000 + "(1)", "0xZZ", "-1", "1", "")
ADDRESSES = (
    "0.0.0.0",  # noqa: S104
    "255.255.255.255",
    "999.1.1.1",
    "::",
    "2001:db8::1",
    "192.0.2.1.5",
    "1" * 400,
    "",
    "<b>",
    "hub-a",
)


@pytest.mark.parametrize("spi", SPIS)
@pytest.mark.parametrize("source", ADDRESSES)
def test_hostile_events(spi: str, source: str) -> None:
    text = EVENT.format(destination=source, spi=spi, source=source) + EVENT.format(
        destination="192.0.2.1", spi=spi, source=source
    )
    is_valid(audit_logs(["-"], io.BytesIO(text.encode()), Settings(), NOW))


STAMPS = (
    "Feb 30 12:00:00.000",
    "Feb 29 2027 12:00:00.000",
    "Dec 31 9999 23:59:59.999",
    "Jan  1 0001 00:00:00.000",
    "Nov 31 02:10:10.100",
    "Nov 25 99:99:99.999",
    "Nov 25 23:59:60.000",
    "*Mar  1 1993 00:00:00.000",
    "99999999999999999999w6d",
    "Nov 25 02:10:10.100 XYZ",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "Nov 25 02:10:10." + "1" * 500,
)


@pytest.mark.parametrize("stamp", STAMPS)
def test_dates_that_are_none(stamp: str, place: Path) -> None:
    line = EVENT.format(destination="192.0.2.1", spi="0x1A2B3C4D(439041101)", source="198.51.100.7")
    (place / "bad" / LOG_FILE).write_text(line.replace("Nov 25 02:10:10.100", stamp) * 2, encoding="utf-8")
    for number, device in enumerate(("bad", "bad2")):
        (place / device).mkdir(exist_ok=True)
        wall = ("23:59:59.999 UTC Fri Dec 31 9999", "00:00:00.000 UTC Mon Jan 1 0001")[number]
        (place / device / "show_clock.txt").write_text(f"{wall}\n", encoding="utf-8")
        shutil.copyfile(place / "hub-a" / "show_version.txt", place / device / "show_version.txt")
    (place / "bad2" / LOG_FILE).write_text(line.replace("Nov 25 02:10:10.100", stamp), encoding="utf-8")
    still_good(place)


SETTINGS_LINES = (
    "crypto ipsec security-association lifetime seconds -5",
    f"crypto ipsec security-association lifetime seconds 1{'0' * 30}",
    f"crypto ipsec security-association lifetime kilobytes 1{'0' * 30}",
    f"crypto isakmp keepalive 1{'0' * 400} 1{'0' * 400} periodic",
    "crypto ipsec security-association lifetime seconds 0",
    f"clock timezone X 1{'0' * 9} 99",
    "clock summer-time X recurring 9 Sun Foo 99:99 9 Sun Bar 99:99 99999",
    f"logging buffered 1{'0' * 30}",
    "interface GigabitEthernet0/9\n ip address 192.0.2.1 255.255.255.255.255\n crypto map OUTSIDE-MAP",
    "interface Tunnel9\n tunnel destination 192.0.2.1\n tunnel source Tunnel9\n tunnel protection ipsec profile NONE",
    "crypto map OUTSIDE-MAP 9 ipsec-isakmp\n set peer 192.0.2.1\n set peer 0.0.0.0\n set peer 192.0.2.1 default",
    f"crypto map OUTSIDE-MAP 1{'0' * 40} ipsec-isakmp\n set peer 203.0.113.9\n match address OUTSIDE-MAP",
    "access-list 101 permit ip 10.0.0.0 999.0.0.255 any",
    "crypto isakmp key x address 0.0.0.0 0.0.0.0\ncrypto isakmp key x address 10.0.0.0 255.0.255.0",
)


@pytest.mark.parametrize("line", SETTINGS_LINES)
def test_hostile_settings(line: str, place: Path) -> None:
    (place / "bad").rmdir()
    path = place / "hub-b" / CONFIG_FILE
    text = path.read_text(encoding="utf-8").replace("\nend", f"\n{line}\n!\nend")
    path.write_text(text, encoding="utf-8")
    still_good(place)


TABLES: dict[str, tuple[str, str, str]] = {
    "lifetime below nothing": (SA_FILE, "(k/sec): (", "(k/sec): (-4/-5) ("),
    "lifetime beyond all": (SA_FILE, "(k/sec): (", f"(k/sec): (1{'0' * 30}/1{'0' * 30}) ("),
    "peer of nobody": (SA_FILE, "current_peer 203.0.113.11", "current_peer 0.0.0.0"),
    "peer is itself": (SA_FILE, "203.0.113.11", "192.0.2.1"),
    "IKE with itself": ("show_crypto_isakmp_sa.txt", "203.0.113.11", "192.0.2.1"),
    "memory beyond all": ("show_memory_statistics.txt", "Processor", f"Processor {'9' * 200}"),
    "uptime beyond all": ("show_version.txt", " uptime is ", f" uptime is 1{'0' * 20} years, "),
    "counters beyond all": ("show_interfaces.txt", "0 input errors", f"{'9' * 300} input errors"),
}


@pytest.mark.parametrize("case", list(TABLES))
def test_hostile_tables(case: str, place: Path) -> None:
    """The numbers of a device that has nothing to do with the trouble, and then those of one that has."""
    file, old, new = TABLES[case]
    shutil.rmtree(place / "bad")
    shutil.copytree(place / "hub-a", place / "bad")
    for path in (place / "bad").iterdir():
        text = path.read_text(encoding="utf-8").replace("192.0.2.1", "198.18.0.1").replace("HUB-A", "BAD")
        text = re.sub(r"0x[0-9A-F]{8}\(\d+\)", "0x7E57AB1E(2119674654)", text)
        path.write_text(text.replace("203.0.113.11", "203.0.113.99").replace("198.51.100.1", "203.0.113.99"), "utf-8")
    path = place / "bad" / file
    path.write_text(path.read_text(encoding="utf-8").replace(old.replace("203.0.113.11", "203.0.113.99"), new), "utf-8")
    still_good(place)
    for device in ("hub-a", "branch-01"):
        path = place / device / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    is_valid(audit_sources([place], Settings(), NOW))


def manifest_of(**changes: Any) -> dict[str, Any]:
    at = NOW.isoformat()
    command = {
        "command": "show clock",
        "file": "hub-a/show_clock.txt",
        "asked_at": at,
        "answered_at": at,
        "device_clock": None,
        "bytes": 40,
        "sha256": "0" * 64,
        "refused": False,
        **changes.pop("command", {}),
    }
    device = {"name": "hub-a", "address": "192.0.2.1", "platform": "cisco_ios", "status": "complete", "error": None}
    device |= {"commands": [command], **changes.pop("device", {})}
    tool = {"name": "vpnaudit", "version": "0"}
    base = {"schema": "vpnaudit.snapshot/1", "tool": tool, "started_at": at, "finished_at": at, "devices": [device]}
    return {**base, **changes}


MANIFESTS: dict[str, str | dict[str, Any]] = {
    "nothing": "",
    "no JSON": "{",
    "deep": "[" * 100_000,
    "a list": "[]",
    "another schema": {"schema": "vpnaudit.snapshot/9"},
    "wrong sum": {},
    "out of the folder": {"command": {"file": "../../etc/passwd"}},
    "absolute": {"command": {"file": "/etc/passwd"}},
    "NUL in a name": {"command": {"file": "hub-a/\0"}},
    "a folder": {"command": {"file": "hub-a"}},
    "a name that is too long": {"command": {"file": "x" * 5000}},
    "huge size": {"command": {"bytes": 10**9}},
    "size below nothing": {"command": {"bytes": -1}},
    "answered before asked": {"command": {"asked_at": "2026-11-25T04:00:00Z", "answered_at": "2020-01-01T00:00:00Z"}},
    "a year beyond all": {"finished_at": "9999-12-31T23:59:59-12:00"},
    "the first year": {"started_at": "0001-01-01T00:00:00+14:00", "command": {"asked_at": "0001-01-01T00:00:00+14:00"}},
    "no zone": {"finished_at": "2026-11-25T03:00:00"},
    "unknown platform": {"device": {"platform": "../../evil"}},
    "unknown command": {"command": {"command": "reload\x1b[2J"}},
    "hostile name": {"device": {"name": "../<script>\x1b[31m"}},
    "no devices": {"devices": []},
}


UNREADABLE = ("out of the folder", "absolute", "NUL in a name", "a folder", "a name that is too long", "no devices")


@pytest.mark.parametrize("case", list(MANIFESTS))
def test_hostile_manifests(case: str, place: Path) -> None:
    about = MANIFESTS[case]
    text = about if isinstance(about, str) else json.dumps(manifest_of(**json.loads(json.dumps(about))))
    (place / "manifest.json").write_text(text, encoding="utf-8")
    if case in UNREADABLE:
        with pytest.raises(SourceError, match="nothing in it can be read"):
            audit_sources([place], Settings(), NOW)
        return
    audit = audit_sources([place], Settings(), NOW)
    document = is_valid(audit)
    assert "root:" not in json.dumps(document)
    assert is_incomplete(audit) or "delete-lost" in {d.cause for d in audit.diagnoses}


def test_one_name_twice(place: Path) -> None:
    """In a manifest, and as two spellings of one folder's name."""
    shutil.copytree(place / "hub-a", place / "HUB-A")
    document = still_good(place)
    assert len([d for d in document["devices"] if d["name"].lower() == "hub-a"]) == 1
    twice = manifest_of()
    twice["devices"] *= 2
    (place / "manifest.json").write_text(json.dumps(twice), encoding="utf-8")
    assert is_valid(audit_sources([place], Settings(), NOW))["summary"]["devices"] == 1


def test_from_the_command_line(place: Path) -> None:
    """Once through everything, with nothing on the screen that a terminal would obey."""
    for name, content in CONTENTS.items():
        (place / "bad" / f"{name.replace(' ', '_')}.txt").write_bytes(content)
    (place / "\x1b[31mred.txt").write_bytes(b"x")
    for arguments in (["audit", "captures"], ["audit", "captures", "--json", "-"]):
        found = subprocess.run(
            [sys.executable, "-m", "vpnaudit", *arguments],
            capture_output=True,
            check=False,
            cwd=place.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        assert found.returncode == 1, found.stderr
        assert b"Traceback" not in found.stderr
        assert b"\x1b" not in found.stdout + found.stderr
    nothing = place.parent / "nothing"
    nothing.mkdir()
    (nothing / "\x1b[31mred.txt").write_bytes(b"x")
    found = subprocess.run(
        [sys.executable, "-m", "vpnaudit", "audit", "nothing"],
        capture_output=True,
        check=False,
        cwd=place.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert found.returncode == 2
    assert found.stderr.count(b"\n") == 1
    assert b"\x1b" not in found.stderr


@cache
def captured() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        build_fleet(3, ("delete-lost",), NOW, hours=2).write_captures(Path(folder))
        return {f.relative_to(folder).as_posix(): f.read_bytes() for f in sorted(Path(folder).rglob("*.txt"))}


def _drop(lines: list[bytes], at: int, rng: random.Random) -> list[bytes]:
    return lines[:at] + lines[at + rng.randrange(1, 6) :]


def _double(lines: list[bytes], at: int, rng: random.Random) -> list[bytes]:
    return lines[:at] + lines[at : at + 3] * rng.randrange(2, 5) + lines[at + 3 :]


def _cut(lines: list[bytes], at: int, rng: random.Random) -> list[bytes]:
    return [*lines[:at], lines[at][: rng.randrange(1 + len(lines[at]))]]


def _swap(lines: list[bytes], at: int, rng: random.Random) -> list[bytes]:
    other = rng.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]
    return lines


def _flip(lines: list[bytes], at: int, rng: random.Random) -> list[bytes]:
    line = bytearray(lines[at])
    for _ in range(min(len(line), rng.randrange(1, 4))):
        line[rng.randrange(len(line))] = rng.randrange(256)
    return [*lines[:at], bytes(line), *lines[at + 1 :]]


def _numbers(lines: list[bytes], at: int, rng: random.Random) -> list[bytes]:
    big = rng.choice((b"0", b"-1", b"9" * 30, b"4294967296", b"65536"))
    changed = b"".join(big if part.isdigit() else part for part in _parts(lines[at]))
    return [*lines[:at], changed, *lines[at + 1 :]]


def _parts(line: bytes) -> list[bytes]:
    found: list[bytes] = []
    for value in line:
        one = bytes((value,))
        if found and found[-1].isdigit() == one.isdigit():
            found[-1] += one
        else:
            found.append(one)
    return found


CHANGES: tuple[Callable[[list[bytes], int, random.Random], list[bytes]], ...] = (
    _drop,
    _double,
    _cut,
    _swap,
    _flip,
    _numbers,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_captures_with_chance_damage(seed: int, changes: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    files = dict(captured())
    for _ in range(changes):
        name = rng.choice(sorted(files))
        lines = files[name].split(b"\n")
        files[name] = b"\n".join(rng.choice(CHANGES)(lines, rng.randrange(len(lines)), rng))
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        audit = audit_sources([Path(folder)], Settings(), NOW)
        is_valid(audit)
        documents, _ = parse_files([Path(folder, n) for n in rng.sample(sorted(files), 3)], platform=None, command=None)
        for line in json_lines(documents).splitlines():
            assert json.loads(line)["schema"] == "vpnaudit.parse/1"
