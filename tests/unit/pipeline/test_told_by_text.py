"""A capture whose name says nothing is told by its text, wherever its lines are one command's."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vpnaudit.errors import SourceError
from vpnaudit.pipeline.audit import audit_sources, read_sources
from vpnaudit.pipeline.parse_document import parse_files
from vpnaudit.platforms.told_by_text import Commands
from vpnaudit.settings import Settings

SITUATION = Path(__file__).resolve().parents[2] / "fixtures" / "situations" / "a01_receiver_reloaded_sender_without_dpd"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
MAIL = "Dear colleagues,\n\nplease find attached the usual numbers: 12, 14 and 20.\nRegards\n"


def answers() -> list[Path]:
    return sorted((SITUATION / "captures" / "branch-oslo").glob("show_crypto_*.txt"))


@pytest.mark.parametrize("path", answers(), ids=lambda p: p.stem)
def test_the_command_is_the_one_of_the_name(path: Path) -> None:
    assert Commands().by_text(path.read_text()) == Commands()(path.stem)


@pytest.mark.parametrize(
    "text", [MAIL, "", "{}\n", "interface: x\n", MAIL + "Crypto map tag: VPN, local addr 192.0.2.1\n"]
)
def test_what_is_no_answer_is_not_told(text: str) -> None:
    assert Commands().by_text(text) is None


def test_files_of_any_name_give_the_same_diagnosis(tmp_path: Path) -> None:
    for device in sorted((SITUATION / "captures").iterdir()):
        (tmp_path / device.name).mkdir()
        for number, file in enumerate(sorted(device.iterdir())):
            keep = "crypto" not in file.name and "cry" not in file.name
            shutil.copy(file, tmp_path / device.name / (file.name if keep else f"output {number}.txt"))
    named = audit_sources([SITUATION / "captures"], Settings(), NOW)
    told = audit_sources([tmp_path], Settings(), NOW)
    assert [(d.id, d.cause, d.confidence) for d in told.diagnoses] == [
        (d.id, d.cause, d.confidence) for d in named.diagnoses
    ]
    assert told.diagnoses


def test_parse_tells_the_command_too(tmp_path: Path) -> None:
    shutil.copy(answers()[0], tmp_path / "from the customer.txt")
    (document,), problems = parse_files([tmp_path / "from the customer.txt"], platform=None, command=None)
    assert (document.command, problems) == ("show crypto ipsec sa", [])


def test_a_mail_is_said_to_be_nothing(tmp_path: Path) -> None:
    (tmp_path / "mail.txt").write_text(MAIL)
    with pytest.raises(SourceError, match="Name it by its command"):
        read_sources([tmp_path / "mail.txt"])
