"""`show running-config`: the settings that an audit needs (field guide 5.4 and appendix E)."""

from __future__ import annotations

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import Row
from vpnaudit.platforms.cisco_ios._config_access_lists import access_lists
from vpnaudit.platforms.cisco_ios._config_ike import ike_facts
from vpnaudit.platforms.cisco_ios._config_interfaces import interfaces
from vpnaudit.platforms.cisco_ios._config_ip_sla import ip_sla_operations
from vpnaudit.platforms.cisco_ios._config_ipsec import ipsec_facts
from vpnaudit.platforms.cisco_ios._config_system import system_facts
from vpnaudit.platforms.configuration import read_configuration
from vpnaudit.platforms.statements import Statement


def parse(text: str) -> Parsed:
    """Read a running or startup configuration."""
    return read_configuration("cisco_ios", text, _config)


def _config(rows: list[Row], top: list[Statement]) -> ConfigFacts:
    return ConfigFacts(
        line=rows[0].line,
        whole=any(statement.words == ("end",) for statement in top),
        acls=access_lists(top),
        interfaces=interfaces(top),
        ip_sla=ip_sla_operations(top),
        **system_facts(top),
        **ike_facts(top),
        **ipsec_facts(top),
    )


COMMANDS = (
    CommandSpec(
        command="show running-config",
        parse=parse,
        needed=True,
        timeout_s=180.0,
        other_forms=("show startup-config", "show running-config all", "show configuration"),
    ),
)
