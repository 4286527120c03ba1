"""The fuzzer's modules stand beside its tests and are found as its command finds them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
