"""The settings in force at one end: profile over global over default, IKEv1 and IKEv2, named peers and open ones."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.model.config import (
    ConfigInterface,
    DpdSetting,
    IkeProfile,
    IpsecProfile,
    IsakmpPolicy,
    LifetimeSetting,
    MapEntry,
    TransformSet,
)
from vpnaudit.model.sa import CryptoMapEntry, DpdTimers
from vpnaudit.model.tunnel import TunnelEnd

PROFILE_DPD = DpdSetting(line=30, interval_s=30, retry_s=5, mode="on-demand")
GLOBAL_DPD = DpdSetting(line=31, interval_s=10, retry_s=3, mode="periodic")
LONG = LifetimeSetting(line=32, seconds=28_800)
NO_VOLUME = LifetimeSetting(line=33, volume_disabled=True)
SMALL = LifetimeSetting(line=34, kilobytes=1_000_000)


def end(lab: Any, *, ike: str | None = None, pair: bool = False, **config: Any) -> TunnelEnd:
    router = lab.router(dpd="off", **config)
    router.config.setdefault("map_entries", (MapEntry(line=6, name="M", sequence=10, peers=(lab.spoke,)),))
    if ike:
        router.ike(lab.spoke, version=ike)
    if pair:
        router.pair(lab.spoke, 1, 2)
    (tunnel,) = lab.fleet(router).tunnels
    return tunnel.local  # type: ignore[no-any-return]


def entry(lab: Any, **changes: Any) -> tuple[MapEntry, ...]:
    return (MapEntry(**{"line": 6, "name": "M", "sequence": 10, "peers": (lab.spoke,), **changes}),)


def profile(version: str, **changes: Any) -> tuple[IkeProfile, ...]:
    return (IkeProfile(**{"line": 20, "name": "P", "version": version, **changes}),)


NAMES = {"v1": "isakmp_profile", "v2": "ikev2_profile"}
GLOBAL = {"v1": "isakmp_keepalive", "v2": "ikev2_dpd"}


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("in_profile", "globally", "expected"),
    [
        (PROFILE_DPD, GLOBAL_DPD, (30, 5, "on-demand", 30)),
        (PROFILE_DPD, None, (30, 5, "on-demand", 30)),
        (None, GLOBAL_DPD, (10, 3, "periodic", 31)),
        (None, DpdSetting(line=31, interval_s=10), (10, None, "on-demand", 31)),
        (None, None, (None, None, "off", None)),
    ],
)
def test_dpd_profile_over_global_over_default(
    lab: Any, version: str, in_profile: DpdSetting | None, globally: DpdSetting | None, expected: tuple[Any, ...]
) -> None:
    config = {
        GLOBAL[version]: globally,
        "ike_profiles": profile(version, dpd=in_profile),
        "map_entries": entry(lab, **{NAMES[version]: "P"}),
    }
    dpd = end(lab, **config).dpd
    assert dpd is not None
    assert (dpd.interval_s, dpd.retry_s, dpd.mode, dpd.evidence[0].line) == expected


def test_dpd_of_the_other_version_does_not_count(lab: Any) -> None:
    found = end(lab, ikev2_dpd=GLOBAL_DPD, isakmp_policies=(IsakmpPolicy(line=2, priority=10),))
    assert (found.ike, found.dpd.mode if found.dpd else None) == ("v1", "off")


def test_dpd_without_a_configuration_is_what_the_ike_sa_shows(lab: Any) -> None:
    for interval, mode in ((10, None), (0, "off")):
        router = lab.router(without={"show running-config"})
        router.ike(lab.spoke, version="v2", dpd=DpdTimers(interval_s=interval, retry_s=2)).pair(lab.spoke, 1, 2)
        (tunnel,) = lab.fleet(router).tunnels
        assert (tunnel.local.dpd.interval_s or 0, tunnel.local.dpd.mode) == (interval, mode)


def test_dpd_is_unknown_where_nothing_says(lab: Any) -> None:
    router = lab.router(without={"show running-config"}).pair(lab.spoke, 1, 2)
    (tunnel,) = lab.fleet(router).tunnels
    assert (tunnel.local.dpd, tunnel.local.lifetime, tunnel.local.ike) == (None, None, None)


@pytest.mark.parametrize(
    ("own", "globally", "expected"),
    [
        (LONG, None, (28_800, 4_608_000, False)),
        (LONG, SMALL, (28_800, 1_000_000, False)),
        (SMALL, LONG, (28_800, 1_000_000, False)),
        (NO_VOLUME, LONG, (28_800, None, True)),
        (LONG, NO_VOLUME, (28_800, None, True)),
        (SMALL, NO_VOLUME, (3600, 1_000_000, False)),
        (None, LONG, (28_800, 4_608_000, False)),
        (None, None, (3600, 4_608_000, False)),
    ],
)
@pytest.mark.parametrize("holder", ["map", "profile"])
def test_lifetime_entry_over_global_over_default(
    lab: Any,
    holder: str,
    own: LifetimeSetting | None,
    globally: LifetimeSetting | None,
    expected: tuple[int, int | None, bool],
) -> None:
    config: dict[str, Any] = {"ipsec_lifetime": globally}
    if holder == "map":
        config["map_entries"] = entry(lab, lifetime=own)
    else:
        config |= {
            "map_entries": (),
            "ipsec_profiles": (IpsecProfile(line=7, name="V", lifetime=own),),
            "interfaces": (
                ConfigInterface(line=8, name=lab.outside, addresses=(f"{lab.hub}/24",)),
                ConfigInterface(
                    line=9,
                    name="Tunnel1",
                    tunnel_source=lab.outside,
                    tunnel_destination=lab.spoke,
                    ipsec_profile="V",
                ),
            ),
        }
    found = end(lab, **config).lifetime
    assert found is not None
    assert (found.ipsec_s, found.ipsec_kb, found.volume_disabled) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"isakmp_policies": (IsakmpPolicy(line=2, priority=20, lifetime_s=100),)}, 100),
        (
            {
                "isakmp_policies": (
                    IsakmpPolicy(line=2, priority=20, lifetime_s=100),
                    IsakmpPolicy(line=2, priority=10, lifetime_s=200),
                )
            },
            None,
        ),
        ({"isakmp_policies": (IsakmpPolicy(line=2, priority=10),)}, 86_400),
        ({"isakmp_policies": ()}, 86_400),
    ],
)
def test_ike_lifetime_of_ikev1(lab: Any, config: dict[str, Any], expected: int | None) -> None:
    life = end(lab, **config).lifetime
    assert life is not None
    assert life.ike_s == expected


@pytest.mark.parametrize(("of_profile", "expected"), [(14_400, 14_400), (None, 86_400)])
def test_ike_lifetime_of_ikev2(lab: Any, of_profile: int | None, expected: int) -> None:
    life = end(
        lab, ike_profiles=profile("v2", lifetime_s=of_profile), map_entries=entry(lab, ikev2_profile="P")
    ).lifetime
    assert life is not None
    assert life.ike_s == expected


def test_what_an_ike_sa_shows_beats_the_configuration(lab: Any) -> None:
    router = lab.router().configure(lab.spoke).ike(lab.spoke, version="v2", lifetime_s=7200)
    (tunnel,) = lab.fleet(router).tunnels
    assert tunnel.local.lifetime.ike_s == 7200


def test_lifetime_without_a_configuration_is_what_the_crypto_map_shows(lab: Any) -> None:
    router = lab.router(without={"show running-config"}).pair(lab.spoke, 1, 2)
    shown = CryptoMapEntry(line=3, name="M", peers=(lab.spoke,), lifetime_s=1800, lifetime_kb=100, volume_disabled=True)
    router.more["show crypto map"] = lab.facts(crypto_maps=(shown,))
    (tunnel,) = lab.fleet(router).tunnels
    life = tunnel.local.lifetime
    assert (life.ipsec_s, life.ipsec_kb, life.volume_disabled) == (1800, None, True)


@pytest.mark.parametrize(
    ("ike", "config", "expected"),
    [
        ("v2", {}, "v2"),
        ("v1", {"map": {"ikev2_profile": "P"}}, "v1"),
        (None, {"map": {"ikev2_profile": "P"}}, "v2"),
        (None, {"map": {"isakmp_profile": "P"}}, "v1"),
        (None, {"map": {"ike_version": "v2"}}, "v2"),
        (None, {"isakmp_policies": ()}, None),
        (None, {}, "v1"),
    ],
)
def test_version_in_use_over_configured(
    lab: Any, ike: str | None, config: dict[str, Any], expected: str | None
) -> None:
    changes = dict(config)
    found = end(lab, ike=ike, map_entries=entry(lab, **changes.pop("map", {})), **changes)
    assert found.ike == expected


def multipoint(lab: Any) -> tuple[dict[str, Any], str]:
    return {
        "map_entries": (),
        "interfaces": (
            ConfigInterface(line=8, name=lab.outside, addresses=(f"{lab.hub}/24",)),
            ConfigInterface(
                line=9, name="Tunnel0", tunnel_source=lab.outside, tunnel_mode="gre multipoint", ipsec_profile="V"
            ),
        ),
    }, "Tunnel0"


def virtual_access(lab: Any) -> tuple[dict[str, Any], str]:
    return {
        "map_entries": (),
        "interfaces": (
            ConfigInterface(line=8, name=lab.outside, addresses=(f"{lab.hub}/24",)),
            ConfigInterface(line=9, name="Virtual-Template5", virtual_template=True, ipsec_profile="V"),
        ),
    }, "Virtual-Access3"


def dynamic_map(lab: Any) -> tuple[dict[str, Any], str]:
    return {
        "map_entries": (
            MapEntry(line=5, name="M", sequence=65_000, kind="dynamic", dynamic_map="D"),
            MapEntry(line=6, name="D", sequence=10, kind="dynamic", template=True, lifetime=LONG, ikev2_profile="P"),
        ),
    }, lab.outside


@pytest.mark.parametrize("place", [multipoint, virtual_access, dynamic_map])
def test_a_peer_that_nobody_configured_has_the_settings_of_what_took_it(lab: Any, place: Any) -> None:
    config, interface = place(lab)
    router = lab.router(
        dpd="off",
        ipsec_profiles=(IpsecProfile(line=7, name="V", lifetime=LONG, ikev2_profile="P"),),
        ike_profiles=profile("v2", dpd=PROFILE_DPD),
        **config,
    )
    router.pair(lab.stranger, 1, 2, interface=interface, remaining_s=27_900).ike(lab.stranger, version="v2")
    (tunnel,) = lab.fleet(router).tunnels
    found = tunnel.local
    assert (found.lifetime.ipsec_s, found.dpd.interval_s, found.dpd.mode) == (28_800, 30, "on-demand")
    assert found.configured
    assert {s.installed_at for s in found.sas} == {lab.ago(900)}
    assert found.map_entry is None


def test_of_several_entries_of_a_dynamic_map_none_is_guessed(lab: Any) -> None:
    config, interface = dynamic_map(lab)
    more = MapEntry(line=7, name="D", sequence=20, kind="dynamic", template=True)
    router = lab.router(**{**config, "map_entries": (*config["map_entries"], more)})
    router.pair(lab.stranger, 1, 2, interface=interface)
    (tunnel,) = lab.fleet(router).tunnels
    assert not tunnel.local.configured


def test_transforms_and_proxies(lab: Any) -> None:
    sets = (TransformSet(line=1, name="A", transforms=("esp-aes", "esp-sha-hmac")),)
    known = end(lab, transform_sets=sets, map_entries=entry(lab, transform_sets=("A",)))
    unknown = end(lab, transform_sets=sets, map_entries=entry(lab, transform_sets=("A", "B"), acl="X"))
    assert known.transforms == ("esp-aes esp-sha-hmac",)
    assert (unknown.transforms, unknown.proxies) == (None, None)
