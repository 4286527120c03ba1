"""Plays a measured run into two simulated routers, which then answer show commands with what was measured.

Nothing here decides: which SA stood when, which packet met none, which end was down, comes from the lab's rows. What
the rows do not have is taken as said below, each at its place.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from lab_runs import ADDRESSES, ENDS, Change, Message, Run, Stray

from vpnaudit.simulate.clock import DeviceClock
from vpnaudit.simulate.commands import answer
from vpnaudit.simulate.device import Interface, Memory, SimDevice
from vpnaudit.simulate.models import ISR2911, ISR4331, Hardware
from vpnaudit.simulate.tunnel import DEFAULT_S, Dpd, End, Flow, IkeSa, Pair, Settings, Tunnel

START = datetime(2026, 5, 1, 10, 0, tzinfo=UTC).timestamp()
"""When a run's second 0 was, on the routers' clocks: any moment does."""
TRACED, UNTRACED = ISR4331, ISR2911
"""IOS-XE keeps an event trace of its SAs, IOS does not."""
WHOLE = (
    "show clock",
    "show version",
    "show running-config",
    "show crypto map",
    "show crypto isakmp sa",
    "show crypto isakmp sa detail",
    "show crypto ikev2 sa detailed",
    "show crypto ikev2 stats timeout",
    "show crypto ipsec sa",
    "show crypto session detail",
    "show interfaces",
    "show memory statistics",
    "show logging",
    "show ntp status",
    "show monitor event-trace crypto ipsec event all",
)
KNOWN_BY_EVENTS = ("show clock", "show version", "show running-config", "show logging", "show ntp status")
"""What can be shown of a run of which only the packets without SA were kept: tables and traces would have gaps."""
RETRY_S = 3
"""Between two DPD messages; an end that gets no answer gives up after five (README of the lab)."""
LOGGING = re.compile(r"^crypto logging .*\n", re.MULTILINE)
SAME_MOMENT_S = 0.01
"""Between changes so near to each other the rows have no order: their times are good to about 1 ms."""
GONE = 0
"""The inbound SPI of a pair of which the outbound SA alone is left."""
SENDINGS = 5
"""Of one message, or of probes without an answer, until its sender gives up (README of the lab)."""

Step = Change | Message | Stray


def stamp(second: float) -> str:
    """A second of a run as an audit says it: the routers' clocks show milliseconds, cut."""
    at = datetime.fromtimestamp(START + second, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


class Lab:
    """Two routers and their tunnel at second `now` of a run. `hardware` is both routers' model."""

    def __init__(self, run: Run, hardware: Hardware) -> None:
        self.run = run
        self.now = 0.0
        self.devices = tuple(_device(side, hardware) for side in (0, 1))
        ends = tuple(End(d, ADDRESSES[n], f"10.{n + 1}.0.0/24", _settings(run, n), "map", 10) for n, d in self._each())
        rate = run.packets_sent / run.end
        self.tunnel = Tunnel(
            name=run.name,
            ike_version=2 if run.ike_version == 2 else 1,
            ends=(ends[0], ends[1]),
            flows=(Flow(0, rate), Flow(1, rate)),
            rng=Random(run.name),  # noqa: S311 - must repeat
        )
        self._steps: Iterator[Step] = iter(self._planned)
        self._next: Step | None = next(self._steps, None)
        self._ike_number = 0
        self._begun_by: int | None = None
        self._down = [False, False]
        self._early: tuple[set[int], set[int]] = (set(), set())
        """Outbound SAs that came a moment before the inbound one of their pair."""
        self.gave_up = False
        """Whether an end gave up its peer for want of answers."""
        self.setups = [0, 0]
        """How often each end got an SA that had none."""

    def _each(self) -> Iterator[tuple[int, SimDevice]]:
        return enumerate(self.devices)

    @cached_property
    def _planned(self) -> list[Step]:
        """What happened up to the run's end; tearing it down afterwards is none of it."""
        rows: list[Step] = [*self.run.messages, *self.run.changes, *self.run.strays]
        return sorted((r for r in rows if r.at < self.run.end), key=lambda r: r.at)

    # ------------------------------------------------------------------ playing

    def play_until(self, second: float) -> None:
        """Let everything happen up to `second`. After the run's end nothing does, but that lifetimes end."""
        while self._next is not None and self._next.at <= second:
            self._count_until(self._next.at)
            self._happens(self._next)
            self._next = next(self._steps, None)
        self._count_until(min(second, self.run.end))
        if second > self.run.end:
            self._expire_until(second)
        self.now = second

    def _happens(self, step: Step) -> None:
        if isinstance(step, Change):
            self._changes(step)
        elif isinstance(step, Message):
            self._message(step)
        else:
            self.devices[step.side].unknown_spi(START + step.at, step.source, step.destination, step.spi)

    def _count_until(self, second: float) -> None:
        """The test traffic goes both ways at one rate; what arrives where there is an SA is counted."""
        span, self.now = second - self.now, second
        for side, end in enumerate(self.tunnel.ends):
            pair, peer = end.current, self.tunnel.peer(side)
            if span <= 0 or pair is None:
                continue
            packets = self.tunnel.flows[side].pps * span
            end.encaps += packets
            pair.bytes_out += packets * 100
            received = peer.pair_of(pair.outbound)
            if received is not None:
                peer.decaps += packets
                received.bytes_in += packets * 100

    def _expire_until(self, second: float) -> None:
        """Each end's SAs go by its own lifetime; there is no traffic that would ask for new ones."""
        due = [(p.installed + p.lifetime_s - START, n, p) for n, e in enumerate(self.tunnel.ends) for p in e.pairs]
        for at, side, pair in sorted(due, key=lambda d: d[:2]):
            if at <= second and pair.enabled:
                self._half_gone(side, pair, START + at, inbound=False)
            if at <= second and pair.inbound != GONE:
                self._half_gone(side, pair, START + at, inbound=True)

    # ------------------------------------------------------------------ SAs

    def _changes(self, change: Change) -> None:
        if change.what == "lost":
            return  # its device goes down in the same moment
        end = self.tunnel.ends[change.side]
        if change.what == "install":
            if change.inbound:
                self._installed(change)
            else:
                self._enabled(change)
            return
        pair = next((p for p in end.pairs if (p.inbound if change.inbound else p.outbound) == change.spi), None)
        if pair is not None:
            self._half_gone(change.side, pair, START + change.at, inbound=change.inbound)
            if not end.pairs and self.run.is_whole and not self._follows_at_once(change.side, change.at):
                self._alone(change)

    def _installed(self, change: Change) -> None:
        end, device = self.tunnel.ends[change.side], self.devices[change.side]
        pair = Pair(
            inbound=change.spi,
            outbound=self._partners.get((change.side, change.spi), 0),
            installed=START + change.at,
            lifetime_s=end.settings.seconds,
            lifetime_kb=end.settings.kilobytes,
            initiator=False,
            connections=(device.next_connection(), device.next_connection()),
            enabled=False,
            volume_soft=0.0,
        )
        end.pairs.append(pair)
        self._trace(change.side, pair, "create", START + change.at, outbound=False)
        if pair.outbound in self._early[change.side]:
            self._enabled(replace(change, inbound=False, spi=pair.outbound))

    def _enabled(self, change: Change) -> None:
        end = self.tunnel.ends[change.side]
        mine = [p for p in end.pairs if p.outbound == change.spi]
        if not mine:
            self._early[change.side].add(change.spi)
        for pair in mine:
            pair.enabled = True
            self._trace(change.side, pair, "create", START + change.at, outbound=True)
            self._session(change.side, START + change.at, up=True)

    def _half_gone(self, side: int, pair: Pair, when: float, *, inbound: bool) -> None:
        """One SA of a pair goes: the lab's go one by one, and seldom one stays for longer than the other."""
        self._trace(side, pair, "delete", when, outbound=not inbound)
        if inbound:
            pair.inbound = GONE
        else:
            pair.enabled = False
        if pair.inbound == GONE and not pair.enabled:
            end = self.tunnel.ends[side]
            end.pairs.remove(pair)
            if not end.pairs and not self._follows_at_once(side, when - START):
                self._session(side, when, up=False)

    def _follows_at_once(self, side: int, second: float) -> bool:
        """Whether the next SA comes in the same moment, in which the rows have no order."""
        return any(
            c.side == side and c.what == "install" and abs(c.at - second) <= SAME_MOMENT_S for c in self.run.changes
        )

    @cached_property
    def _partners(self) -> dict[tuple[int, int], int]:
        """The outbound SPI of each inbound one: installed in the same moment there, or told by the peer's pair."""
        found: dict[tuple[int, int], int] = {}
        new = [c for c in self.run.changes if c.what == "install"]
        for tolerance_s in (0.0015, 0.005, 0.02, 0.1):
            for mine in (c for c in new if c.inbound and (c.side, c.spi) not in found):
                near = {o.spi for o in new if _may_pair(mine, o, tolerance_s) and self._is_free(mine, o, found)}
                if len(near) == 1:
                    found[mine.side, mine.spi] = near.pop()
                    found[1 - mine.side, found[mine.side, mine.spi]] = mine.spi
        return found

    @staticmethod
    def _is_free(mine: Change, outbound: Change, found: dict[tuple[int, int], int]) -> bool:
        """Whether neither belongs to another pair, at either end."""
        return (1 - mine.side, outbound.spi) not in found and (mine.side, mine.spi) not in found

    def _trace(self, side: int, pair: Pair, what: str, when: float, *, outbound: bool) -> None:
        end, peer, device = self.tunnel.ends[side], self.tunnel.peer(side), self.devices[side]
        equals = "= " if what == "create" else " = "
        dest, spi = (peer.address, pair.outbound) if outbound else (end.address, pair.inbound)
        device.write_trace(
            when,
            f"IPSEC-EVENT:IPSEC-{what.upper()}-SA:  SESSION ID:0, sa {what} : (sa) sa_dest{equals}{dest}, "
            f"sa_proto{equals}50, sa_spi{equals}0x{spi:X}({spi}), sa_trans{equals}{self.tunnel.transform} , "
            f"sa_conn_id{equals}{pair.connections[outbound]}, "
            f"sa_lifetime(k/sec){equals}({pair.lifetime_kb or 0}/{pair.lifetime_s})",
        )

    def _session(self, side: int, when: float, *, up: bool) -> None:
        """`crypto logging session`: the first pair came, the last one went."""
        end, peer = self.tunnel.ends[side], self.tunnel.peer(side)
        if not self.run.is_whole or up == (end.up_since is not None):
            return
        end.up_since = when if up else None
        self.setups[side] += up
        kind = (
            "SESSION_STATUS: Crypto tunnel" if self.run.ike_version == 1 else "IKEV2_SESSION_STATUS: Crypto tunnel v2"
        )
        word = "UP" if up else "DOWN"
        tail = f"Peer {peer.address}:500       Id: {peer.address}"
        self.devices[side].write_log(when, f"%CRYPTO-5-{kind} is {word}.  {tail}")

    # ------------------------------------------------------------------ IKE and the devices

    def _message(self, message: Message) -> None:
        kind = message.words[0]
        if message.side is None:
            if kind in {"kill", "start"}:
                self._power(ENDS.index(message.words[1]), message.at, on=kind == "start")
        elif kind in {"MAIN", "SA_INIT"}:
            if "response" not in message.words and self._begun_by is None:
                self._begun_by = message.side
                self.tunnel.ends[message.side].ike = None  # it calls anew: it has given up the one before
        elif kind == "QUICK" and self._begun_by is not None:
            self._ike_up(message.at, (0, 1), anew=True)
            self._begun_by = None
        elif kind == "AUTH" and message.passed:
            answered = "response" in message.words
            self._ike_up(message.at, (1 - message.side,), anew=not answered)
            self._begun_by = None if answered else self._begun_by

    def _ike_up(self, second: float, sides: tuple[int, ...], *, anew: bool) -> None:
        self._ike_number += anew
        for side in sides:
            end = self.tunnel.ends[side]
            cookies = (0xA000 + self._ike_number, 0xB000 + self._ike_number)
            begun = side == self._begun_by
            connection = end.device.next_phase1()
            end.ike = IkeSa(self._ike_number, START + second, 86400, begun, connection, cookies)

    def _alone(self, change: Change) -> None:
        """The last SA went: of itself, as the peer said, or because the end has given up its peer and its IKE SA."""
        end, device = self.tunnel.ends[change.side], self.devices[change.side]
        if not self._gave_up(change):
            return
        end.ike = None
        self.gave_up = True
        if self.run.ike_version == 2:
            mine = [m for m in self.run.messages if m.side == change.side and m.at < change.at]
            if mine[-1].words[0] == "INFO2":
                device.dpd_timeouts += 1
            else:
                device.retransmit_timeouts += 1
                text = "Negotiation aborted due to ERROR: Maximum number of retransmissions reached"
                device.write_log(START + change.at, f"%IKEV2-3-NEG_ABORT: {text}")

    def _gave_up(self, change: Change) -> bool:
        """Whether nothing answered its last message, sent as often as it ever is, or its IKEv1 probes."""
        before = [m for m in self.run.messages if m.side is not None and m.at < change.at]
        mine = [m for m in before if m.side == change.side and "response" not in m.words]
        if not mine:
            return False
        heard = [m for m in before if m.side != change.side and m.passed]
        if self.run.ike_version == 1 and mine[-1].words[0] == "INFO1":
            silent = [m for m in mine if not heard or m.at > heard[-1].at]
            return _dpd(self.run) is not None and bool(silent) and silent[0].at < change.at - RETRY_S
        sent = [m for m in mine if m.words[:2] == mine[-1].words[:2]]
        return len(sent) >= SENDINGS and not any(self._answers(h, sent[0]) for h in heard if h.at > sent[0].at)

    def _answers(self, heard: Message, asked: Message) -> bool:
        is_answer = self.run.ike_version == 1 or "response" in heard.words
        return is_answer and heard.words[:2] == asked.words[:2]

    def _power(self, side: int, second: float, *, on: bool) -> None:
        """`kill` is a loss of power. The first `start` is the run's own: the router is up for long then."""
        device, end = self.devices[side], self.tunnel.ends[side]
        if not on:
            self._down[side] = True
            device.go_down(START + second)
            end.ike, end.up_since, self._begun_by = None, None, None
            end.pairs.clear()
            end.encaps = end.decaps = 0.0
        elif self._down[side]:
            self._down[side] = False
            killed = device.booted_at
            device.come_up(START + second)
            device.booted_at = killed
            device.clock.unset_until = 0.0  # the lab has one clock, right at all times: after a restart too

    # ------------------------------------------------------------------ captures

    def write_snapshot(self, folder: Path) -> datetime:
        """A collection of both routers at the present second; its end. One that is down answers nothing."""
        at = datetime.fromtimestamp(START + self.now, UTC)
        devices = []
        for device in self.devices:
            commands = self._write_captures(folder, device, at) if device.up else []
            status, error = ("complete", None) if device.up else ("unreachable", "it is down")
            address = device.outside.address
            known = {"name": device.name, "address": address, "platform": device.platform}
            devices.append({**known, "status": status, "error": error, "commands": commands})
        moments = {"started_at": at.isoformat(), "finished_at": at.isoformat()}
        tool = {"name": "vpnaudit", "version": "lab"}
        manifest = {"schema": "vpnaudit.snapshot/1", "tool": tool, **moments, "devices": devices}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return at

    def _write_captures(self, folder: Path, device: SimDevice, at: datetime) -> list[dict[str, Any]]:
        (folder / device.name).mkdir()
        listed = []
        for command in WHOLE if self.run.is_whole else KNOWN_BY_EVENTS:
            text = answer(device, [self.tunnel], command, START + self.now)
            if command == "show running-config" and not self.run.is_whole:
                text = LOGGING.sub("", text)  # the changes of its sessions are not known: they were not logged
            data = text.encode()
            file = f"{device.name}/{re.sub(r'[^a-z0-9.-]+', '_', command)}.txt"
            (folder / file).write_bytes(data)
            times = {"asked_at": at.isoformat(), "answered_at": at.isoformat(), "device_clock": None}
            told = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "refused": "% Invalid" in text}
            listed.append({"command": command, "file": file, **times, **told})
        return listed


def _may_pair(inbound: Change, outbound: Change, tolerance_s: float) -> bool:
    same_end = outbound.side == inbound.side and not outbound.inbound
    return same_end and round(abs(outbound.at - inbound.at), 4) <= tolerance_s


def _device(side: int, hardware: Hardware) -> SimDevice:
    return SimDevice(
        name=f"lab-{ENDS[side]}",
        hostname=f"LAB-{ENDS[side].upper()}",
        hardware=hardware,
        clock=DeviceClock(),
        rng=Random(side),  # noqa: S311 - must repeat
        booted_at=START - 40 * 86400,
        memory=Memory(hardware.memory_kb * 512, hardware.memory_kb * 300),
        outside=Interface(hardware.outside, ADDRESSES[side], 24, "Internet"),
        inside=Interface(hardware.inside, f"10.{side + 1}.0.1", 24, "Inside"),
        serial=f"FTX0000LAB{side}",
    )


def _dpd(run: Run) -> Dpd | None:
    """The lab's: a probe whenever nothing was heard for so long. Where a run does not speak of it, it was off."""
    seconds = str(run.settings.get("dpd", "off")).partition("-")[0]
    return None if seconds == "off" else Dpd(int(seconds), RETRY_S, "periodic")


def _settings(run: Run, side: int) -> Settings:
    """`life`, `life_a`, `life_b`; 64 s where the rekey was every 2 s; the default of IOS where none is told."""
    life = run.settings.get(f"life_{ENDS[side]}", run.settings.get("life", DEFAULT_S))
    if run.experiment in {"loss", "baseline", "reorder"}:
        life = 64
    return Settings(dpd=_dpd(run), seconds=int(life), deletes_old_at_once="delete" in run.variant)
