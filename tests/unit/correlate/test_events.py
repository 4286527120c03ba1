"""Events from log lines, each line once, and the episodes that they make."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from vpnaudit.correlate.events import find_events
from vpnaudit.model.facts import Facts, ParsedCapture

SPI = 0x3344AA55


def logs(lab: Any, router: Any, *parts: tuple[str, int]) -> list[ParsedCapture]:
    """The router's lines in several captures: by file and first line."""
    found = []
    for file, first_line in parts:
        capture = router.capture("syslog", Facts(messages=tuple(router.messages)), file)
        found.append(lab.replace(capture, capture=lab.replace(capture.capture, first_line=first_line)))
    return found


def test_the_same_line_in_two_sources_is_one_event(lab: Any) -> None:
    router = lab.router().line(SPI, lab.spoke, 600)
    (event,) = find_events(router.device(*logs(lab, router, ("b.log", 1), ("a.log", 1))))
    assert event.count == 1
    assert [e.file for e in event.evidence] == ["a.log", "b.log"], "in the order of files, whatever that of captures"


def test_the_log_asked_for_twice_in_one_session_counts_once(lab: Any) -> None:
    router = lab.router().line(SPI, lab.spoke, 600)
    (event,) = find_events(router.device(*logs(lab, router, ("session.txt", 10), ("session.txt", 900))))
    assert event.count == 1
    assert len(event.evidence) == 2


def test_two_files_of_one_name_are_two_sources(lab: Any) -> None:
    router = lab.router().line(SPI, lab.spoke, 600)
    (event,) = find_events(router.device(*logs(lab, router, ("router.log", 1), ("router.log", 1))))
    assert event.count == 1


@pytest.mark.parametrize(("repeats", "count"), [(1, 2), (3, 4)])
def test_equal_lines_in_one_file_add_up(lab: Any, repeats: int, count: int) -> None:
    router = lab.router().line(SPI, lab.spoke, 600)
    router.messages.append(lab.replace(router.messages[0], line=9, count=repeats))
    device = router.device(*logs(lab, router, ("a.log", 1), ("b.log", 1)))
    (event,) = find_events(device)
    assert event.count == count
    fleet = lab.join([device], [router])
    assert (fleet.episodes[0].lines, len(fleet.events)) == (count, 1)


@pytest.mark.parametrize(
    ("change", "apart"),
    [
        pytest.param({"interface": "GigabitEthernet0/1"}, True, id="another interface"),
        pytest.param({"destination": "192.0.2.200"}, True, id="another destination"),
        pytest.param({"interface": None, "destination": None}, True, id="neither told"),
        pytest.param({}, False, id="the same"),
    ],
)
def test_lines_of_one_moment_that_differ_have_ids_of_their_own(lab: Any, change: dict[str, Any], apart: bool) -> None:
    router = lab.router().line(SPI, lab.spoke, 600).line(SPI, lab.spoke, 600, **change)
    events = find_events(router.device())
    assert len(events) == len({e.id for e in events}) == (2 if apart else 1)
    fleet = lab.fleet(router)
    (episode,) = fleet.episodes
    assert episode.id == "hub 198.51.100.7 0x3344AA55 2026-03-10T01:50:00.000Z"
    assert {e.episode for e in fleet.events} == {episode.id}


def test_an_id_is_flow_and_time(lab: Any) -> None:
    (event,) = find_events(lab.router().line(0x1A2B, "2001:DB8::7", 600).device())
    assert event.id == "hub 2001:DB8::7 0x00001A2B 2026-03-10T01:50:00.000Z"


def test_a_source_that_is_not_told(lab: Any) -> None:
    fleet = lab.fleet(lab.router().line(SPI, None, 600))
    assert fleet.events[0].id == fleet.episodes[0].id == "hub unknown 0x3344AA55 2026-03-10T01:50:00.000Z"


def test_uptime_stamps_keep_their_place_and_have_no_time(lab: Any) -> None:
    router = lab.router().line(SPI, lab.spoke, None, 600)
    fleet = lab.fleet(router)
    assert [e.time is None for e in fleet.events] == [False, True], "without a time last"
    timeless = fleet.events[1]
    assert (timeless.at, timeless.uncertainty_s) == (None, 86_400.0)
    assert timeless.id.endswith("0x3344AA55 20w2d")
    assert len(fleet.episodes) == 2
    assert fleet.episodes[1].duration_s == 0.0


def test_other_messages_are_no_events(lab: Any) -> None:
    router = lab.router().says("CRYPTO-4-RECVD_PKT_MAC_ERR", 600, spi=SPI, source=lab.spoke)
    router.says("CRYPTO-4-RECVD_PKT_INV_SPI", 500, spi=None, source=lab.spoke)
    assert find_events(router.device()) == ()


@pytest.mark.parametrize(
    ("ago_s", "lengths"),
    [
        ((600, 540, 480), [3]),
        ((900, 600, 300), [3]),
        ((901, 600, 300), [1, 2]),
        ((9000, 600, 100), [1, 1, 1]),
        ((600,), [1]),
    ],
)
def test_a_silence_splits_episodes(lab: Any, ago_s: tuple[float, ...], lengths: list[int]) -> None:
    fleet = lab.fleet(lab.router().line(SPI, lab.spoke, *ago_s))
    assert [len(e.events) for e in fleet.episodes] == lengths
    assert len({e.id for e in fleet.episodes}) == len(lengths)
    assert [e.duration_s for e in fleet.episodes if len(e.events) == len(ago_s)] in ([], [ago_s[0] - ago_s[-1]])


def test_flows_have_episodes_of_their_own(lab: Any) -> None:
    router = lab.router().line(SPI, lab.spoke, 600, 540).line(SPI, lab.stranger, 590).line(SPI + 1, lab.spoke, 580)
    other = lab.router("other", "192.0.2.9").line(SPI, lab.spoke, 570)
    fleet = lab.fleet(other, router)
    assert [(e.device, e.source, e.spi, e.lines) for e in fleet.episodes] == [
        ("hub", lab.spoke, SPI, 2),
        ("hub", lab.stranger, SPI, 1),
        ("hub", lab.spoke, SPI + 1, 1),
        ("other", lab.spoke, SPI, 1),
    ]


def test_two_spellings_of_a_source_are_one_flow(lab: Any) -> None:
    router = lab.router().line(SPI, "2001:DB8::7", 600).line(SPI, "2001:db8:0::7", 540)
    assert len(lab.fleet(router).episodes) == 1


def test_lines_are_dated_across_a_clock_that_is_off(lab: Any) -> None:
    router = lab.router(ahead_s=3600.0, ntp=False).line(SPI, lab.spoke, 600)
    (event,) = lab.fleet(router).events
    assert (event.time, event.at) == (lab.ago(600 - 3600), lab.ago(600))


def test_of_two_tunnels_with_one_source_the_destination_tells(lab: Any) -> None:
    hub = lab.router().configure(lab.spoke)
    hub.pair(lab.spoke, 0x1001, 0x2001)
    hub.pair(lab.spoke, 0x1002, 0x2002, local="192.0.2.77", interface="GigabitEthernet0/1")
    hub.line(SPI, lab.spoke, 600, destination="192.0.2.77").line(SPI, lab.spoke, 500).line(SPI, lab.stranger, 400)
    assert [e.tunnel for e in lab.fleet(hub).events] == [
        f"192.0.2.77-{lab.spoke}",
        f"{lab.hub}-{lab.spoke}",
        None,
    ]


def test_the_rest_of_a_message_is_carried(lab: Any) -> None:
    router = lab.router().line(SPI, lab.spoke, 600, packet_sequence=18)
    (event,) = find_events(router.device())
    message = router.messages[0]
    assert (event.packet_sequence, event.raw, event.destination) == (18, message.raw, lab.hub)
    assert event.evidence[0] == structs.replace(event.evidence[0], device="hub", command="show logging", line=2)
