"""IKE in a configuration: policies, keys, keyrings, profiles, DPD (field guide 5.4)."""

from __future__ import annotations

from typing import Any

from vpnaudit.model.addresses import is_address
from vpnaudit.model.config import DpdMode, DpdSetting, IkeProfile, IsakmpPolicy, PeerMatch
from vpnaudit.platforms.statements import Statement, after, first

_EVERYBODY = frozenset({"0.0.0.0", "::", "::/0", "0.0.0.0/0"})  # noqa: S104 - a match, nothing listens


def ike_facts(top: list[Statement]) -> dict[str, Any]:
    """Return the fields of `ConfigFacts` that speak of IKE."""
    recovery = next((s for s, _ in after(top, "crypto isakmp invalid-spi-recovery")), None)
    return {
        "isakmp_policies": _policies(top),
        "isakmp_keys": _keys(top),
        "isakmp_keepalive": _dpd(top, "crypto isakmp keepalive"),
        "ikev2_dpd": _dpd(top, "crypto ikev2 dpd"),
        "ike_profiles": _profiles(top),
        "ikev2_keyrings": {rest[0]: _ring(s) for s, rest in after(top, "crypto ikev2 keyring") if rest},
        "ikev2_policies": tuple(rest[0] for _, rest in after(top, "crypto ikev2 policy") if rest),
        "ikev2_proposals": tuple(rest[0] for _, rest in after(top, "crypto ikev2 proposal") if rest),
        "invalid_spi_recovery": recovery is not None,
        "invalid_spi_recovery_line": recovery.line if recovery is not None else None,
    }


def number(text: str | None) -> int | None:
    """Return a decimal number of at most 12 digits, else None."""
    return int(text) if text is not None and text.isdecimal() and len(text) <= 12 else None


def _policies(top: list[Statement]) -> tuple[IsakmpPolicy, ...]:
    found = []
    for statement, rest in [pair for kind in ("isakmp", "ikev1") for pair in after(top, f"crypto {kind} policy")]:
        priority = number(rest[0]) if rest else None
        if priority is None:
            continue
        under = statement.under
        found.append(
            IsakmpPolicy(
                line=statement.line,
                priority=priority,
                lifetime_s=number(first(under, "lifetime")),
                encryption=_words(under, "encr") or _words(under, "encryption"),
                hash=_words(under, "hash"),
                authentication=_words(under, "authentication"),
                group=_words(under, "group"),
            )
        )
    return tuple(found)


def _words(under: list[Statement], beginning: str) -> str | None:
    found = [" ".join(rest) for _, rest in after(under, beginning) if rest]
    return found[-1] if found else None


def _keys(top: list[Statement]) -> tuple[PeerMatch, ...]:
    """Whom the pre-shared keys are for: the global ones, and those of IKEv1 keyrings."""
    found: list[tuple[Statement, tuple[str, ...]]] = []
    for statement, rest in after(top, "crypto isakmp key"):
        encrypted = rest[0] in {"0", "6"} and rest[2:3] in {("address",), ("hostname",)} if rest else False
        found.append((statement, rest[2 if encrypted else 1 :]))
    for ring, _ in after(top, "crypto keyring"):
        found += after(ring.under, "pre-shared-key")
    found.sort(key=lambda pair: pair[0].line)
    matches = (_key_match(statement, rest) for statement, rest in found)
    return tuple(m for m in matches if m is not None)


def _key_match(statement: Statement, words: tuple[str, ...]) -> PeerMatch | None:
    if words[:1] == ("hostname",) and len(words) > 1:
        return PeerMatch(line=statement.line, identity=words[1])
    if words[:2] == ("address", "ipv6"):
        words = words[1:]
    elif words[:1] != ("address",):
        return None
    return address_match(statement, words[1:])


def address_match(statement: Statement, words: tuple[str, ...]) -> PeerMatch | None:
    """Read `ADDRESS [MASK]` or `ADDRESS/LENGTH`; 0.0.0.0 and ::/0 are everybody. None where there is no word."""
    if not words:
        return None
    mask = words[1] if len(words) > 1 and is_address(words[1]) and "." in words[1] else None
    if words[0] in _EVERYBODY and mask in {None, "0.0.0.0"}:  # noqa: S104 - a mask
        return PeerMatch(line=statement.line, any_peer=True)
    address, _, length = words[0].partition("/")
    return PeerMatch(line=statement.line, address=address, mask=mask or length or None)


def _dpd(statements: list[Statement], beginning: str) -> DpdSetting | None:
    """Read `SECONDS [[retry] RETRY] [periodic|on-demand]`; without a keyword it is on demand (field guide C4)."""
    found = None
    for statement, rest in after(statements, beginning):
        interval = number(rest[0]) if rest else None
        if interval is None:
            continue
        words = [word for word in rest[1:] if word != "retry"]
        mode: DpdMode = "periodic" if "periodic" in words else "on-demand"
        found = DpdSetting(
            line=statement.line, interval_s=interval, retry_s=number(words[0]) if words else None, mode=mode
        )
    return found


def _ring(ring: Statement) -> tuple[PeerMatch, ...]:
    return tuple(m for peer, _ in after(ring.under, "peer") if (m := _ring_peer(peer)) is not None)


def _ring_peer(peer: Statement) -> PeerMatch | None:
    """Read one `peer` of an IKEv2 keyring: its address, else its name or identity."""
    identity = _identity(peer.under) or first(peer.under, "hostname")
    for statement, rest in after(peer.under, "address"):
        match = address_match(statement, rest[1:] if rest[:1] == ("ipv6",) else rest)
        if match is not None:
            return PeerMatch(
                line=statement.line, address=match.address, mask=match.mask, identity=identity, any_peer=match.any_peer
            )
    return PeerMatch(line=peer.line, identity=identity) if identity else None


def _identity(under: list[Statement]) -> str | None:
    return next((rest[-1] for _, rest in after(under, "identity") if len(rest) > 1), None)


def _profiles(top: list[Statement]) -> tuple[IkeProfile, ...]:
    found = [_v1_profile(s, rest[0]) for s, rest in after(top, "crypto isakmp profile") if rest]
    found += [_v2_profile(s, rest[0]) for s, rest in after(top, "crypto ikev2 profile") if rest]
    return tuple(sorted(found, key=lambda profile: profile.line))


def _v1_profile(statement: Statement, name: str) -> IkeProfile:
    under = statement.under
    return IkeProfile(
        line=statement.line,
        name=name,
        version="v1",
        matches=_matches(under, "match identity") + _certificates(under),
        keyring=first(under, "keyring"),
        dpd=_dpd(under, "keepalive"),
        virtual_template=first(under, "virtual-template"),
        vrf=first(under, "vrf"),
    )


def _v2_profile(statement: Statement, name: str) -> IkeProfile:
    under = statement.under
    return IkeProfile(
        line=statement.line,
        name=name,
        version="v2",
        matches=_matches(under, "match identity remote") + _certificates(under),
        keyring=first(under, "keyring local") or first(under, "keyring aaa") or first(under, "keyring"),
        dpd=_dpd(under, "dpd"),
        lifetime_s=number(first(under, "lifetime")),
        lifetime_open=first(under, "lifetime") == "certificate",
        virtual_template=first(under, "virtual-template"),
        vrf=first(under, "ivrf"),
    )


def _certificates(under: list[Statement]) -> tuple[PeerMatch, ...]:
    return tuple(
        PeerMatch(line=s.line, identity=" ".join(("certificate", *rest[:1])))
        for beginning in ("match certificate", "match identity certificate")
        for s, rest in after(under, beginning)
    )


def _matches(under: list[Statement], beginning: str) -> tuple[PeerMatch, ...]:
    found = (_match(statement, rest) for statement, rest in after(under, beginning) if rest)
    return tuple(m for m in found if m is not None)


def _match(statement: Statement, words: tuple[str, ...]) -> PeerMatch | None:
    kind, rest = words[0], words[1:]
    if kind == "any":
        return PeerMatch(line=statement.line, any_peer=True)
    if kind == "address":
        return address_match(statement, rest[1:] if rest[:1] == ("ipv6",) else rest)
    if kind in {"certificate", "remote"} or not rest:
        return None
    return PeerMatch(line=statement.line, identity=" ".join(rest))
