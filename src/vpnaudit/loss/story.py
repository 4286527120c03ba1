"""The loss question, answered for one diagnosis with the tunnel's own figures (DESIGN 1, question 5)."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from msgspec import Struct

from vpnaudit.loss.answer import explain_loss
from vpnaudit.loss.calculator import Calculation, Dpd, Question, calculate
from vpnaudit.loss.evidence import Path, measured_loss, path_reasons
from vpnaudit.loss.outages import Patience, dpd_patience_s
from vpnaudit.loss.rates import Of, rate, rate_words
from vpnaudit.loss.schedules import Family
from vpnaudit.loss.volume import volume_rate_mbit_s
from vpnaudit.loss.words import duration, number, percent
from vpnaudit.model.device import Device
from vpnaudit.model.event import Event, Mechanism
from vpnaudit.model.fleet import Fleet, Rekeyed
from vpnaudit.model.judgement import Diagnosis, Reason
from vpnaudit.model.printable import counted
from vpnaudit.model.sessions import ike_by_log
from vpnaudit.model.tunnel import Tunnel, TunnelEnd

SPOKEN_OF = frozenset(
    {"insufficient-evidence", "packet-loss", "frequent-rekey", "normal-rekey", "delete-lost", "tunnel-flap"}
)
REKEYS = frozenset({"normal-rekey", "frequent-rekey"})
ONE_IS_ENOUGH = (
    "One lost message is enough for this one, so that its count does not rule out random loss: which packet it hits is "
    "chance, and how seldom it hits one is told here."
)
"""What a DELETE that was lost is, however short the log that it stands in."""
LIGHT_LOSS = (0.001, 0.003)
DEFAULT_PERIOD_S = 3600.0
DEFAULT_KB = 4_608_000
ONE_REKEY_S = 120.0
"""So far apart may lie what one rekey shows."""


class Own(Struct, frozen=True, kw_only=True, gc=False):
    """One diagnosis' own figures: its lines, episodes and distinct SPIs; how long the receiver's log is, in seconds."""

    lines: int
    episodes: int
    spis: int
    window_s: float
    tunnel: Tunnel | None
    period_s: float
    logged: Rekeyed | None
    """How often the log has it that SAs were replaced, where no tunnel is known."""
    rates: tuple[float, ...]
    of: Of


def speaks_of(diagnosis: Diagnosis) -> bool:
    """Whether the loss question is answered for the diagnosis: it can be asked of the cause, and there are lines.

    Many sources with which there is no tunnel are no tunnel whose rekeys loss could disturb.
    """
    sources = {s.source for s in diagnosis.stories if s.tunnel is None}
    return diagnosis.cause in SPOKEN_OF and len(sources) <= 1 and any(s.episodes for s in diagnosis.stories)


def loss_reasons(diagnosis: Diagnosis, fleet: Fleet, path: Path | None = None) -> tuple[Reason, ...]:
    """What loss can and cannot explain of the diagnosis: of its own lines, by its tunnel's own lifetimes and DPD.

    The window is what the receiver's log covers; where nothing is known of a tunnel, the default lifetime of 3600 s is
    taken. Without a window of time, or with one that one rekey can fill, there is nothing to compare with: such a log
    was kept because of its lines, and only what the path's counters say is told.
    """
    if not speaks_of(diagnosis):
        return ()
    path = path or Path()
    seen = path_reasons(diagnosis, fleet, path)
    own = _own(diagnosis, fleet, path)
    if own.window_s <= 0:
        return seen
    if own.window_s <= ONE_REKEY_S:
        text = f"{_counts(own)}: so short a log gives no rate to hold against rekeys or loss"
        return (Reason(text=text), *seen)
    ike = own.tunnel.ike if own.tunnel is not None else _logged_ike(diagnosis, fleet)
    patience = _patience(own.tunnel, fleet)
    answer = explain_loss(own.episodes, own.window_s, 1, 3600.0 / own.period_s, ike, own.rates, patience)
    gaps = _gaps(diagnosis, own.tunnel, _volume_kb(diagnosis)) if diagnosis.cause == "insufficient-evidence" else []
    told = (_lines_words(own), _rate_words(own), _figures_words(own, fleet))
    outages = _outage_words(own, fleet)
    said = list(answer.sentences)
    if diagnosis.cause == "delete-lost" and own.spis == 1 and ike != "v2":
        said[len(answer.rates)] = ONE_IS_ENOUGH
    sentences = (*told, *said[:-1], *outages, said[-1])
    first, *rest = (Reason(text=s) for s in sentences)
    return (first, *gaps, *rest, *seen)


def _logged_ike(diagnosis: Diagnosis, fleet: Fleet) -> Literal["v1", "v2"] | None:
    """The version of IKE that the receivers' messages about the source are of."""
    found = {ike_by_log(fleet.device_by_name[s.receiver], s.source) for s in diagnosis.stories}
    return found.pop() if len(found) == 1 else None


def _own(diagnosis: Diagnosis, fleet: Fleet, path: Path) -> Own:
    episodes = [e for s in diagnosis.stories for e in s.episodes]
    tunnel = next((s.tunnel for s in diagnosis.stories if s.tunnel is not None), None)
    spans = [
        fleet.device_by_name[name].logged_s
        for name in sorted({s.receiver for s in diagnosis.stories})
        if name in fleet.device_by_name
    ]
    damaged = measured_loss(fleet, path)
    logged = _logged(diagnosis, fleet) if tunnel is None else None
    return Own(
        lines=sum(e.lines for e in episodes),
        episodes=len(episodes),
        spis=len({e.spi for e in episodes}),
        window_s=max((s for s in spans if s is not None), default=0.0),
        tunnel=tunnel,
        period_s=_period_s(tunnel, logged),
        logged=logged,
        of=_of(diagnosis.cause, {e.mechanism for e in episodes}),
        rates=(*LIGHT_LOSS, damaged) if damaged is not None and damaged > LIGHT_LOSS[-1] else LIGHT_LOSS,
    )


def _logged(diagnosis: Diagnosis, fleet: Fleet) -> Rekeyed | None:
    found = (fleet.rekeyed_with(s.receiver, s.source) for s in diagnosis.stories)
    return next((rekeyed for rekeyed in found if rekeyed is not None), None)


def _period_s(tunnel: Tunnel | None, logged: Rekeyed | None) -> float:
    if tunnel is not None and tunnel.rekey_period_s:
        return tunnel.rekey_period_s
    return logged.period_s if logged is not None else DEFAULT_PERIOD_S


def _of(cause: str, mechanisms: set[Mechanism]) -> Of:
    """A race that a flap or an outage made says nothing of how ends hand over at a rekey."""
    if mechanisms == {"rekey-race"} and cause in REKEYS:
        return "races"
    return "stale" if mechanisms == {"stale-sa"} else "unknown"


def _lines_words(own: Own) -> str:
    return f"{_counts(own)}: {number(own.lines / own.window_s * 3600)} an hour"


def _counts(own: Own) -> str:
    return f"{counted(own.lines, 'line')}, {counted(own.episodes, 'episode')}, in a log of {duration(own.window_s)}"


def _rate_words(own: Own) -> str:
    """Against the rekeys of this tunnel; where none are known, or not for the whole log, against nothing but a day."""
    steady = own.tunnel is not None and own.tunnel.period_then_s is None
    period_s = own.tunnel.rekey_period_s if own.tunnel is not None and steady else None
    if own.logged is not None:
        period_s = own.logged.period_s
    return rate_words(rate(own.spis, own.window_s, period_s), own.of)


def _figures_words(own: Own, fleet: Fleet) -> str:
    """The tunnel's own lifetime, traffic and DPD, so far as they are known."""
    tunnel = own.tunnel
    if own.logged is not None:
        return f"By the log, SAs with this source are replaced every {duration(own.period_s)}; DPD is not known."
    if tunnel is None or tunnel.rekey_period_s is None:
        return "No lifetime of this tunnel is known: the default of 3600 s is taken for the figures on loss."
    by = "its traffic (volume)" if tunnel.rekey_by_volume else "time"
    asking = [f"{e.device} {w}" for e in tunnel.ends if (w := _dpd_words(e, fleet))]
    dpd = f"; DPD: {', '.join(asking)}" if asking else "; DPD is not known"
    return f"This tunnel rekeys every {duration(own.period_s)}, decided by {by}{dpd}."


def _dpd_words(end: TunnelEnd, fleet: Fleet) -> str | None:
    if end.dpd is None or end.dpd.mode is None:
        return None
    if end.dpd.mode == "off":
        return "off"
    if end.dpd.interval_s is None:
        return str(end.dpd.mode)
    patience = _patience_of(end, fleet)
    waits = f", waits {patience.shortest_s:g} to {patience.longest_s:g} s" if patience is not None else ""
    retry = f"/{end.dpd.retry_s}" if end.dpd.retry_s is not None else ""
    return f"{end.dpd.interval_s}{retry} s {end.dpd.mode}{waits}"


def _patience(tunnel: Tunnel | None, fleet: Fleet) -> Patience | None:
    """The least patient end's: it is the first to drop its SAs."""
    known = [p for e in (tunnel.ends if tunnel is not None else ()) if (p := _patience_of(e, fleet)) is not None]
    return min(known, default=None)


def _patience_of(end: TunnelEnd, fleet: Fleet) -> Patience | None:
    timers = _timers(end)
    device = fleet.device_by_name.get(end.device or "")
    if timers is None or device is None or device.platform is None:
        return None
    return dpd_patience_s(*timers, device.platform)


def _timers(end: TunnelEnd) -> Dpd | None:
    if end.dpd is None or end.dpd.mode in {None, "off"} or not end.dpd.interval_s or not end.dpd.retry_s:
        return None
    return float(end.dpd.interval_s), float(end.dpd.retry_s)


def _family(device: Device | None) -> Family | None:
    if device is None or device.platform not in {"cisco_ios", "cisco_asa"}:
        return None
    return "asa" if device.platform == "cisco_asa" else "ios"


def _outage_words(own: Own, fleet: Fleet) -> tuple[str, ...]:
    """Which outages of the same average could explain the count, by both ends' DPD where both are known."""
    calculation = _calculation(own, fleet)
    if calculation is None or own.episodes == 0:
        return ()
    rates, seen = percent(own.rates[-1]), f"{counted(own.episodes, 'episode')} in {duration(own.window_s)}"
    can = calculation.outages_that_can_s
    if can is None:
        return (f"Not even {rates} that all comes in outages of 2 s to 2 minutes explains {seen} with this DPD.",)
    length = duration(can[0]) if can[0] == can[1] else f"{duration(can[0])} to {duration(can[1])}"
    return (f"As outages of about {length} the same average ({rates} at most) can explain {seen}.",)


def _calculation(own: Own, fleet: Fleet) -> Calculation | None:
    tunnel = own.tunnel
    if tunnel is None or not tunnel.both_ends:
        return None
    families = {_family(fleet.device_by_name.get(e.device or "")) for e in tunnel.ends}
    known = all(e.dpd is not None and (e.dpd.mode == "off" or _timers(e)) for e in tunnel.ends)
    family = families.pop() if len(families) == 1 else None
    if not known or family is None:
        return None
    return calculate(
        Question(
            rates=own.rates,
            lifetime_s=own.period_s,
            ike=tunnel.ike,
            platform=family,
            dpd=(_timers(tunnel.local), _timers(tunnel.remote)),
            observed=own.episodes,
            window_s=own.window_s,
        )
    )


def _volume_kb(diagnosis: Diagnosis) -> int | None:
    lifes = [e.lifetime for s in diagnosis.stories if s.tunnel for e in s.tunnel.ends if e.lifetime]
    return next((life.ipsec_kb for life in lifes if life.ipsec_kb), None)


def _gaps(diagnosis: Diagnosis, tunnel: Tunnel | None, known_kb: int | None) -> list[Reason]:
    """What the time between two SPIs of one source allows: by volume it needs a rate, by time a short lifetime.

    One rekey can show two SPIs, the old and the new one, some two minutes apart (field guide 3.4).
    """
    period_s = tunnel.rekey_period_s if tunnel is not None and tunnel.rekey_period_s is not None else DEFAULT_PERIOD_S
    kilobytes = known_kb or DEFAULT_KB
    found = []
    for first, second in _following(diagnosis):
        gap = (second.at - first.at).total_seconds() if first.at is not None and second.at is not None else 0.0
        if first.spi == second.spi or not ONE_REKEY_S < gap < period_s - ONE_REKEY_S:
            continue
        full, early = volume_rate_mbit_s(kilobytes, gap) or 0.0, volume_rate_mbit_s(kilobytes, gap, 0.9) or 0.0
        word = "" if known_kb else " (the default)"
        found.append(
            Reason(
                text=(
                    f"two SPIs of {first.source} {gap:.1f} s apart: more than one rekey of one pair every "
                    f"{period_s:.0f} s can show; it takes a shorter lifetime, a volume rekey of {kilobytes} kB{word} "
                    f"at about {full:.0f} Mbit/s ({early:.0f} if it begins at 90 %), several pairs or boxes there, a "
                    "flap, or a source that is no peer"
                ),
                evidence=(*first.evidence, *second.evidence),
            )
        )
    return found[:2]


def _following(diagnosis: Diagnosis) -> list[tuple[Event, Event]]:
    """Each dated event with the next one of the same receiver and source."""
    flows: dict[tuple[str, str | None], list[Event]] = {}
    for event in (e for s in diagnosis.stories for p in s.episodes for e in p.events if e.at):
        flows.setdefault((event.device, event.source), []).append(event)
    ordered = (sorted(flow, key=lambda e: e.at.timestamp() if e.at else 0.0) for flow in flows.values())
    return [pair for flow in ordered for pair in pairwise(flow)]
