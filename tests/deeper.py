"""How many examples a test makes up: enough to find what is new, or, with ``make deeper``, what is rare."""

from __future__ import annotations

import os


def examples(count: int) -> int:
    """``count``, or as many times that as DEEPER says."""
    return count * int(os.environ.get("DEEPER", "1"))
