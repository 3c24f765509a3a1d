"""A large table is never in memory: neither when it is backed up nor when it is restored."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import every_table
import pytest
from sqlalchemy import text

from store import Database, transaction

ROWS = 100_000
# 20 MB of text alone; as rows of Python's it would be several times that.
FILL = {
    "sqlite": (
        f"WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {ROWS}) "
        "INSERT INTO proposed_question (article_id, language, text, plain, origin, source, state, created_at) "
        "SELECT 'a', 'en', hex(randomblob(100)), 'p' || n, 'heading', '', 'open', '2026-03-04 09:30:00.000000' FROM t"
    ),
    "postgresql": (
        "INSERT INTO proposed_question (article_id, language, text, plain, origin, source, state, created_at) "
        "SELECT 'a', 'en', repeat(md5(n::text), 6), 'p' || n, 'heading', '', 'open', '2026-03-04 09:30:00' "
        f"FROM generate_series(1, {ROWS}) AS t (n)"
    ),
}
SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from store.backup import make, restore

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024

small, large, target, folder, ours = *sys.argv[1:4], Path(sys.argv[4]), sys.argv[5].split(",")
now, files = datetime.now(UTC), folder / "none"
others = dict(ours=ours, settle=lambda session: {}, is_forced=True)
restore(target, make(small, folder, files, now, version="0"), files, now, **others)
before = peak()
made = make(large, folder, files, now, version="0")
print(peak() - before, made.manifest.rows["proposed_question"])
restore(target, made, files, now, **others)
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_memory_does_not_grow_with_the_rows(
    kind: str, request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path
) -> None:
    """Of each kind of database, into the other."""
    database: Database = request.getfixturevalue(f"{kind}_database")
    with transaction(database) as session:
        session.execute(text(FILL[kind]))
    target = f"sqlite:///{tmp_path}/new.db" if kind == "postgresql" else request.getfixturevalue("postgresql_url")
    small, folder, ours = f"sqlite:///{sqlite_template}", str(tmp_path / "backups"), ",".join(every_table.names())
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, small, database.url, target, folder, ours],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made, rows, restored = map(int, done.stdout.split())
    assert rows == ROWS
    assert (made < 20, restored < 30) == (True, True), f"{made} and {restored} MB more than for no rows at all"
