"""Device output as people hand it on: out of mails, tickets, forums, web pages and scripts."""

from __future__ import annotations

import html
import quopri
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.model.parsed import ParseDocument
from vpnaudit.pipeline.parse_document import parse_files
from vpnaudit.snapshot.copied import undo_copy
from vpnaudit.snapshot.json_line import unwrapped
from vpnaudit.snapshot.logfile import line_host
from vpnaudit.snapshot.text_file import decode

SESSION = """R1#show clock
*10:00:00.123 UTC Tue Nov 24 2026
R1#show crypto ipsec sa

interface: GigabitEthernet0/0
    Crypto map tag: CMAP, local addr 203.0.113.1

   protected vrf: (none)
   local  ident (addr/mask/prot/port): (192.0.2.0/255.255.255.0/0/0)
   remote ident (addr/mask/prot/port): (198.51.100.0/255.255.255.0/0/0)
   current_peer 203.0.113.9 port 500
     PERMIT, flags={origin_is_acl,}
    #pkts encaps: 7, #pkts encrypt: 7, #pkts digest: 7
    #pkts decaps: 0, #pkts decrypt: 0, #pkts verify: 0
    #send errors 0, #recv errors 0

     local crypto endpt.: 203.0.113.1, remote crypto endpt.: 203.0.113.9
     path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet0/0
     current outbound spi: 0x284CAABB(676113083)
     PFS (Y/N): N, DH group: none

     inbound esp sas:
      spi: 0x718DCE57(1905118807)
        transform: esp-aes esp-sha-hmac ,
        in use settings ={Tunnel, }
        conn id: 1, flow_id: SW:1, sibling_flags 80000040, crypto map: CMAP
        sa timing: remaining key lifetime (k/sec): (4608000/3235)
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE(ACTIVE)

     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
      spi: 0x284CAABB(676113083)
        transform: esp-aes esp-sha-hmac ,
        in use settings ={Tunnel, }
        conn id: 2, flow_id: SW:2, sibling_flags 80000040, crypto map: CMAP
        sa timing: remaining key lifetime (k/sec): (4608000/3235)
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE(ACTIVE)

     outbound ah sas:

     outbound pcp sas:

R1#show logging
Syslog logging: enabled (0 messages dropped, 0 messages rate-limited)

Log Buffer (8192 bytes):

*Nov 24 09:02:03.456: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=203.0.113.1,\
 prot=50, spi=0x1E6D41B7(510476727), srcaddr=203.0.113.9, input interface=GigabitEthernet0/0
R1#exit
"""


def each_line(before: str, behind: str = "") -> Callable[[str], str]:
    return lambda text: "".join(f"{before}{line}{behind}\n" for line in text.split("\n"))


def headings(form: str) -> Callable[[str], str]:
    return lambda text: re.sub(r"(?m)^R1#(show .*)$", form, text).replace("R1#exit\n", "")


def filled(text: str, width: int) -> str:
    wrapped = (textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) for line in text.split("\n"))
    return "\n".join("\n".join(lines) for lines in wrapped)


def in_mail(text: str) -> str:
    head = "Date: Tue, 24 Nov 2026 10:05:00 +0000\nContent-Transfer-Encoding: quoted-printable\n\n"
    return head + quopri.encodestring(text.encode()).decode()


def in_page(text: str) -> str:
    marked = html.escape(text).replace("show clock", "<b>show clock</b>")
    return f"<html><body><pre>\n{marked}</pre></body></html>\n"


FORMS: dict[str, Callable[[str], str]] = {
    "as it was": str,
    "quoted": each_line("> "),
    "quoted without blanks": each_line(">"),
    "quoted twice": each_line("> > "),
    "quoted but for blank lines": lambda text: each_line("> ")(text).replace("> \n", "\n"),
    "behind bars": each_line("| "),
    "backslashes at the ends": each_line("", " \\"),
    "escaped in Markdown": lambda text: text.replace("current_peer", r"current\_peer"),
    "below a greeting": lambda text: "Hi,\n\nsee below\n\n" + each_line("> ")(text) + "\nregards\n",
    "filled and quoted": lambda text: each_line("> ")(filled(text, 70)),
    "filled to 72 columns": lambda text: filled(text, 72),
    "filled to 78 columns": lambda text: filled(text, 78),
    "a mail's file": in_mail,
    "a web page": in_page,
    "lines of a web page": lambda text: html.escape(text).replace("\n", "<br />\n").replace("  ", "&nbsp; "),
    "no-break blanks": lambda text: text.replace(" ", "\u00a0"),
    "invisible characters": lambda text: text.replace(": ", ":\u200b \ufeff"),
    "code in Markdown": lambda text: f"# Found\n\n```\n{text}```\n",
    "indented in Markdown": lambda text: "Found\n\n" + textwrap.indent(text, "    "),
    "indented by a tab": lambda text: "Found\n\n" + textwrap.indent(text, "\t"),
    "indented in a list": lambda text: "1. Found\n\n" + textwrap.indent(text, "   "),
    "commands in bold type": lambda text: re.sub(r"(?m)^(R1#show .*)$", r"**\1**", text),
    "commands as code": lambda text: re.sub(r"(?m)^R1#(show .*)$", r"R1#`\1`", text),
    "numbered": lambda text: "".join(f"{n:4d}  {line}\n" for n, line in enumerate(text.split("\n"), 1)),
    "stamped by the minute": each_line("[10:00] "),
    "the echo alone": headings(r"\1"),
    "between equals signs": headings(r"===== \1 ====="),
    "between hash marks": headings(r"##### \1 #####"),
    "between stars": headings(r"*** \1 ***"),
    "behind a comment mark": headings(r"! \1"),
    "as NX-OS heads a configuration": headings(r"!Command: \1"),
    "as a script heads it": headings(r"Command: \1"),
    "a heading in Markdown": headings(r"## `\1`"),
    "in brackets": headings(r"[\1]"),
    "a task": headings(r"TASK [\1] ****"),
    "a firewall's bare prompt": headings(r"> \1"),
    "a prompt with a user": headings(r"noc@R1#\1"),
    "a prompt with a blank": headings(r"R1 #\1"),
    "a prompt in brackets": headings(r"[R1]#\1"),
}


@pytest.mark.parametrize("form", list(FORMS))
def test_a_session_is_read_whole(form: str, tmp_path: Path) -> None:
    file = tmp_path / "handed_on.txt"
    file.write_text(FORMS[form](SESSION), encoding="utf-8")
    documents, problems = parse_files([file], platform=None, command=None)
    assert (told(documents), problems) == (told(parsed_as_it_was(tmp_path)), [])
    assert [line.text for document in documents for line in document.unparsed] == []


def parsed_as_it_was(folder: Path) -> list[ParseDocument]:
    file = folder / "as_it_was.txt"
    file.write_text(SESSION, encoding="utf-8")
    return parse_files([file], platform=None, command=None)[0]


def told(documents: list[ParseDocument]) -> list[object]:
    """What was read, whatever the lines' numbers."""
    return [
        *((d.command, d.clock is not None) for d in documents if d.command == "show clock"),
        *((f.peer, f.remote_identity, f.counters) for d in documents for f in d.ipsec_flows),
        *(
            (s.direction, s.spi, s.peer, s.remote_endpoint, s.remote_identity, s.remaining_s, s.transform, s.map_tag)
            for d in documents
            for s in d.ipsec_sas
        ),
        *((e.tag, e.time, e.spi, e.source, e.destination, e.interface) for d in documents for e in d.events),
    ]


def test_the_form_as_it_was_has_all(tmp_path: Path) -> None:
    documents = parsed_as_it_was(tmp_path)
    assert [len(told(documents)), sum(len(d.events) for d in documents)] == [5, 1]


@pytest.mark.parametrize("form", list(FORMS))
def test_lines_keep_their_numbers(form: str) -> None:
    text = FORMS[form](SESSION)
    assert undo_copy(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "> show clock\n10:00:00 UTC Tue Nov 24 2026\n> \n> show version\nx",
        "hub1>en\nhub1>show clock\nhub1>exit",
        "a <--- b\n c -> d\n",
        "1 a\n2 b\n",
        "  1 0 120 0 120 0 0 x\n  2 0 120 0 120 0 0 y\n" * 4,
        "000001: *Nov 24 01:02:03: %SYS-5-A: b\n000002: *Nov 24 01:02:03: %SYS-5-A: b\n",
        "**** a ****",
        "spi=0x9E**41B7(1)",
    ],
)
def test_what_only_looks_copied_stays(text: str) -> None:
    assert undo_copy(text) == text


PIECES = ("1 ", "> ", "=3D", "=\n", "=", "\n", "`", "**", "R1#show clock", "<b>", "</b>", "&lt;", "&#39", "\u00a0", "x")
QUOTED_PRINTABLE = "Content-Transfer-Encoding: quoted-printable\n"


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_text_keeps_its_lines(text: str) -> None:
    assert undo_copy(text).count("\n") == text.count("\n")
    assert undo_copy(QUOTED_PRINTABLE + text).count("\n") == text.count("\n") + 1


HOSTILE = ("<a " * 50_000 + "</", "&" * 100_000, "> " * 50_000, "`" * 100_000 + "**", "1 \n" * 50_000, "=3D=" * 50_000)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:4])
def test_long_texts_keep_their_lines(text: str) -> None:
    assert undo_copy(text).count("\n") == text.count("\n")
    assert undo_copy(QUOTED_PRINTABLE + text).count("\n") == text.count("\n") + 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_wide_characters_without_or_with_a_mark(encoding: str) -> None:
    assert decode(SESSION.encode(encoding)) == (SESSION, [])


def test_a_blank_of_windows_is_a_blank() -> None:
    text, problems = decode("interface:\u00a0Tunnel1 \u2019".encode("cp1252"))
    assert text == "interface: Tunnel1 \ufffd"
    assert problems == ["holds bytes that are no UTF-8; they were replaced"]


MESSAGE = "*Nov 24 01:02:03.456: %SYS-5-CONFIG_I: Configured from console by noc on console"


@pytest.mark.parametrize(
    ("line", "text", "host"),
    [
        (f'{{"log":"{MESSAGE}\\n","time":"2026-11-24T01:02:04Z"}}', f"2026-11-24T01:02:04Z {MESSAGE}", None),
        (f'{{"host":"hub1","short_message":"{MESSAGE}"}}', f"hub1: {MESSAGE}", "hub1"),
        (
            f'{{"host":{{"name":"hub1"}},"@timestamp":"2026-11-24T01:02:04Z","message":"<188>4: {MESSAGE}"}}',
            f"2026-11-24T01:02:04Z hub1 4: {MESSAGE}",
            "hub1",
        ),
        (
            f'{{"result":{{"_raw":"Nov 24 01:02:04 hub2 4: {MESSAGE}","host":"relay"}}}}',
            f"Nov 24 01:02:04 hub2 4: {MESSAGE}",
            "hub2",
        ),
        (
            f'{{"host":"hub1","short_message":"{MESSAGE}","timestamp":1795482124.123}}',
            f"2026-11-24T01:02:04.123Z hub1 {MESSAGE}",
            "hub1",
        ),
        (
            f'{{"__REALTIME_TIMESTAMP":"1795482124123456","_HOSTNAME":"hub1","MESSAGE":"{MESSAGE}"}}',
            f"2026-11-24T01:02:04.123456Z hub1 {MESSAGE}",
            "hub1",
        ),
        (
            f'{{"_time":"2026-11-24 01:02:04.250 CET","host":"hub1","_raw":"{MESSAGE}"}}',
            f"2026-11-24T01:02:04.250 CET hub1 {MESSAGE}",
            "hub1",
        ),
        (
            (
                f'{{"streams":[{{"stream":{{"host":"hub1"}},"values":[["1795482124123456789","<188>{MESSAGE}"],'
                f'["1795482125000000000","{MESSAGE}"]]}}]}}'
            ),
            f"2026-11-24T01:02:04.123456Z hub1 {MESSAGE} 2026-11-24T01:02:05Z hub1 {MESSAGE}",
            "hub1",
        ),
        ('{"message":"nothing of a device"}', '{"message":"nothing of a device"}', None),
        (f'{{"message":"{MESSAGE}', f'{{"message":"{MESSAGE}', None),
        (f"{MESSAGE} {{}}", f"{MESSAGE} {{}}", None),
        ('{"a":' * 3000 + '"%SYS-5-A: b"' + "}" * 3000, '{"a":' * 3000 + '"%SYS-5-A: b"' + "}" * 3000, None),
    ],
)
def test_lines_of_json(line: str, text: str, host: str | None) -> None:
    assert unwrapped(line) == text
    assert line_host(line) == host


def test_a_stamp_behind_a_stamp_is_no_host() -> None:
    assert line_host("2026-11-24T01:02:04Z Nov 24 2026 01:02:03: %ASA-6-302014: Teardown") is None


@pytest.mark.parametrize(
    "head",
    [
        "2026-11-24 01:02:04\tLocal7.Warning\t192.0.2.9\t45: ",
        "11-24-2026\t01:02:04\tLocal7.Warning\t192.0.2.9\t45: ",
        "11/24/2026 1:02:04 AM\t192.0.2.9\tWarning\t45: ",
        "2026-11-24T01:02:04Z 45: 192.0.2.9: ",
        "<190>Original Address=192.0.2.9 1 2026-11-24T01:02:04.168Z loghost Kiwi_SyslogNet_Server 3356 MSGOUT hub1: ",
        "<190>4712: 192.0.2.9 4711: ",
        "Nov 24 01:02:04 192.0.2.9/relay.example.net 45: ",
        "Nov 24 01:02:04 s_net@192.0.2.9 45: ",
        "Tue Nov 24 01:02:04 2026 192.0.2.9 45: ",
        "24 Nov 2026 01:02:04 192.0.2.9 45: ",
        "2026/11/24 01:02:04.123 192.0.2.9 45: ",
        "1795482124.123456 192.0.2.9 45: ",
    ],
)
def test_the_host_in_a_log_servers_columns(head: str) -> None:
    assert line_host(f"{head}{MESSAGE}") == "192.0.2.9"
