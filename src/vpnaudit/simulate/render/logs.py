"""`show logging` and the event trace."""

from __future__ import annotations

from vpnaudit.simulate.device import SimDevice


def line(device: SimDevice, when: float, text: str) -> str:
    """A message with its time stamp, as the device prints it."""
    return f"{device.clock.stamp(when)}: {text}\n"


def buffer(device: SimDevice) -> str:
    """What the log buffer holds: the newest `log_bytes` bytes; the oldest line may be cut."""
    text = "".join(line(device, when, message) for when, message in sorted(device.log, key=lambda entry: entry[0]))
    return text[-device.log_bytes :]


def logging(device: SimDevice) -> str:
    """Header and buffer."""
    count = device.logged
    file_logging = "" if device.hardware.xe else "    File logging: disabled\n"
    return (
        "Syslog logging: enabled (0 messages dropped, 3 messages rate-limited, 0 flushes, 0 overruns, xml disabled, "
        "filtering disabled)\n\n"
        "No Active Message Discriminator.\n\n\n\n"
        "No Inactive Message Discriminator.\n\n\n"
        f"    Console logging: disabled\n"
        "    Monitor logging: level debugging, 0 messages logged, xml disabled,\n"
        "                     filtering disabled\n"
        f"    Buffer logging:  level informational, {count} messages logged, xml disabled,\n"
        "                    filtering disabled\n"
        "    Exception Logging: size (4096 bytes)\n"
        "    Count and timestamp logging messages: disabled\n"
        f"{file_logging}"
        "    Persistent logging: disabled\n\n"
        "No active filter modules.\n\n"
        f"    Trap logging: level informational, {count} message lines logged\n"
        "        Logging to 10.10.0.50  (udp port 514, audit disabled,\n"
        "              link up),\n"
        f"              {count} message lines logged, \n"
        "              0 message lines rate-limited, \n"
        "              0 message lines dropped-by-MD, \n"
        "              xml disabled, sequence number disabled\n"
        "              filtering disabled\n"
        "        Logging Source-Interface:       VRF Name:\n\n"
        f"Log Buffer ({device.log_bytes} bytes):\n\n"
    ) + buffer(device)


def event_trace(device: SimDevice) -> str:
    """The SAs created and deleted since boot, as far as the trace reaches."""
    entries = sorted(device.trace, key=lambda entry: entry[0])[-1000:]
    return "".join(f"{device.clock.trace_stamp(when)}: {text}\n" for when, text in entries)
