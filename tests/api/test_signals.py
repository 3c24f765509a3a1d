"""A process that is told to stop stops, whatever its main thread was at."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from api.signals import when_told


@pytest.fixture
def former() -> Iterator[None]:
    handler, descriptor = signal.getsignal(signal.SIGUSR1), signal.set_wakeup_fd(-1)
    yield
    signal.signal(signal.SIGUSR1, handler)
    os.close(signal.set_wakeup_fd(descriptor))


@pytest.mark.usefixtures("former")
def test_no_signal_is_missed_by_who_is_about_to_wait_for_it() -> None:
    wait, gone_on = when_told(signal.SIGUSR1), threading.Semaphore(0)

    def tell() -> None:
        for _ in range(2_000):
            os.kill(os.getpid(), signal.SIGUSR1)
            gone_on.acquire()

    teller = threading.Thread(target=tell)
    teller.start()
    for _ in range(2_000):
        wait()
        gone_on.release()
    teller.join()


@pytest.mark.usefixtures("former")
def test_a_signal_that_came_before_anybody_waited_counts_and_many_are_no_trouble() -> None:
    wait = when_told(signal.SIGUSR1)
    for _ in range(100_000):
        signal.raise_signal(signal.SIGUSR1)
    wait()
