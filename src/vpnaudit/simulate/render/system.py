"""`show version`, `show clock`, memory, interfaces and NTP."""

from __future__ import annotations

from collections.abc import Sequence

from vpnaudit.simulate.clock import duration_words
from vpnaudit.simulate.device import Interface, SimDevice
from vpnaudit.simulate.render.ipsec import profile_name
from vpnaudit.simulate.render.nhrp import cloud_address
from vpnaudit.simulate.render.views import View, views
from vpnaudit.simulate.tunnel import Tunnel

_EXPORT = """\



This product contains cryptographic features and is subject to United
States and local country laws governing import, export, transfer and
use. Delivery of Cisco cryptographic products does not imply
third-party authority to import, export, distribute or use encryption.
Importers, exporters, distributors and users are responsible for
compliance with U.S. and local country laws. By using this product you
agree to comply with applicable laws and regulations. If you are unable
to comply with U.S. and local laws, return this product immediately.

A summary of U.S. laws governing Cisco cryptographic products may be found at:
http://www.cisco.com/wwl/export/crypto/tool/stqrg.html

If you require further assistance please contact us by sending email to
export@cisco.com.

"""


def clock(device: SimDevice, when: float, *, detail: bool) -> str:
    """The device's own time."""
    text = device.clock.shown(when) + "\n"
    if not detail:
        return text
    source = "NTP" if device.clock.is_synchronized(when) else "hardware calendar"
    return text + f"Time source is {source}\n"


def version(device: SimDevice, when: float) -> str:
    """Software, uptime, reload reason, hardware."""
    return _version_xe(device, when) if device.hardware.xe else _version_classic(device, when)


def _restart(device: SimDevice, when: float) -> str:
    uptime = duration_words(when - device.booted_at)
    return f"{device.hostname} uptime is {uptime}\n"


def _version_classic(device: SimDevice, when: float) -> str:
    hw = device.hardware
    before, after = device.clock.long(device.booted_at - 90), device.clock.long(device.booted_at + 60)
    text = "\n".join(hw.banner()) + f"\n\nROM: System Bootstrap, Version {hw.rommon}, RELEASE SOFTWARE (fc1)\n\n"
    text += _restart(device, when)
    text += f"System returned to ROM by reload at {before}\nSystem restarted at {after}\n"
    image = f"{hw.image.lower()}z.SPA.{hw.release.replace('.', '', 1).replace('(', '-').replace(')', '.')}.bin"
    text += f'System image file is "flash0:{image}"\nLast reload type: Normal Reload\n'
    text += f"Last reload reason: {device.reload_reason}\n{_EXPORT}"
    return text + (
        f"Cisco {hw.product} (revision 1.0) with {hw.memory_kb}K/{hw.io_kb}K bytes of memory.\n"
        f"Processor board ID {device.serial}\n"
        "3 Gigabit Ethernet interfaces\n1 terminal line\n1 Virtual Private Network (VPN) Module\n"
        "DRAM configuration is 64 bits wide with parity enabled.\n"
        "255K bytes of non-volatile configuration memory.\n"
        "250880K bytes of ATA System CompactFlash 0 (Read/Write)\n\n\n"
        "License Info:\n\nLicense UDI:\n\n"
        "-------------------------------------------------\n"
        "Device#\t  PID\t\t\tSN\n"
        "-------------------------------------------------\n"
        f"*0\t  {hw.product:<22}{device.serial}     \n\n\n\n"
        f"Technology Package License Information for Module:'{hw.family.lower()}' \n\n"
        "-----------------------------------------------------------------\n"
        "Technology    Technology-package           Technology-package\n"
        "              Current       Type           Next reboot  \n"
        "------------------------------------------------------------------\n"
        "ipbase        ipbasek9      Permanent      ipbasek9\n"
        "security      securityk9    Permanent      securityk9\n"
        "data          None          None           None\n\n"
        "Configuration register is 0x2102\n\n"
    )


def _version_xe(device: SimDevice, when: float) -> str:
    hw = device.hardware
    banner = hw.banner()
    text = f"Cisco IOS XE Software, Version {hw.padded_release}\n" + "\n".join(banner) + "\n\n\n"
    text += (
        f"Cisco IOS-XE software, Copyright (c) 2005-{hw.years} by cisco Systems, Inc.\n"
        "All rights reserved.  Certain components of Cisco IOS-XE software are\n"
        'licensed under the GNU General Public License ("GPL") Version 2.0.  The\n'
        "software code licensed under GPL Version 2.0 is free software that comes\n"
        "with ABSOLUTELY NO WARRANTY.  You can redistribute and/or modify such\n"
        "GPL code under the terms of GPL Version 2.0.  For more details, see the\n"
        'documentation or "License Notice" file accompanying the IOS-XE software,\n'
        "or the applicable URL provided on the flyer accompanying the IOS-XE\n"
        "software.\n\n\n"
        "ROM: IOS-XE ROMMON\n\n"
    )
    text += _restart(device, when)
    text += f"Uptime for this control processor is {duration_words(when - device.booted_at + 90)}\n"
    text += f"System returned to ROM by {device.reload_reason}\n"
    text += f"System restarted at {device.clock.long(device.booted_at + 60)}\n"
    text += f'System image file is "bootflash:isr4400-universalk9.{hw.padded_release}.SPA.bin"\n'
    text += f"Last reload reason: {device.reload_reason}\n{_EXPORT}\n"
    return text + (
        "Technology Package License Information: \n\n"
        "-----------------------------------------------------------------\n"
        "Technology    Technology-package           Technology-package\n"
        "              Current       Type           Next reboot  \n"
        "------------------------------------------------------------------\n"
        "appxk9           None             None             None\n"
        "uck9             None             None             None\n"
        "securityk9       securityk9       Permanent        securityk9\n"
        "ipbase           ipbasek9         Permanent        ipbasek9\n\n"
        f"cisco {hw.product} (1RU) processor with {hw.memory_kb}K/{hw.io_kb}K bytes of memory.\n"
        f"Processor board ID {device.serial}\n"
        "4 Gigabit Ethernet interfaces\n"
        "32768K bytes of non-volatile configuration memory.\n"
        "4194304K bytes of physical memory.\n"
        "3223551K bytes of flash memory at bootflash:.\n\n"
        "Configuration register is 0x2102\n\n"
    )


def memory(device: SimDevice, when: float) -> str:
    """The pools."""
    pool, hw = device.memory, device.hardware
    free, total = pool.free(when), pool.total
    lowest = min(free, int(pool.free_at_boot * 0.99))
    rows = [
        ("Processor", 0x7F682B66B048 if hw.xe else 0x277B88C0, total, total - free, free, lowest, pool.largest(when))
    ]
    if hw.xe:
        rows.append(("reserve P", 0x7F682B66B0A0, 102404, 92, 102312, 102312, 102312))
        rows.append((" lsmpi_io", 0x7F6829D501A8, 6295128, 6294304, 824, 824, 412))
    else:
        size = hw.io_kb * 1024
        rows.append(("      I/O", 0x0C000000, size, size // 3, size - size // 3, size - size // 3 - 90000, size // 2))
    text = "                Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)\n"
    for name, head, *numbers in rows:
        text += f"{name:>9} {head:>13X}" + "".join(f"{n:>12}" for n in numbers) + "\n"
    return text


def processes(device: SimDevice, when: float) -> str:
    """Who holds memory. What leaks is held by one process."""
    pool = device.memory
    free, total = pool.free(when), pool.total
    leaked = pool.free_at_boot - free
    rows = [
        (0, "*Init*", (total - pool.free_at_boot) * 2 // 3),
        (168, "SNMP ENGINE", 5682240 + leaked),
        (10, "Pool Manager", 1343176),
        (200 + len("Crypto IKMP"), "Crypto IKMP", 978984),
        (200 + len("Crypto IKEv2"), "Crypto IKEv2", 878984),
        (153, "Exec", 378216),
        (346, "IPSEC key engine", 276320),
        (1, "Chunk Manager", 140872),
    ]
    text = f"Processor Pool Total: {total:>10} Used: {total - free:>10} Free: {free:>10}\n"
    second, size = ("lsmpi_io", 6295128) if device.hardware.xe else ("     I/O", device.hardware.io_kb * 1024)
    used = size - 824 if device.hardware.xe else size // 3
    text += f" {second} Pool Total: {size:>10} Used: {used:>10} Free: {size - used:>10}\n\n"
    text += " PID TTY  Allocated      Freed    Holding    Getbufs    Retbufs Process\n"
    for pid, name, holding in sorted(rows, key=lambda row: -row[2]):
        text += f"{pid:>4}   0 {holding * 3:>10} {holding * 2:>10} {holding:>10}          0          0 {name}\n"
    return text + f"                            {total - free:>10} Total\n"


def interfaces(device: SimDevice, tunnels: Sequence[Tunnel], when: float) -> str:
    """Physical interfaces, then tunnels."""
    text = "".join(_physical(device, i, number, when) for number, i in enumerate(device.interfaces()))
    shown = {v.local.tunnel_interface: v for v in reversed(views(device, tunnels)) if v.local.tunnel_interface}
    return text + "".join(_tunnel(v) for _, v in sorted(shown.items(), key=lambda of: of[0]))


def _physical(device: SimDevice, interface: Interface, number: int, when: float) -> str:
    mac = f"0c75.{int(device.serial[3:7], 36) & 0xFFFF:04x}.{0x10 * (number + 1):04x}"
    hardware = "ISR4431-X-4x1GE" if device.hardware.xe else "CN Gigabit Ethernet"
    state = "up" if interface.up else "down"
    minutes = max(1.0, min(86400.0, when - device.booted_at) / 60)
    rate_in, rate_out = int(interface.input_bytes * 8 / minutes / 60), int(interface.output_bytes * 8 / minutes / 60)
    pps_in, pps_out = int(interface.input_packets / minutes / 60), int(interface.output_packets / minutes / 60)
    packets_in, packets_out = int(interface.input_packets), int(interface.output_packets)
    return f"""\
{interface.name} is up, line protocol is {state}\x20
  Hardware is {hardware}, address is {mac} (bia {mac})
  Description: {interface.description}
  Internet address is {interface.address}/{interface.prefix}
  MTU 1500 bytes, BW {interface.mbit * 1000} Kbit/sec, DLY 10 usec,\x20
     reliability 255/255, txload 1/255, rxload 1/255
  Encapsulation ARPA, loopback not set
  Keepalive set (10 sec)
  Full Duplex, {interface.mbit}Mbps, media type is RJ45
  output flow-control is unsupported, input flow-control is unsupported
  ARP type: ARPA, ARP Timeout 04:00:00
  Last input 00:00:00, output 00:00:00, output hang never
  Last clearing of "show interface" counters never
  Input queue: 0/75/0/0 (size/max/drops/flushes); Total output drops: 0
  Queueing strategy: fifo
  Output queue: 0/40 (size/max)
  5 minute input rate {rate_in} bits/sec, {pps_in} packets/sec
  5 minute output rate {rate_out} bits/sec, {pps_out} packets/sec
     {packets_in} packets input, {int(interface.input_bytes)} bytes, 0 no buffer
     Received {packets_in // 900} broadcasts (0 IP multicasts)
     0 runts, 0 giants, 0 throttles\x20
     {interface.input_errors} input errors, {interface.input_errors} CRC, 0 frame, 0 overrun, 0 ignored
     0 watchdog, {packets_in // 900} multicast, 0 pause input
     {packets_out} packets output, {int(interface.output_bytes)} bytes, 0 underruns
     0 output errors, 0 collisions, {1 + interface.flaps} interface resets
     0 unknown protocol drops
     0 babbles, 0 late collision, 0 deferred
     {interface.flaps} lost carrier, 0 no carrier, 0 pause output
     0 output buffer failures, 0 output buffers swapped out
"""


def _tunnel(view: View) -> str:
    local, gre = view.local, view.local.style == "gre"
    state = "up" if local.pairs or gre else "down"
    out, back = int(local.encaps), int(local.decaps)
    inner = "" if view.ipv6 else f"  Internet address is {tunnel_address(view)}\n"
    to, carried = f", destination {view.remote.address}", f"IPSEC/{'IPV6' if view.ipv6 else 'IP'}"
    if gre:
        to, carried = "", "multi-GRE/IP\n    Key 0x64, sequencing disabled\n    Checksumming of packets disabled"
    return f"""\
{local.tunnel_interface} is up, line protocol is {state}\x20
  Hardware is Tunnel
{inner}  MTU 9938 bytes, BW 100 Kbit/sec, DLY 50000 usec,\x20
     reliability 255/255, txload 1/255, rxload 1/255
  Encapsulation TUNNEL, loopback not set
  Keepalive not set
  Tunnel linestate evaluation {state}
  Tunnel source {local.own} ({local.interface.name}){to}
   Tunnel Subblocks:
      src-track:
         {local.tunnel_interface} source tracking subblock associated with {local.interface.name}
          Set of tunnels with source {local.interface.name}, 1 member (includes iterators), on interface <OK>
  Tunnel protocol/transport {carried}
  Tunnel TTL 255
  Tunnel transport MTU 1438 bytes
  Tunnel transmit bandwidth 8000 (kbps)
  Tunnel receive bandwidth 8000 (kbps)
  Tunnel protection via IPSec (profile "{profile_name(view)}")
  Last input never, output never, output hang never
  Last clearing of "show interface" counters never
  Input queue: 0/375/0/0 (size/max/drops/flushes); Total output drops: 0
  Queueing strategy: fifo
  Output queue: 0/0 (size/max)
  5 minute input rate 0 bits/sec, 0 packets/sec
  5 minute output rate 0 bits/sec, 0 packets/sec
     {back} packets input, {back * 400} bytes, 0 no buffer
     Received 0 broadcasts (0 IP multicasts)
     0 runts, 0 giants, 0 throttles\x20
     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored, 0 abort
     {out} packets output, {out * 400} bytes, 0 underruns
     0 output errors, 0 collisions, 0 interface resets
     0 unknown protocol drops
     0 output buffer failures, 0 output buffers swapped out
"""


def tunnel_address(view: View) -> str:
    """The inner address of a tunnel interface: of a VTI a /30 of its own, the hub's end first."""
    hub = view.tunnel.ends[0]
    if view.local.style == "gre":
        return f"{cloud_address(view, view.local)}/24"
    return f"10.255.{hub.sequence // 10}.{1 if view.local.own == hub.address else 2}/30"


def ntp_status(device: SimDevice, when: float) -> str:
    """Whether NTP holds the clock."""
    if not device.clock.is_synchronized(when):
        return (
            "Clock is unsynchronized, stratum 16, no reference clock\n"
            "nominal freq is 250.0000 Hz, actual freq is 250.0000 Hz, precision is 2**10\n"
            "ntp uptime is 0 (1/100 of seconds), resolution is 4000\n"
            "reference time is 00000000.00000000 (00:00:00.000 UTC Mon Jan 1 1900)\n"
            "clock offset is 0.0000 msec, root delay is 0.00 msec\n"
            "root dispersion is 0.00 msec, peer dispersion is 0.00 msec\n"
            "loopfilter state is 'FSET' (Drift set from file), drift is 0.000000000 s/s\n"
            "system poll interval is 8, never updated.\n"
        )
    seconds = int(when + 2208988800)
    shown = device.clock.shown(when - 31)
    return (
        f"Clock is synchronized, stratum 3, reference is {device.ntp_server}\n"
        "nominal freq is 250.0000 Hz, actual freq is 249.9995 Hz, precision is 2**10\n"
        f"ntp uptime is {int((when - device.booted_at) * 100)} (1/100 of seconds), resolution is 4000\n"
        f"reference time is {(seconds - 31) & 0xFFFFFFFF:08X}.5F3B645A ({shown})\n"
        f"clock offset is {device.clock.offset_s * 1000:.4f} msec, root delay is 12.41 msec\n"
        "root dispersion is 13.43 msec, peer dispersion is 2.48 msec\n"
        "loopfilter state is 'CTRL' (Normal Controlled Loop), drift is 0.000001803 s/s\n"
        "system poll interval is 64, last update was 31 sec ago.\n"
    )
