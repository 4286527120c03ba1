"""A sign: something that happened on a device, when, and the line that says so. All times are on the common clock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from vpnaudit.model.addresses import normal
from vpnaudit.model.clears import Cleared
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.logs import LogMessage

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Before anything that happened: for what has no time."""


class Sign(Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened on a device. `at` null: known to have happened, not when."""

    at: datetime | None
    text: str
    evidence: tuple[Evidence, ...] = ()
    uncertainty_s: float = 1.0
    until: datetime | None = None
    """When it was over, where a line says so."""
    is_session: bool = False
    """A session that went down: the end of an outage, or of anything else that costs SAs."""
    is_line: bool = False
    """An interface that went down: of the path itself, where the others may be the end of something else."""
    is_probe: bool = False
    """A probe of the path that got no answer: the path was gone, or the box that it probes."""
    is_nameless: bool = False
    """Of IKE with a peer that the message does not name: of this one, or of any other."""
    is_takeover: bool = False
    """A standby that became active."""
    is_switchover: bool = False
    """Another processor of the same device took over."""
    is_clear: bool = False
    """Somebody, or a script, ended the SAs; the path was there or not."""
    applet: str | None = None
    """The script that did."""
    is_answer: bool = False
    """It did because of a line with an invalid SPI: what came before cannot come of it."""
    is_inferred: bool = False
    """No line of its own tells that it happened by then: an uptime does, or a script's message."""
    process: str | None = None
    """What got no memory."""
    interface: str | None = None
    """Where it took over, or lost its crypto map; null: the message names none, or it is of the whole device."""
    peer: str | None = None
    """The one whose SAs were cleared; null: everybody's."""
    cleared: Cleared | None = None
    """What the command that cleared them was of."""


class Window(Struct, frozen=True, kw_only=True, gc=False):
    """A stretch of the common clock; null ends are open."""

    low: datetime | None = None
    high: datetime | None = None

    def has(self, sign: Sign) -> bool:
        """Whether the sign begins or ends in the window, its uncertainty allowed for."""
        slack = timedelta(seconds=sign.uncertainty_s)
        return any(self._holds(at, slack) for at in (sign.at, sign.until) if at is not None)

    def _holds(self, at: datetime, slack: timedelta) -> bool:
        return (self.low is None or at + slack >= self.low) and (self.high is None or at - slack <= self.high)


class InOrder:
    """Signs by their time, so that those of a window are found without a look at all."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        dated = [(s.at, place, s) for place, s in enumerate(signs) if s.at is not None]
        self._dated = sorted(dated, key=lambda found: found[:2])
        self._times = [at for at, _, _ in self._dated]
        self._slack = timedelta(seconds=max((s.uncertainty_s for _, _, s in self._dated), default=0.0))
        self._longest = max((s.until - at for at, _, s in self._dated if s.until is not None), default=timedelta())

    def within(self, window: Window) -> list[Sign]:
        """Those that the window has, in the order in which they were given."""
        if not self._dated:
            return []
        low = bisect_left(self._times, window.low - self._slack - self._longest) if window.low is not None else 0
        high = bisect_right(self._times, window.high + self._slack) if window.high is not None else len(self._times)
        found = [(place, sign) for _, place, sign in self._dated[low:high] if window.has(sign)]
        return [sign for _, sign in sorted(found, key=lambda one: one[0])]


def messages(device: Device, tags: frozenset[str]) -> Iterator[tuple[ParsedCapture, LogMessage]]:
    """A device's log messages with one of the tags, in their order: each story of a hub asks for some of its log."""
    by_tag = device.once(_by_tag)
    found = sorted((one for tag in by_tag.keys() & tags for one in by_tag[tag]), key=lambda one: one[0])
    return ((capture, message) for _, capture, message in found)


def _by_tag(device: Device) -> dict[str, list[tuple[int, ParsedCapture, LogMessage]]]:
    """The messages of each tag, each with its place in the log."""
    found: dict[str, list[tuple[int, ParsedCapture, LogMessage]]] = {}
    for place, (capture, message) in enumerate(device.other_messages):
        found.setdefault(message.tag, []).append((place, capture, message))
    return found


def sign_of(device: Device, capture: ParsedCapture, message: LogMessage, text: str) -> Sign:
    """The sign that a log message is, in the words of `text`."""
    evidence, within = (device.cite(capture, message.line),), device.logged_within_s(message)
    return Sign(at=device.logged_at(message), text=text, evidence=evidence, uncertainty_s=within)


def one_spelling(text: str | None) -> str | None:
    """A peer as it is compared; null stays null."""
    return normal(text) if text is not None else None


def most_in_an_hour(times: Sequence[datetime]) -> int:
    """How many of the times, which are in order, lie within one hour at most."""
    most, start = 0, 0
    for index, at in enumerate(times):
        while at - times[start] > timedelta(hours=1):
            start += 1
        most = max(most, index - start + 1)
    return most


def stamp(at: datetime) -> str:
    """A time in a sentence.

    >>> from datetime import UTC, datetime
    >>> stamp(datetime(2026, 5, 1, 12, 0, 7, tzinfo=UTC))
    '2026-05-01 12:00:07 UTC'
    """
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def span(seconds: float) -> str:
    """A duration in a sentence.

    >>> span(45), span(600), span(9000)
    ('45 s', '10 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
