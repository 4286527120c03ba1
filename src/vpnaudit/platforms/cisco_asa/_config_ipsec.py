"""IPsec in an ASA's configuration: lifetimes, transform sets, proposals, profiles, crypto maps (field guide 5.4).

What IOS and ASA write alike is read by IOS's reader; here is what an ASA adds.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import structs

from vpnaudit.model.config import IpsecProfile, MapEntry, TransformSet
from vpnaudit.platforms.cisco_asa._config_ike import DEFAULT_GROUP, idle_seconds
from vpnaudit.platforms.cisco_ios._config_ike import number
from vpnaudit.platforms.cisco_ios._config_ipsec import ipsec_facts as ios_ipsec_facts
from vpnaudit.platforms.statements import Statement, after

_INTEGRITY = {
    "md5": "esp-md5-hmac",
    "sha-1": "esp-sha-hmac",
    "sha-256": "esp-sha256-hmac",
    "sha-384": "esp-sha384-hmac",
    "sha-512": "esp-sha512-hmac",
    "null": "",
}
"""A proposal's integrity algorithms in a transform set's words."""
_OWN_INTEGRITY = ("aes-gcm", "aes-gmac")
"""Ciphers that need no integrity algorithm beside them."""
_Key = tuple[str, int, bool]
"""A map entry: name, sequence, whether it stands in a dynamic map."""


def ipsec_facts(top: list[Statement]) -> dict[str, Any]:
    """Return the fields of `ConfigFacts` that speak of IPsec."""
    facts = ios_ipsec_facts([s for s in top if not _is_mode(s)])
    facts["transform_sets"] = tuple(_with_mode(t, top) for t in facts["transform_sets"])
    proposals = _proposals_of_entries(top)
    idle = idle_seconds(top)
    facts["map_entries"] = tuple(_entry(entry, proposals, idle) for entry in facts["map_entries"])
    named = {rest[0]: _named_proposals(s.under) for s, rest in after(top, "crypto ipsec profile") if rest}
    facts["ipsec_profiles"] = tuple(_profile(p, named.get(p.name, ())) for p in facts["ipsec_profiles"])
    facts["ipsec_proposals"] = tuple(
        _proposal(s, rest[0]) for s, rest in after(top, "crypto ipsec ikev2 ipsec-proposal") if rest
    )
    return facts


def _is_mode(statement: Statement) -> bool:
    """`crypto ipsec [ikev1] transform-set NAME mode transport`: a line of its own, where IOS has it in a section."""
    return statement.words[:2] == ("crypto", "ipsec") and statement.words[-2:-1] == ("mode",)


def _with_mode(transform_set: TransformSet, top: list[Statement]) -> TransformSet:
    modes = [s.words[-1] for s in top if _is_mode(s) and transform_set.name in s.words]
    return structs.replace(transform_set, mode=modes[-1]) if modes else transform_set


def _entry(entry: MapEntry, proposals: dict[_Key, tuple[str, ...]], idle: dict[str, int | None]) -> MapEntry:
    named = proposals.get((entry.name, entry.sequence, entry.template), ())
    limits = [idle.get(peer, idle.get(DEFAULT_GROUP)) for peer in entry.peers]
    return structs.replace(
        entry,
        ipsec_proposals=named,
        ike_version=None if entry.dynamic_map else _version(named, entry.transform_sets),
        idle_s=limits[0] if limits else None,
    )


def _profile(profile: IpsecProfile, proposals: tuple[str, ...]) -> IpsecProfile:
    return structs.replace(profile, ipsec_proposals=proposals, ike_version=_version(proposals, profile.transform_sets))


def _version(proposals: tuple[str, ...], transform_sets: tuple[str, ...]) -> Literal["v1", "v2"] | None:
    """The IKE version that the ASA tries first: IKEv2 where an entry has both. Null where it names neither."""
    if proposals:
        return "v2"
    return "v1" if transform_sets else None


def _proposals_of_entries(top: list[Statement]) -> dict[_Key, tuple[str, ...]]:
    found: dict[_Key, tuple[str, ...]] = {}
    for kind in ("map", "dynamic-map"):
        for statement, rest in after(top, f"crypto {kind}"):
            sequence = number(rest[1]) if len(rest) > 1 else None
            if sequence is None:
                continue
            told = [Statement(statement.line, rest[2:])] if len(rest) > 2 else []
            names = _named_proposals([*told, *statement.under])
            if names:
                found[rest[0], sequence, kind == "dynamic-map"] = names
    return found


def _named_proposals(under: list[Statement]) -> tuple[str, ...]:
    return tuple(name for _, rest in after(under, "set ikev2 ipsec-proposal") for name in rest)


def _proposal(statement: Statement, name: str) -> TransformSet:
    encryption = [word for _, rest in after(statement.under, "protocol esp encryption") for word in rest]
    integrity = [word for _, rest in after(statement.under, "protocol esp integrity") for word in rest]
    return TransformSet(
        line=statement.line,
        name=name,
        transforms=tuple(f"encryption {w}" for w in encryption) + tuple(f"integrity {w}" for w in integrity),
        offers=_offers(encryption, integrity),
    )


def _offers(encryption: list[str], integrity: list[str]) -> tuple[str, ...]:
    """Each pair of algorithms in a transform set's words."""
    hashes = [_INTEGRITY[word] for word in integrity if word in _INTEGRITY]
    found: list[str] = []
    for cipher in encryption:
        if cipher.startswith(_OWN_INTEGRITY):
            found.append(f"esp-{cipher.removeprefix('aes-')}")
        else:
            found += [f"esp-{cipher} {word}".rstrip() for word in hashes]
    return tuple(dict.fromkeys(found))
