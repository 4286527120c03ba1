from __future__ import annotations

from pathlib import Path

import pytest

from vpnaudit.errors import InventoryError
from vpnaudit.inventory import SshConfig, load_inventory, way_to


def config(tmp_path: Path, user: str = "", own: str | None = None) -> SshConfig:
    (tmp_path / "home" / ".ssh").mkdir(parents=True, exist_ok=True)
    (tmp_path / "home" / ".ssh" / "config").write_text(user)
    if own is not None:
        (tmp_path / "ssh_config").write_text(own)
    return SshConfig.of(tmp_path, tmp_path / "home")


def test_without_files_the_way_is_the_host(tmp_path: Path) -> None:
    way = SshConfig.of(tmp_path, tmp_path).way("[2001:db8::1]")
    assert (way.host, way.port, way.user, way.hops, way.known_hosts) == ("2001:db8::1", None, None, (), None)


def test_the_first_that_says_something_wins(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("")
    found = config(
        tmp_path,
        user=f"Host edge* !edge9\n  User them\n  Port 2022\n  IdentityFile {tmp_path}/key\n  IdentityFile /none/x\n"
        "Match host edge5\n  ConnectTimeout 7\nHost *\n  User everyone\n  UserKnownHostsFile ~/a %d/b none\n",
        own="Host edge1\n  User ours\n",
    )
    edge1, edge5, edge9 = (found.way(name) for name in ("edge1", "edge5", "edge9"))
    assert (edge1.user, edge1.port, edge1.key_files) == ("ours", 2022, (f"{tmp_path}/key",))
    assert (edge5.user, edge5.connect_timeout_s) == ("them", 7.0)
    assert (edge9.user, edge9.port) == ("everyone", None)
    assert edge9.known_hosts == (tmp_path / "home" / "a", tmp_path / "home" / "b")


def test_hops_in_order_each_by_its_own_settings(tmp_path: Path) -> None:
    found = config(
        tmp_path,
        "Host outer\n  HostName 192.0.2.1\n  User o\nHost inner\n  HostName 10.0.0.1\n  ProxyJump elsewhere\n"
        "Host r1\n  ProxyJump outer,me@inner:2222,ssh://[2001:db8::9]:22\n"
        "Host r2\n  ProxyJump middle\nHost middle\n  ProxyJump outer\nHost r3\n  ProxyJump none\n  ProxyCommand none\n"
        "Host *\n  ProxyCommand nc %h %p\n",
    )
    hops = found.way("r1").hops
    assert [(h.name, h.host, h.port, h.user) for h in hops] == [
        ("outer", "192.0.2.1", None, "o"),
        ("inner", "10.0.0.1", 2222, "me"),
        ("2001:db8::9", "2001:db8::9", 22, None),
    ]
    assert [h.name for h in found.way("r2").hops] == ["outer", "middle"]
    assert (found.way("r3").hops, found.way("r3").proxy_command) == ((), None)
    assert found.way("r4").proxy_command == "nc r4 22"
    assert found.way("r4", jump="outer").proxy_command is None


def test_a_jump_host_for_all_is_not_reached_through_itself(tmp_path: Path) -> None:
    found = config(tmp_path, "Host *\n  ProxyJump a,b:2222\n")
    assert [(h.name, h.port) for h in found.way("r1").hops] == [("a", None), ("b", 2222)]
    circle = config(tmp_path, "Host r1\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n ProxyJump a\n")
    assert [h.name for h in circle.way("r1").hops] == ["b", "a"]


def test_hops_without_end_are_a_mistake(tmp_path: Path) -> None:
    chain = "".join(f"Host h{n}\n  ProxyJump h{n + 1}\n" for n in range(20))
    with pytest.raises(InventoryError, match="more than 8 hops"):
        config(tmp_path, chain).way("h0")


def test_included_files_count_in_their_block(tmp_path: Path) -> None:
    found = config(tmp_path, "Include conf.d/*.conf\nUser all\nHost b\n  Include ~/b.conf\n  User b\n")
    (tmp_path / "home" / ".ssh" / "conf.d").mkdir()
    (tmp_path / "home" / ".ssh" / "conf.d" / "1.conf").write_text("Host a\n  Port 2022\n")
    (tmp_path / "home" / "b.conf").write_text("Port 2033\n")
    found = SshConfig.of(tmp_path, tmp_path / "home")
    assert [(found.way(n).port, found.way(n).user) for n in "abc"] == [(2022, "all"), (2033, "all"), (None, "all")]


def test_the_inventorys_name_fills_what_the_address_leaves_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(tmp_path, "Host r*\n  HostName wrong\n  User named\n  ProxyJump bastion\nHost 192.0.2.*\n  User addressed\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    hosts = "r1: {hostname: 192.0.2.1}\nr2: {hostname: 198.51.100.1, data: {proxy_jump: other}}\n"
    (tmp_path / "hosts.yaml").write_text(hosts)
    one, two = (way_to(host) for host in load_inventory(tmp_path).inventory.hosts.values())
    assert (one.host, one.user, one.hops[0].name) == ("192.0.2.1", "addressed", "bastion")
    assert (two.host, two.user, two.hops[0].name) == ("198.51.100.1", "named", "other")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Host r1\n  Port\n", r"config, line 2: is no keyword with a value: 'Port'"),
        ("Match nonsense\n", r"config, line 1: is not understood"),
        ("Include config\n", "more than 16 deep"),
        ("Host *\n  Port 70000\n", "port '70000' of r1"),
        ("Host *\n  ProxyJump a@b@c:x\n", r"no \[user@\]host\[:port\]"),
    ],
)
def test_a_mistake_is_told_by_file_and_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match=words):
        config(tmp_path, text).way("r1")
