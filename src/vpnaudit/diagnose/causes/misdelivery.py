"""The packet was meant for another device: a pair that shares an address, NAT or routing brought it here.

**Signature.** The SPI is an inbound SA of another device of ours, which has the destination address too, or to which
the sender sends on it. Or a device that was not collected answers under an address that the receiver may share (a
loopback, a standby address): the sender's IKE SA, older than the lines and with periodic DPD, stands, while the
receiver has none and the lines go on for longer than DPD waits.

**Ruled out by.** The SPI is the receiver's own. Open while the SA table of a partner was not read, unless the receiver
took over from it before the lines, and is not seen to step down again: then they were meant for the receiver. Open too
while the sender sends to a NAT before the receiver, which may forward to another box, unless the receiver lost its SAs
before the lines; and where a sender with periodic DPD goes on for longer than it waits, and its IKE table was not read.

**What to do.** Find what moved the traffic: HSRP or failover state, a NAT rule, a route. Stateful switch-over keeps the
SAs on both members. Source: field guide C6, C7.
"""

from __future__ import annotations

from collections.abc import Sequence

from vpnaudit.diagnose.interfaces import alone_with
from vpnaudit.diagnose.losses import losses_of, stepped_down_after, unread_partner
from vpnaudit.diagnose.of_story import (
    MOST_PROBES,
    NOT_OF_TWO,
    is_with_dpd,
    may_be_another_box,
    on_group_interface,
    receiver_of,
    sa_table_read,
    sender_of,
)
from vpnaudit.diagnose.proofs import placed, sa_tables
from vpnaudit.diagnose.signs import Window, stamp
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.addresses import is_private, normal
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import CONFIDENCES, Cause, Story, Weighing
from vpnaudit.model.ledger import LedgerEntry
from vpnaudit.settings import Settings

LONGEST_DPD_S, LONGEST_RETRY_S = 3600, 60
"""What can be configured at most, for timers that are not known."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism != "misdelivered":
        return _answered_elsewhere(story, fleet) or _not_seen(story, fleet)
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
        return _where_another_may_hold_it(story, fleet, found)
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    shared = story.episodes[0].events[0].destination or story.receiver
    partners = [name for name in fleet.sharing.get(normal(shared), ()) if name != story.receiver]
    if partners and not story.ongoing:
        question = f"did {partners[0]}, which shares {shared}, hold that SPI then?"
        return still_open(question, f"{partners[0]}: {fleet.device_by_name[partners[0]].words.sas_recorded_by}")
    partner = unread_partner(story, fleet)
    if partner is not None:
        question = f"does {partner}, which shares {shared}, hold that SPI?"
        return still_open(question, f"{partner}: show crypto ipsec sa")
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


def _answered_elsewhere(story: Story, fleet: Fleet) -> Weighing | None:
    """That the peer of the sender's IKE SA is not the receiver: DPD that nobody answers ends an IKE SA (RFC 3706).

    Where the receiver may share its address: a loopback's, which routing brings to several, or a pair's.
    """
    here, there, begin = story.receiver_end, story.sender_end, story.begins
    if story.mechanism != "stale-sa" or here is None or there is None or there.dpd is None or begin is None:
        return None
    if here.live_ike or not here.ike_table_read or there.dpd.mode != "periodic":
        return None
    device = receiver_of(story, fleet)
    if device.config is None or alone_with(device, here.address):
        return None
    kept = [i for i in there.live_ike if is_with_dpd(i) and i.established_at is not None and i.established_at < begin]
    seen_s = max(e.duration_s for e in story.episodes) if story.ongoing else 0.0
    waits_s = (there.dpd.interval_s or LONGEST_DPD_S) + MOST_PROBES * (there.dpd.retry_s or LONGEST_RETRY_S)
    if seen_s <= waits_s:
        return None
    who = story.sender or story.source
    undated = any(is_with_dpd(i) and i.established_at is None for i in there.live_ike)
    if undated or not (there.ike_table_read or there.live_ike):
        question = (
            f"does an IKE SA of {who} with {here.seen} stand since before the lines, which another device answers?"
        )
        return still_open(question, f"{who}: {there.words.ike_shown_by}")
    if not kept:
        return None
    since = f"since {stamp(kept[0].established_at or begin)}"
    alive = (
        f"{who} has an IKE SA with {here.seen} {since}, with periodic DPD ({there.dpd.interval_s} s): it is answered"
    )
    none = f"{story.receiver} has no IKE SA with {story.source}: who answers is another device at that address"
    return Weighing(
        verdict="fits",
        confidence="likely",
        because=(reason(alive, kept[0].evidence, *there.dpd.evidence), reason(none, *here.evidence)),
        owner_devices=(story.receiver,),
        title=f"another device answers {who} under the address of {story.receiver}, which gets its packets",
    )


def _where_another_may_hold_it(story: Story, fleet: Fleet, found: Sequence[LedgerEntry]) -> Weighing:
    """A partner whose table was not had may hold the SPI, unless the receiver stands in for it."""
    partner = unread_partner(story, fleet)
    if any(e.role == "receiver" and e.device == story.receiver for e in found):
        return out("the SPI is no inbound SA of another device of ours", *placed(story))
    if partner is None:
        return _behind_nat(story, fleet)
    window = Window(high=story.begins)
    took = [s for s in losses_of(story, fleet) if s.is_takeover and window.has(s)]
    if took and not stepped_down_after(receiver_of(story, fleet), took[0]):
        text = f"{took[-1].text} before the lines: packets to the address that they share were meant for it"
        return unlikely(text, *took[-1].evidence)
    question = f"does {partner}, which shares an address with {story.receiver}, hold that SPI?"
    return still_open(question, f"{partner}: show crypto ipsec sa")


def _behind_nat(story: Story, fleet: Fleet) -> Weighing:
    """Who sends to a NAT's address sends to whatever box it forwards to: the receiver, if it lost the SA."""
    end = story.receiver_end
    if end is None or normal(end.seen) == normal(end.address):
        return out("the SPI is no inbound SA of another device of ours", *placed(story))
    sa = story.sent_sa
    window = Window(low=sa.installed_at if sa is not None else None, high=story.begins)
    lost = [s for s in losses_of(story, fleet) if window.has(s)]
    if lost:
        return unlikely(f"{lost[-1].text} before the lines: the SA can well have been its own", *lost[-1].evidence)
    others = "; no network of its own is known that the SA protects" if may_be_another_box(story) else ""
    question = f"does another device stand behind the NAT of {end.seen} and hold that SPI{others}?"
    return still_open(question, "there: show crypto ipsec sa")


CAUSE = Cause(name="misdelivery", order=30, owner="path", weigh=_weigh)
