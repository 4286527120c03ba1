"""The loss question in an audit: each diagnosis by its own lines, lifetimes and DPD, and what the path shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_logs, audit_sources
from vpnaudit.settings import Settings

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def mail() -> Audit:
    return audit_logs([str(FIXTURES / "loss" / "mail.txt")], None, Settings(), NOW)


@pytest.fixture(scope="module")
def outages() -> Audit:
    return audit_sources([FIXTURES / "situations" / "a13_outages_before_each_episode" / "captures"], Settings(), NOW)


def _said(audit: Audit, source: str) -> str:
    return " ".join(next(d for d in audit.diagnoses if d.subject.source == source).because)


def test_each_diagnosis_counts_its_own_lines(mail: Audit) -> None:
    one, two = _said(mail, "198.51.100.2"), _said(mail, "203.0.113.7")
    assert "1 line, 1 episode, in a log of 16.5 minutes" in one
    assert "2 lines, 2 episodes, in a log of 16.5 minutes" in two
    assert "Seen: 1." in one
    assert "Seen: 2." in two
    assert "3 lines" not in one + two
    assert "(1 tunnel, 0.28 rekeys)" in one


@pytest.mark.parametrize(
    ("gap_s", "told"),
    [
        pytest.param(471, True, id="more than one rekey can show"),
        pytest.param(30, False, id="the old SPI and the new one of one rekey"),
        pytest.param(3590, False, id="an hour apart: two rekeys"),
    ],
)
def test_what_the_time_between_two_spis_says(gap_s: float, told: bool, tmp_path: Path) -> None:
    begin = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

    def line(after_s: float, source: str, spi: int) -> str:
        return (
            f"{begin + timedelta(seconds=after_s):%b %d %H:%M:%S}: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC "
            f"packet has invalid spi for destaddr=192.0.2.9, prot=50, spi=0x{spi:08X}({spi}), srcaddr={source}\n"
        )

    log = tmp_path / "hub.log"
    others = line(gap_s / 2, "203.0.113.7", 0x70001111)
    log.write_text(line(0, "198.51.100.2", 0x5C31E07A) + others + line(gap_s, "198.51.100.2", 0x2B90FD14))
    said = _said(audit_logs([str(log)], None, Settings(), NOW), "198.51.100.2")
    assert ("two SPIs of 198.51.100.2" in said) is told
    assert f"{gap_s / 2:.1f} s apart" not in said


def test_each_is_ruled_out_as_random_loss(mail: Audit) -> None:
    for source in ("198.51.100.2", "203.0.113.7"):
        assert "Random loss of 0.1 % to 0.3 % is ruled out" in _said(mail, source)
    assert "The default" not in _said(mail, "203.0.113.7")
    assert "No lifetime of this tunnel is known" in _said(mail, "203.0.113.7")


def test_a_log_as_short_as_one_rekey_gives_no_rate(tmp_path: Path) -> None:
    text = "%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=192.0.2.9, prot=50, "
    log = tmp_path / "hub.log"
    log.write_text(
        f"Nov 24 03:00:00: {text}spi=0x5C31E07A(1546772602), srcaddr=198.51.100.2\n"
        "Nov 24 03:00:07: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (192.0.2.77)\n"
    )
    said = _said(audit_logs([str(log)], None, Settings(), NOW), "198.51.100.2")
    assert "in a log of 7 s: so short a log gives no rate" in said
    assert "a day" not in said
    assert "ruled out" not in said


def test_the_tunnels_own_lifetime_and_dpd_are_used(outages: Audit) -> None:
    said = " ".join(outages.diagnoses[0].because)
    assert "rekeys every 59.5 minutes, decided by time" in said
    assert "metz-a 10/3 s periodic, waits 15 to 25 s, metz-b 60/5 s periodic, waits 25 to 85 s" in said
    assert "15 to 25 s with the DPD in force here" in said
    assert "As outages of about 20 s to 2 minutes the same average" in said


def test_outages_are_held_against_the_episodes(outages: Audit) -> None:
    said = " ".join(outages.diagnoses[0].because)
    assert "3 of 3 episodes had one within two minutes before it" in said
    assert "metz-a GigabitEthernet0/0/1: no input errors" in said


def test_what_a_flap_leaves_says_nothing_of_how_ends_hand_over() -> None:
    folder = FIXTURES / "situations" / "c16_cleared_every_ten_minutes" / "captures"
    (found,) = audit_sources([folder], Settings(), NOW).diagnoses
    said = " ".join(found.because)
    assert found.cause == "tunnel-flap"
    assert "rekeys a day" in said
    assert "hand over poorly" not in said


def test_a_lost_delete_is_a_lost_packet_however_short_the_log() -> None:
    folder = FIXTURES / "situations" / "c07_asa_sends_on_after_a_lost_delete" / "captures"
    (found,) = audit_sources([folder], Settings(), NOW).diagnoses
    said = " ".join(found.because)
    assert found.cause == "delete-lost"
    assert "One lost message is enough" in said
    assert "is ruled out" not in said
