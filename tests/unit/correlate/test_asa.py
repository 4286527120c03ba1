"""What an ASA's configuration and log say of its tunnels: names, tunnel groups, proposals, the history of SPIs."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from vpnaudit.correlate import settings_of, spis
from vpnaudit.correlate.rekeys import rekey_period_s
from vpnaudit.model.config import (
    ConfigFacts,
    ConfigInterface,
    DpdSetting,
    IkeProfile,
    MapEntry,
    PeerMatch,
    TransformSet,
)
from vpnaudit.model.ledger import LedgerEntry
from vpnaudit.model.platform import Defaults
from vpnaudit.model.tunnel import Tunnel

ASA = Defaults(
    ipsec_s=28_800,
    ipsec_kb=4_608_000,
    ike_s=86_400,
    dpd_mode="periodic",
    dpd_interval_s=10,
    dpd_retry_s=2,
    rekey_share=0.95,
)
OWN_DPD = DpdSetting(line=9, mode="off")
ALL_DPD = DpdSetting(line=8, interval_s=30, retry_s=5, mode="periodic")


def group(peer: str, version: str, dpd: DpdSetting | None) -> IkeProfile:
    return IkeProfile(
        line=20,
        name=peer,
        version="v1" if version == "v1" else "v2",
        matches=(PeerMatch(line=20, address=peer),),
        dpd=dpd,
        by_peer=True,
    )


@pytest.mark.parametrize(
    ("own", "of_all", "expected"),
    [
        pytest.param(OWN_DPD, ALL_DPD, ("off", None), id="the peer's tunnel group"),
        pytest.param(None, ALL_DPD, ("periodic", 30), id="the default group"),
        pytest.param(None, None, ("periodic", 10), id="the platform's default"),
    ],
)
def test_keepalive_of_a_tunnel_group(lab: Any, own: Any, of_all: Any, expected: tuple[str, int | None]) -> None:
    router = lab.router(ike_profiles=(group(lab.spoke, "v1", own),), isakmp_keepalive=of_all).configure(lab.spoke)
    device = structs.replace(router.device(), defaults=ASA)
    (binding,) = settings_of.bindings(router.config_facts())
    dpd = settings_of.dpd(device, binding, "v1", ())
    assert dpd is not None
    assert (dpd.mode, dpd.interval_s) == expected


def test_a_tunnel_group_of_another_peer_does_not_hold(lab: Any) -> None:
    router = lab.router(ike_profiles=(group(lab.stranger, "v1", OWN_DPD),)).configure(lab.spoke)
    config = router.config_facts()
    (binding,) = settings_of.bindings(config)
    assert settings_of.ike_profile(config, binding, "v1") is None


OUTSIDE = ConfigInterface(
    line=3, name="GigabitEthernet0/0", nameif="outside", addresses=("192.0.2.1/24",), crypto_map="M"
)
DYNAMIC = (
    MapEntry(line=5, name="M", sequence=10, kind="dynamic", dynamic_map="D"),
    MapEntry(line=6, name="D", sequence=1, kind="dynamic", template=True),
)


def test_open_peers_are_found_by_the_name_that_the_tables_print() -> None:
    config = ConfigFacts(line=1, interfaces=(OUTSIDE,), map_entries=DYNAMIC)
    (binding,) = settings_of.open_bindings(config, "outside", "198.51.100.1")
    assert binding is not None
    assert binding.entry == DYNAMIC[1]
    assert settings_of.open_interface(config, "192.0.2.1") == "outside"


def test_proposals_count_for_ikev2_and_transform_sets_for_ikev1() -> None:
    entry = MapEntry(
        line=5, name="M", sequence=10, peers=("198.51.100.1",), transform_sets=("T",), ipsec_proposals=("T", "G")
    )
    config = ConfigFacts(
        line=1,
        interfaces=(OUTSIDE,),
        map_entries=(entry,),
        transform_sets=(TransformSet(line=7, name="T", transforms=("esp-3des", "esp-md5-hmac")),),
        ipsec_proposals=(
            TransformSet(line=8, name="T", offers=("esp-aes-256 esp-sha256-hmac", "esp-aes esp-sha256-hmac")),
            TransformSet(line=9, name="G", offers=("esp-gcm-256",)),
        ),
    )
    (binding,) = settings_of.bindings(config)
    offered = ("esp-aes-256 esp-sha256-hmac", "esp-aes esp-sha256-hmac", "esp-gcm-256")
    assert settings_of.transforms(config, (binding,), "v2") == offered
    assert settings_of.transforms(config, (binding,), "v1") == ("esp-3des esp-md5-hmac",)
    assert settings_of.transforms(structs.replace(config, ipsec_proposals=()), (binding,), "v2") is None


def test_an_asa_rekeys_at_its_share_of_the_lifetime(lab: Any) -> None:
    router = lab.router().configure(lab.spoke).pair(lab.spoke, lab.into_hub, lab.into_spoke)
    (tunnel,) = lab.fleet(router).tunnels
    life = settings_of.lifetime(structs.replace(router.device(), defaults=ASA), None, "v1", lab.spoke, ())
    assert life is not None
    end = structs.replace(tunnel.local, lifetime=structs.replace(life, ipsec_kb=None))
    asa: Tunnel = structs.replace(tunnel, local=end, remote=structs.replace(tunnel.remote, lifetime=None))
    assert rekey_period_s(asa) == (27_360.0, False)


def logged(lab: Any, **details: Any) -> LedgerEntry:
    router = lab.router().configure(lab.spoke)
    router.says("ASA-6-602303", 900, spi=0x1A2B, **details)
    (entry,) = spis.fill([router.device()], [], []).entries()
    return entry


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("direction", "role"), [("in", "receiver"), ("out", "sender")])
def test_the_log_tells_direction_and_peer_of_an_sa(lab: Any, direction: str, role: str, turned: bool) -> None:
    ends = (lab.spoke, lab.hub) if turned else (lab.hub, lab.spoke)
    entry = logged(lab, between=ends, details={"direction": direction})
    assert (entry.role, entry.peer, entry.address) == (role, lab.spoke, lab.hub)


def test_of_two_foreign_addresses_neither_is_the_peer(lab: Any) -> None:
    entry = logged(lab, between=(lab.spoke, lab.stranger), details={"direction": "in"})
    assert (entry.peer, entry.address) == (None, None)
