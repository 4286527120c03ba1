"""What was collected allows several causes: none is named, and what would settle it is.

**Signature.** No cause's signature fits with its rivals ruled out.

**Ruled out by.** One cause that fits, with its rivals ruled out.

**What to do.** Collect what is listed: usually both ends' SA tables twice some minutes apart, the DPD settings, memory,
and whether the source is a configured peer. Source: field guide 3.2 row 10, 3.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from vpnaudit.diagnose.of_story import deleted_by_its_own, receiver_of, sas_with_source_read
from vpnaudit.diagnose.verdicts import reason
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import CONFIG_COMMAND, IKE_COMMANDS
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing, WouldSettle
from vpnaudit.model.printable import counted
from vpnaudit.model.tunnel import TunnelEnd
from vpnaudit.settings import Settings


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    return Weighing(
        verdict="fits",
        confidence="possible",
        because=(*_seen(story), *deleted_by_its_own(story, fleet), *_others(story, fleet)),
        would_settle=_missing(story, fleet),
        title=_title((story,)),
    )


def _title(stories: Sequence[Story]) -> str:
    story, lines = stories[0], sum(e.lines for s in stories for e in s.episodes)
    who = story.sender or story.source or "an unknown source"
    if not lines:
        return f"{story.receiver} and {who} are out of step, and the evidence does not say why"
    return f"{counted(lines, 'line')} from {who} at {story.receiver}: the evidence allows several causes"


def _seen(story: Story) -> list[Reason]:
    if not story.episodes:
        return (
            [reason(f"{story.sender} sends on an SPI that {story.receiver} lacks", *story.tunnel.stale[0].evidence)]
            if story.tunnel
            else []
        )
    events = [ev for e in story.episodes for ev in e.events]
    spis = {ev.spi for ev in events}
    lines = sum(e.lines for e in story.episodes)
    source = story.source or "a source that is not named"
    found = [reason(f"{counted(lines, 'line')} with {counted(len(spis), 'SPI')} from {source}", *events[0].evidence)]
    if lines == 1:
        found.append(
            reason("a single line is a rekey race or a stream of less than a minute: counters tell them apart")
        )
    return [*found, reason(events[0].because)]


def _others(story: Story, fleet: Fleet) -> list[Reason]:
    """A gap to another source's line measures nothing."""
    if not story.episodes:
        return []
    own, sources = normal(story.source or ""), fleet.received_by[story.receiver].sources
    others = list(islice((s or "unknown" for s in sources if normal(s or "") != own), 3))
    if not others:
        return []
    names = ", ".join(others)
    return [reason(f"the time between its lines and those of other sources ({names}) measures nothing")]


def _missing(story: Story, fleet: Fleet) -> tuple[WouldSettle, ...]:
    device = receiver_of(story, fleet)
    here, there = story.receiver_end, story.sender_end
    who = story.sender or story.source or "the peer"
    asked = []
    if not sas_with_source_read(story, fleet):
        asked.append(
            ("which SPIs does the receiver have?", f"{device.name}: show crypto ipsec sa, twice 10 minutes apart")
        )
    if there is None or not there.sa_table_read:
        asked.append(("which SPIs does the sender use?", f"{who}: show crypto ipsec sa, twice 10 minutes apart"))
    if story.tunnel is None and not (device.read(CONFIG_COMMAND) and device.read(*IKE_COMMANDS)):
        source = story.source or "the source"
        asked.append(
            (
                f"is {source} a configured peer of {device.name}?",
                f"{device.name}: show running-config; show crypto isakmp sa",
            )
        )
    unknown = [name for name, end in ((device.name, here), (who, there)) if not _knows_dpd(end)]
    if unknown:
        asked.append(("is DPD on at both ends, and periodic?", f"{' and '.join(unknown)}: show running-config"))
    if not device.memory_pools:
        asked.append((f"is {device.name} short of memory?", f"{device.name}: {device.words.memory_shown_by}"))
    if not asked:
        # Everything was had, and nobody has the SPI any more: only tables of the line's own minute can show it.
        asked.append(
            (
                "which SPIs do both ends have when such a line comes?",
                f"{device.name} and {who}: show crypto ipsec sa, within a minute of the next line",
            )
        )
    return tuple(WouldSettle(question=q, command=c) for q, c in asked)


def _knows_dpd(end: TunnelEnd | None) -> bool:
    return end is not None and end.dpd is not None and end.dpd.mode is not None


CAUSE = Cause(name="insufficient-evidence", order=1000, owner="unknown", weigh=_weigh, title_of=_title)
