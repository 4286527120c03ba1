"""How often and how long each platform repeats an IKE message, and how it asks a peer that has fallen silent.

What is not read in a public place or measured is marked unproven (field guide 6.1, 9 U9) and may never decide a
verdict alone: the bounds that decide are those of `random_loss`, which need no schedule.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Ike = Literal["v1", "v2"]
Family = Literal["ios", "ios-xe", "asa", "strongswan"]
FAMILIES: tuple[Family, ...] = ("ios", "ios-xe", "asa", "strongswan")


class Schedule(Struct, frozen=True, kw_only=True, gc=False):
    """When a request is sent, in seconds from its first sending, and when it is given up if no answer came."""

    sendings_s: tuple[float, ...]
    given_up_s: float
    proven: bool
    source: str

    @property
    def tries(self) -> int:
        """How many sendings must all fail."""
        return len(self.sendings_s)

    @property
    def span_s(self) -> float:
        """From the first sending to the last: an outage that begins before the first must last longer than this."""
        return self.sendings_s[-1]


class DpdRound(Struct, frozen=True, kw_only=True, gc=False):
    """How one end finds its peer dead, in seconds.

    A round of `tries` probes begins somewhere in `phase_s` after an outage begins, evenly; it is lost when the last
    probe, `span_s` after the earliest begin of a round, still falls in the outage; the end drops its SAs `verdict_s`
    after that begin.
    """

    phase_s: float
    span_s: float
    verdict_s: float
    tries: int
    proven: bool
    source: str


_IOS_V1 = "attempts 10 s apart, five in all: field guide 6.1, unproven"
_IOS_V2 = "2, 4, 8, 16 s apart, the last wait 32 s: field guide 6.1, unproven"
_ASA = "not known for ASA; taken as for IOS, unproven"
_LAB = "measured: lab/README.md"


def retransmission(family: Family, ike: Ike) -> Schedule:
    """The schedule of a family for an IKE version."""
    source = {"asa": _ASA, "strongswan": _LAB}.get(family, _IOS_V1 if ike == "v1" else _IOS_V2)
    sendings, given_up = ((0.0, 10.0, 20.0, 30.0, 40.0), 50.0) if ike == "v1" else ((0.0, 2.0, 6.0, 14.0, 30.0), 62.0)
    return Schedule(sendings_s=sendings, given_up_s=given_up, proven=family == "strongswan", source=source)


def dpd_round(family: Family, interval_s: float, retry_s: float) -> DpdRound:
    """Periodic DPD of a family with these settings.

    IOS and IOS-XE: a probe each interval and five repetitions; both ends' phases are independent. ASA: a first probe
    after an interval of silence, so from the outage's begin, and three repetitions. strongSwan (the lab): sendings
    each 3 s, given up after 15 s, whatever `retry_s`; phases independent.
    """
    if family == "asa":
        span = interval_s + 3 * retry_s
        return DpdRound(
            phase_s=retry_s, span_s=span, verdict_s=span + retry_s, tries=4, proven=True, source="field guide 6.1"
        )
    if family == "strongswan":
        return DpdRound(phase_s=interval_s, span_s=12.0, verdict_s=15.0, tries=5, proven=True, source=_LAB)
    return DpdRound(
        phase_s=interval_s,
        span_s=5 * retry_s,
        verdict_s=6 * retry_s,
        tries=6,
        proven=True,
        source="field guide 4 C4, 6.1; that the verdict falls one retry after the last probe is unproven",
    )
