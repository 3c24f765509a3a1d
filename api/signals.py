"""Being told to stop: while a process starts, and where its main thread has nothing else to do than wait for it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

STOPPED_BY = (signal.SIGINT, signal.SIGTERM)


def stop_while_starting() -> None:
    """Until who serves listens for them itself, a signal to stop ends this process: what is open is closed, and to be
    told to stop is no failure. A second one ends it as the system would. To be called in the main thread."""
    for number in STOPPED_BY:
        signal.signal(number, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in STOPPED_BY:
        signal.signal(number, signal.SIG_DFL)
    # Not through ``sys.stderr``: the main thread may be in the middle of a line.
    os.write(2, b"Told to stop while starting or closing: it ends here.\n")
    sys.exit(0)


def when_told(*numbers: int) -> Callable[[], None]:
    """Listen for the signals ``numbers`` from now on; what is returned waits for the next, or returns at once if one
    came already. Call both in the main thread; it is for one caller in a process.

    The interpreter itself writes a byte for each signal, in whichever thread it arrives. A handler that sets an Event
    would run between any two steps of the main thread: while that one is about to wait for the Event, each would wait
    for the other for ever.
    """
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    for number in numbers:
        signal.signal(number, lambda *_: None)

    def wait() -> None:
        while not set(os.read(told, 65_536)).intersection(numbers):
            pass

    return wait
