"""How a rule says what it found: on which subject, with which evidence, or what would settle it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from vpnaudit.model.device import CONFIG_COMMAND, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule, Severity, Subject
from vpnaudit.model.tunnel import UNKNOWN_ADDRESS, Tunnel, TunnelEnd

EVIDENCE_SHOWN = 5
"""A finding cites at most so many lines of one kind; their number stands in `actual`."""


class Case(Struct, frozen=True, kw_only=True, gc=False):
    """One rule applied to one subject, before its verdict is known. `expected` says what would pass."""

    rule: Rule
    subject: Subject
    expected: str

    def passed(self, actual: str, because: str = "", evidence: Iterable[Evidence] = ()) -> Finding:
        """The subject is as expected."""
        return Finding(
            rule=self.rule.id,
            title=self.rule.title,
            status="PASS",
            severity=self.rule.severity,
            subject=self.subject,
            expected=self.expected,
            actual=actual,
            because=because,
            evidence=tuple(evidence),
        )

    def failed(
        self,
        actual: str,
        because: str,
        evidence: Iterable[Evidence],
        *,
        severity: Severity | None = None,
        parameters: dict[str, str | None] | None = None,
    ) -> Finding:
        """The subject is not as expected. Parameters that are not known (None) are left out."""
        return Finding(
            rule=self.rule.id,
            title=self.rule.title,
            status="FAIL",
            severity=severity or self.rule.severity,
            subject=self.subject,
            expected=self.expected,
            actual=actual,
            because=because,
            evidence=tuple(dict.fromkeys(evidence)),
            parameters={name: value for name, value in (parameters or {}).items() if value is not None},
        )

    def unknown(self, device: str, command: str, question: str, evidence: Iterable[Evidence] = ()) -> Finding:
        """The evidence is not there: `command` on `device` would settle `question` (a clause, without full stop)."""
        return Finding(
            rule=self.rule.id,
            title=self.rule.title,
            status="UNKNOWN",
            severity=self.rule.severity,
            subject=self.subject,
            expected=self.expected,
            actual="not known",
            because=f"`{command}` on {device} would settle it: {question}.",
            evidence=tuple(evidence),
        )


def device_case(rule: Rule, device: Device, expected: str) -> Case:
    """The rule applied to a device."""
    return Case(rule=rule, subject=Subject(devices=(device.name,)), expected=expected)


def end_case(rule: Rule, tunnel: Tunnel, end: TunnelEnd, expected: str) -> Case:
    """The rule applied to one end of a tunnel."""
    return Case(rule=rule, subject=Subject(devices=(end.device or "",), tunnel=tunnel.id), expected=expected)


def tunnel_case(rule: Rule, tunnel: Tunnel, expected: str) -> Case:
    """The rule applied to a tunnel as a whole."""
    devices = tuple(dict.fromkeys(e.device for e in tunnel.ends if e.device))
    return Case(rule=rule, subject=Subject(devices=devices, tunnel=tunnel.id), expected=expected)


def place(end: TunnelEnd) -> str:
    """An end in words: its device, or the peer's address where the device is not ours."""
    return end.device or f"the peer {end.address} (not collected)"


def peer_of(tunnel: Tunnel, end: TunnelEnd) -> str:
    """The address by which `end` knows the other end."""
    other = tunnel.remote if end is tunnel.local else tunnel.local
    return other.seen_as or other.address


def settling(device: Device, *commands: str) -> str:
    """Of the commands that would do, the one that this device should have answered and did not; else the first."""
    return next((c for c in commands if c in device.missing), commands[0])


def settles_policy(end: TunnelEnd) -> str:
    """The command for a lifetime, transform set or network that is not known: the configuration first."""
    return end.words.policy_shown_by if end.config_read else CONFIG_COMMAND


def settles_dpd(end: TunnelEnd) -> str:
    """The same for DPD."""
    return end.words.dpd_shown_by if end.config_read else CONFIG_COMMAND


def cite_config(fleet: Fleet, end: TunnelEnd) -> tuple[Evidence, ...]:
    """The line that binds an end to its peer, or the whole configuration: shows what it does not say."""
    if end.evidence:
        return end.evidence
    device = fleet.device_by_name.get(end.device or "")
    return device.cite_whole(CONFIG_COMMAND) if device else ()


def place_parameters(tunnel: Tunnel, end: TunnelEnd) -> dict[str, str | None]:
    """What a change at `end` needs to know about where it goes.

    Keys: device, peer, version ("v1", "v2"), profile (the IKE one), map ("NAME SEQ"), ipsec_profile, interface, local.
    """
    return {
        "device": end.device,
        "peer": peer_of(tunnel, end),
        "version": end.ike or tunnel.ike,
        "profile": end.ike_profile,
        "map": end.map_entry,
        "ipsec_profile": end.ipsec_profile,
        "interface": end.interface,
        "local": None if end.address == UNKNOWN_ADDRESS else end.address,
    }
