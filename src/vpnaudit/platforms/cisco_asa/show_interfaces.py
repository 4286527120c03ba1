"""`show interface`: state, address, and the counters that speak of a bad path (field guide C9)."""

from __future__ import annotations

from ipaddress import IPv4Network

from msgspec import structs

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import InterfaceState
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.interface_rows import interface_of


def parse(text: str) -> Parsed:
    """Read the answer to `show interface`, of all or of one, plain or detailed. Never raises."""
    return parse_answer("cisco_asa", "show_interfaces", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(interfaces=tuple(_interface(row) for row in rows))


def _interface(row: Row) -> InterfaceState:
    return structs.replace(
        interface_of(row),
        nameif=row.text("NAMEIF"),
        prefix_length=_prefix_length(row["MASK"]),
        input_rate_bps=_bits(row.number("INPUT_RATE")),
        output_rate_bps=_bits(row.number("OUTPUT_RATE")),
        input_packets=_first(row.number("INPUT_PACKETS"), row.number("TRAFFIC_INPUT")),
        output_packets=_first(row.number("OUTPUT_PACKETS"), row.number("TRAFFIC_OUTPUT")),
    )


def _prefix_length(mask: str) -> int | None:
    try:
        return IPv4Network(f"0.0.0.0/{mask}").prefixlen if mask else None
    except ValueError:
        return None


def _bits(bytes_per_second: int | None) -> int | None:
    """An ASA prints its rates in bytes."""
    return None if bytes_per_second is None else bytes_per_second * 8


def _first(line: int | None, traffic: int | None) -> int | None:
    return traffic if line is None else line


COMMANDS = (
    CommandSpec(
        command="show interfaces",
        sent="show interface",
        parse=parse,
        needed=True,
        timeout_s=120.0,
        other_forms=("show interfaces detail",),
    ),
)
