"""An unfinished collection is taken up again: what holds is kept, the better of two is kept, nothing else stays."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import DeviceStatus, Manifest, ManifestDevice, ManifestTool
from vpnaudit.snapshot.journal import JOURNAL
from vpnaudit.snapshot.write import SnapshotWriter, newest_partial

AT = datetime(2026, 11, 24, 1, 0, 0, tzinfo=UTC)
TOOL = ManifestTool(name="vpnaudit", version="1")


def _collect(
    writer: SnapshotWriter, name: str, *texts: str, status: DeviceStatus = "complete", error: str | None = None
) -> ManifestDevice:
    folder = writer.device(name)
    entries = []
    for number, text in enumerate(texts):
        capture = folder.capture(f"show {number}", limit=1000)
        capture.lines([text])
        entries.append(capture.close(f"show {number}", asked_at=AT, answered_at=AT, refused=False))
    done = ManifestDevice(
        name=name, address="192.0.2.1", platform="cisco_ios", status=status, error=error, commands=tuple(entries)
    )
    writer.done(done)
    return done


def _read(folder: Path) -> dict[str, tuple[str, list[str], str | None]]:
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    assert manifest.started_at == AT
    listed = {"manifest.json", *(c.file for d in manifest.devices for c in d.commands)}
    assert {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} == listed
    return {d.name: (d.status, [(folder / c.file).read_text() for c in d.commands], d.error) for d in manifest.devices}


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A run that was killed: one device whole, one in part, one refused, one in the middle."""
    writer = SnapshotWriter(tmp_path, started_at=AT, tool=TOOL)
    _collect(writer, "r1", "one", "two")
    _collect(writer, "r2", "a", "b", status="partial", error="closed")
    _collect(writer, "r3", status="unreachable", error="gone")
    writer.device("r4").capture("show 0", limit=10).discard()
    (writer.partial / "r4" / "show_0.txt").write_text("half")
    return writer.partial


def test_only_what_is_not_whole_is_missing(killed: Path) -> None:
    writer = SnapshotWriter.resume(killed, tool=TOOL)
    assert writer.whole == {"r1"}
    _collect(writer, "r2", "a2", "b2", "c2")
    _collect(writer, "r3", "now")
    _collect(writer, "r4", "whole")
    assert _read(writer.finish(AT + timedelta(hours=1))) == {
        "r1": ("complete", ["one\n", "two\n"], None),
        "r2": ("complete", ["a2\n", "b2\n", "c2\n"], None),
        "r3": ("complete", ["now\n"], None),
        "r4": ("complete", ["whole\n"], None),
    }
    assert [p.name for p in killed.parent.iterdir()] == ["20261124T010000Z"]


def test_what_an_earlier_run_had_is_not_lost_to_less(killed: Path) -> None:
    writer = SnapshotWriter.resume(killed, tool=TOOL)
    _collect(writer, "r2", "a2", status="partial", error="closed at once")
    found = _read(writer.finish(AT))
    assert found["r2"] == ("partial", ["a\n", "b\n"], "closed; tried again: closed at once")
    assert set(found) == {"r1", "r2", "r3"}


def test_a_run_killed_in_the_middle_of_a_second_try_has_the_first(killed: Path) -> None:
    second = SnapshotWriter.resume(killed, tool=TOOL)
    capture = second.device("r2").capture("show 0", limit=100)
    capture.lines(["half"])
    capture.close("show 0", asked_at=AT, answered_at=AT, refused=False)
    second.keep()
    found = _read(SnapshotWriter.resume(killed, tool=TOOL).finish(AT))
    assert found["r2"] == ("partial", ["a\n", "b\n"], "closed")


@pytest.mark.parametrize("damage", ["torn", "changed", "missing", "outside", "garbage"])
def test_what_does_not_hold_is_collected_again(damage: str, killed: Path) -> None:
    journal = killed / JOURNAL
    head, first, *rest = journal.read_text().splitlines(keepends=True)
    if damage == "torn":
        journal.write_text("".join((head, *rest, first[:-20])))
    elif damage == "changed":
        (killed / "r1" / "show_0.txt").write_text("xxx\n")
    elif damage == "missing":
        (killed / "r1" / "show_1.txt").unlink()
    elif damage == "outside":
        (killed.parent / "show_0.txt").write_text("one\n")
        journal.write_text(head + first.replace("r1/show_0.txt", "../show_0.txt"))
    else:
        journal.write_bytes(head.encode() + b"\xff\xfe\n[]\n{}\n" + "".join(rest).encode())
    writer = SnapshotWriter.resume(killed, tool=TOOL)
    assert writer.whole == frozenset()
    _collect(writer, "r1", "again")
    assert _read(writer.finish(AT))["r1"] == ("complete", ["again\n"], None)


def test_a_manifest_alone_is_enough(killed: Path) -> None:
    SnapshotWriter.resume(killed, tool=TOOL).keep()
    (killed / JOURNAL).unlink()
    assert SnapshotWriter.resume(killed, tool=TOOL).whole == {"r1"}


def test_two_runs_do_not_write_one_folder(killed: Path) -> None:
    first = SnapshotWriter.resume(killed, tool=TOOL)
    first.device("r2")
    with pytest.raises(SourceError, match="another run is writing"):
        SnapshotWriter.resume(killed, tool=TOOL)
    assert (killed / ".before.r2" / "show_0.txt").read_text() == "a\n"


def test_what_is_no_unfinished_collection_is_said(tmp_path: Path) -> None:
    whole = SnapshotWriter(tmp_path, started_at=AT, tool=TOOL).finish(AT)
    empty = tmp_path / "20270101T000000Z.partial"
    empty.mkdir()
    for folder, said in ((whole, "no unfinished"), (tmp_path / "x.partial", "no unfinished"), (empty, "neither")):
        with pytest.raises(SourceError, match=said):
            SnapshotWriter.resume(folder, tool=TOOL)


def test_the_newest_is_taken(tmp_path: Path) -> None:
    assert newest_partial(tmp_path / "none") is None
    for name in ("20261124T010000Z.partial", "20261125T010000Z.partial", "20261126T010000Z", "other.partial"):
        (tmp_path / name).mkdir()
    assert newest_partial(tmp_path) == tmp_path / "20261125T010000Z.partial"


def test_the_journal_is_written_with_each_device(tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path, started_at=AT, tool=TOOL)
    for number in range(3):
        _collect(writer, f"r{number}", "x")
        lines = (writer.partial / JOURNAL).read_text().splitlines()
        assert [json.loads(line)["name"] for line in lines[1:]] == [f"r{n}" for n in range(number + 1)]
