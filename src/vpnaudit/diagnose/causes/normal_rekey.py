"""Nothing is wrong: packets met a rekey.

**Signature.** Only rekey races, each over in seconds, and no more SPIs than twice the rekeys that time and volume allow
(each rekey can show the old and the new one).

**Ruled out by.** The same SPI again a minute later; more distinct SPIs than rekeys allow. Open while nothing tells when
the tunnel was rekeyed, or whether the receiver was reloaded just before an SPI that nobody knows, or the same SPI came
before it, where the log begins with that line.

**What to do.** Nothing. Longer lifetimes make it rarer. Source: field guide C1, 3.3; Cisco 115801.
"""

from __future__ import annotations

from vpnaudit.diagnose.proofs import first_and_last, first_lines, lifetimes_of
from vpnaudit.diagnose.signs import begin_is_seen, no_race, receiver_of, rekey_budget, span
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import CONFIDENCES, Cause, Story, Weighing
from vpnaudit.settings import Settings

OVER_S = 60.0


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism != "rekey-race":
        return no_race(story)
    if any(e.duration_s > OVER_S for e in story.episodes):
        return out("the same SPI came again a minute later", *first_and_last(story))
    period = story.tunnel.rekey_period_s if story.tunnel else None
    times = [e.first_at for e in story.episodes if e.first_at]
    spis = {e.spi for e in story.episodes}
    length = (max(times) - min(times)).total_seconds() if times else 0.0
    budget = rekey_budget(period, length) if period else None
    if budget is not None and len(spis) > budget + 1:
        paced = lifetimes_of(*story.tunnel.ends) if story.tunnel else ()
        text = f"{len(spis)} SPIs in {span(length)} are more than rekeys every {span(period or 0)} can show"
        return out(text, *first_lines(story), *paced)
    if budget is None and len(spis) > 2:
        return still_open(
            f"do lifetimes and traffic allow {len(spis)} SPIs in {span(length)}?",
            f"{story.receiver}: show crypto ipsec sa, twice 10 minutes apart; show running-config",
        )
    events = [ev for e in story.episodes for ev in e.events]
    device = receiver_of(story, fleet)
    if device.booted_at is None and not any(ev.found for ev in events):
        # What a reload leaves is an SPI that nobody knows next to a new SA, too.
        return still_open(f"was {device.name} reloaded just before?", f"{device.name}: show version")
    if len(story.episodes) == 1 and not events[0].found and not begin_is_seen(story, fleet):
        question = f"did the same SPI come before? {device.name}'s log begins with that line"
        return still_open(question, f"{device.name}: show logging, as a syslog server has it")
    worst: Confidence = max((ev.confidence for ev in events), key=CONFIDENCES.index)
    allowed = f"; rekeys every {span(period)} allow up to {budget:.0f}" if period and budget else ""
    return Weighing(
        verdict="fits",
        confidence=worst,
        because=(
            reason(f"{len(spis)} SPI(s), each over at once, next to a rekey{allowed}", *events[0].evidence),
            *(reason(ev.because, *(x.evidence for x in ev.found)) for ev in events[:3]),
        ),
        title=f"packets of {story.sender or story.source} met a rekey: normal",
    )


CAUSE = Cause(name="normal-rekey", order=150, owner="nobody", weigh=_weigh)
