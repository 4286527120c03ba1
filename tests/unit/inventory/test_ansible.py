from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from vpnaudit.errors import InventoryError
from vpnaudit.inventory import limit_hosts, load_inventory, read_inventory

pytestmark = pytest.mark.long

VAULT = "$ANSIBLE_VAULT;1.1;AES256\n6162636465\n"
INI = """
lonely.example.net ansible_network_os=cisco.ios.ios

[hubs]
hub1 ansible_host=192.0.2.1 ansible_port=2222 note="a b=c"

[branches]
branch[01:03] ansible_host="192.0.2.1{{ inventory_hostname[-1:] }}"

[firewalls]
fw1 ansible_host=192.0.2.30 ansible_network_os=cisco.asa.asa

[berlin:children]
hubs
firewalls

[hubs:vars]
ansible_network_os=ios

[branches:vars]
ansible_network_os=cisco.ios.ios
"""
YAML = """
all:
  vars: {ansible_user: audit}
  children:
    berlin:
      children:
        hubs:
          hosts:
            hub1: {ansible_host: 192.0.2.1, ansible_port: 2222, note: a b=c}
          vars: {ansible_network_os: ios}
        firewalls:
          hosts:
            fw1: {ansible_host: 192.0.2.30, ansible_network_os: cisco.asa.asa, ansible_password: !vault x}
"""


@pytest.fixture(autouse=True)
def ansible_is_there() -> None:
    if not Path(sys.executable).with_name("ansible-inventory").is_file() and shutil.which("ansible-inventory") is None:
        pytest.fail("ansible-core is not installed (requirements/dev.txt)")


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_an_ini_inventory_with_its_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", "/nowhere")
    here = write(
        tmp_path,
        {
            "hosts": INI,
            "group_vars/all.yml": "ansible_user: audit\n",
            "group_vars/all_secrets.yml": VAULT,
            "group_vars/berlin/place.yml": "site: ber\n",
            "group_vars/berlin/vault.yml": VAULT,
            "host_vars/hub1.yml": "site: special\nansible_ssh_common_args: '-o ProxyJump=bastion -o X=y'\n",
            "host_vars/fw1.yml": "ansible_password: !vault |\n  " + VAULT.replace("\n", "\n  "),
        },
    )
    nornir = load_inventory(here)
    hosts = nornir.inventory.hosts
    assert {h.name: (h.hostname, h.port, h.platform, h.username) for h in hosts.values()} == {
        "lonely.example.net": ("lonely.example.net", None, "cisco_ios", "audit"),
        "hub1": ("192.0.2.1", 2222, "cisco_ios", "audit"),
        "branch01": ("192.0.2.11", None, "cisco_ios", "audit"),
        "branch02": ("192.0.2.12", None, "cisco_ios", "audit"),
        "branch03": ("192.0.2.13", None, "cisco_ios", "audit"),
        "fw1": ("192.0.2.30", None, "cisco_asa", "audit"),
    }
    assert hosts["hub1"].data == {"note": "a b=c", "site": "special", "proxy_jump": "bastion"}
    assert hosts["fw1"].password is None
    assert list(limit_hosts(nornir, "group=berlin,site=ber").inventory.hosts) == ["fw1"]
    remarks = [f"{r.where} {r.text}" for r in read_inventory(here).remarks]
    assert any("vault.yml is encrypted by ansible-vault and was passed over" in r for r in remarks)
    assert any("ansible_password is encrypted by ansible-vault" in r for r in remarks)


@pytest.mark.parametrize("name", ["hosts.yml", "hosts.yaml", "inventory.yaml", "site.yml"])
def test_a_yaml_inventory_whatever_its_name(name: str, tmp_path: Path) -> None:
    text = YAML.replace("!vault x", "'{{ vault_password }}'")
    write(tmp_path, {name: text})
    hosts = load_inventory(tmp_path / name if name == "site.yml" else tmp_path).inventory.hosts
    assert {h.name: (h.hostname, h.port, h.platform, h.username, h.password) for h in hosts.values()} == {
        "hub1": ("192.0.2.1", 2222, "cisco_ios", "audit", None),
        "fw1": ("192.0.2.30", None, "cisco_asa", "audit", None),
    }


def test_a_plain_password_is_used_and_remarked_without_being_shown(tmp_path: Path) -> None:
    write(tmp_path, {"hosts": "r1 ansible_password=canary ansible_become_password=canary2 ansible_network_os=ios\n"})
    reading = read_inventory(tmp_path)
    assert reading.hosts["r1"]["password"] == "canary"
    assert "ansible_password and ansible_become_password in a file" in reading.remarks[0].text
    assert not any("canary" in r.text for r in reading.remarks)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"hosts": "[routers\nr1"}, "Ansible cannot read it"),
        ({"hosts": "r1\n", "group_vars/all.yml": "x: [\n"}, "Ansible cannot read it"),
        ({"hosts": VAULT}, "Ansible cannot read it"),
        ({"hosts": ""}, "hosts: "),
        ({"hosts": "r1 ansible_host={{nothing}}\n"}, "r1: ansible_host cannot be worked out"),
        ({"hosts": "r1 ansible_port=ssh\n"}, "r1: ansible_port 'ssh'"),
    ],
)
def test_a_mistake_is_said(files: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match=words) as caught:
        load_inventory(write(tmp_path, files))
    assert "\n" not in str(caught.value)


def test_no_script_of_the_inventory_is_run(tmp_path: Path) -> None:
    script = tmp_path / "hosts"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\necho '{{}}'\n")
    script.chmod(0o755)
    with pytest.raises(InventoryError):
        load_inventory(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_without_ansible_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"hosts": "r1\n"})
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InventoryError, match=r"pip install 'vpnaudit\[ansible\]'"):
        load_inventory(tmp_path)
