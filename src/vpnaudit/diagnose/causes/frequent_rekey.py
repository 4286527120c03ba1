"""The tunnel is rekeyed very often, and each rekey can leave a line.

**Signature.** Rekey races, more than a couple a day, on a tunnel whose lifetime is short or whose volume lifetime runs
out early: the kilobytes that are gone and the SA's age give the traffic rate, and that the time to the next rekey; of
an SA that has just begun the rekeys before it tell.

**Ruled out by.** Lifetimes and traffic that allow few rekeys.

**What to do.** Longer lifetimes; the volume lifetime off, or enough for a whole lifetime. Source: field guide 2.5, C11.
"""

from __future__ import annotations

from vpnaudit.diagnose.of_story import no_race
from vpnaudit.diagnose.proofs import first_lines, lifetimes_of
from vpnaudit.diagnose.signs import span
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing
from vpnaudit.model.printable import counted
from vpnaudit.settings import Settings


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism != "rekey-race":
        return no_race(story)
    tunnel, limits = story.tunnel, settings.thresholds
    period = tunnel.period_of_lines_s if tunnel is not None else None
    if tunnel is None or period is None:
        return still_open(
            "how often is the tunnel rekeyed?", f"{story.receiver}: show crypto ipsec sa, twice; show running-config"
        )
    paced = lifetimes_of(*tunnel.ends)
    what = "volume" if tunnel.rekey_by_volume or tunnel.period_then_s is not None else "time"
    if period > limits.short_rekey_s:
        return out(f"lifetimes and traffic make a rekey every {span(period)}", *paced)
    lines = sum(e.lines for e in story.episodes)
    if lines < limits.frequent_events_a_day:
        return out(
            f"{counted(lines, 'line')}, although a rekey comes every {span(period)}", *first_lines(story), *paced
        )
    times = [e.first_at for e in story.episodes if e.first_at]
    length = (max(times) - min(times)).total_seconds() if times else 0.0
    rekeys = length / period + 1
    spis = len({e.spi for e in story.episodes})
    if spis > 2 * rekeys + 2:
        return out(
            f"{spis} SPIs in {span(length)} are more than {rekeys:.0f} rekeys can show", *first_lines(story), *paced
        )
    evidence = [e for end in tunnel.ends for e in (end.lifetime.evidence if end.lifetime else ())]
    live = [s.evidence for end in tunnel.ends for s in end.sas[:1]] if tunnel.rekey_by_volume else []
    live = [*tunnel.rekeys_then] or [*tunnel.rekeys_seen] or live
    then = " as they came" if tunnel.period_then_s is not None else ""
    was = "was" if then else "is"
    return Weighing(
        verdict="fits",
        confidence="likely",
        because=(
            reason(
                f"a rekey every {span(period)}{then}, decided by {what}: {86_400 / period:.0f} a day", *evidence, *live
            ),
            reason(f"{lines} lines with {spis} SPIs in {span(length)}, each over at once, next to a rekey"),
        ),
        owner_devices=tuple(sorted(e.device for e in tunnel.ends if e.device)),
        title=f"the tunnel {was} rekeyed every {span(period)} ({what} lifetime), and rekeys leave lines",
        parameters={"by": what},
    )


CAUSE = Cause(name="frequent-rekey", order=140, owner="both", weigh=_weigh)
