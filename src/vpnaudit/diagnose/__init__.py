"""Names the cause of every story: one file a cause, the first that explains wins, the rivals are ruled out by name."""

from vpnaudit.diagnose.engine import diagnose
from vpnaudit.diagnose.registry import all_causes

__all__ = ["all_causes", "diagnose"]
