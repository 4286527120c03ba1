"""The packet was meant for another device: a pair that shares an address, NAT or routing brought it here.

**Signature.** The SPI is an inbound SA of another device of ours, which has the destination address too, or to which
the sender sends on it.

**Ruled out by.** The SPI is the receiver's own. Open while the SA table of a partner was not read.

**What to do.** Find what moved the traffic: HSRP or failover state, a NAT rule, a route. Stateful switch-over keeps the
SAs on both members. Source: field guide C6, C7.
"""

from __future__ import annotations

from vpnaudit.diagnose.proofs import placed, sa_tables
from vpnaudit.diagnose.signs import (
    NOT_OF_TWO,
    alone_with,
    is_private,
    on_group_interface,
    receiver_of,
    sa_table_read,
    sender_of,
)
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.device import SA_COMMANDS
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import CONFIDENCES, Cause, Story, Weighing
from vpnaudit.settings import Settings


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism != "misdelivered":
        return _not_seen(story, fleet)
    events = [e for episode in story.episodes for e in episode.events if e.mechanism == "misdelivered"]
    event = min(events, key=lambda e: CONFIDENCES.index(e.confidence))
    holder = next(entry for entry in event.found if entry.role == "receiver")
    return Weighing(
        verdict="fits",
        confidence=event.confidence,
        because=(reason(event.because, *(entry.evidence for entry in event.found)),),
        owner_devices=tuple(sorted({story.receiver, holder.device})),
        title=f"traffic for {holder.device} reaches {story.receiver}, which does not have that SA",
        parameters={"holder": holder.device},
    )


def _not_seen(story: Story, fleet: Fleet) -> Weighing:
    if not story.episodes or story.mechanism in {"unknown-source", "rekey-race"}:
        return out("the SPI is no inbound SA of another device of ours", *placed(story))
    found = [entry for episode in story.episodes for event in episode.events for entry in event.found]
    if found:
        unread = _unread_partner(story, fleet)
        if unread is not None and not any(e.role == "receiver" and e.device == story.receiver for e in found):
            question = f"does {unread}, which shares an address with {story.receiver}, hold that SPI?"
            return still_open(question, f"{unread}: show crypto ipsec sa")
        return out("the SPI is no inbound SA of another device of ours", *placed(story))
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    shared = story.episodes[0].events[0].destination or story.receiver
    partners = [name for name in fleet.sharing.get(shared, ()) if name != story.receiver]
    if partners and not story.ongoing:
        question = f"did {partners[0]}, which shares {shared}, hold that SPI then?"
        return still_open(question, f"{partners[0]}: show monitor event-trace crypto ipsec event all")
    if story.sender is not None and sa_table_read(story, fleet):
        tables = [
            line for end in (receiver_of(story, fleet), sender_of(story, fleet)) if end for line in sa_tables(end)
        ]
        return out(f"no device that was collected has an inbound SA with it, or shares {shared}", *tables)
    translated = is_private(shared) and not is_private(story.source or "")
    own = alone_with(receiver_of(story, fleet), shared)
    if not translated and own:
        return out(f"{shared} is an interface address of {story.receiver}, and no standby address", *own)
    how = "stand behind the NAT of" if translated else "share"
    return still_open(f"does another device {how} {shared} and hold that SPI?", "there: show crypto ipsec sa")


def _unread_partner(story: Story, fleet: Fleet) -> str | None:
    """A device that shares the address to which the packets came, and whose SA table was not had."""
    shared = story.episodes[0].events[0].destination or story.receiver
    partners = [name for name in fleet.sharing.get(shared, ()) if name != story.receiver]
    return next((name for name in partners if not fleet.device_by_name[name].read(*SA_COMMANDS)), None)


CAUSE = Cause(name="misdelivery", order=30, owner="path", weigh=_weigh)
