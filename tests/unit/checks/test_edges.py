"""Where a rule must not cry wolf, and how bad what it found is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from vpnaudit.checks.pools import pools
from vpnaudit.checks.registry import all_rules, run
from vpnaudit.model.config import ConfigInterface, MapEntry
from vpnaudit.model.facts import Facts
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import SEVERITIES, Finding
from vpnaudit.model.ledger import Ledger
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.platform import Defaults
from vpnaudit.model.system import MemoryPool
from vpnaudit.model.transforms import algorithms
from vpnaudit.settings import Settings, Thresholds

RULES = {r.id: r for r in all_rules()}
ASA = Defaults(
    ipsec_s=28_800, ipsec_kb=4_608_000, ike_s=86_400, dpd_mode="on-demand", dpd_interval_s=10, dpd_retry_s=2,
    log_milliseconds=False,
)  # fmt: skip


def failed(rule: str, fleet: Fleet, settings: Settings | None = None) -> list[Finding]:
    return [f for f in RULES[rule].check(fleet, settings or Settings()) if f.status == "FAIL"]


def test_nothing_wrong_nothing_found(make: Any) -> None:
    assert {f.rule for f in run(make.fleet(), Settings()) if f.status != "PASS"} == set()


def test_only_one_end_is_ours_fails_nothing(make: Any) -> None:
    found = run(make.fleet(remote=make.foreign), Settings())
    assert {f.status for f in found} == {"PASS", "UNKNOWN"}
    assert "COL-001" not in {f.rule for f in found if f.status == "UNKNOWN"}


def test_two_tunnel_interfaces_have_no_lists_to_compare(make: Any) -> None:
    vti = {"vti": True, "proxies": None, "interface": "Tunnel1"}
    assert list(RULES["CFG-001"].check(make.fleet(vti, vti), Settings())) == []


@pytest.mark.parametrize(
    ("rule", "local", "severity"),
    [
        ("LIFE-001", {"ike": "v1"}, "low"),
        ("LIFE-001", {"ike": "v2"}, "medium"),
        ("LIFE-001", {"ike": None}, "low"),
    ],
)
def test_lifetimes_that_differ(make: Any, rule: str, local: dict[str, Any], severity: str) -> None:
    fleet = make.fleet(local, {**local, "lifetime": make.lifetime("spoke", ipsec_s=28_800)})
    (finding,) = failed(rule, fleet)
    assert finding.severity == severity
    assert finding.parameters["device"] == "spoke"
    assert finding.parameters["seconds"] == "3600"
    assert finding.parameters["map"] == "OUTSIDE 10"


def test_only_the_volume_differs_is_low_and_takes_the_lower(make: Any) -> None:
    lifetime = make.lifetime("spoke", ipsec_kb=None, volume_disabled=True)
    (finding,) = failed("LIFE-001", make.fleet({"ike": "v2"}, {"ike": "v2", "lifetime": lifetime}))
    assert (finding.severity, finding.parameters["device"], finding.parameters["kilobytes"]) == (
        "low",
        "spoke",
        "4608000",
    )


def test_volume_interval_and_recommendation(make: Any) -> None:
    spent = {"remaining_kb": 1_152_000, "remaining_s": 2700}
    sas = tuple(make.sa("spoke", d, n, **spent) for d, n in (("in", 300), ("out", 301)))
    (finding,) = failed("LIFE-003", make.fleet(remote={"sas": sas}))
    assert finding.parameters["interval_s"] == "1200"
    assert finding.parameters["kilobytes"] == "110592000"
    assert "3.0 times" in finding.because


def test_volume_recommended_is_one_for_both_ends(make: Any) -> None:
    """By the busier: values that differ would fail LIFE-001."""
    hub = tuple(make.sa("hub", d, n, remaining_kb=1_000_000, remaining_s=2700) for d, n in (("in", 301), ("out", 300)))
    spoke = tuple(
        make.sa("spoke", d, n, remaining_kb=1_152_000, remaining_s=2700) for d, n in (("in", 300), ("out", 301))
    )
    found = failed("LIFE-003", make.fleet({"sas": hub}, {"sas": spoke}))
    assert [f.parameters["kilobytes"] for f in found] == ["115456000"] * 2


def test_volume_takes_the_lower_of_both_with_ikev1_only(make: Any) -> None:
    sas = (make.sa("spoke", "in", 300, remaining_kb=900_000), make.sa("spoke", "out", 301, remaining_kb=999_000))
    low = {"lifetime": make.lifetime("hub", ipsec_kb=1_000_000)}
    assert failed("LIFE-003", make.fleet(low, {"sas": sas})) == []
    assert failed("LIFE-003", make.fleet({**low, "ike": "v2", "sas": ()}, {"sas": sas, "ike": "v2"}))


def test_age_from_the_lifetime_where_no_time_is_known(make: Any) -> None:
    sas = tuple(make.sa("spoke", d, n, remaining_kb=0, installed_at=None) for d, n in (("in", 300), ("out", 301)))
    (finding,) = failed("LIFE-003", make.fleet(remote={"sas": sas, "sa_table_at": None}))
    assert finding.parameters["interval_s"] == "900"


def test_sas_younger_than_the_other_reading_are_not_one_sided(make: Any) -> None:
    before = make.at - timedelta(minutes=30)
    (finding,) = RULES["SPI-002"].check(make.fleet(remote={"sas": (), "sa_table_at": before}), Settings())
    assert finding.status == "PASS"


def test_sas_that_ended_before_the_other_reading_are_not_one_sided(make: Any) -> None:
    after = make.at + timedelta(hours=1)
    (finding,) = RULES["SPI-002"].check(make.fleet(remote={"sas": (), "sa_table_at": after}), Settings())
    assert finding.status == "PASS"


def test_one_direction_is_told_for_each_identity(make: Any) -> None:
    single = make.sa("spoke", "out", 400, remote_identity="10.3.0.0/16")
    fleet = make.fleet(remote={"sas": (*make.tunnel().remote.sas, single)})
    (finding,) = failed("SPI-002", fleet)
    assert finding.evidence == (single.evidence,)


def test_dpd_takes_over_the_other_ends_values(make: Any) -> None:
    off = make.dpd("spoke", "off", None, None)
    (finding,) = failed("DPD-001", make.fleet({"dpd": make.dpd("hub", "periodic", 30, 5)}, {"dpd": off}))
    assert finding.subject.devices == ("spoke",)
    assert {k: finding.parameters[k] for k in ("peer", "version", "interval_s", "retry_s", "mode")} == {
        "peer": "192.0.2.1",
        "version": "v1",
        "interval_s": "30",
        "retry_s": "5",
        "mode": "periodic",
    }


def test_dpd_differs_names_the_end_that_sees_less(make: Any) -> None:
    (finding,) = failed("DPD-003", make.fleet({"dpd": make.dpd("hub", "on-demand", 10)}))
    assert finding.parameters["device"] == "hub"


def test_on_demand_is_the_advice_for_very_many_tunnels(make: Any) -> None:
    fleet = make.fleet({"dpd": make.dpd("hub", "on-demand")})
    assert failed("DPD-002", fleet)
    assert failed("DPD-002", fleet, Settings(thresholds=Thresholds(dpd_many_peers=1))) == []


def test_a_platforms_own_form_of_dpd_is_not_counted(make: Any) -> None:
    fleet = make.fleet({"dpd": make.dpd("hub", "on-demand", 10, 2)}, hub={"defaults": ASA, "platform": "cisco_asa"})
    assert failed("DPD-002", fleet) == []


def test_a_platform_without_milliseconds_is_not_asked_for_them(make: Any) -> None:
    config = make.config()
    plain = structs.replace(config, timestamps=structs.replace(config.timestamps, msec=False))
    answers = {"show running-config": Facts(config=plain)}
    assert failed("LOG-001", make.fleet(hub={"answers": answers}))
    assert failed("LOG-001", make.fleet(hub={"answers": answers, "defaults": ASA})) == []


@pytest.mark.parametrize(("sas", "severity"), [(True, "medium"), (False, "high")])
def test_stuck_negotiation(make: Any, sas: bool, severity: str) -> None:
    changes: dict[str, Any] = {"ike_sas": (make.ike("spoke", live=False, state="MM_NO_STATE"),)}
    (finding,) = failed("IKE-002", make.fleet(remote=changes if sas else {**changes, "sas": ()}))
    assert finding.severity == severity


def test_recovery_with_ikev2_only_is_information(make: Any) -> None:
    config = make.config(invalid_spi_recovery=True, ikev2_keyrings={"K": ()})
    (finding,) = failed("IKE-003", make.fleet(hub={"answers": {"show running-config": Facts(config=config)}}))
    assert finding.severity == "info"


def test_full_by_design_pools_are_left_out(make: Any) -> None:
    assert [p.pool for _, p in pools(make.device())] == ["Processor"]


def test_a_pool_that_two_commands_show_is_told_once(make: Any) -> None:
    def shown(free: int) -> Facts:
        return Facts(memory_pools=(MemoryPool(line=1, pool="Processor", total=1000, free=free),))

    answers = {"show memory statistics": shown(20), "show processes memory sorted": shown(10)}
    (finding,) = failed("MEM-001", make.fleet(hub={"answers": answers}))
    assert finding.actual == "Processor: 1.0 % free"


@pytest.mark.parametrize(("ago_s", "severity"), [(600, "high"), (200_000, "medium")])
def test_old_allocation_failures_weigh_less(make: Any, ago_s: float, severity: str) -> None:
    log = make.quiet_log(make.message("SYS-2-MALLOCFAIL", ago_s=ago_s))
    (finding,) = failed("MEM-003", make.fleet(hub={"log": log}))
    assert finding.severity == severity


def flaps(make: Any, count: int, ago_s: float = 3600.0, **changes: Any) -> tuple[LogMessage, ...]:
    return tuple(
        make.message(tag, ago_s=ago_s - 300 * n, interface="GigabitEthernet0/0", details={"state": "down"}, **changes)
        for n in range(count)
        for tag in ("LINK-3-UPDOWN", "LINEPROTO-5-UPDOWN")
    )


@pytest.mark.parametrize(("count", "severity"), [(1, "low"), (2, "low"), (3, "medium")])
def test_flaps_are_counted_once_for_link_and_protocol(make: Any, count: int, severity: str) -> None:
    (finding,) = failed("LOSS-002", make.fleet(hub={"log": make.quiet_log(*flaps(make, count))}))
    assert finding.severity == severity


def test_lines_of_a_start_are_no_flaps(make: Any) -> None:
    log = make.quiet_log(*flaps(make, 1))
    assert failed("LOSS-002", make.fleet(hub={"log": log, "booted_at": make.at - timedelta(seconds=3700)})) == []


def test_a_sub_interface_and_a_tunnel_source_lead_to_the_line(make: Any) -> None:
    config = make.config(
        interfaces=(
            ConfigInterface(line=3, name="Tunnel1", tunnel_source="GigabitEthernet0/1.100", ipsec_profile="P"),
            ConfigInterface(line=5, name="GigabitEthernet0/1.100", addresses=("203.0.113.1/30",)),
        )
    )
    answers = {
        "show running-config": Facts(config=config),
        "show interfaces": Facts(
            interfaces=(make.interface("203.0.113.1", name="GigabitEthernet0/1", input_errors=9999),)
        ),
    }
    end = {"interface": "Tunnel1", "vti": True, "address": "203.0.113.1"}
    (finding,) = failed("LOSS-001", make.fleet(end, hub={"answers": answers}))
    assert finding.parameters["interface"] == "GigabitEthernet0/1"


def test_a_hub_that_takes_any_peer_needs_no_return(make: Any) -> None:
    dynamic = MapEntry(line=8, name="DYN", sequence=10, kind="dynamic", template=True)
    config = make.config(map_entries=(dynamic,))
    fleet = make.fleet({"configured": False}, hub={"answers": {"show running-config": Facts(config=config)}})
    assert failed("CFG-004", fleet) == []


def test_sa_tables_missing_weigh_more(make: Any) -> None:
    (tables,) = failed("COL-001", make.fleet(hub={"without": ("show crypto ipsec sa",)}))
    (other,) = failed("COL-001", make.fleet(hub={"without": ("show interfaces",)}))
    assert (tables.severity, other.severity) == ("medium", "low")


def test_collection_never_fails_above_medium(make: Any) -> None:
    gone = {"captures": (), "log_captures": (), "status": "timeout", "clock_offset_s": None, "assessable": True}
    found = [f for f in run(make.fleet(hub=gone), Settings()) if f.rule.startswith("COL") and f.status == "FAIL"]
    assert {f.severity for f in found} <= {"low", "medium"}


def test_what_cannot_be_assessed_is_never_passed_by_others(make: Any) -> None:
    nxos = make.device("core", "203.0.113.9", platform="cisco_nxos", assessable=False)
    fleet = Fleet(devices=(nxos,), tunnels=(), ledger=Ledger(()), events=(), episodes=(), collected_at=make.at)
    assert [(f.rule, f.status) for f in run(fleet, Settings())] == [("COL-003", "UNKNOWN")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("esp-aes 256 esp-sha-hmac", {"esp-aes-256", "esp-sha-hmac"}),
        ("esp-sha-hmac esp-aes-256", {"esp-aes-256", "esp-sha-hmac"}),
        ("esp-aes esp-sha-hmac", {"esp-aes", "esp-sha-hmac"}),
        ("esp-aes 128 esp-sha-hmac", {"esp-aes", "esp-sha-hmac"}),
        ("esp-gcm 256", {"esp-gcm-256"}),
        ("encryption aes-256", None),
        ("256", None),
        ("", None),
    ],
)
def test_transform_spellings(text: str, expected: set[str] | None) -> None:
    assert algorithms(text) == expected


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "address": st.sampled_from(["unknown", "A.A.A.A", "2001:db8::1", ""]),
        "interface": st.sampled_from([None, "", "Tunnel0", "Gi0/0.1", "?"]),
        "ike": st.sampled_from([None, "v1", "v2"]),
        "dpd": st.none(),
        "lifetime": st.none(),
        "sas": st.just(()),
        "ike_sas": st.just(()),
        "sa_table_read": st.booleans(),
        "sa_table_at": st.none(),
        "ike_table_read": st.booleans(),
        "config_read": st.booleans(),
        "configured": st.booleans(),
        "session_status": st.sampled_from([None, "", "UP-NO-IKE", "DOWN-NEGOTIATING", "\x00"]),
        "proxies": st.sampled_from([None, ()]),
        "transforms": st.sampled_from([None, (), ("",), ("*****",)]),
        "pfs_known": st.booleans(),
        "pfs": st.sampled_from([None, "", "group2"]),
        "vti": st.booleans(),
    },
)
DEVICE = st.fixed_dictionaries(
    {},
    optional={
        "platform": st.sampled_from([None, "cisco_nxos"]),
        "defaults": st.none(),
        "assessable": st.booleans(),
        "status": st.sampled_from(["unreachable", "partial"]),
        "captures": st.just(()),
        "log_captures": st.just(()),
        "clock_offset_s": st.none(),
        "clock_uncertainty_s": st.none(),
        "clock_synchronized": st.sampled_from([None, True, False]),
        "booted_at": st.none(),
    },
)


@given(local=FIELDS, remote=FIELDS, hub=DEVICE, spoke=DEVICE)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_gap_gives_findings_and_no_trouble(
    make: Any, local: dict[str, Any], remote: dict[str, Any], hub: dict[str, Any], spoke: dict[str, Any]
) -> None:
    found = run(make.fleet(local, remote, hub=hub, spoke=spoke), Settings())
    keys = [(f.rule, f.subject) for f in found]
    assert len(keys) == len(set(keys)), "one finding for a rule and a subject"
    assert all(f.severity in SEVERITIES for f in found)
    assert all("`" in f.because for f in found if f.status == "UNKNOWN")
    assert not any(f.evidence and any(e.device == "" for e in f.evidence) for f in found)
