"""Answers of a fleet of routers as large as wanted, both ends of every tunnel in it, and what their logs say.

Of two shapes, with five tunnels a device. Mesh: device `i` has tunnels with the five devices behind it and the five
before it. Star: the first five devices are hubs, and each of the others has a tunnel with every hub. A twentieth of the
tunnels is out of step: the sender uses an SA that the receiver forgot when it reloaded 100 minutes ago, and the
receiver logs it once a minute. Half of the others showed one line at each of their last ten rekeys. That is ten lines a
tunnel on the average. The same size gives the same answers.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TUNNELS_A_DEVICE = 5
STALE_EVERY = 20
LIFETIME_S = 7200
_STALE_LINES = 100
_RACES = 10
_BOOTED = NOW - timedelta(minutes=101)
"""When the devices that reloaded came up: older lines went with the buffer."""
_STALE_LEFT_S = (300, 1000)
"""Seconds left of an SA that the other end forgot when it reloaded: installed before that."""
_LEFT_S = (3900, 6900)
"""Of the others: installed after it."""

Answers = Mapping[str, str]
"""Command to answer."""
Shape = Literal["mesh", "star"]


class Tunnel(NamedTuple):
    """Two devices by number, the SPIs that each receives on, seconds left, and whether it is out of step."""

    first: int
    second: int
    spi_first: int
    spi_second: int
    left_s: int
    stale_spi: int | None


def fleet(devices: int, shape: Shape = "mesh") -> Iterator[tuple[str, Answers]]:
    """Name and answers of each device."""
    draw = random.Random(devices)
    ends: dict[int, list[Tunnel]] = defaultdict(list)
    logs: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    pairs = _mesh(devices) if shape == "mesh" else _star(devices)
    for number, tunnel in enumerate(_tunnels(pairs, draw)):
        ends[tunnel.first].append(tunnel)
        ends[tunnel.second].append(tunnel)
        logs[tunnel.second] += _events(tunnel, number, draw)
    reloaded = {t.second for tunnels in ends.values() for t in tunnels if t.stale_spi is not None}
    for me in range(devices):
        began = _BOOTED if me in reloaded else datetime.min.replace(tzinfo=UTC)
        log = sorted(line for line in logs[me] if line[0] > began)
        yield _name(me), _answers(me, ends[me], log, reloaded=me in reloaded)


def write_fleet(folder: Path, devices: int, shape: Shape = "mesh") -> int:
    """The same as a snapshot: a folder of captures with its manifest. Returns how many lines were logged in all."""
    listed, lines = [], 0
    for name, answers in fleet(devices, shape):
        lines += answers["show logging"].count("INV_SPI")
        (folder / name).mkdir(parents=True)
        listed.append(_listed(name, answers))
        for command, text in answers.items():
            (folder / _file(name, command)).write_text(text, encoding="ascii")
    manifest = {
        "schema": "vpnaudit.snapshot/1",
        "tool": {"name": "vpnaudit", "version": "0"},
        "started_at": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "finished_at": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "devices": listed,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="ascii")
    return lines


def tunnels_of(devices: int, shape: Shape) -> int:
    """How many tunnels a fleet has."""
    return TUNNELS_A_DEVICE * (devices if shape == "mesh" else devices - TUNNELS_A_DEVICE)


def _listed(name: str, answers: Answers) -> dict[str, Any]:
    """A device as the manifest lists it."""
    commands = [
        {
            "command": command,
            "file": _file(name, command),
            "asked_at": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
            "answered_at": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
            "device_clock": None,
            "bytes": len(text),
            "sha256": hashlib.sha256(text.encode("ascii")).hexdigest(),
            "refused": False,
        }
        for command, text in answers.items()
    ]
    found = {"name": name, "address": _address(int(name[1:])), "platform": "cisco_ios", "status": "complete"}
    return {**found, "error": None, "commands": commands}


def _file(name: str, command: str) -> str:
    return f"{name}/{command.replace(' ', '_')}.txt"


def _mesh(devices: int) -> Iterator[tuple[int, int]]:
    return ((first, (first + step) % devices) for first in range(devices) for step in range(1, TUNNELS_A_DEVICE + 1))


def _star(devices: int) -> Iterator[tuple[int, int]]:
    hubs = range(TUNNELS_A_DEVICE)
    return ((spoke, hub) for spoke in range(TUNNELS_A_DEVICE, devices) for hub in hubs)


def _tunnels(pairs: Iterator[tuple[int, int]], draw: random.Random) -> Iterator[Tunnel]:
    for number, (first, second) in enumerate(pairs):
        stale = draw.getrandbits(32) | 0x10000000 if number % STALE_EVERY == 0 else None
        spis = (draw.getrandbits(32) | 0x10000000 for _ in range(2))
        left_s = draw.randint(*(_LEFT_S if stale is None else _STALE_LEFT_S))
        yield Tunnel(first, second, *spis, left_s, stale)


def _events(tunnel: Tunnel, number: int, draw: random.Random) -> Iterator[tuple[datetime, str]]:
    """What the second device logs of packets from the first."""
    if tunnel.stale_spi is not None:
        for minute in range(_STALE_LINES):
            at = NOW - timedelta(minutes=_STALE_LINES - minute, seconds=draw.random())
            yield at, _invalid_spi(tunnel, tunnel.stale_spi)
    elif number % 2:
        last = NOW - timedelta(seconds=LIFETIME_S - tunnel.left_s)
        for back in range(_RACES):
            at = last - timedelta(seconds=back * (LIFETIME_S - 30) - 0.4 * draw.random())
            yield at, _invalid_spi(tunnel, draw.getrandbits(32) | 0x10000000)


def _invalid_spi(tunnel: Tunnel, spi: int) -> str:
    return (
        f"%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr="
        f"{_address(tunnel.second)}, prot=50, spi=0x{spi:X}({spi}), srcaddr={_address(tunnel.first)}, "
        "input interface=GigabitEthernet0/0"
    )


def _name(number: int) -> str:
    return f"r{number:05d}"


def _address(number: int) -> str:
    """Of the range for benchmarks (RFC 2544): those for documentation are too few."""
    return f"198.{18 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


def _inner(number: int) -> str:
    return f"10.{number // 250 % 250}.{number % 250}.0"


def _answers(me: int, tunnels: list[Tunnel], log: list[tuple[datetime, str]], *, reloaded: bool) -> Answers:
    peers = [(t, t.second if t.first == me else t.first) for t in tunnels]
    return {
        "show clock": f"{NOW:%H:%M:%S}.000 UTC {NOW:%a %b} {NOW.day} {NOW.year}\n",
        "show version": _VERSION.format(
            name=_name(me), uptime="1 hour, 41 minutes" if reloaded else "12 weeks, 1 day, 2 hours, 3 minutes"
        ),
        "show running-config": _configuration(me, [peer for _, peer in peers]),
        "show crypto isakmp sa": _ISAKMP.format(
            rows="\n".join(
                f"{_address(t.second):<15} {_address(t.first):<15} QM_IDLE           {1000 + n} ACTIVE"
                for n, (t, _) in enumerate(peers)
                if t.stale_spi is None or t.first == me
            )
        ),
        "show crypto ipsec sa": f"\ninterface: GigabitEthernet0/0\n    Crypto map tag: VPN, local addr {_address(me)}\n"
        + "".join(_identity(me, t, peer) for t, peer in peers),
        "show memory statistics": _MEMORY,
        "show interfaces": _INTERFACE.format(address=_address(me)),
        "show logging": _LOG_HEADER
        + "".join(f"{at:%b} {at.day:2d} {at:%H:%M:%S}.{at.microsecond // 1000:03d}: {text}\n" for at, text in log),
    }


def _configuration(me: int, peers: list[int]) -> str:
    maps = "".join(
        f"crypto map VPN {10 * n} ipsec-isakmp\n set peer {_address(p)}\n set transform-set TS\n match address TO-{p}\n"
        for n, p in enumerate(peers, 1)
    )
    lists = "".join(
        f"ip access-list extended TO-{p}\n permit ip {_inner(me)} 0.0.0.255 {_inner(p)} 0.0.0.255\n" for p in peers
    )
    keys = "".join(f"crypto isakmp key <removed> address {_address(p)}\n" for p in peers)
    return _CONFIGURATION.format(
        name=_name(me), keys=keys, maps=maps, lists=lists, address=_address(me), lifetime_s=LIFETIME_S
    )


def _identity(me: int, tunnel: Tunnel, peer: int) -> str:
    """A tunnel out of step: the sender still has the old pair, the receiver none."""
    inbound, outbound = (
        (tunnel.spi_first, tunnel.spi_second) if tunnel.first == me else (tunnel.spi_second, tunnel.spi_first)
    )
    if tunnel.stale_spi is not None:
        inbound, outbound = (inbound, tunnel.stale_spi) if tunnel.first == me else (0, 0)
    sas = ["", ""] if not outbound else [_sa(spi, tunnel.left_s) for spi in (inbound, outbound)]
    return _IDENTITY.format(
        local=_inner(me),
        remote=_inner(peer),
        me=_address(me),
        peer=_address(peer),
        outbound=outbound,
        inbound_sa=sas[0],
        outbound_sa=sas[1],
    )


def _sa(spi: int, left_s: int) -> str:
    return _SA.format(spi=spi, left=left_s)


_VERSION = """Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.7(3)M4, RELEASE SOFTWARE (fc2)
{name} uptime is {uptime}
System returned to ROM by power-on
Cisco CISCO2921/K9 (revision 1.0) with 2449408K/647168K bytes of memory.
"""
_CONFIGURATION = """Building configuration...
!
version 15.7
service timestamps log datetime msec
hostname {name}
!
logging buffered 262144 informational
crypto isakmp policy 10
 encr aes 256
 authentication pre-share
 group 14
{keys}!
crypto ipsec security-association lifetime seconds {lifetime_s}
crypto ipsec transform-set TS esp-aes 256 esp-sha256-hmac
 mode tunnel
!
{maps}!
interface GigabitEthernet0/0
 ip address {address} 255.255.0.0
 crypto map VPN
!
{lists}!
ntp server 203.0.113.123
end
"""
_ISAKMP = """IPv4 Crypto ISAKMP SA
dst             src             state          conn-id status
{rows}

IPv6 Crypto ISAKMP SA

"""
_IDENTITY = """
   protected vrf: (none)
   local  ident (addr/mask/prot/port): ({local}/255.255.255.0/0/0)
   remote ident (addr/mask/prot/port): ({remote}/255.255.255.0/0/0)
   current_peer {peer} port 500
     PERMIT, flags={{origin_is_acl,}}
    #pkts encaps: 99120, #pkts encrypt: 99120, #pkts digest: 99120
    #pkts decaps: 61022, #pkts decrypt: 61022, #pkts verify: 61022
    #send errors 0, #recv errors 0

     local crypto endpt.: {me}, remote crypto endpt.: {peer}
     plaintext mtu 1438, path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet0/0
     current outbound spi: 0x{outbound:X}({outbound})
     PFS (Y/N): N, DH group: none

     inbound esp sas:
{inbound_sa}
     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
{outbound_sa}
     outbound ah sas:

     outbound pcp sas:
"""
_SA = """      spi: 0x{spi:X}({spi})
        transform: esp-256-aes esp-sha256-hmac ,
        in use settings ={{Tunnel, }}
        conn id: 2001, flow_id: Onboard VPN:1, sibling_flags 80000046, crypto map: VPN
        sa timing: remaining key lifetime (k/sec): (4607512/{left})
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE
"""
_MEMORY = """                Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)
Processor   3B1A0000   1700000000   400000000   1300000000   1290000000   1280000000
"""
_INTERFACE = """GigabitEthernet0/0 is up, line protocol is up
  Internet address is {address}/16
  MTU 1500 bytes, BW 1000000 Kbit/sec, DLY 10 usec,
     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored
     0 output errors, 0 collisions, 0 interface resets
"""
_LOG_HEADER = """Syslog logging: enabled (0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns)

    Buffer logging:  level informational, 900 messages logged, xml disabled,
                    filtering disabled

Log Buffer (262144 bytes):

"""
