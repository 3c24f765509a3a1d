"""Waiting for the signal to stop, in a process whose main thread has nothing else to do."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


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
