"""What is not there rules nothing out and claims nothing: each cause where a line or a whole answer is missing."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose.engine import judge
from vpnaudit.diagnose.log_reach import session_logging
from vpnaudit.diagnose.stories import tell
from vpnaudit.model.judgement import Weighing
from vpnaudit.settings import Settings

SA_TABLES = {"show crypto ipsec sa", "show crypto ipsec sa detail"}
IKE_TABLES = {"show crypto isakmp sa", "show crypto isakmp sa detail", "show crypto ikev2 sa", "show crypto session"}
ODD_SPI = 0x5566AA01


def said_by(lab: Any, cause: str, routers: list[Any]) -> Weighing:
    """What the cause says of the one story of these routers."""
    fleet = lab.fleet(*routers)
    (story,) = tell(fleet)
    return judge(story, fleet, Settings())[1][cause]


def one_line(lab: Any, *, hub_without: set[str] = frozenset(), spoke_without: set[str] = frozenset()) -> list[Any]:
    """A line that nothing explains, far from a rekey."""
    one, two = lab.pair()
    one.without |= hub_without
    two.without |= spoke_without
    return [one.line(ODD_SPI, lab.spoke, 2000), two]


def two_boxes(lab: Any) -> list[Any]:
    """A line that nothing explains, from an address behind which two boxes are."""
    one = lab.router("hub", lab.hub).configure(lab.spoke)
    for n, port in enumerate((4500, 61_002)):
        one.pair(lab.spoke, 0x1001 + n, 0x2001 + n, peer_port=port)
        one.ike(lab.spoke, remote_port=port)
    return [one.line(ODD_SPI, lab.spoke, 2000)]


def old_sa(lab: Any, age_s: int) -> list[Any]:
    """The sender's SA lives for a week; the receiver's log begins three days ago."""
    one, two = lab.out_of_step(spoke={"life_s": 7 * 86_400}, ike="spoke")
    two.sas, two.flows = [], []
    return [one, two.pair(lab.hub, lab.into_spoke, lab.lost, age_s=age_s)]


def silent(lab: Any, **hub: Any) -> list[Any]:
    """Out of step, and no line says so."""
    one, two = lab.out_of_step(hub=hub)
    one.messages = []
    return [one, two]


def of_two_moments(lab: Any, apart_s: float) -> list[Any]:
    """Tables so far apart, and SAs of no known age: the sender's was perhaps set up in between."""
    one, two = silent(lab, taken_at=lab.ago(apart_s))
    two.sas = [lab.replace(s, remaining_s=None) for s in two.sas]
    return [one, two]


def reloaded_long_before(lab: Any) -> list[Any]:
    """The receiver came up 40 minutes before the lines; how old the sender's SA is, is not known."""
    one, two = lab.out_of_step(hub={"uptime_s": 3000}, ike="spoke")
    two.sas = [lab.replace(s, remaining_s=None) for s in two.sas]
    return [one, two]


def low_now_and_lines_of_yesterday(lab: Any) -> list[Any]:
    one, two = lab.pair(hub={"free": 4_000_000})
    return [one.line(ODD_SPI, lab.spoke, 80_000), two]


def test_where_everything_was_had_the_next_line_tells(lab: Any) -> None:
    """Both ends whole, and nobody has the SPI: what is open names a command all the same."""
    (found,) = lab.diagnose(*one_line(lab))
    assert found.cause == "insufficient-evidence"
    assert any("hub and spoke: show crypto ipsec sa, within" in (w.command or "") for w in found.would_settle)


@pytest.mark.parametrize(
    ("version", "stands", "says", "words"),
    [
        pytest.param("v1", {"logging_session": True}, (), "as a syslog server has it", id="it stands"),
        pytest.param("v1", {"logging_session": False}, (), "configure crypto logging session", id="it does not"),
        pytest.param(
            "v2",
            {"logging_session": False, "logging_session_v2": True},
            (),
            "as a syslog server has it",
            id="for IKEv2 it stands",
        ),
        pytest.param(
            "v2", {"logging_session": False}, (), "configure crypto logging ikev2", id="for IKEv2 it does not"
        ),
        pytest.param(
            "v1",
            {"logging_session": False, "logging_session_v2": True},
            ("CRYPTO-5-IKEV2_SESSION_STATUS",),
            "configure crypto logging session",
            id="of the other version",
        ),
        pytest.param(
            "v1",
            {"logging_session": False},
            ("CRYPTO-5-SESSION_STATUS",),
            "as a syslog server has it",
            id="its log has such lines",
        ),
        pytest.param("v2", {"logging_session": False}, ("FTD-4-602304",), "as a syslog server", id="a firewall's SAs"),
    ],
)
def test_no_setting_is_asked_for_that_stands(
    lab: Any, version: str, stands: dict[str, Any], says: tuple[str, ...], words: str
) -> None:
    one, two = lab.pair(version=version, hub=stands)
    for tag in says:
        one.says(tag, 40_000)
    fleet = lab.fleet(one.line(ODD_SPI, lab.spoke, 600), two)
    (story,) = tell(fleet)
    assert words in session_logging(fleet.device_by_name["hub"], story)


def test_tables_of_two_moments_tell_no_story(lab: Any) -> None:
    """A rekey may lie between them, and no line says otherwise."""
    assert tell(lab.fleet(*of_two_moments(lab, 1500.0))) == ()


@pytest.mark.parametrize(
    ("cause", "build", "verdict"),
    [
        pytest.param("normal-rekey", one_line, "out", id="the SAs' ages tell the rekeys"),
        pytest.param(
            "normal-rekey",
            lambda lab: one_line(lab, hub_without=SA_TABLES, spoke_without=SA_TABLES),
            "open",
            id="lifetimes alone tell no rekey's moment",
        ),
        pytest.param("delete-lost", one_line, "out", id="both tables have no such SA"),
        pytest.param(
            "delete-lost", lambda lab: one_line(lab, spoke_without=SA_TABLES), "open", id="what the sender keeps"
        ),
        pytest.param(
            "missing-ike-sa",
            lambda lab: one_line(lab, spoke_without=SA_TABLES),
            "out",
            id="the receiver's own IKE SA is older than the line",
        ),
        pytest.param("address-shared", one_line, "out", id="one port"),
        pytest.param(
            "address-shared",
            lambda lab: one_line(lab, hub_without=SA_TABLES | IKE_TABLES),
            "open",
            id="no table that would list ports",
        ),
        pytest.param("address-shared", two_boxes, "open", id="one line of two boxes"),
        pytest.param("reset-not-detected", lambda lab: old_sa(lab, 2 * 86_400), "out", id="the log reaches back"),
        pytest.param("reset-not-detected", lambda lab: old_sa(lab, 4 * 86_400), "unlikely", id="the log does not"),
        pytest.param(
            "reset-not-detected",
            reloaded_long_before,
            "open",
            id="an SA of before or after the reload",
        ),
        pytest.param(
            "suspected-defect",
            lambda lab: silent(lab, without=IKE_TABLES),
            "open",
            id="IKE SAs that nobody looked for",
        ),
        pytest.param(
            "policy-mismatch", lambda lab: silent(lab, without={"show logging"}), "open", id="a log that was not read"
        ),
        pytest.param("low-memory", low_now_and_lines_of_yesterday, "unlikely", id="memory that is low now"),
        pytest.param("delete-lost", lambda lab: of_two_moments(lab, 5.0), "fits", id="tables of one moment"),
    ],
)
def test_what_is_missing_leaves_it_open(lab: Any, cause: str, build: Any, verdict: str) -> None:
    weighing = said_by(lab, cause, build(lab))
    assert weighing.verdict == verdict, (weighing.because, weighing.would_settle)
    if verdict == "open":
        assert all(w.command for w in weighing.would_settle)
    else:
        assert all(r.text and r.evidence for r in weighing.because[:1])
