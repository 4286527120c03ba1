"""How far back a device's logs reach, and what would be in them."""

from __future__ import annotations

from datetime import datetime, timedelta

from vpnaudit.diagnose.of_story import begins, receiver_of
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Story

LOG_LEAD_S = 90.0
"""A log with a line so long before a stream's first one would have had an earlier one of it, at one a minute."""


def logs_sessions_since(device: Device, begin: datetime) -> bool:
    """Whether a session's end is logged at all (`crypto logging session`), and the log reaches back before `begin`."""
    first, wanted = log_begins(device), begin - timedelta(seconds=120)
    covers = first is not None and first < wanted and log_reaches(device, wanted)
    return covers and device.config is not None and device.config[1].logging_session


def session_logging(device: Device) -> str:
    """What makes a log tell of sessions: no setting that stands already."""
    if device.config is not None and device.config[1].logging_session:
        return "its log, as a syslog server has it"
    return f"configure {device.words.sessions_logged_by}"


def log_begins(device: Device) -> datetime | None:
    """The time of the earliest line of its logs, on the common clock."""
    return device.once(_log_begins)


def _log_begins(device: Device) -> datetime | None:
    return min((at for _, m in device.messages if (at := device.logged_at(m)) is not None), default=None)


def log_reaches(device: Device, at: datetime | None) -> bool:
    """Whether its logs show what happened at that time: they begin before it, or the buffer has lost no line yet.

    Logs of nothing but lines with an invalid SPI may have been filtered for them.
    """
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
    begin = begins(story)
    return begin is not None and log_reaches(receiver_of(story, fleet), begin - timedelta(seconds=LOG_LEAD_S))
