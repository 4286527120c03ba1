"""Tells what a file of measurements is by what stands in it, and reads it."""

from __future__ import annotations

import re

from vpnaudit.loss.probes.echo import SUMMED, WINDOWS_HEAD, read_fping, read_ios_ping, read_ping, read_windows_ping
from vpnaudit.loss.probes.measured import Measured, measured
from vpnaudit.loss.probes.sums import (
    json_object,
    read_ip_sla,
    read_iperf,
    read_mtr_csv,
    read_mtr_json,
    read_mtr_report,
    read_smokeping,
)
from vpnaudit.loss.probes.tally import Tally

KNOWN = (
    "ping (Linux, macOS, Windows, IOS, ASA), show ip sla statistics, fping, mtr, smokeping (rrdtool fetch), "
    "iperf3 -u --json"
)
_TEXT_READERS = (
    (re.compile(r"Sending \d{1,10}, \[?[\d.]{1,12}\]?-byte ICMP|^[!.]{5,}\s*$", re.MULTILINE), read_ios_ping),
    (re.compile(r"IPSLA operation id|round trip time \(RTT\)\s+(?:for\s{1,20})?Index", re.IGNORECASE), read_ip_sla),
    (re.compile(r"Loss%.{0,40}Snt(?:\s|$)"), read_mtr_report),
    (re.compile(r"^(?:Mtr_Version|MTR\.)[^\n]{0,200}[;,]"), read_mtr_csv),
    (re.compile(r"\bloss\b[^\n]{0,40}\bmedian\b|packet loss:[^\n]{0,80}% avg", re.IGNORECASE), read_smokeping),
    (re.compile(r" : (?:\[\d{1,9}\], |xmt/rcv/%loss = |(?:-|\d{1,9}(?:\.\d{1,9})?)(?: |$))", re.MULTILINE), read_fping),
    (re.compile(rf"icmp_seq|icmp6_seq|\bseq=\d|packets transmitted|^{SUMMED}", re.MULTILINE), read_ping),
    (re.compile(r"TTL=\d|^(?:Pinging|Request timed out)|[Bb]ytes[= ]32 ", re.MULTILINE), read_windows_ping),
    (WINDOWS_HEAD, read_windows_ping),
)  # fmt: skip


def read_probes(data: bytes) -> Measured:
    """Read a measurement of any known form, of one target; of several the one that lost most, which is said.

    Raises:
        ValueError: the form is not known, or the file holds no probe of it.

    """
    text = _decoded(data)
    tallies = _tallies(text)
    if not tallies:
        message = f"no measurement that is known was found in it; known: {KNOWN}"
        raise ValueError(message)
    worst = max(tallies, key=lambda t: t.loss)
    if len(tallies) > 1:
        worst.notes.insert(0, f"{len(tallies)} targets in it: the one that lost most is judged")
    return measured(worst)


def _tallies(text: str) -> list[Tally]:
    document = json_object(text)
    if document is not None:
        return read_mtr_json(document) if "report" in document else read_iperf(document)
    if text.lstrip().startswith("{"):
        message = "it is JSON that breaks off, or not of one piece: mtr --json and iperf3 -u --json write one object"
        raise ValueError(message)
    for sign, read in _TEXT_READERS:
        if sign.search(text):
            found = [t for t in read(text) if t.sent or t.share is not None]
            if found:
                return found
    return []


def _decoded(data: bytes) -> str:
    """Text of any bytes; what PowerShell writes is UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")
