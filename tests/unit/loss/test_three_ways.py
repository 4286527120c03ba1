"""Closed form, drawn losses and measurements say the same (docs/loss-model.md)."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from vpnaudit.loss.binomial import share_interval
from vpnaudit.loss.bursts import Bursts, chance_of_at_least, episodes_an_outage, rekey_fails, teardowns_a_day
from vpnaudit.loss.montecarlo import draw_outages, draw_overtaking, draw_races, draw_rekeys, draw_rekeys_in_bursts
from vpnaudit.loss.poisson import poisson_at_least
from vpnaudit.loss.rekey import Handover, logged_lines, overtaking, per_rekey, race_without_loss
from vpnaudit.loss.schedules import FAMILIES, DpdRound, Ike, dpd_round, retransmission

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[3]
LAB = ROOT / "../shared/lab"
DRAWN = 100_000


@pytest.fixture(scope="module")
def page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("loss_model", ROOT / "docs" / "loss_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["loss_model"] = module
    spec.loader.exec_module(module)
    return module


HANDOVERS = [
    Handover(ike=ike, installs=installs, old_sa=old_sa)
    for ike, installs, old_sa in (
        ("v1", "late", "kept"),
        ("v1", "late", "deleted"),
        ("v1", "early", "kept"),
        ("v1", "early", "deleted"),
        ("v2", "early", "kept"),
        ("v2", "early", "deleted"),
    )
]


@pytest.mark.parametrize("how", HANDOVERS, ids=lambda h: f"{h.ike}-{h.installs}-{h.old_sa}")
@pytest.mark.parametrize(
    ("there", "back"), [(0.001, 0.001), (0.003, 0.01), (0.1, 0.1), (0.3, 0.0), (0.0, 0.3), (1.0, 1.0)]
)
def test_drawn_rekeys_agree_with_the_closed_form(how: Handover, there: float, back: float) -> None:
    schedule = retransmission("ios", how.ike)
    computed = per_rekey(there, back, how, schedule)
    drawn = draw_rekeys(there, back, how, schedule, DRAWN, seed=7)
    for value, draw in ((computed.affected, drawn.with_event), (computed.failed, drawn.failed)):
        low, high = draw.wide_interval
        assert low <= value <= high


def test_no_loss_shows_nothing() -> None:
    for how in HANDOVERS:
        assert per_rekey(0.0, 0.0, how, retransmission("ios", how.ike)) == per_rekey(
            0.0, 0.0, how, retransmission("asa", how.ike)
        )
        assert per_rekey(0.0, 0.0, how, retransmission("ios", how.ike)).events == 0.0


def test_a_share_is_a_share() -> None:
    with pytest.raises(ValueError, match="share"):
        per_rekey(1.1, 0.0, HANDOVERS[0], retransmission("ios", "v1"))


DPD: list[tuple[str, DpdRound | None, DpdRound | None]] = [
    ("ios-both", dpd_round("ios", 10, 3), dpd_round("ios", 10, 3)),
    ("ios-differ", dpd_round("ios", 10, 3), dpd_round("ios", 30, 5)),
    ("asa-ios", dpd_round("asa", 10, 2), dpd_round("ios", 30, 5)),
    ("one-end", dpd_round("ios", 10, 3), None),
    ("none", None, None),
]


@pytest.mark.parametrize(("name", "one", "other"), DPD, ids=[d[0] for d in DPD])
@pytest.mark.parametrize(
    ("length", "fixed"), [(17.0, True), (22.0, True), (30.0, True), (90.0, True), (20.0, False), (60.0, False)]
)
def test_drawn_outages_agree_with_the_closed_form(
    name: str, one: DpdRound | None, other: DpdRound | None, length: float, fixed: bool
) -> None:
    bursts = Bursts(average=0.003, mean_s=length, fixed=fixed)
    drawn = draw_outages(bursts, one, other, DRAWN, seed=11)
    low, high = drawn["out of step"].wide_interval
    assert low <= episodes_an_outage(bursts, one, other) + 1e-12 <= high + 1e-9, name
    low, high = drawn["gives up"].wide_interval
    assert low <= teardowns_a_day(bursts, one) / bursts.per_day + 1e-12 <= high + 1e-9, name


@pytest.mark.parametrize("ike", ["v1", "v2"])
@pytest.mark.parametrize(("length", "fixed"), [(60.0, True), (120.0, True), (30.0, False), (120.0, False)])
def test_rekeys_that_begin_in_an_outage(ike: Ike, length: float, fixed: bool) -> None:
    bursts = Bursts(average=0.0001, mean_s=length, fixed=fixed)
    schedule = retransmission("ios", ike)
    drawn = draw_rekeys_in_bursts(bursts, schedule, DRAWN // 2, seed=3, inside=True)
    low, high = drawn.wide_interval
    assert low <= rekey_fails(bursts, schedule) / bursts.average <= high


@pytest.mark.parametrize("ike", ["v1", "v2"])
@pytest.mark.parametrize(("average", "length", "fixed"), [(0.05, 300.0, False), (0.2, 30.0, False), (0.05, 30.0, True)])
def test_rekeys_at_random_moments_also_meet_a_second_outage(
    ike: Ike, average: float, length: float, fixed: bool
) -> None:
    schedule = retransmission("ios", ike)
    bursts = Bursts(average=average, mean_s=length, fixed=fixed)
    low, high = draw_rekeys_in_bursts(bursts, schedule, DRAWN, seed=5).wide_interval
    assert low <= rekey_fails(bursts, schedule) <= high


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("average", [0.0, 1.0])
def test_a_path_that_is_always_or_never_down(average: float, fixed: bool) -> None:
    bursts = Bursts(average=average, mean_s=30.0, fixed=fixed)
    assert rekey_fails(bursts, retransmission("ios", "v1")) == average


@pytest.mark.parametrize(("packets", "seconds"), [(10.0, 0.02), (100.0, 0.005)])
def test_races_and_overtaking(packets: float, seconds: float) -> None:
    low, high = draw_races(packets, seconds, DRAWN, seed=1).wide_interval
    assert low <= race_without_loss(packets, seconds) <= high
    low, high = draw_overtaking(packets, seconds, DRAWN, seed=1).wide_interval
    assert low <= overtaking(packets, seconds) <= high


def test_one_tunnel_and_short_outages_is_plain_poisson() -> None:
    for count in range(6):
        assert chance_of_at_least(count, 1.7, 1, [1.0]) == pytest.approx(poisson_at_least(count, 1.7), rel=1e-9)
        assert chance_of_at_least(count, 1.7, 1, [0.25]) == pytest.approx(poisson_at_least(count, 0.425), rel=1e-9)


def test_small_chances_stay_what_they_are() -> None:
    assert chance_of_at_least(3, 0.0033, 1, [1.0]) == pytest.approx(5.97e-9, rel=0.01)
    assert chance_of_at_least(8, 0.001, 2, [1.0]) == pytest.approx(poisson_at_least(4, 0.001), rel=1e-9)


def test_an_outage_hits_all_tunnels_at_once() -> None:
    assert chance_of_at_least(2, 0.1, 2, [1.0]) == pytest.approx(poisson_at_least(1, 0.1))
    assert chance_of_at_least(3, 0.1, 2, [1.0]) == pytest.approx(poisson_at_least(2, 0.1))
    assert chance_of_at_least(1, 0.0, 2, [1.0]) == 0.0
    assert chance_of_at_least(4, 3.0, 100_000, [0.5]) == pytest.approx(poisson_at_least(1, 3.0))


@pytest.mark.parametrize(("stream", "limit", "lines"), [(0, 60, 1), (59.9, 60, 1), (134, 60, 3), (134, 5, 27)])
def test_lines_of_a_stream(stream: float, limit: float, lines: int) -> None:
    assert logged_lines(stream, limit) == lines


def test_what_is_not_proven_is_said() -> None:
    for family in FAMILIES:
        for ike in ("v1", "v2"):
            schedule = retransmission(family, ike)
            assert schedule.proven == (family == "strongswan")
            assert schedule.proven or "unproven" in schedule.source


def test_every_cell_of_the_page_agrees_or_is_explained(page: ModuleType) -> None:
    cells: list[Any] = [
        *page.random_cells(),
        *page.race_cells(),
        *page.outage_cells(),
        *(c for c, _ in page.dpd_cells()),
    ]
    assert all(c.drawn.wide_interval[0] <= c.computed <= c.drawn.wide_interval[1] for c in cells)
    apart = {c.name for c in cells if not c.agrees}
    assert apart == {
        ("IKEv1, old SA deleted at once", "0.3 %"),
        ("deleted at once, packets in flight", "50 packets/s", "20 ms round trip"),
        ("third message overtaken", "50 packets/s", "20 ms jitter, loss 0.003"),
    }
    text = (ROOT / "docs" / "loss-model.md").read_text(encoding="utf-8")
    assert text.count("**no**") == len(apart)
    assert text.count("**Where they differ.**") == 2


def test_another_simulation_has_the_same_outages(page: ModuleType) -> None:
    compared = [(c, lab) for c, lab in page.dpd_cells() if lab is not None]
    assert len(compared) == 10
    for cell, lab in compared:
        assert lab == pytest.approx(cell.computed, abs=0.01), cell.name


@pytest.mark.shared
def test_the_page_has_the_labs_figures(page: ModuleType) -> None:
    table = LAB / "results-per-rekey.csv"
    if not table.is_file():
        pytest.skip(f"{table} is not beside this checkout")
    with table.open(encoding="utf-8", newline="") as file:
        measured = {
            (r["experiment"], r["variant"], r["loss"], r["reorder_jitter_s"], r["packets_per_s"]): r
            for r in csv.DictReader(file)
        }
    for row in page.rows_of("measured-per-rekey.csv"):
        lab = measured[(row["experiment"], row["variant"], row["loss"], row["jitter_s"], row["packets_per_s"])]
        assert (row["rekeys"], row["distinct_spis"], row["spis_over_1s"]) == (
            lab["rekeys"],
            lab["distinct_spis"],
            lab["spis_over_1s"],
        )


@pytest.mark.shared
def test_measured_ikev1_and_ikev2_hold_the_closed_form() -> None:
    """Both ways to treat the old SA together, at each rate: the exact interval holds the model's figure."""
    table = LAB / "results-per-rekey.csv"
    if not table.is_file():
        pytest.skip(f"{table} is not beside this checkout")
    with table.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["experiment"] == "loss" and r["loss"] != "0.0"]
    for ike in ("v1", "v2"):
        for loss in sorted({r["loss"] for r in rows}):
            mine = [r for r in rows if r["variant"].startswith(ike) and r["loss"] == loss]
            low, high = share_interval(sum(int(r["spis_over_1s"]) for r in mine), sum(int(r["rekeys"]) for r in mine))
            p = float(loss)
            computed = per_rekey(p, p, Handover(ike=ike), retransmission("strongswan", ike)).affected  # type: ignore[arg-type]
            assert low <= computed <= high, (ike, loss)


def test_help_and_the_calculator_need_no_numpy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom vpnaudit.cli.app import app\n"
        "r = CliRunner().invoke(app, ['loss', '--rate', '0.3%'])\nassert r.exit_code == 0, r.output\n"
        "r = CliRunner().invoke(app, ['--help'])\nassert r.exit_code == 0\n"
        "assert 'numpy' not in sys.modules, 'numpy was loaded'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
