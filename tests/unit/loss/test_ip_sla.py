"""IP SLA in whole audits: the outages of one situation, told by nothing but the device's own probes."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings

OUTAGES = Path(__file__).resolve().parents[2] / "fixtures" / "situations" / "a13_outages_before_each_episode"
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
PEER, FIRST_HOP, BEHIND, ELSEWHERE = "198.51.100.34", "192.0.2.1", "10.34.0.9", "203.0.113.77"
NEW = "%TRACK-6-STATE: 1 ip sla 7 reachability Up -> Down"
OLD = "%TRACKING-5-STATE: 1 rtr 7 reachability Up->Down"
SLOW = "%TRACK-6-STATE: 1 ip sla 7 state Up -> Down"
REACTION = "%RTT-3-IPSLATHRESHOLD: IP SLAs(7): Threshold Occurred for timeout"
OLD_REACTION = "%RTT-4-OPER_TIMEOUT: condition occurred, entry number = 7"
DELAY = "%RTT-3-IPSLATHRESHOLD: IP SLAs(7): Threshold exceeded for rtt"
LINE = "%TRACK-6-STATE: 2 interface Gi0/0/1 line-protocol Up -> Down"
OTHER_LINE = "%TRACK-6-STATE: 2 interface Gi0/0/2 line-protocol Up -> Down"
LIST = "%TRACK-6-STATE: 3 list boolean or Up -> Down"
RESULT = """IPSLAs Latest Operation Statistics

IPSLA operation id: 7
        Latest RTT: {rtt}
Latest operation start time: {at} UTC Tue Apr 18 2023
Latest operation return code: {code}
Number of successes: {ok}
Number of failures: {failed}
Operation time to live: Forever
"""


def probed(folder: Path, target: str | None, line: str, *, more: str = "", result: str | None = None) -> Audit:
    """The situation with its outages logged as `line`; `target` null: the configuration has no operation."""
    captures = folder / "captures"
    shutil.copytree(OUTAGES / "captures", captures)
    log = captures / "metz-a" / "show_logging.txt"
    down = r"%LINEPROTO-5-UPDOWN: .* changed state to down"
    kept = [t for t in log.read_text().split("\n") if "SESSION_STATUS" not in t and not t.endswith("to up")]
    log.write_text(re.sub(down, line.replace("\\", ""), "\n".join(kept)))
    config = captures / "metz-a" / "show_running-config.txt"
    operation = f"ip sla 7\n icmp-echo {target}\n{more} frequency 5\nip sla schedule 7 life forever\n" if target else ""
    config.write_text(config.read_text().replace("ntp server", f"{operation}ntp server", 1))
    if result is not None:
        (captures / "metz-a" / "show_ip_sla_statistics.txt").write_text(result)
    return audit_sources([captures], Settings(), NOW)


CASES = {
    "the peer": (PEER, NEW, "", True),
    "the peer, in old words": (PEER, OLD, "", True),
    "the peer, by a reaction": (PEER, REACTION, "", True),
    "the peer, by an old reaction": (PEER, OLD_REACTION, "", True),
    "the first hop": (FIRST_HOP, NEW, "", True),
    "the peer, failed or slow": (PEER, SLOW, "", True),
    "the peer, perhaps slow": (PEER, SLOW, " threshold 50\n", False),
    "the peer, slow": (PEER, DELAY, "", False),
    "the peer, in another VRF": (PEER, NEW, " vrf LAB\n", False),
    "through the tunnel": (BEHIND, NEW, "", False),
    "elsewhere": (ELSEWHERE, NEW, "", False),
    "nobody knows what": (None, NEW, "", False),
    "a name": ("hub.example.net", NEW, "", False),
    "the line": (None, LINE, "", True),
    "another line": (None, OTHER_LINE, "", False),
    "a list of objects": (PEER, LIST, "", False),
}


@pytest.mark.parametrize(("target", "line", "more", "is_path"), CASES.values(), ids=CASES.keys())
def test_a_probe_of_the_path_is_an_outage(tmp_path: Path, target: str, line: str, more: str, is_path: bool) -> None:
    diagnoses = probed(tmp_path, target, line, more=more).diagnoses
    assert {d.cause == "packet-loss" for d in diagnoses} == {is_path}
    assert any(line in e.text for d in diagnoses for e in d.evidence) is is_path


def test_what_the_probe_counted_is_told_with_its_line(tmp_path: Path) -> None:
    result = RESULT.format(rtt="18 milliseconds", at="23:09:58", code="OK", ok=9_000, failed=90)
    (found,) = probed(tmp_path, PEER, NEW, result=result).diagnoses
    assert found.cause == "packet-loss"
    assert (
        "metz-a: IP SLA 7 to 198.51.100.34 failed 90 of 9090 times (0.9901 %); it probes the peer, outside the tunnel"
    ) in found.because
    assert {(e.command, e.text) for e in found.evidence} >= {
        ("show ip sla statistics", "IPSLA operation id: 7"),
        ("show running-config", "ip sla 7"),
    }
    assert any(b.startswith("0.9901 % loss that falls at random") for b in found.because)


@pytest.mark.parametrize(("code", "is_path"), [("Timeout", True), ("No connection", True), ("Busy", False)])
def test_a_latest_run_that_failed_before_an_episode(tmp_path: Path, code: str, is_path: bool) -> None:
    """One of three episodes, and its time stands in the statistics alone."""
    result = RESULT.format(rtt="NoConnection/Busy/Timeout", at="21:05:20.118", code=code, ok=9_000, failed=90)
    diagnoses = probed(tmp_path, PEER, DELAY, result=result).diagnoses
    found = [d for d in diagnoses if d.cause == "packet-loss"]
    assert [len(d.episodes) for d in found] == ([1] if is_path else [])
    assert all("IPSLA operation id: 7" in {e.text for e in d.evidence} for d in found)


def test_a_probe_that_never_had_an_answer_measures_nothing(tmp_path: Path) -> None:
    result = RESULT.format(rtt="NoConnection/Busy/Timeout", at="23:09:58", code="Timeout", ok=0, failed=900)
    (found,) = probed(tmp_path, PEER, NEW, result=result).diagnoses
    assert any("failed 900 of 900 times (100 %); its latest run ended with 'Timeout'" in b for b in found.because)
    assert not any("100 % loss" in b for b in found.because)
