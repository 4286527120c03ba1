"""Standard output on a disk that is full, and streams that are closed: never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
LOSS = ("loss", "--rate", "0.3%")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [("schema",), ("--version",), (*LOSS, "--json", "-")])
def test_a_full_disk_is_said_in_one_line(words: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "vpnaudit", *words], stdout=full, stderr=-1, check=False)
    assert done.stderr.decode().splitlines() == ["vpnaudit: standard output cannot be written: No space left on device"]
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("words", "closed", "status"),
    [("logs -", "<&-", 3), ("logs -", ">&-", 3), ("loss --rate 0.3%", ">&- 2>&-", 0), ("explain nothing", "2>&-", 2)],
)
def test_a_closed_stream_changes_no_status(words: str, closed: str, status: int) -> None:
    command = f"'{sys.executable}' -m vpnaudit {words} {closed}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False, input=b"")
    assert b"Traceback" not in done.stdout + done.stderr
    assert done.returncode == status
