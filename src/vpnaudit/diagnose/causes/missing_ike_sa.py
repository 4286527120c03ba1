"""The receiver has no IKE SA over which to tell the sender that its SA is gone.

**Signature.** A stale SA, no IKE SA with that source at the receiver, and no reason known why the receiver lost its SA.
IOS answers an unknown SPI with a DELETE, but only over a live IKE SA.

**Ruled out by.** An IKE SA on both ends; a reload, clear or failover; a lifetime that ran out; a lost DELETE.

**What to do.** Clear the peer at the sender, periodic DPD at the sender; `crypto isakmp invalid-spi-recovery` at the
receiver only for a static IKEv1 peer behind a filter. Source: field guide C3, C4, 4.A.
"""

from __future__ import annotations

from datetime import timedelta

from vpnaudit.diagnose.proofs import placed
from vpnaudit.diagnose.signs import (
    NOT_OF_TWO,
    begins,
    may_be_rekeyed_between,
    not_kept,
    on_group_interface,
    receiver_end,
    receiver_of,
    seen_to_be_stale,
    sender_may_keep,
    sends_in_vain,
    sent_sa,
    stamp,
    which_moment,
)
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.device import IKE_COMMANDS, IKE_V1_COMMANDS, IKE_V2_COMMANDS
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing
from vpnaudit.settings import Settings


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism != "stale-sa":
        if sender_may_keep(story, fleet):
            return still_open(
                f"has {story.receiver} an IKE SA with {story.source}?", f"{story.receiver}: show crypto isakmp sa"
            )
        return not_kept(story, fleet)
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    if may_be_rekeyed_between(story):
        return which_moment(story)
    here, device = receiver_end(story), receiver_of(story, fleet)
    read = here.ike_table_read if here is not None else device.ike_read(None)
    if not read:
        command = IKE_V2_COMMANDS[0] if here is not None and here.ike == "v2" else IKE_V1_COMMANDS[0]
        return still_open(f"has {device.name} an IKE SA with {story.source}?", f"{device.name}: {command}")
    begin = begins(story)
    live = here.live_ike if here is not None else ()
    if live:
        later = [i for i in live if i.established_at and begin and i.established_at > begin + timedelta(seconds=60)]
        if len(later) < len(live) or begin is None:
            return out(f"{device.name} has a live IKE SA with {story.source}", live[0].evidence)
        when = later[0].established_at
        text = (
            f"{device.name}'s IKE SA with {story.source} dates from {stamp(when) if when else 'later'}, after the lines"
        )
        because = [reason(f"{text} began", later[0].evidence)]
    else:
        because = [reason(f"{device.name} has no IKE SA with {story.source}", *device.cite_whole(*IKE_COMMANDS))]
    return _fits(story, because)


def _fits(story: Story, because: list[Reason]) -> Weighing:
    sa = sent_sa(story)
    who = story.sender or story.source or "the sender"
    if sa is not None:
        because.append(sends_in_vain(story, sa))
    return Weighing(
        verdict="fits",
        confidence="proven" if seen_to_be_stale(story) else "likely",
        because=tuple(because),
        owner_devices=(story.receiver,),
        title=f"{story.receiver} has no IKE SA over which to tell {who} that its SA is gone",
        unless_open=("reset-not-detected", "lifetime-mismatch"),
    )


CAUSE = Cause(name="missing-ike-sa", order=130, owner="receiver", weigh=_weigh)
