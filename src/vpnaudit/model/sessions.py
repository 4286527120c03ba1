"""Messages that a session with a peer came up or went down."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.logs import FIREWALLS, LogMessage, of_firewalls

_V1, _V2 = "CRYPTO-5-SESSION_STATUS", "CRYPTO-5-IKEV2_SESSION_STATUS"
SESSION_TAGS = frozenset({_V1, _V2})
SESSION_STATES = dict.fromkeys(of_firewalls("713119", "750006"), "up") | dict.fromkeys(
    of_firewalls("113019", "713050", "713259", "750007"), "down"
)
"""Messages that say by their number whether a session came up or went down (field guide 1.6).

713050 ends one connection: the SAs of one pair of proxies, while the others of that peer may stand.
"""
SESSION_CHANGES = SESSION_TAGS | SESSION_STATES.keys()
_SA_CHANGES = of_firewalls("602303", "602304", "713049")
"""A firewall whose log has these has the changes of sessions too: they are of the same class, and no less severe."""

_REFUSED = frozenset({"CRYPTO-6-IKMP_MODE_FAILURE", "IKEV2-3-NEG_ABORT"}) | of_firewalls("750003")
"""A negotiation that failed (field guide 1.5, 1.6)."""


def session_state(message: LogMessage) -> str:
    """Whether it says "up" or "down", by its number or by its text."""
    return SESSION_STATES.get(message.tag) or message.details.get("state", "").lower()


def peer_of(message: LogMessage) -> str | None:
    """The other end that a message names, as it writes it."""
    return message.details.get("peer") or message.source


def last_refusals(device: Device) -> dict[str, datetime]:
    """By peer, when a negotiation with it failed for the last time, on the common clock."""
    return device.once(_last_refusals)


def _last_refusals(device: Device) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for _, message in device.other_messages:
        peer = normal(peer_of(message) or "") if message.tag in _REFUSED else ""
        at = device.logged_at(message) if peer else None
        if at is not None:
            found[peer] = max(at, found.get(peer, at))
    return found


def ike_by_log(device: Device, peer: str | None) -> Literal["v1", "v2"] | None:
    """The version of IKE that a device's messages about a peer are of; null where it names none, or both.

    713 is a firewall's IKEv1, 750 and 751 its IKEv2 (field guide 1.6); a router names IKEv2 in the tag.
    """
    found = device.once(_ike_versions).get(normal(peer or ""), frozenset[Literal["v1", "v2"]]())
    return next(iter(found)) if len(found) == 1 else None


def _ike_versions(device: Device) -> dict[str, set[Literal["v1", "v2"]]]:
    found: dict[str, set[Literal["v1", "v2"]]] = {}
    for _, message in device.other_messages:
        version = version_of(message.tag)
        peer = peer_of(message) if version is not None else None
        if peer is not None and version is not None:
            found.setdefault(normal(peer), set()).add(version)
    return found


def version_of(tag: str) -> Literal["v1", "v2"] | None:
    """The version of IKE that messages with a tag are of; null: it does not say."""
    number = tag.rpartition("-")[2][:3] if tag.partition("-")[0] in FIREWALLS else ""
    if number == "713" or tag == _V1:
        return "v1"
    if number in {"750", "751"} or "IKEV2" in tag:
        return "v2"
    return "v1" if "IKMP" in tag else None


def logs_sessions(device: Device, ike: Literal["v1", "v2"] | None) -> bool:
    """Whether its configuration has it log sessions of that version of IKE that come and go.

    On IOS `crypto logging session` does, and for IKEv2 `crypto logging ikev2` (field guide 1.5).
    """
    if device.config is None:
        return False
    config = device.config[1]
    is_v2 = ike == "v2" or (
        ike is None and not config.isakmp_keys and any(p.version == "v2" for p in config.ike_profiles)
    )
    return config.logging_session or (is_v2 and config.logging_session_v2)


def tells_of_sessions(device: Device, ike: Literal["v1", "v2"] | None) -> bool:
    """Whether its configuration has it log them, or lines of that are in its log: nothing is left to switch on."""
    seen = device.once(_session_lines)
    others = _V1 if ike == "v2" else _V2 if ike == "v1" else ""
    return logs_sessions(device, ike) or bool(seen - {others})


def _session_lines(device: Device) -> frozenset[str]:
    return frozenset({m.tag for _, m in device.other_messages} & (SESSION_CHANGES | _SA_CHANGES))
