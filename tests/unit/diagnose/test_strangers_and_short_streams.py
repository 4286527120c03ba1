"""A stranger that may be a peer whose entry was lost; a stream that is over in seconds; an IKE table that was read."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose.engine import judge
from vpnaudit.diagnose.stories import tell
from vpnaudit.model.judgement import Weighing
from vpnaudit.settings import Settings

OLD_SPI, NEW_SPI = 0x3344AA55, 0x6A55D01B
STREAM = (900.0, 840.0, 780.0, 720.0)


def said_by(lab: Any, cause: str, *routers: Any) -> Weighing:
    fleet = lab.fleet(*routers)
    (story,) = tell(fleet)
    return judge(story, fleet, Settings())[1][cause]


@pytest.mark.parametrize(
    ("ago_s", "hub", "verdict"),
    [
        pytest.param(STREAM, {"uptime_s": 1000}, "open", id="since the receiver came up"),
        pytest.param(STREAM, {"uptime_s": 30_000}, "out", id="hours after it came up"),
        pytest.param(STREAM, {"uptime_s": 20_000, "log_since_s": None}, "open", id="the log begins with the lines"),
        pytest.param(STREAM, {"uptime_s": 600}, "out", id="it came up while they came"),
        pytest.param(STREAM[:1], {"uptime_s": 1000}, "out", id="a single line"),
    ],
)
def test_a_stranger_since_a_restart_was_perhaps_a_peer(
    lab: Any, ago_s: tuple[float, ...], hub: dict[str, Any], verdict: str
) -> None:
    """In a configuration that was not saved: the receiver alone cannot tell."""
    one, two = lab.pair(hub=hub)
    one.line(OLD_SPI, lab.stranger, *ago_s)
    weighing = said_by(lab, "reset-not-detected", one, two)
    assert weighing.verdict == verdict
    assert any("was not saved" in w.question for w in weighing.would_settle) is (verdict == "open")


@pytest.mark.parametrize(
    ("ago_s", "verdict"),
    [
        pytest.param((604, 598, 592), "open", id="twelve seconds"),
        pytest.param((604, 540, 480, 420), "fits", id="minutes"),
    ],
)
def test_a_lost_delete_is_followed_by_a_stream_of_minutes(lab: Any, ago_s: tuple[float, ...], verdict: str) -> None:
    """By the receiver's own record of the delete; what the sender sends on is not in its table any more."""
    one = lab.router("hub", lab.hub).configure(lab.spoke).pair(lab.spoke, NEW_SPI, lab.into_spoke, age_s=400)
    two = lab.router("spoke", lab.spoke).configure(lab.hub).pair(lab.hub, lab.into_spoke, NEW_SPI, age_s=400)
    for end, peer in ((one, lab.spoke), (two, lab.hub)):
        end.ike(peer, age_s=50_000)
    one.trace("create", OLD_SPI, lab.hub, 4000).trace("delete", OLD_SPI, lab.hub, 605)
    one.line(OLD_SPI, lab.spoke, *ago_s)
    assert said_by(lab, "delete-lost", one, two).verdict == verdict
    against = said_by(lab, "normal-rekey", one, two)
    assert (against.verdict, "came again" in against.because[0].text) == ("out", True)


@pytest.mark.parametrize("unread", [False, True])
def test_an_ike_table_that_was_read_is_not_asked_for(lab: Any, unread: bool) -> None:
    """Of a source that the receiver, which takes anybody, has no tunnel with."""
    one, two = lab.pair()
    one.config["interfaces"] = (*one.config_facts().interfaces, _multipoint(lab))
    if unread:
        one.without |= {"show crypto isakmp sa", "show crypto ikev2 sa", "show crypto ipsec sa"}
    one.line(OLD_SPI, lab.stranger, 600)
    question = said_by(lab, "missing-ike-sa", one, two).would_settle[0].question
    assert question.startswith(f"has hub an IKE SA with {lab.stranger}") is unread, question


def _multipoint(lab: Any) -> Any:
    (outside,) = lab.router().config_facts().interfaces
    return lab.replace(
        outside,
        name="Tunnel7",
        addresses=(),
        crypto_map=None,
        tunnel_mode="gre multipoint",
        ipsec_profile="P",
    )
