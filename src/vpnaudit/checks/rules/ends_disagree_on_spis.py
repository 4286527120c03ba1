"""One end sends on an SPI that the other end does not have.

## What it looks for

Both ends of a tunnel were collected. Every SA on which one end sends is looked up among the inbound SAs of the other
end. One that is not there is a packet stream that ends in `RECVD_PKT_INV_SPI`, now.

## Why it matters

An inbound SPI of one end is the outbound SPI of the other: that equality is the tunnel. Where it does not hold,
traffic in that direction is dropped until the sender's SA expires, DPD ends it or somebody clears it.

## What it cannot see

The two tables are read at two moments. An SA that was set up or deleted between them is not counted. Where nobody
knows when the tables were read, or how old the SAs are, a rekey may lie between them: UNKNOWN, but for an SA whose
other half both ends hold. With one end collected there is nothing to compare: UNKNOWN.

## Example

    spoke1  show crypto ipsec sa    outbound esp sas:  spi: 0x5A0C11D2(1510740434)   to 192.0.2.1
    hub     show crypto ipsec sa    inbound esp sas from 198.51.100.7:  0x7711AB04 only

## What to do

Clear that one peer at the sender, which builds a new pair: `clear crypto session remote 192.0.2.1` on spoke1. Then
look at the diagnosis of the tunnel: what let it come to this will do it again.

## How to check that it worked

`show crypto ipsec sa peer …` at both ends within the same minute: each outbound SPI of one end is an inbound SPI of
the other, encaps and decaps rise at both, and no new event is logged for five minutes.

## Source

RFC 4301 section 4.1; field guide 2.1 and 3.2, row 5.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import Case, peer_of, place, tunnel_case
from vpnaudit.model.device import SA_COMMANDS
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.spi import spi_text
from vpnaudit.model.tunnel import Tunnel
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel."""
    return (_judge(fleet, t) for t in fleet.assessable_tunnels)


def _judge(fleet: Fleet, tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, "every SA on which one end sends is an inbound SA of the other end")
    if tunnel.stale:
        first = tunnel.stale[0]
        sender = tunnel.end_of(first.sender) or tunnel.local
        spis = ", ".join(f"{spi_text(s.spi)} ({s.sender} to {s.receiver})" for s in tunnel.stale)
        return case.failed(
            f"sent on and not held by the receiver: {spis}",
            f"{first.receiver}'s table was read and lacks inbound SA {spi_text(first.spi)}: it drops what comes on it.",
            [e for s in tunnel.stale for e in s.evidence],
            parameters={
                "device": first.sender,
                "peer": peer_of(tunnel, sender),
                "receiver": first.receiver,
                "spi": spi_text(first.spi),
                "version": tunnel.ike,
            },
        )
    for end in (tunnel.local, tunnel.remote):
        if end.device is None or not end.sa_table_read:
            return case.unknown(place(end), SA_COMMANDS[0], "which SPIs that end holds")
    tables = [e for end in tunnel.ends for e in _table(fleet, end.device)]
    if tunnel.undecided:
        return _open(case, tunnel, tables)
    return case.passed(_words(tunnel), "", tables)


def _open(case: Case, tunnel: Tunnel, tables: list[Evidence]) -> Finding:
    first = tunnel.undecided[0]
    receiver = tunnel.end_of(first.receiver) or tunnel.remote
    question = (
        f"whether {first.receiver} holds {spi_text(first.spi)}, on which {first.sender} sends; read it at both ends "
        "within the same minute, for a rekey may lie between these two tables"
    )
    command = f"{SA_COMMANDS[0]} peer {peer_of(tunnel, receiver)}"
    return case.unknown(first.receiver, command, question, [e for s in tunnel.undecided for e in s.evidence] + tables)


def _words(tunnel: Tunnel) -> str:
    if not any(e.outbound for e in tunnel.ends):
        return "no end sends on any SA"
    held = [{s.spi for s in tunnel.other_end(e.device or "").inbound} for e in tunnel.ends]
    if all(any(s.spi in there for s in e.outbound) for e, there in zip(tunnel.ends, held, strict=True) if e.outbound):
        return "each end holds the SPIs on which the other sends"
    return "what differs came or went between the two readings"


def _table(fleet: Fleet, name: str | None) -> list[Evidence]:
    device = fleet.device_by_name.get(name or "")
    return list(device.cite_whole(*SA_COMMANDS)) if device else []


RULE = Rule(id="SPI-001", title="ends-disagree-on-spis", severity="high", needs=SA_COMMANDS[:1], check=check)
