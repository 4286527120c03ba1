"""The hardware and software that the simulated routers say they are."""

from __future__ import annotations

from dataclasses import dataclass

from vpnaudit.simulate.messages import AsaMessages, IosMessages, Messages


@dataclass(frozen=True)
class Hardware:
    """A router model. Memory in kilobytes as `show version` prints it."""

    product: str
    xe: bool
    family: str
    image: str
    release: str
    train: str
    compiled: str
    years: str
    builder: str
    rommon: str
    memory_kb: int
    io_kb: int
    outside: str
    inside: str
    shared: str
    messages: Messages
    engine: str
    platform: str = "cisco_ios"
    dpd_misses: int = 5
    """Probes without an answer until the peer is dead (IOS five, field guide 4, C4; ASA three, 6.1)."""
    prompt_blank: str = ""
    log_bytes: int = 262144
    more: str = " --More-- "
    deletes_unknown: bool = True
    """Whether it answers an SPI that it does not know with a DELETE (IOS, field guide 4.A)."""
    rekey_share: float | None = None
    """Part of the lifetime after which it rekeys (ASA, field guide 2.4); None: as the end's settings say."""

    def banner(self) -> list[str]:
        """The software lines that open `show version` and follow `SYS-5-RESTART`."""
        train, build = (f" [{self.train}]", "fc3") if self.xe else ("", "fc1")
        software = f"{self.family} Software ({self.image}), Version {self.release}, RELEASE SOFTWARE ({build})"
        return [
            f"Cisco IOS Software{train}, {software}",
            "Technical Support: http://www.cisco.com/techsupport",
            f"Copyright (c) 1986-{self.years} by Cisco Systems, Inc.",
            f"Compiled {self.compiled} by {self.builder}",
        ]

    @property
    def padded_release(self) -> str:
        """IOS-XE's other spelling of its release: `16.09.06`."""
        major, minor, patch = self.release.split(".")
        digits = "".join(c for c in patch if c.isdigit())
        return f"{major}.{int(minor):02d}.{int(digits):02d}{patch[len(digits) :]}"


def _classic(product: str, family: str, image: str, memory_kb: int, *, release: str = "15.7(3)M8") -> Hardware:
    return Hardware(
        product=product,
        xe=False,
        family=family,
        image=image,
        release=release,
        train="",
        compiled="Tue 10-Nov-20 09:12",
        years="2020",
        builder="prod_rel_team",
        rommon="15.0(1r)M16",
        memory_kb=memory_kb,
        io_kb=65536,
        outside="GigabitEthernet0/0",
        inside="GigabitEthernet0/1",
        shared="GigabitEthernet0/2",
        messages=IosMessages(names_input_interface=True),
        engine="Onboard VPN",
    )


def _xe(product: str, release: str, train: str, memory_kb: int) -> Hardware:
    return Hardware(
        product=product,
        xe=True,
        family="ISR",
        image="X86_64_LINUX_IOSD-UNIVERSALK9-M",
        release=release,
        train=train,
        compiled="Mon 09-Aug-21 21:43",
        years="2021",
        builder="mcpre",
        rommon="",
        memory_kb=memory_kb,
        io_kb=6147,
        outside="GigabitEthernet0/0/0",
        inside="GigabitEthernet0/0/1",
        shared="GigabitEthernet0/0/2",
        messages=IosMessages(names_input_interface=True),
        engine="ESG",
    )


ISR4431 = _xe("ISR4431/K9", "16.9.8", "Fuji", 3935000)
ISR4331 = _xe("ISR4331/K9", "17.3.4a", "Amsterdam", 1795999)
ISR2911 = _classic("CISCO2911/K9", "C2900", "C2900-UNIVERSALK9-M", 483328)
ISR1941 = _classic("CISCO1941/K9", "C1900", "C1900-UNIVERSALK9-M", 491520, release="15.5(3)M10")
ASA5516 = Hardware(
    product="ASA5516",
    xe=False,
    family="ASA",
    image="asa9-16-4-14-lfbff-k8.SPA",
    release="9.16(4)14",
    train="",
    compiled="Tue 06-Dec-22 17:11 GMT",
    years="2022",
    builder="builders",
    rommon="",
    memory_kb=8388608,
    io_kb=0,
    outside="GigabitEthernet1/1",
    inside="GigabitEthernet1/2",
    shared="GigabitEthernet1/3",
    messages=AsaMessages(),
    engine="",
    platform="cisco_asa",
    dpd_misses=3,
    prompt_blank=" ",
    log_bytes=1048576,
    more="<--- More --->",
    deletes_unknown=False,
    rekey_share=0.95,
)
