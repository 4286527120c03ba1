"""Interfaces of an ASA's configuration: addresses, names, crypto maps, tunnels (field guide 5.4, appendix E)."""

from __future__ import annotations

from msgspec import Struct, structs

from vpnaudit.model.addresses import is_address
from vpnaudit.model.config import ConfigInterface
from vpnaudit.platforms.cisco_ios._config_interfaces import interfaces as ios_interfaces
from vpnaudit.platforms.statements import Statement, after, first


class _Applied(Struct, frozen=True, kw_only=True, gc=False):
    """What a statement at the left margin binds to an interface, by the interface's `nameif`."""

    line: int
    crypto_map: str | None = None
    acl_in: str | None = None


def interfaces(top: list[Statement]) -> tuple[ConfigInterface, ...]:
    """Return every interface, in the order of the configuration.

    Crypto maps and filters are bound by name at the left margin. A part of a configuration that shows no interface
    sections still tells by them which interfaces there are: these come last, under the only name that is known.
    """
    applied = _applied(top)
    sections = _of_pix(top) or _sections(top)
    hardware = {i.nameif: i.name for i in sections if i.nameif}
    found = [_complete(i, applied.get(i.nameif or ""), hardware) for i in sections]
    found += [
        _complete(ConfigInterface(line=a.line, name=name, nameif=name), a, hardware)
        for name, a in applied.items()
        if name not in hardware
    ]
    return tuple(found)


def _applied(top: list[Statement]) -> dict[str, _Applied]:
    found: dict[str, _Applied] = {}
    for statement, rest in after(top, "crypto map"):
        if rest[1:2] == ("interface",) and len(rest) > 2:
            found[rest[2]] = _Applied(line=statement.line, crypto_map=rest[0])
    for statement, rest in after(top, "access-group"):
        # Only this form filters packets to the device itself; the others leave ESP to the ASA's own address alone.
        # It has no deny at its end (ASA configuration guide, access rules).
        if rest[1:3] == ("in", "interface") and rest[4:5] == ("control-plane",):
            known = found.get(rest[3], _Applied(line=statement.line))
            found[rest[3]] = structs.replace(known, acl_in=rest[0])
    return found


def _sections(top: list[Statement]) -> tuple[ConfigInterface, ...]:
    under = {s.line: s.under for keyword in ("interface", "int") for s, _ in after(top, keyword)}
    return tuple(_section(i, under[i.line]) for i in ios_interfaces(top))


def _section(interface: ConfigInterface, under: list[Statement]) -> ConfigInterface:
    return structs.replace(
        interface,
        nameif=first(under, "nameif"),
        standby_addresses=_standby(under),
        tunnel_source=first(under, "tunnel source interface") or interface.tunnel_source,
    )


def _standby(under: list[Statement]) -> tuple[str, ...]:
    """Addresses of the pair's standby unit."""
    found = [
        rest[rest.index("standby") + 1].partition("/")[0]
        for family in ("ip address", "ipv6 address")
        for _, rest in after(under, family)
        if "standby" in rest[:-1]
    ]
    return tuple(dict.fromkeys(a for a in found if is_address(a)))


def _complete(interface: ConfigInterface, applied: _Applied | None, hardware: dict[str, str]) -> ConfigInterface:
    source = interface.tunnel_source
    return structs.replace(
        interface,
        crypto_map=applied.crypto_map if applied else None,
        acl_in=applied.acl_in if applied else None,
        acl_in_passes_rest=applied is not None and applied.acl_in is not None,
        tunnel_source=hardware.get(source, source) if source else None,
    )


def _of_pix(top: list[Statement]) -> tuple[ConfigInterface, ...]:
    """Interfaces of PIX 6: `nameif HARDWARE NAME securityN` and `ip address NAME ADDRESS MASK`, each by itself.

    Its `interface HARDWARE SPEED` lines are no sections and say nothing that is wanted.
    """
    addresses: dict[str, tuple[str, ...]] = {}
    for statement, rest in after(top, "ip address"):
        if len(rest) > 2 and is_address(rest[1]):
            plain = Statement(statement.line, ("ip", "address", *rest[1:3]))
            addresses[rest[0]] = _addresses_of(plain)
    return tuple(
        ConfigInterface(line=s.line, name=rest[0], nameif=rest[1], addresses=addresses.get(rest[1], ()))
        for s, rest in after(top, "nameif")
        if len(rest) > 1
    )


def _addresses_of(statement: Statement) -> tuple[str, ...]:
    section = Statement(statement.line, ("interface", "pix"))
    section.under.append(statement)
    return ios_interfaces([section])[0].addresses
