"""How an ASA writes the changes that a remedy proposes (field guide 4, 8 and appendix B).

hier_config has no ASA platform, and most of these statements are single lines that carry the name of what they belong
to, so a change is fitted line by line: a line that stands is left out, one that another takes the place of comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from vpnaudit.model.platform import Change, RemedySyntax, Topic

_FILTER = "VPN-PEERS-ONLY"
_DEFAULT_GROUP = "DefaultL2LGroup"
_IKE_PORTS = ("isakmp", "4500")
_LARGEST_BUFFER = 1_048_576
"""Bytes. More is refused (ASA command reference, `logging buffer-size`)."""

_LOOKS: dict[Topic, tuple[str, ...]] = {
    "ike": ("show crypto ikev1 sa detail", "show crypto ikev2 sa detail"),
    "dpd": ("show running-config all tunnel-group",),
    "lifetime": ("show running-config crypto map", "show running-config crypto ipsec"),
    "memory": ("show memory detail", "show memory", "show blocks", "show processes memory"),
    "interface": ("show interface",),
    "reload": ("show version", "show crashinfo"),
    "failover": ("show failover", "show failover history"),
    "nat": ("show crypto ikev2 sa detail", "show xlate"),
    "routing": ("show route", "show asp table routing"),
    "filter": ("show access-list", "show running-config access-group"),
    "group": ("show vpn-sessiondb detail l2l",),
    "log": ("show logging",),
    "config": ("show running-config",),
    "counters": ("show crypto ipsec stats", "show asp table vpn-context detail", "show asp drop"),
    "processor": ("show cpu usage", "show crypto accelerator statistics"),
    "release": ("show version",),
    "clock": ("show clock detail", "show ntp status"),
}

_FTD = re.compile(r"^NGFW Version ", re.MULTILINE)
_HEAD = 4096
"""The version stands so far into a configuration at most."""
_LIFE = "set security-association lifetime"
_PART = re.compile(
    rf"^((?:crypto (?:dynamic-)?map \S+ \d+ )?{_LIFE}|crypto ipsec security-association lifetime) (\w+) "
)
_ENTRY = re.compile(r"^access-list (\S+) (?:line \d+ )?(.*)$")
_GROUP = re.compile(r"^access-group \S+ (in interface \S+ control-plane)$")
_ONE_OF_A_KIND = ("isakmp keepalive ", "logging buffer-size ", "logging timestamp")
_LOG_CLASS = re.compile(r"^logging class vpn (?:\S+ \S+ )*?buffered (\S+)")
_MADE_WHERE_MISSING = f"tunnel-group {_DEFAULT_GROUP} ipsec-attributes"
"""The one section that is there even where the configuration does not show it."""


class CiscoAsaRemedies:
    """`vpnaudit.model.platform.RemedySyntax` for ASA and FTD (FTD takes configuration from its manager only)."""

    def managed_by(self, running: str) -> str | None:
        """An FTD shows ASA statements, and is configured by its manager."""
        return "its manager (FMC or FDM)" if _FTD.search(running, 0, _HEAD) else None

    def clear_peer(self, peer: str) -> Change:
        """Both phases with one peer, in both IKE versions: clearing what is not there does nothing."""
        return Change(
            commands=(
                f"clear crypto ipsec sa peer {peer}",
                f"clear crypto ikev1 sa {peer}",
                f"clear crypto ikev2 sa {peer}",
            ),
            verify=(
                f"show vpn-sessiondb detail l2l filter ipaddress {peer}  # a session with a short Duration",
                f"show crypto ipsec sa peer {peer}  # new SPIs; encaps and decaps both rise",
            ),
        )

    def clear_spi(self, peer: str, spi: int) -> None:
        """None: no public text settles in which base `clear crypto ipsec sa entry` takes the SPI."""

    def dpd(self, version: str, profile: str | None, interval_s: int, retry_s: int) -> Change:
        """The keepalive of the peer's tunnel group holds for both IKE versions; without one, that of all sites."""
        group = profile or _DEFAULT_GROUP
        return Change(
            commands=(
                f"tunnel-group {group} ipsec-attributes",
                f" isakmp keepalive threshold {interval_s} retry {retry_s}",
            ),
            verify=(
                f"show running-config all tunnel-group {group}  # threshold {interval_s}, retry {retry_s}",
                f"show crypto {'ikev2' if version == 'v2' else 'ikev1'} sa detail  # a new IKE SA, made since then",
            ),
        )

    def lifetime(self, where: str | None, seconds: int, kilobytes: int | None) -> Change:
        """Both parts."""
        time, volume = self.lifetime_seconds(where, seconds), self.lifetime_volume(where, kilobytes)
        in_section = where is not None and where.startswith("profile ")
        commands = (*time.commands, *(volume.commands[1:] if in_section else volume.commands))
        return Change(commands=commands, verify=time.verify)

    def lifetime_seconds(self, where: str | None, seconds: int) -> Change:
        """Applies from the next negotiation; live SAs keep theirs."""
        return _lifetime(where, f"seconds {seconds}")

    def lifetime_volume(self, where: str | None, kilobytes: int | None) -> Change:
        """`unlimited` turns the volume part off (from ASA 9.1(2))."""
        return _lifetime(where, "kilobytes unlimited" if kilobytes is None else f"kilobytes {kilobytes}")

    def permit_peers_only(self, interface: str, local: str, peers: tuple[str, ...], deny: str) -> Change:
        """A list for packets to the ASA itself. What it does not name passes: a control-plane list denies nothing else.

        The lists of the other direction and of traffic through the ASA do not see ESP to its own address.
        """
        return Change(
            commands=(
                *(f"access-list {_FILTER} extended {line}" for line in _filter_lines(local, peers, deny)),
                f"access-group {_FILTER} in interface {interface} control-plane",
            ),
            verify=_filter_verify(_FILTER),
        )

    def extend_filter(self, name: str, below: int, local: str, peers: tuple[str, ...], deny: str) -> Change:  # noqa: ARG002
        """Lines put in front; an ASA numbers the entries by their place and moves the others down."""
        lines = enumerate(_filter_lines(local, peers, deny), 1)
        return Change(
            commands=tuple(f"access-list {name} line {n} extended {line}" for n, line in lines),
            verify=_filter_verify(name),
        )

    def invalid_spi_recovery(self, *, on: bool) -> None:
        """None: an ASA has no such command (field guide 4.A)."""

    def nat_keepalive(self, seconds: int) -> None:
        """None: NAT-T and its keepalive of 20 s are on unless they were switched off."""

    def group_recovery_check(self, group: str, interval_s: int) -> None:
        """None: an ASA is no GETVPN member."""

    def log_stamps(self) -> Change:
        """Local time to the second is all that an ASA's own form has."""
        return Change(
            commands=("logging enable", "logging timestamp"),
            verify=("show logging  # new lines begin with date, year and time",),
        )

    def log_buffer(self, size_bytes: int) -> Change:
        """By class, so that the lines of every connection through the firewall do not push those of IPsec out."""
        return Change(
            commands=(
                "logging enable",
                f"logging buffer-size {min(size_bytes, _LARGEST_BUFFER)}",
                "logging class vpn buffered informational",
            ),
            verify=("show logging  # Buffer logging: ... class vpn; 602303 and 602304 at the next rekey",),
        )

    def log_sessions(self, ike: Literal["v1", "v2"] | None = None) -> Change:  # noqa: ARG002 - one class has both
        """713049, 713050, 602303 and 602304: every SPI with the time of its set-up and end."""
        return Change(
            commands=("logging class vpn buffered informational",),
            verify=("show logging  # 602303 and 602304 at the next rekey",),
        )

    def drop_actions(self, applet: str, statements: tuple[str, ...]) -> None:
        """An ASA's applets are not read."""

    def look(self, topic: Topic, about: str | None = None, family: str | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """Exec-level reads only (field guide 5.2)."""
        if topic == "sa":
            return (f"show crypto ipsec sa peer {about}" if about else "show crypto ipsec sa",)
        if topic == "session":
            named = f" filter ipaddress {about}" if about else ""
            return (f"show vpn-sessiondb detail l2l{named}",)
        if topic in {"interface", "routing"} and about:
            return (f"show {'interface' if topic == 'interface' else 'route'} {about}",)
        if topic == "filter" and about:
            return (f"show access-list {about}",)
        return _LOOKS[topic]

    def fit(self, running: str, wanted: tuple[str, ...]) -> Change | None:
        """Line by line: what stands is left out, what is replaced comes back with the rollback."""
        standing = _lines(running)
        steps = [_step(line, standing) for line in _located(wanted)]
        if any(step is None for step in steps):
            return None
        todo = [step for step in steps if step is not None and step.undo is not None]
        if not todo:
            return None
        return Change(
            commands=tuple(_written((s.section, s.do) for s in todo)),
            rollback=tuple(_written((s.section, s.undo or "") for s in reversed(todo))),
        )


class _Line(Struct, frozen=True):
    """A statement, and the section that it stands in ("" at the left margin)."""

    section: str
    text: str


class _Step(Struct, frozen=True):
    """A line to enter, and the line that takes it back; null where it stands already."""

    section: str
    do: str
    undo: str | None


@lru_cache(maxsize=32)
def _lines(running: str) -> frozenset[_Line]:
    return frozenset(_located(running.splitlines()))


def _located(lines: Iterable[str]) -> tuple[_Line, ...]:
    found: list[_Line] = []
    section = ""
    for raw in lines:
        text = " ".join(raw.split())
        if not text or text.startswith("!"):
            continue
        if raw[0].isspace():
            found.append(_Line(section, text))
        else:
            section = text
            found.append(_Line("", text))
    return tuple(found)


def _step(line: _Line, standing: frozenset[_Line]) -> _Step | None:
    """How one wanted line is entered; null where what it belongs to is not there."""
    if _is_section(line):
        known = line in standing or line.text == _MADE_WHERE_MISSING
        return _Step("", line.text, None) if known else None
    if not _has_its_place(line, standing):
        return None
    entry = _ENTRY.match(line.text)
    if entry is not None:
        stands = any((e := _ENTRY.match(s.text)) is not None and (e[1], e[2]) == (entry[1], entry[2]) for s in standing)
        return _Step("", line.text, None if stands else f"no access-list {entry[1]} {entry[2]}")
    if line in standing:
        return _Step(line.section, line.text, None)
    replaced = next((s.text for s in sorted(standing, key=lambda s: s.text) if _replaces(line, s)), None)
    if replaced == line.text:
        return _Step(line.section, line.text, None)
    return _Step(line.section, line.text, replaced or f"no {line.text}")


def _is_section(line: _Line) -> bool:
    return not line.section and line.text.startswith(("tunnel-group ", "crypto ipsec profile "))


def _has_its_place(line: _Line, standing: frozenset[_Line]) -> bool:
    """Whether the map entry that a line names is there; it is not made up."""
    words = line.text.split()
    if words[0] != "crypto" or words[1] not in {"map", "dynamic-map"}:
        return True
    head = " ".join(words[:4]) + " "
    return any(s.text.startswith(head) for s in standing)


def _replaces(line: _Line, other: _Line) -> bool:
    """Whether entering `line` makes `other` go."""
    if line.section != other.section:
        return False
    part, group = _PART.match(line.text), _GROUP.match(line.text)
    if part is not None:
        return other.text.startswith(f"{part[1]} ") and f" {part[2]} " in other.text
    if group is not None:
        return other.text.startswith("access-group ") and other.text.endswith(f" {group[1]}")
    if _LOG_CLASS.match(line.text):
        return _LOG_CLASS.match(other.text) is not None
    return any(line.text.startswith(kind) and other.text.startswith(kind) for kind in _ONE_OF_A_KIND)


def _written(steps: Iterable[tuple[str, str]]) -> Iterator[str]:
    section = ""
    for inside, text in steps:
        if inside and inside != section:
            yield inside
        section = inside
        yield f" {text}" if inside else text


def _lifetime(where: str | None, value: str) -> Change:
    after = "show crypto ipsec sa  # remaining lifetimes of SAs made since then start from the new value"
    if where is None:
        commands: tuple[str, ...] = (f"crypto ipsec security-association lifetime {value}",)
    elif where.startswith("profile "):
        commands = (f"crypto ipsec {where}", f" {_LIFE} {value}")
    else:
        commands = (f"crypto {where} {_LIFE} {value}",)
    return Change(commands=commands, verify=(f"show running-config crypto  # lifetime {value}", after))


def _filter_lines(local: str, peers: tuple[str, ...], deny: str) -> tuple[str, ...]:
    permits = [
        line
        for peer in peers
        for line in (
            f"permit esp host {peer} host {local}",
            *(f"permit udp host {peer} host {local} eq {port}" for port in _IKE_PORTS),
        )
    ]
    stranger = "any4" if deny == "any" else f"host {deny}"
    return (*permits, f"deny esp {stranger} host {local}")


def _filter_verify(name: str) -> tuple[str, ...]:
    return (
        f"show access-list {name}  # permits count the peers' packets, the deny the stranger's",
        "show logging | include 402114  # no new line from a source that is no peer",
    )


REMEDIES: RemedySyntax = CiscoAsaRemedies()
