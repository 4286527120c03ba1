"""The names that other inventories have for our platforms.

Sources: Ansible's `ansible_network_os` (cisco.ios and cisco.asa collections, and their short names before 2.9), NAPALM
and netmiko drivers as NetBox platforms carry them, and slugs that NetBox makes of the products' names.
"""

from __future__ import annotations

import re

_NAMES = {
    "cisco_ios": (
        "ios",
        "iosxe",
        "ios_xe",
        "cisco_iosxe",
        "cisco_ios_xe",
        "cisco_xe",
        "cisco_ios_ios",
        "cisco_ios_telnet",
    ),
    "cisco_asa": ("asa", "cisco_asa_asa", "ftd", "cisco_ftd", "cisco_asav"),
    "cisco_nxos": ("nxos", "nx_os", "cisco_nx_os", "cisco_nxos_nxos", "nxos_ssh"),
    "cisco_xr": ("iosxr", "ios_xr", "cisco_iosxr", "cisco_ios_xr", "cisco_iosxr_iosxr"),
}
_OURS = {other: ours for ours, others in _NAMES.items() for other in (ours, *others)}


def platform_name(said: str) -> str:
    """Our name of the platform; what is not known is given back as it is, for the message that says so.

    >>> platform_name("cisco.ios.ios"), platform_name("Cisco-IOS-XE"), platform_name("junos")
    ('cisco_ios', 'cisco_ios', 'junos')
    """
    return _OURS.get(re.sub(r"[ ./-]", "_", said.strip().lower()), said.strip())
