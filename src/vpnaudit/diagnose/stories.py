"""From episodes to stories: what shares one trouble is judged once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from vpnaudit.diagnose.outages import sessions
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.event import Episode, Mechanism
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Story
from vpnaudit.model.tunnel import Tunnel

RECENT_S = 180.0
"""An event so long before the end of the collection: still going on, at one line a minute."""

Key = tuple[str, str, Mechanism, int]


def tell(fleet: Fleet) -> tuple[Story, ...]:
    """All stories. A stale SA is a story for each SPI; other mechanisms share one for each tunnel or source."""
    groups: dict[Key, list[Episode]] = defaultdict(list)
    for episode in fleet.episodes:
        place = episode.tunnel or f"from {normal(episode.source or 'unknown')}"
        spi = episode.spi if episode.mechanism == "stale-sa" else 0
        groups[(place, episode.device, episode.mechanism, spi)].append(episode)
    told = [_story(fleet, key, groups[key]) for key in sorted(groups)]
    covered = {(s.receiver, e.spi) for s in told for e in s.episodes}
    return (*told, *_silent(fleet, covered))


def _story(fleet: Fleet, key: Key, episodes: Sequence[Episode]) -> Story:
    _, receiver, mechanism, _ = key
    tunnel = fleet.tunnel_by_id.get(episodes[0].tunnel or "")
    at_end = tunnel is not None and tunnel.end_of(receiver) is not None
    sender = tunnel.other_end(receiver).device if tunnel is not None and at_end else None
    return Story(
        mechanism=mechanism,
        receiver=receiver,
        sender=sender or next((v.sender for e in episodes for v in e.events if v.sender), None),
        source=episodes[0].source,
        tunnel=tunnel,
        episodes=tuple(episodes),
        ongoing=_ongoing(fleet, tunnel if mechanism != "misdelivered" else None, receiver, episodes),
    )


def _ongoing(fleet: Fleet, tunnel: Tunnel | None, receiver: str, episodes: Sequence[Episode]) -> bool:
    spis = {e.spi for e in episodes}
    last = max((e.last_at for e in episodes if e.last_at), default=None)
    end = fleet.log_runs_on(receiver)
    if end is not None:  # the tables are older than that: the lines themselves tell
        return last is not None and last >= end - timedelta(seconds=RECENT_S)
    if tunnel is not None:
        if any(s.spi in spis and s.receiver == receiver for s in tunnel.stale):
            return True
        read = tunnel.both_ends and all(e.sa_table_read for e in tunnel.ends)
        if read and not _is_refused_all_the_same(tunnel, receiver, episodes):
            return False
    if fleet.device_by_name[receiver].clock is None and not any(e.lines > 1 for e in episodes):
        return False  # a log alone ends where it ends: its last line says nothing of now, a stream up to it does
    if last is None or last < fleet.collected_at - timedelta(seconds=RECENT_S):
        return False
    stale = all(e.mechanism == "stale-sa" for e in episodes)
    return not (stale and _is_set_up_since(fleet.device_by_name[receiver], episodes[0].source, last))


def _is_set_up_since(device: Device, source: str | None, last: datetime) -> bool:
    """Whether the receiver logged a new session with the source after the last line: it agreed on new SAs with it."""
    if source is None:
        return False
    return any(s.at is not None and s.at > last for state, s in sessions(device, source) if state == "up")


def _is_refused_all_the_same(tunnel: Tunnel, receiver: str, episodes: Sequence[Episode]) -> bool:
    """Whether the receiver's own table has the SPI, and no rekey explains the lines: tables tell no end of that."""
    end = tunnel.end_of(receiver)
    held = {s.spi for s in end.inbound} if end is not None else set()
    return any(e.spi in held and e.mechanism == "unexplained" for e in episodes)


def _silent(fleet: Fleet, covered: set[tuple[str, int]]) -> list[Story]:
    """Tunnels that are out of step now and of which no event speaks."""
    return [
        Story(
            mechanism="stale-sa",
            receiver=stale.receiver,
            sender=stale.sender,
            source=tunnel.other_end(stale.receiver).seen,
            tunnel=tunnel,
            ongoing=True,
        )
        for tunnel in fleet.tunnels
        for stale in tunnel.stale
        if (stale.receiver, stale.spi) not in covered
        and not any(r == stale.receiver for r, _ in _spis(tunnel, covered))
    ]


def _spis(tunnel: Tunnel, covered: set[tuple[str, int]]) -> set[tuple[str, int]]:
    return {(s.receiver, s.spi) for s in tunnel.stale if (s.receiver, s.spi) in covered}
