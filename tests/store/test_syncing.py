"""What is acknowledged is on the disk, and commits that come together wait for it together."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store import syncing
from store.syncing import Disk


class SlowDisk:
    """A disk that is told when to be done, and counts how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        monkeypatch.setattr(syncing, "_flush", self.flush)

    def flush(self, descriptor: int) -> None:
        assert os.fstat(descriptor).st_size
        self.times += 1
        self.begun.release()
        assert self.may_end.acquire(timeout=60)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "some.db-wal").write_bytes(b"frames")
    return tmp_path / "some.db"


def test_who_commits_while_the_disk_is_busy_waits_for_the_next_time_together(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, disk = SlowDisk(monkeypatch), Disk(log)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(disk.wait)
        assert slow.begun.acquire(timeout=60)
        others = [pool.submit(disk.wait) for _ in range(8)]
        while disk._asked < 9:
            threading.Event().wait(0.001)
        assert not any(each.done() for each in others)
        slow.may_end.release()
        first.result(60)
        assert slow.begun.acquire(timeout=60)
        # What was written before the disk began is all that one time is good for.
        assert not any(each.done() for each in others)
        slow.may_end.release()
        for each in others:
            each.result(60)
    assert slow.times == 2


def test_a_disk_that_fails_fails_everybody_who_relies_on_it(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    disk = Disk(log)
    monkeypatch.setattr(syncing, "_flush", fail)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            disk.wait()
    monkeypatch.undo()
    disk.wait()


def test_a_log_that_is_gone_is_in_the_database(tmp_path: Path) -> None:
    Disk(tmp_path / "closed.db").wait()
