"""How far back a device's logs reach, and what would be in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from vpnaudit.diagnose.of_story import receiver_of
from vpnaudit.diagnose.signs import stamp
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Story
from vpnaudit.model.sessions import logs_sessions, tells_of_sessions

FILTERS = frozenset({"include", "exclude", "i", "inc", "incl", "e", "exc", "excl", "grep"})
"""Words of a pipe that leaves lines out."""
LOG_LEAD_S = 90.0
"""A log with a line so long before a stream's first one would have had an earlier one of it, at one a minute."""


def logs_sessions_since(device: Device, begin: datetime, story: Story) -> bool:
    """Whether the end of the story's session is logged at all, and the log reaches back before `begin`."""
    first, wanted = log_begins(device), begin - timedelta(seconds=120)
    covers = first is not None and first < wanted and log_reaches(device, wanted)
    return covers and logs_sessions(device, _ike_of(story))


def session_logging(device: Device, story: Story) -> str:
    """What makes a log tell of sessions such as the story's: no setting that stands already."""
    ike = _ike_of(story)
    if tells_of_sessions(device, ike):
        return "its log, as a syslog server has it"
    words = device.words
    return f"configure {words.ikev2_sessions_logged_by if ike == 'v2' else words.sessions_logged_by}"


def _ike_of(story: Story) -> Literal["v1", "v2"] | None:
    return story.tunnel.ike if story.tunnel is not None else None


def logs_nothing_on_standby(device: Device) -> bool:
    """Whether a unit of a failover pair without a state link logs only while it is active.

    Its log cannot rule out then that it took over, which costs it the SAs (field guide C6). A context's configuration
    does not say whether failover is on: its standby addresses do.
    """
    if device.config is None or device.log_header is None or device.log_header[1].standby_logging is not False:
        return False
    config = device.config[1]
    if config.failover is not None:
        return config.failover.on and config.failover.link is None
    return any(interface.standby_addresses for interface in config.interfaces)


def log_is_filtered(device: Device) -> bool:
    """Whether all that was read of its log is lines that were asked for by a word: what else it has nobody saw."""
    return device.once(_log_is_filtered)


def _log_is_filtered(device: Device) -> bool:
    asked = [c.capture.argument.lower().split() for c in device.log_captures]
    return bool(asked) and all(not FILTERS.isdisjoint(words) for words in asked)


def whole_log(device: Device) -> str:
    """What would show more of its log than was read."""
    return "show logging, without a filter" if log_is_filtered(device) else "show logging, as a syslog server has it"


def log_since(device: Device) -> str:
    """From when on its log was read, as a clause behind the device's name."""
    if log_is_filtered(device):
        return f"whose log was read only through a filter ({device.log_captures[0].capture.argument.lstrip('| ')})"
    at = log_begins(device)
    return f"whose log begins at {stamp(at)}" if at is not None else "whose log is empty"


def log_begins(device: Device) -> datetime | None:
    """The time of the earliest line of its logs, on the common clock."""
    return device.once(_log_begins)


def _log_begins(device: Device) -> datetime | None:
    return min((at for _, m in device.messages if (at := device.logged_at(m)) is not None), default=None)


def log_reaches(device: Device, at: datetime | None) -> bool:
    """Whether its logs show what happened at that time: they begin before it, or the buffer has lost no line yet.

    A filter hides what is not asked for. Logs of nothing but lines with an invalid SPI may have been filtered for them.
    """
    if log_is_filtered(device):
        return False
    begin = log_begins(device)
    since = begin is not None and at is not None and begin <= at
    return device.once(_log_is_whole) or (since and bool(device.other_messages))


def _log_is_whole(device: Device) -> bool:
    """Whether `show logging` counts no more lines than it shows: then none was pushed out since the boot."""
    if device.log_header is None:
        return False
    capture, header = device.log_header
    shown = sum(m.count for m in capture.parsed.facts.messages)
    return header.messages_logged is not None and header.messages_logged <= shown


def begin_is_seen(story: Story, fleet: Fleet) -> bool:
    """Whether the story's first line is the first of its stream: the log shows what was before it.

    A log that begins with the stream has lost the beginning of it, at one line a minute (field guide 1.3).
    """
    begin = story.begins
    return begin is not None and log_reaches(receiver_of(story, fleet), begin - timedelta(seconds=LOG_LEAD_S))
