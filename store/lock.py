"""One server per SQLite database: a lock that ends with its process, however that ends.

Only ``run`` and ``worker`` take it; commands use the database beside them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.engine import parse_url
from store.errors import AlreadyRunning
from store.sentences import sentences

_ATTEMPTS = 5


def beside(url: str) -> Path | None:
    """The file to lock for the SQLite database at ``url``; None for PostgreSQL, which several servers may share."""
    parsed = parse_url(url)
    return Path(f"{parsed.database}.lock") if parsed.get_backend_name() == "sqlite" else None


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, made with its folder if absent. Raises AlreadyRunning while another process does.

    The file stays: deleting it would let two processes hold two files of the same name.
    """
    with sentences():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Python closes it in every program that this one starts, so a child cannot keep the lock alive.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    # A server that was told to stop, and a program that it was just starting, may have it for a moment longer.
    for _ in range(_ATTEMPTS):
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
    raise AlreadyRunning
