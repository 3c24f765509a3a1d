"""Places where a test lets this process die, as a power cut would: SIGKILL, nothing is cleaned up.

Armed by ``FIRSTLINE_CRASH_AT``, which no installation sets: a name of ``POINTS``, and after a colon at which passing
of it (the first if absent): ``send.after_call:3``.
"""

from __future__ import annotations

import os
import signal
from itertools import count

POINTS = (
    "inbox.before_commit",
    "inbox.after_commit",
    "turn.claimed",
    "turn.held",
    "turn.before_record",
    "turn.in_record",
    "turn.after_record",
    "turn.in_park",
    "send.after_claim",
    "send.between_parts",
    "send.after_call",
    "send.before_record",
    "timer.in_deed",
    "publication.begun",
    "publication.checking",
    "publication.in_finish",
    "release.swap",
)
_armed: tuple[str, int] | None = None
_passings = count(1)


def arm(where: str) -> None:
    """Die at ``where``. Raises ValueError for a place that is none."""
    global _armed, _passings
    name, _, passing = where.partition(":")
    if name not in POINTS:
        raise ValueError(f"{name!r} is no place to crash at: {', '.join(POINTS)}")
    _armed, _passings = (name, int(passing or 1)), count(1)


def reach(name: str) -> None:
    """This process is at ``name``; nothing happens unless a test wants it dead here."""
    if _armed is not None and _armed[0] == name and next(_passings) == _armed[1]:
        os.kill(os.getpid(), signal.SIGKILL)
