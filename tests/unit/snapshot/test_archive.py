"""Archives of anything: read as if unpacked by hand, whatever they hold, and never more than they may."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Snapshot
from vpnaudit.platforms.registry import resolve_command
from vpnaudit.snapshot import archive
from vpnaudit.snapshot.read import read_source

Files = dict[str, bytes]
CLOCK = b"09:00:00.000 UTC Tue Nov 24 2026\n"
LOG = b"Nov 24 09:00:00.100: %SYS-5-CONFIG_I: Configured from console by noc on console\n"
CAPTURES: Files = {
    "captures/hub1/show_clock.txt": CLOCK,
    "captures/hub1/show_version.txt": b"Cisco IOS Software, Version 15.2\nhub1 uptime is 1 day\n",
    "captures/spoke2/show_clock.txt": CLOCK,
}


def resolve(typed: str) -> tuple[str, str] | None:
    return resolve_command(None, typed)


def tell_platform(texts: Sequence[str]) -> str | None:
    return "cisco_ios" if any("Cisco IOS" in text for text in texts) else None


def read(path: Path) -> tuple[Snapshot, ...]:
    return read_source(path, resolve, tell_platform)


def found(snapshots: Iterable[Snapshot]) -> list[tuple[str, str, str]]:
    return [(d.name, c.command, c.file) for s in snapshots for d in s.devices for c in d.captures]


def told(snapshots: Iterable[Snapshot]) -> dict[str, str]:
    return {p.file: p.problem for s in snapshots for p in s.problems}


def as_zip(files: Files) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return out.getvalue()


def as_tar(files: Files, kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as packed:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return out.getvalue()


FORMS: dict[str, Callable[[Files], bytes]] = {
    "a.zip": as_zip,
    "a.tar": as_tar,
    "gnu.tar": lambda files: as_tar(files, tarfile.GNU_FORMAT),
    "a.tar.gz": lambda files: gzip.compress(as_tar(files)),
    "a.tgz": lambda files: gzip.compress(as_tar(files)),
    "a.tar.bz2": lambda files: bz2.compress(as_tar(files)),
    "a.tar.xz": lambda files: lzma.compress(as_tar(files)),
    "a.tar.zst": lambda files: zstandard.ZstdCompressor().compress(as_tar(files)),
    "no ending": lambda files: gzip.compress(as_tar(files)),
}


@pytest.mark.parametrize("name", list(FORMS))
def test_every_form_is_read_as_the_folder_would_be(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FORMS[name](CAPTURES))
    (snapshot,) = read(tmp_path / name)
    assert (snapshot.kind, snapshot.path, snapshot.problems) == ("folder", name, ())
    assert found([snapshot]) == [
        ("hub1", "show clock", "hub1/show_clock.txt"),
        ("hub1", "show version", "hub1/show_version.txt"),
        ("spoke2", "show clock", "spoke2/show_clock.txt"),
    ]


def test_without_a_top_folder(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(as_zip({name.removeprefix("captures/"): d for name, d in CAPTURES.items()}))
    assert [c[2] for c in found(read(tmp_path / "a.zip"))] == [
        "hub1/show_clock.txt",
        "hub1/show_version.txt",
        "spoke2/show_clock.txt",
    ]


SESSION = b"hub1#show clock\r\n" + CLOCK + b"hub1#\r\n"
TECH = b"------------------ show clock ------------------\n\n" + CLOCK
KINDS: dict[str, tuple[Files, str]] = {
    "a session": ({"putty.log": SESSION}, "session"),
    "sessions": ({"a/putty.log": SESSION, "a/other.log": SESSION.replace(b"hub1", b"hub2")}, "session"),
    "a show-tech": ({"tech.txt": TECH}, "show-tech"),
    "packed show-techs": ({"t/a.gz": gzip.compress(TECH), "t/b.txt": TECH}, "show-tech"),
    "logs": ({"log/syslog.1.gz": gzip.compress(LOG), "log/syslog": LOG}, "logs"),
    "a session and a capture": ({"putty.log": SESSION, "hub1/show_clock.txt": CLOCK}, "folder"),
}


@pytest.mark.parametrize("case", list(KINDS))
def test_its_kind_is_that_of_what_is_inside(tmp_path: Path, case: str) -> None:
    files, kind = KINDS[case]
    (tmp_path / "a.zip").write_bytes(as_zip(files))
    snapshots = read(tmp_path / "a.zip")
    assert {s.kind for s in snapshots} == {kind}
    assert {s.path for s in snapshots} == {"a.zip"}
    assert len(found(snapshots)) == len(files)


def test_what_one_device_has_in_one_file_is_named_by_the_archive(tmp_path: Path) -> None:
    (tmp_path / "hub1.zip").write_bytes(as_zip({"show_clock.txt": CLOCK}))
    assert found(read(tmp_path / "hub1.zip")) == [("hub1", "show clock", "show_clock.txt")]


def test_a_members_time_is_kept(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("hub1/show_clock.txt", (2026, 1, 2, 3, 4, 6))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(info, CLOCK)
    at = read(tmp_path / "a.zip")[0].devices[0].captures[0].modified_at
    assert at is not None
    assert at.isoformat() == "2026-01-02T03:04:06+00:00"
    info.extra = b"UT\x05\x00\x01" + (1_700_000_000).to_bytes(4, "little")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(info, CLOCK)
    at = read(tmp_path / "a.zip")[0].devices[0].captures[0].modified_at
    assert at is not None
    assert at.timestamp() == 1_700_000_000


HOSTILE = {
    "../evil.txt": "leads out",
    "hub1/../../../evil.txt": "leads out",
    "/etc/evil.txt": "absolute",
    "C:/evil.txt": "absolute",
    "hub1/\x1b[31mred.txt": "control characters",
    "hub1/a\nb.txt": "control characters",
    "/".join("d" * 40): "too deep",
    "hub1/" + "n" * 300 + ".txt": "cannot be unpacked",
    "hub1/show_clock.txt/below.txt": "cannot be unpacked",
}


@pytest.mark.parametrize("pack", [as_zip, as_tar])
def test_names_that_lead_elsewhere_are_told_and_the_good_members_read(
    tmp_path: Path, pack: Callable[[Files], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "in" / "place"
    place.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    (tmp_path / "a").write_bytes(pack({"hub1/show_clock.txt": CLOCK, **dict.fromkeys(HOSTILE, b"x")}))
    snapshots = read(tmp_path / "a")
    assert [c[:2] for c in found(snapshots)] == [("hub1", "show clock")]
    problems = told(snapshots)
    assert len(problems) == len(HOSTILE)
    for name, why in HOSTILE.items():
        shown = name.replace("\x1b", "\\x1b").replace("\n", "\\x0a")
        assert why in problems[shown]
    assert [p for p in tmp_path.rglob("*") if "evil" in p.name] == []
    assert list(place.iterdir()) == []


def test_links_and_devices_of_a_tar_are_told(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as packed:
        for name, kind in (
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("c", tarfile.CHRTYPE),
            ("p", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(f"hub1/{name}")
            info.type, info.linkname = kind, "/etc/hostname"
            packed.addfile(info)
        info = tarfile.TarInfo("hub1/show_clock.txt")
        info.size, info.mtime = len(CLOCK), -(10**12)
        packed.addfile(info, io.BytesIO(CLOCK))
    snapshots = read(tmp_path / "a.tar")
    assert len(found(snapshots)) == 1
    assert told(snapshots) == {
        "hub1/s": "is a link; not read",
        "hub1/h": "is a link; not read",
        "hub1/c": "is no regular file; not read",
        "hub1/p": "is no regular file; not read",
    }


def test_a_zips_links_encrypted_and_unknown_members_are_told(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("hub1/link")
    link.external_attr = 0o120777 << 16
    data = bytearray(as_zip({"hub1/show_clock.txt": CLOCK, "hub1/secret.txt": b"x" * 40, "hub1/odd.txt": b"y" * 40}))
    for name, offset, value in (("secret", 8, 1), ("odd", 10, 98)):
        at = data.rindex(f"hub1/{name}.txt".encode()) - 46
        data[at + offset] = value
        local = data.index(f"hub1/{name}.txt".encode()) - 30
        data[local + offset - 2] = value
    (tmp_path / "a.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as packed:
        packed.writestr(link, "/etc/hostname")
    snapshots = read(tmp_path / "a.zip")
    assert len(found(snapshots)) == 1
    problems = told(snapshots)
    assert problems["hub1/secret.txt"] == "is encrypted; not read"
    assert problems["hub1/link"] == "is a link; not read"
    assert "compression" in problems["hub1/odd.txt"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("hub1/show_clock.txt", CLOCK)
        packed.writestr("./hub1//show_clock.txt", CLOCK.replace(b"09", b"10"))
    snapshots = read(tmp_path / "a.zip")
    assert snapshots[0].devices[0].captures[0].text.startswith("10:00")
    assert "more than once" in told(snapshots)["./hub1//show_clock.txt"]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar.xz", "a.tar.zst"])
def test_a_bomb_is_bounded(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_EXPANSION_FREE", 1 << 20)
    files = {"hub1/show_clock.txt": CLOCK, **{f"hub1/{n}.txt": b"\n" * 300_000 for n in range(40)}}
    (tmp_path / name).write_bytes(FORMS[name](files))
    monkeypatch.setattr(archive, "_EXPANSION_MAX", 1)
    snapshots = read(tmp_path / name)
    assert ("hub1", "show clock", "show_clock.txt") in found(snapshots)
    assert "grows" in told(snapshots)[name]


def test_members_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MEMBERS_MAX", 2)
    (tmp_path / "a.zip").write_bytes(as_zip(CAPTURES))
    snapshots = read(tmp_path / "a.zip")
    assert len(found(snapshots)) == 2
    assert "more than 2 members" in told(snapshots)["a.zip"]


def test_what_macos_adds_is_nobodys(tmp_path: Path) -> None:
    more = dict.fromkeys(("__MACOSX/captures/._hub1", "captures/.DS_Store", "captures/hub1/._show_clock.txt"), b"\0\5")
    (tmp_path / "a.zip").write_bytes(as_zip({**CAPTURES, **more}))
    snapshots = read(tmp_path / "a.zip")
    assert (len(found(snapshots)), told(snapshots)) == (3, {})


def test_backslashes_in_a_zip_are_folders(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(as_zip({name.replace("/", "\\"): d for name, d in CAPTURES.items()}))
    assert len(found(read(tmp_path / "a.zip"))) == 3


NONE = {
    "empty.zip": as_zip({}),
    "empty.tar": as_tar({}),
    "no bytes.zip": b"",
    "no bytes.tar.gz": b"",
    "text.zip": b"hello\n",
    "prose.zip": as_zip({"a.md": b"hello\n"}),
    "head only.zip": b"PK\x03\x04" + b"\0" * 500,
    "seven.7z": b"7z\xbc\xaf\x27\x1c" + b"\0" * 60,
    "roshal.rar": b"Rar!\x1a\x07\x01\x00" + b"\0" * 60,
    "\x1b[31m.zip": b"PK\x03\x04",
}


@pytest.mark.parametrize("name", list(NONE))
def test_what_cannot_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(NONE[name])
    with pytest.raises(SourceError) as error:
        read(tmp_path / name)
    assert "\n" not in str(error.value)


def is_result_or_one_line(path: Path) -> bool:
    try:
        snapshots = read(path)
    except SourceError as error:
        return "\n" not in error.problem
    return any(s.devices for s in snapshots)


@pytest.mark.parametrize("name", list(FORMS))
def test_cut_anywhere(tmp_path: Path, name: str) -> None:
    noise = {f"captures/hub1/{n}.txt": random.Random(n).randbytes(900) for n in range(4)}  # noqa: S311
    whole = FORMS[name](CAPTURES | noise)
    step = max(100, len(whole) // 60)
    for size in range(0, len(whole), step):
        (tmp_path / name).write_bytes(whole[:size])
        assert is_result_or_one_line(tmp_path / name), size


def test_of_a_cut_tar_the_whole_members_are_read_and_the_cut_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(as_tar(CAPTURES)[:1600])
    snapshots = read(tmp_path / "a.tar")
    assert found(snapshots)[0][:2] == ("hub1", "show clock")
    assert "damaged or cut" in " ".join(told(snapshots).values())


@given(st.binary(max_size=300), st.sampled_from(list(FORMS)), st.integers(0, 400), st.booleans())
def test_damaged_anywhere(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str, at: int, from_nothing: bool
) -> None:
    whole = b"" if from_nothing else FORMS[name](CAPTURES)
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(whole[:at] + data + whole[at + len(data) :])
    assert is_result_or_one_line(path)


class OneWay(io.RawIOBase):
    """A pipe: a zip written to it says behind each member how long it was."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data)
        return len(data)


def piped(files: Files) -> bytes:
    out = OneWay()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return bytes(out.data)


def stored(files: Files) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("pack", [as_zip, stored, piped])
def test_of_a_zip_without_its_end_the_whole_members_are_read(tmp_path: Path, pack: Callable[[Files], bytes]) -> None:
    noise = random.Random(1).randbytes(5000)  # noqa: S311
    whole = pack({**CAPTURES, "captures/hub1/show_logging.txt": noise})
    (tmp_path / "a.zip").write_bytes(whole[: whole.rindex(noise[-40:]) if pack is stored else 3000])
    snapshots = read(tmp_path / "a.zip")
    assert [c[:2] for c in found(snapshots)] == [
        ("hub1", "show clock"),
        ("hub1", "show version"),
        ("spoke2", "show clock"),
    ]
    assert {c.text.encode() for d in snapshots[0].devices for c in d.captures} == set(CAPTURES.values())
    problems = told(snapshots)
    assert "its end is missing" in problems["a.zip"]
    assert "ends in the middle" in problems["captures/hub1/show_logging.txt"]


def test_members_of_a_cut_zip_are_bounded_and_stay_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_EXPANSION_FREE", 1 << 16)
    monkeypatch.setattr(archive, "_EXPANSION_MAX", 1)
    whole = piped({"../evil.txt": b"x", "hub1/show_clock.txt": CLOCK, "hub1/show_version.txt": b"\n" * 500_000})
    (tmp_path / "a.zip").write_bytes(whole[: whole.index(b"PK\x01\x02")])
    snapshots = read(tmp_path / "a.zip")
    assert ("hub1", "show clock", "show_clock.txt") in found(snapshots)
    assert "leads out" in told(snapshots)["../evil.txt"]
    assert "grows" in told(snapshots)["a.zip"]
    assert [p for p in tmp_path.rglob("*") if "evil" in p.name] == []
