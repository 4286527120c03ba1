"""A small plot as SVG: curves and points with error bars on logarithmic or linear axes. No library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 90, 210, 62, 60
COLOURS = ("#1b6ca8", "#c0392b", "#2e7d32", "#8e44ad", "#b9770e", "#455a64")


class Point(NamedTuple):
    """A value with the interval around it; where they are equal there is no bar."""

    x: float
    y: float
    low: float
    high: float


class Series(NamedTuple):
    """One entry of the legend: a curve, or points of one shape ("circle", "square", "triangle")."""

    name: str
    colour: int
    curve: Sequence[tuple[float, float]] = ()
    points: Sequence[Point] = ()
    shape: str = "circle"


class Axis(NamedTuple):
    """Ends, where its marks stand and what they are called; logarithmic or not."""

    title: str
    low: float
    high: float
    marks: Sequence[tuple[float, str]]
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies, 0 to 1; what lies outside is at the edge."""
        if self.log:
            value, low, high = (math.log10(max(v, 1e-300)) for v in (value, self.low, self.high))
        else:
            low, high = self.low, self.high
        return min(1.0, max(0.0, (value - low) / (high - low)))


def plot(title: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """The plot as an SVG document."""

    def at(px: float, py: float) -> tuple[float, float]:
        across = LEFT + x.share(px) * (WIDTH - LEFT - RIGHT)
        return across, HEIGHT - BOTTOM - y.share(py) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 26, title, size=15),
    ]
    for value, name in x.marks:
        across, _ = at(value, y.low)
        parts.append(_line(across, TOP, across, HEIGHT - BOTTOM, "#dddddd"))
        parts.append(_text(across, HEIGHT - BOTTOM + 18, name, anchor="middle"))
    for value, name in y.marks:
        _, down = at(x.low, value)
        parts.append(_line(LEFT, down, WIDTH - RIGHT, down, "#dddddd"))
        parts.append(_text(LEFT - 8, down + 4, name, anchor="end"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, x.title, anchor="middle"))
    parts.append(_text(LEFT - 60, TOP - 14, y.title))
    for number, one in enumerate(series):
        colour = COLOURS[one.colour % len(COLOURS)]
        if one.curve:
            joined = " ".join(f"{a:.1f},{b:.1f}" for a, b in (at(*p) for p in one.curve))
            parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in one.points:
            across, down = at(point.x, point.y)
            _, low = at(point.x, point.low)
            _, high = at(point.x, point.high)
            parts.append(_line(across, low, across, high, colour))
            parts.append(_mark(across, down, one.shape, colour))
        parts += _legend(number, one, colour)
    return "\n".join((*parts, "</svg>")) + "\n"


def _legend(number: int, one: Series, colour: str) -> list[str]:
    left, down = WIDTH - RIGHT + 16, TOP + 12 + number * 34
    sign = _line(left, down, left + 22, down, colour, 2) if one.curve else _mark(left + 11, down, one.shape, colour)
    first, _, second = one.name.partition(", ")
    return [sign, _text(left + 30, down + 4, first), *([_text(left + 30, down + 19, second)] if second else [])]


def _mark(across: float, down: float, shape: str, colour: str) -> str:
    if shape == "square":
        return f'<rect x="{across - 4:.1f}" y="{down - 4:.1f}" width="8" height="8" fill="{colour}"/>'
    if shape == "triangle":
        corners = f"{across:.1f},{down - 5:.1f} {across - 5:.1f},{down + 4:.1f} {across + 5:.1f},{down + 4:.1f}"
        return f'<polygon points="{corners}" fill="{colour}"/>'
    return f'<circle cx="{across:.1f}" cy="{down:.1f}" r="4" fill="#ffffff" stroke="{colour}" stroke-width="2"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, words: str, anchor: str = "start", size: int = 13) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="#222222">{escape(words)}</text>'
    )
