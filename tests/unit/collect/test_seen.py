"""What a run shows of itself, from its events alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vpnaudit.cli.watching import Log, Tally, tell_profile
from vpnaudit.collect.admission import Admission, NotTried
from vpnaudit.collect.events import Event, EventName
from vpnaudit.collect.profile import Profile
from vpnaudit.errors import UsageError

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def _event(event: EventName, device: str | None = "r1", **fields: object) -> Event:
    return Event(time=AT, event=event, device=device, **fields)  # type: ignore[arg-type]


def _profile() -> Profile:
    profile = Profile()
    profile(_event("run-begins", None, devices=21))
    for number in range(1, 21):
        name = f"r{number}"
        profile(_event("connected", name, seconds=0.1))
        profile(_event("logged-in", name, seconds=0.2))
        profile(_event("command", name, command="show clock", seconds=0.01, bytes=10))
        profile(_event("command", name, command="show logging", seconds=float(number), bytes=1000))
        profile(_event("device-done", name, seconds=number + 0.5, bytes=1010, status="complete"))
    profile(_event("device-done", "dead", seconds=30.0, bytes=0, status="timeout"))
    return profile


def test_a_profile_ranks_by_what_took_longest() -> None:
    logging, clock = _profile().commands()
    assert (logging.command, logging.median_s, logging.p95_s, logging.max_s) == ("show logging", 10, 19, 20)
    assert (logging.devices, logging.slowest, logging.bytes) == (20, "r20", 20_000)
    assert clock.command == "show clock"
    first, second, *_ = _profile().devices()
    assert (first.device, first.connect_s, first.slowest, first.total_s) == ("dead", None, None, 30.0)
    assert (second.device, second.connect_s, second.login_s, second.slowest) == ("r20", 0.1, 0.2, "show logging")


def test_a_profile_is_a_table_and_rows_of_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(tmp_path / "made" / "log.jsonl")
    tell_profile(_profile(), log)
    log.close()
    said = capsys.readouterr()
    assert said.out == ""
    assert "the 20 slowest of 21 devices" in said.err
    rows = [json.loads(line) for line in (tmp_path / "made" / "log.jsonl").read_text().splitlines()]
    assert [r["event"] for r in rows] == ["profile-command"] * 2 + ["profile-device"] * 21
    assert rows[0]["p95_s"] == 19


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_log_on_a_full_disk_ends_and_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(Path("/dev/full"))
    log(_event("device-begins"))
    tell_profile(_profile(), log)
    log.close()
    assert capsys.readouterr().err.count("/dev/full: the log ends here: it cannot be written: No space left") == 1


def test_a_profile_of_nothing_is_empty() -> None:
    assert (Profile().commands(), Profile().devices()) == ([], [])


def test_the_log_masks_what_a_device_said(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log(_event("device-done", error="SSH: crypto isakmp key 0 canary-psk address 192.0.2.1"))
    log.close()
    assert "canary" not in (tmp_path / "log").read_text()
    with pytest.raises(UsageError, match="cannot be written"):
        Log(tmp_path)


def test_the_tally_says_what_is_left() -> None:
    tally = Tally()
    assert tally.text(AT) == "0 done"
    tally(_event("run-begins", None, devices=4))
    assert tally.text(AT) == "0 done, 4 left"
    for status in ("complete", "partial", "complete"):
        tally.count(status)
    text = tally.text(AT)
    assert text.startswith("3 done (1 incomplete), 1 left, ")
    assert "/min, ends about 0" in text
    tally.count("complete")
    assert "ends about" not in tally.text(AT)


def test_places_are_held_until_a_login_has_ended() -> None:
    admission = Admission(2)
    assert admission.enter("r1", "a", 0)
    assert admission.enter("r2", "a", 0)
    assert not admission.enter("r3", "a", 0)
    admission.leave("a", "unknown")
    assert admission.enter("r3", "a", 0)
    admission.leave("a", "refused")
    assert not admission.enter("r4", "a", 0)
    admission.leave("a", "accepted")
    assert all(admission.enter(f"r{n}", "a", 0) for n in range(9))
    assert admission.shut is None


def test_refusals_shut_the_way_until_one_is_good() -> None:
    admission = Admission(2)
    for name in ("r1", "r2"):
        assert admission.enter(name, "a", 0)
    for _ in range(2):
        admission.leave("a", "refused")
    assert admission.shut == "the first 2 logins were all refused"
    for account in ("a", "b"):
        with pytest.raises(NotTried, match="first 2 logins of the run"):
            admission.wait("r3", account)
    admission.stop()
    admission.wait("r3", "a")


def test_none_is_held_back_where_that_is_not_wanted() -> None:
    admission = Admission(0)
    for _ in range(9):
        assert admission.enter("r1", "a", 0)
        admission.leave("a", "refused")
    assert admission.shut is None
