"""What a device's own counters say of the number behind its lines: from text, by one reading and by two."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

SPI = 0x3344AA55
DROPS = "show platform hardware qfp active feature ipsec datapath drops"
GLOBAL = "show platform hardware qfp active statistics drop"
SA = "show crypto ipsec sa"
ROUND = 2**32


def drops(v4: int, v6: int = 0) -> dict[str, str]:
    rows = f"        4  IN_US_V4_PKT_SA_NOT_FOUND_SPI  {v4}\n       12  IN_US_V6_PKT_SA_NOT_FOUND_SPI  {v6}\n"
    return {DROPS: f"Drop Type  Name                                     Packets\n{'-' * 72}\n{rows}"}


def statistics(count: int) -> dict[str, str]:
    rows = f"IpsecInput                                  {count}                 9372448\n"
    head = f"Global Drop Stats                         Packets                  Octets\n{'-' * 73}\n"
    return {GLOBAL: f"{'-' * 73}\n{head}{rows}"}


def refused(bench: Any, count: int) -> dict[str, str]:
    """`show crypto ipsec sa detail`'s count of a flow."""
    table: str = bench.answers("hub")[SA]
    return {SA: table.replace("    #pkts decaps", f"    #pkts invalid sa (rcv) {count}\n    #pkts decaps")}


def said(bench: Any, *readings: tuple[float, dict[str, str]], lines: Any = (), booted: str | None = None) -> list[str]:
    """What the first diagnosis says of counters, where these answers were had so many seconds ago."""
    snapshots = []
    for ago_s, answers in readings:
        at = bench.ago(ago_s)
        found = bench.answers("hub", lines=lines if ago_s == 0 else (), at=at) | answers
        if booted is not None and ago_s == 0:
            found["show version"] = found["show version"].replace("12 weeks, 1 day, 2 hours, 3 minutes", booted)
        snapshots.append(bench.snapshot(bench.device("hub", found, at=at), at=at, path=f"nights/{ago_s:g}"))
    audit = bench.audit(*snapshots)
    return [b for d in audit.diagnoses for b in d.because if "count" in b]


@pytest.fixture
def stream(bench: Any) -> list[str]:
    return [bench.line(SPI, ago) for ago in range(540, 0, -60)]


def test_one_reading_bounds_the_number(bench: Any, stream: list[str]) -> None:
    (text,) = said(bench, (0, drops(20_518, 31)), lines=stream)
    assert "hub counts 20549 in all since 2025-12-14 23:56:30 UTC at the longest" in text
    assert "behind the 9 lines are no more than that, of all sources, unless it was cleared since" in text


def test_a_reading_below_the_lines_bounds_nothing(bench: Any, stream: list[str]) -> None:
    (text,) = said(bench, (0, drops(4)), lines=stream)
    assert "no more than" not in text
    assert "fewer than the 9 lines: they were counted elsewhere, or it was cleared since" in text


@pytest.mark.parametrize("count", [0, 20_000])
def test_the_count_of_a_flow_bounds_nothing(bench: Any, stream: list[str], count: int) -> None:
    """An SPI that nobody has has no flow to be counted on (field guide, appendix C)."""
    (text,) = said(bench, (0, refused(bench, count)), lines=stream)
    assert f"hub counts {count} in all" in text
    assert "an SPI that nobody has need not be counted" in text
    assert "no more than" not in text
    assert "fewer than" not in text


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        pytest.param(100, 12_100, "counted 12000 more in 10 min", id="two readings, a rate"),
        pytest.param(100, 100, "counted 0 more in 10 min", id="flat"),
        pytest.param(ROUND - 1000, 5000, "counted 6000 more in 10 min", id="a counter of 32 bits went round"),
        pytest.param(50_000, 4000, "counted at least 4000 more in 10 min (the counter began anew", id="cleared"),
        pytest.param(2_200_000_000, 4000, "counted at least 4000 more in 10 min", id="a large one cleared"),
    ],
)
def test_two_readings(bench: Any, stream: list[str], before: int, now: int, words: str) -> None:
    (text,) = said(bench, (600, drops(before)), (0, drops(now)), lines=stream)
    assert words in text
    assert "9 lines of this in the same time" in text


@pytest.mark.parametrize(
    ("grown", "lines", "words"),
    [
        pytest.param(
            12_000, True, "20 a second, for 9 lines of this in the same time: a flow is being lost", id="flow"
        ),
        pytest.param(
            0, True, "0 an hour, for 9 lines of this in the same time: these lines were counted else", id="flat"
        ),
        pytest.param(
            3,
            True,
            "18 an hour, for 9 lines of this in the same time: these lines were counted else",
            id="fewer than the lines",
        ),
        pytest.param(20, True, "120 an hour, for 9 lines of this in the same time", id="a few"),
    ],
)
def test_what_two_readings_mean(bench: Any, stream: list[str], grown: int, lines: bool, words: str) -> None:
    (text,) = said(bench, (600, drops(100)), (0, drops(100 + grown)), lines=stream if lines else ())
    assert words in text


def test_a_boot_between_two_readings(bench: Any, stream: list[str]) -> None:
    """What the counter has now was all counted since; how much before, nobody knows any more."""
    (text,) = said(bench, (3600, drops(100)), (0, drops(12_100)), lines=stream, booted="20 minutes")
    assert "at least 12100 more in 60 min (the counter began anew in between)" in text


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        pytest.param(statistics(61_654), "`IpsecInput`", id="all drops of IPsec input, where there is nothing finer"),
        pytest.param(statistics(61_654) | drops(5), "the data plane's drops of packets without an SA", id="the finer"),
    ],
)
def test_the_finest_counter_speaks(bench: Any, stream: list[str], answers: dict[str, str], words: str) -> None:
    (text,) = said(bench, (0, answers), lines=stream)
    assert words in text


def test_drops_of_other_reasons_are_no_flow_that_is_lost(bench: Any, stream: list[str]) -> None:
    (text,) = said(bench, (600, statistics(100)), (0, statistics(12_100)), lines=stream)
    assert "counted 12000 more" in text
    assert "flow is being lost" not in text


def test_the_count_of_a_flow(bench: Any, stream: list[str]) -> None:
    (text,) = said(bench, (600, refused(bench, 7)), (0, refused(bench, 1207)), lines=stream)
    assert f"`#pkts invalid sa (rcv) of {bench.spoke}`" in text
    assert "counted 1200 more" in text


def test_where_no_counter_was_collected_nothing_is_said_of_any(bench: Any, stream: list[str]) -> None:
    assert said(bench, (0, {}), lines=stream) == []


def test_the_counts_are_cited(bench: Any, stream: list[str]) -> None:
    answers = bench.answers("hub", lines=stream) | drops(20_518)
    audit = bench.audit(bench.snapshot(bench.device("hub", answers)))
    cited = [e for d in audit.diagnoses for e in d.evidence if e.command == DROPS]
    assert [e.text.split() for e in cited] == [["4", "IN_US_V4_PKT_SA_NOT_FOUND_SPI", "20518"]]


def test_readings_of_one_session(bench: Any, stream: list[str]) -> None:
    """The command asked twice, ten minutes apart, in one collection."""
    device = bench.device("hub", bench.answers("hub", lines=stream) | drops(700))
    first = bench.device("hub", drops(100), at=bench.ago(600)).captures[0]
    twice = structs.replace(device, captures=(first, *device.captures))
    audit = bench.audit(bench.snapshot(twice))
    (text,) = [b for d in audit.diagnoses for b in d.because if "count" in b]
    assert "counted 600 more in 10 min" in text


def test_a_firewalls_missing_sa_failures(bench: Any) -> None:
    """Whether every unknown SPI counts there is not known (field guide 5.2): told, and no bound."""
    stats = (
        "IPsec Global Statistics\n-----------------------\nOutbound\n    Missing SA failures: {}\n"
        "System capacity failures: 0\n"
    )
    event = (
        "Mar 10 2026 01:5{}:00: %ASA-4-402114: IPSEC: Received an ESP packet (SPI= 0x3344AA55, sequence number= 0x12) "
        "from 198.51.100.7 (user= 198.51.100.7) to 192.0.2.1 with an invalid SPI."
    )
    log = "\n".join(event.format(minute) for minute in range(1, 9))
    found = []
    for ago_s, count in ((600, 17), (0, 9017)):
        answers = {
            "show crypto ipsec stats": stats.format(count),
            "show logging": log,
            "show clock": "02:00:00.000 UTC Tue Mar 10 2026\n",
        }
        device = bench.device("fw", answers, at=bench.ago(ago_s), platform="cisco_asa")
        found.append(bench.snapshot(device, at=bench.ago(ago_s), path=f"nights/{ago_s}"))
    one = [b for d in bench.audit(found[1]).diagnoses for b in d.because if "count" in b]
    two = [b for d in bench.audit(*found).diagnoses for b in d.because if "count" in b]
    assert one[0].startswith("fw counts 9017 in all: `Missing SA failures`")
    assert "no more than" not in one[0]
    assert "counted 9000 more in 10 min" in two[0]
