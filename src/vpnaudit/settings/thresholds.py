"""The thresholds that the rules and causes use, with the source of each."""

from __future__ import annotations

from msgspec import Struct

from vpnaudit.settings.waivers import Waiver


class Thresholds(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Every number that a judgement depends on. Seconds, unless the name says otherwise."""

    rekey_before_s: float = 120.0
    """An event so long before an install or delete of its flow is next to a rekey (field guide 2.4)."""
    rekey_after_s: float = 60.0
    """The same, after it."""
    stale_after_s: float = 120.0
    """The same flow and SPI over more than this is out of step (field guide 3.2 row 11)."""
    episode_gap_s: float = 300.0
    """A longer silence ends an episode: one line a minute is logged, and some minutes may lack traffic."""
    outage_before_s: float = 120.0
    """An outage so long before an episode may have caused it."""
    memory_window_s: float = 600.0
    """Allocation failures within this of an event count (field guide C8)."""
    memory_free_percent: float = 5.0
    """Free memory below this is low (field guide C8)."""
    memory_largest_bytes: int = 64 * 1024
    """A largest free block below this is fragmentation (field guide C8)."""
    memory_trend_days: float = 30.0
    """Memory that will be low within so many days falls too fast: time enough for a change that is planned."""
    short_rekey_s: float = 1800.0
    """Rekeys more often than this are frequent: twice the rate of the default lifetime of 3600 s."""
    frequent_events_a_day: int = 3
    """More races a day than "a couple" (field guide R1)."""
    flap_setups_an_hour: int = 3
    """So many set-ups of one session in an hour are a flap."""
    clock_known_s: float = 30.0
    """A clock uncertainty above this widens windows and lowers confidence (field guide C16)."""
    critical_tunnels: int = 10
    """So many tunnels out of step at once are critical."""
    critical_share: float = 0.25
    """Or this share of all, and at least `critical_share_tunnels`."""
    critical_share_tunnels: int = 3
    input_error_percent: float = 0.1
    """Input errors above this share of packets fail a check."""
    drop_percent: float = 0.1
    """Drops above this share of packets fail a check: a loss of 0.1 % is the least that matters for IKE (section 6)."""
    ike_given_up_a_day: float = 1.0
    """IKE messages or peers given up more often than this fail a check: about a chance of a lasting trouble a day."""
    dpd_slow_s: float = 60.0
    """A DPD interval above this leaves a dead tunnel standing for minutes (field guide 8: 10 to 30 s)."""
    dpd_lifetime_share: float = 0.1
    """The same above this share of the IPsec lifetime: most of an SA's life could pass unnoticed."""
    dpd_many_peers: int = 1000
    """From so many tunnels on, on-demand DPD is the advice for a device (field guide C4 and 8)."""
    reload_window_s: float = 86_400.0
    """A reload so long before the first event, or before the collection, may have to do with it."""
    log_window_s: float = 86_400.0
    """A log that reaches back less than this cannot answer what happened last night."""
    line_flaps: int = 3
    """So many line failures in one log are more than one outage."""
    rate_measure_s: float = 60.0
    """A traffic rate from an SA younger than this is a burst, not a rate."""


class Settings(Struct, frozen=True, kw_only=True, gc=False):
    """What `vpnaudit.yaml` says; `file` is that file."""

    thresholds: Thresholds = Thresholds()
    waivers: tuple[Waiver, ...] = ()
    file: str | None = None
