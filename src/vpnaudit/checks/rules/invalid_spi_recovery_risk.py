"""Invalid SPI recovery is on where it can be abused, or where it does nothing.

## What it looks for

`crypto isakmp invalid-spi-recovery` on a device that takes peers it does not know (a key or profile for any address,
a dynamic map, a multipoint tunnel), or that uses IKEv2 only.

## Why it matters

With it the device starts an IKE negotiation with whoever sends it an unknown SPI. The source of such a packet is not
proven: a stream of forged ones makes the device call strangers. On a device with IKEv2 only nobody has shown that the
command does anything, so it must not be counted on (info).

## What it cannot see

A filter in front of the device that lets ESP in from known peers only, which takes the risk away.

## Example

    hub  crypto isakmp key ****** address 0.0.0.0
    hub  crypto isakmp invalid-spi-recovery

## What to do

Take it out (`no crypto isakmp invalid-spi-recovery`) and use periodic DPD at both ends; or keep it with static peers
and a filter on the outside that admits ESP and IKE from those only.

## How to check that it worked

`show running-config | include invalid-spi` has no line, or the filter on the outside counts drops of strangers.

## Source

Cisco's configuration guide on invalid SPI recovery (off by default, because of denial of service); field guide 4.A,
C15.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import device_case
from vpnaudit.checks.open_peers import any_peer_lines
from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.device import CONFIG_COMMAND, Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d) for d in fleet.assessable_devices)


def _judge(device: Device) -> Finding:
    case = device_case(RULE, device, "invalid SPI recovery off, or on for static IKEv1 peers only")
    if device.config is None:
        return case.unknown(device.name, CONFIG_COMMAND, "whether invalid SPI recovery is on")
    capture, config = device.config
    if not config.invalid_spi_recovery:
        if not config.whole:
            return case.unknown(device.name, CONFIG_COMMAND, "whether invalid SPI recovery is on; only a part was read")
        return case.passed("off", "", [device.cite(capture, None)])
    setting = device.cite(capture, config.invalid_spi_recovery_line)
    parameters: dict[str, str | None] = {"device": device.name}
    if _ikev2_only(config):
        because = "Nobody has shown that the command acts for IKEv2, which is all that this device uses."
        return case.failed("on, with IKEv2 only", because, [setting], severity="info", parameters=parameters)
    lines = any_peer_lines(config)
    if lines:
        because = "The device calls back whoever sends an unknown SPI, and it takes peers that nobody configured."
        cited = [setting, *(device.cite(capture, line) for line in lines[:2])]
        return case.failed("on, with peers that are not named", because, cited, parameters=parameters)
    return case.passed("on, for named peers", "", [setting])


def _ikev2_only(config: ConfigFacts) -> bool:
    v2 = any(p.version == "v2" for p in config.ike_profiles) or bool(config.ikev2_keyrings)
    v1 = any(p.version == "v1" for p in config.ike_profiles) or config.isakmp_policies or config.isakmp_keys
    return v2 and not v1


RULE = Rule(id="IKE-003", title="invalid-spi-recovery-risk", severity="low", needs=(CONFIG_COMMAND,), check=check)
