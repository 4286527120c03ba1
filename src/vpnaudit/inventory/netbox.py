"""Reads the devices of a NetBox, as its REST API gives them, through nornir-netbox.

That plugin waits for ever, says of any failure only that there was one, and lets the second of two devices with one
name win; here these are seen to.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from vpnaudit.errors import InventoryError
from vpnaudit.inventory.extras import lacking
from vpnaudit.inventory.platform_names import platform_name
from vpnaudit.inventory.reading import Element, Reading, Remark
from vpnaudit.inventory.simple import read_groups
from vpnaudit.inventory.yaml_file import read_mapping

_URL, _TOKEN = ("NB_URL", "NETBOX_URL"), ("NB_TOKEN", "NETBOX_TOKEN")
_MOST_PAGES = 10_000
_SLUGS = ("site", "role", "tenant", "location", "region", "rack", "device_type", "cluster")


class NetboxOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `netbox.yaml` may say.

    `filters` are those of NetBox's device list (`site: [berlin, paris]`, `status: active`); `ssl_verify` false, or the
    file of a certificate authority; `platforms` our platform for slugs of your own; `timeout_s` seconds for one answer.
    """

    url: str | None = None
    filters: dict[str, Any] = {}
    ssl_verify: bool | str = True
    include_vms: bool = False
    platforms: dict[str, str] = {}
    timeout_s: float = 30.0


def read_netbox(file: Path, environ: Mapping[str, str] = os.environ) -> Reading:
    """Read the devices of the NetBox that `file` names, and `groups.yaml` and `defaults.yaml` beside it.

    The address is the file's `url`, else NB_URL or NETBOX_URL; the token NB_TOKEN or NETBOX_TOKEN, never the file's.
    Raises InventoryError: a mistake in the file, no token, or what NetBox answered.
    """
    options = _options(file)
    url = (options.url or _first(environ, _URL) or "").rstrip("/")
    token = _first(environ, _TOKEN)
    if not url.startswith(("http://", "https://")):
        raise InventoryError(str(file), f"url must begin with https://, and is {url!r}; or set NB_URL")
    if not token:
        raise InventoryError(str(file), "the token is missing: set NB_TOKEN (a read-only one is enough)")
    reading = Reading("netbox", file)
    read_groups(reading, file.parent)
    for device in _fetch(url, token, options):
        _take(reading, url, device, options)
    if not reading.hosts and not reading.problems:
        raise InventoryError(url, f"holds no devices{' that the filters choose' if options.filters else ''}")
    return reading


def _options(file: Path) -> NetboxOptions:
    written, lines = read_mapping(file)
    for key in ("token", "nb_token"):
        if key in written:
            raise InventoryError(f"{file}, line {lines[key]}", "the token belongs in no file: set NB_TOKEN")
    try:
        options = msgspec.convert(written, NetboxOptions)
    except msgspec.ValidationError as error:
        raise InventoryError(str(file), str(error)) from None
    if not 0 < options.timeout_s <= 3600:
        raise InventoryError(str(file), "timeout_s must be seconds from 0 to 3600")
    return options


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _fetch(url: str, token: str, options: NetboxOptions) -> list[dict[str, Any]]:
    """Every device as NetBox gives it, by nornir-netbox; virtual machines too where the options say so."""
    try:
        import requests  # noqa: PLC0415  the extra's
        from nornir_netbox.plugins.inventory.netbox import NetBoxInventory2  # noqa: PLC0415
    except ImportError:
        raise lacking("netbox.yaml", "netbox") from None

    class Careful(NetBoxInventory2):
        """Keeps every device, in time, and says what NetBox said."""

        def _get_resources(self, url: str, params: dict[str, Any]) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            page: str | None = url
            wanted: dict[str, Any] | None = params
            for _ in range(_MOST_PAGES):
                if page is None:
                    break
                try:
                    answer = self.session.get(page, params=wanted, timeout=options.timeout_s, allow_redirects=False)
                except requests.RequestException as error:
                    raise InventoryError(self.nb_url, _why(error, options)) from None
                results, following = _page(self.nb_url, answer.status_code, answer.content)
                found += [{"platform": None, **each} for each in results]
                page, wanted = _next(self.nb_url, following), None  # the next page's address holds the filters
            devices.extend(found)
            return found

    devices: list[dict[str, Any]] = []
    plugin = Careful(
        nb_url=url,
        nb_token=token,
        ssl_verify=options.ssl_verify,
        filter_parameters=options.filters,
        include_vms=options.include_vms,
        group_file=os.devnull,  # ours are read and checked by ourselves
        defaults_file=os.devnull,
    )
    if token.startswith("nbt_"):  # tokens of NetBox 4.5 and later
        plugin.session.headers["Authorization"] = f"Bearer {token}"
    with plugin.session:
        plugin.load()
    return devices


def _why(error: Exception, options: NetboxOptions) -> str:
    kind = type(error).__name__
    if "Timeout" in kind:
        return f"NetBox did not answer within {options.timeout_s:g} s"
    if kind == "SSLError":
        return "NetBox's certificate is not trusted: set ssl_verify to the file of its authority"
    return f"NetBox cannot be reached ({kind})"


_SAYS = {
    400: "did not understand the filters",
    401: "refused the token",
    403: "refused the token, or it may not read devices",
    404: "has no such list: is the url that of NetBox, without /api?",
}


def _page(url: str, status: int, body: bytes) -> tuple[list[dict[str, Any]], str | None]:
    """The devices of one page, and where the next is."""
    if status != 200:
        says = _SAYS.get(status, "sends elsewhere: give the url that it redirects to" if status < 400 else "failed")
        raise InventoryError(url, f"NetBox {says} (HTTP {status}{_detail(body)})")
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = None
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or not all(isinstance(each, dict) for each in results):
        raise InventoryError(url, "the answer is no list of devices: is this a NetBox?")
    following = answer.get("next") if isinstance(answer, dict) else None
    return results, following


def _detail(body: bytes) -> str:
    """What NetBox says of a failure, as one line."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    text = said.get("detail", said) if isinstance(said, dict) else said
    return ": " + " ".join(str(text).split())[:200]


def _next(url: str, following: object) -> str | None:
    """The next page. NetBox behind a proxy may name itself otherwise: the token goes to nobody but `url`."""
    if not isinstance(following, str):
        return None
    _, found, rest = following.partition("/api/")
    return f"{url}/api/{rest}" if found else None


def _take(reading: Reading, url: str, device: dict[str, Any], options: NetboxOptions) -> None:
    name = str(device.get("name") or device.get("display") or device.get("id"))
    place = str(device.get("url") or f"{url}: device {device.get('id')}")
    if name in reading.places:
        problem = f"{name} is also the name of {reading.places[name]}; choose one by filters in netbox.yaml"
        reading.problems.append(InventoryError(place, problem))
        return
    reading.places[name] = place
    slugs = {key: _slug(device.get(key)) for key in _SLUGS}
    slugs["role"] = slugs["role"] or _slug(device.get("device_role"))  # before NetBox 3.6
    tags = [slug for slug in map(_slug, device.get("tags") or ()) if slug]
    custom = device.get("custom_fields")
    data: Element = {
        **(custom if isinstance(custom, dict) else {}),
        **{key: slug for key, slug in slugs.items() if slug},
        "tags": tags,
        "status": _slug(device.get("status")),
        "serial": device.get("serial"),
        "manufacturer": _slug((device.get("device_type") or {}).get("manufacturer")),
        "netbox_id": device.get("id"),
    }
    groups = [f"{key}__{slugs[key]}" for key in ("site", "role", "tenant") if slugs[key]] + [f"tag__{t}" for t in tags]
    for group in groups:
        reading.groups.setdefault(group, {})
    element: Element = {"groups": groups, "data": data}
    address = _address(device)
    if address:
        element["hostname"] = address
    else:
        reading.remarks.append(Remark(place, f"{name} has no primary IP in NetBox: its name is dialled"))
    slug = _slug(device.get("platform"))
    if slug:
        element["platform"] = options.platforms.get(slug) or platform_name(slug)
    reading.hosts[name] = element


def _slug(said: object) -> str | None:
    """What a nested object of NetBox's is called for machines: its slug, or a choice's value."""
    if isinstance(said, dict):
        found = said.get("slug") or said.get("value") or said.get("name")
        return found if isinstance(found, str) else None
    return said if isinstance(said, str) and said else None


def _address(device: dict[str, Any]) -> str | None:
    """The out-of-band address counts only where there is no primary one."""
    for key in ("primary_ip", "primary_ip4", "primary_ip6", "oob_ip"):
        said = device.get(key)
        address = said.get("address") if isinstance(said, dict) else None
        if isinstance(address, str) and address:
            return address.partition("/")[0]
    return None
