"""`show interfaces`: state, address, and the counters that speak of a bad path (field guide C9)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import InterfaceState
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read the answer to `show interfaces`, of all or of one."""
    return parse_answer("cisco_ios", "show_interfaces", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(interfaces=tuple(_interface(row) for row in rows))


def _interface(row: Row) -> InterfaceState:
    return InterfaceState(
        line=row.line,
        name=row["NAME"],
        status=row.text("STATUS"),
        line_protocol=row.text("LINE_PROTOCOL"),
        address=row.text("ADDRESS"),
        prefix_length=row.number("PREFIX_LENGTH"),
        input_errors=row.number("INPUT_ERRORS"),
        crc_errors=row.number("CRC"),
        output_errors=row.number("OUTPUT_ERRORS"),
        input_drops=row.number("INPUT_DROPS"),
        output_drops=row.number("OUTPUT_DROPS"),
        interface_resets=row.number("INTERFACE_RESETS"),
        carrier_transitions=row.number("CARRIER_TRANSITIONS"),
        input_rate_bps=row.number("INPUT_RATE"),
        output_rate_bps=row.number("OUTPUT_RATE"),
        input_packets=row.number("INPUT_PACKETS"),
        output_packets=row.number("OUTPUT_PACKETS"),
    )


COMMANDS = (CommandSpec(command="show interfaces", parse=parse, needed=True, timeout_s=120.0),)
