"""What correlation hands to checks and diagnosis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from msgspec import Struct

from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.event import Episode, Event
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.ledger import Ledger
from vpnaudit.model.tunnel import LiveSa, Tunnel, TunnelEnd

RUNS_ON_S = 180.0
"""A log that ends so long after the collection was read later: devices are asked for it within minutes."""


class Received(Struct, frozen=True, kw_only=True, gc=False):
    """What one device logged: its events and episodes, how many lines they are, from whom, from when to when."""

    episodes: tuple[Episode, ...]
    sources: tuple[str | None, ...]
    lines: int
    first: datetime | None
    last: datetime | None

    @staticmethod
    def of(events: Sequence[Event], episodes: Sequence[Episode]) -> Received:
        """Sum up."""
        times = [e.at for e in events if e.at is not None]
        return Received(
            episodes=tuple(episodes),
            sources=tuple(sorted({e.source for e in events}, key=lambda s: s or "")),
            lines=sum(e.count for e in events),
            first=min(times, default=None),
            last=max(times, default=None),
        )


class Rekeyed(Struct, frozen=True, kw_only=True, gc=False):
    """How often a device's own log or trace has it that the SAs with a peer were replaced. Seconds."""

    period_s: float
    evidence: tuple[Evidence, ...]


class Fleet(Struct, frozen=True, kw_only=True, dict=True):
    """All devices, tunnels, events and episodes of one audit. `collected_at` is the end of the collection."""

    devices: tuple[Device, ...]
    tunnels: tuple[Tunnel, ...]
    ledger: Ledger
    events: tuple[Event, ...]
    episodes: tuple[Episode, ...]
    collected_at: datetime
    started_at: datetime | None = None
    older: tuple[Device, ...] = ()
    """The same devices in earlier collections; `taken_at` as far as it is known. One may stand there several times."""
    rekeyed: Mapping[tuple[str, str], Rekeyed] = {}
    """By device and source, of the lines that are of no tunnel which is known."""

    def log_runs_on(self, device: str) -> datetime | None:
        """When a device's log ends, where that is well after the collection: a server's file, read later."""
        found = self.device_by_name[device]
        if found.clock_uncertainty_s is None or found.log_span is None:
            return None
        end = found.on_common_clock(found.log_span[1])
        return end if end > self.collected_at + timedelta(seconds=RUNS_ON_S) else None

    @cached_property
    def device_by_name(self) -> dict[str, Device]:
        """Devices by name."""
        return {d.name: d for d in self.devices}

    @cached_property
    def older_by_name(self) -> dict[str, tuple[Device, ...]]:
        """Earlier collections of each device, by name."""
        found: dict[str, list[Device]] = {}
        for device in self.older:
            found.setdefault(device.name, []).append(device)
        return {name: tuple(devices) for name, devices in found.items()}

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

    @cached_property
    def oldest_sas(self) -> dict[str, LiveSa]:
        """By device, of its live inbound SAs whose age is known the one that is installed for the longest."""
        found: dict[str, LiveSa] = {}
        dated = ((e.device, sa) for t in self.tunnels for e in t.ends for sa in e.inbound if e.device is not None)
        for device, sa in dated:
            known = found.get(device or "")
            if sa.installed_at is not None and (
                known is None or (known.installed_at or sa.installed_at) > sa.installed_at
            ):
                found[device or ""] = sa
        return found

    @cached_property
    def assessable_devices(self) -> tuple[Device, ...]:
        """The devices on which a check can say anything. The others are COL-003's alone."""
        return tuple(d for d in self.devices if d.assessable)

    @cached_property
    def assessable_tunnels(self) -> tuple[Tunnel, ...]:
        """The tunnels of which at least one end is on an assessable device."""
        names = {d.name for d in self.assessable_devices}
        return tuple(t for t in self.tunnels if any(e.device in names for e in t.ends))

    @cached_property
    def assessable_ends(self) -> tuple[tuple[Tunnel, TunnelEnd, Device], ...]:
        """Every end of every tunnel that is on an assessable device."""
        devices = {d.name: d for d in self.assessable_devices}
        ends = ((t, e, devices.get(e.device or "")) for t in self.tunnels for e in t.ends)
        return tuple((t, e, device) for t, e, device in ends if device is not None)

    @cached_property
    def received_by(self) -> dict[str, Received]:
        """Events and episodes by the device that logged them."""
        found: dict[str, tuple[list[Event], list[Episode]]] = {}
        for event in self.events:
            found.setdefault(event.device, ([], []))[0].append(event)
        for episode in self.episodes:
            found.setdefault(episode.device, ([], []))[1].append(episode)
        return {name: Received.of(events, episodes) for name, (events, episodes) in found.items()}

    def rekeyed_with(self, device: str, source: str | None) -> Rekeyed | None:
        """How often the device's log has it that SAs with the source were replaced, where no tunnel is known."""
        return self.rekeyed.get((device, normal(source))) if source is not None else None

    @cached_property
    def of_no_tunnel(self) -> dict[tuple[str, str | None], frozenset[int]]:
        """By receiver and source, the SPIs of lines that can be given to no tunnel."""
        found: dict[tuple[str, str | None], set[int]] = {}
        for episode in self.episodes:
            if episode.tunnel is None:
                found.setdefault((episode.device, episode.source), set()).add(episode.spi)
        return {flow: frozenset(spis) for flow, spis in found.items()}

    @cached_property
    def sharing(self) -> dict[str, tuple[str, ...]]:
        """The devices that have an address on an interface, alone or shared with a partner, by its one spelling."""
        found: dict[str, list[str]] = {}
        for device in self.devices:
            for address in device.own_addresses:
                found.setdefault(address, []).append(device.name)
        return {address: tuple(names) for address, names in found.items()}

    @cached_property
    def faced(self) -> dict[tuple[str, str], tuple[Tunnel, ...]]:
        """Tunnels by device and the other end's address as that device sees it: several, where it is a NAT's."""
        found: dict[tuple[str, str], list[Tunnel]] = {}
        for tunnel in self.tunnels:
            for end in tunnel.ends:
                other = tunnel.other_end(end.device or "")
                found.setdefault((end.device or "", normal(other.seen)), []).append(tunnel)
        return {key: tuple(tunnels) for key, tunnels in found.items()}

    @cached_property
    def strangers_by_spi(self) -> dict[int, frozenset[str | None]]:
        """The unknown sources that sent with each SPI."""
        found: dict[int, set[str | None]] = {}
        for episode in self.episodes:
            if episode.mechanism == "unknown-source":
                found.setdefault(episode.spi, set()).add(episode.source)
        return {spi: frozenset(sources) for spi, sources in found.items()}
