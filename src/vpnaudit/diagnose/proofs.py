"""What rules a rival out: the lines that show it, or the whole answer in which something is not."""

from __future__ import annotations

from vpnaudit.model.device import CONFIG_COMMAND, IKE_COMMANDS, SA_COMMANDS, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.judgement import Story
from vpnaudit.model.tunnel import TunnelEnd

SHOWN = 2


def placed(story: Story) -> tuple[Evidence, ...]:
    """What the story's mechanism was told by: its first line, and where that line's SPI stands besides.

    Without lines it is the SA that the sender keeps.
    """
    if not story.episodes:
        kept = story.tunnel.stale if story.tunnel is not None else ()
        return next((s.evidence for s in kept if s.receiver == story.receiver), ())
    event = story.episodes[0].events[0]
    return (*event.evidence[:1], *(entry.evidence for entry in event.found[:SHOWN]))


def first_and_last(story: Story) -> tuple[Evidence, ...]:
    """The first and the last line of the story's longest episode."""
    longest = max(story.episodes, key=lambda e: (e.duration_s, e.lines), default=None)
    events = (longest.events[0], *longest.events[1:][-1:]) if longest is not None else ()
    return tuple(line for event in events for line in event.evidence[:1])


def first_lines(story: Story) -> tuple[Evidence, ...]:
    """The first line of each of the story's first episodes."""
    return tuple(line for episode in story.episodes[: SHOWN + 1] for line in episode.events[0].evidence[:1])


def agreed(*ends: TunnelEnd | None) -> tuple[Evidence, ...]:
    """For each end that is ours, what shows that it has the other for a peer: its configuration, else an SA."""
    return tuple(line for end in ends if end is not None for line in _agreed(end))


def _agreed(end: TunnelEnd) -> tuple[Evidence, ...]:
    return (*end.evidence, *(s.evidence for s in end.sas), *(i.evidence for i in end.ike_sas))[:1]


def ike_of(*ends: TunnelEnd | None) -> tuple[Evidence, ...]:
    """A live IKE SA of each end."""
    return tuple(i.evidence for end in ends if end is not None for i in end.live_ike[:1])


def lifetimes_of(*ends: TunnelEnd | None) -> tuple[Evidence, ...]:
    """What says how long each end keeps its SAs."""
    return tuple(line for end in ends if end is not None and end.lifetime for line in end.lifetime.evidence[:1])


def logs(device: Device) -> tuple[Evidence, ...]:
    """Its logs, whole."""
    return device.once(_logs)


def _logs(device: Device) -> tuple[Evidence, ...]:
    answered = (c for c in device.log_captures if not c.parsed.refused)
    return tuple(sorted(device.cite(c, None) for c in answered))[:SHOWN]


def sa_tables(device: Device) -> tuple[Evidence, ...]:
    """Its SA table, whole."""
    return device.once(_sa_tables)


def _sa_tables(device: Device) -> tuple[Evidence, ...]:
    return device.cite_whole(*SA_COMMANDS)


def ike_tables(device: Device) -> tuple[Evidence, ...]:
    """Its IKE tables, whole: of either version."""
    return device.once(_ike_tables)


def _ike_tables(device: Device) -> tuple[Evidence, ...]:
    return tuple(device.cite(c, None) for c in device.find(*IKE_COMMANDS))[:SHOWN]


def configuration(device: Device) -> tuple[Evidence, ...]:
    """Its configuration, whole."""
    return device.once(_configuration)


def _configuration(device: Device) -> tuple[Evidence, ...]:
    return device.cite_whole(CONFIG_COMMAND)
