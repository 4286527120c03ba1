from __future__ import annotations

import logging
from pathlib import Path

import pytest

from vpnaudit.errors import InventoryError, UsageError
from vpnaudit.inventory import Credentials, find_credentials, give_credentials, limit_hosts, load_inventory

HOSTS = """
edge1: {hostname: 192.0.2.1, groups: [berlin], data: {role: edge, tags: [a, b]}}
edge2: {hostname: 192.0.2.2, port: 2222, groups: [paris], data: {role: edge, on: true}}
core1: {hostname: 192.0.2.3, platform: cisco_asa, groups: [berlin], data: {place: {city: berlin}}}
"""
GROUPS = """
all: {platform: cisco_ios}
berlin: {groups: [all], data: {site: ber}}
paris: {groups: [all], data: {site: par}}
"""


def folder(tmp_path: Path, hosts: str = HOSTS, groups: str | None = GROUPS, defaults: str | None = None) -> Path:
    for name, text in (("hosts", hosts), ("groups", groups), ("defaults", defaults)):
        if text is not None:
            (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def test_a_folder_is_loaded_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    here = folder(tmp_path, defaults="# nothing yet\n")
    monkeypatch.chdir(tmp_path)
    before = list(logging.getLogger().handlers)
    nornir = load_inventory(here, workers=3)

    hosts = nornir.inventory.hosts
    assert [(h.hostname, h.port, h.platform) for h in hosts.values()] == [
        ("192.0.2.1", None, "cisco_ios"), ("192.0.2.2", 2222, "cisco_ios"), ("192.0.2.3", None, "cisco_asa"),
    ]  # fmt: skip
    assert nornir.runner.num_workers == 3  # type: ignore[attr-defined]
    assert logging.getLogger().handlers == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["defaults.yaml", "groups.yaml", "hosts.yaml"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("hosts", "groups", "where", "problem"),
    [
        ("", None, "hosts.yaml", "no hosts"),
        ("- r1", None, "hosts.yaml", "must map"),
        ("r1: [", None, "hosts.yaml", "line"),
        ("1: {}", None, "hosts.yaml", "quotes"),
        ("r1:", None, "hosts.yaml: r1", "mapping"),
        ("r1: {hostnam: x}", None, "hosts.yaml: r1", "hostnam"),
        ("r1: {port: '22'}", None, "hosts.yaml: r1", "port"),
        ("r1: {port: 70000}", None, "hosts.yaml: r1", "port"),
        ("r1: {hostname: 1}", None, "hosts.yaml: r1", "hostname"),
        ("r1: {groups: x}", None, "hosts.yaml: r1", "list"),
        ("r1: {groups: [x]}", "y: {}", "hosts.yaml: r1", "'x' is not in groups.yaml"),
        ("r1: {groups: [[x]]}", "y: {}", "hosts.yaml: r1", "not in groups.yaml"),
        ("r1: {data: [x]}", None, "hosts.yaml: r1", "data"),
        ("r1: {connection_options: {netmiko: {extra: x}}}", None, "connection_options.netmiko", "extra"),
        ("r1: {connection_options: {netmiko: x}}", None, "connection_options.netmiko", "mapping"),
        ("r1: {}\nr1: {}", None, "", "duplicate"),
        ("r1: {}", "x: {groups: [y]}\ny: {groups: [x]}", "groups.yaml: x", "its own group"),
        ("r1: {}", "x: {groups: [z]}", "groups.yaml: x", "'z'"),
        ("r1: !!python/object:os.system x", None, "hosts.yaml", "YAML"),
        ("r1: \x00", None, "hosts.yaml", "cannot be read"),
    ],
)
def test_a_mistake_names_file_and_key(hosts: str, groups: str | None, where: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(InventoryError) as caught:
        load_inventory(folder(tmp_path, hosts, groups))
    assert where in caught.value.where
    assert problem in caught.value.problem
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="no such inventory folder"):
        load_inventory(tmp_path / "none")
    with pytest.raises(InventoryError, match=r"hosts\.yaml"):
        load_inventory(tmp_path)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("edge1", ["edge1"]),
        ("edge1, core1", ["edge1", "core1"]),
        ("edge*", ["edge1", "edge2"]),
        ("name=core?", ["core1"]),
        ("group=berlin", ["edge1", "core1"]),
        ("group=all", ["edge1", "edge2", "core1"]),
        ("platform=cisco_ios", ["edge1", "edge2"]),
        ("site=ber,par", ["edge1", "edge2", "core1"]),
        ("site=ber,role=edge", ["edge1"]),
        ("edge*,core*,site=ber", ["edge1", "core1"]),
        ("port=2222", ["edge2"]),
        ("hostname=192.0.2.3", ["core1"]),
        ("place__city=berlin", ["core1"]),
        ("tags=b", ["edge1"]),
        ("on=true", ["edge2"]),
    ],
)
def test_limit_chooses(expression: str, names: list[str], tmp_path: Path) -> None:
    nornir = load_inventory(folder(tmp_path, HOSTS.replace("on: true", "'on': true")))
    assert list(limit_hosts(nornir, expression).inventory.hosts) == names
    assert len(nornir.inventory.hosts) == 3


@pytest.mark.parametrize("expression", ["", "nobody", "site=", "=x", "edge1,", "password=x", "site=ber,role=core"])
def test_a_limit_that_chooses_nothing_is_a_mistake(expression: str, tmp_path: Path) -> None:
    nornir = load_inventory(folder(tmp_path))
    with pytest.raises(InventoryError, match="--limit"):
        limit_hosts(nornir, expression)


def test_credentials_come_from_the_environment(tmp_path: Path) -> None:
    nornir = load_inventory(folder(tmp_path, HOSTS + "own: {username: me, password: mine}\n"))
    environ = {"VPNAUDIT_USERNAME": "u", "VPNAUDIT_PASSWORD": "canary", "VPNAUDIT_ENABLE_SECRET": "canary2"}
    found = find_credentials(nornir, environ)
    assert "canary" not in repr(found)
    give_credentials(nornir, found)
    hosts = nornir.inventory.hosts
    assert (hosts["edge1"].username, hosts["edge1"].password) == ("u", "canary")
    assert (hosts["own"].username, hosts["own"].password) == ("me", "mine")
    assert find_credentials(load_inventory(tmp_path), environ | {"VPNAUDIT_ENABLE_SECRET": ""}).enable_secret is None


def test_missing_ones_are_named_or_asked_for(tmp_path: Path) -> None:
    nornir = load_inventory(folder(tmp_path))
    with pytest.raises(UsageError, match="VPNAUDIT_USERNAME and VPNAUDIT_PASSWORD"):
        find_credentials(nornir, {"VPNAUDIT_PASSWORD": ""})
    with pytest.raises(UsageError, match="set VPNAUDIT_PASSWORD"):
        find_credentials(nornir, {"VPNAUDIT_USERNAME": "u"}, ask=lambda _question, _hidden: "")

    asked: list[tuple[str, bool]] = []

    def ask(question: str, hidden: bool) -> str:
        asked.append((question, hidden))
        return f"answer {len(asked)}"

    assert find_credentials(nornir, {}, ask) == Credentials("answer 1", "answer 2", "answer 3")
    assert [hidden for _, hidden in asked] == [False, True, True]


def test_an_inventory_with_keys_needs_no_password(tmp_path: Path) -> None:
    hosts = "r1: {username: u, data: {key_file: ~/.ssh/id}}\nr2: {username: u, password: p}\n"
    assert find_credentials(load_inventory(folder(tmp_path, hosts)), {}) == Credentials()


def test_the_model_folder_is_a_good_one_without_secrets() -> None:
    model = Path(__file__).resolve().parents[3] / "inventory"
    nornir = load_inventory(model)
    assert {h.platform for h in nornir.inventory.hosts.values()} == {"cisco_ios", "cisco_asa"}
    assert not any(h.username or h.password for h in nornir.inventory.hosts.values())
    assert list(limit_hosts(nornir, "role=hub,site=berlin").inventory.hosts) == ["hub-berlin"]
