"""IKE SAs and pairs of IPsec SAs: how they come and go at one end, and what the device writes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vpnaudit.simulate.engine.counters import settle
from vpnaudit.simulate.engine.world import World
from vpnaudit.simulate.messages import Reason, SaLine, Session
from vpnaudit.simulate.tunnel import End, IkeSa, Pair, Tunnel

OnInstall = Callable[[Tunnel, int, Pair], None]


class Pairs:
    """Installs and removes. `on_install` is called with each new pair."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.on_install: list[OnInstall] = []
        self._ike_number = 0

    def new_ike(self, tunnel: Tunnel, initiator: int, when: float) -> None:
        """A new IKE SA at both ends, as of `when`; at its end it is renewed where the path lets it."""
        self._ike_number += 1
        cookies = (tunnel.rng.getrandbits(64), tunnel.rng.getrandbits(64))
        for side, end in enumerate(tunnel.ends):
            life = end.settings.ike_seconds
            if tunnel.ike_version == 1:
                life = min(e.settings.ike_seconds for e in tunnel.ends)
            number = self._ike_number
            end.ike = IkeSa(number, when, life, side == initiator, end.device.next_phase1(), cookies)
            self.world.timeline.at(when + life, partial(self._ike_expires, tunnel, number))

    def _ike_expires(self, tunnel: Tunnel, number: int) -> None:
        holders = [e for e in tunnel.ends if e.ike and e.ike.number == number]
        when = self.world.now
        if len(holders) == 2 and tunnel.path.is_open(when):
            self.new_ike(tunnel, 0 if tunnel.ends[0].ike and tunnel.ends[0].ike.initiator else 1, when)
        else:
            for end in holders:
                end.ike = None
        self.world.changed(tunnel)

    def install(self, tunnel: Tunnel, side: int, spis: tuple[int, int], *, initiator: int, when: float) -> Pair:
        """Install a pair at `side`; `spis` are the inbound SPIs of ends 0 and 1."""
        end = tunnel.ends[side]
        settings = end.settings
        seconds, kilobytes = settings.seconds, settings.kilobytes
        if tunnel.ike_version == 1:  # the lower of the two proposals holds at both ends (field guide 2.1)
            seconds = min(e.settings.seconds for e in tunnel.ends)
            volumes = [e.settings.kilobytes for e in tunnel.ends if e.settings.kilobytes is not None]
            kilobytes = min(volumes) if volumes else None
        device = end.device
        pair = Pair(
            inbound=spis[side],
            outbound=spis[1 - side],
            installed=when,
            lifetime_s=seconds,
            lifetime_kb=kilobytes,
            initiator=side == initiator,
            connections=(device.next_connection(), device.next_connection()),
            enabled=side == initiator,
            volume_soft=(kilobytes or 0) * 1000 * tunnel.rng.uniform(0.90, 0.96),
        )
        end.pairs.append(pair)
        self._tell(tunnel, side, pair, created=True)
        for told in self.on_install:
            told(tunnel, side, pair)
        return pair

    def _tell(self, tunnel: Tunnel, side: int, pair: Pair, *, created: bool) -> None:
        end, peer = tunnel.ends[side], tunnel.peer(side)
        line = SaLine(
            local=end.own,
            remote=peer.address,
            inbound=pair.inbound,
            outbound=pair.outbound,
            connections=pair.connections,
            transform=tunnel.transform,
            lifetime_kb=pair.lifetime_kb or 0,
            lifetime_s=pair.lifetime_s,
            proxies=(_network(end), _network(peer)),
            created=created,
        )
        end.device.tell_sa(max(pair.installed, 0.0) if created else self.world.now, line)

    def remove(self, tunnel: Tunnel, side: int, pair: Pair, why: Reason) -> bool:
        """Take the pair away at `side`; false where it is gone already."""
        end = tunnel.ends[side]
        if pair not in end.pairs:
            return False
        settle(tunnel, self.world.now)
        self._tell(tunnel, side, pair, created=False)
        end.pairs.remove(pair)
        tunnel.ended[(end.device.name, pair.inbound)] = self.world.now
        tunnel.carried[pair.outbound] = pair.bytes_out
        if not end.pairs:
            self.session(tunnel, side, up=False, why=why)
        return True

    def retire(self, tunnel: Tunnel, side: int, pairs: list[Pair], why: Reason) -> None:
        """Take several away, and tell of the change where one was there."""
        removed = [self.remove(tunnel, side, pair, why) for pair in pairs]
        if any(removed):
            self.world.changed(tunnel)

    def drop_everything(self, tunnel: Tunnel, side: int, why: Reason) -> None:
        """End the IKE SA and all pairs at `side` without telling the peer."""
        settle(tunnel, self.world.now)
        end = tunnel.ends[side]
        end.ike = None
        for pair in list(end.pairs):
            self.remove(tunnel, side, pair, why)
        self.world.changed(tunnel)

    def session(self, tunnel: Tunnel, side: int, *, up: bool, why: Reason) -> None:
        """Note at `side` that the session came up or went down; the device logs it, and the line protocol of a VTI."""
        end, when, peer = tunnel.ends[side], self.world.now, tunnel.peer(side)
        if up == (end.up_since is not None):
            return
        lasted = when - end.up_since if end.up_since is not None else 0.0
        end.up_since = when if up else None
        port = tunnel.port(1 - side)
        session = Session(tunnel.ike_version, end.own, peer.address, port, peer.own, up, why, lasted)
        end.device.tell_session(when, session)
        if end.tunnel_interface and end.style == "vti":  # a multipoint interface stays up
            end.device.tell_line(when + 0.01, end.tunnel_interface, up=up)


def share_ike(one: End, other: End) -> bool:
    """Whether both ends hold the same IKE SA."""
    return one.ike is not None and other.ike is not None and one.ike.number == other.ike.number


def process(tunnel: Tunnel) -> str:
    """The process that needs memory for an SA."""
    return "Crypto IKMP" if tunnel.ike_version == 1 else "Crypto IKEv2"


def _network(end: End) -> str:
    if end.style == "gre":
        return end.own
    return end.network.partition("/")[0] if end.style == "map" else "0.0.0.0"  # noqa: S104 - a proxy identity, no socket
