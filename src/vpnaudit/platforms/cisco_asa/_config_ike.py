"""IKE in an ASA's configuration: policies, tunnel groups and their keepalive (field guide 5.4).

A tunnel group holds for the peer whose address is its name, in both IKE versions; what it does not say it takes from
DefaultL2LGroup, and what that does not say is the platform's default. Source: ASA command reference, `tunnel-group`,
`isakmp keepalive`.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from vpnaudit.model.addresses import is_address
from vpnaudit.model.config import DpdSetting, IkeProfile, IsakmpPolicy, PeerMatch
from vpnaudit.platforms.cisco_ios._config_ike import address_match, number
from vpnaudit.platforms.statements import Statement, after, first

DEFAULT_GROUP = "DefaultL2LGroup"
DEFAULT_POLICY = "DfltGrpPolicy"
SITE_TO_SITE = frozenset({"ipsec-l2l"})
_KEYS = ("pre-shared-key", "ikev1 pre-shared-key", "ikev2 local-authentication", "ikev2 remote-authentication")
_POLICY_KINDS = ("crypto isakmp policy", "crypto ikev1 policy", "isakmp policy")
_MINUTE_S = 60
DEFAULT_LIFETIME_S = 86_400
ENDLESS = "none"


class TunnelGroup(Struct, frozen=True, kw_only=True, gc=False):
    """A tunnel group from site to site. `idle_s` is null where nothing limits how long a tunnel may be idle."""

    line: int
    name: str
    dpd: DpdSetting | None
    keyed: bool
    policy: str


def ike_facts(top: list[Statement]) -> dict[str, Any]:
    """Return the fields of `ConfigFacts` that speak of IKE."""
    groups = tunnel_groups(top)
    default = next((g for g in groups if g.name == DEFAULT_GROUP), None)
    policies = _policies(top)
    v2_lifetimes = _v2_lifetimes(top)
    return {
        "isakmp_policies": policies,
        "isakmp_keys": _keys(top, groups),
        "isakmp_keepalive": default.dpd if default else None,
        "ikev2_dpd": default.dpd if default else None,
        "ike_profiles": tuple(p for g in groups if g is not default for p in _profiles(g, v2_lifetimes)),
        "ikev2_policies": tuple(rest[0] for _, rest in after(top, "crypto ikev2 policy") if rest),
    }


def tunnel_groups(top: list[Statement]) -> tuple[TunnelGroup, ...]:
    """Return the tunnel groups that are for sites, in order; DefaultL2LGroup is one even where its type is not said."""
    types = {rest[0]: rest[2] for _, rest in after(top, "tunnel-group") if rest[1:2] == ("type",) and len(rest) > 2}
    under: dict[str, list[Statement]] = {}
    lines: dict[str, int] = {}
    for statement, rest in after(top, "tunnel-group"):
        if len(rest) > 1:
            lines.setdefault(rest[0], statement.line)
            under.setdefault(rest[0], []).extend(statement.under)
    return tuple(
        _group(name, lines[name], statements)
        for name, statements in under.items()
        if name == DEFAULT_GROUP or types.get(name, "ipsec-l2l" if is_address(name) else "") in SITE_TO_SITE
    )


def _group(name: str, line: int, under: list[Statement]) -> TunnelGroup:
    return TunnelGroup(
        line=line,
        name=name,
        dpd=_keepalive(under),
        keyed=any(True for form in _KEYS for _ in after(under, form)),
        policy=first(under, "default-group-policy") or DEFAULT_POLICY,
    )


def _keepalive(under: list[Statement]) -> DpdSetting | None:
    """`isakmp keepalive threshold SECONDS|infinite [retry SECONDS]` or `disable`; the later line holds.

    The ASA asks after so many seconds without a packet from the peer, whether it has something to send or not, so the
    model's word for it is "periodic" (field guide 6.1). `infinite` never asks.
    """
    found: DpdSetting | None = None
    for statement, rest in after(under, "isakmp keepalive"):
        values = dict(zip(rest[::2], rest[1::2], strict=False))
        threshold, retry = values.get("threshold"), number(values.get("retry"))
        if rest[:1] == ("disable",) or threshold == "infinite":
            found = DpdSetting(line=statement.line, mode="off")
        elif number(threshold) is not None:
            found = DpdSetting(line=statement.line, interval_s=number(threshold), retry_s=retry, mode="periodic")
    return found


def _profiles(group: TunnelGroup, v2_lifetimes: frozenset[int | None]) -> tuple[IkeProfile, IkeProfile]:
    match = (
        PeerMatch(line=group.line, address=group.name)
        if is_address(group.name)
        else PeerMatch(line=group.line, identity=group.name)
    )
    return _profile(group, match, "v1", frozenset()), _profile(group, match, "v2", v2_lifetimes)


def _profile(
    group: TunnelGroup, match: PeerMatch, version: Literal["v1", "v2"], lifetimes: frozenset[int | None]
) -> IkeProfile:
    return IkeProfile(
        line=group.line,
        name=group.name,
        version=version,
        matches=(match,),
        dpd=group.dpd,
        lifetime_s=next(iter(lifetimes)) if len(lifetimes) == 1 else None,
        lifetime_open=len(lifetimes) > 1 or None in lifetimes,
        by_peer=True,
    )


def _policies(top: list[Statement]) -> tuple[IsakmpPolicy, ...]:
    """IKEv1 policies, as blocks (ASA) and as lines of their own (PIX: `isakmp policy 10 lifetime 86400`)."""
    lines: dict[int, int] = {}
    told: dict[int, list[Statement]] = {}
    for statement, rest in [pair for kind in _POLICY_KINDS for pair in after(top, kind)]:
        priority = number(rest[0]) if rest else None
        if priority is None:
            continue
        lines[priority] = min(lines.get(priority, statement.line), statement.line)
        own = [Statement(statement.line, rest[1:])] if len(rest) > 1 else []
        told.setdefault(priority, []).extend((*own, *statement.under))
    return tuple(_policy(lines[p], p, told[p]) for p in sorted(told, key=lambda p: lines[p]))


def _policy(line: int, priority: int, told: list[Statement]) -> IsakmpPolicy:
    return IsakmpPolicy(
        line=line,
        priority=priority,
        lifetime_s=number(first(told, "lifetime")),
        lifetime_open=first(told, "lifetime") == ENDLESS,
        encryption=first(told, "encryption"),
        hash=first(told, "hash"),
        authentication=first(told, "authentication"),
        group=first(told, "group"),
    )


def _v2_lifetimes(top: list[Statement]) -> frozenset[int | None]:
    """The lifetimes of the IKEv2 policies, in seconds, null for one without end: which holds is the peer's choice."""
    said = (first(s.under, "lifetime seconds") for s, rest in after(top, "crypto ikev2 policy") if rest)
    return frozenset(None if word == ENDLESS else number(word) or DEFAULT_LIFETIME_S for word in said)


def _keys(top: list[Statement], groups: tuple[TunnelGroup, ...]) -> tuple[PeerMatch, ...]:
    """Whom the keys are for: the peers of the tunnel groups, everybody where the default group has one; PIX's own."""
    found = [
        PeerMatch(line=g.line, any_peer=True) if g.name == DEFAULT_GROUP else PeerMatch(line=g.line, address=g.name)
        for g in groups
        if g.keyed and (g.name == DEFAULT_GROUP or is_address(g.name))
    ]
    for kind in ("isakmp key", "crypto isakmp key"):
        for statement, rest in after(top, kind):
            if rest[1:2] == ("address",):
                match = address_match(statement, tuple(word for word in rest[2:] if word != "netmask"))
                found += [match] if match is not None else []
    return tuple(sorted(found, key=lambda m: m.line))


def idle_seconds(top: list[Statement]) -> dict[str, int | None]:
    """How long a tunnel with a peer may be idle, in seconds, by tunnel group; null: without limit, or not said.

    `vpn-idle-timeout` counts minutes; a group policy that does not say takes DfltGrpPolicy's.
    """
    said = {
        rest[0]: first(s.under, "vpn-idle-timeout")
        for s, rest in after(top, "group-policy")
        if rest[1:2] == ("attributes",)
    }
    found: dict[str, int | None] = {}
    for group in tunnel_groups(top):
        minutes = number(said.get(group.policy) or said.get(DEFAULT_POLICY))
        found[group.name] = minutes * _MINUTE_S if minutes is not None else None
    return found
