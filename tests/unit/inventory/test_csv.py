from __future__ import annotations

from pathlib import Path

import pytest

from vpnaudit.errors import InventoryError
from vpnaudit.inventory import limit_hosts, load_inventory, read_inventory
from vpnaudit.pipeline.settings import settings_from

PLAIN = (
    "name,hostname,platform,port,groups,site\nedge1,192.0.2.1,cisco_ios,2222,hubs,berlin\nasa1,192.0.2.2,ASA,,,paris\n"
)


def write(tmp_path: Path, text: str | bytes, name: str = "hosts.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.encode("utf-16"),
        b"sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n").encode(),
        b"# our routers\n\n" + PLAIN.replace(",", " , ").encode() + b",,,,,\n\n",
        PLAIN.replace("name", "Name").replace("hostname", "HOSTNAME").encode(),
    ],
)
@pytest.mark.parametrize("by", ["folder", "file"])
def test_a_spreadsheet_is_an_inventory(raw: bytes, by: str, tmp_path: Path) -> None:
    file = write(tmp_path, raw)
    hosts = load_inventory(tmp_path if by == "folder" else file).inventory.hosts
    assert [(h.name, h.hostname, h.platform, h.port) for h in hosts.values()] == [
        ("edge1", "192.0.2.1", "cisco_ios", 2222),
        ("asa1", "192.0.2.2", "cisco_asa", None),
    ]
    assert [g.name for g in hosts["edge1"].extended_groups()] == ["hubs"]
    assert hosts["asa1"].extended_data() == {"site": "paris"}


def test_filters_and_groups_beside_it_work(tmp_path: Path) -> None:
    (tmp_path / "groups.yaml").write_text("hubs: {platform: cisco_ios, data: {role: hub}}\n")
    (tmp_path / "defaults.yaml").write_text("port: 22022\n")
    row = 'r1,192.0.2.1,"hubs, west",198.51.100.1 198.51.100.2,yes,"a, b"'
    text = f"name,hostname,groups,addresses,allow_agent,note\n{row}\n"
    nornir = load_inventory(write(tmp_path, text, "fleet.csv"))
    host = nornir.inventory.hosts["r1"]
    assert (host.platform, host.port) == ("cisco_ios", 22022)
    assert host.data == {"addresses": ["198.51.100.1", "198.51.100.2"], "allow_agent": True, "note": "a, b"}
    assert list(limit_hosts(nornir, "role=hub,group=west").inventory.hosts) == ["r1"]


def test_windows_1252_is_read_and_said(tmp_path: Path) -> None:
    reading = read_inventory(write(tmp_path, "name;hostname;ort\nr1;192.0.2.1;M\u00fcnchen\n".encode("cp1252")))
    assert reading.hosts["r1"]["data"] == {"ort": "M\u00fcnchen"}
    assert "line 2" in reading.remarks[0].text


def test_a_hostname_is_enough(tmp_path: Path) -> None:
    assert list(load_inventory(write(tmp_path, "hostname\nrouter1.example.net\n")).inventory.hosts) == [
        "router1.example.net"
    ]


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("", "hosts.csv", "is empty"),
        ("name,hostname\n", "hosts.csv", "holds no hosts"),
        ("device,address\nr1,192.0.2.1\n", "hosts.csv, line 1", "no column 'name'"),
        ("name,name\nr1,r2\n", "hosts.csv, line 1", "twice"),
        ("name,password\nr1,canary\n", "hosts.csv, line 1", "secrets belong in no file"),
        ("name,Enable Secret\nr1,canary\n", "hosts.csv, line 1", "secrets belong in no file"),
        ("name,port\nr1,22\nr2,ssh\n", "hosts.csv, line 3", "port 'ssh'"),
        ("name,port\nr1,65536\n", "hosts.csv, line 2", "65535"),
        ("name,hostname\nr1,192.0.2.1\n\nr1,192.0.2.2\n", "hosts.csv, line 4", "line 2"),
        ("name,hostname\nr1,192.0.2.1,more\n", "hosts.csv, line 2", "3 cells for 2 columns"),
        ("name,hostname,site\n,,berlin\n", "hosts.csv, line 2", "no name"),
        ('name,hostname,note\nr1,192.0.2.1,"two\nlines"\nr1,x,y\n', "hosts.csv, line 4", "already"),
        ('name,hostname\nr1,"192.0.2.1\n', "hosts.csv, line 2", "no CSV"),
        ("name,allow_agent\nr1,maybe\n", "hosts.csv, line 2", "neither"),
        ("name\nr1\x00\nr1\x00\n", "hosts.csv, line 3", "already"),
    ],
)
def test_a_mistake_is_told_by_file_and_line(text: str, where: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(InventoryError) as caught:
        load_inventory(write(tmp_path, text))
    assert caught.value.where.endswith(where)
    assert problem in caught.value.problem
    assert "canary" not in str(caught.value)


def test_all_mistakes_are_counted(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="and 2 more"):
        load_inventory(write(tmp_path, "name,port\nr1,x\nr2,y\nr3,z\n"))


@pytest.mark.parametrize("names", [("hosts.yaml", "hosts.csv"), ("hosts.ini", "netbox.yaml")])
def test_two_inventories_in_one_folder_are_a_mistake(names: tuple[str, str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_text("x")
    with pytest.raises(InventoryError, match="name the one that is meant"):
        load_inventory(tmp_path)


def test_the_settings_beside_a_file_are_found(tmp_path: Path) -> None:
    file = write(tmp_path, PLAIN, "fleet.csv")
    assert settings_from(None, file) == settings_from(None)
    (tmp_path / "vpnaudit.yaml").write_text("thresholds: {stale_after_s: 77}\n")
    assert settings_from(None, file).thresholds.stale_after_s == 77
