"""`show running-config`: the settings that an audit needs (field guide 5.4 and appendix E)."""

from __future__ import annotations

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.facts import Coverage, Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import Row, run_template
from vpnaudit.parse.refusal import is_refused
from vpnaudit.platforms.cisco_ios._config_access_lists import access_lists
from vpnaudit.platforms.cisco_ios._config_ike import ike_facts
from vpnaudit.platforms.cisco_ios._config_interfaces import interfaces
from vpnaudit.platforms.cisco_ios._config_ipsec import ipsec_facts
from vpnaudit.platforms.cisco_ios._config_system import system_facts
from vpnaudit.platforms.cisco_ios._statements import Statement, statements


def parse(text: str) -> Parsed:
    """Read a running or startup configuration."""
    rows, coverage = run_template("cisco_ios", "show_running-config", text)
    if is_refused(text):
        return Parsed(coverage=Coverage(lines=coverage.lines, understood=coverage.lines), refused=True)
    config = _config(rows, statements(rows, coverage.unparsed)) if rows else None
    return Parsed(facts=Facts(config=config), coverage=coverage)


def _config(rows: list[Row], top: list[Statement]) -> ConfigFacts:
    return ConfigFacts(
        line=rows[0].line,
        whole=any(statement.words == ("end",) for statement in top),
        acls=access_lists(top),
        interfaces=interfaces(top),
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
