"""DMVPN peers by the addresses that carry them: rows of `show dmvpn` and `show ip nhrp` (field guide, appendix E)."""

from __future__ import annotations

from vpnaudit.model.sa import NbmaPeer
from vpnaudit.parse.engine import Row

_NO_ADDRESS = {"", "UNKNOWN"}
"""An incomplete or negative entry has none, and names no peer."""


def nbma_peers(rows: list[Row], state: str) -> tuple[NbmaPeer, ...]:
    """Return the peers of rows with NBMA, TUNNEL and INTERFACE; `state` names the column of their state."""
    return tuple(
        NbmaPeer(
            line=row.line,
            nbma=row["NBMA"],
            tunnel=row.text("TUNNEL"),
            interface=row.text("INTERFACE"),
            state=row.text(state),
        )
        for row in rows
        if row["NBMA"] not in _NO_ADDRESS
    )
