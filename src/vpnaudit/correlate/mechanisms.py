"""What each mechanism means, for a person: where an event's SPI was found. The causes say why it was there."""

from __future__ import annotations

from vpnaudit.model.event import Mechanism

MECHANISM_PAGES: dict[Mechanism, str] = {
    "unknown-source": """\
The packet comes from an address with which this device has no tunnel.

**Told by.** The receiver's configuration and its IKE table were both read, and the source is no configured peer, no
IKE peer, covered by no dynamic map or other rule that takes any peer, and no address of yours; nor does the receiver's
log know it as a peer (an SA, an SPI that was handed out, a session). On an interface with a GETVPN map it is never
said: there the source is an inner address. Nor of a line for an address that is not the receiver's: its log may be
another device's.

**What it does not say.** Who sent it. The packet was never authenticated: its source can be forged.

**What follows.** The cause is `unconfigured-source`. Compare the filter on the outside interface with the peers.

Source: RFC 4303 section 3.4; field guide 3.2 row 1, 4 C2.""",
    "rekey-race": """\
A packet met a rekey: it used a new SA a moment too early, or an old one a moment too late.

**Told by.** The SPI is the receiver's own inbound SA and was installed next to the line; or it was one, was deleted at
most a minute before, and stands there once; or nobody has it, and the single line lies next to a rekey of that tunnel.
Next to means from two minutes before to one minute after, and as much more as the clocks are uncertain.

**What it does not say.** Whether there are too many of them: `normal-rekey` and `frequent-rekey` count.

**What follows.** Nothing for a few a day. The same SPI again a minute later is another matter: `stale-sa`.

Source: RFC 7296 section 2.8; field guide 2.2 to 2.4, 3.2 rows 2 and 4, 11.""",
    "misdelivered": """\
The packet is meant for another device of yours, and arrived here.

**Told by.** The SPI is, or was, an inbound SA of another device that shares the destination address, or of one whose
SA the sender holds as its outbound one.

**What it does not say.** What led it astray: a failover, a translation or a route.

**What follows.** The cause is `misdelivery`. Look which member of the pair is active, where the translation points,
and over which way the packets come.

Source: field guide 3.2 row 8, 4 C6 and C7.""",
    "stale-sa": """\
The sender goes on sending on an SA that the receiver does not have, or no longer has.

**Told by.** The SPI is the sender's current outbound SA (by a table that was not taken before the lines) and stands in
no inbound table of the receiver; or it was the receiver's (by a log, a trace, or a table that is older than the line),
and was deleted more than a minute before; or the same flow and SPI is logged for more than two minutes; or the receiver
handed it out in a negotiation and never installed it.

**What it does not say.** Why the receiver has no SA: that is the cause, `reset-not-detected`, `lifetime-mismatch`,
`delete-lost` or `missing-ike-sa`.

**What follows.** The tunnel is down in that direction until the sender's SA ends, DPD notices or somebody clears it.

Source: field guide 3.2 rows 5 to 7 and 11, 11 (streams that were measured).""",
    "damaged": """\
The SPI was changed on the way: one or two of its bits are not those of an SA that the receiver has.

**Told by.** It differs in one or two bits from a live inbound SPI of that source, and is not repeated.

**What it does not say.** Where on the path. By chance an SPI that nobody chose comes so close very seldom.

**What follows.** The cause is `damaged-in-transit`. Input errors on the interfaces of the path (LOSS-001).

Source: field guide 3.1; RFC 4303 section 3.4.4 (the SPI is looked up before the packet is checked).""",
    "unexplained": """\
Nothing that was collected has this SPI in a way that explains the line.

**Told by.** None of the others fits: the SPI is in no table, trace or log, or it is the receiver's own live inbound SA
and was installed long before, which points to clocks, to a VRF or to the forwarding hardware.

**What it does not say.** That nothing is wrong. It says that the evidence does not reach.

**What follows.** The diagnosis names what would settle it: most often the other end's `show crypto ipsec sa`, the log
of the same minutes, or an earlier collection.

Source: field guide 3.2 rows 3, 9, 10 and 12.""",
}
"""By name; the first line is the meaning in one sentence."""
