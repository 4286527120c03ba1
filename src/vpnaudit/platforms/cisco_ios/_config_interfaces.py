"""Interfaces of a configuration: addresses, crypto maps, tunnels, NHRP (field guide 5.4, appendix E)."""

from __future__ import annotations

from ipaddress import ip_interface
from itertools import pairwise
from typing import Any

from netutils.interface import canonical_interface_name

from vpnaudit.model.addresses import is_address
from vpnaudit.model.config import ConfigInterface
from vpnaudit.platforms.statements import Statement, after, first

_SHARES_AN_ADDRESS = ("standby", "vrrp", "glbp")


def interfaces(top: list[Statement]) -> tuple[ConfigInterface, ...]:
    """Return every interface section, in the order of the configuration."""
    sections = [pair for keyword in ("interface", "int") for pair in after(top, keyword)]
    sections.sort(key=lambda pair: pair[0].line)
    return tuple(_interface(statement, interface_name(rest)) for statement, rest in sections if rest)


def interface_name(words: tuple[str, ...]) -> str:
    """Return an interface's whole name: "Gi0/1" and "tunnel 1" as "GigabitEthernet0/1" and "Tunnel1"."""
    name = words[0]
    if len(words) > 1 and words[1][:1].isdecimal():
        name += words[1]
    return str(canonical_interface_name(name[:1].upper() + name[1:])) if name[:1].isalpha() else name


def _interface(statement: Statement, name: str) -> ConfigInterface:
    under = statement.under
    return ConfigInterface(
        line=statement.line,
        name=name,
        addresses=_addresses(under),
        standby_addresses=_shared_addresses(under),
        vrf=first(under, "vrf forwarding") or first(under, "ip vrf forwarding"),
        shutdown=any(s.words == ("shutdown",) for s in under),
        tunnel_source=_tunnel_source(under),
        tunnel_destination=_tunnel_destination(under),
        tunnel_mode=next((" ".join(rest) for _, rest in after(under, "tunnel mode")), None),
        tunnel_vrf=first(under, "tunnel vrf"),
        nhrp_nbma=_nbma(under),
        nhrp=any(s.words[:2] in {("ip", "nhrp"), ("ipv6", "nhrp")} for s in under),
        virtual_template=name.lower().startswith("virtual-template"),
        acl_in=next((rest[0] for _, rest in after(under, "ip access-group") if rest[1:2] == ("in",)), None),
        zone_member=first(under, "zone-member security"),
        **_crypto_map(under),
        **_protection(under),
    )


def _addresses(under: list[Statement]) -> tuple[str, ...]:
    """Addresses as `address/prefix length`, the first one first, then the secondary ones, then IPv6."""
    own: list[str] = []
    secondary: list[str] = []
    for _, rest in after(under, "ip address"):
        if len(rest) >= 2 and (found := _with_prefix(f"{rest[0]}/{rest[1]}")) is not None:
            (secondary if "secondary" in rest[2:] else own).append(found)
        elif rest and "/" in rest[0] and (found := _with_prefix(rest[0])) is not None:
            own.append(found)
    for _, rest in after(under, "ipv6 address"):
        if rest and (found := _with_prefix(rest[0])) is not None:
            secondary.append(found)
        elif len(rest) > 1 and rest[1] == "link-local" and is_address(rest[0]):
            secondary.append(f"{rest[0].lower()}/128")
    return tuple(own + secondary)


def _with_prefix(text: str) -> str | None:
    try:
        return str(ip_interface(text))
    except ValueError:
        return None


def _shared_addresses(under: list[Statement]) -> tuple[str, ...]:
    """Virtual addresses of HSRP, VRRP (also in its `address-family` form) and GLBP."""
    found: list[str] = []
    for statement in under:
        if statement.words[0] not in _SHARES_AN_ADDRESS:
            continue
        rest = statement.words[1:]
        rest = rest[1:] if rest and rest[0].isdecimal() else rest
        if len(rest) > 1 and rest[0] in {"ip", "ipv6"}:
            found.append(rest[1].partition("/")[0])
        found += [inner[0] for _, inner in after(statement.under, "address") if inner]
    return tuple(dict.fromkeys(a for a in found if is_address(a)))


def _tunnel_source(under: list[Statement]) -> str | None:
    for _, rest in after(under, "tunnel source"):
        if rest:
            return rest[0] if is_address(rest[0]) else interface_name(rest)
    return None


def _tunnel_destination(under: list[Statement]) -> str | None:
    destination = first(under, "tunnel destination")
    if destination == "ipv6":
        destination = first(under, "tunnel destination ipv6")
    return None if destination == "dynamic" else destination


def _nbma(under: list[Statement]) -> tuple[str, ...]:
    """Outer addresses of next-hop servers and static NHRP maps."""
    found: list[str] = []
    for family in ("ip", "ipv6"):
        for _, rest in after(under, f"{family} nhrp nhs"):
            if "nbma" in rest[:-1]:
                found.append(rest[rest.index("nbma") + 1])
        for _, rest in after(under, f"{family} nhrp map"):
            found += [word for word in rest[1:3] if is_address(word.partition("/")[0])][-1:]
    return tuple(dict.fromkeys(a for a in found if is_address(a)))


def _crypto_map(under: list[Statement]) -> dict[str, Any]:
    for _, rest in after(under, "crypto map"):
        if rest:
            group = rest[2] if rest[1:2] == ("redundancy",) and len(rest) > 2 else None
            return {"crypto_map": rest[0], "crypto_map_redundancy": group}
    return {}


def _protection(under: list[Statement]) -> dict[str, Any]:
    for statement, rest in after(under, "tunnel protection ipsec profile"):
        if rest:
            return {
                "ipsec_profile": rest[0],
                "protection_shared": "shared" in rest[1:],
                "protection_line": statement.line,
                "isakmp_profile": _word_after(rest, "isakmp-profile"),
                "ikev2_profile": _word_after(rest, "ikev2-profile"),
            }
    return {}


def _word_after(words: tuple[str, ...], keyword: str) -> str | None:
    return next((after_it for word, after_it in pairwise(words) if word == keyword), None)
