"""What a device's log can show, and from when to when."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta

from vpnaudit.model.device import Device
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.logs import LogMessage

LOG_COMMAND = "show logging"
LEVELS = ("emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging")
"""Syslog level names by number (RFC 5424, table 2, in the devices' spelling)."""

EVENT_LEVEL = 4
"""`%CRYPTO-4-…` and `%ASA-4-402114` are warnings."""


def logs(device: Device) -> tuple[ParsedCapture, ...]:
    """The logs of a device that could be read."""
    return tuple(c for c in device.log_captures if not c.parsed.refused)


def level_number(name: str | None) -> int | None:
    """The number of a level given by name or number; null for what is neither."""
    word = (name or "").strip().lower()
    if word.isascii() and word.isdigit() and len(word) == 1 and int(word) < len(LEVELS):
        return int(word)
    return next((n for n, level in enumerate(LEVELS) if word and level.startswith(word)), None)


def buffer_level(device: Device) -> int | None:
    """The least severe level that the buffer keeps: `show logging` first, then the configuration. -1: it keeps none."""
    if device.log_header is not None:
        header = device.log_header[1]
        if header.buffer_enabled is False:
            return -1
        if (level := level_number(header.buffer_level)) is not None:
            return level
    if device.config is not None:
        config = device.config[1]
        by_default = device.defaults.buffer_level if device.defaults and config.logging_buffered_bytes else None
        return -1 if config.logging_buffered_off else level_number(config.logging_buffered_level or by_default)
    return None


def vpn_level(device: Device) -> int | None:
    """The same for messages of IPsec, which may have a level of their own; only the configuration tells which."""
    level = buffer_level(device)
    if level is None or level < 0:
        return level
    if device.config is not None:
        own = level_number(device.config[1].logging_buffered_vpn_level)
        return level if own is None else max(level, own)
    by_class = device.log_header is not None and device.log_header[1].buffer_by_class
    return None if by_class and level < EVENT_LEVEL else level


def could_show(device: Device, severity: int) -> bool:
    """Whether a message of this severity would stand in a log that was read, as far as is known.

    A log other than the buffer (a syslog file) has its own level, which nobody states: it counts as open.
    """
    read = logs(device)
    if any(c.capture.command != LOG_COMMAND for c in read):
        return True
    level = buffer_level(device)
    return bool(read) and (level is None or level >= severity)


def tagged(device: Device, tags: Container[str]) -> tuple[tuple[ParsedCapture, LogMessage], ...]:
    """The messages with one of `tags`."""
    return tuple((c, m) for c, m in device.other_messages if m.tag in tags)


def true_time(device: Device, message: LogMessage) -> datetime | None:
    """When the message was logged, on the common clock as far as the device's offset is known."""
    if message.time is None:
        return None
    return message.time - timedelta(seconds=device.clock_offset_s or 0.0)


def first_time(device: Device) -> datetime | None:
    """The time of the oldest dated message."""
    return min((t for _, m in device.messages if (t := true_time(device, m)) is not None), default=None)
