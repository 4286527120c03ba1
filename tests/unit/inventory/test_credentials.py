from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential
from keyring.errors import KeyringLocked

from vpnaudit.errors import UsageError
from vpnaudit.inventory import Credentials, find_credentials, give_credentials, lacks, load_inventory

HOSTS = """
r1: {hostname: 192.0.2.1, groups: [berlin-hubs]}
r2: {hostname: 192.0.2.2, groups: [paris]}
r3: {hostname: 192.0.2.3}
"""
GROUPS = "europe: {}\nberlin-hubs: {groups: [europe]}\nparis: {groups: [europe], username: eve}\n"


class InMemory(KeyringBackend):
    """A keyring as a system has one."""

    priority = 1
    locked = False

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def get_credential(self, service: str, username: str | None) -> SimpleCredential | None:
        if self.locked:
            raise KeyringLocked("canary")
        found = [(u, p) for (s, u), p in self.held.items() if s == service and username in {None, u}]
        return SimpleCredential(*found[0]) if found else None


@pytest.fixture
def ring() -> Iterator[InMemory]:
    before, backend = keyring.get_keyring(), InMemory()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "hosts.yaml").write_text(HOSTS)
    (tmp_path / "groups.yaml").write_text(GROUPS)
    return tmp_path


def test_a_group_has_its_own(here: Path) -> None:
    nornir = load_inventory(here)
    environ = {
        "VPNAUDIT_USERNAME": "audit",
        "VPNAUDIT_PASSWORD": "p0",
        "VPNAUDIT_USERNAME__BERLIN_HUBS": "hubs",
        "VPNAUDIT_PASSWORD__BERLIN_HUBS": "p1",
        "VPNAUDIT_PASSWORD__EUROPE": "p2",
        "VPNAUDIT_ENABLE_SECRET__PARIS": "e3",
    }
    found = find_credentials(nornir, environ)
    assert not any(secret in repr(found) for secret in ("p0", "p1", "p2", "e3"))
    give_credentials(nornir, found)
    hosts = nornir.inventory.hosts
    assert [(h.username, h.password) for h in hosts.values()] == [("hubs", "p1"), ("eve", "p2"), ("audit", "p0")]
    extras = [h.get_connection_parameters("vpnaudit").extras or {} for h in hosts.values()]
    assert [e.get("secret") for e in extras] == [None, "e3", None]


def test_a_group_that_has_all_needs_no_other(here: Path) -> None:
    (here / "hosts.yaml").write_text("r1: {hostname: 192.0.2.1, groups: [berlin-hubs]}\n")
    environ = {"VPNAUDIT_USERNAME__EUROPE": "u", "VPNAUDIT_PASSWORD__EUROPE": "p"}
    assert find_credentials(load_inventory(here), environ).of_groups == {"europe": Credentials("u", "p")}


def test_the_keyring_gives_what_the_environment_lacks(here: Path, ring: InMemory) -> None:
    ring.held = {
        ("vpnaudit", "audit"): "canary-1",
        ("vpnaudit-enable", "audit"): "canary-2",
        ("vpnaudit/paris", "eve"): "canary-3",
    }
    nornir = load_inventory(here)
    found = find_credentials(nornir, {})
    assert (found.username, found.password, found.enable_secret) == ("audit", "canary-1", "canary-2")
    assert "canary" not in repr(found)
    give_credentials(nornir, found)
    assert [h.password for h in nornir.inventory.hosts.values()] == ["canary-1", "canary-3", "canary-1"]
    assert [h.username for h in nornir.inventory.hosts.values()] == ["audit", "eve", "audit"]


def test_a_locked_keyring_is_said_or_asked_around(here: Path, ring: InMemory) -> None:
    ring.locked = True
    nornir = load_inventory(here)
    with pytest.raises(UsageError, match="the keyring cannot be read: KeyringLocked") as caught:
        find_credentials(nornir, {})
    assert "canary" not in str(caught.value)
    assert find_credentials(nornir, {}, lambda _question, _hidden: "typed").password == "typed"


def test_users_and_keys_of_the_ssh_configuration_are_enough(here: Path) -> None:
    (here / "key").write_text("")
    (here / "ssh_config").write_text(f"Host *\n  User fromconfig\n  IdentityFile {here}/key\n")
    nornir = load_inventory(here)
    assert find_credentials(nornir, {}) == Credentials()
    (here / "key").unlink()
    with pytest.raises(UsageError, match=r"set VPNAUDIT_PASSWORD$"):
        find_credentials(load_inventory(here), {})


def test_what_one_device_lacks(here: Path) -> None:
    nornir = load_inventory(here)
    known = Credentials(of_groups={"europe": Credentials(password="p")})
    assert [lacks(host, known) for host in nornir.inventory.hosts.values()] == [
        ("VPNAUDIT_USERNAME",),
        (),
        ("VPNAUDIT_USERNAME", "VPNAUDIT_PASSWORD"),
    ]
