from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Manifest, ManifestDevice, ManifestTool
from vpnaudit.snapshot.write import SnapshotWriter, capture_file_name, device_folder_name

AT = datetime(2026, 11, 24, 1, 0, 0, tzinfo=UTC)
TOOL = ManifestTool(name="vpnaudit", version="1")


def device(name: str, **changes: object) -> ManifestDevice:
    whole = ManifestDevice(
        name=name, address="192.0.2.1", platform="cisco_ios", status="complete", error=None, commands=()
    )
    return msgspec.structs.replace(whole, **changes)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("show crypto ipsec sa detail", "show_crypto_ipsec_sa_detail.txt"),
        ("show running-config", "show_running-config.txt"),
        ("Show  Processes | exclude 0.00", "show_processes_exclude_0.00.txt"),
        ("show ../../x", "show_.._.._x.txt"),
    ],
)
def test_a_capture_is_named_by_its_command(command: str, name: str) -> None:
    assert capture_file_name(command) == name


@given(st.text(max_size=300))
def test_no_name_leaves_its_folder(name: str) -> None:
    for made in (device_folder_name(name), capture_file_name(name)):
        assert made not in {"", ".", ".."}
        assert not set(made) & set("/\\\0:\n")
        assert len(made.encode()) <= 130


def test_a_snapshot_appears_whole(tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path / "out", started_at=AT, tool=TOOL)
    capture = writer.device("r1").capture("show clock", limit=1000)
    capture.lines(["12:00:00 caf\u00e9 \ufffd"])
    entry = capture.close("show clock", asked_at=AT, answered_at=AT, refused=False)
    writer.done(device("r1", commands=(entry,)))
    writer.done(device("a1"))
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["20261124T010000Z.partial"]

    folder = writer.finish(AT)
    assert folder == tmp_path / "out" / "20261124T010000Z"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["20261124T010000Z"]
    data = (folder / "manifest.json").read_bytes()
    manifest = msgspec.json.decode(data, type=Manifest)
    assert [d.name for d in manifest.devices] == ["a1", "r1"]
    assert json.loads(data)["schema"] == "vpnaudit.snapshot/1"
    text = (folder / entry.file).read_bytes()
    assert text == "12:00:00 caf\u00e9 \ufffd\n".encode()
    assert (entry.bytes, entry.sha256) == (len(text), hashlib.sha256(text).hexdigest())


def test_a_killed_run_leaves_what_it_had_and_earlier_snapshots(tmp_path: Path) -> None:
    first = SnapshotWriter(tmp_path, started_at=AT, tool=TOOL).finish(AT)
    killed = SnapshotWriter(tmp_path, started_at=AT, tool=TOOL)
    killed.done(device("r1"))
    last = SnapshotWriter(tmp_path, started_at=AT, tool=TOOL).finish(AT)

    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "20261124T010000Z", "20261124T010001Z.partial", "20261124T010002Z",
    ]  # fmt: skip
    assert (first.name, last.name) == ("20261124T010000Z", "20261124T010002Z")
    left = msgspec.json.decode((killed.partial / "manifest.json").read_bytes(), type=Manifest)
    assert [d.name for d in left.devices] == ["r1"]


def test_names_that_would_meet_are_kept_apart(tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path, started_at=AT, tool=TOOL)
    names = ("r1", "R1", "r/1", "r\\1", "manifest.json", "..", "../r1")
    files = set()
    for name in names:
        one = writer.device(name)
        for command in ("show x", "show  x"):
            capture = one.capture(command, limit=10)
            files.add(capture.close(command, asked_at=AT, answered_at=AT, refused=False).file.lower())
    assert len(files) == 2 * len(names)
    folder = writer.finish(AT)
    assert all((folder / f).resolve().is_relative_to(folder) for f in files)


@pytest.mark.parametrize(
    "parts",
    [[["1234"], ["567890"], ["1"]], [["1234", "567890", "1"]], [["1234", "567890"], ["1"]], [["1234"], [], ["567890"]]],
    ids=str,
)
def test_the_limit_cuts_at_a_line(tmp_path: Path, parts: list[list[str]]) -> None:
    writer = SnapshotWriter(tmp_path, started_at=AT, tool=TOOL)
    capture = writer.device("r1").capture("show x", limit=10)
    for lines in parts:
        capture.lines(lines)
    assert capture.cut
    entry = capture.close("show x", asked_at=AT, answered_at=AT, refused=False)
    assert (entry.bytes, (writer.partial / entry.file).read_bytes()) == (5, b"1234\n")
    assert entry.sha256 == hashlib.sha256(b"1234\n").hexdigest()


def test_a_folder_that_cannot_be_made_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="cannot be written"):
        SnapshotWriter(tmp_path / "file", started_at=AT, tool=TOOL)
