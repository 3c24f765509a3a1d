from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from store import lock
from store.errors import AlreadyRunning

HOLDER = """
import sys
from pathlib import Path
from store.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def start_holder(path: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_server_is_told_to_go_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "firstline.db.lock"
    with lock.hold(path), pytest.raises(AlreadyRunning, match="FIRSTLINE_DATA_DIR"), lock.hold(path):
        pass


def test_the_lock_is_free_after_its_holder_ended(tmp_path: Path) -> None:
    for _ in range(2):
        with lock.hold(tmp_path / "lock"):
            pass


def test_another_process_is_kept_out_until_the_holder_dies_however_it_dies(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with start_holder(path) as holder:
        with pytest.raises(AlreadyRunning), lock.hold(path):
            pass
        holder.kill()
        holder.wait()
        with lock.hold(path):
            pass


def test_a_program_that_the_holder_started_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock.hold(path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with child, lock.hold(path):
        pass


def test_the_lock_lies_beside_a_sqlite_database_and_postgresql_needs_none(tmp_path: Path) -> None:
    assert lock.beside(f"sqlite:///{tmp_path}/firstline.db") == tmp_path / "firstline.db.lock"
    assert lock.beside("postgresql://host/name") is None
