"""A unit of a pair, or a processor of a chassis, that took over: without its partner's SAs, or with them."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose import losses
from vpnaudit.diagnose.engine import judge
from vpnaudit.diagnose.stories import tell
from vpnaudit.model.config import ConfigInterface, Failover
from vpnaudit.model.judgement import Weighing
from vpnaudit.model.logs import LogHeader
from vpnaudit.model.system import ClockReading, FailoverState, VersionFacts
from vpnaudit.settings import Settings

SWITCHED = "REDUNDANCY-3-SWITCHOVER"
UP_S = 400 * 86_400
ON = {"failover": Failover(line=1, on=True)}
PAIRED = ConfigInterface(
    line=12,
    name="GigabitEthernet0/0",
    addresses=("192.0.2.1/24",),
    standby_addresses=("192.0.2.3",),
    crypto_map="M",
)


def unit(lab: Any, ago_s: float = 660, **said: Any) -> FailoverState:
    """What `show failover` says of a unit that became active shortly before the lines."""
    last = ClockReading(line=10, year=2026, month=3, day=10, hour=1, minute=49, second=0)
    base = {"line": 10, "on": True, "state": "Active", "last": last, "last_at": lab.ago(ago_s), "keeps_sas": False}
    return FailoverState(**{**base, **said})


def of_a_pair(lab: Any, failover: FailoverState | None, hub: Any = None) -> list[Any]:
    """The lines begin ten minutes ago; the spoke's SA is twenty minutes old, and it has no DPD."""
    one, two = lab.out_of_step(hub=hub, spoke={"dpd": "off"}, ike="spoke")
    if failover is not None:
        one.more["show failover"] = lab.facts(failover=failover)
    return [one, two]


def reset(lab: Any, routers: list[Any], header: LogHeader | None = None) -> Weighing:
    if header is None:
        fleet = lab.fleet(*routers)
    else:
        log = routers[0].device().log_captures[0]
        facts = lab.replace(log.parsed.facts, log_header=header)
        shown = lab.replace(log, parsed=lab.replace(log.parsed, facts=facts))
        fleet = lab.join([routers[0].device(shown), *(r.device() for r in routers[1:])], routers)
    (story,) = (s for s in tell(fleet) if s.receiver == "hub")
    return judge(story, fleet, Settings())[1]["reset-not-detected"]


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        pytest.param({}, "fits", id="no state link"),
        pytest.param({"keeps_sas": True}, "unlikely", id="the link carries the SAs"),
        pytest.param({"keeps_sas": None}, "open", id="nothing read of the link"),
        pytest.param({"state": "Standby Ready"}, "out", id="it stands by"),
        pytest.param({"on": False}, "out", id="failover is off"),
        pytest.param({"last_at": None}, "out", id="no date"),
        pytest.param({"ago_s": 9000}, "out", id="before the sender's SA"),
        pytest.param({"ago_s": 200}, "out", id="while the lines came"),
    ],
)
def test_a_takeover_that_show_failover_dates(lab: Any, said: dict[str, Any], verdict: str) -> None:
    found = reset(lab, of_a_pair(lab, unit(lab, **said)))
    assert found.verdict == verdict
    if verdict == "fits":
        assert "took over from its partner without the SAs" in found.because[0].text


@pytest.mark.parametrize(
    ("hub", "standby_logging", "verdict"),
    [
        pytest.param(ON, False, "open", id="logs nothing while it stands by"),
        pytest.param(ON, True, "out", id="logs then too"),
        pytest.param(ON, None, "out", id="nothing said"),
        pytest.param({"failover": Failover(line=1, on=True, link="STATE")}, False, "out", id="a state link"),
        pytest.param({"failover": Failover(line=1, on=False)}, False, "out", id="failover is off"),
        pytest.param({"interfaces": (PAIRED,)}, False, "open", id="a context with a standby address"),
        pytest.param({}, False, "out", id="no pair"),
    ],
)
def test_what_a_log_without_a_takeover_rules_out(
    lab: Any, hub: dict[str, Any], standby_logging: bool | None, verdict: str
) -> None:
    header = LogHeader(line=1, standby_logging=standby_logging)
    found = reset(lab, of_a_pair(lab, None, hub=dict(hub)), header)
    assert found.verdict == verdict
    if verdict == "open":
        assert found.would_settle[0].command == "hub: show failover"
        read = unit(lab, ago_s=90_000)
        assert reset(lab, of_a_pair(lab, read, hub=dict(hub)), header).verdict == "out"


def with_uptimes(lab: Any, processor_s: int | None) -> list[Any]:
    one, two = of_a_pair(lab, None)
    version = VersionFacts(line=1, uptime_s=UP_S, uptime="a year", processor_uptime_s=processor_s)
    one.more["show version"] = lab.facts(version=version)
    return [one, two]


@pytest.mark.parametrize(
    ("processor_s", "verdict"),
    [
        pytest.param(660, "fits", id="came up before the lines"),
        pytest.param(200, "out", id="while they came"),
        pytest.param(UP_S + 240, "out", id="minutes older, as usual"),
        pytest.param(UP_S - 240, "out", id="minutes younger"),
        pytest.param(None, "out", id="not printed"),
    ],
)
def test_a_processor_that_is_younger_than_its_chassis(lab: Any, processor_s: int | None, verdict: str) -> None:
    found = reset(lab, with_uptimes(lab, processor_s))
    assert found.verdict == verdict
    if verdict == "fits":
        assert found.confidence == "likely"  # it may have come up as the one that stands by


def test_updates_of_sas_that_came_with_errors_may_be_of_the_one_that_is_missing(lab: Any) -> None:
    """Field guide C6: a state link carries the SAs, and its counters tell of those that it lost."""
    found = reset(lab, of_a_pair(lab, unit(lab, keeps_sas=True, sa_errors=61, errors_line=34)))
    assert (found.verdict, found.confidence) == ("fits", "likely")
    assert "61 updates of SAs had come with errors" in found.because[0].text


def test_a_switchover_in_the_log(lab: Any) -> None:
    one, two = of_a_pair(lab, None)
    found = reset(lab, [one.says(SWITCHED, 660), two])
    assert (found.verdict, found.confidence) == ("fits", "proven")


def test_a_switchover_that_sas_outlived(lab: Any) -> None:
    """Of another peer: what stands of that one stood before."""
    one, two = of_a_pair(lab, None)
    one.configure(lab.stranger).pair(lab.stranger, 0x0A0B0C0D, 0x0A0B0C0E, age_s=3000).says(SWITCHED, 660)
    found = reset(lab, [one, two])
    assert found.verdict == "unlikely"
    assert "still has an SA from before that" in found.because[0].text


def test_a_switchover_is_of_the_whole_device(lab: Any) -> None:
    device = lab.router(uptime_s=None).says(SWITCHED, 660).device()
    (found,) = losses.state_losses(device)
    assert (found.peer, found.interface, found.is_takeover) == (None, None, False)
