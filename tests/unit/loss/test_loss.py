"""The loss model against the numbers that were computed and measured elsewhere."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.loss import (
    dpd_patience_s,
    dpd_round_failure,
    explain_loss,
    false_teardowns_per_day,
    outages_per_day,
    poisson_at_least,
    poisson_interval,
    poisson_upper_count,
    random_loss_events,
    random_loss_per_rekey,
    volume_interval_s,
    volume_kilobytes,
    volume_rate_mbit_s,
)
from vpnaudit.loss.random_loss import Bound

LAB = Path(__file__).resolve().parents[3] / "../shared/lab"

# Chi-square tables: q(0.025; 2n)/2 and q(0.975; 2n+2)/2.
GARWOOD = [
    (0, 0.0, 3.6889),
    (1, 0.0253, 5.5716),
    (3, 0.6187, 8.7673),
    (10, 4.7954, 18.3904),
    (38, 26.8911, 52.1580),
    (100, 81.3640, 121.6268),
]


@pytest.mark.parametrize(("count", "low", "high"), GARWOOD)
def test_interval_is_the_exact_one(count: int, low: float, high: float) -> None:
    assert poisson_interval(count) == pytest.approx((low, high), abs=2e-4)


@given(st.integers(min_value=0, max_value=3000))
def test_interval_holds_the_count_and_solves_both_tails(count: int) -> None:
    low, high = poisson_interval(count)
    assert low <= count <= high
    assert poisson_at_least(count + 1, high) == pytest.approx(0.975, abs=1e-6)
    if count:
        assert poisson_at_least(count, low) == pytest.approx(0.025, abs=1e-6)


@given(st.floats(min_value=0, max_value=1e5))
def test_upper_count_is_the_smallest_that_leaves_the_tail(mean: float) -> None:
    count = poisson_upper_count(mean)
    assert poisson_at_least(count + 1, mean) <= 0.025
    assert count == 0 or poisson_at_least(count, mean) > 0.025


TAILS = [(1, 0.1, 1 - math.exp(-0.1)), (3, 0.0033, 5.975e-9), (3, 0.0011, 2.2165e-10), (0, 5.0, 1.0), (2, 0.0, 0.0)]


@pytest.mark.parametrize(("count", "mean", "expected"), TAILS)
def test_tail_keeps_small_probabilities(count: int, mean: float, expected: float) -> None:
    assert poisson_at_least(count, mean) == pytest.approx(expected, rel=1e-3)


def test_large_means_are_near_the_exact_sum() -> None:
    below, above = 9.99e6, 1.001e7
    for sigmas in (-2.0, 0.0, 1.96):
        one, two = (poisson_at_least(math.ceil(m + sigmas * math.sqrt(m)), m) for m in (below, above))
        assert one == pytest.approx(two, rel=2e-3)
    assert poisson_interval(10**9)[0] == pytest.approx(1e9 - 1.96 * math.sqrt(1e9), rel=1e-6)


# Field guide 6.2: events a day at one rekey an hour.
EXPOSURE = [(0.001, 1, 0.048), (0.003, 1, 0.144), (0.001, 2, 0.096), (0.003, 2, 0.288)]


@pytest.mark.parametrize(("loss", "tunnels", "a_day"), EXPOSURE)
def test_one_shot_exposure(loss: float, tunnels: int, a_day: float) -> None:
    assert random_loss_events(24 * tunnels, loss, "one-shot") == pytest.approx(a_day)


BOUNDS: list[tuple[Bound, float]] = [
    ("one-shot", 0.006),
    ("v1-late-installer", 0.003),
    ("v1-early-installer", 9e-6),
    ("v2", 0.006**5),
]


@pytest.mark.parametrize(("bound", "per_rekey"), BOUNDS)
def test_bounds_per_rekey(bound: Bound, per_rekey: float) -> None:
    assert random_loss_per_rekey(0.003, bound) == pytest.approx(per_rekey)


@pytest.mark.parametrize("loss", [-0.1, 1.1, 30])
def test_loss_is_a_share(loss: float) -> None:
    with pytest.raises(ValueError, match="share"):
        random_loss_per_rekey(loss, "v2")


# Field guide 6.1: interval, retry, platform, shortest, longest.
PATIENCE = [(10, 3, "cisco_ios", 15, 25), (30, 5, "cisco_ios", 25, 55), (10, 2, "cisco_asa", 16, 18)]


@pytest.mark.parametrize(("interval", "retry", "platform", "shortest", "longest"), PATIENCE)
def test_patience(interval: float, retry: float, platform: str, shortest: float, longest: float) -> None:
    assert dpd_patience_s(interval, retry, platform) == (shortest, longest)


def test_patience_of_an_unknown_platform_is_not_guessed() -> None:
    assert dpd_patience_s(10, 3, "some_other") is None


# Field guide 6.2: chance that one DPD round fails.
ROUNDS = [(0.001, 4, 1.6e-11), (0.001, 6, 6.4e-17), (0.003, 4, 1.3e-9), (0.003, 6, 4.7e-14)]


@pytest.mark.parametrize(("loss", "tries", "chance"), ROUNDS)
def test_random_loss_does_not_fail_a_round(loss: float, tries: int, chance: float) -> None:
    assert dpd_round_failure(loss, tries) == pytest.approx(chance, rel=0.05)


# Field guide 6.3: platform, interval, retry, outage, teardowns a day at 0.1 % and 0.3 %.
TEARDOWNS = [
    ("cisco_asa", 10, 2, 5, 0, 0),
    ("cisco_asa", 10, 2, 20, 4.3, 13),
    ("cisco_asa", 10, 2, 120, 0.7, 2.2),
    ("cisco_ios", 10, 2, 20, 4.3, 13),
    ("cisco_ios", 10, 3, 10, 0, 0),
    ("cisco_ios", 10, 3, 20, 2.2, 6.5),
    ("cisco_ios", 10, 3, 30, 2.9, 8.6),
    ("cisco_ios", 30, 5, 20, 0, 0),
    ("cisco_ios", 30, 5, 30, 0.5, 1.5),
    ("cisco_ios", 30, 5, 60, 1.4, 4.3),
]


@pytest.mark.parametrize(("platform", "interval", "retry", "outage", "tenth", "three_tenths"), TEARDOWNS)
def test_outages_longer_than_patience_tear_down(
    platform: str, interval: float, retry: float, outage: float, tenth: float, three_tenths: float
) -> None:
    patience = dpd_patience_s(interval, retry, platform)
    assert patience is not None
    assert false_teardowns_per_day(0.001, outage, patience) == pytest.approx(tenth, abs=0.06)
    assert false_teardowns_per_day(0.003, outage, patience) == pytest.approx(three_tenths, abs=0.1)


def test_outages_of_an_average() -> None:
    assert outages_per_day(0.003, 30) == pytest.approx(8.64)


# Field guide 2.5: Mbit/s, seconds at the full volume, seconds at 90 %.
VOLUMES = [(1, 36864, 33178), (10.24, 3600, 3240), (50, 737, 664), (100, 369, 332), (1000, 37, 33)]


@pytest.mark.parametrize(("rate", "full", "at_90"), VOLUMES)
def test_volume_interval(rate: float, full: float, at_90: float) -> None:
    assert volume_interval_s(4_608_000, rate) == pytest.approx(full, abs=0.6)
    assert volume_interval_s(4_608_000, rate, share=0.9) == pytest.approx(at_90, abs=0.6)


def test_rate_behind_a_gap() -> None:
    """Field guide 3.4: two SPIs of one peer 471.9 s apart."""
    assert volume_rate_mbit_s(4_608_000, 471.933) == pytest.approx(78, abs=0.5)
    assert volume_rate_mbit_s(4_608_000, 471.933, share=0.9) == pytest.approx(70, abs=0.5)
    assert volume_rate_mbit_s(4_608_000, 0) is None
    assert volume_interval_s(4_608_000, 0) is None


def test_volume_for_eight_hours() -> None:
    assert volume_kilobytes(100, 28_800) == 360_000_000


def test_three_events_in_a_quarter_of_an_hour_are_not_random_loss() -> None:
    answer = explain_loss(3, 16.5 * 60, 2, 1.0, None)
    assert [r.expected for r in answer.rates] == pytest.approx([0.0011, 0.0033])
    assert [r.probability for r in answer.rates] == pytest.approx([2.2e-10, 6e-9], rel=0.02)
    assert answer.ruled_out
    text = " ".join(answer.sentences)
    assert "ruled out" in text
    assert "longest outage, not the average" in text


def test_one_event_in_a_month_can_be_random_loss() -> None:
    answer = explain_loss(1, 30 * 86_400, 2, 1.0, "v1")
    assert not answer.ruled_out
    assert "not ruled out" in " ".join(answer.sentences)


def test_a_count_between_the_bounds_names_the_rate_that_can() -> None:
    answer = explain_loss(12, 30 * 86_400, 2, 1.0, "v1")
    assert [r.ruled_out for r in answer.rates] == [True, False]
    assert not answer.ruled_out
    assert "only at 0.3 %" in " ".join(answer.sentences)


def test_ikev2_leaves_random_loss_nothing() -> None:
    answer = explain_loss(1, 365 * 86_400, 10, 1.0, "v2")
    assert answer.ruled_out
    assert answer.rates[-1].expected < 1e-5


EDGES = [(0, 3600.0, 2, 1.0), (0, 0.0, 0, 0.0), (5, 0.0, 1, 1.0), (1, -5.0, 1, 1.0)]


@pytest.mark.parametrize(("events", "window", "tunnels", "rekeys"), EDGES)
def test_edges_have_an_answer(events: int, window: float, tunnels: int, rekeys: float) -> None:
    answer = explain_loss(events, window, tunnels, rekeys, None)
    assert answer.ruled_out == (events > 0)
    assert all(answer.sentences)


def test_no_rate_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="rate"):
        explain_loss(1, 60, 1, 1, None, rates=())


@pytest.mark.shared
def test_measured_streams_stay_within_the_bounds() -> None:
    """What was measured never contradicts an upper bound: the interval's lower end does not lie above it."""
    table = LAB / "results-per-rekey.csv"
    if not table.is_file():
        pytest.skip(f"{table} is not beside this checkout")
    with table.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["experiment"] == "loss"]
    assert rows
    for row in rows:
        bound: Bound = "v2" if row["variant"].startswith("v2") else "one-shot"
        assert float(row["over_1s_ci95_low"]) <= random_loss_per_rekey(float(row["loss"]), bound), row


@pytest.mark.shared
@pytest.mark.parametrize(("loss", "streams"), [("0.001", 9), ("0.003", 38)])
def test_measured_ikev1_streams_follow_the_late_installer(loss: str, streams: int) -> None:
    """Both IKEv1 variants together: the rate is that of one lost message (field guide 11)."""
    table = LAB / "results-per-rekey.csv"
    if not table.is_file():
        pytest.skip(f"{table} is not beside this checkout")
    with table.open(encoding="utf-8", newline="") as file:
        rows = [
            r
            for r in csv.DictReader(file)
            if r["experiment"] == "loss" and r["variant"].startswith("v1") and r["loss"] == loss
        ]
    rekeys = sum(int(r["rekeys"]) for r in rows)
    assert sum(int(r["spis_over_1s"]) for r in rows) == streams
    low, high = poisson_interval(streams)
    assert low <= random_loss_events(rekeys, float(loss), "v1-late-installer") <= high
