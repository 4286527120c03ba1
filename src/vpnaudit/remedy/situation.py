"""What a remedy needs to know: who sends, who receives, what each end has configured, in whose syntax to write."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct

from vpnaudit.model.addresses import normal
from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.device import Device
from vpnaudit.model.event import Episode
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Finding, Story
from vpnaudit.model.platform import RemedySyntax
from vpnaudit.model.tunnel import Tunnel, TunnelEnd

Side = Literal["sender", "receiver", "both"]
_UNKNOWN = "unknown"


class Place(Struct, frozen=True, kw_only=True, gc=False):
    """One end of the trouble: a device of ours, or (device null) somebody else's.

    `address` is the end's own as the other end sees it, `peer` the other end's as this one sees it; null where neither
    the tunnel nor the events tell.
    """

    side: Side
    device: Device | None
    end: TunnelEnd | None
    address: str | None
    peer: str | None
    ike: Literal["v1", "v2"] | None
    syntax: RemedySyntax | None
    behind: int = 1
    """How many tunnels this one has with that address of the peer: more than one where a NAT has it."""

    @property
    def name(self) -> str:
        """The device's name, or the address of an end that is not ours."""
        if self.device is not None:
            return self.device.name
        return self.address or "the other end"

    @property
    def facts(self) -> ConfigFacts | None:
        """The facts of the running configuration, where it was read."""
        return self.device.config[1] if self.device is not None and self.device.config is not None else None

    @property
    def running(self) -> str | None:
        """The text of the running configuration, where it was read."""
        config = self.device.config if self.device is not None else None
        return config[0].capture.text if config is not None else None


class Situation(Struct, frozen=True, kw_only=True, dict=True):
    """A diagnosis with one of its stories."""

    diagnosis: Diagnosis
    story: Story
    fleet: Fleet
    sender: Place
    receiver: Place

    @classmethod
    def of(cls, diagnosis: Diagnosis, story: Story, fleet: Fleet, syntaxes: Mapping[str, RemedySyntax]) -> Situation:
        """Look up both ends of a story."""
        tunnel = story.tunnel
        receiving = _end_of(tunnel, story.receiver)
        sending = _other_end(tunnel, story.receiver)
        receiver_address = _seen(receiving) or next(filter(None, _destinations(story.episodes)), None)
        sender_address = story.source or _seen(sending)
        ike = tunnel.ike if tunnel is not None else None
        receiver = fleet.device_by_name.get(story.receiver)
        sender = fleet.device_by_name.get(story.sender) if story.sender is not None else None
        return cls(
            diagnosis=diagnosis,
            story=story,
            fleet=fleet,
            sender=Place(
                side="sender",
                device=sender,
                end=sending,
                address=sender_address,
                peer=receiver_address,
                ike=(sending.ike if sending is not None else None) or ike,
                syntax=_syntax(sender, syntaxes),
                behind=_behind(fleet, sender, receiver_address),
            ),
            receiver=Place(
                side="receiver",
                device=receiver,
                end=receiving,
                address=receiver_address,
                peer=sender_address,
                ike=(receiving.ike if receiving is not None else None) or ike,
                syntax=_syntax(receiver, syntaxes),
                behind=_behind(fleet, receiver, sender_address),
            ),
        )

    @property
    def places(self) -> tuple[Place, Place]:
        """Both ends, the sender first."""
        return self.sender, self.receiver

    @property
    def ours(self) -> tuple[Place, ...]:
        """The ends that are on devices of ours, the sender first."""
        return tuple(p for p in self.places if p.device is not None)

    @cached_property
    def scope(self) -> str:
        """The tunnel or source that the story is about: part of the ids of what is done for it alone."""
        if self.story.tunnel is not None:
            return self.story.tunnel.id
        return self.story.source or self.story.receiver

    @property
    def both_ike_live(self) -> bool:
        """Whether both ends hold an established IKE SA with each other."""
        return all(p.end is not None and p.end.live_ike for p in self.places)


class FindingSituation(Struct, frozen=True, kw_only=True, gc=False):
    """A finding with the ends that it is about: those of its tunnel that are ours, or its devices."""

    finding: Finding
    fleet: Fleet
    tunnel: Tunnel | None
    places: tuple[Place, ...]

    @classmethod
    def of(cls, finding: Finding, fleet: Fleet, syntaxes: Mapping[str, RemedySyntax]) -> FindingSituation:
        """Look up the ends."""
        tunnel = fleet.tunnel_by_id.get(finding.subject.tunnel or "")
        if tunnel is None:
            devices = [d for name in finding.subject.devices if (d := fleet.device_by_name.get(name)) is not None]
            places = tuple(_alone(d, syntaxes) for d in devices)
            return cls(finding=finding, fleet=fleet, tunnel=None, places=places)
        ends = [_in_tunnel(tunnel, end, fleet, syntaxes) for end in (tunnel.local, tunnel.remote)]
        named = finding.subject.devices
        return cls(
            finding=finding,
            fleet=fleet,
            tunnel=tunnel,
            places=tuple(p for p in ends if p.device is not None and (not named or p.device.name in named)),
        )

    @property
    def changed(self) -> tuple[Place, ...]:
        """Where the finding wants the change: the device that its parameters name, else every end that is ours."""
        named = tuple(p for p in self.places if p.name == self.finding.parameters.get("device"))
        return named or self.places

    def number(self, name: str) -> int | None:
        """A parameter that is a whole number; null where it is not there, or says something else."""
        text = self.finding.parameters.get(name, "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None

    @property
    def scope(self) -> str:
        """The tunnel, source or devices that the finding is about."""
        subject = self.finding.subject
        return subject.tunnel or subject.source or "+".join(subject.devices)


def _alone(device: Device, syntaxes: Mapping[str, RemedySyntax]) -> Place:
    return Place(
        side="both",
        device=device,
        end=None,
        address=device.address,
        peer=None,
        ike=None,
        syntax=_syntax(device, syntaxes),
    )


def _in_tunnel(tunnel: Tunnel, end: TunnelEnd, fleet: Fleet, syntaxes: Mapping[str, RemedySyntax]) -> Place:
    device = fleet.device_by_name.get(end.device or "")
    other = tunnel.remote if end is tunnel.local else tunnel.local
    return Place(
        side="both",
        device=device,
        end=end,
        address=_seen(end),
        peer=_seen(other),
        ike=end.ike or tunnel.ike,
        syntax=_syntax(device, syntaxes),
        behind=_behind(fleet, device, _seen(other)),
    )


def _behind(fleet: Fleet, device: Device | None, peer: str | None) -> int:
    """The tunnels of the device with that address, at different boxes."""
    if device is None or peer is None:
        return 1
    tunnels = fleet.faced.get((device.name, normal(peer)), ())
    return len({t.other_end(device.name).device for t in tunnels})


def _syntax(device: Device | None, syntaxes: Mapping[str, RemedySyntax]) -> RemedySyntax | None:
    return syntaxes.get(device.platform or "") if device is not None else None


def _end_of(tunnel: Tunnel | None, device: str) -> TunnelEnd | None:
    return tunnel.end_of(device) if tunnel is not None else None


def _other_end(tunnel: Tunnel | None, device: str) -> TunnelEnd | None:
    return tunnel.other_end(device) if tunnel is not None else None


def _seen(end: TunnelEnd | None) -> str | None:
    """The address under which the other end knows this one."""
    if end is None:
        return None
    address = end.seen_as or end.address
    return None if address == _UNKNOWN else address


def _destinations(episodes: tuple[Episode, ...]) -> list[str | None]:
    return [event.destination for episode in episodes for event in episode.events]
