"""One end deleted its SA, the other was never told, although both hold a live IKE SA.

**Signature.** A stale SA while the IKE SAs of both ends are alive. IKEv1's DELETE and third quick-mode message are not
acknowledged: one lost packet is enough. DPD does not heal it, because the peer answers (measured: the stream goes on
for the SA's life with DPD as without).

**Ruled out by.** No IKE SA at one end; a reload; the other half of the same pair in use at both ends: then nothing was
deleted. IKEv2 at both ends makes it rare (its DELETE is acknowledged): it is not named before both ends' lifetimes are
known to be equal. Open where no line speaks of it and the tables of both ends may be from before and after a rekey, and
where it is over and the age of no IKE SA is known, or all of them are younger than the last line; and where the lines
are of less than two minutes and no table shows that the sender went on.

**What to do.** Clear the peer at the sender; see that UDP 500 and 4500 pass both ways; IKEv2. Source: field guide C4,
11.
"""

from __future__ import annotations

from datetime import timedelta

from vpnaudit.diagnose.log_reach import begin_is_seen
from vpnaudit.diagnose.of_story import (
    NOT_OF_TWO,
    clocks_are_known,
    deleted_by_its_own,
    goes_on,
    is_older_than_sa,
    is_over_by,
    may_be_another_box,
    may_be_rekeyed_between,
    not_kept,
    on_group_interface,
    receiver_of,
    sa_table_read,
    seen_to_be_stale,
    sender_may_keep,
    sender_of,
    sends_in_vain,
    slack,
    which_moment,
    without_ike,
)
from vpnaudit.diagnose.path_outages import ike_ended_since
from vpnaudit.diagnose.proofs import ike_of, ike_tables, placed
from vpnaudit.diagnose.signs import EARLIEST, stamp
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.device import SA_COMMANDS
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing, WouldSettle
from vpnaudit.model.ledger import RECORDED
from vpnaudit.model.platform import Words
from vpnaudit.model.tunnel import LiveIke, LiveSa, TunnelEnd
from vpnaudit.settings import Settings

LATE_S = 60.0
"""An IKE SA that is younger than the first line by more than this was set up after the other was gone."""
SOON_S = 120.0
"""A sender that was told nothing keeps its SA for longer than this after the first line (DESIGN 7)."""
OF_V2 = ("lifetime-mismatch",)
"""IKEv2 does not negotiate lifetimes, and repeats its DELETE: while one that differs is open, a lost one is no more."""
OF_ANOTHER = ("misdelivery",)
"""An SA of networks that are not the receiver's may be another box's, at which the packets should arrive."""
PAIR_S = 2
"""Both halves of a pair are installed at once, and one table shows what is left of each in whole seconds."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    if story.mechanism != "stale-sa" or on_group_interface(story, fleet):
        return _not_stale(story, fleet)
    if story.episodes and story.sent_sa is None and not goes_on(story, settings):
        # A lost DELETE is followed by a stream for as long as the SA lives (measured, field guide 11).
        return _given_up(story, fleet) or _asks_of_more(story)
    here = story.receiver_end
    if here is not None and here.ike_table_read and not here.live_ike:
        since = ike_ended_since(story, fleet)
        if since is not None:
            at = stamp(since.at or EARLIEST)
            return still_open(
                f"had both ends an IKE SA as the lines began? {since.text} at {at}, after that",
                f"both ends ({story.receiver}, {story.sender or 'the peer'}): show logging, as a syslog server has it",
            )
        return out(without_ike(story, fleet), *ike_tables(receiver_of(story, fleet)))
    if not (sa_table_read(story, fleet) or _seen_to_go(story)):
        return still_open(f"has {story.receiver} lost that SA?", f"{story.receiver}: {SA_COMMANDS[0]}")
    if may_be_rekeyed_between(story):
        return which_moment(story)
    return _by_ike(story, fleet)


def _asks_of_more(story: Story) -> Weighing:
    who = story.source or "the sender"
    return still_open(f"does {who} go on sending on it?", f"{story.receiver}: show logging")


def _given_up(story: Story, fleet: Fleet) -> Weighing | None:
    """The sender's own record that it gave the SA up soon after the line."""
    begin, spis = story.begins, sorted({e.spi for e in story.episodes})
    sent = [x for spi in spis for x in fleet.ledger.find(spi, "sender", device=story.sender)]
    for entry in sent if begin is not None and story.sender is not None and clocks_are_known(story, fleet) else ():
        if entry.gone_at is None or entry.live or entry.how not in RECORDED or begin is None:
            continue
        late_s = (entry.gone_at - begin).total_seconds()
        if late_s + slack(story, fleet) >= 0 and late_s <= SOON_S:
            text = f"{story.sender} gave that SA up at {stamp(entry.gone_at)}: it sent on it no longer"
            return out(text, entry.evidence)
    return None


def _by_ike(story: Story, fleet: Fleet) -> Weighing:
    """Whether both ends hold a live IKE SA over which the DELETE would have gone."""
    here, there = story.receiver_end, story.sender_end
    if here is None and receiver_of(story, fleet).ike_read(None):
        return out(without_ike(story, fleet), *ike_tables(receiver_of(story, fleet)))
    if here is None or not here.ike_table_read:
        return still_open(
            f"has {story.receiver} an IKE SA with {story.source}?", f"{story.receiver}: {_shown_by(here)}"
        )
    if there is None or there.device is None or not there.ike_table_read:
        who = story.sender or "the peer"
        return still_open(
            f"has {who} a live IKE SA with {story.receiver}, and which SPIs?", f"{who}: {_shown_by(there)}"
        )
    if not there.live_ike:
        sender = sender_of(story, fleet)
        whole = ike_tables(sender) if sender is not None else ()
        return out(f"{there.device} has no IKE SA with {story.receiver}", *whole)
    return _fits(story, fleet, here, there)


def _seen_to_go(story: Story) -> bool:
    """Whether a record of the receiver's own (trace, log, older table) has the SA and its end."""
    entries = [x for episode in story.episodes for event in episode.events for x in event.found]
    return any(x.role == "receiver" and x.device == story.receiver and x.gone_at is not None for x in entries)


def _fits(story: Story, fleet: Fleet, here: TunnelEnd, there: TunnelEnd) -> Weighing:
    oldest = [_oldest(here), _oldest(there)]
    begin, sa = story.begins, story.sent_sa
    half = _other_half(sa, here, there) if sa is not None else ()
    if half:
        text = f"{story.receiver} deleted nothing: it sends on the other half of the pair that {there.device} sends on"
        return out(text, *(s.evidence for s in half))
    because = [
        *deleted_by_its_own(story, fleet),
        reason(f"{story.receiver} and {there.device} both hold a live IKE SA", *(i.evidence for i in oldest if i)),
    ]
    if sa is not None:
        because.append(sends_in_vain(story, sa))
    aged = [i.established_at for i in oldest if i is not None and i.established_at is not None]
    if begin is not None and len(aged) == 2 and all(a > begin + timedelta(seconds=LATE_S) for a in aged):
        if all(is_over_by(a, story) for a in aged):
            return still_open(
                f"had {story.receiver} and {there.device} IKE SAs while the lines came? Those of now are younger",
                f"both ends ({story.receiver}, {there.device}): show logging, as a syslog server has it",
            )
        return out("the IKE SAs of both ends were set up after the lines began", *ike_of(here, there))
    if story.tunnel is not None and story.tunnel.ike == "v2" and not there.sa_table_read:
        # A lost DELETE is rare there, and the other half of the pair in use would show that nothing was deleted.
        return still_open(
            f"does {there.device} still send on it, and is the other half of that pair in use?",
            f"{there.device}: {SA_COMMANDS[0]}",
        )
    if begin is not None and sa is None and not _seen_to_go(story) and _sent_on_since_before(story, fleet, there):
        return still_open(
            f"what was that SPI? {there.device} sends on SAs that are older than the lines, and on no other",
            f"{there.device}: {there.words.sas_recorded_by}",
        )
    over = sa is None and not aged and not _seen_to_go(story)
    young = begin is not None and len(aged) == 1 and aged[0] > begin + timedelta(seconds=LATE_S)
    known = begin is not None and clocks_are_known(story, fleet)
    undated = bool(story.episodes) and not known and sa is None and not _seen_to_go(story)
    if undated or (begin is not None and (over or young)):
        # Nothing tells that IKE lived through it: what is live now may be younger than the lines.
        return still_open(
            f"are the IKE SAs of {story.receiver} and {there.device} older than the lines?",
            f"{story.receiver}: {_shown_by(here)}; {there.device}: {_shown_by(there)}",
        )
    seen = clocks_are_known(story, fleet) and begin_is_seen(story, fleet)
    seen = seen or all(is_older_than_sa(a, story, fleet) for a in aged)
    before = begin is not None and len(aged) == 2 and all(a < begin + timedelta(seconds=LATE_S) for a in aged) and seen
    if before and begin is not None:
        because.append(reason(f"both IKE SAs are older than the first line ({stamp(begin)})"))
    if story.tunnel is not None and story.tunnel.ike == "v2":
        because.append(reason("with IKEv2 a DELETE is acknowledged and repeated, so a lost one is rare"))
    return Weighing(
        verdict="fits",
        confidence=_how_sure(story, before=before, known=seen and len(aged) == 2),
        because=tuple(because),
        would_settle=tuple(
            WouldSettle(question=f"is {e.device}'s IKE SA older than the lines?", command=f"{e.device}: {_shown_by(e)}")
            for e, i in ((here, oldest[0]), (there, oldest[1]))
            if i is None or i.established_at is None
        ),
        owner_devices=(there.device,) if there.device else (),
        title=f"{story.receiver} deleted its SA and {there.device} was never told, although IKE is up",
        unless_open=(
            *(OF_V2 if story.tunnel is not None and story.tunnel.ike == "v2" else ()),
            *(OF_ANOTHER if may_be_another_box(story) else ()),
        ),
    )


def _sent_on_since_before(story: Story, fleet: Fleet, there: TunnelEnd) -> bool:
    """Whether the sender had its present SAs before the lines began: then it was not stuck on one of before."""
    begin, margin = story.begins, timedelta(seconds=slack(story, fleet))
    if begin is None or not there.sa_table_read or not clocks_are_known(story, fleet):
        return False
    ages = [s.installed_at for s in there.outbound]
    return bool(ages) and all(at is not None and at < begin - margin for at in ages)


def _other_half(sa: LiveSa, here: TunnelEnd, there: TunnelEnd) -> tuple[LiveSa, ...]:
    """The receiver's outbound SA, where the sender's table has it as the inbound half of the pair that it sends on.

    Both halves of a pair are set up by one negotiation and deleted together. Only where the sender's table leaves no
    doubt which two are a pair: one inbound SA of the same age and the same identities.
    """
    if sa.remaining_s is None:
        return ()
    pair = [s for s in there.inbound if s.remaining_s is not None and abs(s.remaining_s - sa.remaining_s) <= PAIR_S]
    mine = [s for s in pair if (s.local_identity, s.remote_identity) == (sa.local_identity, sa.remote_identity)]
    if len(mine) != 1:
        return ()
    return tuple(s for s in here.outbound if s.spi == mine[0].spi)


def _how_sure(story: Story, *, before: bool, known: bool) -> Confidence:
    """`before`: IKE was there when the SA went. `known`: whether it was is known at all."""
    first_version = story.tunnel is not None and story.tunnel.ike == "v1"
    if seen_to_be_stale(story) and before and first_version:
        return "proven"
    return "likely" if known else "possible"


def _shown_by(end: TunnelEnd | None) -> str:
    return (end.words if end is not None else Words()).ike_shown_by


def _oldest(end: TunnelEnd) -> LiveIke | None:
    dated = sorted((i.established_at, n) for n, i in enumerate(end.live_ike) if i.established_at)
    return end.live_ike[dated[0][1]] if dated else next(iter(end.live_ike), None)


def _not_stale(story: Story, fleet: Fleet) -> Weighing:
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    if sender_may_keep(story, fleet):
        who = story.source or "the sender"
        return still_open(
            f"does {who} still send on it, with IKE SAs alive at both ends?",
            f"both ends: {_shown_by(story.receiver_end)}",
        )
    return not_kept(story, fleet)


CAUSE = Cause(name="delete-lost", order=120, owner="sender", weigh=_weigh)
