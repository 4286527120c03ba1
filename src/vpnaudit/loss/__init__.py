"""How many invalid-SPI events packet loss can cause, against how many there were. Pure arithmetic, no devices."""

from vpnaudit.loss.answer import LossAnswer, RateAnswer, explain_loss
from vpnaudit.loss.calculator import Calculation, Question, calculate
from vpnaudit.loss.outages import (
    Patience,
    dpd_patience_s,
    dpd_round_failure,
    false_teardowns_per_day,
    outages_per_day,
)
from vpnaudit.loss.poisson import poisson_at_least, poisson_interval, poisson_upper_count
from vpnaudit.loss.random_loss import Bound, random_loss_events, random_loss_per_rekey
from vpnaudit.loss.volume import volume_interval_s, volume_kilobytes, volume_rate_mbit_s

__all__ = [
    "Bound",
    "Calculation",
    "LossAnswer",
    "Patience",
    "Question",
    "RateAnswer",
    "calculate",
    "dpd_patience_s",
    "dpd_round_failure",
    "explain_loss",
    "false_teardowns_per_day",
    "outages_per_day",
    "poisson_at_least",
    "poisson_interval",
    "poisson_upper_count",
    "random_loss_events",
    "random_loss_per_rekey",
    "volume_interval_s",
    "volume_kilobytes",
    "volume_rate_mbit_s",
]
