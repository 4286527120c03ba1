"""`show interfaces` of Cisco's systems: rows of their templates as states, with what speaks of a bad path (C9)."""

from __future__ import annotations

from vpnaudit.model.system import InterfaceState
from vpnaudit.parse.engine import Row


def interface_of(row: Row) -> InterfaceState:
    """Return the state of a row, as far as the systems print it alike: without mask, rates and packets."""
    return InterfaceState(
        line=row.line,
        name=row["NAME"],
        status=row.text("STATUS"),
        line_protocol=row.text("LINE_PROTOCOL"),
        address=row.text("ADDRESS"),
        input_errors=row.number("INPUT_ERRORS"),
        crc_errors=row.number("CRC"),
        output_errors=row.number("OUTPUT_ERRORS"),
        interface_resets=row.number("INTERFACE_RESETS"),
    )
