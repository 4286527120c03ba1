"""A server on loopback that answers as NetBox's REST API does: pages, details, errors."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from vpnaudit.errors import InventoryError
from vpnaudit.inventory import limit_hosts, load_inventory, read_inventory

TOKEN = "canary-token-0123456789"


def device(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "url": f"http://netbox.example/api/dcim/devices/{number}/",
        "display": f"r{number}",
        "name": f"r{number}",
        "device_type": {"id": 1, "manufacturer": {"id": 1, "slug": "cisco"}, "model": "C1111", "slug": "c1111"},
        "role": {"id": 1, "name": "Edge", "slug": "edge"},
        "tenant": None,
        "platform": {"id": 1, "name": "Cisco IOS XE", "slug": "cisco-ios-xe"},
        "serial": "",
        "site": {"id": 1, "name": "Berlin", "slug": "berlin" if number % 2 else "paris"},
        "status": {"value": "active", "label": "Active"},
        "primary_ip": {"id": 1, "family": 4, "address": f"192.0.2.{number}/24"},
        "primary_ip6": None,
        "tags": [{"id": 1, "slug": "vpn"}],
        "custom_fields": {"contract": "gold"},
        **changes,
    }


class NetBox(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.devices = [device(n) for n in range(1, 8)]
        self.page = 3
        self.answer: tuple[int, bytes, dict[str, str]] | None = None
        self.queries: list[dict[str, list[str]]] = []
        self.authorizations: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: NetBox

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        query = parse_qs(split.query)
        self.server.queries.append(query)
        self.server.authorizations.append(self.headers.get("Authorization", ""))
        if self.server.answer is not None:
            return self.reply(*self.server.answer)
        if self.headers.get("Authorization") not in {f"Token {TOKEN}", f"Bearer nbt_{TOKEN}"}:
            return self.reply(403, b'{"detail": "Invalid token"}', {})
        if split.path != "/api/dcim/devices/":
            return self.reply(404, b'{"detail": "Not found."}', {})
        chosen = [d for d in self.server.devices if d["site"]["slug"] in query.get("site", [d["site"]["slug"]])]
        offset = int(query.get("offset", ["0"])[0])
        following = None
        if offset + self.server.page < len(chosen):
            more = "".join(f"&{k}={v}" for k, values in query.items() if k != "offset" for v in values)
            following = f"http://behind.proxy.example/api/dcim/devices/?offset={offset + self.server.page}{more}"
        body = {
            "count": len(chosen),
            "next": following,
            "previous": None,
            "results": chosen[offset : offset + self.server.page],
        }
        return self.reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def netbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[NetBox]:
    for name in ("NB_URL", "NETBOX_URL", "NETBOX_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NB_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = NetBox()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(5)
    server.server_close()


def options(tmp_path: Path, text: str) -> Path:
    (tmp_path / "netbox.yaml").write_text(text)
    return tmp_path


def test_every_page_is_read_and_the_token_goes_to_netbox_only(netbox: NetBox, tmp_path: Path) -> None:
    nornir = load_inventory(options(tmp_path, f"url: {netbox.url}/\n"))
    hosts = nornir.inventory.hosts
    assert list(hosts) == [f"r{n}" for n in range(1, 8)]
    assert (hosts["r1"].hostname, hosts["r1"].platform) == ("192.0.2.1", "cisco_ios")
    data = hosts["r1"].data
    assert (data["site"], data["role"], data["tags"], data["contract"]) == ("berlin", "edge", ["vpn"], "gold")
    assert list(limit_hosts(nornir, "site=berlin,tags=vpn").inventory.hosts) == ["r1", "r3", "r5", "r7"]
    assert list(limit_hosts(nornir, "group=site__paris").inventory.hosts) == ["r2", "r4", "r6"]
    assert len(netbox.queries) == 3


def test_filters_go_with_every_page(netbox: NetBox, tmp_path: Path) -> None:
    netbox.page = 2
    nornir = load_inventory(options(tmp_path, f"url: {netbox.url}\nfilters: {{site: [berlin], status: active}}\n"))
    assert list(nornir.inventory.hosts) == ["r1", "r3", "r5", "r7"]
    assert all(query["site"] == ["berlin"] for query in netbox.queries)


def test_the_environment_names_it_too(netbox: NetBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_URL", netbox.url)
    monkeypatch.setenv("NB_TOKEN", f"nbt_{TOKEN}")
    assert len(load_inventory(options(tmp_path, "")).inventory.hosts) == 7
    assert set(netbox.authorizations) == {f"Bearer nbt_{TOKEN}"}


def test_what_netbox_lacks_is_lacking(netbox: NetBox, tmp_path: Path) -> None:
    bare = device(1, primary_ip=None, platform=None, role=None, tags=[], device_role={"slug": "hub"}, custom_fields={})
    own = device(2, platform={"slug": "our-asa"}, primary_ip={"address": "2001:db8::2/64"})
    del own["tags"]
    netbox.devices = [bare, own]
    nornir = load_inventory(options(tmp_path, f"url: {netbox.url}\nplatforms: {{our-asa: cisco_asa}}\n"))
    r1, r2 = nornir.inventory.hosts.values()
    assert (r1.hostname, r1.platform, r1.data["role"]) == (None, None, "hub")
    assert (r2.hostname, r2.platform) == ("2001:db8::2", "cisco_asa")
    reading = read_inventory(tmp_path)
    assert "no primary IP" in reading.remarks[0].text


def test_two_devices_of_one_name_are_told(netbox: NetBox, tmp_path: Path) -> None:
    netbox.devices = [device(1), device(2, name="r1")]
    with pytest.raises(InventoryError, match="r1 is also the name of"):
        load_inventory(options(tmp_path, f"url: {netbox.url}\n"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((403, b'{"detail": "Invalid token"}', {}), "refused the token.*HTTP 403: Invalid token"),
        ((404, b"<html>", {}), "has no such list.*HTTP 404"),
        ((400, b'{"sit": ["Unknown filter"]}', {}), "did not understand the filters.*Unknown filter"),
        ((500, b"\xff\xfe", {}), "failed.*HTTP 500"),
        ((302, b"", {"Location": "https://elsewhere.example/"}), "sends elsewhere.*HTTP 302"),
        ((200, b"<html>hello</html>", {}), "no list of devices"),
        ((200, b'{"results": 5}', {}), "no list of devices"),
        ((200, b"[]", {}), "no list of devices"),
        ((200, b'{"results": [], "next": null}', {}), "holds no devices"),
    ],
)
def test_what_netbox_answers_is_said(answer: Any, words: str, netbox: NetBox, tmp_path: Path) -> None:
    netbox.answer = answer
    with pytest.raises(InventoryError, match=words) as caught:
        load_inventory(options(tmp_path, f"url: {netbox.url}\n"))
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("url: netbox\n", "https://"),
        ("", "https://"),
        ("url: https://x\ntoken: canary\n", "line 2: the token belongs in no file"),
        ("url: https://x\nfilter: {}\n", "filter"),
        ("url: https://x\nfilters: 5\n", "filters"),
        ("url: https://x\ntimeout_s: 0\n", "timeout_s"),
        ("url: http://127.0.0.1:9\n", "cannot be reached"),
    ],
)
def test_a_mistake_in_the_options_is_said(text: str, words: str, netbox: NetBox, tmp_path: Path) -> None:
    assert netbox.url
    with pytest.raises(InventoryError, match=words) as caught:
        load_inventory(options(tmp_path, text))
    assert "canary" not in str(caught.value)


def test_without_token_or_library_it_is_said(netbox: NetBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = options(tmp_path, f"url: {netbox.url}\n")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "nornir_netbox", None)
        without.setitem(sys.modules, "nornir_netbox.plugins.inventory.netbox", None)
        with pytest.raises(InventoryError, match=r"pip install 'vpnaudit\[netbox\]'"):
            load_inventory(folder)
    monkeypatch.delenv("NB_TOKEN")
    with pytest.raises(InventoryError, match="set NB_TOKEN"):
        load_inventory(folder)


def test_a_netbox_that_says_nothing_is_waited_for_so_long(
    netbox: NetBox, tmp_path: Path, raw: Callable[[], int]
) -> None:
    assert netbox.url
    with pytest.raises(InventoryError, match=r"did not answer within 0\.2 s"):
        load_inventory(options(tmp_path, f"url: http://127.0.0.1:{raw()}\ntimeout_s: 0.2\n"))


@pytest.fixture
def raw() -> Iterator[Callable[[], int]]:
    """A listener that never answers."""
    import socket  # noqa: PLC0415

    listener = socket.create_server(("127.0.0.1", 0))
    yield lambda: int(listener.getsockname()[1])
    listener.close()
