"""Log lines of another device that were pasted beside a session, told from the session's own by their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from msgspec import Struct, structs

from vpnaudit.correlate.peers import own_addresses
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.snapshot import Capture

LOOSE = "syslog"
"""The command of lines that stand between the answers of a session."""


class Sorted(Struct, frozen=True, kw_only=True, gc=False):
    """The lines of a capture that are the device's own, and others by the address of the device that logged them."""

    own: Capture | None
    foreign: tuple[tuple[str, Capture], ...]


def sort_lines(device: Device, capture: ParsedCapture, reading: datetime | None) -> Sorted:
    """Tell foreign lines: nobody receives a packet that came from itself and went to an address that it has not.

    Lines that follow each other without another line between are one paste. `reading`, what the session's own clock
    showed, bounds the year of stamps without one.
    """
    whole = capture.capture
    addresses = own_addresses(device) if device.captures and whole.command == LOOSE and not whole.numbers else None
    refused = [m for m in capture.parsed.facts.messages if m.is_invalid_spi] if addresses else []
    if not addresses or not any(_is_foreign(m, addresses) for m in refused):
        return Sorted(own=whole, foreign=())
    own: list[Capture] = []
    foreign: list[tuple[str, Capture]] = []
    for paste in _pastes(whole):
        lines = range(paste.first_line, paste.first_line + paste.text.count("\n") + 1)
        here = [m for m in refused if whole.number_of(m.line) in lines]
        logger = _logger(here, addresses)
        if logger is None:
            own.append(paste)
        else:
            foreign.append((logger, structs.replace(paste, device=logger, modified_at=reading or paste.modified_at)))
    return Sorted(own=_joined(own), foreign=tuple(foreign))


def _is_foreign(message: LogMessage, addresses: frozenset[str]) -> bool:
    source, destination = message.source, message.destination
    return bool(source and destination) and normal(source or "") in addresses and not _is_own(message, addresses)


def _is_own(message: LogMessage, addresses: frozenset[str]) -> bool:
    return message.destination is not None and normal(message.destination) in addresses


def _logger(messages: Sequence[LogMessage], addresses: frozenset[str]) -> str | None:
    """The one address that all of a paste's packets went to; None where the paste is, or may be, the device's own."""
    if not any(_is_foreign(m, addresses) for m in messages) or any(_is_own(m, addresses) for m in messages):
        return None
    destinations = {normal(m.destination) for m in messages if m.destination}
    return destinations.pop() if len(destinations) == 1 else None


def _pastes(capture: Capture) -> list[Capture]:
    numbered = enumerate(capture.text.split("\n"))
    found = []
    for is_text, group in groupby(numbered, key=lambda line: bool(line[1].strip())):
        lines = list(group)
        if is_text:
            text = "\n".join(text for _, text in lines)
            found.append(structs.replace(capture, text=text, first_line=capture.first_line + lines[0][0]))
    return found


def _joined(pastes: Sequence[Capture]) -> Capture | None:
    """One capture again, with blank lines between, so that the numbers of its lines hold."""
    if not pastes:
        return None
    first = pastes[0]
    text = first.text
    for paste in pastes[1:]:
        gap = paste.first_line - first.first_line - text.count("\n")
        text += "\n" * gap + paste.text
    return structs.replace(first, text=text)
