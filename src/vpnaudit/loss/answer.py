"""What light packet loss can and cannot explain, in numbers and in words (field guide 6.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from vpnaudit.loss.outages import Patience, dpd_patience_s, outages_per_day
from vpnaudit.loss.poisson import poisson_at_least, poisson_interval, poisson_upper_count
from vpnaudit.loss.random_loss import Bound, random_loss_events, random_loss_per_rekey
from vpnaudit.loss.words import duration, number, one_in, percent
from vpnaudit.model.printable import counted

DAY_S = 86_400.0
_EXAMPLE_OUTAGE_S = 30.0
_DPD_IN_WORDS = (10, 3)
_NO_LOSS_NEEDED = (
    "A rekey needs no loss to show one: an IKEv1 end that deletes its old SA at once showed an unknown SPI on 21 % of "
    "rekeys at 10 packets a second without any loss. Such a line stands alone; the same SPI does not come again."
)
_MEASURE = (
    "So measure the longest outage, not the average (a probe a second with its times, interface and line-protocol "
    "changes, DPD or retransmission failures), and compare its times with the events': only outages within two "
    "minutes before an event speak for the path."
)


class RateAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """For one rate of random loss (a share): events expected at most, and the chance of as many as were seen.

    `bound` is the largest count that such loss still explains (97.5 %); `ruled_out`: more than that was seen.
    `days_an_event` is how many days pass between two such events; null where it causes none.
    """

    loss: float
    expected: float
    probability: float
    bound: int
    ruled_out: bool
    days_an_event: float | None


class LossAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """The answer. `interval` is the exact 95 % Poisson interval of the mean behind the count, in the same window."""

    events: int
    window_s: float
    tunnels: int
    rekeys: float
    ike: Literal["v1", "v2"] | None
    interval: tuple[float, float]
    rates: tuple[RateAnswer, ...]
    ruled_out: bool
    sentences: tuple[str, ...]


def explain_loss(
    events: int,
    window_s: float,
    tunnels: int,
    rekeys_per_hour: float,
    ike: Literal["v1", "v2"] | None,
    rates: Sequence[float] = (0.001, 0.003),
    patience: Patience | None = None,
) -> LossAnswer:
    """Say whether packet loss can have caused `events` events in `window_s` seconds.

    `events` counts distinct episodes (flows out of step), not log lines. `rekeys_per_hour` is per tunnel. `rates` are
    average losses one way, as shares. Where `ike` is not known the larger bound, IKEv1's, is used: an upper bound must
    not rule out too much. `patience` is that of the DPD in force, for the words about outages.

    Rule (field guide 11): random loss is ruled out when the count exceeds the 97.5 % Poisson bound of its expectation.

    Raises:
        ValueError: a rate is not a share from 0 to 1, or there is none.

    """
    if not rates:
        message = "at least one rate of loss is needed"
        raise ValueError(message)
    window_s = max(0.0, window_s)
    rekeys = max(0, tunnels) * max(0.0, rekeys_per_hour) * window_s / 3600.0
    bound: Bound = "v2" if ike == "v2" else "one-shot"
    answers = tuple(_at_rate(loss, events, window_s, rekeys, bound) for loss in sorted(rates))
    ruled_out = events > 0 and all(a.ruled_out for a in answers)
    return LossAnswer(
        events=events,
        window_s=window_s,
        tunnels=tunnels,
        rekeys=rekeys,
        ike=ike,
        interval=poisson_interval(events),
        rates=answers,
        ruled_out=ruled_out,
        sentences=(
            *(_rate_sentence(a, events, window_s, tunnels, rekeys) for a in answers),
            _verdict(answers, ruled_out=ruled_out, events=events),
            _ike_sentence(ike),
            *(() if ike == "v2" else (_NO_LOSS_NEEDED,)),
            *_outage_sentences(answers[-1].loss, patience),
        ),
    )


def _at_rate(loss: float, events: int, window_s: float, rekeys: float, bound: Bound) -> RateAnswer:
    expected = random_loss_events(rekeys, loss, bound)
    highest = poisson_upper_count(expected)
    days = window_s / expected / DAY_S if expected > 0 else None
    return RateAnswer(
        loss=loss,
        expected=expected,
        probability=poisson_at_least(events, expected),
        bound=highest,
        ruled_out=events > highest,
        days_an_event=days,
    )


def _rate_sentence(answer: RateAnswer, events: int, window_s: float, tunnels: int, rekeys: float) -> str:
    of = f"{counted(tunnels, 'tunnel')}, {number(rekeys)} rekey{'' if number(rekeys) == '1' else 's'}"
    often = f"; that is {one_in(answer.days_an_event)} at most" if answer.days_an_event is not None else ""
    return (
        f"{percent(answer.loss)} loss that falls at random can cause at most {number(answer.expected)} events in "
        f"{duration(window_s)} ({of}){often}. "
        f"Seen: {events}. The chance of so many or more is {number(answer.probability)}."
    )


def _verdict(answers: tuple[RateAnswer, ...], *, ruled_out: bool, events: int) -> str:
    rates = " to ".join(dict.fromkeys((percent(answers[0].loss), percent(answers[-1].loss))))
    if events <= 0:
        return f"Nothing was seen that loss of {rates} would have to explain."
    if ruled_out:
        return f"Random loss of {rates} is ruled out as the cause of these events."
    if any(a.ruled_out for a in answers):
        high = ", ".join(percent(a.loss) for a in answers if not a.ruled_out)
        return f"Random loss can explain these events only at {high}, not below."
    return f"Random loss of {rates} is not ruled out by the count alone."


def _ike_sentence(ike: Literal["v1", "v2"] | None) -> str:
    if ike == "v2":
        return (
            "IKEv2 repeats every message until it is acknowledged, so no single lost packet leaves an SA behind; "
            "9,322 measured rekeys under such loss showed none."
        )
    one_shot = percent(random_loss_per_rekey(0.003, "one-shot"))
    sentence = (
        "IKEv1 sends the last message of a rekey and the DELETE of the old SA once, unacknowledged: these two are all "
        f"that light loss can hit, at 0.3 % at most {one_shot} of rekeys."
    )
    if ike is None:
        return f"{sentence} The IKE version is not known here, so this larger bound was used; IKEv2's is near zero."
    return sentence


def _outage_sentences(loss: float, patience: Patience | None) -> tuple[str, ...]:
    known = patience or dpd_patience_s(*_DPD_IN_WORDS, "cisco_ios")
    setting = "the DPD in force here" if patience else f"DPD {_DPD_IN_WORDS[0]} s / {_DPD_IN_WORDS[1]} s periodic"
    waits = f"{known.shortest_s:g} to {known.longest_s:g} s with {setting}" if known else "tens of seconds"
    a_day = outages_per_day(loss, _EXAMPLE_OUTAGE_S)
    can_do = (
        f"The same average can be a few outages instead: {percent(loss)} is also {number(a_day)} outages of "
        f"{_EXAMPLE_OUTAGE_S:g} s a day. An outage longer than DPD waits ({waits}) makes one end drop its SAs while "
        "the other goes on sending: one or two such events each time. A shorter one causes none through DPD."
    )
    return (can_do, _MEASURE)
