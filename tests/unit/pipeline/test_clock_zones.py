"""Zones that nobody states: what a clock's own name for its zone is worth, and what a log without one. From text."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from vpnaudit.correlate import correlate
from vpnaudit.pipeline.devices import read_devices
from vpnaudit.settings import Settings

SPI = 0x3344AA55
PART = "crypto map M 10 ipsec-isakmp\n set peer 198.51.100.7\n set transform-set T\n"
"""`show running-config | section crypto`, as people keep it."""
TRACE = "show monitor event-trace crypto ipsec event all"
CREATED = (
    "{}: IPSEC-EVENT:IPSEC-CREATE-SA:  sa create : (sa) sa_dest= 192.0.2.1, sa_proto= 50, sa_spi= 0x{:X}({}), "
    "sa_trans= esp-aes esp-sha-hmac , sa_conn_id= 2001, sa_lifetime(k/sec)= (4608000/3600)\n"
)


def shown(bench: Any, ago_s: float, zone: str) -> str:
    at: datetime = bench.ago(ago_s)
    return at.strftime(f"%H:%M:%S.000 {zone} %a %b %d %Y\n")


def fleet(bench: Any, answers: dict[str, str], *, at: Any) -> Any:
    """The hub alone; `at` null: captures without times."""
    read = read_devices([bench.snapshot(bench.device("hub", answers, at=at), at=at)], bench.at)
    return correlate(read.devices, readings=read.readings, collected_at=bench.at, started_at=None, settings=Settings())


def without_config(bench: Any, zone: str, ago_s: float, *lines: str) -> dict[str, str]:
    answers: dict[str, str] = bench.answers("hub", lines=lines) | {"show clock": shown(bench, ago_s, zone)}
    answers.pop("show running-config")
    return answers | {"show ntp status": "Clock is synchronized, stratum 3, reference is 203.0.113.9\n"}


def test_a_guessed_zone_is_told_in_the_bound(bench: Any) -> None:
    """CST, kept by NTP, no times of the collection: fourteen hours lie between America's and China's."""
    (device,) = fleet(bench, without_config(bench, "CST", 0), at=None).devices
    assert (device.clock_offset_s, device.clock_uncertainty_s) == (0.0, 50_400 + 5400 + 2.0)


@pytest.mark.parametrize(("ago_s", "stamped"), [(6 * 3600, 6 * 3600), (-8 * 3600, -8 * 3600)])
def test_the_collectors_clock_tells_what_a_zone_means(bench: Any, ago_s: float, stamped: float) -> None:
    """The same name, once America's and once China's: the log prints it too."""
    line = bench.line(SPI, stamped + 60).replace(".000:", ".000 CST:")
    found = fleet(bench, without_config(bench, "CST", ago_s, line), at=bench.at)
    assert found.devices[0].clock_offset_s == 0
    (event,) = found.events
    assert (event.time, event.at) == (bench.ago(60), bench.ago(60))
    assert event.uncertainty_s < 1


@pytest.mark.parametrize(
    ("config", "word", "within_s"),
    [
        pytest.param(None, "zone UTC (configuration)", 0, id="the whole configuration"),
        pytest.param(PART, "zone UTC (assumed; the clock shows CET", 3600, id="a part says nothing of stamps"),
        pytest.param(
            f"service timestamps log datetime msec\n{PART}",
            "zone UTC (configuration)",
            0,
            id="a part that has the line",
        ),
    ],
)
def test_what_a_part_of_the_configuration_says(bench: Any, config: str | None, word: str, within_s: float) -> None:
    answers = bench.answers("hub", lines=[bench.line(SPI, 60)]) | {"show clock": shown(bench, -3600, "CET")}
    if config is not None:
        answers["show running-config"] = config
    (event,) = fleet(bench, answers, at=bench.at).events
    assert event.time == bench.ago(60)
    assert word in event.time_from
    assert round(event.uncertainty_s) == within_s


@pytest.mark.parametrize(
    ("stamped_ago_s", "live", "installed_ago_s", "within_s"),
    [
        pytest.param(900, True, 900, 1, id="in UTC: its live SA is that old"),
        pytest.param(900 - 3600, True, 900, 1, id="in the clock's zone: its live SA is that old"),
        pytest.param(900, False, 900, 3601, id="nothing tells"),
    ],
)
def test_the_zone_of_an_event_trace(
    bench: Any, stamped_ago_s: float, live: bool, installed_ago_s: float, within_s: float
) -> None:
    spi = bench.into_hub if live else SPI
    stamp = bench.ago(stamped_ago_s).strftime("%b %d %H:%M:%S.000")
    config = bench.answers("hub")["show running-config"].replace("hostname", "clock timezone CET 1 0\nhostname")
    answers = bench.answers("hub") | {
        "show clock": shown(bench, -3600, "CET"),
        "show running-config": config,
        TRACE: CREATED.format(stamp, spi, spi),
    }
    found = fleet(bench, answers, at=bench.at)
    (entry,) = [e for e in found.ledger.entries() if e.spi == spi and e.how == "event trace"]
    assert entry.installed_at == bench.at - timedelta(seconds=installed_ago_s)
    assert entry.uncertainty_s == within_s


@pytest.mark.parametrize(
    ("files", "years"),
    [
        pytest.param(
            {"messages": "Dec 20", "messages.1": "Apr  2", "messages.2.gz": "Mar  1"}, [2025, 2025, 2025], id="one log"
        ),
        pytest.param(
            {"messages": "Dec 20", "messages.1": "Mar  1", "messages.1.gz": "Mar  1"}, [2026, 2026, 2025], id="a copy"
        ),
        pytest.param({"messages-20241231": "Dec 20", "messages-20250501": "Apr  2"}, [2024, 2025], id="days in names"),
        pytest.param({"notes": "Dec 20", "other": "Mar  1"}, [2025, 2026], id="two logs"),
    ],
)
def test_rotated_files_are_one_log(bench: Any, files: dict[str, str], years: list[int]) -> None:
    """The collection is of 10 March 2026: 1 March is of that year where nothing says that it is older."""
    said = bench.line(SPI, 0).partition(".000")[2]
    logs = [bench.logs("hub", f"{day} 09:00:00.000{said}", file=f"x/{name}") for name, day in files.items()]
    read = read_devices([bench.snapshot(bench.device("hub")), *logs], bench.at)
    (device,) = read.devices
    assert [m.time.year for c in device.log_captures for m in c.parsed.facts.messages if m.time] == years


@pytest.mark.parametrize(("ago_s", "mechanism"), [(30, "rekey-race"), (900, "stale-sa")])
def test_lines_of_one_log_are_off_together(bench: Any, ago_s: float, mechanism: str) -> None:
    """UTC or the clock's zone: whichever it is, the deletion in the same log stands as far from the line."""
    stamp = bench.ago(1800 + ago_s).strftime("%b %d %H:%M:%S.000")
    deleted = (
        f"{stamp}: IPSEC(delete_sa): deleting SA, (sa) sa_dest= 192.0.2.1, sa_proto= 50, "
        f"sa_spi= 0x{SPI:X}({SPI}), sa_trans= esp-aes esp-sha-hmac , sa_conn_id= 2001"
    )
    answers = without_config(bench, "PKT", -5 * 3600, deleted, bench.line(SPI, 1800))
    (event,) = fleet(bench, answers, at=bench.at).events
    assert event.uncertainty_s > 5 * 3600
    assert event.mechanism == mechanism


@pytest.mark.parametrize(("zone", "within_s"), [("CST", 2.0), ("XQZ", 50_402.0)])
def test_a_zone_of_unknown_meaning_is_no_clock_that_is_off(bench: Any, zone: str, within_s: float) -> None:
    """China's time, by the collector's clock or by a device read beside it: NTP keeps it, no rule says otherwise."""
    hub = without_config(bench, zone, -8 * 3600)
    alone = bench.snapshot(bench.device("hub", hub))
    beside = bench.snapshot(bench.device("hub", hub, at=None), bench.device("spoke", at=None), at=None)
    for snapshot in (alone, beside):
        failed = {f.rule for f in bench.audit(snapshot).findings if f.status == "FAIL" and "hub" in f.subject.devices}
        assert "LOG-002" not in failed
    assert next(d.clock_uncertainty_s for d in bench.audit(beside).devices if d.name == "hub") == within_s
