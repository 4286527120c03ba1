"""The calculator: what it says of given figures, and how the verdict follows."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpnaudit.loss.calculator import Question, calculate
from vpnaudit.loss.words import aligned, duration, one_in, sentence, table, text

MAIL = Question(rates=(0.001, 0.003), tunnels=2, observed=3, window_s=990.0)


def _ask(**given_: object) -> Question:
    return Question(**({"rates": (0.003,), "tunnels": 2, "ike": "v1", "dpd": ((10.0, 3.0), (10.0, 3.0))} | given_))  # type: ignore[arg-type]


def test_the_mail_is_not_random_loss() -> None:
    found = calculate(MAIL)
    assert [a.against.expected for a in found.at_random if a.against] == pytest.approx([0.0011, 0.0033])
    assert [a.against.probability for a in found.at_random if a.against] == pytest.approx([2.2e-10, 6e-9], rel=0.02)
    assert found.verdict == "only-in-outages"
    assert found.outages_that_can_s == (20.0, 60.0)
    assert found.interval == pytest.approx((0.6187, 8.7673), abs=1e-3)
    said = sentence(found)
    assert said.startswith("No, loss of 0.1 % to 0.3 % that falls at random is not the cause of the 3 events")


# Field guide 6.2: events a day at one rekey an hour.
@pytest.mark.parametrize(("rate", "tunnels", "a_day"), [(0.001, 1, 0.048), (0.003, 2, 0.288)])
def test_events_a_day(rate: float, tunnels: int, a_day: float) -> None:
    found = calculate(_ask(rates=(rate,), tunnels=tunnels))
    assert found.at_random[0].events_per_day_at_most == pytest.approx(a_day)
    assert found.verdict is None
    assert found.at_random[0].late_installer_per_day == pytest.approx(a_day / 2, rel=0.01)


# Field guide 6.3: false teardowns of one tunnel's one end a day; both ends of two tunnels are four times as many.
@pytest.mark.parametrize(
    ("burst", "dpd", "a_day"), [(20.0, (10.0, 3.0), 6.5), (30.0, (30.0, 5.0), 1.44), (10.0, (10.0, 3.0), 0.0)]
)
def test_teardowns_a_day(burst: float, dpd: tuple[float, float], a_day: float) -> None:
    found = calculate(_ask(burst_s=burst, dpd=(dpd, dpd)))
    fixed = next(o for o in found.in_outages if o.lengths == "fixed")
    assert fixed.dpd_teardowns_per_day == pytest.approx(4 * a_day, rel=0.1)
    assert {o.lengths for o in found.in_outages} == {"fixed", "exponential"}


def test_volume_decides_where_it_ends_first() -> None:
    found = calculate(_ask(volume_mbit_s=75.0))
    assert found.rekeys.by == "volume"
    assert found.rekeys.period_s == pytest.approx(442, abs=1)  # field guide 2.5, at 90 %
    assert calculate(_ask(volume_mbit_s=1.0)).rekeys.by == "time"


def test_ikev2_leaves_random_loss_nothing() -> None:
    found = calculate(_ask(ike="v2", observed=1, window_s=365 * 86_400.0))
    against = found.at_random[0].against
    assert against is not None
    assert against.ruled_out
    assert found.at_random[0].late_installer_per_day is None


def test_an_unknown_version_is_given_the_larger_bound() -> None:
    assert calculate(_ask(ike=None)).at_random[0].events_per_day_at_most == pytest.approx(0.288)


def test_the_worse_way_decides() -> None:
    one, two = calculate(_ask(rate_back=0.03)), calculate(_ask(rates=(0.03,)))
    assert one.at_random[0].events_per_day_at_most == pytest.approx(two.at_random[0].events_per_day_at_most)


def test_one_event_in_a_month_is_not_ruled_out() -> None:
    found = calculate(_ask(observed=1, window_s=30 * 86_400.0))
    assert found.verdict == "not-ruled-out"
    assert "does not say that it was" in sentence(found)


def test_none_seen_needs_no_cause() -> None:
    found = calculate(_ask(observed=0, window_s=3600.0))
    assert found.verdict == "nothing-seen"
    assert sentence(found).startswith("Nothing was seen")


def test_many_in_a_minute_are_no_loss_of_that_size() -> None:
    found = calculate(_ask(observed=50, window_s=60.0))
    assert found.verdict == "ruled-out"
    assert sentence(found).startswith("No: loss of 0.3 % is ruled out as the cause")


def test_outages_that_dpd_outlasts_do_nothing_through_it() -> None:
    found = calculate(_ask(dpd=((30.0, 5.0), (30.0, 5.0)), observed=3, window_s=990.0, burst_s=20.0))
    assert found.patience_s == 25.0
    assert next(o for o in found.in_outages if o.lengths == "fixed").out_of_step == 0.0


def test_no_dpd_ends_nothing_through_it() -> None:
    found = calculate(_ask(dpd=(None, None), burst_s=60.0))
    assert all(o.dpd_teardowns_per_day == 0.0 for o in found.in_outages)
    assert found.patience_s is None
    assert all(o.lasts_s_at_most == 3600.0 for o in found.in_outages)


def test_unknown_dpd_is_said_and_bounded() -> None:
    found = calculate(_ask(dpd=None, burst_s=30.0))
    fixed = found.in_outages[0]
    assert (fixed.dpd_teardowns_per_day, fixed.out_of_step) == (None, None)
    assert "DPD is not known" in text(found)


def test_the_longest_measured_outage_bounds_longer_ones() -> None:
    seen = {"observed": 3, "window_s": 990.0}
    assert calculate(_ask(**seen)).verdict == "only-in-outages"
    assert calculate(_ask(**seen, longest_s=5.0)).verdict == "ruled-out"
    assert calculate(_ask(**seen, longest_s=5.0, longer_per_day=10.0)).verdict == "only-in-outages"


BAD: list[dict[str, object]] = [
    {"rates": ()},
    {"rates": (1.5,)},
    {"rate_back": -0.1},
    {"tunnels": 0},
    {"lifetime_s": 0.0},
    {"observed": 3},
    {"window_s": 60.0},
    {"observed": -1, "window_s": 60.0},
]


@pytest.mark.parametrize("given_", BAD)
def test_figures_that_cannot_be_are_a_mistake(given_: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        calculate(_ask(**given_))


@settings(deadline=None, max_examples=30)
@given(
    st.floats(min_value=0, max_value=1),
    st.sampled_from([None, 0.5, 30.0, 1e6]),
    st.sampled_from([1, 2, 499, 501, 10**6]),
    st.sampled_from([None, "v1", "v2"]),
    st.sampled_from([None, (None, None), ((10.0, 3.0), None), ((10.0, 2.0), (3600.0, 60.0))]),
    st.sampled_from([(None, None), (0, 1.0), (3, 990.0), (10**9, 1e9), (2000, 60.0)]),
    st.sampled_from(["ios", "asa"]),
)
def test_any_figures_have_an_answer(
    rate: float,
    burst: float | None,
    tunnels: int,
    ike: str | None,
    dpd: object,
    seen: tuple[object, object],
    family: str,
) -> None:
    found = calculate(
        _ask(
            rates=(rate,),
            burst_s=burst,
            tunnels=tunnels,
            ike=ike,
            dpd=dpd,
            observed=seen[0],
            window_s=seen[1],
            platform=family,
        )
    )
    for row in (*found.at_random, *found.in_outages):
        assert row.events_per_day_at_most >= 0
        if row.against is not None:
            assert 0.0 <= row.against.probability <= 1.0
    assert text(found).count("\n") > 10
    json.dumps(msgspec.to_builtins(found), allow_nan=False)


def test_the_table_has_a_cell_for_each_head() -> None:
    head, rows = table(calculate(MAIL))
    assert {len(r) for r in rows} == {len(head)}
    lines = aligned(head, rows)
    assert max(len(line) for line in lines) <= 110


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.5, "0.5 s"), (119, "119 s"), (120, "2 minutes"), (86_400 * 3, "3 days")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("days", "said"), [(6.94, "one in 6.9 days"), (36_525, "one in 36525 days"), (6.4e11, "less than one in 100 years")]
)
def test_what_no_log_can_tell_has_no_count_of_days(days: float, said: str) -> None:
    assert one_in(days) == said
