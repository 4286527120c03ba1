"""A syslog server's file as large as wanted: what routers, firewalls and servers write, and a share that matters.

The lines that matter are of the kinds that an audit of IPsec needs; each has its own SPI and source. The others are
drawn from a pool of 200,000, since only their text counts. The same seed gives the same file.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

_POOL = 200_000
_BLOCK = 10_000
_LINES_A_SECOND = 50
_HOSTS = [f"10.1.{site}.{number}" for site in range(8) for number in range(1, 30)]


class Written(NamedTuple):
    """What was written: lines in all, and lines that an audit needs."""

    lines: int
    needed: int


def write_log(path: Path, size: int, share: float, seed: int = 1) -> Written:
    """Write at least `size` bytes, a `share` of whose lines an audit needs."""
    rng = random.Random(seed)
    pool = [noise(rng, 0) for _ in range(_POOL)]
    written = number = needed = 0
    with path.open("w", encoding="ascii", newline="\n") as file:
        while written < size:
            block = []
            for _ in range(_BLOCK):
                number += 1
                wanted = rng.random() < share
                needed += wanted
                block.append(event(rng, number // _LINES_A_SECOND) if wanted else rng.choice(pool))
            written += file.write("\n".join(block) + "\n")
    return Written(number, needed)


def noise(rng: random.Random, second: int) -> str:
    """A line that no audit of IPsec needs."""
    return rng.choices(_NOISE, (30, 20, 20, 10, 10, 10))[0](rng, _relayed(rng, second))


def event(rng: random.Random, second: int) -> str:
    """A line that it needs."""
    return rng.choices(_EVENTS, (50, 20, 10, 10, 10))[0](rng, _relayed(rng, second))


class _Head(NamedTuple):
    relay: str
    own: str


def _relayed(rng: random.Random, second: int) -> _Head:
    stamp = f"Nov 24 {second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    relay = f"{stamp} {rng.choice(_HOSTS)}"
    return _Head(relay, f"{relay} {rng.randint(1, 999999)}: {stamp}.{rng.randint(0, 999):03d}:")


def _address(rng: random.Random) -> str:
    return f"{rng.randint(11, 200)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"


def _port(rng: random.Random) -> int:
    return rng.randint(1024, 65535)


_Line = Callable[[random.Random, _Head], str]
_NOISE: tuple[_Line, ...] = (
    lambda r, h: (
        f"{h.relay} %ASA-6-302013: Built outbound TCP connection {r.randint(1, 9**9)} for outside:{_address(r)}/443 "
        f"({_address(r)}/443) to inside:10.2.3.4/{_port(r)} (203.0.113.9/{_port(r)})"
    ),
    lambda r, h: (
        f"{h.relay} %ASA-6-302014: Teardown TCP connection {r.randint(1, 9**9)} for outside:{_address(r)}/443 to "
        f"inside:10.2.3.4/{_port(r)} duration 0:00:{r.randint(10, 59)} bytes {r.randint(100, 999999)} TCP FINs"
    ),
    lambda r, h: (
        f"{h.own} %SEC-6-IPACCESSLOGP: list OUTSIDE-IN denied tcp {_address(r)}({_port(r)}) -> "
        f"203.0.113.9({r.randint(1, 1024)}), 1 packet"
    ),
    lambda r, h: (
        f"{h.own} %SSH-5-SSH2_USERAUTH: User 'nms' authentication for SSH2 Session from {_address(r)} (tty = 0) using "
        "crypto cipher 'aes256-ctr', hmac 'hmac-sha2-256' Succeeded"
    ),
    lambda r, h: (
        f"{h.relay} %ASA-4-106023: Deny udp src outside:{_address(r)}/{_port(r)} dst "
        f'inside:203.0.113.7/{r.randint(1, 1024)} by access-group "OUT" [0x0, 0x0]'
    ),
    lambda r, h: f"{h.relay} sshd[{_port(r)}]: Accepted publickey for backup from {_address(r)} port {_port(r)} ssh2",
)


def _invalid_spi(rng: random.Random, head: _Head) -> str:
    spi = rng.randint(1 << 20, (1 << 32) - 1)
    return (
        f"{head.own} %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=203.0.113.9, "
        f"prot=50, spi=0x{spi:X}({spi}), srcaddr={_address(rng)}, input interface=GigabitEthernet0/0"
    )


def _invalid_spi_of_a_firewall(rng: random.Random, head: _Head) -> str:
    return (
        f"{head.relay} %ASA-4-402114: IPSEC: Received an ESP packet (SPI= 0x{rng.randint(1 << 20, (1 << 32) - 1):08X}, "
        f"sequence number= 0x{rng.randint(1, 9999):X}) from {_address(rng)} to 203.0.113.1 with an invalid SPI."
    )


def _session_down(rng: random.Random, head: _Head) -> str:
    peer = _address(rng)
    return f"{head.own} %CRYPTO-5-SESSION_STATUS: Crypto tunnel is DOWN.  Peer {peer}:500       Id: {peer}"


def _line_protocol(rng: random.Random, head: _Head) -> str:
    port = rng.randint(0, 3)
    return f"{head.own} %LINEPROTO-5-UPDOWN: Line protocol on Interface GigabitEthernet0/{port}, changed state to down"


def _no_ike_sa(rng: random.Random, head: _Head) -> str:
    return (
        f"{head.own} %CRYPTO-4-IKMP_NO_SA: IKE message from {_address(rng)}    has no SA and is not an initialization "
        "offer"
    )


_EVENTS: tuple[_Line, ...] = (
    _invalid_spi,
    _invalid_spi_of_a_firewall,
    _session_down,
    _line_protocol,
    _no_ike_sa,
)


def chunks(path: Path, size: int = 1 << 20) -> Iterator[bytes]:
    """A file's bytes, to bring it into the page cache."""
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(size):
            yield chunk
