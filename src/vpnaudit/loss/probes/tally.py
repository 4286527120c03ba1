"""What a reader hands on: how many probes, how many lost, and how the losses stand together."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

MOST_PROBES = 1_000_000_000
"""A count beyond this is no measurement but a damaged or forged file."""


class Tally(Struct, kw_only=True):
    """Probes of one target. Counts may be null where only a share was printed.

    `runs`: lengths of the runs of consecutive losses, in order; null where the form does not show the order.
    `answered_s`, `lost_s`: how long until the next probe after one that was answered, and after one that was lost.
    `longest_s`: bounds of the longest outage where the form shows steps instead of probes.
    """

    form: str
    target: str = ""
    sent: int | None = None
    lost: int | None = None
    share: float | None = None
    runs: list[int] | None = None
    answered_s: float | None = None
    lost_s: float | None = None
    longest_s: tuple[float, float] | None = None
    watched_s: float | None = None
    notes: list[str] = []

    @property
    def loss(self) -> float:
        """The share lost; 0 where nothing was sent."""
        if self.share is not None:
            return self.share
        return (self.lost or 0) / self.sent if self.sent else 0.0


def runs_of(outcomes: Iterable[bool]) -> list[int]:
    """Lengths of the runs of losses; true is an answer.

    >>> runs_of([True, False, False, True, False])
    [2, 1]
    """
    runs: list[int] = []
    length = 0
    for answered in outcomes:
        if answered:
            if length:
                runs.append(length)
            length = 0
        else:
            length += 1
    if length:
        runs.append(length)
    return runs


def of_outcomes(form: str, outcomes: list[bool], **more: object) -> Tally:
    """A tally of probes whose order is known."""
    lost = outcomes.count(False)
    return Tally(form=form, sent=len(outcomes), lost=lost, runs=runs_of(outcomes), **more)  # type: ignore[arg-type]


def of_numbers(form: str, answered: Iterable[int], first: int, last: int) -> Tally:
    """A tally of numbered probes `first` to `last`: what was not answered is lost. Gaps are not spelled out."""
    runs: list[int] = []
    expected = first
    for number in sorted(set(answered)):
        if number > expected:
            runs.append(number - expected)
        expected = max(expected, number + 1)
    if last >= expected:
        runs.append(last - expected + 1)
    sent = max(0, max(last + 1, expected) - first)
    return Tally(form=form, sent=sent, lost=sum(runs), runs=runs)


def joined(tallies: list[Tally]) -> list[Tally]:
    """One tally a target: measurements of the same one, one after the other, are one."""
    found: dict[tuple[str, str], Tally] = {}
    for tally in tallies:
        known = found.get((tally.form, tally.target))
        if known is None:
            found[(tally.form, tally.target)] = tally
        else:
            known.sent = (known.sent or 0) + (tally.sent or 0)
            known.lost = (known.lost or 0) + (tally.lost or 0)
            known.runs = [*known.runs, *tally.runs] if known.runs is not None and tally.runs is not None else None
            known.notes = list(dict.fromkeys([*known.notes, *tally.notes]))
    return list(found.values())
