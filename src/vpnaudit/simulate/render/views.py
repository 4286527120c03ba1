"""A device's own sight of the tunnels it takes part in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.tunnel import End, IkeSa, Tunnel


@dataclass(frozen=True)
class View:
    """A tunnel from one end: `local` is the device's own, `side` its number."""

    tunnel: Tunnel
    local: End
    remote: End
    side: int

    @property
    def local_port(self) -> int:
        """The device's own UDP port for IKE."""
        return 500 if self.tunnel.nat_port is None else 4500

    @property
    def remote_port(self) -> int:
        """The peer's UDP port as the device sees it."""
        return self.tunnel.port(1 - self.side)

    @property
    def ipv6(self) -> bool:
        """Whether the ends speak IPv6 to each other."""
        return ":" in self.remote.address

    @property
    def is_known(self) -> bool:
        """Whether the device lists the tunnel: an entry that a dynamic map made goes with its SAs."""
        return not self.local.dynamic or bool(self.local.pairs) or self.local.ike is not None

    def identities(self) -> list[View]:
        """The view for each line of its access list: a line that the peer does not have never gets SAs."""
        if self.local.extra_network is None:
            return [self]
        nothing = replace(self.local, pairs=[], encaps=0.0, decaps=0.0, no_sa=0.0, misfits=0)
        return [self, replace(self, local=nothing, remote=replace(self.remote, network=self.local.extra_network))]

    @property
    def map_name(self) -> str:
        """The crypto map that holds the tunnel here, or the one that a VTI makes by itself."""
        if self.local.tunnel_interface:
            return f"{self.local.tunnel_interface}-head-0"
        return map_name(self.local)

    @property
    def interface(self) -> str:
        """Where the tunnel's crypto map sits."""
        return self.local.tunnel_interface or self.local.interface.name


def map_name(end: End) -> str:
    """The name of the crypto map on the end's interface."""
    shared = end.device.hsrp is not None and end.device.hsrp.address == end.address
    return "HA-MAP" if shared else "OUTSIDE-MAP"


def views(device: SimDevice, tunnels: Sequence[Tunnel]) -> list[View]:
    """Every tunnel of the device, crypto maps before tunnel interfaces."""
    found = [view for tunnel in tunnels for view in _of(device, tunnel)]
    return sorted(found, key=lambda v: (v.local.style != "map", v.map_name, v.local.sequence))


def _of(device: SimDevice, tunnel: Tunnel) -> Iterator[View]:
    for side, end in enumerate(tunnel.ends):
        if end.device is device:
            yield View(tunnel, end, tunnel.ends[1 - side], side)
    if tunnel.wrong_device is device:
        # The mate of the shared address has the same configuration and no state.
        shadow = replace(
            tunnel.ends[0], device=device, ike=None, pairs=[], up_since=None, encaps=0.0, decaps=0.0, no_sa=0.0
        )
        yield View(tunnel, shadow, tunnel.ends[1], 0)


def entries(found: Sequence[View]) -> list[list[View]]:
    """The views by entry of a crypto map: those of one entry are its peers, in order. Everything else is by itself."""
    by_entry: dict[tuple[str, int, int], list[View]] = {}
    for number, view in enumerate(found):
        alone = view.local.style != "map" or view.local.dynamic
        by_entry.setdefault((view.map_name, view.local.sequence, number if alone else -1), []).append(view)
    return list(by_entry.values())


def in_use(found: Sequence[View]) -> list[View]:
    """Of the peers of one entry the one that there are SAs with, else the first."""
    return [next((v for v in peers if v.local.pairs), peers[0]) for peers in entries(found)]


def with_ike(device: SimDevice, tunnels: Sequence[Tunnel], version: int) -> list[tuple[View, IkeSa]]:
    """The device's tunnels of one IKE version that have an IKE SA."""
    mine = views(device, tunnels)
    return [(v, v.local.ike) for v in mine if v.tunnel.ike_version == version and v.local.ike is not None]
