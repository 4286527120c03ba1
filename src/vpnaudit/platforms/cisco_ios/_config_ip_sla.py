"""IP SLA operations of a configuration: what each probes, from where. The statistics do not print it.

`ip sla N` since 12.4(4)T; before that `ip sla monitor N` and `rtr N`, which name the operation in a `type` statement.
"""

from __future__ import annotations

from itertools import pairwise

from vpnaudit.model.config import IpSlaOperation
from vpnaudit.platforms.cisco_ios._config_interfaces import interface_name
from vpnaudit.platforms.statements import Statement, after, first

_HEADS = ("ip sla monitor", "ip sla", "rtr")
_KINDS = ("icmp-echo", "icmp-jitter", "udp-jitter", "udp-echo", "tcp-connect", "path-echo", "path-jitter")
_OLD_TARGETS = ("ipIcmpEcho", "dest-ipaddr")
_SOURCES = ("source-ip", "source-ipaddr")


def ip_sla_operations(top: list[Statement]) -> tuple[IpSlaOperation, ...]:
    """Return every operation, in the order of the configuration."""
    return tuple(
        _operation(statement, int(rest[0]))
        for statement in top
        for rest in (_after_head(statement),)
        if rest is not None and len(rest) == 1 and rest[0].isdecimal() and len(rest[0]) <= 10
    )


def _after_head(statement: Statement) -> tuple[str, ...] | None:
    return next((rest for head in _HEADS if (rest := statement.after(head)) is not None), None)


def _operation(statement: Statement, number: int) -> IpSlaOperation:
    kind, words = _what(statement.under)
    followed = dict(pairwise(words))
    interface = words[words.index("source-interface") + 1 :] if "source-interface" in words else ()
    return IpSlaOperation(
        line=statement.line,
        number=number,
        kind=kind,
        target=_target(words),
        source=next((followed[word] for word in _SOURCES if word in followed), None),
        source_interface=interface_name(interface) if interface else None,
        vrf=first(statement.under, "vrf"),
        frequency_s=_number(statement, "frequency"),
        threshold_ms=_number(statement, "threshold"),
    )


def _number(statement: Statement, setting: str) -> int | None:
    value = first(statement.under, setting)
    return int(value) if value is not None and value.isdecimal() and len(value) <= 10 else None


def _what(under: list[Statement]) -> tuple[str | None, tuple[str, ...]]:
    """The operation's kind and the words behind it."""
    for statement in under:
        if statement.words[0] in _KINDS:
            return statement.words[0], statement.words[1:]
    for _, rest in after(under, "type"):
        if rest:
            return rest[0], rest[1:]
    return None, ()


def _target(words: tuple[str, ...]) -> str | None:
    old = next((following for word, following in pairwise(words) if word in _OLD_TARGETS), None)
    if old is not None or words[:1] == ("protocol",):
        return old
    return words[0] if words else None
