"""`show crypto ipsec sa detail` read by a scanner written by hand: the floor that the templates are measured against.

It makes the same records of the same types with the same line numbers, and counts the lines that it does not know, as
one would write it for speed with string methods: the first word of a line picks what reads it. It knows the forms that
IOS-XE 17 prints and no others, which a parser in use could not afford.
"""

from __future__ import annotations

import re
from typing import Any

from vpnaudit.model.facts import Coverage, Facts, Parsed, UnparsedLine
from vpnaudit.model.sa import IpsecFlow, IpsecSa

_COUNTER = re.compile(r"#+pkts ([a-z .()]+?):? (\d+)(?:, |$)")
_IDENT = re.compile(r"(?:local|remote) +ident \(addr/mask/prot/port\): \(([^()]*)\)$")
_PEER = re.compile(r"current_peer (\S+) port (\d+)$")
_ENDPOINTS = re.compile(r"local crypto endpt\.: (\S+), remote crypto endpt\.: (\S+)$")
_MAP = re.compile(r"Crypto map tag: (\S+), local addr (\S+)$")
_PFS = re.compile(r"PFS \(Y/N\): ([YN]), DH group: (\w+)$")
_SPI = re.compile(r"0x([0-9A-F]{1,8})\(\d+\)$")
_TIMING = re.compile(r"sa timing: remaining key lifetime \(k/sec\): \((\d+)/(\d+)\)$")


class Scanner:
    """One text being read."""

    def __init__(self) -> None:
        self.sas: list[IpsecSa] = []
        self.flows: list[IpsecFlow] = []
        self.interface: dict[str, Any] = {}
        self.place: dict[str, Any] = {}
        self.flow: dict[str, Any] | None = None
        self.counters: dict[str, int] = {}
        self.list: dict[str, Any] = {}
        self.sa: dict[str, Any] | None = None
        self.number = 0
        self.readers = {
            "interface:": self.read_interface,
            "Crypto": self.read_map,
            "protected": self.read_vrf,
            "local": self.read_local,
            "remote": self.read_remote,
            "current_peer": self.read_peer,
            "PERMIT,": self.read_flags,
            "#pkts": self.read_counters,
            "##pkts": self.read_counters,
            "plaintext": self.read_mtu,
            "current": self.read_outbound_spi,
            "PFS": self.read_pfs,
            "inbound": self.read_list,
            "outbound": self.read_list,
            "spi:": self.read_spi,
            "transform:": self.read_transform,
            "in": self.read_settings,
            "conn": self.read_conn,
            "sa": self.read_timing,
            "IV": self.read_iv,
            "replay": self.read_replay,
            "Status:": self.read_status,
        }

    def read(self, text: str) -> Parsed:
        lines = 0
        unparsed = []
        readers = self.readers
        for number, raw in enumerate(text.split("\n"), 1):
            line = raw.strip()
            if not line:
                continue
            lines += 1
            self.number = number
            reader = readers.get(line.partition(" ")[0])
            if reader is None or not reader(line):
                unparsed.append(UnparsedLine(line=number, text=raw))
        self.end_flow()
        return Parsed(
            facts=Facts(ipsec_sas=tuple(self.sas), ipsec_flows=tuple(self.flows)),
            coverage=Coverage(lines=lines, understood=lines - len(unparsed), unparsed=tuple(unparsed)),
        )

    def end_sa(self) -> None:
        if self.sa is not None:
            self.sas.append(IpsecSa(**self.sa))
            self.sa = None

    def end_flow(self) -> None:
        self.end_sa()
        if self.flow is not None:
            self.flows.append(IpsecFlow(**self.flow, counters=self.counters))
            self.flow = None

    def read_interface(self, line: str) -> bool:
        self.end_flow()
        self.interface = {"interface": line[11:]}
        return True

    def read_map(self, line: str) -> bool:
        matched = _MAP.match(line)
        if not matched:
            return False
        self.interface["map_tag"], self.interface["local_address"] = matched.groups()
        return True

    def read_vrf(self, line: str) -> bool:
        self.end_flow()
        vrf = line[15:]
        self.interface["vrf"] = None if vrf == "(none)" else vrf
        return line.startswith("protected vrf: ")

    def read_local(self, line: str) -> bool:
        matched = _IDENT.match(line)
        if matched:
            self.end_flow()
            self.flow = {**self.interface, "line": self.number, "local_identity": matched[1]}
            self.place = {}
            self.counters = {}
            return True
        matched = _ENDPOINTS.match(line)
        if not matched or self.flow is None:
            return False
        self.flow["local_endpoint"], self.flow["remote_endpoint"] = matched.groups()
        return True

    def read_remote(self, line: str) -> bool:
        matched = _IDENT.match(line)
        if not matched or self.flow is None:
            return False
        self.flow["remote_identity"] = matched[1]
        return True

    def read_peer(self, line: str) -> bool:
        matched = _PEER.match(line)
        if not matched or self.flow is None:
            return False
        self.flow["peer"] = matched[1]
        self.flow["peer_port"] = int(matched[2])
        return True

    def read_flags(self, line: str) -> bool:
        return line.startswith("PERMIT, flags=")

    def read_counters(self, line: str) -> bool:
        found = _COUNTER.findall(line)
        for name, count in found:
            self.counters[name] = int(count)
        return bool(found)

    def read_mtu(self, line: str) -> bool:
        return line.startswith("plaintext mtu ")

    def read_outbound_spi(self, line: str) -> bool:
        matched = _SPI.match(line, 22)
        if not matched or self.flow is None:
            return False
        self.flow["current_outbound_spi"] = int(matched[1], 16)
        return True

    def read_pfs(self, line: str) -> bool:
        matched = _PFS.match(line)
        if not matched or self.flow is None:
            return False
        self.flow["pfs"] = matched[2] if matched[1] == "Y" else "none"
        return True

    def read_list(self, line: str) -> bool:
        self.end_sa()
        words = line.split()
        if len(words) != 3 or words[2] != "sas:" or self.flow is None:
            return False
        self.list = {"direction": words[0][:-5], "protocol": words[1]}
        if not self.place:
            self.place = {
                name: self.flow.get(name)
                for name in (
                    "interface",
                    "peer",
                    "local_endpoint",
                    "remote_endpoint",
                    "local_identity",
                    "remote_identity",
                    "vrf",
                    "map_tag",
                    "peer_port",
                )
            }
        return True

    def read_spi(self, line: str) -> bool:
        self.end_sa()
        matched = _SPI.match(line, 5)
        if not matched:
            return False
        self.sa = {**self.place, **self.list, "line": self.number, "spi": int(matched[1], 16)}
        return True

    def read_transform(self, line: str) -> bool:
        if self.sa is None:
            return False
        self.sa["transform"] = line[11:].rstrip(" ,")
        return True

    def read_settings(self, line: str) -> bool:
        if self.sa is None or not line.startswith("in use settings ={"):
            return False
        self.sa["settings"] = line[18:].rstrip(" ,}")
        return True

    def read_conn(self, line: str) -> bool:
        if self.sa is None or not line.startswith("conn id: "):
            return False
        _, found, initiator = line.partition(", initiator : ")
        if found:
            self.sa["initiator"] = initiator == "True"
        return True

    def read_timing(self, line: str) -> bool:
        matched = _TIMING.match(line)
        if not matched or self.sa is None:
            return False
        self.sa["remaining_kb"] = int(matched[1])
        self.sa["remaining_s"] = int(matched[2])
        self.sa["volume_rekey"] = True
        return True

    def read_iv(self, line: str) -> bool:
        return line.startswith("IV size: ")

    def read_replay(self, line: str) -> bool:
        return line.startswith("replay detection support: ")

    def read_status(self, line: str) -> bool:
        if self.sa is None:
            return False
        self.sa["status"] = line[8:]
        return True


def parse(text: str) -> Parsed:
    """Read an answer."""
    return Scanner().read(text)
