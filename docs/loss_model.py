"""Writes the tables and plots of docs/loss-model.md, and the README's answer to the mail that began the project.

`generated()` gives every file by its path below docs/; `docs/generate.py` writes them with the others. By itself:
`python docs/loss_model.py`. Each table stands between `<!-- NAME -->` and `<!-- end -->` in the page; the words around
them are written by hand.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from loss_svg import Axis, Point, Series, plot  # noqa: E402

from vpnaudit.loss.bursts import Bursts, episodes_an_outage, out_of_step, rekey_fails  # noqa: E402
from vpnaudit.loss.montecarlo import (  # noqa: E402
    Drawn,
    draw_outages,
    draw_overtaking,
    draw_races,
    draw_rekeys,
    draw_rekeys_in_bursts,
)
from vpnaudit.loss.rekey import Handover, logged_lines, overtaking, per_rekey, race_without_loss  # noqa: E402
from vpnaudit.loss.schedules import FAMILIES, DpdRound, dpd_round, retransmission  # noqa: E402
from vpnaudit.pipeline.audit import audit_logs  # noqa: E402
from vpnaudit.pipeline.loss import Asked, answer, as_text  # noqa: E402
from vpnaudit.settings import Settings  # noqa: E402

MAIL = HERE.parent / "tests" / "fixtures" / "loss" / "mail.txt"
SEED = 20171218
DRAWN = 200_000
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
RTT_S = 0.02
NOW = datetime(2026, 1, 1, tzinfo=UTC)
VARIANTS = {
    "v1-keep": ("IKEv1, old SA kept", Handover(ike="v1")),
    "v1-delete": ("IKEv1, old SA deleted at once", Handover(ike="v1", old_sa="deleted")),
    "v2": ("IKEv2", Handover(ike="v2")),
}


class Cell(NamedTuple):
    """One figure three ways: computed, drawn, measured (or null), and how the row is called."""

    name: tuple[str, ...]
    computed: float
    drawn: Drawn | None
    measured: Drawn | None

    @property
    def agrees(self) -> bool:
        """Whether the computed figure lies in every interval."""
        drawn = self.drawn is None or self.drawn.wide_interval[0] <= self.computed <= self.drawn.wide_interval[1]
        measured = self.measured is None or self.measured.interval[0] <= self.computed <= self.measured.interval[1]
        return drawn and measured


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a file of measurements in docs/loss/."""
    with (HERE / "loss" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def random_cells() -> tuple[Cell, ...]:
    """Streams a rekey under random loss."""
    found = []
    for number, (variant, (words, how)) in enumerate(VARIANTS.items()):
        for rate in RATES:
            schedule = retransmission("strongswan", how.ike)
            computed = per_rekey(rate, rate, how, schedule).affected
            drawn = draw_rekeys(rate, rate, how, schedule, DRAWN, SEED + number).with_event
            found.append(Cell((words, f"{rate * 100:g} %"), computed, drawn, _measured_streams(variant, rate)))
    return tuple(found)


def _measured_streams(variant: str, rate: float) -> Drawn:
    rows = [
        r
        for r in rows_of("measured-per-rekey.csv")
        if r["experiment"] == "loss" and r["variant"].startswith(variant) and float(r["loss"]) == rate
    ]
    return Drawn(sum(int(r["spis_over_1s"]) for r in rows), sum(int(r["rekeys"]) for r in rows))


@cache
def race_cells() -> tuple[Cell, ...]:
    """SPIs a rekey without loss: packets in flight on a deleted SA, packets that overtake."""
    found = []
    for row in rows_of("measured-per-rekey.csv"):
        packets, jitter, rekeys = float(row["packets_per_s"]), float(row["jitter_s"]), int(row["rekeys"])
        if row["experiment"] == "baseline" and row["variant"] == "v1-delete":
            name = ("deleted at once, packets in flight", f"{packets:g} packets/s", f"{RTT_S * 1000:g} ms round trip")
            drawn = draw_races(packets, RTT_S, DRAWN, SEED)
            found.append(Cell(name, race_without_loss(packets, RTT_S), drawn, Drawn(int(row["distinct_spis"]), rekeys)))
        if row["experiment"] == "reorder" and row["variant"] == "v1-keep":
            name = (
                "third message overtaken",
                f"{packets:g} packets/s",
                f"{jitter * 1000:g} ms jitter, loss {row['loss']}",
            )
            drawn = draw_overtaking(packets, jitter, DRAWN, SEED)
            found.append(Cell(name, overtaking(packets, jitter), drawn, Drawn(int(row["before_install"]), rekeys)))
    return tuple(found)


@cache
def outage_cells() -> tuple[Cell, ...]:
    """A rekey that begins inside an outage, DPD off: streams of over 1 s in the lab."""
    found = []
    for row in rows_of("measured-outages.csv"):
        if row["dpd"] != "off" or row["rekey_inside"] != "yes" or row["version"] != "2":
            continue
        length = float(row["outage_s"])
        bursts = Bursts(average=1e-9, mean_s=length, fixed=True)
        schedule = retransmission("strongswan", "v2")
        drawn = draw_rekeys_in_bursts(bursts, schedule, DRAWN // 4, SEED, inside=True)
        measured = Drawn(int(row["runs_with_stream"]), int(row["runs"]))
        found.append(Cell((f"{length:g} s",), rekey_fails(bursts, schedule) / bursts.average, drawn, measured))
    return tuple(found)


@cache
def dpd_cells() -> tuple[tuple[Cell, float | None], ...]:
    """One outage, DPD at both ends: does one end send in vain? With the share of another program's simulation."""
    found = []
    others = {
        (float(r["dpd_s"]), float(r["outage_s"])): float(r["episodes_per_day"]) / float(r["outages_per_day"])
        for r in rows_of("simulated-outages.csv")
        if r["version"] == "2"
    }
    for words, dpd in _dpd_settings():
        for length in (5.0, 15.0, 20.0, 30.0, 60.0):
            bursts = Bursts(average=0.003, mean_s=length, fixed=True)
            drawn = draw_outages(bursts, dpd, dpd, DRAWN, SEED)["out of step"]
            lab = others.get((dpd.phase_s, length)) if "strongSwan" in words else None
            found.append((Cell((words, f"{length:g} s"), out_of_step(length, dpd, dpd), drawn, None), lab))
        bursts = Bursts(average=0.003, mean_s=30.0)
        drawn = draw_outages(bursts, dpd, dpd, DRAWN, SEED)["out of step"]
        found.append((Cell((words, "30 s on average"), episodes_an_outage(bursts, dpd, dpd), drawn, None), None))
    return tuple(found)


def _dpd_settings() -> tuple[tuple[str, DpdRound], ...]:
    return (
        ("strongSwan, DPD 10", dpd_round("strongswan", 10, 3)),
        ("strongSwan, DPD 30", dpd_round("strongswan", 30, 3)),
        ("IOS 10/3 periodic", dpd_round("ios", 10, 3)),
        ("IOS 30/5 periodic", dpd_round("ios", 30, 5)),
        ("ASA 10/2", dpd_round("asa", 10, 2)),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join((*lines, *(f"| {' | '.join(row)} |" for row in rows))) + "\n"


def _share(value: float) -> str:
    return "0" if value == 0 else f"{value:.3g}"


def _drawn(drawn: Drawn | None) -> tuple[str, str]:
    if drawn is None:
        return "", ""
    low, high = drawn.interval
    return f"{drawn.hits} of {drawn.tries:,}", f"{_share(low)} to {_share(high)}"


def _wide(drawn: Drawn | None) -> str:
    return f"{_share(drawn.wide_interval[0])} to {_share(drawn.wide_interval[1])}" if drawn is not None else ""


def _cell_rows(cells: Iterable[Cell]) -> Iterable[tuple[str, ...]]:
    for cell in cells:
        yield (
            *cell.name,
            _share(cell.computed),
            _wide(cell.drawn),
            *_drawn(cell.measured),
            "yes" if cell.agrees else "**no**",
        )


_THREE = ("closed form", "Monte Carlo, 99.9 %", "measured", "measured, 95 %", "agree")


def _schedules() -> str:
    rows = []
    for family in FAMILIES:
        for ike in ("v1", "v2"):
            s = retransmission(family, ike)
            sent = ", ".join(f"{t:g}" for t in s.sendings_s)
            rows.append((family, f"IKE{ike}", sent, f"{s.given_up_s:g}", "" if s.proven else "unproven", s.source))
    return _table(("family", "IKE", "sent at, s", "given up, s", "", "source"), rows)


def _patience() -> str:
    rows = []
    for words, dpd in _dpd_settings():
        rows.append(
            (
                words,
                f"{dpd.tries}",
                f"{dpd.span_s:g}",
                f"{dpd.span_s + dpd.phase_s:g}",
                f"{dpd.verdict_s + dpd.phase_s:g}",
                dpd.source,
            )
        )
    head = (
        "DPD",
        "tries",
        "no shorter outage ends it, s",
        "every longer one does, s",
        "verdict at the latest, s",
        "source",
    )
    return _table(head, rows)


def _dpd_table() -> str:
    rows = [
        (
            *cell.name,
            _share(cell.computed),
            _wide(cell.drawn),
            _share(lab) if lab is not None else "",
            "yes" if cell.agrees else "**no**",
        )
        for cell, lab in dpd_cells()
    ]
    head = ("DPD of both ends", "outage", "closed form", "Monte Carlo, 99.9 %", "another simulation (lab)", "agree")
    return _table(head, rows)


def _streams() -> str:
    rows = []
    for row in rows_of("measured-streams.csv"):
        dpd = float(row["dpd_s"]) if row["dpd_s"] else None
        longest = float(row["stream_s_max"])
        computed = f"{dpd + 15 - 3:g}" if dpd is not None else "until its own end"
        lines = f"{int(row['lines']) / int(row['flows']):g}"
        asked = (row["what"], f"IKEv{row['version']}", row["dpd_s"], computed)
        rows.append((*asked, row["stream_s_median"], row["stream_s_max"], str(logged_lines(longest)), lines))
    head = (
        "what",
        "IKE",
        "DPD, s",
        "lasts at most, s",
        "measured median",
        "measured longest",
        "lines computed",
        "lines a flow",
    )
    return _table(head, rows)


def _plot_random() -> str:
    fine = [10 ** (-3 + 2 * n / 60) for n in range(61)]
    curves = (
        ("IKEv1 late installer, closed form", 0, VARIANTS["v1-keep"][1]),
        ("IKEv1 early installer, closed form", 2, Handover(ike="v1", installs="early", old_sa="deleted")),
        ("IKEv2, closed form", 1, VARIANTS["v2"][1]),
    )
    series = [Series(name, colour, curve=[(p, _affected(p, how)) for p in fine]) for name, colour, how in curves]
    looks = (("IKEv1 old SA kept", 0, 0.95), ("IKEv1 deleted at once", 3, 1.05), ("IKEv2", 1, 1.0))
    for n, (name, colour, aside) in enumerate(looks):
        cells = list(zip(random_cells()[n * len(RATES) : (n + 1) * len(RATES)], RATES, strict=True))
        drawn = [Point(r, c.drawn.share, *c.drawn.interval) for c, r in cells if c.drawn and c.drawn.hits]
        measured = [Point(r * aside, c.measured.share, *c.measured.interval) for c, r in cells if c.measured]
        series.append(Series(f"Monte Carlo, {name}", colour, points=drawn))
        series.append(Series(f"measured, {name}", colour, points=measured, shape="square"))
    x = Axis("packets lost each way", 0.0008, 0.125, [(r, f"{r * 100:g} %") for r in RATES], log=True)
    y = Axis("rekeys that leave a stream", 1e-7, 1, [(10.0**-n, f"1e-{n}") for n in range(8)], log=True)
    return plot("Random loss: streams of an unknown SPI a rekey, three ways", x, y, series)


def _affected(loss: float, how: Handover) -> float:
    return per_rekey(loss, loss, how, retransmission("strongswan", how.ike)).affected


def _plot_outages() -> str:
    fine = [n / 4 for n in range(281)]
    series = []
    for n, (words, dpd) in enumerate(_dpd_settings()):
        series.append(Series(words, n, curve=[(t, out_of_step(t, dpd, dpd)) for t in fine]))
        points = [
            Point(float(c.name[1].split()[0]), c.drawn.share, *c.drawn.interval)
            for c, _ in dpd_cells()
            if c.drawn and c.name[0] == words and c.name[1].endswith(" s")
        ]
        series.append(Series(f"Monte Carlo, {words}", n, points=points))
    x = Axis("how long the outage lasts, s", 0, 70, [(t, f"{t}") for t in range(0, 71, 10)])
    y = Axis("outages that leave one end sending in vain", 0, 1, [(n / 5, f"{n / 5:g}") for n in range(6)])
    return plot("DPD at both ends: one outage", x, y, series)


def mail_answer(path: Path, rates: str = "0.1%-0.3%"):  # noqa: ANN201 - a LossDocument
    """The calculator's answer to a mail: its distinct SPIs, the time they span, one tunnel a source."""
    audit = audit_logs([str(path)], None, Settings(), NOW)
    times = sorted(datetime.fromisoformat(e.time) for e in audit.events if e.time is not None)
    return answer(
        Asked(
            rates=(rates,),
            tunnels=len({e.source for e in audit.events}),
            observed=len({(e.source, e.spi) for e in audit.events}),
            window=f"{(times[-1] - times[0]).total_seconds():.3f}s",
            lifetime="3600s",
        )
    )


def _mail_text() -> str:
    document = mail_answer(MAIL)
    wrapped = as_text(document).rstrip()
    return f"```text\n{wrapped}\n```\n"


def _readme_text() -> str:
    document = mail_answer(MAIL)
    return f"> {document.answer}\n>\n> {document.taken_as[-1]}\n>\n> What to measure: {document.to_measure[0]}\n"


def _between(page: str, tables: dict[str, str]) -> str:
    for name, text in tables.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(page):
            message = f"the page has no place for {name}"
            raise ValueError(message)
        page = pattern.sub(lambda m, text=text: f"{m.group(1)}\n{text}\n{m.group(2)}", page, count=1)
    return page


def generated() -> dict[str, str]:
    """The page, its plots, and the README, by their paths below docs/."""
    tables = {
        "schedules": _schedules(),
        "patience": _patience(),
        "random": _table(("how they hand over", "loss", *_THREE), _cell_rows(random_cells())),
        "races": _table(("what", "traffic", "path", *_THREE), _cell_rows(race_cells())),
        "rekey-in-outage": _table(("outage", *_THREE), _cell_rows(outage_cells())),
        "dpd-outage": _dpd_table(),
        "streams": _streams(),
        "mail": _mail_text(),
    }
    return {
        "loss-model.md": _between((HERE / "loss-model.md").read_text(encoding="utf-8"), tables),
        "loss/random-loss.svg": _plot_random(),
        "loss/outages.svg": _plot_outages(),
        "../README.md": _between(
            (HERE.parent / "README.md").read_text(encoding="utf-8"), {"loss-answer": _readme_text()}
        ),
    }


def main() -> None:
    """Write them."""
    for name, text in generated().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
