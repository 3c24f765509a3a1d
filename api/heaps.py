"""Few heaps for many threads: memory that was used once is used again, instead of lying about in each of them.

The C library of Linux gives each busy thread a heap of its own, up to eight for each processor. What SQLite and others
take in one and give back there serves no other, so a server with sixty threads grows for hours although it keeps
nothing. Python runs one thread at a time anyway; two heaps are enough for what runs beside it.
"""

from __future__ import annotations

import ctypes
import os

HEAPS = 2
_M_ARENA_MAX = -8


def share_heaps() -> None:
    """To be called before there are threads. Who says otherwise in the environment (MALLOC_ARENA_MAX) is heeded; other
    systems than Linux with glibc have no such thing."""
    if "MALLOC_ARENA_MAX" in os.environ:
        return
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, HEAPS)
    except (AttributeError, OSError, TypeError):
        return
