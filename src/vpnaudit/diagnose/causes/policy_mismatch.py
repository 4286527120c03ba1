"""What the two ends protect does not match, so pairs are refused or deleted soon after they are set up.

**Signature.** Packets that did not fit their SA (INV_IDENTITY, ASA 402116) or refused proxies from the same peer around
the lines; proxy identities that do not mirror each other; pairs that live seconds; PFS at one end only, where sessions
end as old as their SAs, because no rekey is taken.

**Ruled out by.** Mirrored proxy identities, or pairs that live on, and no such message.

**What to do.** Mirror-image access lists at both ends, or a tunnel interface. Source: field guide C12.
"""

from __future__ import annotations

from datetime import timedelta

from vpnaudit.diagnose.of_story import NOT_OF_TWO, both_devices, on_group_interface, receiver_of, sender_of
from vpnaudit.diagnose.outages import identity_errors, sessions
from vpnaudit.diagnose.proofs import agreed, logs, placed
from vpnaudit.diagnose.session_ages import life_s, lived_their_life
from vpnaudit.diagnose.signs import Window, span
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing, WouldSettle
from vpnaudit.model.ledger import LedgerEntry
from vpnaudit.model.printable import counted
from vpnaudit.model.tunnel import TunnelEnd
from vpnaudit.settings import Settings

AROUND_S = 600.0
COLLISION_S, SHORT_S = 1.0, 5.0
"""Pairs that the peer refuses live for less than 5 s (field guide C12); of two that collide, one for less than one."""
LEAST_PAIRS = 2
LIVES_S = 60.0
"""Pairs that a mismatch brings down live seconds (field guide C12)."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism in {"unknown-source", "misdelivered", "damaged"}:
        return out("the SPI was never agreed between these two ends", *placed(story))
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    here, device = story.receiver_end, receiver_of(story, fleet)
    errors = identity_errors(device, story.source)
    other = sender_of(story, fleet)
    if other is not None and here is not None:
        errors += identity_errors(other, here.seen)
    begin, last = story.begins, story.ends
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
            owner_devices=both_devices(story),
            title=f"what {story.receiver} and {story.sender or story.source} protect does not match",
        )
    return _pairs_live_seconds(story) or _rekeys_refused(story, fleet) or _by_settings(story, device)


def _by_settings(story: Story, device: Device) -> Weighing:
    """What configurations and the log say, where no pair was seen to be refused."""
    here, there = story.receiver_end, story.sender_end
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


def _short_lived(story: Story) -> list[LedgerEntry]:
    """The pairs that most of the lines are of, where the receiver's record has that each was gone within seconds."""
    events = [event for episode in story.episodes for event in episode.events]
    own = [[x for x in e.found if x.role == "receiver" and x.device == story.receiver] for e in events]
    short = {x.spi: x for found in own for x in found if _lived_seconds(x)}
    return list(short.values()) if len(short) >= LEAST_PAIRS and 2 * len(short) > len(story.episodes) else []


def _lived_seconds(entry: LedgerEntry) -> bool:
    if entry.live or entry.installed_at is None or entry.gone_at is None:
        return False
    return COLLISION_S < (entry.gone_at - entry.installed_at).total_seconds() <= SHORT_S


def _pairs_live_seconds(story: Story) -> Weighing | None:
    here, there, short = story.receiver_end, story.sender_end, _short_lived(story)
    if not short or (here is not None and there is not None and _mirrored(here, there)):
        return None
    known = here is not None and there is not None and here.proxies is not None and there.proxies is not None
    what = f"{counted(len(short), 'pair')} of these ends lived for seconds: set up, and deleted at once"
    differ = ", and their access lists do not mirror each other" if known else ""
    asked = WouldSettle(
        question="do the access lists of both ends mirror each other?", command="both ends: show running-config"
    )
    return Weighing(
        verdict="fits",
        confidence="likely" if known else "possible",
        because=(reason(f"{what}{differ}", *(x.evidence for x in short[:3]), *agreed(here, there)),),
        would_settle=() if known else (asked,),
        owner_devices=both_devices(story),
        title=f"what {story.receiver} and {story.sender or story.source} protect does not match",
    )


def _rekeys_refused(story: Story, fleet: Fleet) -> Weighing | None:
    """One end wants PFS and the other has none: only the first pair of an IKE SA is made without it (RFC 7296 1.2).

    Where the sessions end as old as that pair, and others are set up after them, no rekey was taken.
    """
    here, there, other = story.receiver_end, story.sender_end, sender_of(story, fleet)
    if here is None or there is None or not (here.pfs_known and there.pfs_known) or here.pfs == there.pfs:
        return None
    life = life_s(here, there)
    logged = [
        sessions(receiver_of(story, fleet), story.source),
        sessions(other, here.seen) if other is not None else [],
    ]
    aged = [changes for changes in logged if life is not None and lived_their_life(changes, life)]
    if life is None or not aged:
        return None
    ended = [sign.evidence[0] for state, sign in aged[0] if state == "down" and sign.evidence]
    wants = (
        f"{here.device or story.receiver} has {_pfs_words(here)}, {there.device or story.source} {_pfs_words(there)}"
    )
    return Weighing(
        verdict="fits",
        confidence="likely",
        because=(
            reason(f"{wants}: one of them refuses what the other offers for a rekey", *agreed(here, there)),
            reason(f"the sessions ended as their SAs' lifetime of {span(life)} did, and were set up anew", *ended[:3]),
        ),
        owner_devices=both_devices(story),
        title=f"rekeys between {story.receiver} and {story.sender or story.source} are refused: PFS differs",
        parameters={"by": "pfs"},
    )


def _pfs_words(end: TunnelEnd) -> str:
    return f"PFS ({end.pfs})" if end.pfs else "no PFS"


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
