"""What a device's logs and probes tell of its path to a peer, and of its sessions with it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct, structs

from vpnaudit.diagnose.interfaces import lines_of
from vpnaudit.diagnose.probes import PROBE_TAGS, aim_of, failed, is_failure, operation_of, operations_of
from vpnaudit.diagnose.signs import Sign, messages, one_spelling, sign_of
from vpnaudit.model.device import Device
from vpnaudit.model.logs import LogMessage, of_firewalls
from vpnaudit.model.sessions import SESSION_CHANGES, SESSION_STATES, peer_of, session_state, version_of
from vpnaudit.model.tunnel import TunnelEnd

LINE_TAGS = frozenset({"LINEPROTO-5-UPDOWN", "LINK-3-UPDOWN", "LINK-5-CHANGED"}) | of_firewalls("411002")
TRACKING_TAGS = frozenset({"TRACK-6-STATE", "TRACKING-5-STATE"})
"""Of an interface that is tracked they say what its own line says, for logs that lack that."""
ONE_CONNECTION = of_firewalls("713050")
"""The SAs of one pair of proxies end; those of others, and IKE, may stand."""
MEANT = ("idle timeout", "max time", "administrator", "user requested", "peer terminate", "policy not found")
"""In the reason of a firewall's message that a session ended (field guide 1.6): not for want of an answer."""
IKE_FAILURES = frozenset(
    {
        "CRYPTO-5-IKMP_SETUP_FAILURE",
        "IKEV2-3-NEG_ABORT",
        "CRYPTO-4-IKMP_PEER_DEAD",
        "CRYPTO-5-IKMP_PEER_DEAD",
        "CRYPTO-4-DPD",
        "CRYPTO-5-DPD",
        "CRYPTO-5-DPD_FAILURE",
    }
) | of_firewalls("713123")
"""That a peer gave no answer. `IKMP_MODE_FAILURE` is none: a mode fails because one end refuses what the other says."""
REFUSED = ("policy", "proposal", "auth exchange", "authentication", "identity", "selector", "certificate")
"""In the reason of an IKE failure: the peer was heard, so the path was there."""
IDENTITY_TAGS = frozenset(
    {
        "CRYPTO-4-RECVD_PKT_INV_IDENTITY",
        "CRYPTO-4-RECVD_PKT_INV_IDENTITY_ACL",
        "CRYPTO-4-RECVD_PKT_INV_PROT",
    }
) | of_firewalls("402116", "713061")
ONE_DROP_S = 5.0
"""LINK and LINEPROTO of one drop are a second or two apart."""
SAID_OF_ONE_END = 4
"""Reasons that the messages of one end may give."""
WITH_ITS_SESSION_S = 5.0
"""A session's end takes its SAs along within this."""


def why_sessions_ended(device: Device, peer: str | None) -> Sequence[tuple[str, Sign]]:
    """The ends of sessions with a peer for which a message gives the reason, with that.

    A firewall tells of one end by several messages, 713050 for each pair of proxies: that is one.
    """
    return device.once(_session_ends).get(one_spelling(peer), ())


def _session_ends(device: Device) -> dict[str | None, list[tuple[str, Sign]]]:
    found: dict[str | None, list[tuple[str, Sign]]] = {}
    for capture, message in messages(device, frozenset(SESSION_STATES)):
        why, peer = message.details.get("reason"), peer_of(message)
        if why and session_state(message) == "down":
            what = "one connection" if message.tag in ONE_CONNECTION else "the session"
            sign = sign_of(device, capture, message, f"{what} with {peer} ended")
            ends = found.setdefault(one_spelling(peer), [])
            if not any(other == why and _at_once(known, sign) for other, known in ends[-SAID_OF_ONE_END:]):
                ends.append((why, sign))
    return found


def _at_once(one: Sign, other: Sign) -> bool:
    near = timedelta(seconds=WITH_ITS_SESSION_S)
    return one.at is not None and other.at is not None and abs(one.at - other.at) <= near


def outages(
    device: Device, end: TunnelEnd | None, source: str | None, inputs: frozenset[str] = frozenset()
) -> list[Sign]:
    """Times at which the path or the peer was gone.

    Line protocol down, session down, DPD or IKE given up, no answer to an IP SLA probe of the path. Of lines and probes
    also until when: a sender that was cut off is heard again as the path is back.
    """
    found, unanswered = device.once(_by_path), device.once(_failed_probes)
    if not found and not unanswered:
        return []
    lines = lines_of(device, end, inputs)
    of_peers = {(None, one_spelling(source)), (None, None)} if source else {key for key in found if key[0] is None}
    keys = of_peers.union((line, None) for line in lines)
    mine = sorted((one for key in keys for one in found.get(key, ())), key=lambda one: one[0])
    logged = [_own_line(outage, end) for _, outage in mine if not _is_of_another_ike(outage, end)]
    operations = operations_of(device)
    aims = {number: aim_of(device, operation, end, source, lines) for number, operation in operations.items()}
    probed = [sign for number, sign in unanswered if aims.get(number) in {"peer", "first-hop"}]
    return logged + probed


def _is_of_another_ike(outage: _Outage, end: TunnelEnd | None) -> bool:
    """Whether a message that names no peer is of the version of IKE that the tunnel does not use."""
    nameless = outage.peer is None and outage.ike is not None
    return nameless and end is not None and end.ike not in {None, outage.ike}


def _own_line(outage: _Outage, end: TunnelEnd | None) -> Sign:
    """The line of a tunnel interface goes down with its SAs: that tells of its session, not of the path."""
    if end is not None and end.vti and outage.interface is not None and outage.interface == end.interface:
        return structs.replace(outage.sign, is_line=False, is_session=True)
    return outage.sign


class _Outage(Struct, frozen=True):
    """An outage that a device logged: of an interface, or of its dealings with a peer (null: the line names none)."""

    sign: Sign
    interface: str | None
    peer: str | None
    ike: Literal["v1", "v2"] | None = None
    """The version of IKE that the message is of."""


_Key = tuple[str | None, str | None]
"""The interface, or the peer where it is of none."""


def _by_path(device: Device) -> dict[_Key, list[tuple[int, _Outage]]]:
    """Each with its place in the log: a hub's are many, and each of its stories asks for those of its path."""
    found: dict[_Key, list[tuple[int, _Outage]]] = {}
    for place, outage in enumerate(_all_outages(device)):
        key = (None, outage.peer) if outage.interface is None else (outage.interface, None)
        found.setdefault(key, []).append((place, outage))
    return found


def _all_outages(device: Device) -> list[_Outage]:
    found = []
    back = _times_up(device)
    dropped: dict[str, Sign] = {}
    for capture, message in device.other_messages:
        down = session_state(message) == "down"
        peer = peer_of(message)
        if down and _is_of_a_line(message):
            interface = message.interface or ""
            sign = sign_of(device, capture, message, f"{device.name}: {interface} went down")
            sign = structs.replace(sign, is_line=True, until=_next(back.get(interface, ()), sign.at))
            if not _is_one_drop(dropped.get(interface), sign):
                found.append(_Outage(sign, interface, None))
                dropped[interface] = sign
        elif message.tag in SESSION_CHANGES and down and not _was_meant(message):
            sign = sign_of(device, capture, message, f"{device.name}: the session with {peer} went down")
            found.append(_Outage(structs.replace(sign, is_session=True), None, one_spelling(peer)))
        elif _is_ike_failure(message):
            sign = sign_of(device, capture, message, f"{device.name}: IKE with {peer or 'a peer'} failed")
            sign = structs.replace(sign, is_nameless=peer is None)
            found.append(_Outage(sign, None, one_spelling(peer), ike=version_of(message.tag)))
    return found


def _is_one_drop(before: Sign | None, sign: Sign) -> bool:
    """Whether it tells of the drop of an interface that another message told of: LINK, LINEPROTO, what tracks it."""
    if before is None or before.at is None or sign.at is None:
        return False
    return before.until == sign.until and abs(sign.at - before.at) <= timedelta(seconds=ONE_DROP_S)


def _is_of_a_line(message: LogMessage) -> bool:
    return message.tag in LINE_TAGS or (message.tag in TRACKING_TAGS and bool(message.interface))


def _times_up(device: Device) -> dict[str | int, list[datetime]]:
    """When interfaces, by name, and probed targets, by operation, were there again, in order."""
    found: dict[str | int, list[datetime]] = {}
    for _, message in device.other_messages:
        at = device.logged_at(message)
        if at is None or message.details.get("state") != "up":
            continue
        if _is_of_a_line(message):
            found.setdefault(message.interface or "", []).append(at)
        elif message.tag in PROBE_TAGS:
            found.setdefault(operation_of(message), []).append(at)
    return {what: sorted(times) for what, times in found.items()}


def _next(times: Sequence[datetime], at: datetime | None) -> datetime | None:
    index = bisect_right(times, at) if at is not None else len(times)
    return times[index] if index < len(times) else None


def _failed_probes(device: Device) -> list[tuple[int, Sign]]:
    """Probes that got no answer, by operation: as logged, and the latest run as the statistics have it."""
    operations, back = operations_of(device), _times_up(device)
    found = []
    for capture, message in device.other_messages:
        number = operation_of(message)
        operation = operations.get(number)
        if operation is not None and is_failure(message, operation):
            text = f"{device.name}: IP SLA {number} to {operation.target} got no answer"
            sign = sign_of(device, capture, message, text)
            until = _next(back.get(number, ()), sign.at)
            found.append((number, structs.replace(sign, is_probe=True, until=until)))
    for shown, result in device.ip_sla:
        operation = operations.get(result.number)
        if operation is not None and failed(result) and result.started_at is not None:
            code = f"{result.return_code} at its latest run"
            sign = Sign(
                at=device.on_common_clock(result.started_at),
                text=f"{device.name}: IP SLA {result.number} to {operation.target} got no answer ({code})",
                evidence=(device.cite(shown, result.line),),
                is_probe=True,
            )
            found.append((result.number, sign))
    return found


def _was_meant(message: LogMessage) -> bool:
    """Whether a session's end gives a reason by which an end took it down: the path was there to do so."""
    reason_given = message.details.get("reason", "").lower()
    return any(words in reason_given for words in MEANT)


def _is_ike_failure(message: LogMessage) -> bool:
    reason_given = message.details.get("reason", "").lower()
    if message.tag in IKE_FAILURES:
        return not any(words in reason_given for words in REFUSED)
    return "dpd" in reason_given


def sessions(device: Device, source: str | None) -> list[tuple[str, Sign]]:
    """Session changes with one peer, or of which no peer is named: ("up" or "down", sign), as they were logged."""
    if source is None:
        return [(state, sign) for state, _, sign in device.once(_all_sessions)]
    by_peer = device.once(_by_peer)
    found = [one for peer in {one_spelling(source), None} for one in by_peer.get(peer, ())]
    return [(state, sign) for _, state, sign in sorted(found, key=lambda one: one[0])]


def ended_within(device: Device, low: datetime, high: datetime) -> list[datetime]:
    """When sessions with any peer went down between the two, in order: one step, however many a hub has."""
    ends = device.once(_all_ends)
    return ends[bisect_left(ends, low) : bisect_right(ends, high)]


def _all_ends(device: Device) -> list[datetime]:
    return sorted(s.at for state, _, s in device.once(_all_sessions) if state == "down" and s.at is not None)


def _by_peer(device: Device) -> dict[str | None, list[tuple[int, str, Sign]]]:
    """A hub's sessions are many, and each of its stories asks for those with one peer. Each with its place."""
    found: dict[str | None, list[tuple[int, str, Sign]]] = {}
    for place, (state, peer, sign) in enumerate(device.once(_all_sessions)):
        found.setdefault(peer, []).append((place, state, sign))
    return found


def _all_sessions(device: Device) -> list[tuple[str, str | None, Sign]]:
    found = []
    for capture, message in messages(device, SESSION_CHANGES):
        peer = peer_of(message)
        state = session_state(message)
        if state in {"up", "down"}:
            sign = sign_of(device, capture, message, f"the session with {peer} went {state}")
            found.append((state, one_spelling(peer), sign))
    return found


def identity_errors(device: Device, source: str | None) -> list[Sign]:
    """Packets whose inner addresses the SA does not allow, and refused proxies, from one peer."""
    return [
        sign_of(device, capture, message, f"{device.name}: a packet from {message.source or source} did not fit its SA")
        for capture, message in messages(device, IDENTITY_TAGS)
        if source is None or one_spelling(message.source) in {None, one_spelling(source)}
    ]
