"""The outages of a story's path: what both ends saw of them, without what had another reason."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from vpnaudit.diagnose.losses import losses_of, memory_failures, state_losses
from vpnaudit.diagnose.of_story import LONGEST_SA_S, came_in_by, former_peers, receiver_of, sender_of
from vpnaudit.diagnose.outages import ended_within, outages, sessions
from vpnaudit.diagnose.signs import InOrder, Sign, Window
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Story
from vpnaudit.model.tunnel import TunnelEnd
from vpnaudit.settings import Settings

LATE_S = 5.0
BACK_S = 10.0
"""So soon a session stands again that was ended while the path was there (field guide 4: 1 to 5 s when healthy)."""
BEGUN_S = 60.0
"""What comes so long after the first line did not cost the SA that the line is of."""
FOR_EVER_S = 86_400.0 * 365
REPEATS = (5, 3)
"""IOS repeats a probe five times before it gives its peer up; an ASA three times, after an interval of silence."""
OF_AGE_S = 2.0
"""A session of one SA lasts as long as the SA does, its set-up allowed for."""
DEFAULT_LIVES_S = (3600, 28_800)
"""IPsec lifetimes of IOS and ASA where none is configured or known (field guide 2.1)."""
TOGETHER_S = 60.0
"""Sessions that DPD ends for one outage end within this: each in its own phase, and it waits for 15 to 60 s."""


class PathOutages(Struct, frozen=True, kw_only=True):
    """What was seen of the outages of a story's path.

    `seen` is all of it but what an IKE SA outlived or what ended by age; `signs` what is left without what had another
    reason; `own_ends` of that the ends of the receiver's sessions with the source of a stale SA. `before` has, for each
    episode with a time, the outages that began or ended shortly before it, or lasted until then.
    """

    seen: list[Sign]
    signs: list[Sign]
    own_ends: list[Sign]
    before: dict[str, list[Sign]]


def path_outages(story: Story, fleet: Fleet, settings: Settings) -> PathOutages:
    """As both ends have them."""
    here, there, seen = receiver_of(story, fleet), sender_of(story, fleet), _seen(story, fleet)
    devices = [d for d in (here, there) if d is not None]
    signs = _without_background(story, _without_other_reasons(seen, devices, settings), settings) if seen else []
    if not signs:  # what most stories come to
        return PathOutages(seen=seen, signs=[], own_ends=[], before={e.id: [] for e in story.episodes if e.first_at})
    dated, own_ends = InOrder(signs), _own_ends(story, here, signs)
    given_up = _given_up(story, here, own_ends)
    before = {
        e.id: just_before(e.first_at, dated, settings) or still_down(e.first_at, given_up, here, story)
        for e in story.episodes
        if e.first_at
    }
    return PathOutages(seen=seen, signs=signs, own_ends=own_ends, before=before)


def _seen(story: Story, fleet: Fleet) -> list[Sign]:
    here, there, end = receiver_of(story, fleet), sender_of(story, fleet), story.receiver_end
    seen = _outages_of(here, end, story.source, came_in_by(story))
    seen += [s for peer in former_peers(story) for s in _outages_of(here, None, peer) if s.is_session]
    if there is not None:
        seen += _outages_of(there, story.sender_end, end.seen if end else None)
    return _long_enough(seen, story)


def _long_enough(signs: list[Sign], story: Story) -> list[Sign]:
    """Without failures of a probe that were over before DPD can have given a peer up at an end (field guide 6.3)."""
    ends = [e for e in (story.receiver_end, story.sender_end) if e is not None and e.device is not None]
    waits = [w for e in ends if (w := _waits_s(e)) is not None]
    if len(waits) < len(ends) or not waits:
        return signs
    least = timedelta(seconds=min(waits))
    return [s for s in signs if not (s.is_probe and s.at and s.until and s.until - s.at < least)]


def _waits_s(end: TunnelEnd) -> float | None:
    """For how long an end's DPD waits at least, seconds: for ever without it; null where its timers are not known."""
    if end.dpd is None or end.dpd.mode is None:
        return None
    if end.dpd.mode == "off":
        return FOR_EVER_S
    if not end.dpd.interval_s or not end.dpd.retry_s:
        return None
    return float(min(REPEATS[0] * end.dpd.retry_s, end.dpd.interval_s + REPEATS[1] * end.dpd.retry_s))


def ike_ended_since(story: Story, fleet: Fleet) -> Sign | None:
    """What ended the receiver's IKE SA, or may have, after the lines had begun: its table says nothing of before."""
    begin = story.begins
    if begin is None:
        return None
    sa = story.sent_sa
    low = sa.installed_at if sa is not None and sa.installed_at is not None else begin - timedelta(seconds=LONGEST_SA_S)
    if losses_of(story, fleet, Window(low=low, high=begin + timedelta(seconds=BEGUN_S))):
        return None  # that took the IKE SA along
    after = Window(low=begin + timedelta(seconds=BEGUN_S))
    found = [*losses_of(story, fleet, after), *(s for s in _seen(story, fleet) if after.has(s))]
    return min(found, key=lambda s: s.at or begin, default=None)


def that_lasted(signs: list[Sign], story: Story, fleet: Fleet) -> list[Sign]:
    """Without the ends of sessions that stood again at once: the path was there."""
    end = story.receiver_end
    peers = {story.receiver: story.source, story.sender: end.seen if end is not None else None}

    def was_back(sign: Sign) -> bool:
        device = fleet.device_by_name.get(sign.evidence[0].device) if sign.evidence else None
        if device is None or not sign.is_session or sign.at is None:
            return False
        return one_within(changes(device, peers.get(device.name))[1], sign.at, sign.at + timedelta(seconds=BACK_S))

    return [sign for sign in signs if not was_back(sign)]


def _outages_of(
    device: Device, end: TunnelEnd | None, peer: str | None, inputs: frozenset[str] = frozenset()
) -> list[Sign]:
    """What a device saw of outages of its path to the peer, without what its IKE SA outlived and what ended by age."""
    signs = _not_survived(outages(device, end, peer, inputs), end)
    if not any(s.is_session for s in signs):
        return signs
    lifetime = end.lifetime.ipsec_s if end is not None and end.lifetime is not None else None
    ups, lives = changes(device, peer)[1], (lifetime,) if lifetime else DEFAULT_LIVES_S
    aged = {id(s) for s in signs if _ended_by_age(s, ups, lives)}
    if 2 * len(aged) < sum(s.is_session for s in signs):
        return signs  # of many sessions that an outage ends, one is as old as that by chance
    return [s for s in signs if id(s) not in aged]


def _ended_by_age(sign: Sign, ups: list[datetime], lives_s: tuple[int, ...]) -> bool:
    """Whether a session ended just as old as an IPsec SA gets: its SA's lifetime ran out, and no peer was given up."""
    if not sign.is_session or sign.at is None:
        return False
    index = bisect_left(ups, sign.at)
    lasted_s = (sign.at - ups[index - 1]).total_seconds() if index else 0.0
    return any(abs(lasted_s - life_s) <= OF_AGE_S for life_s in lives_s)


def _not_survived(signs: list[Sign], end: TunnelEnd | None) -> list[Sign]:
    """Without session ends that the end's IKE SA outlived: an SA was deleted or expired, and no peer was given up.

    What names no peer was of another one then.
    """
    ike = end.live_ike if end is not None else ()
    begun = min((i.established_at for i in ike if i.established_at), default=None)
    if begun is None:
        return signs
    margin = timedelta(seconds=LATE_S)
    return [s for s in signs if not ((s.is_session or s.is_nameless) and s.at is not None and begun < s.at - margin)]


def _without_other_reasons(signs: list[Sign], devices: list[Device], settings: Settings) -> list[Sign]:
    """A session also goes down for a restart, a clear or want of memory: then it tells of no outage.

    So does a probe of a box that restarts; a clear of SAs stops none.
    """
    margin = timedelta(seconds=settings.thresholds.outage_before_s)
    return [s for s in signs if not _is_explained(s, devices, margin)]


def _is_explained(sign: Sign, devices: list[Device], margin: timedelta) -> bool:
    if not (sign.is_session or sign.is_probe):
        return False
    reasons = [d.once(_losses_at if sign.is_session else _breaks_at) for d in devices]
    bound = margin + timedelta(seconds=sign.uncertainty_s)
    ends = [at for at in (sign.at, sign.until) if at is not None]
    return any(one_within(times, at - bound, at + bound) for times in reasons for at in ends)


def _losses_at(device: Device) -> list[datetime]:
    """When a device lost SAs for another reason than an outage, in order."""
    return sorted(r.at for r in (*state_losses(device), *memory_failures(device)) if r.at is not None)


def _breaks_at(device: Device) -> list[datetime]:
    """The same without clears."""
    reasons = [r for r in state_losses(device) if not r.is_clear]
    return sorted(r.at for r in (*reasons, *memory_failures(device)) if r.at is not None)


def _without_background(story: Story, signs: list[Sign], settings: Settings) -> list[Sign]:
    """Without messages that name no peer, where most of them come while no episode begins: a site that is down."""
    nameless = [s for s in signs if s.is_nameless]
    if not nameless:
        return signs
    begun = [e.first_at for e in story.episodes if e.first_at]
    dated = InOrder(nameless)
    followed = {id(s) for at in begun for s in just_before(at, dated, settings)}
    return signs if 2 * len(followed) >= len(nameless) else [s for s in signs if not s.is_nameless]


def just_before(at: datetime, signs: InOrder, settings: Settings) -> list[Sign]:
    """Those that began or ended close before a time (DESIGN 8: 120 s)."""
    window = Window(
        low=at - timedelta(seconds=settings.thresholds.outage_before_s), high=at + timedelta(seconds=LATE_S)
    )
    return signs.within(window)


def _own_ends(story: Story, device: Device, signs: list[Sign]) -> list[Sign]:
    """The ends of the receiver's own sessions with the source of a stale SA, in their order."""
    if story.mechanism != "stale-sa":
        return []
    own = {s.at for _, s in sessions(device, story.source)}
    dated = ((s.at, s) for s in signs if s.is_session and s.at in own and s.at is not None)
    return [s for _, s in sorted(dated, key=lambda one: one[0])]


def _given_up(story: Story, device: Device, own_ends: list[Sign]) -> list[Sign]:
    """Those that came as ends of sessions with others did.

    What their paths have in common was gone then. One session by itself also ends for its age, or for want of traffic.
    """
    if not own_ends:
        return []
    own, near = {s.at for _, s in sessions(device, story.source)}, timedelta(seconds=TOGETHER_S)
    return [
        s for s in own_ends if s.at is not None and not own.issuperset(ended_within(device, s.at - near, s.at + near))
    ]


def still_down(at: datetime, given_up: list[Sign], device: Device, story: Story) -> list[Sign]:
    """The session's end after which none was set up until the line: what cost the SA, however long before.

    A sender whose path was gone is not heard until the path is back. Its SA is from before that.
    """
    last = next((s for s in reversed(given_up) if s.at is not None and s.at <= at), None)
    sa = story.sent_sa
    if last is None or last.at is None or (sa is not None and (sa.installed_at is None or sa.installed_at > last.at)):
        return []
    if one_within(changes(device, story.source)[1], last.at, at):
        return []
    text = f"{last.text} (with those of others, and was not set up again before the lines)"
    return [structs.replace(last, text=text)]


def changes(device: Device, peer: str | None) -> tuple[list[datetime], list[datetime]]:
    """When a device's sessions with the peer went down and up."""
    found = sessions(device, peer)
    downs, ups = (sorted(s.at for state, s in found if state == wanted and s.at) for wanted in ("down", "up"))
    return downs, ups


def one_within(times: Sequence[datetime], low: datetime, high: datetime) -> bool:
    """Whether one of the times, which are in order, lies between the two."""
    index = bisect_left(times, low)
    return index < len(times) and times[index] <= high
