"""IPsec in a configuration: lifetimes, transform sets, profiles, crypto maps, GETVPN groups (field guide 5.4)."""

from __future__ import annotations

from typing import Any, Literal

from vpnaudit.model.config import IpsecProfile, LifetimeSetting, MapEntry, PeerMatch, TransformSet
from vpnaudit.platforms.cisco_ios._config_ike import address_match, number
from vpnaudit.platforms.cisco_ios._config_interfaces import interface_name
from vpnaudit.platforms.statements import Statement, after, first

_LIFETIME = "security-association lifetime"
_DAY_S = 86400


def ipsec_facts(top: list[Statement]) -> dict[str, Any]:
    """Return the fields of `ConfigFacts` that speak of IPsec."""
    groups = [pair for kind in ("gdoi", "gkm") for pair in after(top, f"crypto {kind} group")]
    return {
        "ipsec_lifetime": _lifetime(top, f"crypto ipsec {_LIFETIME}"),
        "transform_sets": _transform_sets(top),
        "ipsec_profiles": tuple(_profile(s, rest[0]) for s, rest in after(top, "crypto ipsec profile") if rest),
        "map_entries": _map_entries(top),
        "map_local_address": _local_addresses(top),
        "gdoi_groups": tuple(_name(rest) for _, rest in groups if rest),
        "group_peers": tuple(m for group, _ in groups for m in _key_servers(group)),
    }


def _name(words: tuple[str, ...]) -> str:
    """The name behind an optional `ipv6`."""
    return words[1] if words[0] == "ipv6" and len(words) > 1 else words[0]


def _lifetime(statements: list[Statement], beginning: str) -> LifetimeSetting | None:
    """Join the seconds and the kilobytes that one place sets; the later of two equal statements holds."""
    line: int | None = None
    seconds: int | None = None
    kilobytes: int | None = None
    disabled = False
    for statement, rest in after(statements, beginning):
        if len(rest) < 2:
            continue
        line = line or statement.line
        for unit, value in zip(rest[::2], rest[1::2], strict=False):
            amount = number(value)
            if unit == "kilobytes":
                disabled = value in {"disable", "unlimited"}
                kilobytes = amount
            elif unit == "seconds":
                seconds = amount
            elif unit == "days" and amount is not None:
                seconds = amount * _DAY_S
    if line is None:
        return None
    return LifetimeSetting(line=line, seconds=seconds, kilobytes=kilobytes, volume_disabled=disabled)


def _transform_sets(top: list[Statement]) -> tuple[TransformSet, ...]:
    beginnings = ("crypto ipsec transform-set", "crypto ipsec ikev1 transform-set")
    found: dict[str, TransformSet] = {}
    for statement, rest in [pair for beginning in beginnings for pair in after(top, beginning)]:
        if rest:
            found[rest[0]] = TransformSet(
                line=statement.line,
                name=rest[0],
                transforms=_transforms(rest[1:]),
                mode=first(statement.under, "mode"),
            )
    return tuple(found.values())


def _transforms(words: tuple[str, ...]) -> tuple[str, ...]:
    """Join a transform with its key length: ("esp-aes", "256", "esp-sha-hmac") is two transforms."""
    joined: list[str] = []
    for word in words:
        if joined and not word.startswith(("esp-", "ah-", "comp-")):
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return tuple(joined)


def _profile(statement: Statement, name: str) -> IpsecProfile:
    under = statement.under
    return IpsecProfile(
        line=statement.line,
        name=name,
        transform_sets=_set_names(under),
        lifetime=_lifetime(under, f"set {_LIFETIME}"),
        pfs=_pfs(under),
        isakmp_profile=first(under, "set isakmp-profile"),
        ikev2_profile=first(under, "set ikev2-profile"),
        idle_s=_idle(under),
    )


def _set_names(under: list[Statement]) -> tuple[str, ...]:
    names = [n for form in ("", "ikev1 ") for _, rest in after(under, f"set {form}transform-set") for n in rest]
    return tuple(dict.fromkeys(names))


def _pfs(under: list[Statement]) -> str | None:
    """The group; "default" where `set pfs` names none (which group that is depends on the release)."""
    found = [rest[0] if rest else "default" for _, rest in after(under, "set pfs")]
    return found[-1] if found else None


def _idle(under: list[Statement]) -> int | None:
    return number(first(under, "set security-association idle-time"))


class _Entry:
    """What the statements of one map entry say together; one-line forms (`crypto map M 10 set …`) come one by one."""

    def __init__(self, line: int, name: str, sequence: int, *, template: bool) -> None:
        self.line = line
        self.name = name
        self.sequence = sequence
        self.template = template
        self.head: tuple[str, ...] = ()
        self.under: list[Statement] = []

    def finish(self, of_the_map: str | None) -> MapEntry:
        """`of_the_map`: the isakmp profile that holds for all entries of the map that name none."""
        under = self.under
        isakmp, ikev2 = first(under, "set isakmp-profile"), first(under, "set ikev2-profile")
        kind = self._kind()
        return MapEntry(
            line=self.line,
            name=self.name,
            sequence=self.sequence,
            kind=kind,
            template=self.template,
            peers=_peers(under),
            acl=self._acl(),
            transform_sets=_set_names(under),
            lifetime=_lifetime(under, f"set {_LIFETIME}"),
            pfs=_pfs(under),
            isakmp_profile=isakmp or self._head_word("profile") or (None if ikev2 else of_the_map),
            ikev2_profile=ikev2,
            dynamic_map=self._head_word("dynamic"),
            ike_version=self._version(kind, ikev2),
            idle_s=_idle(under),
            reverse_route=any(True for _ in after(under, "reverse-route"))
            or any(True for _ in after(under, "set reverse-route")),
        )

    def _kind(self) -> Literal["static", "dynamic", "gdoi", "manual"]:
        if self.template or "dynamic" in self.head:
            return "dynamic"
        if self.head[:1] == ("gdoi",):
            return "gdoi"
        return "manual" if self.head[:1] == ("ipsec-manual",) else "static"

    def _version(self, kind: str, ikev2: str | None) -> Literal["v1", "v2"] | None:
        """An entry without an IKEv2 profile negotiates by IKEv1; one that only points elsewhere says nothing."""
        if kind in {"gdoi", "manual"} or "dynamic" in self.head:
            return None
        return "v2" if ikev2 else "v1"

    def _head_word(self, keyword: str) -> str | None:
        index = self.head.index(keyword) + 1 if keyword in self.head else len(self.head)
        return self.head[index] if index < len(self.head) else None

    def _acl(self) -> str | None:
        return first(self.under, "match address ipv6") or first(self.under, "match address")


def _peers(under: list[Statement]) -> tuple[str, ...]:
    """Peers in order; `set peer NAME dynamic` is a host name, `default` marks the preferred one."""
    peers = [
        word for _, rest in after(under, "set peer") for word in rest if word not in {"dynamic", "default", "ipv6"}
    ]
    return tuple(dict.fromkeys(peers))


def _map_entries(top: list[Statement]) -> tuple[MapEntry, ...]:
    entries: dict[tuple[str, int, bool], _Entry] = {}
    profiles = {w[0]: w[2] for _, w in after(top, "crypto map") if w[1:2] == ("isakmp-profile",) and len(w) > 2}
    for kind in ("map", "dynamic-map"):
        for statement, words in after(top, f"crypto {kind}"):
            rest = words[1:] if words[:1] == ("ipv6",) and len(words) > 2 else words
            sequence = number(rest[1]) if len(rest) > 1 else None
            if sequence is None:
                continue
            template = kind == "dynamic-map"
            fresh = _Entry(statement.line, rest[0], sequence, template=template)
            _tell(entries.setdefault((rest[0], sequence, template), fresh), statement, rest[2:])
    ordered = sorted(entries.values(), key=lambda entry: entry.line)
    return tuple(entry.finish(None if entry.template else profiles.get(entry.name)) for entry in ordered)


def _tell(entry: _Entry, statement: Statement, rest: tuple[str, ...]) -> None:
    if rest[:1] in {("match",), ("set",)}:
        entry.under.append(Statement(statement.line, rest))
    elif rest and not entry.head:
        entry.head = rest
    entry.under += statement.under


def _local_addresses(top: list[Statement]) -> dict[str, str]:
    found = {}
    for _, words in after(top, "crypto map"):
        rest = words[1:] if words[:1] == ("ipv6",) else words
        if rest[1:2] == ("local-address",) and len(rest) > 2:
            found[rest[0]] = interface_name(rest[2:])
    return found


def _key_servers(group: Statement) -> list[PeerMatch]:
    """Key servers of a GETVPN group member: its IKE peers."""
    found = [
        address_match(statement, rest[1:] if rest[:1] in {("ipv4",), ("ipv6",)} else rest)
        for statement, rest in after(group.under, "server address")
    ]
    return [match for match in found if match is not None]
