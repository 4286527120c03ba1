"""`show logging` of an ASA."""

from __future__ import annotations

from vpnaudit.simulate.device import SimDevice


def buffer(device: SimDevice) -> str:
    """What the log buffer holds, with the stamps of `logging timestamp`: the device's zone, whole seconds."""
    entries = sorted(device.log, key=lambda entry: entry[0])
    text = "".join(f"{_stamp(device, when)}: {message}\n" for when, message in entries)
    return text[-device.log_bytes :]


def _stamp(device: SimDevice, when: float) -> str:
    local, _ = device.clock.zone.local(device.clock.utc(when))
    return f"{local:%b %d %Y %H:%M:%S}"


def logging(device: SimDevice) -> str:
    """Header and buffer."""
    return (
        "Syslog logging: enabled\n    Facility: 20\n    Timestamp logging: enabled\n"
        "    Hide Username logging: enabled\n    Standby logging: disabled\n    Debug-trace logging: disabled\n"
        "    Console logging: disabled\n    Monitor logging: disabled\n"
        f"    Buffer logging: level warnings, class vpn, {device.logged} messages logged\n"
        "    Trap logging: disabled\n    Permit-hostdown logging: disabled\n    History logging: disabled\n"
        "    Device ID: disabled\n    Mail logging: disabled\n    ASDM logging: disabled\n"
    ) + buffer(device)
