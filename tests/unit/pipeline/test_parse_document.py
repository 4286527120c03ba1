"""Parse documents: platform and command by options, by the path, by the text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vpnaudit.errors import UsageError
from vpnaudit.pipeline.parse_document import json_lines, parse_files, table, unparsed_lines


def parsed(*files: Path, **options: str | None) -> list[dict[str, Any]]:
    documents, problems = parse_files(list(files), **{"platform": None, "command": None, **options})
    assert problems == []
    return [json.loads(line) for line in json_lines(documents).splitlines()]


def put(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("name", "options", "platform", "command"),
    [
        ("cisco_ios/show_crypto_ipsec_sa/001.txt", {}, "cisco_ios", "show crypto ipsec sa"),
        ("cisco_xe/show_crypto_ipsec_sa/x.txt", {}, "cisco_ios", "show crypto ipsec sa"),
        ("hub/show_crypto_ipsec_sa.txt", {}, "cisco_ios", "show crypto ipsec sa"),
        ("hub/sh-cry-ips-sa.txt", {}, "cisco_ios", "show crypto ipsec sa"),
        ("hub/show_crypto_ipsec_sa_detailed.txt", {}, "cisco_ios", "show crypto ipsec sa detail"),
        ("any.txt", {"command": "show crypto ipsec sa"}, "cisco_ios", "show crypto ipsec sa"),
        ("any.txt", {"command": "sh cry ips sa peer 192.0.2.1"}, "cisco_ios", "show crypto ipsec sa peer 192.0.2.1"),
        ("hub/show_clock.txt", {"command": "show crypto ipsec sa"}, "cisco_ios", "show crypto ipsec sa"),
        ("any.txt", {"command": "show crypto ipsec sa", "platform": "cisco_xe"}, "cisco_xe", "show crypto ipsec sa"),
    ],
)
def test_platform_and_command(
    bench: Any, tmp_path: Path, name: str, options: dict[str, str], platform: str, command: str
) -> None:
    (document,) = parsed(put(tmp_path, name, bench.answers("hub")["show crypto ipsec sa"]), **options)
    assert (document["schema"], document["file"]) == ("vpnaudit.parse/1", str(tmp_path / name))
    assert (document["platform"], document["command"]) == (platform, command)
    assert [(s["direction"], s["spi"]) for s in document["ipsec_sas"]] == [("in", "0x7711AB04"), ("out", "0x5A0C11D2")]
    assert document["lines"] == document["understood"]


@pytest.mark.parametrize("folder", ["syslog", "console-log", "cisco_ios/syslog"])
def test_folders_of_logs(bench: Any, tmp_path: Path, folder: str) -> None:
    (document,) = parsed(put(tmp_path, f"{folder}/x.txt", bench.line(0x1A2B, 60) + "\n"))
    assert document["command"] == folder.rpartition("/")[2]
    (event,) = document["events"]
    assert (event["spi"], event["source"], event["line"]) == ("0x00001A2B", bench.spoke, 1)


@pytest.mark.parametrize("command", ["syslog", "console-log", "console_log"])
def test_a_log_by_option(bench: Any, tmp_path: Path, command: str) -> None:
    (document,) = parsed(put(tmp_path, "x.txt", bench.line(0x1A2B, 60) + "\n"), command=command)
    assert len(document["events"]) == 1


def test_a_session_holds_several(bench: Any, tmp_path: Path) -> None:
    text = "".join(f"hub#{c}\n{bench.answers('hub')[c]}" for c in ("show clock", "show crypto ipsec sa")) + "hub#exit\n"
    documents = parsed(put(tmp_path, "session.txt", text))
    assert [d["command"] for d in documents] == ["show clock", "show crypto ipsec sa"]


@pytest.mark.parametrize("options", [{"platform": "vms"}, {"command": "show me the way"}])
def test_options_that_name_nothing(tmp_path: Path, options: dict[str, str]) -> None:
    file = put(tmp_path, "show_clock.txt", "")
    with pytest.raises(UsageError):
        parse_files([file], **{"platform": None, "command": None, **options})


def test_files_that_cannot_be_read_are_told_and_the_others_read(bench: Any, tmp_path: Path) -> None:
    good = put(tmp_path, "show_clock.txt", bench.answers("hub")["show clock"])
    unknown = put(tmp_path, "words.txt", "words\n")
    documents, problems = parse_files([tmp_path / "missing.txt", unknown, good], platform=None, command=None)
    assert [d.command for d in documents][-1] == "show clock"
    assert any("missing.txt" in p for p in problems)
    assert len(problems) + len(documents) == 3


def test_lines_that_no_template_knows(bench: Any, tmp_path: Path) -> None:
    text = bench.answers("hub")["show crypto ipsec sa"] + "    beam me up \x1b[31m\n"
    documents, _ = parse_files([put(tmp_path, "show_crypto_ipsec_sa.txt", text)], platform=None, command=None)
    (document,) = documents
    assert document.understood == document.lines - 1
    shown = unparsed_lines(documents)
    assert "beam me up" in shown
    assert "\x1b" not in shown + table(documents)


def test_a_refused_command(tmp_path: Path) -> None:
    text = "       ^\n% Invalid input detected at '^' marker.\n"
    (document,) = parsed(put(tmp_path, "show_crypto_ipsec_sa.txt", text))
    assert document["refused"] is True
    assert document["ipsec_sas"] == []


def test_the_table_is_for_a_person(bench: Any, tmp_path: Path) -> None:
    documents, _ = parse_files(
        [put(tmp_path, "show_crypto_ipsec_sa.txt", bench.answers("hub")["show crypto ipsec sa"])],
        platform=None,
        command=None,
    )
    text = table(documents)
    assert "lines understood" in text
    assert "spi=0x7711AB04" in text
