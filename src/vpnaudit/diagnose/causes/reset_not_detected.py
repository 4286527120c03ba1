"""The receiver lost its SAs (reload, clear, failover) and the sender did not notice.

**Signature.** The sender still has (or had) an SA from before the receiver came up, was cleared or took over, and the
lines begin after that. The sender has no DPD, or DPD on demand, which sees nothing while packets come in.

**Ruled out by.** No reload, clear or failover before the lines began (unlikely only, where the log begins later than
the SA that the sender holds); or the sender itself came up after they began.

**What to do.** Clear the session at the sender; give the sender periodic DPD. Source: field guide C3, C4, section 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from vpnaudit.diagnose.proofs import first_and_last, logs, placed
from vpnaudit.diagnose.signs import (
    Sign,
    Window,
    begins,
    carriers,
    log_begins,
    receiver_end,
    receiver_of,
    repeated,
    restarts,
    sender_end,
    sender_of,
    sent_sa,
    slack,
    stamp,
    state_losses,
)
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.device import Device
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing, WouldSettle
from vpnaudit.model.tunnel import Dpd
from vpnaudit.settings import Settings

LONGEST_SA_S = 28_800.0
"""Taken where no lifetime is known: the longest of the platforms' defaults (ASA)."""
LATE_SIGN_S = 90.0
SAME_LOSS_S = 300.0
"""Signs so close together tell of one loss: a restart is in the log and in the uptime."""
SINGLE_S = 300.0
"""A single line is a stream of under a minute: the loss must lie close before it."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism not in {"stale-sa", "unexplained"}:
        return out("the SPI is not one that the sender kept after the receiver had lost it", *placed(story))
    device = receiver_of(story, fleet)
    losses = [s for s in state_losses(device) if not _elsewhere(s, story, device)]
    begin = begins(story)
    sender = sender_of(story, fleet)
    if sender is not None and begin and sender.booted_at and sender.booted_at > begin + timedelta(minutes=5):
        booted = [line for s in restarts(sender) if s.at == sender.booted_at for line in s.evidence]
        text = f"{sender.name} itself came up after the lines began, so it kept nothing from before"
        return out(text, *booted[:1], *first_and_last(story)[:1])
    window = _window(story, fleet)
    if window is None:
        return still_open(f"was {device.name} reloaded or cleared before?", f"{device.name}: show version")
    found = [s for s in losses if window.has(s)]
    if found:
        return _of_unknown_age(story, found) or _fits(story, fleet, found)
    if device.booted_at is None and not device.messages:
        return still_open(f"was {device.name} reloaded before the lines began?", f"{device.name}: show version")
    if not device.log_captures:
        return still_open(
            f"was {device.name} cleared, or did it take over from a partner?", f"{device.name}: show logging"
        )
    if device.booted_at is None:
        return still_open(f"how long is {device.name} up?", f"{device.name}: show version")
    return _not_lost(device, device.booted_at, window)


def _not_lost(device: Device, booted_at: datetime, window: Window) -> Weighing:
    """What its uptime and its log say; a log that begins too late does not prove that nothing was cleared."""
    booted = [s.evidence[0] for s in restarts(device) if s.at == booted_at and s.evidence]
    up = f"{device.name} is up since {stamp(booted_at)}, and its log"
    begin = log_begins(device)
    if begin is None or (window.low is not None and begin > window.low):
        since = f", which begins at {stamp(begin)}," if begin is not None else ""
        return unlikely(f"{up}{since} shows no clear or failover before the lines", *booted, *logs(device))
    return out(f"{up} shows no clear or failover before the lines", *booted, *logs(device))


def _elsewhere(sign: Sign, story: Story, device: Device) -> bool:
    """A takeover on an interface that does not carry the tunnel moved another address than this tunnel's."""
    inputs = {e.interface for episode in story.episodes for e in episode.events if e.interface}
    lines = carriers(device, receiver_end(story)) | inputs
    return sign.is_takeover and sign.interface is not None and bool(lines) and sign.interface not in lines


def _of_unknown_age(story: Story, found: Sequence[Sign]) -> Weighing | None:
    """A loss long before the lines is their reason only if the SA that the sender holds is older than it."""
    begin, sa = begins(story), sent_sa(story)
    newest = max(s.at for s in found if s.at is not None)
    if begin is None or sa is None or sa.installed_at is not None or begin - newest <= timedelta(seconds=SAME_LOSS_S):
        return None
    who = story.sender or "the sender"
    question = f"did {who} install the SA that it sends on before {story.receiver} lost its own, at {stamp(newest)}?"
    return still_open(question, f"{who}: show running-config; show crypto ipsec sa")


def _window(story: Story, fleet: Fleet) -> Window | None:
    """When the loss must lie: after the sender's SA was installed, before the first line."""
    begin, sa, bound = begins(story), sent_sa(story), timedelta(seconds=slack(story, fleet))
    low = sa.installed_at - bound if sa is not None and sa.installed_at is not None else None
    if low is None and begin is not None and not repeated(story):
        low = begin - timedelta(seconds=SINGLE_S)
    if low is None and begin is not None:
        ends = [e for e in (receiver_end(story), sender_end(story)) if e is not None and e.lifetime is not None]
        longest = max((e.lifetime.ipsec_s for e in ends if e.lifetime and e.lifetime.ipsec_s), default=LONGEST_SA_S)
        low = begin - timedelta(seconds=longest)
    if low is None:
        return None
    high = begin + timedelta(seconds=LATE_SIGN_S) if begin is not None else None
    return Window(low=low, high=high)


def _fits(story: Story, fleet: Fleet, found: list[Sign]) -> Weighing:
    device = receiver_of(story, fleet)
    end = sender_end(story)
    newest = max(s.at for s in found if s.at is not None)
    told = [s for s in found if s.at is not None and newest - s.at <= timedelta(seconds=SAME_LOSS_S)]
    sa = sent_sa(story)
    who = story.sender or story.source or "the sender"
    because = [reason(f"{s.text} at {stamp(s.at)}", *s.evidence) for s in told[:3] if s.at]
    if sa is not None:
        when = f", installed {stamp(sa.installed_at)}, before that" if sa.installed_at else ""
        because.append(
            reason(f"{who} still sends on 0x{sa.spi:08X}{when}; {device.name} no longer has it", sa.evidence)
        )
    dpd_reason, dpd_explains = _dpd(who, end.dpd if end else None)
    because += dpd_reason
    confidence: Confidence = "proven" if sa is not None and sa.installed_at and dpd_explains else "likely"
    settle = () if end is not None and end.dpd is not None else (_ask_dpd(who, story),)
    return Weighing(
        verdict="fits",
        confidence=confidence,
        because=tuple(because),
        would_settle=settle,
        owner_devices=(story.sender,) if story.sender else (),
        title=f"{device.name} lost its SAs and {who} did not notice",
        unless_open=("misdelivery",) if all(s.is_takeover for s in found) else (),
    )


def _dpd(who: str, dpd: Dpd | None) -> tuple[list[Reason], bool]:
    if dpd is None or dpd.mode is None:
        return [], False
    if dpd.mode == "off":
        return [reason(f"{who} has no DPD, so nothing tells it that its peer lost the SAs", *dpd.evidence)], True
    if dpd.mode == "on-demand":
        text = f"{who} has DPD on demand only: it asks nothing while packets come in or while it has none to send"
        return [reason(text, *dpd.evidence)], True
    return [
        reason(f"{who} has periodic DPD ({dpd.interval_s} s), which should end this by itself", *dpd.evidence)
    ], False


def _ask_dpd(who: str, story: Story) -> WouldSettle:
    command = f"{story.sender}: show running-config" if story.sender else "on the peer: its DPD or keepalive settings"
    return WouldSettle(question=f"has {who} DPD, and is it periodic?", command=command)


CAUSE = Cause(name="reset-not-detected", order=50, owner="sender", weigh=_weigh)
