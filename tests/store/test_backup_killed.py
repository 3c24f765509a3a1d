"""A backup or a restore that is killed in the middle: nothing looks whole that is not, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import every_table
import pytest

from store import Database, transaction
from store.backup import backups, make, open_backup, restore
from store.models import Setting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "files"


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from store import backup
from store.backup import filling, making
original = making.dump
def dump(connection, table, folder, report):
    if table.name == "message":
        os.kill(os.getpid(), signal.SIGKILL)
    return original(connection, table, folder, report)
making.dump = dump
backup.make(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), datetime.now(UTC), version="0.1.0")
"""


def killed(script: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=os.getcwd(), capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_one_that_was_killed_leaves_nothing_that_looks_whole(
    database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    every_table.fill(database)
    killed(KILLED, database.url, str(folder), str(uploads))
    assert backups(folder) == []
    assert [path for path in folder.iterdir() if path.name.startswith("making-")]
    whole = make(database.url, folder, uploads, now, version="0.1.0")
    assert {path.name for path in folder.iterdir()} == {".lock", "files", whole.path.name}


KILLED_RESTORE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from store.backup import open_backup, restore
def settle(session):
    session.flush()
    os.kill(os.getpid(), signal.SIGKILL)
ours = sys.argv[4].split(",")
restore(sys.argv[1], open_backup(Path(sys.argv[2])), Path(sys.argv[3]), datetime.now(UTC), ours=ours, settle=settle,
    is_forced=True)
"""


def test_a_restore_that_was_killed_leaves_what_was_there(
    database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    every_table.fill(database)
    backup = make(database.url, folder, uploads, now, version="0.1.0")
    with transaction(database) as session:
        session.add(Setting(name="since", value={}))
    before = every_table.everything(database)
    database.close()
    killed(KILLED_RESTORE, database.url, str(backup.path), str(uploads), ",".join(every_table.names()))
    assert every_table.everything(database) == before
    database.close()
    whole = open_backup(backup.path)
    ours = every_table.names()
    restore(database.url, whole, uploads, now, ours=ours, settle=lambda session: {}, is_forced=True)
    assert every_table.everything(database) != before
