"""What IOS and IOS-XE answer."""

from __future__ import annotations

from vpnaudit.simulate.command_tables.form import command
from vpnaudit.simulate.render import config, getvpn, ike, ipsec, logs, nhrp, system

IOS_COMMANDS = (
    command("terminal length *", lambda _: ""),
    command("terminal width *", lambda _: ""),
    command("show clock", lambda a: system.clock(a.device, a.when, detail=False)),
    command("show clock detail", lambda a: system.clock(a.device, a.when, detail=True)),
    command("show version", lambda a: system.version(a.device, a.when)),
    command("show running-config", lambda a: config.running(a.device, a.tunnels), privileged=True),
    command("show crypto isakmp sa", lambda a: ike.isakmp_sa(a.device, a.tunnels)),
    command("show crypto isakmp sa detail", lambda a: ike.isakmp_sa_detail(a.device, a.tunnels, a.when)),
    command("show crypto ikev2 sa", lambda a: ike.ikev2_sa(a.device, a.tunnels, a.when, detail=False)),
    command("show crypto ikev2 sa detailed", lambda a: ike.ikev2_sa(a.device, a.tunnels, a.when, detail=True)),
    command("show crypto ikev2 stats timeout", lambda a: ike.stats_timeout(a.device)),
    command("show crypto gdoi", lambda a: getvpn.gdoi(a.device, a.when), members_only=True),
    command("show crypto session detail", lambda a: ike.session_detail(a.device, a.tunnels, a.when)),
    command("show crypto ipsec sa", lambda a: ipsec.sas(a.device, a.tunnels, a.when)),
    command("show crypto ipsec sa detail", lambda a: ipsec.sas(a.device, a.tunnels, a.when, detail=True)),
    command("show crypto ipsec sa peer *", lambda a: ipsec.sas(a.device, a.tunnels, a.when, peer=a.argument)),
    command(
        "show crypto ipsec sa peer * detail",
        lambda a: ipsec.sas(a.device, a.tunnels, a.when, detail=True, peer=a.argument),
    ),
    command("show crypto map", lambda a: ipsec.crypto_map(a.device, a.tunnels)),
    command("show memory statistics", lambda a: system.memory(a.device, a.when)),
    command("show processes memory sorted", lambda a: system.processes(a.device, a.when)),
    command("show interfaces", lambda a: system.interfaces(a.device, a.tunnels, a.when)),
    command("show logging", lambda a: logs.logging(a.device)),
    command("show monitor event-trace crypto ipsec event all", lambda a: logs.event_trace(a.device), xe_only=True),
    command("show ip nhrp", lambda a: nhrp.nhrp(a.device, a.tunnels, a.when)),
    command("show dmvpn", lambda a: nhrp.dmvpn(a.device, a.tunnels, a.when)),
    command("show ntp status", lambda a: system.ntp_status(a.device, a.when)),
)
