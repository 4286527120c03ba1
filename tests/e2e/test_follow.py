"""`vpnaudit logs --follow` as an operator has it: news when it comes, a signal ends it with the report."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

EVENT = (
    "Nov 24 09:{minute:02d}:00 edge-1 {minute}: Nov 24 09:{minute:02d}:00.100: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: "
    "rec'd IPSEC packet has invalid spi for destaddr=192.0.2.9, prot=50, spi=0x51A0000{minute}({number}), "
    "srcaddr=198.51.100.2\n"
)
VPNAUDIT = (sys.executable, "-m", "vpnaudit")


def event(minute: int) -> str:
    return EVENT.format(minute=minute, number=0x51A00000 + minute)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "syslog"
    path.write_text(event(1))
    return path


def following(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*VPNAUDIT, "logs", "--follow", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )


def up_to(output: Iterator[str], word: str) -> list[str]:
    return list(takewhile(lambda line: word not in line, output))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_events_are_told_as_they_come(log: Path, tmp_path: Path, ending: signal.Signals) -> None:
    with following(str(log), "--json", str(tmp_path / "a.json"), "--fail-on", "never") as process:
        assert process.stdout is not None
        assert "1 invalid-SPI log line" in process.stdout.readline()
        with log.open("a") as file:
            file.write(event(2))
        up_to(process.stdout, "0x51A00002")
        log.rename(tmp_path / "syslog.1")
        log.write_text(event(3))
        up_to(process.stdout, "0x51A00003")
        process.send_signal(ending)
        report, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert "3 invalid-SPI log lines" in report
    events = json.loads((tmp_path / "a.json").read_text())["events"]
    assert [(e["evidence"][0]["file"], e["evidence"][0]["line"]) for e in events] == [
        ("syslog.1", 1),
        ("syslog.1", 2),
        ("syslog", 1),
    ]


def test_a_stream_is_followed_to_its_end(log: Path) -> None:
    done = subprocess.run(
        [*VPNAUDIT, "logs", "--follow", "-", "--json", "-"],
        input=log.read_text() + event(2),
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(json.loads(done.stdout)["events"]) == 2
    assert "2 invalid-SPI log lines" in done.stderr


def test_a_missing_log_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [*VPNAUDIT, "logs", "--follow", str(tmp_path / "none")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not exist" in done.stderr
