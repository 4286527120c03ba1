"""How IOS and IOS-XE write the changes that a remedy proposes (field guide 4, 8 and appendix B)."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

from vpnaudit.model.platform import Change, RemedySyntax, Topic
from vpnaudit.model.spi import spi_text
from vpnaudit.remedy.way_back import fit_to_running

if TYPE_CHECKING:
    from hier_config.platforms.driver_base import HConfigDriverBase

_FILTER = "VPN-PEERS-ONLY"
_PEER_GROUP = "VPN-PEERS"
_NUMBERED_ENTRY = re.compile(r"^access-list (1\d\d|2[0-6]\d\d) ((?:permit|deny) .*)$")
_IKE_PORTS = ("isakmp", "non500-isakmp")

_LOOKS: dict[Topic, tuple[str, ...]] = {
    "ike": ("show crypto isakmp sa detail", "show crypto ikev2 sa detail"),
    "dpd": ("show running-config | section isakmp|ikev2", "show crypto ikev2 sa detail"),
    "lifetime": ("show crypto map", "show crypto ipsec profile"),
    "memory": (
        "show memory statistics",
        "show processes memory sorted",
        "show memory allocating-process totals",
        "show platform resources",
    ),
    "reload": ("show version", "show logging | include SYS-5|REDUNDANCY|HSRP"),
    "failover": ("show standby brief", "show redundancy states", "show crypto ha"),
    "nat": ("show crypto ikev2 sa detail", "show ip nat translations"),
    "routing": ("show ip route", "show ip cef"),
    "filter": ("show ip access-lists", "show policy-map control-plane"),
    "group": ("show crypto gdoi", "show crypto gdoi gm"),
    "log": ("show logging",),
    "config": ("show running-config",),
    "counters": (
        "show platform hardware qfp active feature ipsec datapath drops all",
        "show crypto mib ipsec flowmib global",
    ),
    "processor": ("show processes cpu sorted", "show crypto eli"),
    "release": ("show version",),
    "clock": ("show clock detail", "show ntp status"),
}


class CiscoIosRemedies:
    """`vpnaudit.model.platform.RemedySyntax` for IOS and IOS-XE."""

    def managed_by(self, running: str) -> None:
        """None: what is proposed can be entered."""

    def clear_peer(self, peer: str) -> Change:
        """Both phases with one peer (from IOS 12.3(4)T); never the forms that drop every tunnel."""
        return Change(
            commands=(f"clear crypto session remote {peer}",),
            verify=(
                f"show crypto session remote {peer} detail  # UP-ACTIVE again, with a short uptime",
                f"show crypto ipsec sa peer {peer}  # new SPIs; encaps and decaps both rise",
            ),
        )

    def clear_spi(self, peer: str, spi: int) -> Change:
        """The outbound SA towards `peer` with this SPI; those of the same negotiation go with it.

        In decimal, as the command reference has it (`clear crypto sa entry destination protocol spi`).
        """
        return Change(
            commands=(f"clear crypto sa entry {peer} esp {spi}",),
            verify=(f"show crypto ipsec sa peer {peer}  # {spi_text(spi)} is gone; encaps and decaps rise",),
        )

    def dpd(self, version: str, profile: str | None, interval_s: int, retry_s: int) -> Change:
        """An isakmp profile has no `periodic`; its keepalive takes the place of the global one."""
        if version == "v2":
            line = f"dpd {interval_s} {retry_s} periodic"
            commands = (f"crypto ikev2 profile {profile}", f" {line}") if profile else (f"crypto ikev2 {line}",)
            verify = (f"show crypto ikev2 sa detail  # DPD configured for {interval_s} seconds, retry {retry_s}",)
        elif profile:
            commands = (f"crypto isakmp profile {profile}", f" keepalive {interval_s} retry {retry_s}")
            verify = ("show crypto isakmp sa detail  # Cap. of the new IKE SA shows D",)
        else:
            commands = (f"crypto isakmp keepalive {interval_s} {retry_s} periodic",)
            verify = ("show crypto isakmp sa detail  # Cap. of the new IKE SA shows D",)
        shown = "ikev2" if version == "v2" else "isakmp"
        return Change(
            commands=commands, verify=(f"show running-config | section crypto {shown}  # the line stands", *verify)
        )

    def lifetime(self, where: str | None, seconds: int, kilobytes: int | None) -> Change:
        """Both parts."""
        time, volume = self.lifetime_seconds(where, seconds), self.lifetime_volume(where, kilobytes)
        commands = (*time.commands, *volume.commands[1:]) if where else (*time.commands, *volume.commands)
        return Change(commands=commands, verify=time.verify)

    def lifetime_seconds(self, where: str | None, seconds: int) -> Change:
        """Applies from the next negotiation; live SAs keep theirs."""
        return _lifetime(where, f"seconds {seconds}", f"{seconds} seconds")

    def lifetime_volume(self, where: str | None, kilobytes: int | None) -> Change:
        """`disable` turns the volume part off (field guide 2.5)."""
        if kilobytes is None:
            return _lifetime(where, "kilobytes disable", "the volume rekey disabled")
        return _lifetime(where, f"kilobytes {kilobytes}", f"{kilobytes} kilobytes")

    def permit_peers_only(self, interface: str, local: str, peers: tuple[str, ...], deny: str) -> Change:
        """A new list, applied inbound; all that is neither IKE nor ESP passes as before."""
        lines = (*_filter_lines(local, peers, deny), "permit ip any any")
        numbered = tuple(f" {10 * n} {line}" for n, line in enumerate(lines, 1))
        return Change(
            commands=(
                f"ip access-list extended {_FILTER}",
                *numbered,
                f"interface {interface}",
                f" ip access-group {_FILTER} in",
            ),
            verify=(
                f"show ip access-lists {_FILTER}  # permits count the peers' packets, the deny the stranger's",
                "show logging | include INV_SPI  # no new line from a source that is no peer",
            ),
        )

    def extend_filter(self, name: str, below: int, local: str, peers: tuple[str, ...], deny: str) -> Change | None:
        """Many peers go into one object group (from IOS 12.4(20)T), so that the lines fit before the first entry."""
        lines = _filter_lines(local, peers, deny)
        group: tuple[str, ...] = ()
        if len(lines) >= below:
            group = (f"object-group network {_PEER_GROUP}", *(f" host {p}" for p in peers))
            lines = _filter_lines(local, (), deny, group=_PEER_GROUP)
        if len(lines) >= below:
            return None
        first = below - len(lines)
        numbered = tuple(f" {n} {line}" for n, line in enumerate(lines, first))
        return Change(
            commands=(*group, f"ip access-list extended {name}", *numbered),
            verify=(
                f"show ip access-lists {name}  # the new lines stand first and count packets",
                "show logging | include INV_SPI  # no new line from a source that is no peer",
            ),
        )

    def invalid_spi_recovery(self, *, on: bool) -> Change:
        """Off by default: it lets an unauthenticated source make the device start IKE (field guide 4.A)."""
        line = "crypto isakmp invalid-spi-recovery"
        return Change(
            commands=(line if on else f"no {line}",),
            verify=(f"show running-config | include invalid-spi  # {'the line stands' if on else 'no line'}",),
        )

    def nat_keepalive(self, seconds: int) -> Change:
        """IKEv1."""
        return Change(
            commands=(f"crypto isakmp nat keepalive {seconds}",),
            verify=("show running-config | include nat keepalive  # the line stands",),
        )

    def group_recovery_check(self, group: str, interval_s: int) -> Change:
        """GETVPN's own recovery (field guide C14)."""
        return Change(
            commands=(f"crypto gdoi group {group}", f" client recovery-check interval {interval_s}"),
            verify=("show crypto gdoi gm  # registered; the same TEK SPIs as the other members",),
        )

    def log_stamps(self) -> Change:
        """Stamps that can be compared between devices."""
        return Change(
            commands=("service timestamps log datetime msec localtime show-timezone year",),
            verify=("show logging  # new lines begin with date, year, milliseconds and zone",),
        )

    def log_buffer(self, size_bytes: int) -> Change:
        """Level informational has the context lines that a diagnosis needs."""
        return Change(
            commands=(f"logging buffered {size_bytes} informational",),
            verify=(f"show logging  # Buffer logging: level informational; Log Buffer ({size_bytes} bytes)",),
        )

    def log_sessions(self, ike: Literal["v1", "v2"] | None = None) -> Change:
        """CRYPTO-5-SESSION_STATUS; CRYPTO-5-IKEV2_SESSION_STATUS."""
        return Change(
            commands=(f"crypto logging {'ikev2' if ike == 'v2' else 'session'}",),
            verify=("show running-config | include crypto logging  # the line stands",),
        )

    def drop_actions(self, applet: str, statements: tuple[str, ...]) -> Change:
        """What else it does stays."""
        return Change(
            commands=(f"event manager applet {applet}", *(f" no {statement}" for statement in statements)),
            verify=(f"show running-config | section applet {applet}  # it types no clear any more",),
        )

    def look(self, topic: Topic, about: str | None = None, family: str | None = None) -> tuple[str, ...]:
        """Exec-level reads only (field guide 5.1). Classic IOS has no `show platform` of a data plane."""
        peer = f" peer {about}" if about else ""
        if topic == "sa":
            return (f"show crypto ipsec sa{peer}",)
        if topic == "session":
            return (f"show crypto session remote {about} detail" if about else "show crypto session detail",)
        if topic == "interface":
            return (f"show interfaces {about}" if about else "show interfaces",)
        if topic == "filter" and about:
            return (f"show ip access-lists {about}",)
        if topic == "routing" and about:
            return (f"show ip route {about}", f"show ip cef {about}")
        return tuple(c for c in _LOOKS[topic] if family != "ios" or not c.startswith("show platform "))

    def fit(self, running: str, wanted: tuple[str, ...]) -> Change | None:
        """By hier_config's IOS driver, with the rules of the crypto statements added."""
        return _fitted(running, wanted)


@lru_cache(maxsize=4096)
def _fitted(running: str, wanted: tuple[str, ...]) -> Change | None:
    """Once for all tunnels of a device that want the same."""
    return fit_to_running(driver(), _named_lists(running), wanted, new_sections=_may_be_new(wanted))


def _lifetime(where: str | None, value: str, shown: str) -> Change:
    verify = (
        f"show crypto map  # {shown}" if where is None or "map " in where else f"show crypto ipsec profile  # {shown}",
    )
    after = "show crypto ipsec sa  # remaining lifetimes of SAs made since then start from the new value"
    if where is None:
        return Change(commands=(f"crypto ipsec security-association lifetime {value}",), verify=(*verify, after))
    header = f"crypto ipsec {where}" if where.startswith("profile ") else f"crypto {where}"
    return Change(commands=(header, f" set security-association lifetime {value}"), verify=(*verify, after))


def _filter_lines(local: str, peers: tuple[str, ...], deny: str, group: str | None = None) -> tuple[str, ...]:
    sources = [f"object-group {group}"] if group else [f"host {p}" for p in peers]
    permits = [
        line
        for source in sources
        for line in (
            f"permit esp {source} host {local}",
            *(f"permit udp {source} host {local} eq {port}" for port in _IKE_PORTS),
        )
    ]
    stranger = "any" if deny == "any" else f"host {deny}"
    return (*permits, f"deny esp {stranger} host {local}")


def _may_be_new(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Object groups, and the list that the same change applies: one that is only extended has to be there."""
    applied = [line.split()[2] for line in wanted if line.startswith(" ip access-group ")]
    return ("object-group ", *(f"ip access-list extended {name}" for name in applied))


@lru_cache(maxsize=32)
def _named_lists(running: str) -> str:
    return "\n".join(_named(line) for line in running.splitlines())


def _named(line: str) -> str:
    """A numbered list as the named form in which single entries can be changed: one section, as IOS edits it."""
    found = _NUMBERED_ENTRY.match(line)
    return f"ip access-list extended {found[1]}\n {found[2]}" if found else line


@cache
def driver() -> HConfigDriverBase:
    """hier_config's IOS driver, told which crypto statements replace each other."""
    from hier_config import Platform, get_hconfig_driver  # noqa: PLC0415 - heavy, needed only where a remedy is built
    from hier_config.models import (  # noqa: PLC0415
        IdempotentCommandsRule,
        MatchRule,
        NegationSubRule,
        OrderingRule,
    )

    def replaces(*lineage: str) -> IdempotentCommandsRule:
        return IdempotentCommandsRule(match_rules=tuple(MatchRule(startswith=s) for s in lineage))

    life = "set security-association lifetime "
    holders = ("crypto map ", "crypto dynamic-map ", "crypto ipsec profile ")
    ios = get_hconfig_driver(Platform.CISCO_IOS)
    ios.rules = ios.rules.model_copy(update={"indentation": 1})
    ios.rules.idempotent_commands.extend(
        [
            replaces("crypto isakmp keepalive "),
            replaces("crypto isakmp nat keepalive "),
            replaces("crypto ikev2 dpd "),
            replaces("crypto ipsec security-association lifetime seconds "),
            replaces("crypto ipsec security-association lifetime kilobytes "),
            replaces("crypto isakmp profile ", "keepalive "),
            replaces("crypto ikev2 profile ", "dpd "),
            replaces("crypto gdoi group ", "client recovery-check interval "),
            *(replaces(holder, f"{life}{part} ") for holder in holders for part in ("seconds", "kilobytes")),
            replaces("service timestamps log"),
            replaces("logging buffered"),
            IdempotentCommandsRule(
                match_rules=(
                    MatchRule(startswith="interface "),
                    MatchRule(startswith="ip access-group ", endswith=" in"),
                )
            ),
        ]
    )
    # `no 5` takes entry 5 out of a list, whatever it says.
    ios.rules.negation_sub.append(
        NegationSubRule(
            match_rules=(MatchRule(startswith="ip access-list "), MatchRule(re_search=r"^\d")),
            search=r"^no (\d+) .*$",
            replace=r"no \1",
        )
    )
    # A list goes only after the interface no longer uses it.
    ios.rules.ordering.extend(
        OrderingRule(match_rules=(MatchRule(startswith=start),), weight=200)
        for start in ("no ip access-list ", "no object-group ")
    )
    return ios


REMEDIES: RemedySyntax = CiscoIosRemedies()
