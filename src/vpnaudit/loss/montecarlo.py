"""The same as `rekey` and `bursts`, message by message with drawn losses: the closed forms' check. Needs numpy.

Nothing else of the package imports this module at its top, so that a command that draws nothing never loads numpy.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vpnaudit.loss.binomial import share_interval
from vpnaudit.loss.bursts import Bursts
from vpnaudit.loss.rekey import Handover
from vpnaudit.loss.schedules import DpdRound, Schedule

Flags = npt.NDArray[np.bool_]
Times = npt.NDArray[np.float64]
_TRANSITIONS = 16
"""Changes of the path's state drawn for each rekey: at least an hour's worth for outages of 2 s at 1 %."""


class Drawn(NamedTuple):
    """How many of how many, with the exact 95 % interval of the share behind it."""

    hits: int
    tries: int

    @property
    def share(self) -> float:
        """The share."""
        return self.hits / self.tries if self.tries else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper-Pearson, 95 %."""
        return share_interval(self.hits, self.tries)

    @property
    def wide_interval(self) -> tuple[float, float]:
        """The same for 99.9 %: what many draws are held against at once."""
        return share_interval(self.hits, self.tries, 0.999)


class DrawnRekeys(NamedTuple):
    """Rekeys that showed an unknown SPI, and rekeys that failed."""

    with_event: Drawn
    failed: Drawn


def draw_rekeys(
    p_there: float, p_back: float, how: Handover, schedule: Schedule, rekeys: int, seed: int
) -> DrawnRekeys:
    """Draw the fate of every message of `rekeys` rekeys under random loss."""
    rng = np.random.default_rng(seed)

    def lost(share: float) -> Flags:
        return rng.random(rekeys) < share

    def exchange(tries: int) -> Flags:
        """Whether one of so many tries gets through both ways."""
        answered: Flags = np.zeros(rekeys, dtype=bool)
        for _ in range(tries):
            answered |= ~lost(p_there) & ~lost(p_back)
        return answered

    if how.ike == "v1":
        agreed = exchange(schedule.tries)
        third_lost = agreed & lost(p_there)
        event: Flags = third_lost if how.installs == "late" else np.zeros(rekeys, dtype=bool)
        if how.old_sa == "deleted":
            event = event | (third_lost & lost(p_there))
        repeated = exchange(schedule.tries - 1)
        failed: Flags = ~agreed | (third_lost & ~repeated)
    else:
        created = exchange(schedule.tries)
        first_delete = ~lost(p_there)
        deleted = (first_delete & ~lost(p_back)) | exchange(schedule.tries - 1)
        event = ~created | (created & ~deleted)
        if how.old_sa == "deleted":
            event = event | (created & ~first_delete)
        failed = ~created
    return DrawnRekeys(Drawn(int(event.sum()), rekeys), Drawn(int(failed.sum()), rekeys))


def draw_rekeys_in_bursts(bursts: Bursts, schedule: Schedule, rekeys: int, seed: int, *, inside: bool = False) -> Drawn:
    """Rekeys that fail because every sending falls into an outage; each begins at a random moment of its own path.

    `inside`: at a random moment of an outage.
    """
    rng = np.random.default_rng(seed)
    down = rng.random(rekeys) < (1.0 if inside else bursts.average)
    changes = _changes(bursts, down, rng)
    all_lost: Flags = np.ones(rekeys, dtype=bool)
    for sent in schedule.sendings_s:
        flips = (changes <= sent).sum(axis=1) % 2 == 1
        all_lost &= down ^ flips
    return Drawn(int(all_lost.sum()), rekeys)


def _changes(bursts: Bursts, down: Flags, rng: np.random.Generator) -> Times:
    """When each path's state changes, from the moment of the rekey on; the first stay is what is left of one."""
    rekeys = len(down)
    stays: Times = np.empty((rekeys, _TRANSITIONS))
    for n in range(_TRANSITIONS):
        now_down = down if n % 2 == 0 else ~down
        outage = rng.exponential(bursts.mean_s, rekeys)
        if bursts.fixed:
            outage = bursts.mean_s * (rng.random(rekeys) if n == 0 else np.ones(rekeys))
        stays[:, n] = np.where(now_down, outage, rng.exponential(bursts.mean_up_s, rekeys))
    return np.cumsum(stays, axis=1)


def draw_outages(
    bursts: Bursts, one: DpdRound | None, other: DpdRound | None, outages: int, seed: int
) -> dict[str, Drawn]:
    """Play DPD probe by probe through outages: "gives up" (first end), "out of step" (one end sends in vain)."""
    rng = np.random.default_rng(seed)
    length = np.full(outages, bursts.mean_s) if bursts.fixed else rng.exponential(bursts.mean_s, outages)
    verdicts = [_verdict_times(dpd, length, rng) for dpd in (one, other)]
    gone = [np.isfinite(v) for v in verdicts]
    both_in_time = (verdicts[0] <= length) & (verdicts[1] <= length)
    astray = (gone[0] | gone[1]) & ~both_in_time
    return {"gives up": Drawn(int(gone[0].sum()), outages), "out of step": Drawn(int(astray.sum()), outages)}


def _verdict_times(dpd: DpdRound | None, length: Times, rng: np.random.Generator) -> Times:
    """When an end gives up, counted from the outage's begin; infinite where a probe got through."""
    never: Any = np.full(len(length), np.inf)
    if dpd is None:
        return np.asarray(never)
    begin = rng.random(len(length)) * dpd.phase_s
    probes = np.linspace(0.0, dpd.span_s, dpd.tries)
    lost: Flags = np.ones(len(length), dtype=bool)
    for sent in probes:
        lost &= begin + sent < length
    return np.where(lost, begin + dpd.verdict_s, never)


def draw_races(packets_s: float, window_s: float, rekeys: int, seed: int) -> Drawn:
    """Rekeys in whose `window_s` after a deletion one of the evenly spaced packets arrives."""
    rng = np.random.default_rng(seed)
    next_packet = rng.random(rekeys) / packets_s
    return Drawn(int((next_packet < window_s).sum()), rekeys)


def draw_overtaking(packets_s: float, jitter_s: float, rekeys: int, seed: int) -> Drawn:
    """Rekeys in which a packet on the new SA arrives before the message that installs it, sent just before it."""
    rng = np.random.default_rng(seed)
    message = rng.random(rekeys) * jitter_s
    overtaken: Flags = np.zeros(rekeys, dtype=bool)
    sent = rng.random(rekeys) / packets_s
    while float(sent.min()) < jitter_s:
        overtaken |= sent + rng.random(rekeys) * jitter_s < message
        sent += 1.0 / packets_s
    return Drawn(int(overtaken.sum()), rekeys)
