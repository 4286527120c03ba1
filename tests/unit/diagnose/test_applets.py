"""Event manager applets that clear SAs: when they ran, whose SAs they cost, and what they answer."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose.applets import applet_runs, clearing_applets
from vpnaudit.diagnose.engine import judge
from vpnaudit.diagnose.losses import state_losses
from vpnaudit.diagnose.stories import tell
from vpnaudit.model.config import AppletCommand, EventApplet
from vpnaudit.model.judgement import Weighing
from vpnaudit.settings import Settings

SESSION = "CRYPTO-5-SESSION_STATUS"
EVENTS = "RECVD_PKT_INV_SPI"


def applet(*commands: str, event: str = "syslog", pattern: str | None = EVENTS) -> EventApplet:
    typed = tuple(AppletCommand(line=8 + n, text=c, statement=c) for n, c in enumerate(commands))
    return EventApplet(line=7, name="MEND", event=event, pattern=pattern, commands=typed)


@pytest.mark.parametrize(
    ("commands", "peers"),
    [
        (("enable", "clear crypto session"), [None]),
        (
            ("clear crypto session remote 198.51.100.7", "clear cry sa peer 203.0.113.66"),
            ["198.51.100.7", "203.0.113.66"],
        ),
        (("show crypto ipsec sa", "clear crypto sa counters", "clear counters"), []),
        ((), []),
    ],
)
def test_whose_sas_an_applet_ends(lab: Any, commands: tuple[str, ...], peers: list[str | None]) -> None:
    router = lab.router(uptime_s=None, applets=(applet(*commands),))
    device = router.says("HA_EM-6-LOG", 600, details={"applet": "MEND"}).device()
    assert [s.peer for s in applet_runs(device)] == peers
    assert [s.at for s in state_losses(device)] == [lab.ago(600)] * len(peers)


@pytest.mark.parametrize(
    ("event", "pattern", "answers"),
    [
        ("syslog", EVENTS, True),
        ("syslog", ".*%CRYPTO-4-RECVD_PKT_INV_SPI.*", True),
        ("syslog", "LINEPROTO-5-UPDOWN", False),
        ("syslog", None, False),
        ("track", None, False),
    ],
)
def test_what_starts_an_applet(lab: Any, event: str, pattern: str | None, answers: bool) -> None:
    device = lab.router(applets=(applet("clear crypto session", event=event, pattern=pattern),)).device()
    assert [c.answers_lines for c in clearing_applets(device)] == [answers]


def test_only_its_own_lines_tell_of_it(lab: Any) -> None:
    router = lab.router(applets=(applet("clear crypto session"),)).says("HA_EM-6-LOG", 600, details={"applet": "OTHER"})
    assert list(applet_runs(router.device())) == []


def flapping(lab: Any, *commands: str, logs: bool = True, answered_s: float = 0.3, **how: Any) -> list[Any]:
    """A line a minute, the applet's answer, the session down and up again at once."""
    one, two = lab.pair(hub={"applets": (applet(*commands, **how),)})
    for n, ago in enumerate(range(900, 0, -60)):
        one.line(0x33440000 + n, lab.spoke, ago)
        if logs:
            one.says("HA_EM-6-LOG", ago - answered_s, details={"applet": "MEND"})
        one.says(SESSION, ago - 0.4, details={"state": "down", "peer": lab.spoke})
        one.says(SESSION, ago - 2, details={"state": "up", "peer": lab.spoke})
    for router in (one, two):
        router.ikes["v1"] = []
    return [one, two]


def said(lab: Any, routers: list[Any]) -> dict[str, Weighing]:
    fleet = lab.fleet(*routers)
    story = max(tell(fleet), key=lambda s: sum(e.lines for e in s.episodes))
    return dict(judge(story, fleet, Settings())[1])


def test_an_applet_that_answers_every_line_is_what_flaps(lab: Any) -> None:
    found = said(lab, flapping(lab, "clear crypto session"))
    flap, loss = found["tunnel-flap"], found["packet-loss"]
    assert flap.parameters == {"applet": "MEND", "applet_of": "hub"}
    assert any("applet MEND (`clear crypto session`)" in r.text and r.evidence for r in flap.because)
    assert loss.verdict == "out"
    assert "its applet MEND ran" in loss.because[0].text


@pytest.mark.parametrize(
    ("commands", "how", "named"),
    [
        pytest.param(("clear crypto session",), {"logs": False}, "MEND", id="it logs nothing, the lines tell"),
        pytest.param(("clear crypto session remote 198.51.100.7",), {}, "MEND", id="of this peer"),
        pytest.param(("clear crypto session remote 203.0.113.66",), {}, None, id="of another peer"),
        pytest.param(("show crypto session",), {}, None, id="it only looks"),
        pytest.param(("clear crypto session",), {"answered_s": 30.0}, None, id="at other times"),
        pytest.param(("clear crypto session",), {"pattern": "UPDOWN", "logs": False}, None, id="of other lines"),
    ],
)
def test_which_applet_flaps_are_put_down_to(lab: Any, commands: tuple[str, ...], how: Any, named: str | None) -> None:
    flap = said(lab, flapping(lab, *commands, **how))["tunnel-flap"]
    assert (flap.verdict, flap.parameters.get("applet")) == ("fits", named)


def test_what_answers_a_line_did_not_cause_it(lab: Any) -> None:
    """A clear a second after the first line of a stream; one before it may have."""
    applets = {"applets": (applet("clear crypto session"),)}
    for ago_s, verdict in ((599.0, "out"), (700.0, "fits")):
        one, two = lab.out_of_step(hub=applets, spoke={"dpd": "off"}, ike="spoke")
        one.says("HA_EM-6-LOG", ago_s, details={"applet": "MEND"})
        found = said(lab, [one, two])["reset-not-detected"]
        assert found.verdict == verdict
    assert found.confidence == "likely"  # its line says that it ran, not what became of it
