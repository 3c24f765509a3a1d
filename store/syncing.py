"""SQLite's commits on the disk, several with one wait.

A commit writes to the write-ahead log at once and waits for the disk only afterwards, when the next may already write:
who commits meanwhile is served by the same wait, or by the next. Nobody is told of a commit before the disk has it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

_flush = getattr(os, "fdatasync", os.fsync)


class Disk:
    """Brings what was committed to the disk. Safe to use from threads."""

    def __init__(self, database: Path) -> None:
        self._log = Path(f"{database}-wal")
        self._moved = threading.Condition()
        self._asked = 0
        self._done = 0
        self._is_busy = False

    def wait(self) -> None:
        """Return once all that was committed before is on the disk. Raises OSError; then it may not be there."""
        with self._moved:
            self._asked += 1
            mine = self._asked
            self._moved.wait_for(lambda: self._done >= mine or not self._is_busy)
            if self._done >= mine:
                return
            self._is_busy, upto = True, self._asked
        is_there = False
        try:
            self._sync()
            is_there = True
        finally:
            with self._moved:
                self._is_busy = False
                self._done = max(self._done, upto) if is_there else self._done
                self._moved.notify_all()

    def _sync(self) -> None:
        # Opened anew: SQLite makes another log when the last connection was closed. It takes no lock on this file, so
        # closing it here takes none away.
        try:
            descriptor = os.open(self._log, os.O_RDWR)
        except FileNotFoundError:
            # The last connection was closed, and with it all was written to the database itself.
            return
        try:
            _flush(descriptor)
        finally:
            os.close(descriptor)
