"""What the server takes of memory has an upper bound that no number of customers passes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from store import Database

_COUNT = """
import ctypes, threading
from api.heaps import share_heaps

share_heaps()
everybody = threading.Barrier(16)

def works():
    everybody.wait()
    for _ in range(200):
        kept = [bytearray(5_000) for _ in range(50)]
    everybody.wait()

threads = [threading.Thread(target=works) for _ in range(16)]
[each.start() for each in threads]
[each.join() for each in threads]
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
out = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(ctypes.c_void_p(out))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the C library of Linux has such heaps")
def test_many_threads_share_two_heaps() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    told = subprocess.run(
        [sys.executable, "-c", _COUNT], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert 1 <= told.stdout.count("<heap nr=") <= 2


def test_what_sqlite_keeps_of_its_pages_has_an_upper_bound(sqlite_database: Database) -> None:
    """One writer at a time, and ten readers that stay open."""
    kept = 0
    for engine, count in ((sqlite_database.writer, 1), (sqlite_database.reader, 10)):
        with engine.connect() as connection:
            size = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
        assert size < 0, "in KiB, not in pages"
        kept += -size * count
    assert kept <= 100 * 1024
