"""Every fact that others noted about the collected answers is found in them, and no more."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from vpnaudit.model.config import ConfigFacts, DpdSetting, LifetimeSetting
from vpnaudit.model.system import MemoryPool
from vpnaudit.platforms.cisco_ios import (
    show_memory_statistics,
    show_processes_memory,
    show_running_config,
    show_version,
)

CORPUS = Path(__file__).resolve().parents[3] / "../shared/corpus"
PARSERS = {
    "show-version": show_version.parse,
    "show-memory-statistics": show_memory_statistics.parse,
    "show-processes-memory": show_processes_memory.parse,
    "show-processes-memory-sorted": show_processes_memory.parse,
    "show-running-config": show_running_config.parse,
}
NOTED_IN_PART = {"isakmp_key_address", "sa_lifetime"}
"""The notes leave out the keys of keyrings and the lifetimes of one-line dynamic map entries."""
PLATFORMS = ("cisco_ios", "cisco_xe")

pytestmark = pytest.mark.shared


def _samples(*commands: str) -> list[Any]:
    files = sorted(f for p in PLATFORMS for c in commands for f in (CORPUS / p / c).glob("*.txt"))
    if not files:
        reason = f"no collected answers in {CORPUS.parent}"
        return [pytest.param(CORPUS, marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(f, id="/".join(f.parts[-3:])) for f in files]


def _read(file: Path) -> tuple[Any, dict[str, Any]]:
    text = file.read_text(encoding="utf-8", errors="replace")
    facts = json.loads(file.with_suffix("").with_suffix(".expect.json").read_text(encoding="utf-8"))
    return PARSERS[file.parent.name](text), facts


@pytest.mark.parametrize("file", _samples("show-version"))
def test_version(file: Path) -> None:
    parsed, facts = _read(file)
    found = parsed.facts.version
    expected = facts["version"]
    assert found is not None
    assert found.uptime == expected["uptime"]
    assert found.uptime_s is not None
    assert set(expected.get("spellings", ())) <= set(found.spellings)
    assert "version" not in expected or found.version == expected["version"]
    assert "reload_reason" not in expected or found.reload_reason == expected["reload_reason"]
    assert parsed.coverage.understood >= 0.9 * parsed.coverage.lines


@pytest.mark.parametrize(
    "file", _samples("show-memory-statistics", "show-processes-memory", "show-processes-memory-sorted")
)
def test_memory(file: Path) -> None:
    parsed, facts = _read(file)
    assert [_pool(pool) for pool in parsed.facts.memory_pools] == facts["pools"]
    assert parsed.coverage.understood == parsed.coverage.lines


def _pool(pool: MemoryPool) -> dict[str, Any]:
    names = ("pool", "total", "used", "free", "lowest", "largest")
    return {name: value for name in names if (value := getattr(pool, name)) is not None}


@pytest.mark.parametrize("file", _samples("show-running-config"))
def test_configuration(file: Path) -> None:
    parsed, facts = _read(file)
    config = parsed.facts.config
    assert config is not None
    found = {name: Counter(values) for name, values in _statements(config).items()}
    expected = {name: Counter(map(_two_words, values)) for name, values in facts["config"].items()}
    expected["isakmp_policy"] = expected.get("isakmp_policy", Counter()) + expected.pop("ikev1_policy", Counter())
    expected.pop("lifetime_line", None)
    for name, values in found.items():
        noted = expected.pop(name, Counter())
        assert values >= noted
        assert name in NOTED_IN_PART or values == noted
    assert not expected


def _two_words(text: str) -> str:
    """Names hold no blank; where a template's mark-up stands in place of one, its first word is enough."""
    return " ".join(text.split()[:2]) if "<" in text else text


def _statements(config: ConfigFacts) -> dict[str, list[str]]:
    """Put the facts into the words of the statements that they were read from."""
    lifetimes = [config.ipsec_lifetime, *(p.lifetime for p in config.ipsec_profiles)]
    lifetimes += [m.lifetime for m in config.map_entries]
    return {
        "isakmp_policy": [str(p.priority) for p in config.isakmp_policies],
        "ikev2_policy": list(config.ikev2_policies),
        "ikev2_profile": [p.name for p in config.ike_profiles if p.version == "v2"],
        "ikev2_proposal": list(config.ikev2_proposals),
        "ipsec_profile": [p.name for p in config.ipsec_profiles],
        "transform_set": [t.name for t in config.transform_sets],
        "isakmp_keepalive": [_keepalive(config.isakmp_keepalive)] if config.isakmp_keepalive else [],
        "profile_keepalive": [f"{p.dpd.interval_s} retry {p.dpd.retry_s}" for p in config.ike_profiles if p.dpd],
        "invalid_spi_recovery": ["crypto isakmp invalid-spi-recovery"] * config.invalid_spi_recovery,
        "sa_lifetime": [text for lifetime in lifetimes for text in _lifetime(lifetime)],
        "peer": [peer for m in config.map_entries for peer in m.peers],
        "isakmp_key_address": [k.address for k in config.isakmp_keys if k.address],
        "crypto_map_entry": [f"{m.name} {m.sequence}" for m in config.map_entries if not m.template],
        "tunnel_destination": [i.tunnel_destination for i in config.interfaces if i.tunnel_destination],
        "tunnel_protection": [f"profile {i.ipsec_profile}" for i in config.interfaces if i.ipsec_profile],
    }


def _keepalive(setting: DpdSetting) -> str:
    words = [str(setting.interval_s)]
    words += [str(setting.retry_s)] if setting.retry_s is not None else []
    return " ".join(words + (["periodic"] if setting.mode == "periodic" else []))


def _lifetime(lifetime: LifetimeSetting | None) -> list[str]:
    if lifetime is None:
        return []
    found = [f"seconds {lifetime.seconds}"] if lifetime.seconds is not None else []
    found += [f"kilobytes {lifetime.kilobytes}"] if lifetime.kilobytes is not None else []
    return found + ["kilobytes disable"] * lifetime.volume_disabled
