"""A GETVPN group: members that share one key, which a key server renews, and one that misses it (field guide C14).

Headers are preserved: what a member logs are the addresses of the hosts. The key server is no device of the fleet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from random import Random

from vpnaudit.simulate.clock import Timeline
from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.membership import KEY_LIFE_S, OVERLAP_S, GroupKey, Membership


@dataclass
class Group:
    """Members, the first of which misses the rekey at `rekey_at` where `misses`; packets a second from each host."""

    members: list[tuple[SimDevice, Membership]]
    rekey_at: float
    misses: bool
    rng: Random
    pps: float = 4.0

    def begin(self, timeline: Timeline, old: int, new: int) -> None:
        """Give every member the old key, and plan the rekey and what the first member meets after it."""
        key = GroupKey(old, self.rekey_at + OVERLAP_S)
        for device, member in self.members:
            member.keys, member.connection = [key], device.next_phase1()
            member.rekeys = self.rng.randint(5, 40)
            member.last_rekey = key.ends - KEY_LIFE_S - OVERLAP_S
            device.group = member
        timeline.at(self.rekey_at, partial(self._rekey, timeline, GroupKey(new, self.rekey_at + KEY_LIFE_S)))

    def _rekey(self, timeline: Timeline, key: GroupKey) -> None:
        for _, member in self.members[1:] if self.misses else self.members:
            member.keys.append(key)
            member.rekeys += 1
            member.last_rekey = timeline.now
        if self.misses:
            for _, sender in self.members[1:]:
                first = timeline.now + self.rng.random() / self.pps
                timeline.at(first, partial(self._packet, timeline, sender, key.spi))

    def _packet(self, timeline: Timeline, sender: Membership, spi: int) -> None:
        (device, victim), when = self.members[0], timeline.now
        sequence = 1 + int((when - self.rekey_at) * self.pps)
        device.unknown_spi(when, sender.host, victim.host, spi, sequence=sequence)
        following = device.next_line_at(sender.host, victim.host, spi) + self.rng.random() / self.pps
        timeline.at(following, partial(self._packet, timeline, sender, spi))
