"""Routers' messages about what lies around the tunnels: lines, probes, takeovers, memory, restarts, commands."""

from __future__ import annotations

import re

from netutils.interface import canonical_interface_name

from vpnaudit.model.clears import clears_sas
from vpnaudit.parse.messages.facts import MessageFacts, Reader, value_of

_LINK = re.compile(
    r"\bInterface (?P<interface>\S{0,80}?),? changed state to (?P<state>(?:administratively )?(?:up|down))",
    re.IGNORECASE,
)


def read_link(text: str, facts: MessageFacts) -> None:
    """LINK and LINEPROTO."""
    found = _LINK.search(text)
    if found is None:
        return
    facts.interface = found["interface"] or None
    facts.note(state=found["state"].rpartition(" ")[2].lower())
    if " " in found["state"]:
        facts.note(reason="administratively down")


_TRACKED = re.compile(
    r"\b(?P<track>\d{1,5}) (?:(?:ip sla|rtr) (?P<sla>\d{1,10}) (?P<what>reachability|state)"
    r"|interface (?P<interface>\S{1,80}) (?P<of>line-protocol|ip routing|ipv6 routing)|(?P<other>\S.{0,120}?))"
    r"\s{1,9}(?P<old>\w{1,20}) ?-> ?(?P<new>\w{1,20})"
)


def _track(text: str, facts: MessageFacts) -> None:
    """TRACKING-5-STATE, later TRACK-6-STATE: `1 ip sla 10 reachability Up->Down`; an interface, a list, a route."""
    found = _TRACKED.search(text)
    if found is None:
        return
    if found["interface"] is not None:
        facts.interface = str(canonical_interface_name(found["interface"]))
    facts.note(track=found["track"], operation=found["sla"], tracked=found["what"] or found["of"] or found["other"])
    facts.note(state=found["new"].lower(), state_before=found["old"].lower())


_OPERATION = re.compile(r"\bIP SLAs?\s?\((?P<value>\d{1,10})\)|\bentry number = (?P<old>\d{1,10})")
_REACTION = re.compile(
    r"\b[Tt]hreshold (?P<change>[Oo]ccurred|[Ee]xceeded|[Cc]leared|[Bb]elow) for (?P<what>\w{1,40})"
    r"|\bcondition (?P<was>occurred|cleared)"
)
_GONE = frozenset({"timeout", "connectionLoss"})
"""What a reaction watches that tells of a target out of reach; the others tell of delay, or of single packets."""


def _ip_sla(text: str, facts: MessageFacts) -> None:
    """RTT-3-IPSLATHRESHOLD: `IP SLAs(1): Threshold Occurred for timeout`; RTT-4-OPER_TIMEOUT: `condition occurred`."""
    operation, reaction = _OPERATION.search(text), _REACTION.search(text)
    if operation is not None:
        facts.note(operation=operation["value"] or operation["old"])
    if reaction is None:
        return
    begun = (reaction["change"] or reaction["was"]).lower() in {"occurred", "exceeded"}
    facts.note(tracked=reaction["what"])
    if reaction["what"] is None or reaction["what"] in _GONE:
        facts.note(state="down" if begun else "up")
    else:
        facts.note(state="exceeded" if begun else "normal")


_FIRST_HOP = re.compile(
    r"(?P<interface>\S{1,80}) (?:Grp|IPv[46] group) (?P<group>\d{1,5}) state (?P<old>\w{1,20}) -> (?P<new>\w{1,20})"
)


def _first_hop(text: str, facts: MessageFacts) -> None:
    """HSRP, VRRP, GLBP: `Gi0/0/0 Grp 5 state Backup -> Master`, the interface often by its short name."""
    found = _FIRST_HOP.search(text)
    if found is not None:
        facts.interface = str(canonical_interface_name(found["interface"]))
        facts.note(group=found["group"], state=found["new"].lower(), state_before=found["old"].lower())


_POOL = re.compile(
    r"(?<!Alternate )\bPool:\s{0,40}(?P<pool>[\w/-][\w/ -]{0,39}?)\s{1,40}Free:\s{0,40}(?P<free>\d{1,15})"
    r"(?:\s{1,40}Cause:\s{0,40}(?P<cause>[A-Za-z][A-Za-z ]{0,59}?)(?=\s{0,40}(?:\n|$|Alternate|-Process)))?"
)
_FAILED_BYTES = re.compile(r"Memory allocation of (?P<value>\d{1,15}) bytes failed")
_PROCESS = re.compile(r'-Process\s*=\s*"(?P<value>[^"\r\n]{1,80})"')


def _allocation(text: str, facts: MessageFacts) -> None:
    """SYS-2-MALLOCFAIL with the lines that follow it."""
    facts.note(bytes=value_of(_FAILED_BYTES, text), process=value_of(_PROCESS, text))
    pool = _POOL.search(text)
    if pool is not None:
        facts.note(pool=pool["pool"], free=pool["free"], cause=pool["cause"])


_BY_USER = re.compile(
    r"\b(?:from (?P<origin>\w{1,30}) by|requested by) (?P<value>\S{1,80})(?: on (?P<where>\S{1,40}))?"
)
_LOGGED = re.compile(r"User:\s{0,40}(?P<user>(?:\S.{0,79}?)??)\s{1,40}logged command:\s*(?P<command>[^\r\n]{1,1000})")
_RELOAD_REASON = re.compile(r"Reload [Rr]eason:\s*(?P<value>[^\r\n]{1,200}?)\.?\s*$")
_VERSION = re.compile(r"\bVersion (?P<value>[^\s,]{1,40})")


def _config(text: str, facts: MessageFacts) -> None:
    found = _BY_USER.search(text)
    if found is not None:
        facts.note(user=found["value"].rstrip(".,"), where=found["where"].rstrip(".,") if found["where"] else None)


def _reload(text: str, facts: MessageFacts) -> None:
    _config(text, facts)
    facts.note(reason=value_of(_RELOAD_REASON, text))


def _restart(text: str, facts: MessageFacts) -> None:
    facts.note(version=value_of(_VERSION, text))


def _command(text: str, facts: MessageFacts) -> None:
    found = _LOGGED.search(text)
    if found is not None:
        facts.note(user=found["user"], command=found["command"].strip())


_APPLET = re.compile(r"\s{0,9}(?P<name>\S{1,80}?):(?:\s{1,9}(?P<said>[^\r\n]{1,1000})|\s|$)")


def _applet(text: str, facts: MessageFacts) -> None:
    """HA_EM-6-LOG: `NAME: what the applet NAME has to say`, one that accounts for commands the command itself."""
    found = _APPLET.match(text)
    if found is None:
        return
    said = (found["said"] or "").strip()
    facts.note(applet=found["name"], command=said if clears_sas(said) else None)


BY_NAME: dict[str, Reader] = {
    "UPDOWN": read_link,
    "CHANGED": read_link,
    "STATECHANGE": _first_hop,
    "MALLOCFAIL": _allocation,
    "CONFIG_I": _config,
    "RELOAD": _reload,
    "RESTART": _restart,
    "CFGLOG_LOGGEDCMD": _command,
}
BY_FACILITY: dict[str, Reader] = {
    "VRRP": _first_hop,
    "TRACK": _track,
    "TRACKING": _track,
    "RTT": _ip_sla,
    "SLA_SENDER": _ip_sla,
    "HA_EM": _applet,
}
