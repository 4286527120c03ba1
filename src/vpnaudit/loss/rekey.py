"""What one rekey shows when packets are lost at random: closed forms (docs/loss-model.md, sections 2 and 3).

`p_there` is the share lost from the end that begins the rekey to the other, `p_back` the share lost on the way back.
An event is an SPI on which packets arrive at an end that has no SA for it, for longer than a packet in flight takes.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from vpnaudit.loss.schedules import Ike, Schedule

Installs = Literal["late", "early"]
"""When the answering end installs the new inbound SA: at the third message, or before it sends the second."""
OldSa = Literal["kept", "deleted"]
"""What the beginning end does with the old pair: kept until its own end (IKEv1) or until the DELETE is acknowledged
(IKEv2), or deleted at once."""


class Handover(Struct, frozen=True, kw_only=True, gc=False):
    """How two ends go over to new SAs."""

    ike: Ike
    installs: Installs = "late"
    old_sa: OldSa = "kept"


class PerRekey(Struct, frozen=True, kw_only=True, gc=False):
    """Chances a rekey, and how long a stream of unknown SPIs lasts on average where there is one (seconds).

    `events` is the expected number of SPIs seen without an SA, `affected` the chance of one at least; `failed` the
    chance that the rekey itself fails.
    """

    events: float
    affected: float
    failed: float
    stream_s: float


def round_failure(p_there: float, p_back: float) -> float:
    """Chance that a request or its answer is lost: 1 - (1-p)(1-p')."""
    return 1.0 - (1.0 - p_there) * (1.0 - p_back)


def per_rekey(p_there: float, p_back: float, how: Handover, schedule: Schedule) -> PerRekey:
    """What one rekey shows under random loss.

    Raises:
        ValueError: a loss is not a share from 0 to 1.

    """
    for share in (p_there, p_back):
        if not 0.0 <= share <= 1.0:
            message = f"loss is a share from 0 to 1, not {share}"
            raise ValueError(message)
    if how.ike == "v1":
        return _quick_mode(p_there, p_back, how, schedule)
    return _create_child(p_there, p_back, how, schedule)


def _quick_mode(p: float, back: float, how: Handover, schedule: Schedule) -> PerRekey:
    """Three messages; the third is repeated only when the second is, the DELETE never (RFC 2409 5.5, 5.7)."""
    q = round_failure(p, back)
    reaches_third = 1.0 - q**schedule.tries
    third_lost = p * reaches_third
    unknown_new = third_lost if how.installs == "late" else 0.0
    unknown_old = third_lost * p if how.old_sa == "deleted" else 0.0
    failed = q**schedule.tries + third_lost * q ** (schedule.tries - 1)
    return PerRekey(
        events=unknown_new + unknown_old,
        affected=max(unknown_new, unknown_old),
        failed=failed,
        stream_s=_until_repeated(q, schedule),
    )


def _create_child(p: float, back: float, how: Handover, schedule: Schedule) -> PerRekey:
    """Two exchanges, each repeated until answered (RFC 7296 2.1).

    Where all tries of one fail, the asking end drops its IKE SA and all its SAs; the other goes on sending on the one
    that it had.
    """
    q = round_failure(p, back)
    all_fail = q**schedule.tries
    delete_lost = all_fail
    if how.old_sa == "deleted":
        delete_lost = p + (1.0 - p) * back * q ** (schedule.tries - 1)
    events = all_fail + (1.0 - all_fail) * delete_lost
    return PerRekey(events=events, affected=events, failed=all_fail, stream_s=_until_repeated(q, schedule))


def _until_repeated(q: float, schedule: Schedule) -> float:
    """Mean time from a lost first sending to the repetition that gets through, all repetitions considered."""
    total, still = 0.0, 1.0
    for sent in schedule.sendings_s[1:]:
        total += sent * still * (1.0 - q)
        still *= q
    return total + schedule.given_up_s * still


def race_without_loss(packets_s: float, rtt_s: float, delete_after_s: float = 0.0) -> float:
    """Chance that a rekey shows the old SPI without any loss, where the beginning end deletes it at once.

    The other end sends on the old SA until the third message reaches it; what it sent until then arrives up to a round
    trip after the deletion. Packets come evenly spaced: chance min(1, rate x window).

    >>> race_without_loss(10, 0.02)
    0.2
    """
    return min(1.0, max(0.0, packets_s * (rtt_s - delete_after_s)))


def overtaking(packets_s: float, jitter_s: float) -> float:
    """Chance that a packet on the new SA overtakes the message that installs it; delays spread evenly by `jitter_s`.

    A packet sent s later overtakes with (j-s)²/(2j²); summed over packets `packets_s` a second that is rate x j/6.

    >>> round(overtaking(50, 0.02), 4)
    0.1667
    """
    return min(1.0, packets_s * jitter_s / 6.0)


def logged_lines(stream_s: float, limit_s: float = 60.0) -> int:
    """Lines that a stream leaves where a device logs at most one in `limit_s` seconds for a flow.

    >>> logged_lines(134)
    3
    """
    return 1 + math.floor(max(0.0, stream_s) / limit_s)
