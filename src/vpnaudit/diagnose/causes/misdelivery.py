"""The packet was meant for another device: a pair that shares an address, NAT or routing brought it here.

**Signature.** The SPI is an inbound SA of another device of ours, which has the destination address too, or to which
the sender sends on it.

**Ruled out by.** The SPI is the receiver's own.

**What to do.** Find what moved the traffic: HSRP or failover state, a NAT rule, a route. Stateful switch-over keeps the
SAs on both members. Source: field guide C6, C7.
"""

from __future__ import annotations

from vpnaudit.diagnose.verdicts import out, reason
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing
from vpnaudit.settings import Settings


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism != "misdelivered":
        return out("the SPI is no inbound SA of another device of ours")
    event = next(e for episode in story.episodes for e in episode.events if e.mechanism == "misdelivered")
    holder = next(entry for entry in event.found if entry.role == "receiver")
    return Weighing(
        verdict="fits",
        confidence=event.confidence,
        because=(reason(event.because, *(entry.evidence for entry in event.found)),),
        owner_devices=tuple(sorted({story.receiver, holder.device})),
        title=f"traffic for {holder.device} reaches {story.receiver}, which does not have that SA",
        parameters={"holder": holder.device},
    )


CAUSE = Cause(name="misdelivery", order=30, owner="path", weigh=_weigh)
