"""What an ASA answers."""

from __future__ import annotations

from vpnaudit.simulate.command_tables.form import command
from vpnaudit.simulate.render import system as clocks
from vpnaudit.simulate.render.asa import config, ike, ipsec, logs, system

ASA_COMMANDS = (
    command("terminal pager *", lambda _: ""),
    command("terminal width *", lambda _: ""),
    command("show clock", lambda a: clocks.clock(a.device, a.when, detail=False)),
    command("show clock detail", lambda a: clocks.clock(a.device, a.when, detail=True)),
    command("show version", lambda a: system.version(a.device, a.when)),
    command("show running-config", lambda a: config.running(a.device, a.tunnels), privileged=True),
    command("show crypto isakmp sa", lambda a: ike.isakmp_sa(a.device, a.tunnels, a.when)),
    command("show crypto ikev1 sa", lambda a: ike.ikev1_sa(a.device, a.tunnels, a.when, detail=False)),
    command("show crypto ikev1 sa detail", lambda a: ike.ikev1_sa(a.device, a.tunnels, a.when, detail=True)),
    command("show crypto ikev2 sa", lambda a: ike.ikev2_sa(a.device, a.tunnels, a.when, detail=False)),
    command("show crypto ikev2 sa detail", lambda a: ike.ikev2_sa(a.device, a.tunnels, a.when, detail=True)),
    command("show crypto ipsec sa", lambda a: ipsec.sas(a.device, a.tunnels, a.when)),
    command("show crypto ipsec sa detail", lambda a: ipsec.sas(a.device, a.tunnels, a.when, detail=True)),
    command("show crypto ipsec sa peer *", lambda a: ipsec.sas(a.device, a.tunnels, a.when, peer=a.argument)),
    command(
        "show crypto ipsec sa peer * detail",
        lambda a: ipsec.sas(a.device, a.tunnels, a.when, detail=True, peer=a.argument),
    ),
    command("show crypto ipsec stats", lambda a: ipsec.stats(a.device, a.tunnels)),
    command("show vpn-sessiondb detail l2l", lambda a: ike.sessions(a.device, a.tunnels, a.when)),
    command(
        "show vpn-sessiondb detail l2l filter ipaddress *",
        lambda a: ike.sessions(a.device, a.tunnels, a.when, peer=a.argument),
    ),
    command("show memory", lambda a: system.memory(a.device, a.when)),
    command("show interfaces", lambda a: system.interfaces(a.device)),
    command("show failover", lambda _: system.failover()),
    command("show ntp status", lambda a: clocks.ntp_status(a.device, a.when)),
    command("show logging", lambda a: logs.logging(a.device)),
)
