"""A device's own sight of the tunnels it takes part in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.tunnel import End, Tunnel


@dataclass(frozen=True)
class View:
    """A tunnel from one end: `local` is the device's own."""

    tunnel: Tunnel
    local: End
    remote: End

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
    return sorted(found, key=lambda v: (v.local.style == "vti", v.map_name, v.local.sequence))


def _of(device: SimDevice, tunnel: Tunnel) -> Iterator[View]:
    for side, end in enumerate(tunnel.ends):
        if end.device is device:
            yield View(tunnel, end, tunnel.ends[1 - side])
    if tunnel.wrong_device is device:
        # The mate of the shared address has the same configuration and no state.
        shadow = replace(
            tunnel.ends[0], device=device, ike=None, pairs=[], up_since=None, encaps=0.0, decaps=0.0, no_sa=0.0
        )
        yield View(tunnel, shadow, tunnel.ends[1])
