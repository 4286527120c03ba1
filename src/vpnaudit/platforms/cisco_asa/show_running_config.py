"""`show running-config` of an ASA, whole or in part: the settings that an audit needs (field guide 5.4)."""

from __future__ import annotations

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import Row
from vpnaudit.platforms.cisco_asa._config_access_lists import access_lists
from vpnaudit.platforms.cisco_asa._config_ike import ike_facts
from vpnaudit.platforms.cisco_asa._config_interfaces import interfaces
from vpnaudit.platforms.cisco_asa._config_ipsec import ipsec_facts
from vpnaudit.platforms.cisco_asa._config_names import write_out
from vpnaudit.platforms.cisco_asa._config_system import is_logging, system_facts
from vpnaudit.platforms.configuration import read_configuration
from vpnaudit.platforms.statements import Statement


def parse(text: str) -> Parsed:
    """Read a running or startup configuration, or what one of its parts shows."""
    return read_configuration("cisco_asa", text, _config)


def _config(rows: list[Row], top: list[Statement]) -> ConfigFacts:
    write_out(top)
    system = system_facts(top)
    whole = system["hostname"] is not None and any(_is_end(statement) for statement in top)
    system["logging_buffered_off"] |= whole and not is_logging(top)
    return ConfigFacts(
        line=rows[0].line,
        whole=whole,
        acls=access_lists(top),
        interfaces=interfaces(top),
        **system,
        **ike_facts(top),
        **ipsec_facts(top),
    )


def _is_end(statement: Statement) -> bool:
    """`: end`, or the checksum before it, which only a whole configuration has."""
    return statement.text in {": end", ":end"} or statement.words[0].startswith("Cryptochecksum:")


COMMANDS = (
    CommandSpec(
        command="show running-config",
        parse=parse,
        needed=True,
        timeout_s=180.0,
        other_forms=("show startup-config", "show running-config all", "show configuration"),
    ),
    CommandSpec(
        command="show running-config crypto",
        parse=parse,
        other_forms=(
            "show running-config crypto map",
            "show running-config all crypto map",
            "show running-config crypto ikev1",
            "show running-config crypto ikev2",
            "show running-config crypto ipsec",
            "show running-config crypto isakmp",
            "show running-config ipsec",
            "show running-config tunnel-group",
            "show running-config all tunnel-group",
            "show running-config group-policy",
        ),
    ),
)
