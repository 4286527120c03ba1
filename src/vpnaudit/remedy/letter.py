"""The text that can be sent to the owner of an end that is not ours: what concerns them, and nothing else of ours."""

from __future__ import annotations

import math
from datetime import datetime

from vpnaudit.model.device import Device
from vpnaudit.model.event import Episode
from vpnaudit.model.spi import spi_text
from vpnaudit.remedy.situation import Situation

EPISODES_SHOWN = 20
"""A letter lists at most so many; how many more there are is said."""
_MEANING = (
    "An SPI is chosen by the receiver and told to the sender by IKE. A packet with one that the receiver does not have "
    "is dropped: your end sends on an SA that our end no longer has, or never had."
)


def letter(situation: Situation, wishes: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of the text: the addresses, what arrived and when, what it means, what to check or do there."""
    theirs = situation.sender.address or "your end"
    ours = situation.receiver.address or "our end"
    return (
        f"Your IPsec end {theirs}, our end {ours}: packets arrive with an SPI that our end does not have.",
        "",
        *_what_arrived(situation, theirs, ours),
        _MEANING,
        *_current(situation),
        "",
        "Please check or do at your end:",
        *(f"{number}. {wish}" for number, wish in enumerate(wishes, 1)),
    )


def _what_arrived(situation: Situation, theirs: str, ours: str) -> tuple[str, ...]:
    episodes = _between_them(situation)
    if not episodes:
        return (f"Your SA tables and ours disagree now on the SAs between {theirs} and {ours}.",)
    newest = sorted(episodes, key=_last)[-EPISODES_SHOWN:]
    more = len(episodes) - len(newest)
    device = situation.receiver.device
    clock = device.clock_synchronized if device is not None else None
    kept = {True: "our clock is synchronised by NTP", False: "our clock is NOT synchronised"}
    said = kept[clock] if clock is not None else "whether our clock is synchronised is not known"
    return (
        f"What we logged (times in UTC; {said}; {_limit(device)}):",
        *(f"- {_when(e)}: SPI {spi_text(e.spi)} from {theirs} to {ours}, {_lines(e.lines)}" for e in newest),
        *((f"- and {more} earlier",) if more else ()),
        "",
    )


def _limit(device: Device | None) -> str:
    """How seldom lines come, so that nobody takes their number for that of the packets (field guide 1.3)."""
    interval_s = device.defaults.log_interval_s if device is not None and device.defaults is not None else 60
    every = "a minute" if interval_s == 60 else f"in {interval_s} s"
    return f"at most one line {every} is logged for a flow"


def _between_them(situation: Situation) -> list[Episode]:
    """Those of every story that the diagnosis tells of these two ends."""
    told = situation.story
    stories = [s for s in situation.diagnosis.stories if (s.receiver, s.source) == (told.receiver, told.source)]
    return [episode for story in stories for episode in story.episodes]


def _current(situation: Situation) -> tuple[str, ...]:
    end = situation.receiver.end
    if end is None or not end.sa_table_read:
        return ()
    spis = sorted({s.spi for s in end.inbound})
    if not spis:
        return ("Our end has no inbound SA from yours at present.",)
    listed = ", ".join(spi_text(s) for s in spis[:EPISODES_SHOWN])
    return (f"Our inbound SPIs from yours at present are {listed}: your outbound SPIs should be these.",)


def _last(episode: Episode) -> tuple[float, int]:
    """Order by last line; episodes without a time come first."""
    return (episode.last.timestamp() if episode.last is not None else -math.inf, episode.spi)


def _when(episode: Episode) -> str:
    if episode.first is None or episode.last is None:
        return "time not known"
    first, last = _utc(episode.first), _utc(episode.last)
    return first if first == last else f"{first} to {last}"


def _utc(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
