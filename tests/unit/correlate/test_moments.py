"""Two tables are two moments: what their difference proves, and where it proves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.checks.registry import all_rules
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.tunnel import Tunnel
from vpnaudit.settings import Settings

UNDATED = {"manifest": False, "without": {"show clock"}}
NO_LIFE = {"without": {"show clock", "show running-config"}, "manifest": False}
RULES = {r.id: r for r in all_rules()}
OTHER = {"local_identity": "10.6.0.0/255.255.0.0/0/0"}


def said(fleet: Fleet, rule: str) -> list[str]:
    return [f.status for f in RULES[rule].check(fleet, Settings())]


def told(fleet: Fleet) -> tuple[str, bool, bool]:
    """State, whether something is stale, whether something is open."""
    (tunnel,) = fleet.tunnels
    return tunnel.state, bool(tunnel.stale), bool(tunnel.undecided)


def undated(lab: Any, version: str = "v1", **both: Any) -> tuple[Any, Any]:
    one, two = lab.pair(version=version, hub={**UNDATED, **both}, spoke={**UNDATED, **both})
    one.sas, one.flows, two.sas, two.flows = [], [], [], []
    return one, two


def test_tables_that_agree_are_in_step_whenever_they_were_read(lab: Any) -> None:
    fleet = lab.fleet(*lab.pair(hub=UNDATED, spoke=UNDATED))
    assert told(fleet) == ("up", False, False)
    assert (said(fleet, "SPI-001"), said(fleet, "SPI-002")) == (["PASS"], ["PASS"])


def test_other_pairs_at_moments_that_nobody_knows_prove_nothing(lab: Any) -> None:
    one, two = undated(lab)
    one.pair(lab.spoke, 0x0A01, 0x0A02, age_s=900)
    two.pair(lab.hub, 0x0B01, 0x0B02, age_s=2000)
    fleet = lab.fleet(one, two)
    assert told(fleet) == ("unknown", False, True)
    assert (said(fleet, "SPI-001"), said(fleet, "SPI-002")) == (["UNKNOWN"], ["PASS"])


def test_sas_at_one_end_only_at_moments_that_nobody_knows(lab: Any) -> None:
    one, two = undated(lab)
    one.pair(lab.spoke, 0x0A01, 0x0A02)
    fleet = lab.fleet(one, two)
    assert told(fleet) == ("unknown", False, True)
    assert (said(fleet, "SPI-001"), said(fleet, "SPI-002")) == (["UNKNOWN"], ["UNKNOWN"])


@pytest.mark.parametrize("far_s", [7200, 3 * 86_400])
def test_tables_of_different_nights(lab: Any, far_s: int) -> None:
    """Known moments, and many rekeys between them."""
    one, two = lab.pair(spoke={"taken_at": lab.ago(far_s)})
    two.sas, two.flows = [], []
    two.pair(lab.hub, 0x0B01, 0x0B02, age_s=900)
    fleet = lab.fleet(one, two)
    assert not told(fleet)[1]
    assert "FAIL" not in said(fleet, "SPI-001") + said(fleet, "SPI-002")


def test_tables_hours_apart_with_sas_that_live_longer(lab: Any) -> None:
    """The spoke was asked two hours before; all SAs of both ends are older than that and live on."""
    day = {"life_s": 86_400}
    one, two = lab.pair(hub=day, spoke={**day, "taken_at": lab.ago(7200)})
    one.sas, one.flows, two.sas, two.flows = [], [], [], []
    one.pair(lab.spoke, 0x0A01, 0x0A02, age_s=40_000)
    two.pair(lab.hub, 0x0B01, 0x0B02, age_s=30_000)
    fleet = lab.fleet(one, two)
    assert told(fleet) == ("one-sided", True, False)
    assert said(fleet, "SPI-001") == ["FAIL"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_other_half_of_a_pair_at_both_ends_proves_it(lab: Any, version: str) -> None:
    """The hub sends on what the spoke receives on, and not the other way round: one pair, made at one moment."""
    one, two = undated(lab, version)
    one.pair(lab.spoke, 0x0A01, 0x0A02)
    two.pair(lab.hub, 0x0A02, 0x0B02)
    fleet = lab.fleet(one, two)
    assert told(fleet) == ("one-sided", True, False)
    assert said(fleet, "SPI-001") == ["FAIL"]


@pytest.mark.parametrize(
    ("later_s", "stale"),
    [
        pytest.param(20, True, id="read 20 s apart"),
        pytest.param(2000, False, id="read so far apart that a rekey lies between"),
    ],
)
def test_another_pair_that_both_ends_hold_tells_the_moments_apart(lab: Any, later_s: int, stale: bool) -> None:
    """Networks of their own are in step; by what is left of that pair the spoke was read later."""
    one, two = undated(lab)
    one.pair(lab.spoke, 0x0C01, 0x0C02, age_s=1000, **OTHER)
    two.pair(lab.hub, 0x0C02, 0x0C01, age_s=1000 + later_s, **OTHER)
    one.pair(lab.spoke, 0x0A01, 0x0A02, age_s=900)
    two.pair(lab.hub, 0x0B01, 0x0B02, age_s=500)
    fleet = lab.fleet(one, two)
    assert {s.sender for s in fleet.tunnels[0].stale} == ({"hub", "spoke"} if stale else set())
    assert said(fleet, "SPI-001") == (["FAIL"] if stale else ["PASS"])


def test_ages_that_nobody_knows_prove_nothing_minutes_apart(lab: Any) -> None:
    """Dated tables ten minutes apart; without the lifetimes either end may have been rekeyed in between."""
    without = {"without": {"show running-config"}}
    one, two = lab.pair(hub=without, spoke={**without, "taken_at": lab.ago(600)})
    two.sas, two.flows = [], []
    two.pair(lab.hub, 0x0B01, 0x0B02)
    fleet = lab.fleet(one, two)
    assert told(fleet) == ("unknown", False, True)
    assert said(fleet, "SPI-001") == ["UNKNOWN"]


def test_undecided_is_told_with_both_ends_of_the_story(lab: Any) -> None:
    one, two = undated(lab)
    one.pair(lab.spoke, 0x0A01, 0x0A02)
    two.pair(lab.hub, 0x0B01, 0x0B02)
    tunnel: Tunnel = lab.fleet(one, two).tunnels[0]
    assert {(s.sender, s.receiver, s.spi) for s in tunnel.undecided} == {
        ("hub", "spoke", 0x0A02),
        ("spoke", "hub", 0x0B02),
    }
    (finding,) = RULES["SPI-001"].check(lab.fleet(one, two), Settings())
    assert "0x00000A02" in finding.because
    assert finding.evidence


@pytest.mark.parametrize(
    ("ages_s", "stale"),
    [
        pytest.param((400, 340, 280, 220, 160), True, id="for minutes"),
        pytest.param((400,), False, id="once: perhaps next to a rekey"),
    ],
)
def test_what_the_receiver_logged_for_minutes_was_not_there(lab: Any, ages_s: tuple[int, ...], stale: bool) -> None:
    one, two = undated(lab)
    two.pair(lab.hub, 0x0B01, 0x0B02)
    one.line(0x0B02, lab.spoke, *ages_s)
    assert bool(lab.fleet(one, two).tunnels[0].stale) is stale


@pytest.mark.parametrize(
    ("age_s", "verdict"),
    [
        pytest.param(20, ("up", False, False), id="set up after the other table was read"),
        pytest.param(62, ("unknown", False, True), id="perhaps before, perhaps after"),
        pytest.param(200, ("one-sided", True, False), id="set up before"),
    ],
)
def test_next_to_the_other_reading_nobody_can_tell(lab: Any, age_s: int, verdict: tuple[str, bool, bool]) -> None:
    """The hub was asked 60 s before the spoke, and each clock is known to a second or two."""
    one, two = lab.pair(hub={"taken_at": lab.ago(60)})
    two.sas, two.flows = [], []
    two.pair(lab.hub, 0x0B01, 0x0B02, age_s=age_s)
    assert told(lab.fleet(one, two)) == verdict


@pytest.mark.parametrize(("apart_s", "stale"), [(120, True), (1500, False)])
def test_an_empty_table_of_much_later_proves_nothing(lab: Any, apart_s: int, stale: bool) -> None:
    """Half an hour after the hub's table the spoke's is empty: the tunnel may have gone down at both."""
    one, two = lab.pair(hub={"taken_at": lab.ago(apart_s)})
    two.sas, two.flows = [], []
    assert bool(lab.fleet(one, two).tunnels[0].stale) is stale
