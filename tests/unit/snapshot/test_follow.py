"""A log that is followed says what it says when it is read once, however it grew and was rotated."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Snapshot
from vpnaudit.snapshot.follow import FollowedLogs
from vpnaudit.snapshot.logfile import line_host
from vpnaudit.snapshot.sieve import needed_lines


def event(number: int) -> str:
    stamp = f"Nov 24 09:{number // 60 % 60:02d}:{number % 60:02d}"
    return (
        f"{stamp} edge-1 {number}: {stamp}.100: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid "
        f"spi for destaddr=192.0.2.9, prot=50, spi=0x{0x51A00000 + number:X}({0x51A00000 + number}), "
        "srcaddr=198.51.100.2\n"
    )


def lines(snapshot: Snapshot) -> list[tuple[str, int, str]]:
    return [
        (capture.file, capture.number_of(n), text)
        for device in snapshot.devices
        for capture in device.captures
        for n, text in enumerate(capture.text.split("\n"), 1)
        if text
    ]


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def numbers(snapshot: Snapshot) -> list[tuple[str, int]]:
    """File and the event's own number of each event."""
    return [(file, int(text.split()[4].rstrip(":"))) for file, _, text in lines(snapshot) if "INV_SPI" in text]


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_it_grows(tmp_path: Path, opened: ExitStack) -> None:
    log = tmp_path / "syslog"
    log.write_text(event(1))
    followed = opened.enter_context(FollowedLogs([log]))
    assert followed.read()
    assert not followed.read()
    append(log, event(2)[:70])
    assert followed.read()
    append(log, event(2)[70:] + event(3))
    followed.read()
    assert lines(followed.snapshot()) == [("syslog", n, event(n).rstrip("\n")) for n in (1, 2, 3)]
    assert not followed.ended


def test_rotation_loses_and_doubles_nothing(tmp_path: Path, opened: ExitStack) -> None:
    log = tmp_path / "syslog"
    log.write_text(event(1))
    followed = opened.enter_context(FollowedLogs([log]))
    followed.read()
    append(log, event(2))  # written between the last look and the rotation
    log.rename(tmp_path / "syslog.1")
    assert followed.read()
    append(tmp_path / "syslog.1", event(3))  # the daemon was not told yet
    followed.read()
    log.write_text(event(4))
    followed.read()
    assert numbers(followed.snapshot()) == [("syslog.1", 1), ("syslog.1", 2), ("syslog.1", 3), ("syslog", 4)]

    (tmp_path / "syslog.1").rename(tmp_path / "syslog.2")
    log.rename(tmp_path / "syslog.1")
    log.write_text(event(5))
    followed.read()
    assert numbers(followed.snapshot())[2:] == [("syslog.2", 3), ("syslog.1", 4), ("syslog", 5)]
    assert [n for file, n, _ in lines(followed.snapshot()) if file == "syslog"] == [1]


def test_a_file_that_was_copied_and_cut(tmp_path: Path, opened: ExitStack) -> None:
    log = tmp_path / "edge.log"
    log.write_text(event(1) + event(2))
    followed = opened.enter_context(FollowedLogs([log]))
    followed.read()
    os.truncate(log, 0)
    append(log, event(3))
    followed.read()
    (before, _), _, (now, number) = numbers(followed.snapshot())
    assert (now, number) == ("edge.log", 3)
    assert before.startswith("edge.log (cut at ")


def test_the_name_of_what_was_rotated_and_packed_is_said(tmp_path: Path, opened: ExitStack) -> None:
    log = tmp_path / "syslog"
    log.write_text(event(1))
    followed = opened.enter_context(FollowedLogs([log]))
    followed.read()
    log.unlink()
    (tmp_path / "other").write_text("takes the inode")
    log.write_text(event(2))
    followed.read()
    (old, _), (new, _) = numbers(followed.snapshot())
    assert new == "syslog"
    assert old.startswith("syslog (rotated at ") or old == "other"


def test_of_very_many_lines_the_newest_are_kept_and_the_rest_is_told(tmp_path: Path, opened: ExitStack) -> None:
    log = tmp_path / "syslog"
    log.write_text("".join(event(n) for n in range(1000)))
    followed = opened.enter_context(FollowedLogs([log], kept=50))
    followed.read()
    kept = [n for _, n in numbers(followed.snapshot())]
    assert kept == list(range(kept[0], 1000))
    assert len(kept) < 300
    (problem,) = followed.snapshot().problems
    assert "no longer kept" in problem.problem


def test_a_stream_ends(opened: ExitStack) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        followed = opened.enter_context(FollowedLogs(["-"], stream))
        os.write(writing, event(1).encode())
        assert followed.read()
        assert [followed.ended] == [False]
        os.write(writing, event(2).encode())
        os.close(writing)
        assert followed.read()
    assert followed.ended
    assert [n for _, n in numbers(followed.snapshot())] == [1, 2]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "does not exist", id="missing"),
        pytest.param(gzip.compress(b"x\n"), "is packed", id="packed"),
        pytest.param(bytes(range(256)) * 9, "is not text", id="no text"),
    ],
)
def test_what_cannot_be_followed(tmp_path: Path, content: bytes | None, problem: str) -> None:
    log = tmp_path / "a.log"
    if content is not None:
        log.write_bytes(content)
    with pytest.raises(SourceError, match=problem), FollowedLogs([log]) as followed:
        followed.read()


NOISE = "Nov 24 08:00:01 edge-2 7: Nov 24 08:00:01.000: %SYS-6-LOGGINGHOST_STARTSTOP: Logging to host started\n"


@given(
    st.lists(st.one_of(st.integers(0, 3000).map(event), st.just(NOISE), st.just("\n")), max_size=120),
    st.lists(st.integers(1, 4000), min_size=1, max_size=20),
)
def test_however_it_was_cut_into_looks(texts: list[str], steps: list[int]) -> None:
    data = "".join(texts).encode()
    once = [(n, line) for n, line in needed_lines([data], line_host) if line.strip()]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "syslog"
        log.touch()
        at = 0
        with log.open("ab", buffering=0) as file, FollowedLogs([log]) as followed:
            for turn in range(len(data) + 1):
                if at >= len(data):
                    break
                step = steps[turn % len(steps)]
                file.write(data[at : at + step])
                at += step
                followed.read()
            snapshot = followed.snapshot()
        found = sorted((n, text) for _, n, text in lines(snapshot) if text.strip())
    assert [line for line in found if "INV_SPI" in line[1]] == [line for line in once if "INV_SPI" in line[1]]
