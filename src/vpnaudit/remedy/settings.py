"""Changes of settings that several causes and findings share: DPD, lifetimes, recovery."""

from __future__ import annotations

import ipaddress
from typing import Literal

from vpnaudit.model.addresses import is_one_address
from vpnaudit.model.config import AclEntry, ConfigFacts, ConfigInterface
from vpnaudit.model.judgement import Remediation
from vpnaudit.model.platform import Change
from vpnaudit.model.tunnel import TunnelEnd
from vpnaudit.remedy.offer import configure, investigate, is_word, look
from vpnaudit.remedy.situation import Place, Situation

DPD_USUAL = (10, 3)
DPD_LOSSY = (30, 5)
"""Interval and retry in seconds (field guide 8): site to site, and where the path has outages of many seconds."""
DPD_USEFUL_S = 60
"""An interval longer than this is none to take over (DPD-004)."""
DEFAULT_SECONDS = 3600
EIGHT_HOURS_S = 28_800
_EVERYBODY = ("0.0.0.0/0", "::/0")
_ESP = frozenset({"esp", "50", "ip", "ipv6"})


def periodic_dpd(place: Place, other: Place, why: str, *, lossy: bool = False) -> Remediation | None:
    """Periodic DPD at one end; null where it is on already (on a lossy path: where it is patient enough already).

    With the other end's timers where those are periodic and quick: one value for both ends (field guide 8).
    """
    if place.device is None or _dpd_is_enough(place.end, lossy=lossy):
        return None
    return set_dpd(place, DPD_LOSSY if lossy else _timers_of(other) or DPD_USUAL, why)


def _timers_of(place: Place) -> tuple[int, int] | None:
    dpd = place.end.dpd if place.end is not None else None
    if dpd is None or dpd.mode != "periodic" or not dpd.interval_s or not dpd.retry_s:
        return None
    return (dpd.interval_s, dpd.retry_s) if dpd.interval_s <= DPD_USEFUL_S else None


def set_dpd(place: Place, timers: tuple[int, int], why: str) -> Remediation | None:
    """Periodic DPD with these timers (interval and retry in seconds); null where the very line stands."""
    if place.syntax is None or place.ike is None:
        return investigate(
            place,
            ("dpd",),
            title=f"Switch periodic DPD on at {place.name}",
            why=f"{why} Which line to enter depends on platform and IKE version, which are not both known here.",
            commands=look(place, "dpd"),
        )
    interval, retry = timers
    profile = _dpd_profile(place)
    reach = "" if profile else ", with every peer of the device"
    change = configure(
        place,
        place.syntax.dpd(place.ike, profile, interval, retry),
        ("dpd", place.ike, profile or "global", f"{interval}-{retry}"),
        title=f"Periodic DPD, {interval} s / {retry} s, on {place.name}",
        why=why,
        disruption=(
            f"None at once: it holds for IKE SAs made after it{reach}. From then on an outage longer than "
            f"{_waits(place, interval, retry)} s ends the tunnel and makes a new one."
        ),
    )
    mode = place.end.dpd.mode if place.end is not None and place.end.dpd is not None else None
    if change is None and place.ike == "v1" and profile is not None and mode != "periodic":
        return _profile_cannot(place, profile, why)
    return change


def _waits(place: Place, interval: int, retry: int) -> str:
    """For how long an outage may last before the platform gives its peer up."""
    defaults = place.device.defaults if place.device is not None else None
    waits = defaults.dpd_waits if defaults is not None else ((0, 5), (1, 5))
    return " to ".join(str(n * interval + m * retry) for n, m in waits)


def _profile_cannot(place: Place, profile: str, why: str) -> Remediation | None:
    return investigate(
        place,
        ("dpd", "v1", profile, "not-periodic"),
        title=f"Decide where {place.name} gets periodic DPD: isakmp profile {profile} has no form for it",
        why=(
            f"{why} The keepalive of an isakmp profile stands already and cannot be made periodic; the global "
            "keepalive can. Whether the global one holds for this profile once its own line is gone has to be tried."
        ),
        commands=look(place, "dpd"),
    )


def _dpd_is_enough(end: TunnelEnd | None, *, lossy: bool) -> bool:
    dpd = end.dpd if end is not None else None
    if dpd is None or dpd.mode != "periodic":
        return False
    return not lossy or (dpd.interval_s or 0) >= DPD_LOSSY[0]


def _dpd_profile(place: Place) -> str | None:
    """The IKE profile to write into: an IKEv2 one and a tunnel group always; an isakmp profile if it has its own."""
    facts, end = place.facts, place.end
    if facts is None or end is None or not is_word(end.ike_profile):
        return None
    profile = next((p for p in facts.ike_profiles if p.name == end.ike_profile and p.version == place.ike), None)
    if profile is None or (profile.version == "v1" and profile.dpd is None and not profile.by_peer):
        return None
    return profile.name


def lifetime_seconds(place: Place, seconds: int, why: str) -> Remediation | None:
    """The IPsec lifetime of the tunnel's map entry or profile; null where it is that already, or its place unknown."""
    where = lifetime_place(place)
    if place.syntax is None or where is None:
        return _lifetime_in_words(place, f"{seconds} s", why)
    if place.end is not None and place.end.lifetime is not None and place.end.lifetime.ipsec_s == seconds:
        return None
    return _lifetime(place, place.syntax.lifetime_seconds(where, seconds), (where, f"{seconds}s"), f"{seconds} s", why)


def lifetime_volume(place: Place, kilobytes: int | None, why: str) -> Remediation | None:
    """The volume lifetime of the tunnel's map entry or profile, null for off; nothing where it is that already."""
    where = lifetime_place(place)
    shown = "off" if kilobytes is None else f"{kilobytes} kB"
    if place.syntax is None or where is None:
        return _lifetime_in_words(place, f"by volume {shown}", why)
    life = place.end.lifetime if place.end is not None else None
    if life is not None and (life.volume_disabled if kilobytes is None else life.ipsec_kb == kilobytes):
        return None
    return _lifetime(
        place, place.syntax.lifetime_volume(where, kilobytes), (where, "volume"), f"by volume {shown}", why
    )


def _lifetime(place: Place, change: Change, what: tuple[str, str], shown: str, why: str) -> Remediation | None:
    return configure(
        place,
        change,
        ("lifetime", *what),
        title=f"IPsec lifetime {shown} on {place.name}",
        why=why,
        disruption=(
            "None: live SAs keep their lifetime, the new one holds from the next negotiation. Longer lifetimes mean "
            "fewer rekeys and more data under one key."
        ),
    )


def _lifetime_in_words(place: Place, shown: str, why: str) -> Remediation | None:
    return investigate(
        place,
        ("lifetime",),
        title=f"Set the IPsec lifetime on {place.name}: {shown}",
        why=f"{why} Which map entry or profile holds the tunnel's lifetime is not known here.",
        commands=look(place, "lifetime"),
    )


def lifetime_place(place: Place) -> str | None:
    """Where the tunnel's lifetime is set: "map NAME SEQ", "dynamic-map NAME SEQ" or "profile NAME"."""
    end, facts = place.end, place.facts
    if end is None:
        return None
    if end.ipsec_profile is not None and is_word(end.ipsec_profile):
        return f"profile {end.ipsec_profile}"
    name, _, sequence = (end.map_entry or "").rpartition(" ")
    if not is_word(name) or not sequence.isdecimal():
        return None
    entries = facts.map_entries if facts is not None else ()
    template = any(e.template for e in entries if (e.name, e.sequence) == (name, int(sequence)))
    return f"{'dynamic-map' if template else 'map'} {name} {sequence}"


def invalid_spi_recovery(situation: Situation) -> Remediation | None:
    """Only under the conditions of field guide 4.A; null else.

    The flow stays out of step, IKEv1, the sender is a peer that the receiver names statically, and the outside filter
    lets ESP in from nobody but named sources.
    """
    place = situation.receiver
    facts = place.facts
    if facts is None or place.syntax is None or situation.story.mechanism != "stale-sa" or place.ike != "v1":
        return None
    if not drops_strangers(facts, place) or not any(is_one_address(place.peer, p) for p in static_peers(facts)):
        return None
    change = place.syntax.invalid_spi_recovery(on=True)
    if change is None:
        return None
    return configure(
        place,
        change,
        ("invalid-spi-recovery",),
        title=f"Invalid SPI recovery on {place.name}",
        why=(
            "Without an IKE SA the receiver cannot tell the sender that an SA is gone; with this line it first makes "
            "one. It shortens the next such trouble and removes no cause. It is off by default because an "
            "unauthenticated source can make the device start IKE: the outside filter lets ESP in from peers only."
        ),
        disruption="None at once.",
    )


def static_peers(facts: ConfigFacts) -> tuple[str, ...]:
    """Peers that a configuration names by address for IPsec: map entries and protected tunnels."""
    peers = [p for e in facts.map_entries if not e.template for p in e.peers]
    peers += [i.tunnel_destination for i in facts.interfaces if i.ipsec_profile and i.tunnel_destination]
    return tuple(sorted({p for p in peers if is_word(p)}))


def outside_interface(place: Place) -> ConfigInterface | None:
    """The interface on which a place's ESP arrives: the one with its address, or the tunnel's source."""
    facts = place.facts
    if facts is None:
        return None
    by_name = {name: i for i in facts.interfaces for name in (i.name, i.known_as)}
    mine = by_name.get((place.end.interface if place.end is not None else None) or "")
    if mine is not None and mine.tunnel_source is None and mine.crypto_map is not None:
        return mine
    if mine is not None and mine.tunnel_source in by_name:
        return by_name[mine.tunnel_source]
    address = mine.tunnel_source if mine is not None and mine.tunnel_source is not None else place.address
    own = ((i, a.partition("/")[0]) for i in facts.interfaces for a in i.addresses)
    return next((i for i, a in own if is_one_address(a, address)), None)


def drops_strangers(facts: ConfigFacts, place: Place) -> bool:
    """Whether the outside filter lets ESP to the place's address in from named sources only.

    The first entry that speaks of ESP from everybody decides; a list without one drops what it does not permit, if it
    is of the kind that does. An entry that was not understood is taken to let everybody in.
    """
    outside = outside_interface(place)
    entries = facts.acls.get(outside.acl_in or "", ()) if outside is not None else ()
    for entry in entries:
        if entry.protocol.lower() in _ESP and (entry.source is None or entry.source in _EVERYBODY):
            if entry.action == "permit":
                return False
            if _covers(entry, place.address):
                return True
    return bool(entries) and outside is not None and not outside.acl_in_passes_rest


def _covers(entry: AclEntry, address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "") in ipaddress.ip_network(entry.destination or "", strict=False)
    except (ValueError, TypeError):
        return False


def equal_lifetime(seconds: tuple[int | None, int | None]) -> int | None:
    """The lifetime for both ends: the shorter, but not below half an hour where the longer is not; null if unknown."""
    known = sorted(s for s in seconds if s is not None)
    if len(known) < 2 or known[0] == known[-1]:
        return None
    return known[0] if known[0] >= DEFAULT_SECONDS // 2 else min(known[-1], EIGHT_HOURS_S)


def ike_other_than(ike: Literal["v1", "v2"] | None) -> str:
    """A sentence about IKEv2 where it is not in use."""
    if ike == "v2":
        return ""
    return "IKEv2 acknowledges every DELETE, so this trouble hardly occurs there: plan to move the tunnel."
