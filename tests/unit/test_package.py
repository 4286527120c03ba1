"""What holds for the package as a whole: start-up, errors, layers of exit statuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("netmiko", "nornir", "asyncssh", "jinja2", "hier_config", "numpy", "paramiko", "textfsm")


def _loaded_after(*words: str) -> set[str]:
    program = (
        "import sys\n"
        f"sys.argv = ['vpnaudit', *{list(words)!r}]\n"
        "from vpnaudit.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("LOADED ")[2].split())


def test_help_loads_nothing_heavy() -> None:
    for words in (["--help"], ["run", "--help"], ["audit", "--help"], ["--version"]):
        loaded = _loaded_after(*words)
        assert not loaded.intersection(HEAVY), words
        assert "vpnaudit.cli.app" in loaded


def test_what_reads_files_loads_nothing_that_connects(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(
        "*May  1 12:00:07.098: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr="
        "192.0.2.1, prot=50, spi=0x1D2F3A4B(489634379), srcaddr=198.51.100.7, input interface=Gi0/0\n"
    )
    for words in (["audit", str(tmp_path)], ["tunnel", "log", "198.51.100.7", "--from", str(tmp_path)]):
        loaded = _loaded_after(*words)
        assert not loaded.intersection(("netmiko", "nornir", "asyncssh", "paramiko")), words
        assert "vpnaudit.pipeline.audit" in loaded


def test_a_mistake_is_one_line_and_status_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vpnaudit", "audit", "/nowhere/at/all"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "/nowhere/at/all" in done.stderr
    assert "Traceback" not in done.stderr
