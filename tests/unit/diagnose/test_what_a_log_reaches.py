"""A log that begins with the lines does not say what was before them: what its silence ruled out is open again.

Nor do times of an end whose clock is not known say anything of the other end's.
"""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose.engine import judge
from vpnaudit.diagnose.stories import tell
from vpnaudit.model.config import ConfigInterface
from vpnaudit.model.judgement import Weighing
from vpnaudit.settings import Settings

CUT: dict[str, Any] = {"log_since_s": None}
WHOLE: dict[str, Any] = {"log_since_s": None, "logged": 10}
LINES_S = tuple(range(600, 0, -60))
VIRTUAL = "192.0.2.9"
NO_CLOCK: dict[str, Any] = {"without": {"show clock", "show ntp status"}, "manifest": False}


def said_by(lab: Any, cause: str, routers: list[Any]) -> Weighing:
    """What the cause says of the story of these routers that has the most lines."""
    fleet = lab.fleet(*routers)
    story = max(tell(fleet), key=lambda s: sum(e.lines for e in s.episodes))
    return judge(story, fleet, Settings())[1][cause]


def stale(lab: Any, hub: Any = None, **how: Any) -> list[Any]:
    return list(lab.out_of_step(hub=hub, **how))


def of_another_peer(lab: Any) -> list[Any]:
    """The log goes back for hours, by lines of another peer with an invalid SPI alone."""
    one, two = lab.out_of_step(hub=CUT)
    return [one.configure(lab.stranger).line(0x0A0B0C0D, lab.stranger, 9000, destination=lab.hub), two]


def keeps_longer(lab: Any, hub: Any) -> list[Any]:
    """The sender's SA was set up 5,000 s ago, and the receiver keeps one for 3,600 s."""
    one, two = lab.out_of_step(version="v2", hub=hub, spoke={"life_s": 28_800}, ike="spoke")
    two.sas, two.flows = [], []
    return [one, two.pair(lab.hub, lab.into_spoke, lab.lost, age_s=5000)]


def undated_ike(lab: Any) -> list[Any]:
    one, two = lab.out_of_step(ike="spoke")
    return [one.ike(lab.spoke, active_s=None, lifetime_s=None), two]


def over(lab: Any, age_s: float) -> list[Any]:
    """Lines for some minutes, over by now; both ends hold one pair, of this age."""
    one = lab.router("hub", lab.hub).configure(lab.spoke).ike(lab.spoke, age_s=50_000)
    two = lab.router("spoke", lab.spoke).configure(lab.hub).ike(lab.hub, age_s=50_000)
    one.pair(lab.spoke, lab.into_hub, lab.into_spoke, age_s=age_s)
    two.pair(lab.hub, lab.into_spoke, lab.into_hub, age_s=age_s)
    return [one.line(lab.lost, lab.spoke, *LINES_S), two]


def standby(lab: Any, *, took_over: bool, gave_back: bool = False) -> list[Any]:
    """A member of a pair, of which the partner was not collected."""
    interface = ConfigInterface(
        line=12, name=lab.outside, addresses=(f"{lab.hub}/24",), standby_addresses=(VIRTUAL,), crypto_map="M"
    )
    one = lab.router("hub", lab.hub, interfaces=(interface,)).configure(lab.spoke)
    two = lab.router("spoke", lab.spoke).configure(VIRTUAL).ike(VIRTUAL)
    two.pair(VIRTUAL, lab.into_spoke, lab.lost, age_s=1200)
    if took_over:
        one.says("HSRP-5-STATECHANGE", 620, interface=lab.outside, details={"state": "Active"})
    if gave_back:
        one.says("HSRP-5-STATECHANGE", 60, interface=lab.outside, details={"state": "Speak"})
    return [one.line(lab.lost, lab.spoke, *LINES_S, destination=VIRTUAL), two]


def two_boxes(lab: Any, age_s: int | None) -> list[Any]:
    """Two IKE SAs with one address, from two ports; the younger one is `age_s` old."""
    one = lab.router("hub", lab.hub).configure(lab.spoke)
    for n, (port, age) in enumerate(((4500, 50_000), (61_002, age_s))):
        one.pair(lab.spoke, 0x1001 + n, 0x2001 + n, peer_port=port)
        one.ike(lab.spoke, remote_port=port, age_s=age)
    return [one.line(lab.lost, lab.spoke, *LINES_S)]


def stranger(lab: Any, *ago_s: float) -> list[Any]:
    one, two = lab.pair()
    return [one.line(0x0BADF00D, lab.stranger, *ago_s), two]


def failed_before(lab: Any, hub: Any) -> list[Any]:
    """No line, and a failure of yesterday: long before the SA that the sender keeps."""
    one, two = lab.out_of_step(hub=hub)
    one.messages = []
    return [one.says("SYS-2-MALLOCFAIL", 86_400), two]


@pytest.mark.parametrize(
    ("cause", "build", "verdict"),
    [
        pytest.param("reset-not-detected", stale, "out", id="reset: the log reaches back"),
        pytest.param("reset-not-detected", lambda lab: stale(lab, CUT), "open", id="reset: it begins with the lines"),
        pytest.param("reset-not-detected", lambda lab: stale(lab, WHOLE), "out", id="reset: it has lost no line"),
        pytest.param("reset-not-detected", of_another_peer, "open", id="reset: it has events alone"),
        pytest.param("lifetime-mismatch", lambda lab: keeps_longer(lab, {}), "out", id="lifetime: began later"),
        pytest.param("lifetime-mismatch", lambda lab: keeps_longer(lab, CUT), "open", id="lifetime: perhaps earlier"),
        pytest.param("missing-ike-sa", lambda lab: stale(lab, ike_age_s=1000), "out", id="IKE: older than the lines"),
        pytest.param(
            "missing-ike-sa",
            lambda lab: stale(lab, CUT, ike_age_s=1000),
            "open",
            id="IKE: than the lines that are left",
        ),
        pytest.param("missing-ike-sa", lambda lab: stale(lab, CUT), "out", id="IKE: older than the SA"),
        pytest.param("missing-ike-sa", undated_ike, "open", id="IKE: of no known age"),
        pytest.param("low-memory", stale, "out", id="memory: the log reaches back"),
        pytest.param("low-memory", lambda lab: stale(lab, CUT), "open", id="memory: it begins with the lines"),
        pytest.param(
            "low-memory", lambda lab: failed_before(lab, {}), "out", id="memory: failed before the SA was there"
        ),
        pytest.param(
            "misdelivery", lambda lab: standby(lab, took_over=False), "open", id="a partner that was not read"
        ),
        pytest.param("misdelivery", lambda lab: standby(lab, took_over=True), "unlikely", id="from which it took over"),
        pytest.param(
            "misdelivery",
            lambda lab: standby(lab, took_over=True, gave_back=True),
            "open",
            id="to which it gave back",
        ),
        pytest.param("delete-lost", lambda lab: over(lab, 300), "fits", id="over: healed by a new pair"),
        pytest.param(
            "delete-lost", lambda lab: over(lab, 3000), "open", id="over: the sender had its pair all the time"
        ),
        pytest.param("address-shared", lambda lab: two_boxes(lab, 610), "fits", id="two boxes: one came"),
        pytest.param("address-shared", lambda lab: two_boxes(lab, 40_000), "unlikely", id="two boxes: none came"),
        pytest.param("missing-ike-sa", lambda lab: stranger(lab, *LINES_S), "open", id="a stranger that goes on"),
        pytest.param("missing-ike-sa", lambda lab: stranger(lab, 600), "out", id="a stranger once"),
    ],
)
def test_what_silence_says(lab: Any, cause: str, build: Any, verdict: str) -> None:
    weighing = said_by(lab, cause, build(lab))
    assert weighing.verdict == verdict, (weighing.because, weighing.would_settle)


@pytest.mark.parametrize(
    ("cause", "build", "confidence"),
    [
        pytest.param("delete-lost", stale, "proven", id="IKE SAs older than the lines"),
        pytest.param("delete-lost", lambda lab: stale(lab, ike_age_s=1000), "proven", id="and than nothing else"),
        pytest.param("delete-lost", lambda lab: stale(lab, CUT, ike_age_s=1000), "possible", id="when they began"),
        pytest.param("delete-lost", lambda lab: stale(lab, NO_CLOCK), "possible", id="by a clock that nobody read"),
        pytest.param("unconfigured-source", lambda lab: stranger(lab, 600), "likely", id="a stranger once"),
        pytest.param("unconfigured-source", lambda lab: stranger(lab, *LINES_S), "possible", id="that goes on"),
        pytest.param("reset-not-detected", lambda lab: standby(lab, took_over=True), "likely", id="a partner unread"),
    ],
)
def test_how_sure_it_leaves_a_cause(lab: Any, cause: str, build: Any, confidence: str) -> None:
    weighing = said_by(lab, cause, build(lab))
    assert (weighing.verdict, weighing.confidence) == ("fits", confidence), weighing.because


@pytest.mark.parametrize(("ended_s", "verdict"), [(790.0, "open"), (650.0, "unlikely"), (None, "unlikely")])
def test_a_log_that_begins_as_the_session_ends(lab: Any, ended_s: float | None, verdict: str) -> None:
    """It begins well before the lines, and after the SA: what ended the session may stand before its first line."""
    one, two = lab.out_of_step(hub={"log_since_s": 800.0}, spoke={"dpd": "off"}, ike="spoke")
    if ended_s is not None:
        one.says("CRYPTO-5-SESSION_STATUS", ended_s, details={"state": "down", "peer": lab.spoke})
    assert said_by(lab, "reset-not-detected", [one, two]).verdict == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        pytest.param({"down": 1100.0}, "open", id="down, and not set up until the lines"),
        pytest.param({"down": 1100.0, "up": 1000.0}, "out", id="set up again"),
        pytest.param({"down": 1300.0}, "out", id="before the SA that the sender sends on"),
        pytest.param({}, "out", id="it never ended"),
    ],
)
def test_a_session_that_ended_long_before_the_lines(lab: Any, changes: dict[str, float], verdict: str) -> None:
    """A sender whose path is gone is not heard until it is back."""
    one, two = lab.out_of_step(ike="spoke")
    for state, ago_s in changes.items():
        one.says("CRYPTO-5-SESSION_STATUS", ago_s, details={"state": state, "peer": lab.spoke})
    assert said_by(lab, "packet-loss", [one, two]).verdict == verdict
