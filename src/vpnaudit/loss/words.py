"""The answer of the calculator in words: a sentence first, then the table, then what to measure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from vpnaudit.loss.calculator import AtRandom, Calculation, InOutages
from vpnaudit.loss.outages import DAY_S
from vpnaudit.model.printable import counted

Row = tuple[str, ...]
_WIDTH = 100
_LONGEST_DAYS = 100 * 365.25

_BOUNDS_DECIDE = (
    "Figures with <= are upper bounds, and they decide: random loss two one-shot messages a rekey (IKEv1), five tries "
    "that all fail (IKEv2); outages two SPIs for each tunnel of which an end gives up."
)
_MEASURE_OUTAGES = (
    "The longest outage, not the average: a probe a second for a day, `ping -D -O -i 1 PEER > ping.txt` (Linux) or "
    "`ip sla` with icmp-echo and frequency 1 on the router, then `vpnaudit loss --from-ping ping.txt`."
)
_MEASURE_TIMES = (
    "Whether outages and events go together: `crypto logging session` on, then compare the times; only an outage "
    "within two minutes before an event speaks for the path."
)
_MEASURE_IKE = (
    "Whether IKE was given up: `show crypto ikev2 stats timeout` (IKEv1: the age in `show crypto isakmp sa detail`) "
    "before and after; retransmission and DPD timers that did not rise mean that no outage was long enough."
)
_MEASURE_INTERFACES = "Whether the path damages packets: `show interfaces` twice, input errors and drops that grow."
_MEASURE_REKEYS = (
    "How often the tunnel rekeys: `show crypto ipsec sa peer PEER` twice 10 minutes apart; new SPIs and kilobytes "
    "nearly used up mean a volume rekey, which shows an SPI without any loss."
)


def percent(share: float) -> str:
    """A share as people read it.

    >>> percent(0.003)
    '0.3 %'
    """
    return f"{share * 100:.4g} %"


def number(value: float) -> str:
    """Two figures, no more than they mean.

    >>> number(0.0033), number(144.2), number(6e-9), number(0.0)
    ('0.0033', '144', '6e-09', '0')
    """
    return f"{value:.0f}" if value >= 99.5 else f"{value:.2g}"


def one_in(days: float) -> str:
    """How seldom something is; beyond what any log can tell, only that.

    >>> one_in(6.94), one_in(6.4e11)
    ('one in 6.9 days', 'less than one in 100 years')
    """
    return f"one in {number(days)} days" if days <= _LONGEST_DAYS else "less than one in 100 years"


def duration(seconds: float) -> str:
    """A duration in the largest unit of which there are two.

    >>> duration(990), duration(3600), duration(30)
    ('16.5 minutes', '60 minutes', '30 s')
    """
    for unit, size in (("days", DAY_S), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def rates_in_words(rates: Sequence[float]) -> str:
    """One rate, or the least to the greatest."""
    return " to ".join(dict.fromkeys((percent(min(rates)), percent(max(rates)))))


def sentence(c: Calculation) -> str:
    """The answer in a sentence or two."""
    q, worst = c.question, c.at_random[-1]
    rates = rates_in_words(q.rates)
    at_most = f"{number(worst.events_per_day_at_most)} invalid-SPI events a day on {counted(q.tunnels, 'tunnel')}"
    often = _often(worst.events_per_day_at_most)
    if c.verdict is None or worst.against is None or q.window_s is None or q.observed is None:
        return (
            f"Loss of {rates} that falls at random causes at most {at_most}{often}; "
            f"the same loss in outages {_outage_clause(c)}."
        )
    seen = f"{counted(q.observed, 'event')} seen in {duration(q.window_s)}"
    facts = (
        f"{percent(worst.loss)} causes at most {number(worst.against.expected)} in that time{often}, "
        f"and the chance of {q.observed} or more is {number(worst.against.probability)}"
    )
    if c.verdict == "nothing-seen":
        return f"Nothing was seen in {duration(q.window_s)} that loss would have to explain: {at_most} is the most."
    if c.verdict == "ruled-out":
        return (
            f"No: loss of {rates} is ruled out as the cause of the {seen}. At random, {facts}; "
            f"in outages {_excluded(c)} that chance is at most {number(_best_chance(c))}."
        )
    if c.verdict == "only-in-outages":
        return (
            f"No, loss of {rates} that falls at random is not the cause of the {seen}: {facts}. "
            f"It can be only if the same loss comes in outages of {_least(c)}."
        )
    return (
        f"It can be: loss of {rates} that falls at random is not ruled out by the {seen}: {facts}. "
        "That it can does not say that it was."
    )


def _often(per_day: float) -> str:
    if 0 < per_day < 1:
        return f" ({one_in(1.0 / per_day)})"
    return ""


def _outage_clause(c: Calculation) -> str:
    worst = max(c.in_outages, key=lambda o: o.events_per_day_at_most)
    length = f"of {duration(worst.outage_s)}{' on average' if worst.lengths == 'exponential' else ''}"
    return f"{length} up to {number(worst.events_per_day_at_most)} a day"


def _least(c: Calculation) -> str:
    if c.outages_that_can_s is None:
        return "some length"
    low, high = c.outages_that_can_s
    about = f"about {duration(low)}" + (f" to {duration(high)}" if high > low else "")
    return about + (f"; DPD here outlasts those under {c.patience_s:g} s" if c.patience_s else "")


def _best_chance(c: Calculation) -> float:
    return max((o.against.probability for o in c.in_outages if o.against is not None), default=0.0)


def _excluded(c: Calculation) -> str:
    if c.question.burst_s is not None:
        return f"of {duration(c.question.burst_s)}"
    longest = f", of which the longest measured was {duration(c.question.longest_s)}," if c.question.longest_s else ""
    lengths = f"of {duration(c.in_outages[0].outage_s)} to {duration(c.in_outages[-1].outage_s)}"
    return f"{lengths} with the same average{longest}"


def table(c: Calculation) -> tuple[Row, tuple[Row, ...]]:
    """Head and rows of the table."""
    q = c.question
    head: Row = ("loss", "how it falls", "outages/day", "events/day", "failed rekeys/day", "false DPD teardowns/day")
    if q.observed is not None and q.window_s is not None:
        head = (*head, f"at most in {duration(q.window_s)}", f"chance of {q.observed}+", "can it be?")
    rows = [_random_row(a) for a in c.at_random] + [_outage_row(o) for o in c.in_outages]
    return head, tuple(rows)


def _random_row(a: AtRandom) -> Row:
    row: Row = (
        percent(a.loss),
        "at random",
        "-",
        f"<= {number(a.events_per_day_at_most)}",
        number(a.failed_rekeys_per_day),
        _or_unknown(a.dpd_teardowns_per_day),
    )
    if a.against is None:
        return row
    yes = "no" if a.against.ruled_out else "yes"
    return (*row, number(a.against.expected), number(a.against.probability), yes)


def _outage_row(o: InOutages) -> Row:
    about = "about " if o.lengths == "exponential" else ""
    row: Row = (
        percent(o.loss),
        f"outages of {about}{duration(o.outage_s)}",
        number(o.outages_per_day),
        f"<= {number(o.events_per_day_at_most)}",
        number(o.failed_rekeys_per_day),
        _or_unknown(o.dpd_teardowns_per_day),
    )
    if o.against is None:
        return row
    yes = "no" if o.against.ruled_out else "yes"
    return (*row, number(o.against.expected), number(o.against.probability), yes)


def _or_unknown(value: float | None) -> str:
    return number(value) if value is not None else "DPD?"


def taken_as(c: Calculation) -> tuple[str, ...]:
    """What the figures rest on, each in a sentence."""
    q = c.question
    version = {"v1": "IKEv1", "v2": "IKEv2", None: "IKE version not known: IKEv1, whose bound is larger"}[q.ike]
    what = f"volume ({q.volume_kb:,.0f} kB at {q.volume_mbit_s:g} Mbit/s)" if c.rekeys.by == "volume" else "time"
    often = f"{number(c.rekeys.per_day)} a day on {counted(q.tunnels, 'tunnel')}"
    found = [f"{version}; a rekey every {duration(c.rekeys.period_s)}, decided by {what}: {often}.", _BOUNDS_DECIDE]
    likely = c.at_random[-1]
    if likely.late_installer_per_day is not None and likely.early_installer_per_day is not None:
        found.append(
            f"Within the bound, at {percent(likely.loss)}: {number(likely.late_installer_per_day)} a day where the "
            f"answering end installs at the third message, {number(likely.early_installer_per_day)} where it does "
            "before, as IOS-XE."
        )
    if q.dpd is None:
        found.append("DPD is not known: every outage over 10 s is taken to end every tunnel (give --dpd 10/3).")
    elif c.patience_s is not None:
        found.append(f"DPD as given waits at least {c.patience_s:g} s: a shorter outage ends no tunnel through it.")
    else:
        found.append(
            "DPD is off at both ends: no outage ends a tunnel through it, and nothing heals one that is stale."
        )
    if q.ike != "v2":
        found.append(
            "A rekey needs no loss to show one SPI: an IKEv1 end that deletes its old SA at once shows packets in "
            f"flight on it, up to {number(c.rekeys.per_day)} a day here. The same SPI does not come again."
        )
    return tuple(found)


def to_measure(c: Calculation) -> tuple[str, ...]:
    """What settles it, and how."""
    q = c.question
    patience = f" Outages under {c.patience_s:g} s cost nothing through DPD." if c.patience_s is not None else ""
    rekeys = (_MEASURE_REKEYS,) if q.ike != "v2" or c.rekeys.by == "volume" else ()
    return (_MEASURE_OUTAGES + patience, _MEASURE_TIMES, _MEASURE_IKE, _MEASURE_INTERFACES, *rekeys)


def text(c: Calculation, measured: Sequence[str] = ()) -> str:
    """All of it for a terminal or a page: sentence, what was measured, table, what it rests on, what to measure."""
    lines = [*_wrapped(sentence(c)), ""]
    if measured:
        lines += [*(line for s in measured for line in _wrapped(s)), ""]
    lines += [*aligned(*table(c)), ""]
    lines += [line for s in taken_as(c) for line in _wrapped(s, "- ")]
    lines += ["", "What to measure:"]
    lines += [line for n, s in enumerate(to_measure(c), 1) for line in _wrapped(s, f"{n}. ")]
    return "\n".join(lines) + "\n"


def _wrapped(words: str, mark: str = "") -> list[str]:
    return textwrap.wrap(
        words,
        _WIDTH,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )


def aligned(head: Row, rows: Sequence[Row]) -> list[str]:
    """A table in columns: text left, figures right, the head in as many lines as its words need."""
    widths = [max(len(r[n]) for r in rows) for n in range(len(head))]
    heads = [_folded(word, max(width, 9)) for word, width in zip(head, widths, strict=True)]
    widths = [max(width, *(len(part) for part in parts)) for width, parts in zip(widths, heads, strict=True)]
    deep = max(len(parts) for parts in heads)
    top = [tuple((["" for _ in range(deep - len(p))] + p)[n] for p in heads) for n in range(deep)]
    rule = tuple("-" * width for width in widths)
    return ["  ".join(_cell(c, w, n) for n, (c, w) in enumerate(zip(row, widths, strict=True))).rstrip()
            for row in (*top, rule, *rows)]  # fmt: skip


def _cell(value: str, width: int, column: int) -> str:
    return value.ljust(width) if column < 2 else value.rjust(width)


def _folded(words: str, width: int) -> list[str]:
    lines = [""]
    for word in words.replace("/", " /").split():
        joined = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(joined) > width:
            lines.append(word)
        else:
            lines[-1] = joined
    return [line.replace(" /", "/") for line in lines]
