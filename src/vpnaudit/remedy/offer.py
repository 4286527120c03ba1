"""The ways in which a remedy is offered: a change, a command, a question to a peer's owner, a thing to look into."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vpnaudit.model.judgement import Remediation
from vpnaudit.model.platform import Change, Topic
from vpnaudit.remedy.letter import letter
from vpnaudit.remedy.situation import Place, Situation

Remedies = Iterable[Remediation | None]
"""What a file of `causes` or `findings` gives: null where a proposal has nothing left to change."""

_SAFE = re.compile(r"[^\s\x00-\x1f\x7f<>?!;|\\\"']{1,255}")
"""What may be put into a command: an address or a name of one word, nothing that a command line treats specially."""


def clear_peer(place: Place, scope: str, why: str) -> Remediation | None:
    """Clear both phases with one peer, on a device of ours; null where the peer's address is not known.

    In words where the platform's syntax is not known.
    """
    if place.device is None or not is_word(place.peer):
        return None
    if place.syntax is None:
        return investigate(
            place,
            ("clear-peer", scope),
            title=f"Clear the tunnel with {place.peer} on {place.name}, by its own command for one peer",
            why=f"{why} The commands of this platform are not known here.",
        )
    return _exec(
        place,
        place.syntax.clear_peer(place.peer or ""),
        identity=("clear-peer", scope),
        title=f"Clear the tunnel with {place.peer} on {place.name}",
        why=why,
        disruption=f"{_traffic_with(place)} stops for one negotiation, 1 to 5 s."
        + (" No other peer is touched." if place.behind < 2 else ""),
    )


def _traffic_with(place: Place) -> str:
    """What a clear of the peer's address touches: every tunnel that the device has with it."""
    return (
        f"Traffic with {place.behind} peers behind {place.peer}"
        if place.behind > 1
        else f"All traffic with {place.peer}"
    )


def clear_spis(situation: Situation, why: str) -> Remediation | None:
    """Clear only the stale SAs, at a sender of ours; null where there are none, or the platform cannot."""
    place = situation.sender
    if not situation.story.ongoing or place.device is None or place.syntax is None or not is_word(place.peer):
        return None
    changes = [place.syntax.clear_spi(place.peer or "", spi) for spi in stale_spis(situation)]
    known = [c for c in changes if c is not None]
    if not known:
        return None
    return _exec(
        place,
        Change(
            commands=tuple(line for c in known for line in c.commands),
            verify=tuple(dict.fromkeys(line for c in known for line in c.verify)),
        ),
        identity=("clear-spi", situation.scope),
        title=f"Clear only the stale SAs towards {place.peer} on {place.name}",
        why=why,
        disruption="Traffic of these SA pairs stops for one negotiation, 1 to 5 s. Other pairs of the peer stay.",
    )


def stale_spis(situation: Situation) -> tuple[int, ...]:
    """SPIs on which the sender sends now and which the receiver does not have, by the tables of both."""
    tunnel, story = situation.story.tunnel, situation.story
    if tunnel is None or story.sender is None:
        return ()
    return tuple(sorted({s.spi for s in tunnel.stale if s.sender == story.sender and s.receiver == story.receiver}))


def clear_both(situation: Situation, why: str) -> Iterator[Remediation | None]:
    """The sender first, the receiver only if that did not heal it; nothing where it has healed by itself."""
    if not situation.story.ongoing:
        return
    yield clear_peer(situation.sender, situation.scope, why)
    if situation.receiver.device is not None:
        first = situation.sender.name
        yield clear_peer(
            situation.receiver,
            situation.scope,
            f"Only if clearing at the sender ({first}) did not heal it, or cannot be had: one end alone was not enough "
            "in some cases. Without an IKE SA the other end is not told, so the sender's side comes first.",
        )


def to_clear(situation: Situation, wish: str) -> tuple[str, ...]:
    """What a letter asks to have cleared, while it goes on; a tunnel that stands again is left alone."""
    return (wish,) if situation.story.ongoing else ("as far as we see it is over, so please clear nothing now;",)


def configure(
    place: Place,
    change: Change,
    identity: tuple[str, ...],
    *,
    title: str,
    why: str,
    disruption: str,
    risk: str = "low",
) -> Remediation | None:
    """A configuration change on a device of ours, fitted to its running configuration.

    Null where it stands already. Where the configuration was not read, nothing can be fitted or taken back, so it is
    offered as something to look into.
    """
    if place.device is None or place.syntax is None:
        return None
    if place.running is None:
        return investigate(
            place,
            ("read-config", *identity),
            title=f"{title}: read the configuration first",
            why=f"{why} The running configuration was not read, so a change and its way back cannot be worked out.",
            commands=place.syntax.look("config"),
        )
    fitted = place.syntax.fit(place.running, change.commands)
    if fitted is None:
        return None
    manager = place.syntax.managed_by(place.running)
    told = f" {place.name} takes it from {manager} alone: set there what the lines say." if manager else ""
    return Remediation(
        id=_id("config", place.name, *identity),
        device=place.name,
        side=place.side,
        kind="config",
        title=title,
        why=f"{why}{told}",
        commands=fitted.commands,
        verify=change.verify,
        rollback=fitted.rollback,
        risk="disruptive" if risk == "disruptive" else "low",
        disruption=disruption,
    )


def investigate(
    place: Place, identity: tuple[str, ...], *, title: str, why: str, commands: tuple[str, ...] = ()
) -> Remediation | None:
    """Read-only commands on a device of ours, and what to look for."""
    if place.device is None:
        return None
    return Remediation(
        id=_id("investigate", place.name, *identity),
        device=place.name,
        side=place.side,
        kind="investigate",
        title=title,
        why=why,
        commands=commands,
        disruption="None: these only read.",
    )


def look(place: Place, topic: Topic, about: str | None = None) -> tuple[str, ...]:
    """The platform's read-only commands for a topic; none where its syntax is not known."""
    if place.syntax is None:
        return ()
    version = place.device.version if place.device is not None else None
    family = version[1].family if version is not None else None
    return place.syntax.look(topic, about if is_word(about) else None, family)


def ask(situation: Situation, wishes: tuple[str, ...], why: str) -> Remediation | None:
    """A text for the owner of the sender, where the sender is not ours."""
    if situation.sender.device is not None:
        return None
    receiver = situation.receiver
    return Remediation(
        id=_id("ask", situation.sender.name, situation.diagnosis.cause, situation.scope),
        device=None,
        side="sender",
        kind="ask",
        title=f"Ask the owner of {situation.sender.name}",
        why=why,
        commands=letter(situation, wishes),
        verify=look(receiver, "sa", receiver.peer),
        disruption="None by asking; what they change may cost one negotiation, 1 to 5 s.",
    )


def is_word(text: str | None) -> bool:
    """Whether a text from a device may stand in a command as one word."""
    return text is not None and _SAFE.fullmatch(text) is not None


def _exec(
    place: Place, change: Change, identity: tuple[str, ...], *, title: str, why: str, disruption: str
) -> Remediation:
    return Remediation(
        id=_id("exec", place.name, *identity),
        device=place.name,
        side=place.side,
        kind="exec",
        title=title,
        why=f"{why} Save the evidence first (the commands under verify): clearing destroys it.",
        commands=change.commands,
        verify=change.verify,
        risk="disruptive",
        disruption=disruption,
    )


def _id(*parts: str) -> str:
    return ":".join(parts)
