"""What the two ends protect does not match, so pairs are refused or deleted soon after they are set up.

**Signature.** Packets that did not fit their SA (INV_IDENTITY, ASA 402116) or refused proxies from the same peer around
the lines; proxy identities that do not mirror each other; pairs that live seconds.

**Ruled out by.** Mirrored proxy identities, or pairs that live on, and no such message.

**What to do.** Mirror-image access lists at both ends, or a tunnel interface. Source: field guide C12.
"""

from __future__ import annotations

from datetime import timedelta

from vpnaudit.diagnose.of_story import (
    NOT_OF_TWO,
    begins,
    ends,
    on_group_interface,
    receiver_end,
    receiver_of,
    sender_end,
    sender_of,
)
from vpnaudit.diagnose.outages import identity_errors
from vpnaudit.diagnose.proofs import agreed, logs, placed
from vpnaudit.diagnose.signs import Window
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing
from vpnaudit.model.tunnel import TunnelEnd
from vpnaudit.settings import Settings

AROUND_S = 600.0
LIVES_S = 60.0
"""Pairs that a mismatch brings down live seconds (field guide C12)."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism in {"unknown-source", "misdelivered", "damaged"}:
        return out("the SPI was never agreed between these two ends", *placed(story))
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    here, there = receiver_end(story), sender_end(story)
    device = receiver_of(story, fleet)
    errors = identity_errors(device, story.source)
    other = sender_of(story, fleet)
    if other is not None and here is not None:
        errors += identity_errors(other, here.seen)
    begin, last = begins(story), ends(story)
    if begin is not None and last is not None:
        margin = timedelta(seconds=AROUND_S)
        window = Window(low=begin - margin, high=last + margin)
        errors = [e for e in errors if window.has(e)]
    elif story.episodes:
        errors = []
    if errors:
        return Weighing(
            verdict="fits",
            confidence="likely",
            because=tuple(reason(e.text, *e.evidence) for e in errors[:3]),
            owner_devices=tuple(sorted(d for d in (story.receiver, story.sender) if d)),
            title=f"what {story.receiver} and {story.sender or story.source} protect does not match",
        )
    if here is not None and there is not None and _mirrored(here, there):
        text = "both ends' proxy identities mirror each other"
        if device.log_captures:
            text += ", and no packet was refused for its identity"
        return out(text, *agreed(here, there), *logs(device))
    if here is not None and there is not None and _differ(here, there):
        question = f"the access lists of {story.receiver} and {story.sender or story.source} do not mirror each other"
        command = f"{device.name}: show crypto ipsec sa detail, twice 10 seconds apart (SPIs, pkts invalid identity)"
        return still_open(f"{question}: are their pairs deleted soon after each set-up?", command)
    if here is None or not here.config_read:
        return still_open("do the access lists of both ends mirror each other?", "both ends: show running-config")
    if not device.log_captures:
        return still_open(
            f"did {device.name} refuse packets that did not fit their SA?", f"{device.name}: show logging"
        )
    return unlikely(f"{device.name} logged no packet that did not fit its SA", *logs(device))


def _mirrored(here: TunnelEnd, there: TunnelEnd) -> bool:
    if here.proxies is None or there.proxies is None:
        return here.vti and there.vti
    return {(p.local, p.remote) for p in here.proxies} == {(p.remote, p.local) for p in there.proxies}


def _differ(here: TunnelEnd, there: TunnelEnd) -> bool:
    """Whether both access lists are known, do not mirror each other, and no pair that both ends hold lives on."""
    if here.proxies is None or there.proxies is None or _mirrored(here, there):
        return False
    sent = {s.spi for s in there.outbound}
    shared = [s.installed_at for s in here.inbound if s.spi in sent]
    settled = [at for at in shared if at and here.sa_table_at and here.sa_table_at - at > timedelta(seconds=LIVES_S)]
    return not settled


CAUSE = Cause(name="policy-mismatch", order=100, owner="both", weigh=_weigh)
