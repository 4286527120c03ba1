"""The device does what it should not: a software defect is the best explanation left.

**Signature.** Lines for an SPI that the receiver's own table shows as installed long before (the data plane does not
have what the table says); or ends whose settings do not differ as far as they were read, that hold live IKE SAs and
still disagree on SPIs.

**Ruled out by.** Any plainer cause.

**What to do.** Collect the data-plane view, compare the release with the vendor's defect list, open a case. Source:
field guide C5, 3.2 row 3.
"""

from __future__ import annotations

from datetime import timedelta

from vpnaudit.diagnose.of_story import (
    NOT_OF_TWO,
    ONE_MOMENT_S,
    on_group_interface,
    receiver_of,
    sa_table_read,
    sends_in_vain,
)
from vpnaudit.diagnose.proofs import agreed, ike_of, ike_tables, lifetimes_of, placed, sa_tables
from vpnaudit.diagnose.signs import stamp
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.event import Event
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing
from vpnaudit.model.transforms import algorithms
from vpnaudit.model.tunnel import TunnelEnd
from vpnaudit.settings import Settings

RIVALS = ("reset-not-detected", "lifetime-mismatch", "low-memory", "packet-loss", "delete-lost", "missing-ike-sa")


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    if story.mechanism not in {"stale-sa", "unexplained"}:
        return out("the lines are explained without a defect", *placed(story))
    device = receiver_of(story, fleet)
    owned = [ev for e in story.episodes for ev in e.events if any(x.live and x.device == device.name for x in ev.found)]
    if owned:
        return _own_table(story, fleet, owned[0], settings)
    if story.mechanism == "unexplained":
        if not sa_table_read(story, fleet):
            return still_open(f"is the SPI in {device.name}'s own table?", f"{device.name}: show crypto ipsec sa")
        return out(f"no SPI of {device.name}'s own table was refused", *placed(story), *sa_tables(device))
    return _disagree(story, fleet)


def _disagree(story: Story, fleet: Fleet) -> Weighing:
    """Whether the ends agree on all and still disagree on SPIs."""
    here, there = story.receiver_end, story.sender_end
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    if not story.ongoing:
        return _over(story, fleet)
    if here is None or there is None or not (here.config_read and there.config_read):
        return still_open("do both ends agree in all settings?", "both ends: show running-config")
    without = [e for e in (here, there) if not e.live_ike]
    unread = next((e for e in without if not e.ike_table_read), None)
    if unread is not None:
        return still_open("do both ends hold live IKE SAs?", f"{unread.device}: {unread.words.ike_shown_by}")
    if without:
        read = [fleet.device_by_name[e.device] for e in without if e.device is not None]
        return out("no live IKE SAs at both ends", *(line for device in read for line in ike_tables(device)))
    if not _agree(here, there):
        return out("the settings of the two ends differ", *agreed(here, there), *lifetimes_of(here, there))
    return Weighing(
        verdict="fits",
        confidence="possible",
        because=(
            reason(
                "lifetimes, transforms and proxy identities of both ends agree as far as they were read, both hold "
                "live IKE SAs, and still they disagree on SPIs",
                *agreed(here, there),
                *ike_of(here, there),
            ),
            *((sends_in_vain(story, sa),) if (sa := story.sent_sa) is not None else ()),
        ),
        title=f"{story.receiver} and {there.device} disagree on SPIs without a reason in sight",
        unless_open=RIVALS,
    )


def _over(story: Story, fleet: Fleet) -> Weighing:
    """That it ended: seen in the tables of both ends, or by the last line."""
    tunnel, end = story.tunnel, story.ends
    after = tunnel is not None and all(
        end is None or e.sa_table_at is None or e.sa_table_at >= end - timedelta(seconds=ONE_MOMENT_S)
        for e in tunnel.ends
    )
    both = tunnel is not None and tunnel.both_ends and all(e.sa_table_read for e in tunnel.ends)
    if tunnel is not None and both and after and not tunnel.stale:
        tables = [line for e in tunnel.ends for line in sa_tables(fleet.device_by_name[e.device or ""])]
        return unlikely("it is over: the ends do not disagree on SPIs any more", *tables)
    dated = [(v.at, v.evidence) for e in story.episodes for v in e.events[-1:] if v.at is not None]
    last = max(dated, key=lambda one: one[0], default=None)
    shown = sa_tables(receiver_of(story, fleet))
    if last is None:
        return unlikely("nothing shows that it goes on", *placed(story), *shown)
    return unlikely(f"the episode is over: its last line is of {stamp(last[0])}", *last[1][:1], *shown)


def _agree(here: TunnelEnd, there: TunnelEnd) -> bool:
    """Whether nothing that is known of both ends' settings differs."""
    lifetimes = [(e.lifetime.ipsec_s, e.lifetime.ipsec_kb) for e in (here, there) if e.lifetime is not None]
    offers = [{algorithms(t) or t for t in e.transforms} for e in (here, there) if e.transforms is not None]
    proxies = [{(p.local, p.remote) for p in e.proxies} for e in (here, there) if e.proxies is not None]
    mirrored = len(proxies) < 2 or proxies[0] == {(remote, local) for local, remote in proxies[1]}
    return mirrored and len(set(lifetimes)) <= 1 and (len(offers) < 2 or not offers[0].isdisjoint(offers[1]))


def _own_table(story: Story, fleet: Fleet, event: Event, settings: Settings) -> Weighing:
    device = receiver_of(story, fleet)
    if device.clock_uncertainty_s is None or device.clock_uncertainty_s > settings.thresholds.clock_known_s:
        return still_open(f"is {device.name}'s clock right?", f"{device.name}: show clock detail; show ntp status")
    if sum(e.lines for e in story.episodes) < 2:
        return still_open("does the line come again?", f"{device.name}: show logging")
    return Weighing(
        verdict="fits",
        confidence="possible",
        because=(reason(event.because, *(x.evidence for x in event.found)),),
        owner_devices=(device.name,),
        title=f"{device.name} refuses an SPI that its own table has",
    )


CAUSE = Cause(name="suspected-defect", order=160, owner="vendor", weigh=_weigh)
