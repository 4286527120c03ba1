"""One time axis: offsets by the manifest, by NTP, by shared SAs, by marks; and what stays unknown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from vpnaudit.correlate.clocks import UNKNOWN_CLOCK_S, from_marks, is_synchronized, set_clocks, uncertainty
from vpnaudit.model.device import Device

UNSET: dict[str, Any] = {"manifest": False, "ntp": None, "mark": "*"}


def clocks(lab: Any, *routers: Any) -> dict[str, Device]:
    return lab.fleet(*routers).device_by_name


def answered_in(device: Device, seconds: float) -> Device:
    """The same device, each of whose answers took so long."""
    captures = tuple(
        structs.replace(
            c, capture=structs.replace(c.capture, answered_at=c.capture.asked_at + timedelta(seconds=seconds))
        )
        for c in device.captures
        if c.capture.asked_at is not None
    )
    return structs.replace(device, captures=captures)


@pytest.mark.parametrize("ahead_s", [0.0, 7200.0, -3.25, 3 * 86_400.0])
@pytest.mark.parametrize("took_s", [0.0, 4.0])
def test_with_a_manifest_the_offset_is_the_reading_against_the_middle_of_its_answer(
    lab: Any, ahead_s: float, took_s: float
) -> None:
    router = lab.router(ahead_s=ahead_s, ntp=False, mark="*")
    (device,) = set_clocks([answered_in(router.device(), took_s)], {"hub": router.reading()})
    assert device.clock_offset_s == pytest.approx(ahead_s - took_s / 2)
    assert device.clock_uncertainty_s == took_s / 2 + 1.0
    assert device.taken_at == lab.at + timedelta(seconds=took_s)


@pytest.mark.parametrize(
    ("given", "synchronized", "offset", "bound"),
    [
        pytest.param({"manifest": False}, True, 0.0, 2.0, id="NTP is true time"),
        pytest.param({"manifest": False, "ntp": False}, False, 0.0, 30.0, id="authoritative without NTP"),
        pytest.param({"manifest": False, "ntp": None}, None, 0.0, 30.0, id="no mark and no word of NTP"),
        pytest.param(UNSET, False, None, UNKNOWN_CLOCK_S, id="never set, and nothing to compare with"),
        pytest.param(
            {"manifest": False, "without": {"show clock", "show ntp status"}},
            None,
            None,
            UNKNOWN_CLOCK_S,
            id="no clock",
        ),
    ],
)
def test_without_a_manifest(
    lab: Any, given: dict[str, Any], synchronized: bool | None, offset: float | None, bound: float
) -> None:
    device = clocks(lab, lab.router(**given))["hub"]
    assert device.clock_synchronized is synchronized
    assert (device.clock_offset_s, uncertainty(device)) == (offset, bound)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("ahead_s", [5400.0, -90_000.0])
def test_an_offset_told_by_shared_sas(lab: Any, version: str, ahead_s: float) -> None:
    one, two = lab.pair(version=version, hub={"manifest": False}, spoke={**UNSET, "ahead_s": ahead_s})
    spoke = clocks(lab, one, two)["spoke"]
    assert spoke.clock_offset_s == pytest.approx(ahead_s, abs=1)
    assert spoke.taken_at == lab.at
    assert uncertainty(spoke) == 120.0


@pytest.mark.parametrize(
    ("version", "remaining_s"),
    [
        pytest.param("v1", 2700, id="IKEv1 gave both ends the lower lifetime: the SA ends at both at once"),
        pytest.param("v2", 27_900, id="IKEv2 left each its own: what they share is the install"),
    ],
)
def test_an_offset_told_by_shared_sas_where_lifetimes_differ(lab: Any, version: str, remaining_s: int) -> None:
    one, two = lab.pair(version=version, hub={"manifest": False}, spoke={**UNSET, "ahead_s": 5400.0, "life_s": 28_800})
    two.sas, two.flows = [], []
    two.pair(lab.hub, lab.into_spoke, lab.into_hub, remaining_s=remaining_s)
    assert clocks(lab, one, two)["spoke"].clock_offset_s == pytest.approx(5400.0, abs=1)


def test_offsets_spread_from_device_to_device(lab: Any) -> None:
    """The hub knows the time, the spoke shares an SA with the hub, the branch only with the spoke."""
    one, two = lab.pair(hub={"manifest": False}, spoke={**UNSET, "ahead_s": 1000.0})
    branch = lab.router("branch", "203.0.113.20", ahead_s=-2000.0, **UNSET).configure(lab.spoke)
    two.configure("203.0.113.20")
    two.pair("203.0.113.20", 0x2001, 0x2002)
    branch.pair(lab.spoke, 0x2002, 0x2001)
    found = clocks(lab, branch, two, one)
    assert found["branch"].clock_offset_s == pytest.approx(-2000.0, abs=1)


def test_a_clock_that_shares_nothing_is_told_by_those_read_beside_it(lab: Any) -> None:
    one = lab.router("hub", lab.hub, manifest=False, ntp=False)
    two = lab.router("spoke", lab.spoke, ahead_s=86_400.0, **UNSET)
    found = clocks(lab, one, two)
    assert (found["spoke"].clock_offset_s, uncertainty(found["spoke"])) == (86_400.0, 300.0)


CHINA_S, CUBA_S = -50_400.0, -3600.0
"""By how much later a clock's reading is that shows CST and is taken for America's."""


@pytest.mark.parametrize(
    ("clocks_shown", "expected"),
    [
        pytest.param([("CST", 0)], [(0.0, 50_402.0)], id="alone: nothing tells which"),
        pytest.param([("CST", 0), ("CST", 600)], [(0.0, 2.0), (0.0, 2.0)], id="of one name: the same, whichever it is"),
        pytest.param([("CST", 0), ("CST", -50_000)], [(0.0, 50_402.0)] * 2, id="of one name, and of two zones"),
        pytest.param([("CST", 14 * 3600), ("UTC", 60)], [(50_400.0, 2.0), (0.0, 2.0)], id="told by one read beside it"),
        pytest.param([("CST", 7200), ("UTC", 0)], [(0.0, 50_402.0), (0.0, 2.0)], id="read at another time"),
    ],
)
def test_a_clock_whose_zone_is_a_guess(
    lab: Any, clocks_shown: list[tuple[str, float]], expected: list[tuple[float, float]]
) -> None:
    routers = [lab.router(f"r{n}", manifest=False, ahead_s=s) for n, (_, s) in enumerate(clocks_shown)]
    devices = [
        structs.replace(_showing(r.device(), zone), clock_others_s=(CHINA_S, CUBA_S) if zone == "CST" else ())
        for r, (zone, _) in zip(routers, clocks_shown, strict=True)
    ]
    readings = {d.name: r.reading() for d, r in zip(devices, routers, strict=True)}
    placed = from_marks(set_clocks(devices, readings), readings)
    assert [(d.clock_offset_s, uncertainty(d)) for d in placed] == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"ntp": True, "mark": "*"}, True),
        ({"ntp": False, "mark": ""}, False),
        ({"ntp": None, "mark": "."}, False),
        ({"ntp": None, "mark": ""}, None),
        ({"ntp": None, "without": {"show clock"}}, None),
    ],
)
def test_whether_a_clock_follows_ntp(lab: Any, given: dict[str, Any], expected: bool | None) -> None:
    assert is_synchronized(lab.router(**given).device()) is expected


@pytest.mark.parametrize("source", ["NTP", "Time source is ntp"])
def test_the_source_that_show_clock_detail_names(lab: Any, source: str) -> None:
    assert is_synchronized(_showing(lab.router(ntp=None).device(), "UTC", source=source)) is True


def _showing(device: Device, zone: str, **fields: Any) -> Device:
    """The same device, whose clock shows another zone's name."""
    captures = tuple(
        structs.replace(
            c,
            parsed=structs.replace(
                c.parsed,
                facts=structs.replace(c.parsed.facts, clock=structs.replace(c.parsed.facts.clock, zone=zone, **fields)),
            ),
        )
        if c.parsed.facts.clock is not None
        else c
        for c in device.captures
    )
    return structs.replace(device, captures=captures)


@pytest.mark.parametrize(("manifest", "spread"), [(True, 0.0), (False, 60.0)])
def test_when_a_device_came_up(lab: Any, manifest: bool, spread: float) -> None:
    """By its uptime, in whole minutes, on the common clock whatever its own clock says."""
    device = clocks(lab, lab.router(uptime_s=3600, ahead_s=0.0 if not manifest else 500.0, manifest=manifest))["hub"]
    assert device.booted_at == lab.ago(3630)
    assert device.boot_uncertainty_s == 30.0 + spread


@pytest.mark.parametrize("given", [{"uptime_s": None}, {"without": {"show version"}}])
def test_when_it_came_up_may_be_unknown(lab: Any, given: dict[str, Any]) -> None:
    assert clocks(lab, lab.router(**given))["hub"].booted_at is None


def test_an_unset_clock_dates_its_own_boot_by_itself(lab: Any) -> None:
    device = clocks(lab, lab.router(ahead_s=-86_400.0, uptime_s=600, **UNSET))["hub"]
    assert device.booted_at == lab.ago(86_400 + 630)


def test_a_log_line_on_the_common_clock(lab: Any) -> None:
    one, two = lab.pair(hub={"ahead_s": 7200.0, "ntp": False})
    one.line(0x1234, lab.spoke, 400)
    event = lab.fleet(one, two).events[0]
    assert event.time == lab.ago(400 - 7200)
    assert event.at == lab.ago(400)


def test_devices_keep_their_order(lab: Any) -> None:
    devices = [lab.router(name).device() for name in ("b", "a", "c")]
    readings: dict[str, datetime] = {}
    assert [d.name for d in set_clocks(devices, readings)] == ["b", "a", "c"]
