"""When a tunnel was rekeyed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.correlate.rekeys import (
    Rekey,
    Rekeys,
    Series,
    before_lines,
    predicted_rekeys,
    rekey_period_s,
    seen_period,
    seen_rekeys,
    volume_period_s,
)
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.ledger import LedgerEntry
from vpnaudit.model.tunnel import Lifetime, Tunnel

MEGABIT_KB_S = 1000 / 8


def tunnel(lab: Any, hub: Any = None, spoke: Any = None, version: str = "v1", **sa: Any) -> Tunnel:
    one, two = lab.pair(version=version, hub=hub, spoke=spoke)
    if sa:
        one.sas, one.flows = [], []
        one.pair(lab.spoke, lab.into_hub, lab.into_spoke, **sa)
    (found,) = lab.fleet(one, two).tunnels
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("hub", "spoke", "version", "expected"),
    [
        pytest.param({}, {}, "v1", (3570.0, False), id="the default, 30 s before its end"),
        pytest.param({"life_s": 28_800}, {}, "v1", (3570.0, False), id="the lower of two"),
        pytest.param({"life_s": 28_800}, {"life_s": 7200}, "v2", (7170.0, False), id="either end rekeys first"),
        pytest.param({"life_s": 120}, {}, "v2", (90.0, False), id="a short one"),
        pytest.param({"life_s": 40}, {}, "v2", (30.0, False), id="never less than 30 s"),
    ],
)
def test_by_time(lab: Any, hub: Any, spoke: Any, version: str, expected: tuple[float, bool]) -> None:
    assert rekey_period_s(tunnel(lab, hub, spoke, version)) == expected


@pytest.mark.parametrize(
    ("used_kb", "age_s", "period_s"),
    [
        pytest.param(100 * MEGABIT_KB_S * 300, 300, 332, id="100 Mbit/s: field guide 2.5"),
        pytest.param(50 * MEGABIT_KB_S * 600, 600, 664, id="50 Mbit/s"),
    ],
)
def test_by_volume(lab: Any, used_kb: float, age_s: int, period_s: float) -> None:
    found = tunnel(lab, age_s=age_s, remaining_kb=4_608_000 - int(used_kb))
    period = rekey_period_s(found)
    assert period is not None
    assert period == (pytest.approx(period_s, rel=0.01), True)


@pytest.mark.parametrize(
    ("sa", "life"),
    [
        pytest.param({"age_s": 5, "remaining_kb": 1000}, {}, id="too young for a rate"),
        pytest.param({"age_s": 500, "remaining_kb": 4_608_000}, {}, id="nothing used"),
        pytest.param({"age_s": 500, "remaining_kb": None}, {}, id="no counter"),
        pytest.param({"age_s": 500, "remaining_kb": 1000}, {"ipsec_kb": None, "volume_disabled": True}, id="off"),
    ],
)
def test_without_a_rate_volume_says_nothing(lab: Any, sa: Any, life: Any) -> None:
    end = tunnel(lab, **sa).local
    end = lab.replace(end, lifetime=lab.replace(end.lifetime, **life))
    other = lab.replace(tunnel(lab).remote, sas=())
    assert volume_period_s(end, Tunnel(id="t", local=end, remote=other)) is None


def test_no_lifetime_no_period(lab: Any) -> None:
    found = tunnel(lab)
    bare = lab.replace(
        found, local=lab.replace(found.local, lifetime=None), remote=lab.replace(found.remote, lifetime=None)
    )
    assert rekey_period_s(bare) is None
    assert predicted_rekeys(bare) == []


def test_ikev1_takes_the_lower_volume_of_both(lab: Any) -> None:
    found = tunnel(lab, age_s=300, remaining_kb=500_000)
    low = Lifetime(ipsec_s=3600, ipsec_kb=1_000_000)
    both = lab.replace(found, remote=lab.replace(found.remote, lifetime=low))
    assert volume_period_s(both.local, both) == pytest.approx(1_000_000 * 0.9 / (500_000 / 300))


def each(computed: list[Series]) -> list[Rekey]:
    """The newest first; `near` a span that no horizon reaches beyond gives all."""
    always = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    return [rekey for series in computed for rekey in series.near(*always)]


def test_predictions_go_back_from_each_ends_live_sa(lab: Any) -> None:
    found = each(predicted_rekeys(tunnel(lab)))
    assert [(r.device, lab.at - r.at, r.uncertainty_s) for r in found if r.device == "hub"][:2] == [
        ("hub", lab.at - lab.ago(900 + 3570), 17.0),
        ("hub", lab.at - lab.ago(900 + 2 * 3570), 32.0),
    ]
    assert {r.device for r in found} == {"hub", "spoke"}
    assert not any(r.seen for r in found)
    assert max(r.uncertainty_s for r in found) <= 300 + 2, "no further than it is worth something"


def test_a_short_period_comes_to_any_moment(lab: Any) -> None:
    found = [r for r in each(predicted_rekeys(tunnel(lab, age_s=300, remaining_kb=858_000))) if r.device == "hub"]
    assert "so often that no moment is far from one" in found[-1].why
    reach = found[-1].uncertainty_s * 2
    assert reach == 30 * 86_400


def test_lines_that_met_a_rekey_tell_when_those_before_them_were(lab: Any) -> None:
    paced = lab.replace(tunnel(lab), rekey_period_s=3570.0)
    races = [(lab.ago(ago), "hub", 1.0) for ago in (9000, 500, 4000)]
    found = each(before_lines(paced, races))
    assert [(lab.ago(9000) - r.at).total_seconds() for r in found[:2]] == [3570.0, 7140.0]
    assert [r.uncertainty_s for r in found[:2]] == [16.0, 31.0]
    assert not any(r.seen for r in found)
    assert before_lines(paced, races[:2]) == [], "two may be chance"
    assert before_lines(lab.replace(paced, rekey_by_volume=True), races) == [], "traffic was another then"


def entry(**changes: Any) -> LedgerEntry:
    evidence = Evidence(device="hub", command="show logging", file="f")
    base = {"spi": 1, "device": "hub", "role": "receiver", "peer": None, "address": None, "live": False, "how": "log"}
    return LedgerEntry(**{**base, "evidence": evidence, **changes})


def test_seen_rekeys_are_installs_and_deletes(lab: Any) -> None:
    entries = [
        entry(installed_at=lab.ago(500), gone_at=lab.ago(100)),
        entry(how="live table", live=True, installed_at=lab.ago(90), uncertainty_s=60.0),
        entry(how="older snapshot", gone_at=lab.ago(50)),
        entry(),
    ]
    found = seen_rekeys(entries)
    assert [(lab.at - r.at, r.uncertainty_s, r.device, r.seen) for r in found] == [
        (lab.at - lab.ago(500), 0.0, "hub", True),
        (lab.at - lab.ago(100), 0.0, "hub", True),
        (lab.at - lab.ago(90), 60.0, "hub", True),
    ], "when an older snapshot's SA went is not known"


@pytest.mark.parametrize(
    ("installs", "hub", "until", "expected"),
    [
        pytest.param((5, 545, 1090, 1620, 2165), {}, None, 542.5, id="every nine minutes"),
        pytest.param((5, 545, 1090), {}, None, None, id="too few to tell"),
        pytest.param((5, 545, 2090, 2630, 5000), {}, None, None, id="now and then"),
        pytest.param((5, 2400, 4800, 7200), {}, None, None, id="hardly oftener than time asks"),
        pytest.param((3000, 3540, 4080, 4620), {}, None, None, id="over"),
        pytest.param((5, 9000, 9540, 10080, 10620), {}, 8990, 540.0, id="over now, and how it was then"),
        pytest.param((5, 9000, 9540, 10080, 10620), {}, 5000, None, id="over then too"),
        pytest.param((5, 545, 1090, 1620), {"ike_age_s": 1000}, None, None, id="some from before the IKE SA"),
    ],
)
def test_a_record_of_rekeys_tells_the_period_of_sas_that_are_too_young(
    lab: Any, installs: tuple[int, ...], hub: dict[str, int], until: int | None, expected: float | None
) -> None:
    found = tunnel(lab, age_s=5, remaining_kb=4_607_000)
    old = lab.replace(found.local.ike_sas[0], established_at=lab.ago(hub.get("ike_age_s", 80_000)))
    found = lab.replace(
        found, local=lab.replace(found.local, ike_sas=(old,)), remote=lab.replace(found.remote, ike_sas=())
    )
    records = [entry(spi=n, device=found.local.device, installed_at=lab.ago(ago)) for n, ago in enumerate(installs)]
    assert (seen_period(found, records, lab.ago(until) if until else None) or (None,))[0] == expected


BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 200_000).map(lambda s: BEGIN + timedelta(seconds=s))
REKEYS = st.builds(
    Rekey,
    at=MOMENTS,
    device=st.sampled_from(["hub", "spoke"]),
    uncertainty_s=st.floats(0, 5000),
    seen=st.just(True),
    why=st.just(""),
)
SERIES = st.builds(
    Series, newest=REKEYS, period_s=st.floats(30, 90_000), step_s=st.floats(0, 5000), count=st.integers(1, 30)
)


@given(st.lists(REKEYS, max_size=8), st.lists(SERIES, max_size=3), MOMENTS, st.floats(0, 4000), st.floats(0, 4000))
def test_none_that_is_close_is_missed(
    seen: list[Rekey], computed: list[Series], at: datetime, before_s: float, after_s: float
) -> None:
    given_out = Rekeys(seen, computed).near(at, before_s, after_s)
    every = [*seen, *each(computed)]
    close = [
        r for r in every if -before_s - r.uncertainty_s <= (at - r.at).total_seconds() <= after_s + r.uncertainty_s
    ]
    assert [r for r in given_out if r in close] == close
    assert all(r in every for r in given_out)
