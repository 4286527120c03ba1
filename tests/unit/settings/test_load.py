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
    expires: 2026-06-30
    owner: network team
  - {rule: no-ntp, reason: no path to a time server, expires: 2027-01-01}
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "vpnaudit.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_no_file_gives_the_defaults() -> None:
    assert load_settings(None) == Settings()


@pytest.mark.parametrize("text", ["", "---\n", "# nothing yet\n", "{}", "thresholds: {}\n"])
def test_an_empty_file_gives_the_defaults(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    assert load_settings(path) == Settings(file=str(path))


def test_thresholds_and_waivers(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    assert load_settings(path) == Settings(
        thresholds=Thresholds(memory_free_percent=10.0, dpd_slow_s=45.5),
        waivers=(
            Waiver(
                rule="DPD-001",
                subject="spoke1",
                reason="replaced in June",
                expires=datetime.date(2026, 6, 30),
                owner="network team",
                line=5,
            ),
            Waiver(rule="no-ntp", reason="no path to a time server", expires=datetime.date(2027, 1, 1), line=10),
        ),
        file=str(path),
    )


@pytest.mark.parametrize("written", ["expires: '2026-06-30'", "expires: 2026-06-30", "until: 2026-06-30"])
def test_the_day_on_which_a_waiver_ends(tmp_path: Path, written: str) -> None:
    text = f"waivers: [{{rule: A-001, reason: r, {written}}}]"
    assert load_settings(write(tmp_path, text)).waivers[0].expires == datetime.date(2026, 6, 30)


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
        ("waivers: [{rule: DPD-001, expires: 2026-06-30}]", "waivers[0].reason"),
        ("waivers: [{rule: DPD-001, reason: r}]", "waivers[0].expires"),
        ("waivers: [{reason: r, expires: 2026-06-30}]", "waivers[0].rule"),
        ("waivers: [{rule: DPD-001, reason: '', expires: 2026-06-30}]", "waivers[0].reason"),
        ("waivers: [{rule: '', reason: r, expires: 2026-06-30}]", "waivers[0].rule"),
        ("waivers: [{rule: DPD-001, reason: 7}]", "waivers[0].reason"),
        ("waivers: [{rule: DPD-001, reason: r, expires: soon}]", "waivers[0].expires"),
        ("waivers: [{rule: DPD-001, reason: r, expires: 30.06.2026}]", "waivers[0].expires"),
        ("waivers: [{rule: DPD-001, reason: r, expires: 2026-06-30 10:00:00}]", "waivers[0].expires"),
        ("waivers: [{rule: DPD-001, reason: r, till: 2026-06-30}]", "waivers[0]"),
        ("waivers: [{rule: DPD-001, reason: r, line: 7}]", "waivers[0]"),
        ("file: x", "file"),
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


TWO_WAIVERS = """\
thresholds:
  dpd_slow_s: 45.5
waivers:
  - rule: DPD-001
    reason: first
    expires: 2026-06-30

  - rule: DPD-002
    reason: second
    expires: 2027-03-31
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (TWO_WAIVERS.replace("2027-03-31", "next year"), "line 10: waivers[1].expires"),
        (TWO_WAIVERS.replace("2027-03-31", "null"), "line 10: waivers[1].expires"),
        (TWO_WAIVERS.replace("45.5", "slow"), "line 2: thresholds.dpd_slow_s"),
        (TWO_WAIVERS.replace("45.5", "-1"), "line 2: thresholds.dpd_slow_s"),
        (TWO_WAIVERS.replace("    expires: 2027-03-31\n", ""), "line 8: waivers[1].expires"),
        ("waivers: []\nwaivers: []\n", "line 2: `waivers`"),
        ("waivers: []\ntreshholds: {}\n", "line 2: `treshholds` is no setting; did you mean `thresholds`?"),
        ("settings: {}\n", "line 1: `settings` is no setting; known are thresholds, waivers"),
        ("thresholds:\n  dpd_slow: 5\n", "line 2: thresholds: `dpd_slow` is no setting; did you mean `dpd_slow_s`?"),
        (
            TWO_WAIVERS.replace("reason: second", "reasn: second"),
            "line 9: waivers[1]: `reasn` is no setting; did you mean `reason`?",
        ),
        (
            TWO_WAIVERS.replace("    reason: second", "    device: hub\n    reason: second"),
            "line 9: waivers[1]: `device` is no setting; did you mean `subject`?",
        ),
        (
            TWO_WAIVERS.replace("    reason: second", "    xyz: hub\n    reason: second"),
            "line 9: waivers[1]: `xyz` is no setting; known are rule, reason, expires, subject, owner",
        ),
        ("waivers:\n  - rule: A\n    rule: B\n", "line 3: `rule`"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, text: str, place: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert str(caught.value).startswith(f"{path}, {place}")


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
