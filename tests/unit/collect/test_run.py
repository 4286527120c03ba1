"""Whole collections over real SSH."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

