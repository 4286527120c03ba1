"""The receiver has no IKE SA over which to tell the sender that its SA is gone.

**Signature.** A stale SA, no IKE SA with that source at the receiver, and no reason known why the receiver lost its SA.
IOS answers an unknown SPI with a DELETE, but only over a live IKE SA.

**Ruled out by.** An IKE SA on both ends; a reload, clear or failover; a lifetime that ran out; a lost DELETE. Open
where it is over and the IKE SA of now is younger than the last line: that may have ended it, and tells of nothing
before.

**What to do.** Clear the peer at the sender, periodic DPD at the sender; `crypto isakmp invalid-spi-recovery` at the
receiver only for a static IKEv1 peer behind a filter. Source: field guide C3, C4, 4.A.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from vpnaudit.diagnose.log_reach import begin_is_seen, whole_log
from vpnaudit.diagnose.of_story import (
    NOT_OF_TWO,
    deleted_by_its_own,
    goes_on,
    is_older_than_sa,
    is_over_by,
    may_be_rekeyed_between,
    not_kept,
    on_group_interface,
    receiver_of,
    repeated,
    seen_to_be_stale,
    sender_may_keep,
    sends_in_vain,
    which_moment,
    without_ike,
)
from vpnaudit.diagnose.path_outages import ike_ended_since
from vpnaudit.diagnose.proofs import ike_tables, placed
from vpnaudit.diagnose.signs import EARLIEST, stamp
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.device import IKE_V1_COMMANDS, IKE_V2_COMMANDS
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import CONFIDENCES, Cause, Reason, Story, Weighing
from vpnaudit.model.platform import Words
from vpnaudit.model.tunnel import LiveIke
from vpnaudit.settings import Settings

LATE_S = 60.0
"""An IKE SA that is younger than the first line by more than this was set up after the other was gone."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    if story.mechanism == "unknown-source" and goes_on(story, settings):
        question = f"was {story.source} once a peer of {story.receiver}? One whose entry was removed goes on sending"
        return still_open(question, f"{story.source}: show crypto ipsec sa, if its owner is known")
    if story.mechanism != "stale-sa":
        return _maybe_kept(story, fleet) if sender_may_keep(story, fleet) else not_kept(story, fleet)
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    if may_be_rekeyed_between(story):
        return which_moment(story)
    here, device = story.receiver_end, receiver_of(story, fleet)
    read = here.ike_table_read if here is not None else device.ike_read(None)
    if not read:
        command = IKE_V2_COMMANDS[0] if here is not None and here.ike == "v2" else IKE_V1_COMMANDS[0]
        return still_open(f"has {device.name} an IKE SA with {story.source}?", f"{device.name}: {command}")
    live = here.live_ike if here is not None else ()
    if live:
        return _live(story, fleet, live)
    since = ike_ended_since(story, fleet)
    none = reason(without_ike(story, fleet), *ike_tables(device))
    if since is not None:
        later = reason(f"{since.text} at {stamp(since.at or EARLIEST)}, after the lines began", *since.evidence)
        surest: Confidence = "possible" if _sender_had_ike(story) else "likely"
        return _fits(story, [*deleted_by_its_own(story, fleet), none, later], surest=surest)
    return _fits(story, [*deleted_by_its_own(story, fleet), none])


def _sender_had_ike(story: Story) -> bool:
    """Whether the sender's table has an IKE SA from before the lines: then the receiver may have had it too."""
    there, begin = story.sender_end, story.begins
    ages = [i.established_at for i in there.live_ike] if there is not None else []
    return begin is not None and any(at is not None and at < begin for at in ages)


def _maybe_kept(story: Story, fleet: Fleet) -> Weighing:
    """Lines that may be of an SA that the sender keeps: what the receiver's IKE table says, else the question."""
    here = story.receiver_end
    live, who = here.live_ike if here is not None else (), story.sender or story.source or "the sender"
    read = here.ike_table_read if here is not None else receiver_of(story, fleet).ike_read(None)
    if not live and read:
        question = f"does {who} send on an SA, while {story.receiver} has no IKE SA with it?"
        return still_open(question, f"{who}: show crypto ipsec sa")
    if not live:
        return still_open(
            f"has {story.receiver} an IKE SA with {story.source}?", f"{story.receiver}: {_shown_by(story)}"
        )
    weighed = _live(story, fleet, live)
    if weighed.verdict != "fits":
        return weighed
    question = f"does {who} still send on an SA from before {story.receiver}'s IKE SA with it?"
    return still_open(question, f"{who}: show crypto ipsec sa")


def _live(story: Story, fleet: Fleet, live: Sequence[LiveIke]) -> Weighing:
    """Whether the receiver's IKE SAs were set up only after its SA was gone."""
    who, begin = f"{story.receiver}'s IKE SA with {story.source}", story.begins
    oldest = min((i for i in live if i.established_at), key=lambda i: i.established_at or EARLIEST, default=live[0])
    at = oldest.established_at
    if at is not None and (begin is None or at <= begin + timedelta(seconds=LATE_S)):
        if begin_is_seen(story, fleet) or is_older_than_sa(at, story, fleet):
            return out(f"{story.receiver} has a live IKE SA with {story.source}", oldest.evidence)
        return still_open(
            f"when did it begin? That {who} dates from {stamp(at)} does not tell whether it was there then",
            f"{story.receiver}: {whole_log(receiver_of(story, fleet))}",
        )
    if at is not None and story.episodes and not repeated(story):
        # One line tells of one moment, and an IKE SA that was re-authenticated since is as young.
        return still_open(f"was there an IKE SA before {who}?", f"{story.receiver}: show logging")
    if at is not None and is_over_by(at, story):
        return still_open(
            f"was there an IKE SA while the lines came? {who} dates from {stamp(at)}, after them",
            f"{story.receiver}: {whole_log(receiver_of(story, fleet))}",
        )
    if at is None or any(i.established_at is None for i in live):
        return still_open(f"is {who} older than the lines?", f"{story.receiver}: {_shown_by(story)}")
    # One that was re-authenticated is as young.
    return _fits(
        story, [reason(f"{who} dates from {stamp(at)}, after the lines began", oldest.evidence)], surest="likely"
    )


def _shown_by(story: Story) -> str:
    end = story.receiver_end
    return (end.words if end is not None else Words()).ike_shown_by


def _fits(story: Story, because: list[Reason], surest: Confidence = "proven") -> Weighing:
    sa = story.sent_sa
    who = story.sender or story.source or "the sender"
    if sa is not None:
        because.append(sends_in_vain(story, sa))
    return Weighing(
        verdict="fits",
        confidence=max(surest, "proven" if seen_to_be_stale(story) else "likely", key=CONFIDENCES.index),
        because=tuple(because),
        owner_devices=(story.receiver,),
        title=f"{story.receiver} has no IKE SA over which to tell {who} that its SA is gone",
        unless_open=("misdelivery", "reset-not-detected", "lifetime-mismatch"),
    )


CAUSE = Cause(name="missing-ike-sa", order=130, owner="receiver", weigh=_weigh)
