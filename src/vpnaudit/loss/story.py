"""The loss question, answered for one diagnosis with the tunnel's own figures (DESIGN 1, question 5)."""

from __future__ import annotations

from itertools import pairwise

from vpnaudit.loss.answer import explain_loss
from vpnaudit.loss.volume import volume_rate_mbit_s
from vpnaudit.model.event import Event
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Reason

SPOKEN_OF = frozenset({"insufficient-evidence", "packet-loss", "frequent-rekey", "normal-rekey"})
DEFAULT_PERIOD_S = 3600.0
DEFAULT_KB = 4_608_000
NEXT_SPI_S = 3600.0


def loss_reasons(diagnosis: Diagnosis, fleet: Fleet) -> tuple[Reason, ...]:
    """What light loss can and cannot explain of the diagnosis, over all lines of the receiver's log.

    The window is from the first line to the last of all sources; where nothing is known of a tunnel, the default
    lifetime of 3600 s is taken and said.
    """
    if diagnosis.cause not in SPOKEN_OF or not any(s.episodes for s in diagnosis.stories):
        return ()
    receivers = {s.receiver for s in diagnosis.stories}
    received = [fleet.received_by[name] for name in receivers if name in fleet.received_by]
    firsts, lasts = [r.first for r in received if r.first], [r.last for r in received if r.last]
    window = (max(lasts) - min(firsts)).total_seconds() if firsts and lasts else 0.0
    if window <= 0:
        return ()
    lines = sum(r.lines for r in received)
    sources = sum(len(r.sources) for r in received)
    tunnel = next((s.tunnel for s in diagnosis.stories if s.tunnel is not None), None)
    period = tunnel.rekey_period_s if tunnel is not None and tunnel.rekey_period_s else DEFAULT_PERIOD_S
    episodes = sum(len(r.episodes) for r in received)
    answer = explain_loss(episodes, window, sources, 3600.0 / period, tunnel.ike if tunnel else None)
    hourly = lines / window * 3600
    rate = Reason(text=f"{lines} lines in {window / 60:.1f} min from {sources} source(s): {hourly:.1f} an hour")
    gaps = _gaps(diagnosis, known_kb=_volume_kb(diagnosis)) if diagnosis.cause == "insufficient-evidence" else []
    return (rate, *gaps, *(Reason(text=s) for s in answer.sentences))


def _volume_kb(diagnosis: Diagnosis) -> int | None:
    lifes = [e.lifetime for s in diagnosis.stories if s.tunnel for e in s.tunnel.ends if e.lifetime]
    return next((life.ipsec_kb for life in lifes if life.ipsec_kb), None)


def _gaps(diagnosis: Diagnosis, known_kb: int | None) -> list[Reason]:
    """What the time between two SPIs of one source allows: by volume it needs a rate, by time a short lifetime."""
    events = [e for s in diagnosis.stories for p in s.episodes for e in p.events if e.at]
    ordered: list[Event] = sorted(events, key=lambda e: e.at.timestamp() if e.at else 0.0)
    kilobytes = known_kb or DEFAULT_KB
    found = []
    for first, second in pairwise(ordered):
        if first.spi == second.spi or first.at is None or second.at is None:
            continue
        gap = (second.at - first.at).total_seconds()
        if not 0 < gap < NEXT_SPI_S:
            continue
        full, early = volume_rate_mbit_s(kilobytes, gap) or 0.0, volume_rate_mbit_s(kilobytes, gap, 0.9) or 0.0
        word = "" if known_kb else " (the default)"
        found.append(
            Reason(
                text=(
                    f"two SPIs of {first.source} {gap:.1f} s apart: more than one rekey of one pair with a lifetime of "
                    f"3600 s can show; it takes a shorter lifetime, a volume rekey of {kilobytes} kB{word} at about "
                    f"{full:.0f} Mbit/s ({early:.0f} if it begins at 90 %), several pairs or boxes there, a flap, or a "
                    "source that is no peer"
                ),
                evidence=(*first.evidence, *second.evidence),
            )
        )
    return found[:2]
