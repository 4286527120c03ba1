"""How tunnels live: negotiation, rekeys, expiry, DPD, DELETE, and what the packets meet.

Traffic is a rate. Only the first packet after a change of state is computed, then one for each line that the device's
limit lets through while it falls into a hole: the cost of a day is the number of changes, not of packets.

What changes a tunnel says so to the `World`; those who then have something to plan (packets, volume, DPD, a new
negotiation) have asked it to be told, in the order in which the `Engine` puts them together.
"""

from __future__ import annotations

from vpnaudit.simulate.engine.engine import Engine

__all__ = ["Engine"]
