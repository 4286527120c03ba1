"""The simulated fleet knows what is wrong with it: the audit must say the same, from the captures alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings
from vpnaudit.simulate import FAULTS, Ends, SimFleet, build_fleet
from vpnaudit.simulate.faults import FIREWALL_ENDS, IPV6_FAULTS

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
NEW_YEAR = datetime(2028, 1, 1, 2, 30, tzinfo=UTC)
LOUD = {"critical", "high", "medium"}


def _audit(
    folder: Path, seed: int, faults: tuple[str, ...], now: datetime, *, cure: bool = False, ends: Ends = "routers"
) -> tuple[SimFleet, Audit]:
    fleet = build_fleet(seed, faults, now, cure=cure, ends=ends)
    fleet.write_captures(folder)
    return fleet, audit_sources([folder], Settings(), now)


def _also(fleet: SimFleet) -> set[str]:
    """Causes that were true of a tunnel earlier."""
    return {cause for t in fleet.truth for cause in t.get("also", ())}


def _told(audit: Audit) -> set[tuple[str, str]]:
    return {(d.cause, d.owner) for d in audit.diagnoses}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_one_fault_has_its_cause_first(fault: str, seed: int, tmp_path: Path) -> None:
    fleet, audit = _audit(tmp_path, seed, (fault,), NOW if seed != 2 else NEW_YEAR)
    expected = [(t["cause"], t["owner"]) for t in fleet.truth if t["cause"]]
    assert [(d.cause, d.owner) for d in audit.diagnoses[: len(expected)]] == expected
    assert {d.cause for d in audit.diagnoses if d.severity in LOUD} <= {cause for cause, _ in expected} | _also(fleet)
    assert _also(fleet) <= {d.cause for d in audit.diagnoses}
    assert all(d.parse for d in audit.devices)
    assert not audit.problems


@pytest.mark.parametrize(
    ("ends", "fault"),
    [
        *(("firewalls", f) for f in sorted(FIREWALL_ENDS)),
        *(("ipv6", f) for f in sorted(IPV6_FAULTS)),
        *(("dmvpn", f) for f in ("healthy", "low-memory", "loss-in-bursts", "peer-reloaded-no-dpd")),
        *(("backup", f) for f in ("delete-lost", "healthy")),
        *(("vrfs", f) for f in ("bits-flip", "cleared-by-script")),
    ],
)
def test_so_it_has_whatever_stands_at_the_ends(ends: Ends, fault: str, tmp_path: Path) -> None:
    fleet, audit = _audit(tmp_path, 2, (fault,), NOW, ends=ends)
    expected = [(t["cause"], t["owner"]) for t in fleet.truth if t["cause"]]
    assert [(d.cause, d.owner) for d in audit.diagnoses[: len(expected)]] == expected
    assert {d.cause for d in audit.diagnoses if d.severity in LOUD} <= {cause for cause, _ in expected} | _also(fleet)
    assert _also(fleet) <= {d.cause for d in audit.diagnoses}
    assert not [line for d in audit.devices for p in d.parse.values() for line in [p.lines - p.understood] if line > 1]
    assert not audit.problems


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_the_cause_taken_away_leaves_nothing(fault: str, tmp_path: Path) -> None:
    _, audit = _audit(tmp_path, 4, (fault,), NOW, cure=True)
    assert [d for d in audit.diagnoses if d.severity in LOUD] == []
    assert all(t.state in {"up", "idle"} for t in audit.tunnels)


@pytest.mark.parametrize("pair", [p for n, p in enumerate(combinations(sorted(FAULTS), 2)) if n % 12 == 0])
def test_two_faults_do_not_hide_each_other(pair: tuple[str, str], tmp_path: Path) -> None:
    fleet, audit = _audit(tmp_path, 5, (*pair, "healthy"), NOW)
    assert {(t["cause"], t["owner"]) for t in fleet.truth if t["cause"]} <= _told(audit)


def test_a_healthy_pair_fails_nothing_above_low(tmp_path: Path) -> None:
    _, audit = _audit(tmp_path, 6, ("healthy", "healthy", "healthy"), NOW)
    assert [f.title for f in audit.findings if f.status == "FAIL" and f.severity in LOUD] == []
    assert audit.diagnoses == ()


CONFIGURATION = ("show_running-config*", "show_crypto_map*")
Case = tuple[int, tuple[str, ...], datetime, float, tuple[str, ...], Ends]
ONCE_WRONG: dict[str, Case] = {
    "a firewall's log in its own zone, taken as UTC where its configuration is not there": (
        103000319,
        ("healthy", "loss-in-bursts"),
        datetime(2027, 9, 20, 4, 17, 46, tzinfo=UTC),
        48,
        CONFIGURATION,
        "firewalls",
    ),
    "a buffer that begins in the middle of a line: that one has no time": (
        5,
        ("two-behind-one-address",),
        NOW,
        24,
        (),
        "routers",
    ),
    "a log in the device's own zone, set beside a trace as if it were in UTC": (
        1,
        ("rekey-race",),
        datetime(2026, 11, 25, 3, 0, tzinfo=UTC),
        24,
        CONFIGURATION,
        "routers",
    ),
    "an SA that its own lifetime ended, over an IKEv2 SA that still repeats the DELETE": (
        1000299,
        ("lifetimes-differ",),
        datetime(2018, 12, 10, 12, 17, 10, tzinfo=UTC),
        36,
        CONFIGURATION,
        "firewalls",
    ),
    "one session of many that an outage ended just as old as an SA gets": (
        1000166,
        ("healthy", "loss-in-bursts", "cleared-by-script", "healthy"),
        datetime(2016, 2, 10, 23, 4, 32, tzinfo=UTC),
        48,
        CONFIGURATION,
        "ipv6",
    ),
    "a takeover on another interface than the tunnel's": (
        1000054,
        ("ike-not-renewed", "wrong-ha-member"),
        datetime(2023, 9, 18, 20, 25, 36, tzinfo=UTC),
        12,
        CONFIGURATION,
        "routers",
    ),
    "single lines of which nobody sends on, taken for a lost DELETE": (
        1000068,
        ("bits-flip", "volume-runs-out"),
        datetime(2034, 9, 6, 16, 43, 35, tzinfo=UTC),
        24,
        (),
        "routers",
    ),
    "an IKE message without an answer, taken for an outage": (
        1000099,
        ("lifetimes-differ", "lifetimes-differ"),
        datetime(2029, 3, 12, 3, 41, 29, tzinfo=UTC),
        48,
        CONFIGURATION,
        "routers",
    ),
}


@pytest.mark.parametrize("about", ONCE_WRONG)
def test_what_was_once_told_wrongly_is_left_open_or_right(about: str, tmp_path: Path) -> None:
    seed, faults, now, hours, withheld, ends = ONCE_WRONG[about]
    fleet = build_fleet(seed, faults, now, hours=hours, scattered=True, ends=ends)
    fleet.write_captures(tmp_path)
    for pattern in withheld:
        for file in tmp_path.glob(f"*/{pattern}"):
            file.unlink()
    told = {d.cause for d in audit_sources([tmp_path], Settings(), now).diagnoses}
    assert told
    assert told <= {t["cause"] for t in fleet.truth} | {"insufficient-evidence"}


def test_races_older_than_any_record_are_races(tmp_path: Path) -> None:
    """A trace that a busy tunnel fills reaches an hour or two back; the rekeys before follow from the period.

    Where that gets too uncertain, from the lines that met one.
    """
    now = datetime(2026, 6, 16, 1, 3, 39, tzinfo=UTC)
    faults = ("rekey-race", "volume-runs-out", "loss-in-bursts")
    fleet = build_fleet(501, faults, now, hours=48.0, scattered=True)
    fleet.write_captures(tmp_path)
    race = next(t for t in fleet.truth if t["fault"] == "rekey-race")
    events = [e for e in audit_sources([tmp_path], Settings(), now).events if e.device == race["receiver"]]
    assert len(events) > 30
    assert {e.mechanism for e in events} == {"rekey-race"}


def test_a_volume_that_runs_out_is_told_in_the_seconds_after_a_rekey_too(tmp_path: Path) -> None:
    """The live SAs are then too young for a rate: the rekeys before them tell."""
    now = datetime(2026, 7, 4, 6, 48, 20, tzinfo=UTC)
    fleet = build_fleet(700, ("volume-runs-out",), now, hours=3.0, scattered=True)
    rekeyed = re.compile(r"remaining key lifetime \(k/sec\): \(\d+/359[3-9]\)")
    receiver = fleet.truth[0]["receiver"]
    elapsed = next(
        s for s in range(0, 900, 6) if rekeyed.search(fleet.answer(receiver, "show crypto ipsec sa", elapsed_s=s))
    )
    fleet.write_captures(tmp_path)
    audit = audit_sources([tmp_path], Settings(), now + timedelta(seconds=elapsed))
    assert [d.cause for d in audit.diagnoses] == ["frequent-rekey"]
