"""The geometry of a diagnosis' timeline: one lane an episode, along one axis of time. Pure numbers, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from vpnaudit.model.printable import counted
from vpnaudit.report.view.joined import StoryView
from vpnaudit.report.view.wording import clock, duration, moment

MOST_LANES = 12
LANE_HEIGHT = 38
AXIS_HEIGHT = 26

_STEPS_S = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000)
_MOST_STEPS = 4


class Mark(Struct, frozen=True, kw_only=True, gc=False):
    """One or more log lines at nearly one place. `x` in percent of the width."""

    x: float
    said: str


class Lane(Struct, frozen=True, kw_only=True, gc=False):
    """One episode: a bar from `x`, `width` wide (percent), `y` the lane's top (pixels)."""

    label: str
    y: int
    x: float
    width: float
    marks: tuple[Mark, ...]


class Tick(Struct, frozen=True, kw_only=True, gc=False):
    """A time on the axis. `anchor` is SVG's text-anchor."""

    x: float
    label: str
    anchor: str


class Timeline(Struct, frozen=True, kw_only=True, gc=False):
    """Everything to draw. `height` in pixels; `more`: episodes without a lane of their own."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    height: int
    more: int
    said: str


def timeline(story: StoryView) -> Timeline | None:
    """Lay out the episodes of `story`; None where no time is known."""
    dated = [(e, first, max(first, moment(e.last) or first)) for e in story.episodes if (first := moment(e.first))]
    if not dated:
        return None
    times: dict[str, list[datetime]] = {}
    for event in story.events:
        when = moment(event.time)
        if when:
            times.setdefault(event.episode, []).append(when)
    axis = _Axis.over([first for _, first, _ in dated], [last for _, _, last in dated])
    lanes = tuple(
        Lane(
            label=f"{episode.spi} at {episode.device}, {episode.mechanism}, {counted(episode.events, 'line')}",
            y=number * LANE_HEIGHT,
            x=axis.place(first),
            width=round(axis.place(last) - axis.place(first), 2),
            marks=_marks(axis, times.get(episode.id, [])),
        )
        for number, (episode, first, last) in enumerate(dated[:MOST_LANES])
    )
    return Timeline(
        lanes=lanes,
        ticks=axis.ticks(),
        height=len(lanes) * LANE_HEIGHT + AXIS_HEIGHT,
        more=len(dated) - len(lanes),
        said=_said(story, len(dated)),
    )


def _said(story: StoryView, episodes: int) -> str:
    first, last = moment(story.first), moment(story.last)
    length = duration((last - first).total_seconds()) if first and last else "one moment"
    said = f"{counted(episodes, 'episode')}, {counted(story.lines, 'log line')}"
    return f"{said} over {length}, from {clock(story.first)}"


def _marks(axis: _Axis, times: Sequence[datetime]) -> tuple[Mark, ...]:
    """Merge what would fall on one spot, so that a flood of lines stays small."""
    spots: dict[float, list[datetime]] = {}
    for when in times:
        spots.setdefault(round(axis.place(when) * 2) / 2, []).append(when)
    return tuple(
        Mark(x=x, said=f"{whens[0]:%Y-%m-%d %H:%M:%S} UTC" + (f", {len(whens)} lines" if len(whens) > 1 else ""))
        for x, whens in sorted(spots.items())
    )


class _Axis:
    """Times to places: percent, with a margin so that the first and the last mark are whole."""

    margin = 2.0

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start = start
        self.length_s = (end - start).total_seconds()

    @classmethod
    def over(cls, firsts: Sequence[datetime], lasts: Sequence[datetime]) -> _Axis:
        start, end = min(firsts), max(*firsts, *lasts)
        if end - start < timedelta(seconds=2):
            return cls._around(start)
        return cls(start, end)

    @classmethod
    def _around(cls, moment_: datetime) -> _Axis:
        """A minute around a single moment."""
        half = timedelta(seconds=30)
        start = moment_ if moment_ - datetime.min.replace(tzinfo=UTC) < half else moment_ - half
        end = moment_ if datetime.max.replace(tzinfo=UTC) - moment_ < half else moment_ + half
        return cls(start, end)

    def place(self, when: datetime) -> float:
        share = (when - self.start).total_seconds() / self.length_s
        return round(self.margin + share * (100 - 2 * self.margin), 2)

    def ticks(self) -> tuple[Tick, ...]:
        fitting = (float(s) for s in _STEPS_S if self.length_s / s <= _MOST_STEPS)
        step = next(fitting, self.length_s / _MOST_STEPS)
        epoch_s = self.start.timestamp()
        first = -(-epoch_s // step) * step
        offsets = [first + n * step - epoch_s for n in range(_MOST_STEPS + 1)]
        whens = [self.start + timedelta(seconds=o) for o in offsets if o <= self.length_s]
        return tuple(Tick(x=(x := self.place(w)), label=format(w, _shape(step)), anchor=_anchor(x)) for w in whens)


def _shape(step_s: float) -> str:
    if step_s < 60:
        return "%H:%M:%S"
    if step_s < 43_200:
        return "%H:%M"
    return "%m-%d %H:%M" if step_s < 86_400 else "%Y-%m-%d"


def _anchor(x: float) -> str:
    if x < 12:
        return "start"
    return "end" if x > 88 else "middle"
