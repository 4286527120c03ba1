"""Wording, verdict, joined records, timeline."""

from __future__ import annotations

import msgspec
import pytest

from vpnaudit.model.audit import Audit, AuditDpd, AuditEvent, AuditLifetime, AuditProblem
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.judgement import RuledOut, WouldSettle
from vpnaudit.report.view import verdict, wording
from vpnaudit.report.view.joined import join
from vpnaudit.report.view.timeline import MOST_LANES, timeline


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "not known"),
        (float("inf"), "not known"),
        (0, "0 s"),
        (0.42, "0.4 s"),
        (1, "1 s"),
        (59.6, "1 min"),
        (1195, "19 min 55 s"),
        (3600, "1 h"),
        (90_061, "1 d 1 h"),
        (-73.2, "-1 min 13 s"),
    ],
)
def test_durations(seconds: float | None, said: str) -> None:
    assert wording.duration(seconds) == said


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (None, None, "not known"),
        ("2026-05-01T11:40:12.000Z", None, "2026-05-01 11:40:12 UTC"),
        ("2026-05-01T11:40:12.000Z", "2026-05-01T11:40:12.000Z", "2026-05-01 11:40:12 UTC"),
        ("2026-05-01T11:40:12.000Z", "2026-05-01T12:00:07.098Z", "2026-05-01 11:40:12 to 12:00:07 UTC"),
        ("2026-05-01T23:59:00.000Z", "2026-05-02T00:01:00.000Z", "2026-05-01 23:59:00 to 2026-05-02 00:01:00 UTC"),
        ("yesterday", "2026-05-02T00:01:00.000Z", "yesterday"),
        ("0001-01-01T00:00:00+14:00", None, "0001-01-01T00:00:00+14:00"),
    ],
)
def test_spans(first: str | None, last: str | None, said: str) -> None:
    assert wording.span(first, last) == said


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (None, "not known"),
        (AuditDpd(interval_s=None, retry_s=None, mode=None), "not known"),
        (AuditDpd(interval_s=10, retry_s=3, mode="periodic"), "periodic 10/3 s"),
        (AuditDpd(interval_s=30, retry_s=None, mode="on-demand"), "on-demand 30 s"),
        (AuditDpd(interval_s=30, retry_s=5, mode=None), "mode not known 30/5 s"),
        (AuditDpd(interval_s=10, retry_s=3, mode="off"), "off"),
    ],
)
def test_dpd(setting: AuditDpd | None, said: str) -> None:
    assert wording.dpd(setting) == said


@pytest.mark.parametrize(
    ("setting", "ipsec", "ike"),
    [
        (None, "not known", "not known"),
        (AuditLifetime(ike_s=None, ipsec_s=None, ipsec_kb=None), "not known", "not known"),
        (AuditLifetime(ike_s=86_400, ipsec_s=3600, ipsec_kb=4_608_000), "1 h, 4,608,000 kB", "1 d"),
        (AuditLifetime(ike_s=None, ipsec_s=None, ipsec_kb=0), "0 kB", "not known"),
    ],
)
def test_lifetimes(setting: AuditLifetime | None, ipsec: str, ike: str) -> None:
    assert (wording.ipsec_lifetime(setting), wording.ike_lifetime(setting)) == (ipsec, ike)


@pytest.mark.parametrize(
    ("seconds", "within_s", "synchronized", "said"),
    [
        (None, None, None, "not known"),
        (1.25, 1.0, True, "+1.2 s, synchronized"),
        (-73.2, None, False, "-73.2 s, not synchronized"),
        (0.0, 50_402.0, True, "+0.0 s to within 14 h 2 s, synchronized"),
    ],
)
def test_clock_offsets(seconds: float | None, within_s: float | None, *, synchronized: bool | None, said: str) -> None:
    assert wording.offset(seconds, synchronized=synchronized, within_s=within_s) == said


def _with_states(audit: Audit, *states: str) -> Audit:
    tunnels = tuple(
        msgspec.structs.replace(audit.tunnels[1], id=f"t{n}", state=state) for n, state in enumerate(states)
    )
    return msgspec.structs.replace(audit, tunnels=tunnels, diagnoses=(), episodes=())


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (("up", "idle", "down"), "None of 3 tunnels is seen out of step now, and 1 is down"),
        (("one-sided", "one-sided", "up"), "2 of 3 tunnels are out of step now"),
        (("one-sided",), "The only tunnel is out of step now"),
        (("idle",), "The only tunnel is not seen out of step now"),
        (("up", "unknown"), "None of 2 tunnels is seen out of step now; for 1 it cannot be told"),
        (("unknown", "unknown"), "Whether any of 2 tunnels is out of step now cannot be told from this source"),
        (("unknown",), "Whether the only tunnel is out of step now cannot be told from this source"),
    ],
)
def test_headlines(states: tuple[str, ...], said: str, typical: Audit) -> None:
    assert verdict.headline(join(_with_states(typical, *states))) == said


def test_tables_that_a_log_outruns_say_nothing_of_now(typical: Audit) -> None:
    source = msgspec.structs.replace(typical.source, to="2099-01-01T00:00:00.000Z")
    said = verdict.headline(join(msgspec.structs.replace(_with_states(typical, "idle"), source=source)))
    read_at = wording.clock(typical.generated_at)
    assert said == f"The only tunnel is not seen out of step as the tables were read, at {read_at}"


def test_a_high_diagnosis_puts_its_tunnel_out_of_step_whatever_its_state(typical: Audit) -> None:
    up = msgspec.structs.replace(typical.tunnels[0], state="up")
    joined = join(msgspec.structs.replace(typical, tunnels=(up, *typical.tunnels[1:])))
    assert [t.out_of_step for t in joined.tunnels] == [True, False, False, False]


def test_logs_alone_give_no_word_on_the_tunnels(typical: Audit) -> None:
    logs = msgspec.structs.replace(typical, tunnels=(), devices=())
    assert verdict.headline(join(logs)) == (
        "24 invalid-SPI log lines, but no SA table was read: whether a tunnel is out of step now cannot be told"
    )


def test_sa_tables_without_a_tunnel_are_not_said_to_be_missing(typical: Audit) -> None:
    bare = msgspec.structs.replace(typical, tunnels=())
    assert verdict.headline(join(bare)) == (
        "24 invalid-SPI log lines, but the SA tables that were read show no tunnel: whether one is out of step cannot "
        "be told"
    )


def test_what_was_used_and_has_to_be_known_is_a_caveat_and_not_unused(typical: Audit) -> None:
    told = AuditProblem(file="hub - Copy", line=None, problem="is hub once more", lost=False)
    joined = join(msgspec.structs.replace(typical, problems=(told,)))
    assert "hub - Copy: is hub once more." in verdict.caveats(joined)
    assert joined.not_used == ()


def test_devices_without_tunnels(typical: Audit) -> None:
    bare = msgspec.structs.replace(typical, tunnels=(), events=())
    assert verdict.headline(join(bare)) == "No tunnel and no invalid-SPI log line was found on 5 devices"


def test_a_device_that_cannot_be_assessed_is_named(typical: Audit) -> None:
    device = msgspec.structs.replace(typical.devices[0], name="nx1", assessable=False)
    said = verdict.caveats(join(msgspec.structs.replace(typical, devices=(device,), problems=())))
    assert said == ("Not assessable, which is not the same as healthy: nx1.",)


def test_spis_of_both_ends_are_set_side_by_side(typical: Audit) -> None:
    views = join(typical).tunnels
    seen = [[(w.sender, w.receiver, [r.seen_at for r in w.rows]) for w in v.directions] for v in views]
    assert seen == [
        [("hub1", "branch7", ["receiver only"]), ("branch7", "hub1", ["sender only"])],
        [("hub1", "branch8", ["both ends"]), ("branch8", "hub1", ["both ends"])],
        [("hub2", "198.51.100.9", ["one end seen"]), ("198.51.100.9", "hub2", ["one end seen"])],
        [],
    ]


def test_an_end_whose_sa_table_was_not_read_is_not_said_to_lack_an_spi(typical: Audit) -> None:
    devices = tuple(msgspec.structs.replace(d, parse={}) if d.name == "hub1" else d for d in typical.devices)
    view = join(msgspec.structs.replace(typical, devices=devices)).tunnels[0]
    assert {r.seen_at for w in view.directions for r in w.rows} == {"one end seen"}
    assert all(r.fits for w in view.directions for r in w.rows)


def test_what_rules_a_cause_out_is_said_with_its_line() -> None:
    line = Evidence(
        device="hub", command="show version", file="hub/show_version.txt", line=7, text="hub uptime is 3 weeks"
    )
    whole = Evidence(device="hub", command="show logging", file="hub/show_logging.txt")
    ruled = RuledOut(cause="reset-not-detected", because="hub is up since May", evidence=(line, whole, line))
    assert wording.against(ruled) == "hub is up since May (hub/show_version.txt:7, hub/show_logging.txt)"
    assert wording.against(msgspec.structs.replace(ruled, evidence=())) == "hub is up since May"


def test_open_points_are_grouped_by_the_command_that_settles_them(typical: Audit) -> None:
    groups = join(typical).open_groups
    assert [(g.command, g.settles, g.devices) for g in groups] == [
        ("show crypto ipsec sa detail", 2, ("branch9",)),
        (None, 1, ()),
        ("show memory statistics", 1, ("branch8",)),
    ]


def test_a_command_in_back_quotes_needs_no_other_mention(typical: Audit) -> None:
    finding = msgspec.structs.replace(
        typical.findings[3], because="`show crypto eli` on hub1 would settle it: is the engine full?"
    )
    audit = msgspec.structs.replace(typical, findings=(finding,), diagnoses=())
    assert [g.command for g in join(audit).open_groups] == ["show crypto eli"]


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (" on the peer 192.0.2.9 (not collected) would settle it: how.", "the peer 192.0.2.9 (not collected)"),
        (" on hub1 on another day, audited as well, would settle it: so.", "hub1 on another day, audited as well"),
        (" tells.", "branch8"),
    ],
    ids=["the other end", "another day", "no place"],
)
def test_an_open_check_is_asked_where_its_sentence_says(typical: Audit, asked: str, where: str) -> None:
    finding = msgspec.structs.replace(typical.findings[3], because=f"`show crypto eli`{asked}")
    finding = msgspec.structs.replace(finding, subject=msgspec.structs.replace(finding.subject, devices=("branch8",)))
    audit = msgspec.structs.replace(typical, findings=(finding,), diagnoses=())
    assert [g.devices for g in join(audit).open_groups] == [(where,)]


def test_a_reference_that_leads_nowhere_is_left_out(typical: Audit) -> None:
    diagnosis = msgspec.structs.replace(
        typical.diagnoses[0],
        episodes=("gone",),
        remediations=("gone",),
        would_settle=(WouldSettle(question="what?"),),
        subject=msgspec.structs.replace(typical.diagnoses[0].subject, tunnel="gone"),
    )
    story = join(msgspec.structs.replace(typical, diagnoses=(diagnosis,))).stories[0]
    assert (story.episodes, story.remedies, story.lines, story.where) == ((), (), 0, "gone")
    assert timeline(story) is None


def _at(audit: Audit, *times: str | None) -> Audit:
    """The first diagnosis with one episode a time."""
    base = audit.episodes[0]
    episodes = tuple(msgspec.structs.replace(base, id=f"e{n}", first=t, last=t) for n, t in enumerate(times))
    ids = tuple(e.id for e in episodes)
    diagnosis = msgspec.structs.replace(audit.diagnoses[0], episodes=ids)
    event = audit.events[-1]
    events: tuple[AuditEvent, ...] = tuple(
        msgspec.structs.replace(event, id=i, episode=i, time=t) for i, t in zip(ids, times, strict=True)
    )
    return msgspec.structs.replace(audit, episodes=episodes, events=events, diagnoses=(diagnosis,))


@pytest.mark.parametrize(
    ("times", "labels"),
    [
        (("2026-05-01T12:00:07.000Z",), ["11:59:45", "12:00:00", "12:00:15", "12:00:30"]),
        (("2026-05-01T11:40:00.000Z", "2026-05-01T12:00:00.000Z"), ["11:40", "11:45", "11:50", "11:55", "12:00"]),
        (("2026-05-01T00:00:00.000Z", "2026-05-03T12:00:00.000Z"), ["2026-05-01", "2026-05-02", "2026-05-03"]),
        (("2026-05-01T06:00:00.000Z", "2026-05-02T18:00:00.000Z"), ["05-01 12:00", "05-02 00:00", "05-02 12:00"]),
    ],
)
def test_the_axis_has_round_times(times: tuple[str, ...], labels: list[str], typical: Audit) -> None:
    drawn = timeline(join(_at(typical, *times)).stories[0])
    assert drawn is not None
    assert [t.label for t in drawn.ticks] == labels


@pytest.mark.parametrize(
    "times",
    [
        ("0001-01-01T00:00:00.000Z",),
        ("9999-12-31T23:59:59.999Z",),
        ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
        ("2026-05-01T12:00:07.000Z", None, "no time"),
    ],
)
def test_any_times_stay_inside_the_drawing(times: tuple[str | None, ...], typical: Audit) -> None:
    drawn = timeline(join(_at(typical, *times)).stories[0])
    assert drawn is not None
    places = [lane.x for lane in drawn.lanes] + [m.x for lane in drawn.lanes for m in lane.marks]
    assert all(0 <= x <= 100 for x in [*places, *(t.x for t in drawn.ticks)])
    assert all(lane.width >= 0 for lane in drawn.lanes)


def test_many_episodes_and_a_flood_of_lines_stay_small(typical: Audit) -> None:
    times = [f"2026-05-01T12:{n % 60:02d}:00.000Z" for n in range(40)]
    drawn = timeline(join(_at(typical, *times)).stories[0])
    assert drawn is not None
    assert (len(drawn.lanes), drawn.more) == (MOST_LANES, 40 - MOST_LANES)
    flood = msgspec.structs.replace(
        typical, events=tuple(msgspec.structs.replace(typical.events[-1], id=str(n)) for n in range(5000))
    )
    story = timeline(join(flood).stories[0])
    assert story is not None
    assert [m.said for m in story.lanes[0].marks] == ["2026-05-01 11:59:07 UTC, 5000 lines"]


@pytest.mark.parametrize(
    ("offset_s", "said"),
    [(None, None), (-2.0, None), (-18_120.0, "(5 h 2 min behind), "), (2820.0, "(47 min ahead), ")],
)
def test_lines_by_a_clock_that_is_wrong_say_whose(typical: Audit, offset_s: float | None, said: str | None) -> None:
    """Elsewhere in the story times are on the common clock."""
    first = join(typical).stories[0]
    logger = first.episodes[0].device
    devices = [msgspec.structs.replace(d, clock_offset_s=offset_s) for d in typical.devices if d.name == logger]
    (when, *_) = (s.when for s in join(msgspec.structs.replace(typical, devices=tuple(devices))).stories)
    assert when == first.when if said is None else f", by {logger}'s clock {said}" in when
