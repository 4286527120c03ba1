"""From a diagnosis or finding to what a person can do about it, narrowest first, each with its way back.

One file a cause in `causes`, one file an area of findings in `findings`; the registry walks the folders.
"""

from vpnaudit.remedy.registry import for_diagnosis, for_finding

__all__ = ["for_diagnosis", "for_finding"]
