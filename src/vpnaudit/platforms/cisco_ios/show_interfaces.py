"""`show interfaces`: state, address, and the counters that speak of a bad path (field guide C9)."""

from __future__ import annotations

from msgspec import structs

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import InterfaceState
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.interface_rows import interface_of


def parse(text: str) -> Parsed:
    """Read the answer to `show interfaces`, of all or of one."""
    return parse_answer("cisco_ios", "show_interfaces", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(interfaces=tuple(_interface(row) for row in rows))


def _interface(row: Row) -> InterfaceState:
    return structs.replace(
        interface_of(row),
        prefix_length=row.number("PREFIX_LENGTH"),
        input_drops=row.number("INPUT_DROPS"),
        output_drops=row.number("OUTPUT_DROPS"),
        carrier_transitions=row.number("CARRIER_TRANSITIONS"),
        input_rate_bps=row.number("INPUT_RATE"),
        output_rate_bps=row.number("OUTPUT_RATE"),
        input_packets=row.number("INPUT_PACKETS"),
        output_packets=row.number("OUTPUT_PACKETS"),
    )


COMMANDS = (CommandSpec(command="show interfaces", parse=parse, needed=True, timeout_s=120.0),)
