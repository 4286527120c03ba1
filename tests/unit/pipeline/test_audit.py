"""From snapshots to the document: what is judged, what is joined, what is missing, and what stays the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from vpnaudit.errors import SourceError
from vpnaudit.model.audit import Audit
from vpnaudit.model.snapshot import Problem
from vpnaudit.pipeline.audit import audit_logs, audit_sources, is_incomplete, read_sources
from vpnaudit.pipeline.devices import read_devices
from vpnaudit.settings import Settings

OLD_SPI, UNKNOWN = 0x3344AA55, 0x12345678
NEEDED = (
    "show clock",
    "show version",
    "show running-config",
    "show crypto isakmp sa",
    "show crypto ipsec sa",
    "show crypto map",
    "show memory statistics",
    "show interfaces",
    "show logging",
)


def text(audit: Audit) -> bytes:
    return msgspec.json.encode(audit)


def test_a_healthy_pair(bench: Any) -> None:
    audit = bench.audit(bench.pair())
    assert [(d.name, d.status, d.missing) for d in audit.devices] == [
        ("hub", "complete", ()),
        ("spoke", "complete", ()),
    ]
    assert [(t.id, t.state) for t in audit.tunnels] == [(f"{bench.hub}-{bench.spoke}", "up")]
    assert (audit.diagnoses, audit.events) == ((), ())
    assert not is_incomplete(audit)


def test_the_newest_of_several_is_judged_and_the_older_feeds_the_ledger(bench: Any) -> None:
    """An hour ago the hub had the SPI that its log now names."""
    before = bench.snapshot(
        bench.device("hub", bench.answers("hub", spis=(OLD_SPI, 0x0101)), at=bench.ago(7200)), at=bench.ago(7200)
    )
    now = bench.pair([bench.line(OLD_SPI, 600), bench.line(OLD_SPI, 540)])
    for order in permutations([before, now]):
        audit = bench.audit(*order)
        assert [d.name for d in audit.devices] == ["hub", "spoke"]
        assert {s.spi for t in audit.tunnels for s in t.sas} == {"0x7711AB04", "0x5A0C11D2"}
        assert {e.mechanism for e in audit.events} == {"stale-sa"}
        assert "older snapshot" in audit.events[0].because


def test_without_a_manifest_the_devices_clock_tells_which_is_newer(bench: Any) -> None:
    old = bench.snapshot(
        bench.device("hub", bench.answers("hub", spis=(1000, 2000), at=bench.ago(9000)), at=None), at=None, path="b"
    )
    new = bench.snapshot(bench.device("hub", at=None), at=None, path="a")
    for order in permutations([old, new]):
        audit = bench.audit(*order)
        assert {s.spi for t in audit.tunnels for s in t.sas} == {"0x7711AB04", "0x5A0C11D2"}


def test_of_a_command_asked_twice_the_later_answer_counts(bench: Any) -> None:
    device = bench.device(
        "hub", bench.answers("hub", lines=[bench.line(OLD_SPI, 600), bench.line(OLD_SPI, 540)]), at=None
    )
    first = structs.replace(
        next(c for c in device.captures if c.command == "show crypto ipsec sa"),
        text=bench.answers("hub", spis=(OLD_SPI, 0x0101))["show crypto ipsec sa"],
        first_line=1,
    )
    captures = (first, *(structs.replace(c, first_line=100 + n) for n, c in enumerate(device.captures)))
    audit = bench.audit(bench.snapshot(structs.replace(device, captures=captures), at=None, kind="session"))
    assert {s.spi for t in audit.tunnels for s in t.sas} == {"0x7711AB04", "0x5A0C11D2"}
    assert "older snapshot" in audit.events[0].because


def test_a_log_asked_for_twice_in_a_session_counts_once(bench: Any) -> None:
    device = bench.device("hub", bench.answers("hub", lines=[bench.line(UNKNOWN, 600)]))
    log = next(c for c in device.captures if c.command == "show logging")
    twice = (*device.captures, structs.replace(log, first_line=900))
    audit = bench.audit(bench.snapshot(structs.replace(device, captures=twice)))
    assert [(e.count, len(e.evidence)) for e in audit.events] == [(1, 2)]
    assert [e.events for e in audit.episodes] == [1]


@pytest.mark.parametrize(
    ("device", "log", "joined"),
    [
        ("hub", "hub", True),
        ("hub", "HUB", True),
        ("hub", "hub.example.net", True),
        ("hub.example.net", "hub", True),
        ("hub.example.net", "hub.example.net", True),
        ("hub", "203.0.113.99", True),
        ("hub", "hub2", False),
        ("hub", "203.0.113.98", False),
    ],
)
def test_logs_join_their_device_by_its_names(bench: Any, device: str, log: str, joined: bool) -> None:
    hub = bench.device(device, bench.answers(device), address="203.0.113.99")
    audit = bench.audit(bench.snapshot(hub), bench.logs(log, bench.line(UNKNOWN, 600)))
    assert {e.device for e in audit.events} == ({device} if joined else {log})
    assert len(audit.devices) == (1 if joined else 2)


def test_a_short_name_of_two_devices_names_neither(bench: Any) -> None:
    spis = {"east": (0x1001, 0x1002), "west": (0x2001, 0x2002)}
    one, two = (bench.device(f"hub.{site}", bench.answers("hub", spis=spis[site])) for site in spis)
    audit = bench.audit(
        bench.snapshot(one, two),
        bench.logs("hub", bench.line(UNKNOWN, 600)),
        bench.logs("hub.west", bench.line(UNKNOWN, 500), file="west.log"),
    )
    assert [(e.device, e.time) for e in audit.events] == [
        ("hub", "2026-03-10T01:50:00.000Z"),
        ("hub.west", "2026-03-10T01:51:40.000Z"),
    ]


def test_the_same_line_in_buffer_and_syslog_is_one_event(bench: Any) -> None:
    line = bench.line(UNKNOWN, 600)
    audit = bench.audit(bench.pair([line]), bench.logs("hub", line))
    assert [(e.count, {x.file for x in e.evidence}) for e in audit.events] == [
        (1, {"hub/show_logging.txt", "router.log"})
    ]


@pytest.mark.parametrize("command", NEEDED)
def test_a_needed_command_that_is_missing(bench: Any, command: str) -> None:
    answers = bench.answers("hub")
    del answers[command]
    audit = bench.audit(bench.snapshot(bench.device("hub", answers), bench.device("spoke")))
    assert [(d.status, d.missing) for d in audit.devices] == [("partial", (command,)), ("complete", ())]
    assert is_incomplete(audit)


@pytest.mark.parametrize("command", NEEDED)
def test_a_needed_command_that_was_refused_or_filtered(bench: Any, command: str) -> None:
    for changes in (
        {"refused": True},
        {"argument": "| include x"},
        {"text": "% Invalid input detected at '^' marker.\n"},
    ):
        device = bench.device("hub")
        captures = tuple(structs.replace(c, **changes) if c.command == command else c for c in device.captures)
        (found,) = bench.audit(bench.snapshot(structs.replace(device, captures=captures))).devices
        assert (found.status, found.missing) == ("partial", (command,))


@pytest.mark.parametrize(
    ("at", "status"),
    [
        pytest.param(None, "partial", id="an empty file says nothing"),
        pytest.param(datetime(2026, 3, 10, 2, tzinfo=UTC), "complete", id="the manifest says that it was answered"),
    ],
)
def test_an_empty_answer(bench: Any, at: datetime | None, status: str) -> None:
    answers = bench.answers("hub") | {"show crypto ipsec sa": ""}
    (device,) = bench.audit(bench.snapshot(bench.device("hub", answers, at=at), at=at)).devices
    assert device.status == status


def test_the_detail_form_stands_for_the_plain_one_unless_that_was_refused(bench: Any) -> None:
    answers = bench.answers("hub")
    answers["show crypto isakmp sa detail"] = ""
    answers["show crypto ipsec sa detail"] = answers.pop("show crypto ipsec sa")
    (device,) = bench.audit(bench.snapshot(bench.device("hub", answers))).devices
    assert device.missing == ()
    answers["show crypto ipsec sa"] = "% Invalid input detected at '^' marker.\n"
    (device,) = bench.audit(bench.snapshot(bench.device("hub", answers))).devices
    assert device.missing == ("show crypto ipsec sa",)


def test_a_device_that_was_not_had(bench: Any) -> None:
    gone = structs.replace(bench.device("gone", {}), status="timeout", error="no answer within 30 s")
    audit = bench.audit(bench.snapshot(bench.device("hub"), gone))
    found = {d.name: d for d in audit.devices}
    assert (found["gone"].status, found["gone"].error) == ("timeout", "no answer within 30 s")
    assert audit.summary.complete == 1
    assert is_incomplete(audit)


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (lambda b: b.snapshot(b.device("hub"), at=b.at + timedelta(seconds=9)), "2026-03-10T02:00:09.000Z"),
        (lambda b: b.snapshot(b.device("hub", at=None), at=None), "2026-03-10T02:00:00.000Z"),
        (lambda b: b.logs("hub", b.line(UNKNOWN, 60)), "2026-03-10T01:59:00.000Z"),
        (lambda b: b.logs("hub", "no stamp at all %CRYPTO-4-RECVD_PKT_INV_SPI: x"), "2026-03-10T02:00:00.000Z"),
    ],
)
def test_generated_at_is_the_end_of_the_collection(bench: Any, snapshot: Any, expected: str) -> None:
    audit = bench.audit(snapshot(bench), now=bench.at + timedelta(days=400))
    assert audit.generated_at == expected


def test_a_clock_that_is_not_to_be_trusted_does_not_date_the_audit(bench: Any) -> None:
    wrong = bench.answers("spoke") | {"show clock": "*02:00:00.000 UTC Mon Mar 1 2027\n"}
    audit = bench.audit(bench.snapshot(bench.device("hub", at=None), bench.device("spoke", wrong, at=None), at=None))
    assert audit.generated_at == "2026-03-10T02:00:00.000Z"


def test_now_changes_nothing_where_the_sources_have_times(bench: Any) -> None:
    snapshot = bench.pair([bench.line(UNKNOWN, 600), bench.line(bench.into_hub, 500)])
    assert len({text(bench.audit(snapshot, now=bench.at + timedelta(days=n))) for n in (0, 1, 2000)}) == 1


def test_the_order_of_devices_and_captures_changes_nothing(bench: Any) -> None:
    snapshot = bench.pair([bench.line(UNKNOWN, 600), bench.line(bench.into_hub, 500)])
    logs = bench.logs("hub", bench.line(UNKNOWN, 600), bench.line(UNKNOWN + 1, 400))
    turned = structs.replace(
        snapshot,
        devices=tuple(structs.replace(d, captures=d.captures[::-1]) for d in reversed(snapshot.devices)),
    )
    found = {text(bench.audit(*order)) for s in (snapshot, turned) for order in permutations([s, logs])}
    assert len(found) == 1


def test_ids_are_unique_and_stay(bench: Any) -> None:
    lines = [bench.line(UNKNOWN + n % 3, 600 - 7 * n, source=f"203.0.113.{n % 4}") for n in range(40)]
    whole = bench.audit(bench.pair(lines))
    part = bench.audit(bench.pair(lines[20:]))
    for name in ("tunnels", "events", "episodes", "diagnoses", "findings", "remediations"):
        ids = [x.id for x in getattr(whole, name)]
        assert len(ids) == len(set(ids)), name
    assert {e.id for e in part.events} <= {e.id for e in whole.events}
    assert {t.id for t in part.tunnels} == {t.id for t in whole.tunnels}
    assert {d.id for d in part.diagnoses} <= {d.id for d in whole.diagnoses}


def test_what_is_referred_to_is_there(bench: Any) -> None:
    audit = bench.audit(bench.pair([bench.line(UNKNOWN, n) for n in range(600, 0, -60)]))
    assert audit.diagnoses
    episodes, remediations = {e.id for e in audit.episodes}, {r.id for r in audit.remediations}
    assert {e.episode for e in audit.events} == episodes
    for diagnosis in audit.diagnoses:
        assert set(diagnosis.episodes) <= episodes
        assert set(diagnosis.remediations) <= remediations
        assert diagnosis.evidence
        for evidence in diagnosis.evidence:
            assert evidence.line is None or evidence.text


def test_summary_and_source(bench: Any) -> None:
    audit = bench.audit(bench.pair([bench.line(UNKNOWN, 600)]))
    assert (audit.summary.devices, audit.summary.tunnels, audit.summary.events) == (2, 1, 1)
    assert audit.summary.diagnoses == len(audit.diagnoses)
    assert audit.summary.unknown == sum(1 for f in audit.findings if f.status == "UNKNOWN")
    assert (audit.source.kind, audit.source.path) == ("snapshot", "x"), "a base name"
    assert (audit.source.from_, audit.source.to) == ("2026-03-10T01:50:00.000Z", "2026-03-10T02:00:00.000Z")


@pytest.mark.parametrize("kinds", list(permutations(("logs", "show-tech", "session", "folder"), 2)))
def test_the_kind_of_several_sources_does_not_depend_on_their_order(bench: Any, kinds: tuple[str, str]) -> None:
    hub = bench.snapshot(bench.device("hub"), at=None, kind=kinds[0])
    spoke = bench.snapshot(bench.device("spoke"), at=None, kind=kinds[1])
    assert bench.audit(hub, spoke).source.kind == bench.audit(spoke, hub).source.kind


def test_problems_of_sources_are_told(bench: Any) -> None:
    problem = Problem(file="b.txt", problem="cannot be told apart", line=3)
    device = bench.device("hub", bench.answers("hub") | {"show something else": "words\n"})
    audit = bench.audit(structs.replace(bench.snapshot(device), problems=(problem,)))
    assert ("b.txt", 3, "cannot be told apart") in {(p.file, p.line, p.problem) for p in audit.problems}
    assert any("show something else" in p.problem for p in audit.problems)
    assert is_incomplete(audit)


def test_a_platform_that_cannot_be_told(bench: Any) -> None:
    device = structs.replace(bench.device("box", {"show clock": "it is late\n"}), platform=None)
    audit = bench.audit(bench.snapshot(device))
    assert audit.devices[0].assessable is False
    assert [p.problem for p in audit.problems] == ["the platform cannot be told from the captures"]


def test_a_trace_is_dated_by_the_devices_clock(bench: Any) -> None:
    trace = (
        "Mar 10 01:40:00.000: IPSEC-EVENT:IPSEC-CREATE-SA:  sa create : (sa) sa_dest= 192.0.2.1, sa_proto= 50, "
        "sa_spi= 0x3344AA55(860138069)\n"
    )
    answers = bench.answers("hub") | {"show monitor event-trace crypto ipsec event all": trace}
    read = read_devices([bench.snapshot(bench.device("hub", answers))], bench.at)
    assert [t.at for _, t in read.devices[0].traces] == [datetime(2026, 3, 10, 1, 40, tzinfo=UTC)]


def test_from_files(bench: Any, tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    for name in ("hub", "spoke"):
        (folder / name).mkdir(parents=True)
        for command, answer in bench.answers(name).items():
            (folder / name / f"{command.replace(' ', '_')}.txt").write_text(answer)
    audit = audit_sources([folder], Settings(), bench.at)
    assert [t.state for t in audit.tunnels] == ["up"]
    assert audit.source.path == "captures"
    log = tmp_path / "hub.log"
    log.write_text(bench.line(UNKNOWN, 600) + "\n")
    assert audit_logs([str(log)], None, Settings(), bench.at).summary.events == 1


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        read_sources([tmp_path / "missing"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="nothing in it can be read"):
        read_sources([tmp_path / "empty"])
