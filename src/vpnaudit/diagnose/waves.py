"""Many sources at one receiver that share one trouble are one diagnosis: a scan has thousands of addresses.

Sources with which the receiver has no tunnel are taken together where there are many that are no peers, or many that
sent one SPI: an SPI is one pair's own (field guide C2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vpnaudit.diagnose.rivals import CATCH_ALL, Told
from vpnaudit.diagnose.verdicts import reason
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing

MANY = 10
STRANGERS = "unconfigured-source"
SHOWN = 3
Judged = Sequence[tuple[Story, Cause, Mapping[str, Weighing]]]


def subjects(judged: Judged) -> list[str]:
    """What each story's diagnosis is about, as its id has it: a tunnel, a source, or the many sources of a receiver."""
    strangers: dict[tuple[str, str], set[str | None]] = {}
    sharing: dict[tuple[str, int], set[str | None]] = {}
    for story, cause, _ in judged:
        if story.tunnel is None:
            strangers.setdefault((story.receiver, cause.name), set()).add(story.source)
            for episode in story.episodes:
                sharing.setdefault((story.receiver, episode.spi), set()).add(story.source)

    def about(story: Story, cause: Cause) -> str:
        if story.tunnel is not None:
            return story.tunnel.id
        many = len(strangers[story.receiver, cause.name]) >= MANY if cause.name == STRANGERS else False
        shared = any(len(sharing[story.receiver, e.spi]) >= MANY for e in story.episodes)
        if many or (cause.name == CATCH_ALL and shared):
            return f"sources at {story.receiver}"
        return f"source {story.source or 'unknown'}"

    return [about(story, cause) for story, cause, _ in judged]


def is_wave(stories: Iterable[Story]) -> bool:
    """Whether the stories of one diagnosis are of several sources and no tunnel."""
    return len({s.source for s in stories if s.tunnel is None}) > 1


def title(cause: Cause, stories: Sequence[Story]) -> str:
    """One line for all of them."""
    many = f"{len({s.source for s in stories})} sources"
    if cause.name == STRANGERS:
        return f"{many} that are no peers of {stories[0].receiver}: a scan, strays or spoofed sources"
    return f"{many} at {stories[0].receiver} with the same SPIs: the evidence allows several causes"


def because(told: Told) -> list[Reason]:
    """How many they are, and the first of them as examples."""
    episodes = [e for story, _, _ in told for e in story.episodes]
    sources, spis = {e.source for e in episodes}, {e.spi for e in episodes}
    lines = sum(e.lines for e in episodes)
    text = f"{lines} lines from {len(sources)} sources with {len(spis)} SPI(s), of which the first {SHOWN} follow"
    return [reason(text), *(r for _, weighing, _ in told[:SHOWN] for r in weighing.because)]
