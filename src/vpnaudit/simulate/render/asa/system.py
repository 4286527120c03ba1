"""`show version`, memory, interfaces, failover and NTP of an ASA (field guide 5.2)."""

from __future__ import annotations

import ipaddress

from vpnaudit.simulate.device import Interface, SimDevice


def version(device: SimDevice, when: float) -> str:
    """Software, uptime, hardware."""
    hw = device.hardware
    changed = device.clock.shown(device.booted_at - 86400)
    return f"""
Cisco Adaptive Security Appliance Software Version {hw.release}\x20
SSP Operating System Version 2.10(1.1400)
Device Manager Version 7.18(1)

Compiled on {hw.compiled} by {hw.builder}
System image file is "disk0:/{hw.image}"
Config file at boot was "startup-config"

{device.hostname} up {_uptime(when - device.booted_at)}

Hardware:   {hw.product}, {hw.memory_kb // 1024} MB RAM, CPU Atom C2000 series 2416 MHz, 1 CPU (8 cores)
Internal ATA Compact Flash, 8000MB
BIOS Flash M25P64 @ 0xfed01000, 16384KB

Licensed features for this platform:
Maximum VLANs                     : 150            perpetual
Other VPN Peers                   : 300            perpetual

Serial Number: {device.serial}
Configuration register is 0x1
Image type                : Release
Key Version               : A
Configuration last modified by netadmin at {changed}
"""


def _uptime(seconds: float) -> str:
    """`41 days 3 hours`; under a day hours and minutes."""
    if seconds < 3600:
        return f"{int(seconds // 60)} mins {int(seconds % 60)} secs"
    if seconds < 86400:
        return f"{_counted(int(seconds // 3600), 'hour')} {_counted(int(seconds // 60 % 60), 'min')}"
    return f"{_counted(int(seconds // 86400), 'day')} {_counted(int(seconds // 3600 % 24), 'hour')}"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def memory(device: SimDevice, when: float) -> str:
    """Free and used."""
    total, free = device.memory.total, device.memory.free(when)
    share = round(100 * free / total)
    return f"""\
Free memory:   {free:>15} bytes ({share:>2}%)
Used memory:   {total - free:>15} bytes ({100 - share:>2}%)
-------------     ------------------
Total memory:  {total:>15} bytes (100%)
"""


def interfaces(device: SimDevice) -> str:
    """Physical interfaces by number and name."""
    named = zip(device.interfaces(), NAMES, strict=False)
    return "".join(_interface(i, name, number) for number, (i, name) in enumerate(named))


NAMES = ("outside", "inside", "shared")
"""`nameif` of the interfaces, in the order of the configuration."""


def _interface(interface: Interface, name: str, number: int) -> str:
    state = "up" if interface.up else "down"
    packets_in, packets_out = int(interface.input_packets), int(interface.output_packets)
    mask = ipaddress.ip_network(f"{interface.address}/{interface.prefix}", strict=False).netmask
    return f"""\
Interface {interface.name} "{name}", is up, line protocol is {state}
  Hardware is Accelerator rev01, BW {interface.mbit} Mbps, DLY 10 usec
	Auto-Duplex(Full-duplex), Auto-Speed({interface.mbit} Mbps)
	Input flow control is unsupported, output flow control is off
	Description: {interface.description}
	MAC address 0000.5e00.53{0x10 + number:02x}, MTU 1500
	IP address {interface.address}, subnet mask {mask}
	{packets_in} packets input, {int(interface.input_bytes)} bytes, 0 no buffer
	Received {packets_in // 900} broadcasts, 0 runts, 0 giants
	{interface.input_errors} input errors, {interface.input_errors} CRC, 0 frame, 0 overrun, 0 ignored, 0 abort
	0 pause input, 0 resume input
	0 L2 decode drops
	{packets_out} packets output, {int(interface.output_bytes)} bytes, 0 underruns
	0 pause output, 0 resume output
	0 output errors, 0 collisions, {interface.flaps} interface resets
	0 late collisions, 0 deferred
	0 input reset drops, 0 output reset drops
	input queue (blocks free curr/low): hardware (980/900)
	output queue (blocks free curr/low): hardware (1023/1020)
  Traffic Statistics for "{name}":
	{packets_in} packets input, {int(interface.input_bytes)} bytes
	{packets_out} packets output, {int(interface.output_bytes)} bytes
	0 packets dropped
"""


def failover() -> str:
    """There is no mate."""
    return (
        "Failover Off \nFailover unit Secondary\nFailover LAN Interface: not Configured\n"
        "Reconnect timeout 0:00:00\nUnit Poll frequency 1 seconds, holdtime 15 seconds\n"
        "Interface Poll frequency 5 seconds, holdtime 25 seconds\nInterface Policy 1\n"
        "Monitored Interfaces 2 of 160 maximum\nMAC Address Move Notification Interval not set\n"
    )
