"""`vpnaudit.yaml`: what is read, and what is refused with file and key."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from vpnaudit.errors import SettingsError
from vpnaudit.settings import Settings, Thresholds, Waiver
from vpnaudit.settings.load import load_settings

WHOLE = """\
thresholds:
  memory_free_percent: 10
  dpd_slow_s: 45.5
waivers:
  - rule: DPD-001
    subject: spoke1
    reason: replaced in June
    until: 2026-06-30
    owner: network team
  - {rule: LOG-002, reason: no path to a time server}
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "vpnaudit.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_no_file_gives_the_defaults() -> None:
    assert load_settings(None) == Settings()


@pytest.mark.parametrize("text", ["", "---\n", "# nothing yet\n", "{}", "thresholds: {}\n"])
def test_an_empty_file_gives_the_defaults(tmp_path: Path, text: str) -> None:
    assert load_settings(write(tmp_path, text)) == Settings()


def test_thresholds_and_waivers(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, WHOLE)) == Settings(
        thresholds=Thresholds(memory_free_percent=10.0, dpd_slow_s=45.5),
        waivers=(
            Waiver(
                rule="DPD-001",
                subject="spoke1",
                reason="replaced in June",
                until=datetime.date(2026, 6, 30),
                owner="network team",
            ),
            Waiver(rule="LOG-002", reason="no path to a time server"),
        ),
    )


def test_a_quoted_date_is_a_date(tmp_path: Path) -> None:
    text = "waivers: [{rule: A-001, reason: r, until: '2026-06-30'}]"
    assert load_settings(write(tmp_path, text)).waivers[0].until == datetime.date(2026, 6, 30)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("treshold: {}", "treshold"),
        ("thresholds: {memory: 1}", "thresholds"),
        ("thresholds: {memory_free_percent: low}", "thresholds.memory_free_percent"),
        ("thresholds: {memory_free_percent: true}", "thresholds.memory_free_percent"),
        ("thresholds: {memory_free_percent: -1}", "thresholds.memory_free_percent"),
        ("thresholds: {memory_free_percent: .nan}", "thresholds.memory_free_percent"),
        ("thresholds: {stale_after_s: .inf}", "thresholds.stale_after_s"),
        ("waivers: [{rule: DPD-001}]", "waivers[0]"),
        ("waivers: [{rule: DPD-001, reason: ''}]", "waivers[0].reason"),
        ("waivers: [{rule: A, reason: r}, {rule: DPD-001, reason: '  '}]", "waivers[1].reason"),
        ("waivers: [{rule: '', reason: r}]", "waivers[0].rule"),
        ("waivers: [{rule: DPD-001, reason: 7}]", "waivers[0].reason"),
        ("waivers: [{rule: DPD-001, reason: r, until: soon}]", "waivers[0].until"),
        ("waivers: [{rule: DPD-001, reason: r, until: 30.06.2026}]", "waivers[0].until"),
        ("waivers: [{rule: DPD-001, reason: r, until: 2026-06-30 10:00:00}]", "waivers[0].until"),
        ("waivers: [{rule: DPD-001, reason: r, till: 2026-06-30}]", "waivers[0]"),
        ("waivers: {DPD-001: r}", "waivers"),
        ("[1, 2]", ""),
        ("just text", ""),
    ],
)
def test_a_mistake_names_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)
    assert key in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"waivers: [\n", "line"),
        (b"a: b: c\n", "line 1"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"x: \x00\n", "YAML"),
        (b"!!python/object/apply:os.system [ls]", "YAML"),
        (b"until: 2026-13-45\n", "YAML"),
        (b"[" * 5000, "YAML"),
    ],
)
def test_what_is_no_yaml_is_one_clear_line(tmp_path: Path, content: bytes, word: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(tmp_path, content))
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"vpnaudit\.yaml: cannot be read"):
        load_settings(tmp_path / "vpnaudit.yaml")


def test_a_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path)
