"""The document `vpnaudit.loss/1`: the calculator's answer for programs."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, to_builtins

from vpnaudit.loss.calculator import Calculation
from vpnaudit.loss.drawn import DrawnFigure, draw
from vpnaudit.loss.probes.measured import Measured, in_words
from vpnaudit.loss.words import aligned, sentence, taken_as, text, to_measure

SCHEMA: Literal["vpnaudit.loss/1"] = "vpnaudit.loss/1"


class Tool(Struct, frozen=True, kw_only=True, gc=False):
    """What wrote the document."""

    name: str
    version: str


class LossDocument(Struct, frozen=True, kw_only=True, gc=False):
    """The answer: in a sentence, in figures, what they rest on, and what to measure. Shares are 0 to 1, times seconds.

    `measured` is what the file of probes said; null where none was given. `drawn` is empty unless it was asked for.
    """

    schema: Literal["vpnaudit.loss/1"]
    tool: Tool
    answer: str
    calculation: Calculation
    measured: Measured | None
    drawn: tuple[DrawnFigure, ...]
    taken_as: tuple[str, ...]
    to_measure: tuple[str, ...]


def build(calculation: Calculation, measured: Measured | None, version: str, draws: int = 0) -> LossDocument:
    """Put the document together; with `draws`, the chances also drawn so often."""
    return LossDocument(
        schema=SCHEMA,
        tool=Tool(name="vpnaudit", version=version),
        answer=sentence(calculation),
        calculation=calculation,
        measured=measured,
        drawn=draw(calculation, draws) if draws else (),
        taken_as=taken_as(calculation),
        to_measure=to_measure(calculation),
    )


def in_text(document: LossDocument) -> str:
    """The same for people."""
    said = text(document.calculation, in_words(document.measured) if document.measured is not None else ())
    if not document.drawn:
        return said
    head = ("chance", "computed", "drawn", "99.9 %", "agree")
    rows = [
        (f.what, f"{f.computed:.3g}", f"{f.drawn:.3g}", f"{f.low:.3g} to {f.high:.3g}", "yes" if f.agrees else "no")
        for f in document.drawn
    ]
    return said + "\n" + "\n".join(aligned(head, rows)) + "\n"


def as_builtins(document: LossDocument) -> object:
    """Plain values, for JSON."""
    return to_builtins(document)
