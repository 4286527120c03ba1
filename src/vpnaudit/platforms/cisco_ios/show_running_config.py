"""`show running-config`: the settings that an audit needs (field guide 5.4 and appendix E)."""

from __future__ import annotations

from vpnaudit.model.config import ConfigFacts, ConfigInterface, IpsecProfile
from vpnaudit.model.facts import Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import Row
from vpnaudit.platforms.cisco_ios._config_access_lists import access_lists
from vpnaudit.platforms.cisco_ios._config_applets import applets
from vpnaudit.platforms.cisco_ios._config_ike import ike_facts
from vpnaudit.platforms.cisco_ios._config_interfaces import interfaces
from vpnaudit.platforms.cisco_ios._config_ip_sla import ip_sla_operations
from vpnaudit.platforms.cisco_ios._config_ipsec import ipsec_facts
from vpnaudit.platforms.cisco_ios._config_system import system_facts
from vpnaudit.platforms.configuration import read_configuration
from vpnaudit.platforms.statements import Statement

DEFAULT = "default"


def parse(text: str) -> Parsed:
    """Read a running or startup configuration."""
    return read_configuration("cisco_ios", text, _config)


def _config(rows: list[Row], top: list[Statement]) -> ConfigFacts:
    ports = interfaces(top)
    system, ipsec = system_facts(top), ipsec_facts(top)
    ipsec["ipsec_profiles"] = _with_default(ipsec["ipsec_profiles"], ports)
    return ConfigFacts(
        line=rows[0].line,
        whole=system["hostname"] is not None and any(statement.words == ("end",) for statement in top),
        acls=access_lists(top),
        interfaces=ports,
        ip_sla=ip_sla_operations(top),
        applets=applets(top),
        **system,
        **ike_facts(top),
        **ipsec,
    )


def _with_default(profiles: tuple[IpsecProfile, ...], ports: tuple[ConfigInterface, ...]) -> tuple[IpsecProfile, ...]:
    """The IPsec profile `default` is there without being printed; it takes the IKEv2 profile of that name.

    Source: FlexVPN configuration guide, IKEv2 smart defaults.
    """
    line = next((p.protection_line for p in ports if p.ipsec_profile == DEFAULT and p.protection_line), None)
    if line is None or any(p.name == DEFAULT for p in profiles):
        return profiles
    return (*profiles, IpsecProfile(line=line, name=DEFAULT, ikev2_profile=DEFAULT))


COMMANDS = (
    CommandSpec(
        command="show running-config",
        parse=parse,
        needed=True,
        timeout_s=180.0,
        other_forms=("show startup-config", "show running-config all", "show configuration"),
    ),
)
