"""Clocks that were set while the log ran, stamps that count from the boot, and reboots in between: from text."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from vpnaudit.correlate import correlate
from vpnaudit.pipeline.devices import read_devices
from vpnaudit.settings import Settings

SPI = 0x3344AA55
RESTART = "%SYS-5-RESTART: System restarted --"
SYNCED = "%NTP-5-PEERSYNC: NTP synced to peer 203.0.113.9"
UP_AN_HOUR = "12 weeks, 1 day, 2 hours, 3 minutes", "1 hour, 0 minutes"


def shown(at: datetime, zone: str = "UTC") -> str:
    return at.strftime(f"%H:%M:%S {zone} %a %b %d %Y")


def updated(bench: Any, before_ago_s: float, after_ago_s: float, *, zones: tuple[str, str] = ("UTC", "UTC")) -> str:
    """The clock showed the first, and was set to the second."""
    before, after = bench.ago(before_ago_s), bench.ago(after_ago_s)
    stamp = after.strftime("%b %d %H:%M:%S.000")
    return (
        f"{stamp}: %SYS-6-CLOCKUPDATE: System clock has been updated from {shown(before, zones[0])} to "
        f"{shown(after, zones[1])}, configured from console by console."
    )


def line(bench: Any, ago_s: float, mark: str = "") -> str:
    return f"{mark}{bench.line(SPI, ago_s)}"


def stamped(bench: Any, stamp: str) -> str:
    return f"{stamp}: {bench.line(SPI, 0).partition(': ')[2]}"


def fleet(bench: Any, *lines: str, hub: dict[str, str] | None = None) -> Any:
    """The events of the hub whose log has the lines; `hub` has other answers of it."""
    answers = bench.answers("hub", lines=lines) | (hub or {})
    read = read_devices([bench.snapshot(bench.device("hub", answers))], bench.at)
    return correlate(
        read.devices,
        readings=read.readings,
        collected_at=bench.at,
        started_at=None,
        settings=Settings(),
    )


def ages(bench: Any, found: Any) -> list[float | None]:
    """How long before the collection each event happened, on the common clock, in the order of the log."""
    events = sorted(found.events, key=lambda e: e.evidence[0].line)
    return [(bench.at - e.at).total_seconds() if e.at else None for e in events]


def test_a_clock_that_was_an_hour_slow(bench: Any) -> None:
    """Four lines a minute apart, the clock put right between the second and the third."""
    found = fleet(
        bench,
        line(bench, 3600 + 240),
        line(bench, 3600 + 180),
        updated(bench, 3600 + 150, 150),
        line(bench, 120),
        line(bench, 60),
    )
    assert ages(bench, found) == [240, 180, 120, 60]
    (episode,) = found.episodes
    assert (episode.lines, episode.duration_s) == (4, 180)
    assert found.events[0].time == bench.ago(3600 + 240), "the stamp is told as the device wrote it"
    assert "set 3600 s forward after this line" in found.events[0].time_from
    assert "set" not in found.events[-1].time_from


def test_a_clock_that_was_set_back(bench: Any) -> None:
    found = fleet(bench, line(bench, -7200 + 240), updated(bench, -7200 + 150, 150), line(bench, 60))
    assert ages(bench, found) == [240, 60]


def test_a_clock_that_was_set_twice(bench: Any) -> None:
    found = fleet(
        bench,
        line(bench, 7200 + 240),
        updated(bench, 7200 + 200, 3600 + 200),
        line(bench, 3600 + 180),
        updated(bench, 3600 + 150, 150),
        line(bench, 60),
    )
    assert ages(bench, found) == [240, 180, 60]


def test_the_firewalls_words_for_it(bench: Any) -> None:
    """As Cisco's ASA syslog guide has 771002."""
    before, after = bench.ago(3600 + 150), bench.ago(150)
    said = f"{after.strftime('%b %d %Y %H:%M:%S')}: %ASA-5-771002: CLOCK: System clock set, source: NTP, "
    said += f"IP: 203.0.113.9, before: {shown(before)}, after: {shown(after)}"
    assert ages(bench, fleet(bench, line(bench, 3600 + 240), said, line(bench, 60))) == [240, 60]


def test_a_clock_that_was_never_set_until_then(bench: Any) -> None:
    """The lines before have no time in the document, and still their place on the common clock."""
    set_at = shown(bench.ago(150))
    found = fleet(
        bench,
        stamped(bench, "*Mar  1 00:02:00.000"),
        stamped(bench, "*Mar  1 00:03:00.000"),
        f"*Mar  1 00:03:30.000: %SYS-6-CLOCKUPDATE: System clock has been updated from 00:03:30 UTC Fri Mar 1 2002 to "
        f"{set_at}, configured from console by console.",
        line(bench, 120),
    )
    assert ages(bench, found) == [240, 180, 120]
    assert [e.time for e in found.events] == [bench.ago(120), None, None]
    assert len(found.episodes) == 1


def test_a_change_of_zone_alone_moves_nothing(bench: Any) -> None:
    """`clock timezone` also says that the clock was updated; the lines before it are in the zone of then."""
    moved = bench.answers("hub")
    zone = moved["show running-config"].replace("datetime msec", "datetime msec localtime")
    changed = {
        "show running-config": zone.replace("hostname", "clock timezone CET 1 0\nhostname"),
        "show clock": shown(bench.ago(-3600), "CET") + "\n",
    }
    found = fleet(
        bench,
        line(bench, 240),
        updated(bench, 150, 150 - 3600, zones=("UTC", "CET")),
        line(bench, 60 - 3600),
        hub=changed,
    )
    assert ages(bench, found) == [240, 60]
    assert sorted(e.time for e in found.events) == [bench.ago(240), bench.ago(60)]


@pytest.mark.parametrize(
    ("before", "between", "within_s"),
    [
        pytest.param("*", SYNCED, 90, id="not authoritative, then NTP: set by no more than lies between"),
        pytest.param("*", None, 180, id="the same, and the log does not say that it was NTP"),
        pytest.param(".", SYNCED, 0, id="NTP was lost for a while: a clock that runs free is off by little"),
        pytest.param("", SYNCED, 0, id="authoritative all along"),
    ],
)
def test_marks(bench: Any, before: str, between: str | None, within_s: float) -> None:
    said = [f"{bench.ago(150).strftime('%b %d %H:%M:%S.000')}: {between}"] if between else []
    found = fleet(bench, line(bench, 240, before), *said, line(bench, 60))
    assert ages(bench, found) == [240, 60]
    first, last = sorted(found.events, key=lambda event: event.evidence[0].line)
    assert first.uncertainty_s - last.uncertainty_s == pytest.approx(within_s)
    assert ("by no more than about" in first.time_from) is (within_s > 0)


def test_a_clock_that_was_set_hours_later_is_not_known(bench: Any) -> None:
    found = fleet(bench, line(bench, 7200, "*"), line(bench, 60))
    assert ages(bench, found) == [None, 60]
    assert "by how much is not known" in found.events[0].time_from


def test_a_clock_that_never_was_authoritative_is_compared_with_the_collectors(bench: Any) -> None:
    """`*` in the log and in `show clock`: one clock, and the manifest tells by how much it is off."""
    wrong = {"show clock": "*" + shown(bench.ago(7200)) + "\n"}
    assert ages(bench, fleet(bench, line(bench, 7200 + 60, "*"), hub=wrong)) == [60]


def test_a_buffer_that_runs_backwards(bench: Any) -> None:
    """A buffer is in the order of logging: its clock was set back in between, and the log lacks the message."""
    found = fleet(bench, line(bench, -3 * 3600), line(bench, 120), line(bench, 60))
    assert ages(bench, found) == [None, 120, 60]
    assert fleet(bench, line(bench, 120.5), line(bench, 121), line(bench, 60)).events[0].at is not None


def test_a_syslog_file_may_be_in_any_order(bench: Any) -> None:
    """Files are put together by people: only a device's own buffer is known to be in order."""
    logs = bench.logs("hub", line(bench, 60), line(bench, 7200), line(bench, 120))
    audit = bench.audit(bench.pair(), logs)
    assert all("set" not in e.time_from for e in audit.events)


@pytest.mark.parametrize(
    ("stamp", "age_s"),
    [
        pytest.param("00:59:00", 60 + 30, id="to the second, in the first day"),
        pytest.param("*Mar  1 00:59:00.000", 60 + 30, id="a clock that was never set counts from the boot"),
        pytest.param("1d03h", None, id="longer than the device is up: from before its reboot"),
    ],
)
def test_stamps_that_count_from_the_boot(bench: Any, stamp: str, age_s: float | None) -> None:
    """`uptime is 1 hour, 0 minutes` has a half minute on either side."""
    version = bench.answers("hub")["show version"].replace(*UP_AN_HOUR)
    clock = {"show clock": "*01:00:30 UTC Fri Mar 1 2002\n"} if stamp.startswith("*") else {}
    found = fleet(bench, stamped(bench, stamp), hub={"show version": version, **clock})
    (event,) = found.events
    assert event.time is None
    assert ages(bench, found) == [age_s]


def test_a_reboot_in_between(bench: Any) -> None:
    """The count begins anew: what has a higher one and stands before is of an earlier boot."""
    version = bench.answers("hub")["show version"].replace(*UP_AN_HOUR)
    lines = (stamped(bench, "00:50:00"), f"00:00:30: {RESTART}", stamped(bench, "00:58:00"))
    found = fleet(bench, *lines, hub={"show version": version})
    assert ages(bench, found) == [None, 150]
    assert len(found.episodes) == 2


def test_the_uptime_gives_an_outage_its_length(bench: Any) -> None:
    version = bench.answers("hub")["show version"].replace(*UP_AN_HOUR)
    lines = [stamped(bench, f"00:{minute}:00") for minute in range(20, 30)]
    (episode,) = fleet(bench, *lines, hub={"show version": version}).episodes
    assert (episode.lines, episode.duration_s, episode.first) == (10, 540, None)
    assert episode.last_at - episode.first_at == timedelta(seconds=540)


def test_the_hour_that_comes_twice(bench: Any) -> None:
    """Local time, no zone printed: what stands lower in the buffer and reads earlier is of the second pass."""
    config = bench.answers("hub")["show running-config"].replace("datetime msec", "datetime msec localtime")
    rule = "clock timezone CET 1 0\nclock summer-time CEST recurring last Sun Mar 2:00 last Sun Oct 3:00\nhostname"
    lines = [stamped(bench, f"Oct 26 {at}.000") for at in ("02:10:00", "02:55:00", "02:05:00", "02:50:00", "03:10:00")]
    answers = {
        "show running-config": config.replace("hostname", rule),
        "show clock": "03:30:00.000 CET Sun Oct 26 2025\n",
    }
    found = fleet(bench, *lines, hub=answers)
    assert [e.time.strftime("%H:%M") for e in found.events] == ["00:10", "00:55", "01:05", "01:50", "02:10"]


def test_a_clock_set_back_in_the_hour_that_comes_twice(bench: Any) -> None:
    """The change says in which of the two it was: what reads earlier below it is no second pass."""
    config = bench.answers("hub")["show running-config"].replace("datetime msec", "datetime msec localtime")
    rule = "clock timezone CET 1 0\nclock summer-time CEST recurring last Sun Mar 2:00 last Sun Oct 3:00\nhostname"
    said = (
        "%SYS-6-CLOCKUPDATE: System clock has been updated from {} CEST Sun Oct 26 2025 to {} CEST Sun Oct 26 2025, by"
    )
    lines = [stamped(bench, f"Oct 26 {at}.000") for at in ("02:50:00", "02:20:00", "02:05:00")]
    lines.insert(1, f"Oct 26 02:10:00.000: {said.format('02:55:00', '02:10:00')} console.")
    answers = {
        "show running-config": config.replace("hostname", rule),
        "show clock": "03:30:00.000 CET Sun Oct 26 2025\n",
    }
    found = fleet(bench, *lines, hub=answers)
    offset = found.devices[0].clock_offset_s
    assert [(e.at + timedelta(seconds=offset)).strftime("%H:%M") for e in found.events] == ["00:20", "00:05", "01:05"]


def test_lines_of_one_unknown_clock_still_have_their_distance(bench: Any) -> None:
    """When they were is not known; that they are ten minutes of one flow is."""
    said = f"{bench.ago(150).strftime('%b %d %H:%M:%S.000')}: {SYNCED}"
    found = fleet(bench, *(line(bench, 7200 - 60 * n, "*") for n in range(10)), said)
    assert ages(bench, found) == [None] * 10
    (episode,) = found.episodes
    assert (episode.lines, episode.duration_s, episode.mechanism) == (10, 540, "stale-sa")


def test_a_boot_between_a_right_clock_and_a_right_clock(bench: Any) -> None:
    """A syslog server's file: before the reload the clock was right too, and what was set after it moves nothing."""
    update = "%SYS-6-CLOCKUPDATE: System clock has been updated from 00:0{} UTC Fri Mar 1 2002 to {}, configured"
    zone = f"*Mar  1 00:00:13.299: {update.format('0:13', '00:00:13 GMT Fri Mar 1 2002')} from console."
    time = f"*Mar  1 00:03:30.000: {update.format('3:30', shown(bench.ago(150)))} from console."
    lines = (line(bench, 900), zone, stamped(bench, "*Mar  1 00:03:00.000"), time, line(bench, 60))
    assert ages(bench, fleet(bench, *lines)) == [900, 180, 60]
