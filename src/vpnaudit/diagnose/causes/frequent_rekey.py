"""The tunnel is rekeyed very often, and each rekey can leave a line.

**Signature.** Rekey races, more than a couple a day, on a tunnel whose lifetime is short or whose volume lifetime runs
out early: the kilobytes that are gone and the SA's age give the traffic rate, and that the time to the next rekey; of
an SA that has just begun the rekeys before it tell. Where no tunnel is known, the log's own record of its SAs tells.

**Ruled out by.** Lifetimes and traffic that allow few rekeys.

**What to do.** Longer lifetimes; the volume lifetime off, or enough for a whole lifetime. Source: field guide 2.5, C11.
"""

from __future__ import annotations

from msgspec import Struct

from vpnaudit.diagnose.of_story import no_race
from vpnaudit.diagnose.proofs import first_lines, lifetimes_of
from vpnaudit.diagnose.signs import span
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing, WouldSettle
from vpnaudit.model.printable import counted
from vpnaudit.settings import Settings


class _Pace(Struct, frozen=True):
    """How often the tunnel is rekeyed, what decides that, and what shows it."""

    period_s: float
    by: str
    said: str
    then: bool
    ruled_by: tuple[Evidence, ...]
    shown_by: tuple[Evidence, ...]


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    if story.mechanism != "rekey-race":
        return no_race(story)
    pace, limits = _pace(story, fleet), settings.thresholds
    if pace is None:
        return still_open(
            "how often is the tunnel rekeyed?", f"{story.receiver}: show crypto ipsec sa, twice; show running-config"
        )
    if pace.period_s > limits.short_rekey_s:
        return out(f"{pace.said} a rekey every {span(pace.period_s)}", *pace.ruled_by)
    lines = sum(e.lines for e in story.episodes)
    if lines < limits.frequent_events_a_day:
        text = f"{counted(lines, 'line')}, although a rekey comes every {span(pace.period_s)}"
        return out(text, *first_lines(story), *pace.ruled_by)
    times = [e.first_at for e in story.episodes if e.first_at]
    length = (max(times) - min(times)).total_seconds() if times else 0.0
    rekeys = length / pace.period_s + 1
    spis = len({e.spi for e in story.episodes})
    if spis > 2 * rekeys + 2:
        text = f"{spis} SPIs in {span(length)} are more than {rekeys:.0f} rekeys can show"
        return out(text, *first_lines(story), *pace.ruled_by)
    often = f"a rekey every {span(pace.period_s)}{' as they came' if pace.then else ''}"
    decided = f", decided by {pace.by}" if pace.by else ", as the log has it"
    return Weighing(
        verdict="fits",
        confidence="likely",
        because=(
            reason(f"{often}{decided}: {86_400 / pace.period_s:.0f} a day", *pace.shown_by),
            reason(f"{lines} lines with {spis} SPIs in {span(length)}, each over at once, next to a rekey"),
        ),
        would_settle=() if pace.by else (_ask_lifetimes(story),),
        owner_devices=tuple(sorted(e.device for e in story.tunnel.ends if e.device))
        if story.tunnel is not None
        else (),
        title=f"the tunnel {'was' if pace.then else 'is'} rekeyed every {span(pace.period_s)}"
        f"{f' ({pace.by} lifetime)' if pace.by else ''}, and rekeys leave lines",
        parameters={"by": pace.by} if pace.by else {},
    )


def _pace(story: Story, fleet: Fleet) -> _Pace | None:
    """By the tunnel's lifetimes and traffic; where no tunnel is known, by what the log has of its rekeys."""
    tunnel = story.tunnel
    if tunnel is None:
        logged = fleet.rekeyed_with(story.receiver, story.source)
        if logged is None:
            return None
        return _Pace(logged.period_s, "", "the log has", False, logged.evidence, logged.evidence)
    if tunnel.period_of_lines_s is None:
        return None
    by = "volume" if tunnel.rekey_by_volume or tunnel.period_then_s is not None else "time"
    settings = [e for end in tunnel.ends for e in (end.lifetime.evidence if end.lifetime else ())]
    live = [s.evidence for end in tunnel.ends for s in end.sas[:1]] if tunnel.rekey_by_volume else []
    live = [*tunnel.rekeys_then] or [*tunnel.rekeys_seen] or live
    return _Pace(
        period_s=tunnel.period_of_lines_s,
        by=by,
        said="lifetimes and traffic make",
        then=tunnel.period_then_s is not None,
        ruled_by=lifetimes_of(*tunnel.ends),
        shown_by=(*settings, *live),
    )


def _ask_lifetimes(story: Story) -> WouldSettle:
    return WouldSettle(
        question="do seconds or kilobytes end the SAs?",
        command=f"{story.receiver}: show running-config; show crypto ipsec sa",
    )


CAUSE = Cause(name="frequent-rekey", order=140, owner="both", weigh=_weigh)
