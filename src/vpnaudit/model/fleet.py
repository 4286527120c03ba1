"""What correlation hands to checks and diagnosis."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from msgspec import Struct

from vpnaudit.model.device import Device
from vpnaudit.model.event import Episode, Event
from vpnaudit.model.ledger import Ledger
from vpnaudit.model.tunnel import Tunnel


class Fleet(Struct, frozen=True, kw_only=True, dict=True):
    """All devices, tunnels, events and episodes of one audit. `collected_at` is the end of the collection."""

    devices: tuple[Device, ...]
    tunnels: tuple[Tunnel, ...]
    ledger: Ledger
    events: tuple[Event, ...]
    episodes: tuple[Episode, ...]
    collected_at: datetime
    started_at: datetime | None = None

    @cached_property
    def device_by_name(self) -> dict[str, Device]:
        """Devices by name."""
        return {d.name: d for d in self.devices}

    @cached_property
    def tunnel_by_id(self) -> dict[str, Tunnel]:
        """Tunnels by id."""
        return {t.id: t for t in self.tunnels}

    @cached_property
    def tunnels_of(self) -> dict[str, tuple[Tunnel, ...]]:
        """Tunnels by device name."""
        found: dict[str, list[Tunnel]] = {d.name: [] for d in self.devices}
        for tunnel in self.tunnels:
            for end in tunnel.ends:
                if end.device is not None:
                    found.setdefault(end.device, []).append(tunnel)
        return {name: tuple(tunnels) for name, tunnels in found.items()}
