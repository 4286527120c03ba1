"""Archives in folders and in archives, snapshots anywhere, and what is nobody's capture."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Snapshot
from vpnaudit.pipeline.audit import audit_logs, audit_sources
from vpnaudit.pipeline.parse_document import parse_files
from vpnaudit.report import render
from vpnaudit.settings import Settings
from vpnaudit.snapshot import archive
from vpnaudit.snapshot.read import read_logs, read_source

SITUATIONS = Path(__file__).resolve().parents[2] / "fixtures" / "situations"
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
CLOCK = b"09:00:00.000 UTC Tue Nov 24 2026\n"
VERSION = b"Cisco IOS Software, Version 15.7(3)M4, RELEASE SOFTWARE (fc1)\n"
LOG = b"Nov 24 09:00:00.100: %SYS-5-CONFIG_I: Configured from console by noc on console\n"
Files = dict[str, bytes]


def resolve(typed: str) -> tuple[str, str] | None:
    name = typed.lower().replace("_", " ")
    return (name, "") if name in {"show clock", "show version", "show logging"} else None


def read(path: Path) -> tuple[Snapshot, ...]:
    return read_source(path, resolve, lambda texts: "cisco_ios" if "Cisco IOS" in "".join(texts) else None)


def found(snapshots: Sequence[Snapshot]) -> list[tuple[str, str, str]]:
    return sorted((d.name, c.command, c.file) for s in snapshots for d in s.devices for c in d.captures)


def told(snapshots: Sequence[Snapshot]) -> dict[str, str]:
    return {p.file: p.problem for s in snapshots for p in s.problems}


def as_zip(files: Files) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return out.getvalue()


def as_tgz(files: Files) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return out.getvalue()


def lay(root: Path, files: Files) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


HUB = {"show_clock.txt": CLOCK, "show_version.txt": VERSION}
FORMS: dict[str, Files] = {
    "one archive a device": {"hub1.zip": as_zip(HUB), "hub2.tgz": as_tgz(HUB)},
    "each with its folder": {
        "one.zip": as_zip({f"hub1/{name}": data for name, data in HUB.items()}),
        "two.tar.gz": as_tgz({f"./hub2/{name}": data for name, data in HUB.items()}),
    },
    "an archive in an archive": {"all.zip": as_zip({"hub1.zip": as_zip(HUB), "hub2.tgz": as_tgz(HUB)})},
    "an archive beside a folder": {**{f"hub1/{name}": data for name, data in HUB.items()}, "hub2.zip": as_zip(HUB)},
    "an archive in a device's folder": {
        "hub1/show_clock.txt": CLOCK,
        "hub1/rest.zip": as_zip({"show_version.txt": VERSION}),
        "hub2/a.tgz": as_tgz(HUB),
        "hub2/show_clock.txt.gz": gzip.compress(CLOCK),
    },
    "an archive a command": {
        f"{hub}/{name[:-4]}.zip": as_zip({name: data}) for hub in ("hub1", "hub2") for name, data in HUB.items()
    },
    "under sites and dates": {
        "site-a/2026-11-24/hub1.zip": as_zip(HUB),
        "site-b/2026-11-24.zip": as_zip({f"hub2/{name}": data for name, data in HUB.items()}),
    },
}


@pytest.mark.parametrize("form", list(FORMS))
def test_an_archive_is_a_folder(form: str, tmp_path: Path) -> None:
    snapshots = read(lay(tmp_path / "captures", FORMS[form]))
    assert {(device, command) for device, command, _ in found(snapshots)} == {
        (hub, command) for hub in ("hub1", "hub2") for command in ("show clock", "show version")
    }
    assert told(snapshots) == {}


def test_files_are_called_by_the_way_to_them(tmp_path: Path) -> None:
    inner = as_zip({**HUB, "notes.md": b"hello\n", "../evil.txt": b"x"})
    snapshots = read(lay(tmp_path / "captures", {"site-a/hub1.zip": inner, "bad.zip": b"PK\x03\x04"}))
    assert {file for _, _, file in found(snapshots)} == {
        "site-a/hub1.zip/show_clock.txt",
        "site-a/hub1.zip/show_version.txt",
    }
    problems = told(snapshots)
    assert set(problems) == {"site-a/hub1.zip/notes.md", "site-a/hub1.zip/../evil.txt", "bad.zip"}
    assert problems["bad.zip"].startswith("is no zip archive that can be read")


def test_archives_in_archives_have_an_end(tmp_path: Path) -> None:
    data = as_zip(HUB)
    for n in range(4):
        data = as_zip({f"hub{n}.zip": data, f"hub{n}/show_clock.txt": CLOCK})
    snapshots = read(lay(tmp_path / "captures", {"all.zip": data}))
    assert [d for d, _, _ in found(snapshots)] == ["hub1", "hub2", "hub3"]
    assert "too many archives" in next(iter(told(snapshots).values()))


def test_what_is_inside_grows_no_more_than_what_is_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_EXPANSION_FREE", 100_000)
    monkeypatch.setattr(archive, "_EXPANSION_MAX", 1)
    bomb = as_zip({"show_version.txt": VERSION, "show_clock.txt": CLOCK + b"\n" * 300_000})
    (tmp_path / "all.zip").write_bytes(as_zip({f"hub{n}.zip": bomb for n in range(3)} | {"hub9/show_clock.txt": CLOCK}))
    snapshots = read(tmp_path / "all.zip")
    assert ("hub9", "show clock", "hub9/show_clock.txt") in found(snapshots)
    assert all("grows" in told(snapshots)[f"hub{n}.zip"] for n in range(3))
    assert sum(len(c.text) for s in snapshots for d in s.devices for c in d.captures) < 400_000


def test_documents_and_programs_are_one_line(tmp_path: Path) -> None:
    documents = {
        "plan.docx": as_zip({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}),
        "plan.odt": as_zip({"mimetype": b"application/x", "content.xml": b"<x/>"}),
        "tool.jar": as_zip({"META-INF/MANIFEST.MF": b"x", "A.class": b"\xca\xfe\xba\xbe" + bytes(90)}),
    }
    snapshots = read(lay(tmp_path / "captures", {**documents, "hub1/show_clock.txt": CLOCK}))
    assert set(told(snapshots)) == set(documents)
    assert set(told(snapshots).values()) == {"is an office document or a program: save what is in it as plain text"}
    with pytest.raises(SourceError, match="plain text"):
        read(tmp_path / "captures" / "plan.docx")


def test_what_a_desktop_leaves_is_not_worth_a_word(tmp_path: Path) -> None:
    litter = dict.fromkeys(
        (".DS_Store", "hub1/._show_clock.txt", "Thumbs.db", "hub1/desktop.ini", "__MACOSX/hub1/._a", ".git/HEAD"),
        b"\0\1",
    )
    snapshots = read(lay(tmp_path / "captures", {**litter, "hub1/show_clock.txt": CLOCK}))
    assert told(snapshots) == {}
    (tmp_path / "a.zip").write_bytes(as_zip({**litter, "hub1/show_clock.txt": CLOCK}))
    assert told(read(tmp_path / "a.zip")) == {}


def test_pictures_and_hidden_files_are_named(tmp_path: Path) -> None:
    strange = {"map.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ".hidden": b"x", "hub1/a.pcap": bytes(2000)}
    snapshots = read(lay(tmp_path / "captures", {**strange, "hub1/show_clock.txt": CLOCK}))
    assert set(told(snapshots)) == set(strange)


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A snapshot under its usual name."""
    place = tmp_path / "night" / "20211116T093000Z"
    shutil.copytree(SITUATIONS / "a16_clocks_with_manifest" / "captures", place)
    return place


def document(*paths: Path) -> str:
    return render("json", audit_sources(paths, Settings(), NOW))


def packed(source: Path, target: Path, form: str, top: str | None) -> Path:
    made = shutil.make_archive(str(target), form, source.parent if top else source, top)
    return Path(made)


@pytest.mark.parametrize("form", ["zip", "tar", "gztar", "bztar", "xztar"])
@pytest.mark.parametrize("with_top", [True, False])
def test_a_packed_snapshot_gives_the_same_audit(form: str, with_top: bool, night: Path, tmp_path: Path) -> None:
    path = packed(night, tmp_path / "packed", form, night.name if with_top else None)
    assert document(path).replace(f'"path": "{path.name}"', f'"path": "{night.name}"') == document(night)


@pytest.mark.parametrize("place", ["night.zip", "site/20211116T093000Z.zip", "site/all.zip/site/20211116T093000Z"])
def test_a_snapshot_anywhere_is_read_by_its_manifest(place: str, night: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    if place == "night.zip":
        packed(night.parent, source / "night", "zip", night.parent.name)
    elif place.startswith("site/2021"):
        (source / "site").mkdir()
        packed(night, source / "site" / night.name, "zip", None)
    else:
        shutil.move(night, source / "site" / night.name)
        packed(source / "site", source / "all", "zip", "site")
        shutil.rmtree(source / "site")
    lay(source, {f"hub1/{name}": data for name, data in HUB.items()})
    audit = audit_sources([source], Settings(), NOW)
    assert {d.name for d in audit.devices} == {"hub1", "bos-r4", "koeln-fw"}
    assert audit.problems == ()
    assert {d.status for d in audit.devices if d.name != "hub1"} == {"complete"}


def test_older_nights_may_be_packed(night: Path) -> None:
    packed(night, night.parent / "20211115T093000Z", "zip", None)
    (night.parent / "20211114T093000Z.zip").write_bytes(b"PK\x03\x04 cut")
    audit = audit_sources([night.parent], Settings(), NOW)
    assert audit.source.kind == "snapshot"
    assert [(p.file, p.problem.partition(":")[0]) for p in audit.problems] == [
        ("20211114T093000Z.zip", "is no zip archive that can be read")
    ]


def test_a_report_in_the_folder_is_no_evidence(tmp_path: Path) -> None:
    source = tmp_path / "captures"
    shutil.copytree(SITUATIONS / "a01_receiver_reloaded_sender_without_dpd" / "captures", source)
    audit = audit_sources([source], Settings(), NOW)
    before = render("json", audit)
    lay(source, {f"report.{form}": render(form, audit).encode() for form in ("json", "html", "markdown")})
    assert document(source) == before
    with pytest.raises(SourceError, match="is a report of an audit"):
        read(source / "report.json")


def event(day: int, minute: int) -> str:
    return (
        f"Nov {day} 01:{minute:02d}:00 hub1 7: Nov {day} 01:{minute:02d}:00.100: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: "
        "rec'd IPSEC packet has invalid spi for destaddr=192.0.2.9, prot=50, "
        f"spi=0x{0x9E000000 + minute:X}({0x9E000000 + minute}), srcaddr=198.51.100.2\n"
    )


FAMILIES = {
    "numbered": ("syslog.10.gz", "syslog.2.gz", "syslog.1", "syslog"),
    "dated": ("messages-20261121.gz", "messages-20261122", "messages-20261123", "messages"),
    "by day": ("log-2026-11-21.gz", "log-2026-11-22.gz", "log-2026-11-23", "log-2026-11-24"),
    "a device's": ("hub1.log.2", "hub1.log.1", "hub1.log.0", "hub1.log"),
    "kept once": ("hub1.log.2", "hub1.log.1", "hub1.log.old", "hub1.log"),
    "by second": (
        "syslog-20261121-1795200000.gz",
        "syslog-20261122-1795300000",
        "syslog-20261123-1795400000",
        "syslog",
    ),
}


@pytest.mark.parametrize("family", list(FAMILIES))
@pytest.mark.parametrize("form", ["folder", "zip", "logs", "logs of a zip"])
def test_rotated_logs_are_one_log_oldest_first(family: str, form: str, tmp_path: Path) -> None:
    """Each file begins with the last two events of the one before it."""
    names = FAMILIES[family]
    files: Files = {}
    for n, name in enumerate(names):
        text = "".join(event(20 + n, m) for m in (8, 9) if n) + "".join(event(21 + n, m) for m in range(10))
        files[name] = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
    folder = lay(tmp_path / "logs", files)
    (tmp_path / "logs.zip").write_bytes(as_zip(files))
    if form.startswith("logs"):
        paths = [str(tmp_path / "logs.zip")] if form.endswith("zip") else sorted(str(folder / name) for name in names)
        audit = audit_logs(paths, None, Settings(), NOW)
        order = [c.file for d in read_logs(paths).devices for c in d.captures]
    else:
        source = folder if form == "folder" else tmp_path / "logs.zip"
        audit = audit_sources([source], Settings(), NOW)
        order = [c.file for s in read(source) for d in s.devices for c in d.captures]
    assert order == list(names)
    assert [e.time for e in audit.events] == [
        f"2026-11-{21 + n}T01:{m:02d}:00.100Z" for n in range(4) for m in range(10)
    ]
    assert {len(e.evidence) for e in audit.events} == {1, 2}


def test_logs_of_archives_in_an_archive(tmp_path: Path) -> None:
    inner = as_zip(
        {"syslog.1.gz": gzip.compress(event(22, 1).encode()), "syslog": event(23, 1).encode(), "a.bin": bytes(90)}
    )
    (tmp_path / "all.zip").write_bytes(
        as_zip({"hub1.zip": inner, "bad.zip": b"PK\x03\x04", "log": event(24, 1).encode()})
    )
    snapshot = read_logs([tmp_path / "all.zip"])
    assert [c.file for d in snapshot.devices for c in d.captures] == ["hub1.zip/syslog.1.gz", "hub1.zip/syslog", "log"]
    assert {p.file for p in snapshot.problems} == {"hub1.zip/a.bin", "bad.zip"}


def test_an_archive_named_by_a_command_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "show_version.zip").write_bytes(as_zip({"show_version.txt": VERSION}))
    documents, problems = parse_files([tmp_path / "show_version.zip"], platform=None, command=None)
    assert [(d.command, d.lines) for d in documents] == [("show version", 1)]
    assert problems == []
