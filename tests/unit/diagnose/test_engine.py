"""Which cause wins, how sure and how bad it is, and how stories become diagnoses."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose import all_causes, diagnose
from vpnaudit.diagnose.engine import judge
from vpnaudit.diagnose.stories import tell
from vpnaudit.model.judgement import CONFIDENCES, SEVERITIES, Diagnosis
from vpnaudit.settings import Settings, Thresholds

SPIS = 0x4000_0001


def one(found: tuple[Diagnosis, ...]) -> Diagnosis:
    (diagnosis,) = found
    return diagnosis


def out_of_step(lab: Any, *, reload: bool, lifetime: bool, ike: str) -> list[Any]:
    """The hub lost its SAs; the signs of each reason may be there together."""
    hub = lab.router("hub", lab.hub, uptime_s=1500 if reload else 30 * 86_400).configure(lab.spoke)
    spoke = lab.router("spoke", lab.spoke, dpd="off", life_s=28_800 if lifetime else None).configure(lab.hub)
    spoke.pair(lab.hub, lab.into_spoke, lab.lost, age_s=5000 if lifetime else 2000)
    if ike in {"both", "hub"}:
        hub.ike(lab.spoke, version="v2", age_s=50_000)
    if ike in {"both", "spoke"}:
        spoke.ike(lab.hub, version="v2", age_s=50_000)
    return [hub.line(lab.lost, lab.spoke, *range(1380, 0, -60)), spoke]


@pytest.mark.parametrize(
    ("reload", "lifetime", "ike", "cause"),
    [
        (True, True, "both", "reset-not-detected"),
        (True, True, "none", "reset-not-detected"),
        (True, False, "both", "reset-not-detected"),
        (True, False, "none", "reset-not-detected"),
        (False, True, "both", "lifetime-mismatch"),
        (False, True, "none", "lifetime-mismatch"),
        (False, False, "both", "delete-lost"),
        (False, False, "spoke", "missing-ike-sa"),
        (False, False, "none", "missing-ike-sa"),
        (False, False, "hub", "insufficient-evidence"),
    ],
)
def test_the_first_that_explains_why_the_receiver_has_no_sa(
    lab: Any, reload: bool, lifetime: bool, ike: str, cause: str
) -> None:
    diagnosis = one(lab.diagnose(*out_of_step(lab, reload=reload, lifetime=lifetime, ike=ike)))
    assert diagnosis.cause == cause
    told = {r.cause for r in diagnosis.ruled_out}
    others = {"reset-not-detected", "lifetime-mismatch", "delete-lost", "missing-ike-sa"} - {cause}
    assert others <= told, "the others stand in ruled_out, by which line"


@pytest.mark.parametrize(
    ("without", "cause"),
    [
        pytest.param("show version", "insufficient-evidence", id="was it reloaded?"),
        pytest.param("show running-config", "insufficient-evidence", id="do the lifetimes differ?"),
    ],
)
def test_the_last_resort_waits_for_what_would_go_first(lab: Any, without: str, cause: str) -> None:
    routers = out_of_step(lab, reload=False, lifetime=False, ike="none")
    for router in routers:
        router.without.add(without)
    diagnosis = one(lab.diagnose(*routers))
    assert diagnosis.cause == cause
    assert any(without in (w.command or "") for w in diagnosis.would_settle)


COMMANDS = (
    "show version",
    "show running-config",
    "show crypto isakmp sa",
    "show crypto ikev2 sa",
    "show crypto ipsec sa",
    "show logging",
    "show memory statistics",
    "show interfaces",
    "show clock",
)


def without(routers: list[Any], at: int, command: str) -> list[Any]:
    if at < len(routers):
        routers[at].without.add(command)
    return routers


@pytest.mark.parametrize("command", COMMANDS)
def test_never_likely_while_an_earlier_rival_is_open(lab: Any, stories: Any, command: str) -> None:
    """In every story, with any one answer missing at either end."""
    for case in stories.cases.values():
        for story in (*case.first.values(), *case.ruled_out.values()):
            for at in range(2):
                fleet = lab.fleet(*without(story(lab), at, command))
                for diagnosis in diagnose(fleet, Settings()):
                    if diagnosis.confidence == "likely":
                        assert not all(_open_before(fleet, diagnosis, s) for s in diagnosis.stories)


def _open_before(fleet: Any, diagnosis: Diagnosis, story: Any) -> bool:
    _, weighings = judge(story, fleet, Settings())
    order = {c.name: c.order for c in all_causes()}
    return any(w.verdict == "open" and order[n] < order[diagnosis.cause] for n, w in weighings.items())


def test_dpd_that_should_have_noticed_is_not_proven(lab: Any, stories: Any) -> None:
    found = {
        mode: one(lab.diagnose(*stories.reloaded(lab, spoke_dpd=mode))) for mode in ("off", "on-demand", "periodic")
    }
    assert {m: d.confidence for m, d in found.items()} == {"off": "proven", "on-demand": "proven", "periodic": "likely"}
    assert any("should end this by itself" in r.text for r in found["periodic"].because)


@pytest.mark.parametrize(("mode", "words"), [("periodic", "went on until its DPD noticed"), ("off", "did not notice")])
def test_dpd_that_noticed_is_said_to(lab: Any, mode: str, words: str) -> None:
    """One line after the reload, and both ends have SAs again."""
    one_, two = lab.pair(hub={"uptime_s": 3000}, spoke={"dpd": mode})
    one_.line(lab.lost, lab.spoke, 2960)
    assert one(lab.diagnose(one_, two)).title.endswith(words)


def test_damage_without_errors_is_only_possible(lab: Any, stories: Any) -> None:
    assert one(lab.diagnose(*stories.damaged(lab, 0))).confidence == "possible"


def many(lab: Any, broken: int, sound: int) -> list[Any]:
    """A hub with so many spokes out of step and so many in order."""
    hub = lab.router("hub", lab.hub)
    routers = [hub]
    for n in range(broken + sound):
        address = f"198.51.100.{100 + n}"
        spoke = lab.router(f"spoke-{n}", address).configure(lab.hub)
        hub.configure(address)
        spoke.pair(lab.hub, SPIS + 2 * n, SPIS + 1 + 2 * n).ike(lab.hub, age_s=50_000)
        if n >= broken:
            hub.pair(address, SPIS + 1 + 2 * n, SPIS + 2 * n)
        hub.ike(address, age_s=50_000)
        routers.append(spoke)
    return routers


@pytest.mark.parametrize(
    ("broken", "sound", "severity"),
    [
        pytest.param(3, 9, "critical", id="3 of 12, a quarter"),
        pytest.param(3, 10, "high", id="3 of 13"),
        pytest.param(2, 0, "high", id="2 of 2"),
        pytest.param(10, 32, "critical", id="10 of 42"),
        pytest.param(9, 32, "high", id="9 of 41"),
        pytest.param(1, 0, "high", id="one"),
    ],
)
def test_critical_is_many_tunnels_now(lab: Any, broken: int, sound: int, severity: str) -> None:
    found = lab.diagnose(*many(lab, broken, sound))
    assert len(found) == broken
    assert {d.severity for d in found} == {severity}


def test_critical_by_settings(lab: Any) -> None:
    settings = Settings(thresholds=Thresholds(critical_tunnels=1))
    assert {d.severity for d in lab.diagnose(*many(lab, 1, 5), settings=settings)} == {"critical"}


def healed(lab: Any, spi: int, source: str) -> list[Any]:
    """Such lines a day ago, and both ends agree now."""
    hub, spoke = lab.pair()
    for router in (hub, spoke):
        router.ikes["v1"] = [lab.replace(ike, active_s=86_000) for ike in router.ikes["v1"]]
    return [hub.line(spi, source, *range(80_000, 79_000, -60)), spoke]


def test_severity_while_it_goes_on_and_when_healed(lab: Any, stories: Any) -> None:
    now, then = one(lab.diagnose(*stories.told_by_ike(lab))), one(lab.diagnose(*healed(lab, lab.lost, lab.spoke)))
    assert (now.cause, now.severity, then.cause, then.severity) == ("delete-lost", "high", "delete-lost", "medium")


def test_low_severity_while_it_goes_on_and_when_it_is_over(lab: Any) -> None:
    hub, spoke = lab.pair()
    now = one(lab.diagnose(hub.line(0x12345678, lab.stranger, 100), spoke))
    then = one(lab.diagnose(*healed(lab, 0x12345678, lab.stranger)))
    assert (now.severity, then.severity) == ("medium", "low")
    assert now.cause == then.cause == "unconfigured-source"


def test_normal_and_frequent_keep_their_severity(lab: Any, stories: Any) -> None:
    assert one(lab.diagnose(*stories.met_a_rekey(lab))).severity == "info"
    assert one(lab.diagnose(*stories.busy(lab))).severity == "medium"


def test_a_healthy_pair_has_no_diagnosis(lab: Any) -> None:
    assert lab.diagnose(*lab.pair()) == ()


def test_a_tunnel_out_of_step_of_which_no_line_speaks(lab: Any) -> None:
    routers = lab.out_of_step()
    routers[0].messages = []
    diagnosis = one(lab.diagnose(*routers))
    assert (diagnosis.severity, diagnosis.subject.tunnel) == ("high", f"{lab.hub}-{lab.spoke}")
    assert diagnosis.stories[0].episodes == ()
    assert diagnosis.subject.source == lab.spoke


def test_one_diagnosis_a_story_of_one_cause_and_tunnel(lab: Any, stories: Any) -> None:
    found = lab.diagnose(*stories.outages(lab))
    assert len(found) == 1
    assert len({e.spi for s in found[0].stories for e in s.episodes}) == 3
    assert found[0].id == f"packet-loss {lab.hub}-{lab.spoke}"


def test_ids_are_cause_and_tunnel_or_source(lab: Any, stories: Any) -> None:
    hub, spoke = stories.stranger(lab)
    hub.line(0x12345678, "203.0.113.67", 390).line(0x12345679, "203.0.113.67", 300)
    found = lab.diagnose(hub, spoke)
    assert [d.id for d in found] == [
        "unconfigured-source source 203.0.113.67",
        f"unconfigured-source source {lab.stranger}",
    ]
    assert {d.subject.source for d in found} == {"203.0.113.67", lab.stranger}


def test_an_outage_before_one_stream_explains_that_one_only(lab: Any, stories: Any) -> None:
    found = {d.cause: d for d in lab.diagnose(*stories.outages(lab, of=(0,)))}
    assert len([e for s in found["packet-loss"].stories for e in s.episodes]) == 1
    assert set(found) > {"packet-loss"}


def test_sorted_by_severity_confidence_and_last_event(lab: Any, stories: Any) -> None:
    hub, spoke = stories.told_by_ike(lab)
    for n, ago_s in enumerate((9000, 4000, 7000)):
        hub.line(0x1000 + n, f"203.0.113.{n + 1}", ago_s)
    hub.line(0x77B40000, "203.0.113.9", 8000)
    found = lab.diagnose(hub, spoke)
    keys = [(SEVERITIES.index(d.severity), CONFIDENCES.index(d.confidence)) for d in found]
    assert keys == sorted(keys)
    assert [d.subject.source for d in found] == [
        lab.spoke,
        "203.0.113.9",
        "203.0.113.2",
        "203.0.113.3",
        "203.0.113.1",
    ]


def test_an_episode_that_is_proven_speaks_for_older_ones_of_its_kind(lab: Any) -> None:
    """The first stream's SA has left every table; the second is the sender's current one. One diagnosis, one title."""
    hub, spoke = lifetimes_twice(lab)
    diagnosis = one(lab.diagnose(hub, spoke))
    assert (diagnosis.cause, diagnosis.confidence) == ("lifetime-mismatch", "proven")
    assert len(diagnosis.stories) == 2
    assert diagnosis.title


def lifetimes_twice(lab: Any) -> list[Any]:
    hub = lab.router("hub", lab.hub, logging_session=False).configure(lab.spoke)
    spoke = lab.router("spoke", lab.spoke, life_s=28_800).configure(lab.hub)
    spoke.pair(lab.hub, lab.into_spoke, lab.lost, remaining_s=23_800).ike(lab.hub, version="v2")
    hub.line(0x3344AA55, lab.spoke, *range(20_000, 16_000, -60))
    return [hub.line(lab.lost, lab.spoke, *range(1380, 0, -60)), spoke]


def test_every_story_has_a_cause_and_every_other_its_word(lab: Any, stories: Any) -> None:
    for case in stories.cases.values():
        for build in case.first.values():
            fleet = lab.fleet(*build(lab))
            for story in tell(fleet):
                winner, weighings = judge(story, fleet, Settings())
                assert set(weighings) == {c.name for c in all_causes()}
                assert weighings[winner.name].verdict == "fits"
                for weighing in weighings.values():
                    assert weighing.because or weighing.would_settle


def test_two_set_ups_that_stand_in_two_sources_are_no_flap(lab: Any, stories: Any) -> None:
    """Buffer and syslog file have the same lines: two set-ups, not four."""
    routers = stories.flapping(lab, 2)
    (buffer,) = routers[0].device().log_captures
    copy = lab.replace(buffer, capture=lab.replace(buffer.capture, command="syslog", file="syslog.log"))
    fleet = lab.join([routers[0].device(buffer, copy), routers[1].device()], routers)
    assert "tunnel-flap" not in {d.cause for d in diagnose(fleet, Settings())}


def test_a_table_that_was_not_read_lacks_nothing(lab: Any, stories: Any) -> None:
    """Without the receiver's SA table its refusal is known from the log; nothing is proven by the table."""
    for build in (stories.told_by_ike, lambda lab: stories.told_by_ike(lab, ike="spoke")):
        routers = build(lab)
        routers[0].without.add("show crypto ipsec sa")
        diagnosis = one(lab.diagnose(*routers))
        assert diagnosis.confidence != "proven"
        assert not any("lacks" in r.text for r in diagnosis.because)


@pytest.mark.parametrize(
    ("version", "missing", "named"),
    [
        ("v1", "show crypto isakmp sa", False),
        ("v2", "show crypto ikev2 sa", False),
        ("v1", "show crypto ikev2 sa", True),
        ("v2", "show crypto isakmp sa", True),
    ],
)
def test_only_the_table_of_the_version_in_use_shows_that_there_is_no_ike_sa(
    lab: Any, version: str, missing: str, named: bool
) -> None:
    routers = lab.out_of_step(version=version, ike="spoke")
    routers[0].without.add(missing)
    diagnosis = one(lab.diagnose(*routers))
    assert (diagnosis.cause == "missing-ike-sa") is named
    if not named:
        assert f"hub: {missing}" in {w.command for w in diagnosis.would_settle}


def test_without_a_log_a_clear_is_not_ruled_out(lab: Any) -> None:
    routers = lab.out_of_step(ike="spoke")
    routers[0].without.add("show logging")
    diagnosis = one(lab.diagnose(*routers))
    assert diagnosis.cause == "insufficient-evidence"
    assert "hub: show logging" in {w.command for w in diagnosis.would_settle}
