"""Events from log messages, each line once, and the flows and episodes that they make."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import structs

from vpnaudit.correlate.clocks import uncertainty
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.event import Confidence, Episode, Event, Mechanism
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.judgement import CONFIDENCES
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.spi import spi_text
from vpnaudit.model.times import utc_text
from vpnaudit.model.tunnel import Tunnel

FlowKey = tuple[str, str | None, int]
_Line = tuple[str, int, str | None, str | None, str | None]
"""What is the same in all copies of a line: when, SPI, source, destination, interface."""
_Place = tuple[str, int, int]
"""File, first line and number of a capture."""
_Sighting = tuple[_Place, ParsedCapture, LogMessage]
"""Where one line stands."""
NEVER = datetime.max.replace(tzinfo=UTC)


def flow_key(event: Event) -> FlowKey:
    """Receiver, source, SPI."""
    return (event.device, normal(event.source) if event.source else None, event.spi)


def find_events(device: Device) -> tuple[Event, ...]:
    """A device's events. The same line in two captures is one event; equal lines of one capture add up in `count`."""
    by_line: dict[_Line, list[_Sighting]] = {}
    for number, capture in enumerate(device.log_captures):
        place = (capture.capture.file, capture.capture.first_line, number)
        for message in capture.parsed.facts.messages:
            if message.is_invalid_spi and message.spi is not None:
                by_line.setdefault(_identity(message), []).append((place, capture, message))
    found = ((line[0], sorted(sightings, key=lambda one: one[0])) for line, sightings in by_line.items())
    return tuple(_told_apart([_event(device, when, sightings) for when, sightings in found]))


def _identity(message: LogMessage) -> _Line:
    return (_when(message), message.spi or 0, message.source, message.destination, message.interface)


def _when(message: LogMessage) -> str:
    if message.time is not None:
        return utc_text(message.time)
    return message.stamp.text if message.stamp else "no stamp"


def _told_apart(events: Sequence[Event]) -> list[Event]:
    """Lines of one flow and moment that differ in destination or interface get these into their ids."""
    counts = Counter(e.id for e in events)
    return [structs.replace(e, id=e.id + _place_text(e)) if counts[e.id] > 1 else e for e in events]


def _place_text(event: Event) -> str:
    return f" to {event.destination or 'unknown'} on {event.interface or 'unknown'}"


def _event(device: Device, when: str, sightings: Sequence[_Sighting]) -> Event:
    first = sightings[0][2]
    return Event(
        id=f"{device.name} {first.source or 'unknown'} {spi_text(first.spi or 0)} {when}",
        device=device.name,
        source=first.source,
        destination=first.destination,
        spi=first.spi or 0,
        time=first.time,
        time_from=first.time_from,
        at=device.logged_at(first),
        uncertainty_s=device.logged_within_s(first) + first.zone_within_s,
        zone_within_s=first.zone_within_s,
        interface=first.interface,
        count=_count(sightings),
        raw=first.raw,
        packet_sequence=first.packet_sequence,
        evidence=tuple([device.cite_message(capture, message) for _, capture, message in sightings]),
    )


def _count(sightings: Sequence[_Sighting]) -> int:
    """How often it was logged: as the capture has it that has it most often."""
    if len(sightings) == 1:
        return sightings[0][2].count
    counts: Counter[_Place] = Counter()
    for place, _, message in sightings:
        counts[place] += message.count
    return max(counts.values())


def in_order(events: Sequence[Event]) -> tuple[Event, ...]:
    """By time, those without one last in the order of their lines."""
    return tuple(sorted(events, key=lambda e: (e.time or NEVER, e.device, _place(e), e.id)))


def _place(event: Event) -> tuple[str, int]:
    return (event.evidence[0].file, event.evidence[0].line or 0) if event.evidence else ("", 0)


class Facing:
    """Tunnels by device and the other end's address as that device sees it: one step, however many tunnels it has.

    And by what the other end sends on, for packets that come from another address than the tunnel's.
    """

    def __init__(self, tunnels: Sequence[Tunnel]) -> None:
        self._found: dict[tuple[str, str], list[Tunnel]] = {}
        self._sent: dict[tuple[str, int], list[Tunnel]] = {}
        for tunnel in tunnels:
            for end in tunnel.ends:
                for sa in tunnel.other_end(end.device or "").outbound:
                    self._sent.setdefault((end.device or "", sa.spi), []).append(tunnel)
                for face in _faces(tunnel, end.device or ""):
                    self._found.setdefault((end.device or "", face), []).append(tunnel)

    def find(self, device: str, source: str | None) -> Sequence[Tunnel]:
        """The tunnels of `device` whose other end has the address `source`, in their order."""
        return self._found.get((device, normal(source)), ()) if source is not None else ()

    def sent_on(self, device: str, spi: int) -> Sequence[Tunnel]:
        """The tunnels of `device` whose other end sends on that SPI."""
        return self._sent.get((device, spi), ())


def tunnel_of(event: Event, tunnels: Sequence[Tunnel], vrfs: Mapping[str, str | None] | None = None) -> Tunnel | None:
    """The tunnel of `tunnels` (the receiver's that face the event's source); of several, its destination's.

    Equal addresses in several VRFs are told apart by the interface that the packet came in through (`vrfs` has the VRF
    of each), several peers behind one address by the SPI; where that does not tell, it is nobody's.
    """
    if len(tunnels) < 2:
        return next(iter(tunnels), None)
    here = [t for t in tunnels if _own(t, event.device) == normal(event.destination or "")]
    near = here or tunnels
    if vrfs and event.interface and event.interface in vrfs:
        vrf = vrfs[event.interface]
        near = [t for t in near if _vrf(t, event.device) == vrf] or near
    by_spi = [t for t in near if event.spi in _spis(t, event.device)] or near
    senders = {t.other_end(event.device).device for t in by_spi}
    return by_spi[0] if len(senders) == 1 else None


def _spis(tunnel: Tunnel, device: str) -> set[int]:
    """What comes to `device` by the tunnel: what the far end sends on, and what it receives on itself."""
    end = tunnel.end_of(device)
    return {s.spi for s in (*tunnel.other_end(device).outbound, *(end.inbound if end is not None else ()))}


def _vrf(tunnel: Tunnel, device: str) -> str | None:
    end = tunnel.end_of(device)
    return end.vrf if end else None


def _faces(tunnel: Tunnel, device: str) -> set[str]:
    other = tunnel.other_end(device)
    return {normal(other.address), normal(other.seen)}


def _own(tunnel: Tunnel, device: str) -> str:
    end = tunnel.end_of(device)
    return normal(end.address) if end else ""


def group(
    events: Sequence[Event], gap_s: float, devices: Mapping[str, Device]
) -> tuple[tuple[Event, ...], tuple[Episode, ...]]:
    """Events with their episode's id, and the episodes: a silence of more than `gap_s` in a flow ends one."""
    flows: dict[FlowKey, list[Event]] = defaultdict(list)
    for event in events:
        flows[flow_key(event)].append(event)
    named: dict[str, str] = {}
    episodes = []
    for flow in flows.values():
        for part in _split(sorted(flow, key=lambda e: e.at or NEVER), gap_s):
            episode = _episode(part, uncertainty(devices[part[0].device]))
            named.update([(e.id, episode.id) for e in part])
            episodes.append(episode)
    placed = tuple([structs.replace(e, episode=named[e.id]) for e in events])
    return placed, tuple(sorted(episodes, key=lambda e: (e.first or NEVER, e.id)))


def _split(flow: Sequence[Event], gap_s: float) -> list[list[Event]]:
    parts: list[list[Event]] = []
    for event in flow:
        previous = parts[-1][-1] if parts else None
        if previous is not None and _continues(previous, event, gap_s):
            parts[-1].append(event)
        else:
            parts.append([event])
    return parts


def _continues(previous: Event, event: Event, gap_s: float) -> bool:
    if (previous.at is None) != (event.at is None):
        return False
    before, after = (previous.at or previous.time), (event.at or event.time)
    if before is None or after is None:
        return before is None and after is None
    return (after - before).total_seconds() <= gap_s


def _episode(events: Sequence[Event], clock_s: float) -> Episode:
    first, last = events[0], events[-1]
    mechanism, confidence = _named(events) if len(events) > 1 else (first.mechanism, first.confidence)
    tunnels = [e.tunnel for e in events if e.tunnel]
    return Episode(
        id=first.id.removesuffix(_place_text(first)),
        tunnel=tunnels[0] if tunnels else None,
        device=first.device,
        source=first.source,
        spi=first.spi,
        first=first.time,
        last=last.time,
        first_at=first.at,
        last_at=last.at,
        uncertainty_s=max([e.uncertainty_s for e in events]) + clock_s,
        lines=sum([e.count for e in events]),
        mechanism=mechanism,
        confidence=confidence,
        events=tuple(events),
    )


def _named(events: Sequence[Event]) -> tuple[Mechanism, Confidence]:
    """The mechanism that most of the lines have, as sure as the least sure of them."""
    votes = Counter([e.mechanism for e in events])
    mechanism = max(votes, key=lambda m: (votes[m], m != "unexplained", m))
    confidences = [e.confidence for e in events if e.mechanism == mechanism]
    return mechanism, min(confidences, key=CONFIDENCES.index)
