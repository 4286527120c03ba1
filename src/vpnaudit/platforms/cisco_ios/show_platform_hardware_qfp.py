"""Drops of the data plane of IOS-XE: the true number of packets with an SPI that has no SA (field guide 1.4, 5.1)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.counter_rows import in_columns


def parse_ipsec_drops(text: str) -> Parsed:
    """Read an answer to `show platform hardware qfp active feature ipsec datapath drops`, in packets. Never raises."""
    return parse_answer(
        "cisco_ios", "show_platform_hardware_qfp_active_feature_ipsec_datapath_drops", text, _ipsec_facts
    )


def parse_drops(text: str) -> Parsed:
    """Read an answer to `show platform hardware qfp active statistics drop`. Never raises."""
    return parse_answer("cisco_ios", "show_platform_hardware_qfp_active_statistics_drop", text, _facts)


def _ipsec_facts(rows: list[Row]) -> Facts:
    return Facts(counters=tuple(counter for row in rows for counter in in_columns(row, row["NAME"], {"COUNT": None})))


def _facts(rows: list[Row]) -> Facts:
    columns = {"PACKETS": "Packets", "OCTETS": "Octets"}
    return Facts(counters=tuple(counter for row in rows for counter in in_columns(row, row["NAME"], columns)))


COMMANDS = (
    CommandSpec(
        command="show platform hardware qfp active feature ipsec datapath drops",
        parse=parse_ipsec_drops,
        other_forms=("show platform hardware qfp active feature ipsec datapath drops all",),
    ),
    CommandSpec(
        command="show platform hardware qfp active statistics drop",
        parse=parse_drops,
        other_forms=(
            "show platform hardware qfp active statistics drop all",
            "show platform hardware qfp active statistics drop detail",
            "show platform hardware qfp standby statistics drop",
        ),
    ),
)
