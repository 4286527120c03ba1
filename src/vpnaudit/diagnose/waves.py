"""Many sources at one receiver that share one trouble are one diagnosis: a scan has thousands of addresses.

Sources with which the receiver has no tunnel are taken together where there are many that are no peers, or many of
which it is not known: the same answers of the receiver then settle all of them (field guide C2). The members of a
GETVPN group share one SPI, so that a key that some of them missed is one trouble, whoever sends on it and however many
missed it (field guide C14).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vpnaudit.diagnose.rivals import CATCH_ALL, Told
from vpnaudit.diagnose.verdicts import reason
from vpnaudit.model.addresses import normal
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing
from vpnaudit.model.printable import counted

MANY = 10
STRANGERS = "unconfigured-source"
GROUP = "group-key-missed"
SHARED = "address-shared"
"""Boxes behind one address knock each other out: one trouble, although each box has its tunnel (field guide C7)."""
SHOWN = 3
Judged = Sequence[tuple[Story, Cause, Mapping[str, Weighing]]]


def subjects(judged: Judged, fleet: Fleet) -> list[str]:
    """What each story's diagnosis is about, as its id has it: a tunnel, a source, the many of a receiver, a group."""
    sources: dict[tuple[str, str], set[str]] = {}
    sharing: dict[tuple[str, str], list[str]] = {}
    for story, cause, _ in judged:
        if story.tunnel is None:
            sources.setdefault((story.receiver, cause.name), set()).add(normal(story.source or ""))
        elif cause.name == SHARED:
            sharing.setdefault((story.receiver, normal(story.source or "")), []).append(story.tunnel.id)

    def about(story: Story, cause: Cause) -> str:
        if cause.name == GROUP:
            return _group_of(story, fleet)
        of_boxes = sharing.get((story.receiver, normal(story.source or "")), [])
        if cause.name == SHARED and of_boxes:
            return min(of_boxes)
        if story.tunnel is not None:
            return story.tunnel.id
        if cause.name in {STRANGERS, CATCH_ALL} and len(sources[story.receiver, cause.name]) >= MANY:
            return f"sources at {story.receiver}"
        return f"source {normal(story.source or 'unknown')}"

    return [about(story, cause) for story, cause, _ in judged]


def _group_of(story: Story, fleet: Fleet) -> str:
    """The group that a member's configuration names; where it names several, or none was read, the member's own."""
    config = fleet.device_by_name[story.receiver].config
    names = config[1].gdoi_groups if config is not None else ()
    return f"group {names[0]}" if len(names) == 1 else f"group of {story.receiver}"


def is_wave(stories: Iterable[Story]) -> bool:
    """Whether the stories of one diagnosis are of several sources and no tunnel."""
    return len({s.source for s in stories if s.tunnel is None}) > 1


def title(cause: Cause, stories: Sequence[Story], newest: str) -> str:
    """One line for all of them; `newest` is that of the newest."""
    if cause.name == GROUP:
        members = len({s.receiver for s in stories})
        of_all = f"{members} members of one group lack the key of others, which send on an SPI that these do not have"
        return of_all if members > 1 else newest
    many = f"{len({s.source for s in stories})} sources"
    if cause.name == STRANGERS:
        return f"{many} that are no peers of {stories[0].receiver}: a scan, strays or spoofed sources"
    return f"{many} at {stories[0].receiver}: the evidence allows several causes"


def because(told: Told) -> list[Reason]:
    """How many they are, and the first of them as examples."""
    episodes = [e for story, _, _ in told for e in story.episodes]
    sources, spis = {e.source for e in episodes}, {e.spi for e in episodes}
    lines = sum(e.lines for e in episodes)
    text = (
        f"{lines} lines from {len(sources)} sources with {counted(len(spis), 'SPI')}, of which the first {SHOWN} follow"
    )
    return [reason(text), *(r for _, weighing, _ in told[:SHOWN] for r in weighing.because)]
