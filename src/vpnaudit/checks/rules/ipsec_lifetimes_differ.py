"""The two ends give their IPsec SAs different lifetimes.

## What it looks for

The lifetime in force at each end, from the crypto map entry or profile, else the global one, else the platform's
default: seconds first, then kilobytes. Both ends have to be known.

## Why it matters

IKEv2 does not negotiate lifetimes: each end ends its SAs on its own clock. If the end with the shorter one lets its
pair die unused and the DELETE does not arrive, the other end sends on a dead SPI for the whole difference. IKEv1
between Cisco devices settles on the lower value, so there a difference is only untidy (low).

## What it cannot see

A changed lifetime applies from the next negotiation: live SAs may still have the old one. The lifetime of a peer that
was not collected is not known: UNKNOWN.

## Example

    hub     crypto map OUTSIDE 10 ipsec-isakmp / set security-association lifetime seconds 28800
    spoke1  no such line (default 3600 s), IKEv2 SA 198.51.100.7 to 192.0.2.1

## What to do

Give both ends the same value. The lower of the two is always safe; change the end with the longer one.

## How to check that it worked

`show crypto map` (or the profile) has the same values at both ends; after the next rekey the remaining lifetimes of
both ends in `show crypto ipsec sa` begin alike.

## Source

RFC 7296 section 2.8; field guide 2.1, 4 C11 and 8.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import place, place_parameters, settles_policy, tunnel_case
from vpnaudit.model.device import CONFIG_COMMAND
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule, Severity
from vpnaudit.model.tunnel import Lifetime, Tunnel, TunnelEnd
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel."""
    return (_judge(t) for t in fleet.assessable_tunnels)


def _judge(tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, "the same IPsec lifetime at both ends, in seconds and in kilobytes")
    lifetimes: list[Lifetime] = []
    for end in (tunnel.local, tunnel.remote):
        if end.device is None or end.lifetime is None or end.lifetime.ipsec_s is None:
            return case.unknown(place(end), settles_policy(end), "which IPsec lifetime that end uses")
        lifetimes.append(end.lifetime)
    local, remote = lifetimes
    evidence = (*local.evidence, *remote.evidence)
    actual = f"{tunnel.local.device} {_words(local)}, {tunnel.remote.device} {_words(remote)}"
    if local.ipsec_s != remote.ipsec_s:
        return case.failed(
            actual, _why(tunnel), evidence, severity=_severity(tunnel), parameters=_parameters(tunnel, local, remote)
        )
    for end, own in ((tunnel.local, local), (tunnel.remote, remote)):
        if _volume(own) is None:
            return case.unknown(place(end), settles_policy(end), "which volume lifetime that end uses", evidence)
    if _volume(local) != _volume(remote):
        because = "The end with the lower volume rekeys first; which end that is should not be left to chance."
        parameters = _parameters(tunnel, local, remote)
        return case.failed(actual, because, evidence, severity="low", parameters=parameters)
    return case.passed(actual, "", evidence)


def _volume(lifetime: Lifetime) -> float | None:
    """Kilobytes; without limit where switched off; null where not known."""
    return float("inf") if lifetime.volume_disabled else lifetime.ipsec_kb


def _words(lifetime: Lifetime) -> str:
    volume = "no volume limit" if lifetime.volume_disabled else f"{lifetime.ipsec_kb or 'unknown'} kB"
    return f"{lifetime.ipsec_s} s and {volume}"


def _severity(tunnel: Tunnel) -> Severity:
    return "medium" if tunnel.ike == "v2" else "low"


def _why(tunnel: Tunnel) -> str:
    if tunnel.ike == "v2":
        return "IKEv2 does not negotiate lifetimes: an SA that one end has let die can live on at the other."
    if tunnel.ike == "v1":
        return (
            "IKEv1 settles on the lower value, so this does no harm between these two, but misleads whoever reads it."
        )
    return "Which IKE version is used is not known; with IKEv1 this is harmless, with IKEv2 it is not."


def _parameters(tunnel: Tunnel, local: Lifetime, remote: Lifetime) -> dict[str, str | None]:
    longer, shorter = _by_length((tunnel.local, local), (tunnel.remote, remote))
    end, _ = longer
    _, target = shorter
    return {
        **place_parameters(tunnel, end),
        "other": shorter[0].device,
        "seconds": str(target.ipsec_s),
        "kilobytes": _lower_volume(local, remote),
    }


def _lower_volume(local: Lifetime, remote: Lifetime) -> str | None:
    """The lower volume in kB, "disable" where neither end has one, null where one is not known."""
    volumes = [_volume(local), _volume(remote)]
    if None in volumes:
        return None
    lower = min(v for v in volumes if v is not None)
    return "disable" if lower == float("inf") else str(int(lower))


def _by_length(
    one: tuple[TunnelEnd, Lifetime], two: tuple[TunnelEnd, Lifetime]
) -> tuple[tuple[TunnelEnd, Lifetime], tuple[TunnelEnd, Lifetime]]:
    """The end with the longer lifetime first."""

    def length(of: tuple[TunnelEnd, Lifetime]) -> tuple[int, float]:
        return (of[1].ipsec_s or 0, _volume(of[1]) or 0.0)

    return (one, two) if length(one) >= length(two) else (two, one)


RULE = Rule(
    id="LIFE-001",
    title="ipsec-lifetimes-differ",
    severity="medium",
    needs=(CONFIG_COMMAND, "show crypto map"),
    check=check,
)
