"""Exact intervals of a share, and the test of runs."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.loss.binomial import fewer_runs, incomplete_beta, share_interval

# Measured with another program: lab/results-per-rekey.csv, columns ci95_low and ci95_high.
EXACT = [
    (4, 4626, 0.00024, 0.00221),
    (23, 4543, 0.00321, 0.00759),
    (60, 592, 0.07824, 0.12853),
    (32, 150, 0.15073, 0.28761),
    (142, 150, 0.89762, 0.9767),
    (0, 1173, 0.0, 0.00314),
]


@pytest.mark.parametrize(("hits", "tries", "low", "high"), EXACT)
def test_interval_is_clopper_and_pearsons(hits: int, tries: int, low: float, high: float) -> None:
    assert share_interval(hits, tries) == pytest.approx((low, high), abs=6e-6)


def test_nothing_tried_says_nothing() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)
    assert share_interval(5, 5)[1] == 1.0


@given(st.integers(min_value=1, max_value=60), st.data())
def test_interval_solves_both_binomial_tails(tries: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(min_value=0, max_value=tries))
    low, high = share_interval(hits, tries)
    assert low <= hits / tries <= high

    def at_most(k: int, p: float) -> float:
        return sum(math.comb(tries, i) * p**i * (1 - p) ** (tries - i) for i in range(k + 1))

    if hits:
        assert 1 - at_most(hits - 1, low) == pytest.approx(0.025, rel=1e-6)
    if hits < tries:
        assert at_most(hits, high) == pytest.approx(0.025, rel=1e-6)


def test_large_counts_are_no_trouble() -> None:
    low, high = share_interval(3_000_000, 1_000_000_000)
    assert low < 0.003 < high
    assert high - low < 1e-5


def test_beta_at_its_ends() -> None:
    assert incomplete_beta(2, 3, 0.0) == 0.0
    assert incomplete_beta(2, 3, 1.0) == 1.0


@pytest.mark.parametrize(("lost", "received"), [(1, 4), (3, 4), (4, 2), (2, 0)])
def test_runs_are_counted_as_all_arrangements_have_them(lost: int, received: int) -> None:
    arrangements = set(itertools.permutations("x" * lost + "." * received))
    for runs in range(1, lost + 1):
        few = sum(1 for a in arrangements if len([1 for k, _ in itertools.groupby(a) if k == "x"]) <= runs)
        assert fewer_runs(lost, received, runs) == pytest.approx(few / len(arrangements))


def test_no_loss_has_no_runs() -> None:
    assert fewer_runs(0, 100, 0) == 1.0
