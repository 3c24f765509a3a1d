"""The backup of every night, in a child process of low priority: what it does, what becomes of it, and when it is due.

The child makes a backup, lets superfluous ones go, and verifies the new one by restoring it beside the database.
It never writes the database; its parent notes what became of each deed.
Run as ``python -m bot.learning.nightly``: the order comes as JSON on standard input, deeds go to standard output.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session, col, select

from bot.learning.backups import Place, make, verify
from store import Database, measures, reading, transaction
from store.backup import (
    MAKE,
    VERIFY,
    Standing,
    note_made,
    note_problem,
    note_verified,
    open_backup,
    status,
    sweep,
)
from store.errors import StoreError, Unavailable
from store.models import Timer, TimerState
from store.timers import set_timer

log = structlog.get_logger()
BACKUP = "backup"
"""The kind of its timer."""
AGAIN = timedelta(hours=1)
"""After most failures, and after a start that finds no recent backup."""
RECENT = timedelta(hours=25)
PATIENCE = 30.0


@dataclass(frozen=True)
class Done:
    """What became of one deed: ``problem`` is a sentence, None if all went well."""

    deed: str
    backup: str
    seconds: float
    problem: str | None = None


def is_tried_again(failed: str, before: Standing) -> bool:
    """Whether a deed that failed is tried again soon, or only the next night: a backup that could not be made leaves
    nothing, one that could not be verified stays, so that every hour would add one."""
    return failed == MAKE or before.problem_in != VERIFY


def note(session: Session, done: Done, now: datetime) -> None:
    """Keep what became of a deed, for the console, the metrics and ``doctor``."""
    if done.problem is not None:
        note_problem(session, done.deed, done.problem, now)
    elif done.deed == MAKE:
        note_made(session, done.backup, now)
    else:
        note_verified(session, done.backup, now)


def look_at_once(database: Database, now: datetime) -> None:
    """Let the next backup come within the hour if there is no recent one: a night may have been missed."""
    with reading(database) as session:
        made_at = status(session).made_at
        waiting = select(Timer.due_at).where(Timer.kind == BACKUP, Timer.state == TimerState.WAITING)
        due_at = session.exec(waiting.order_by(col(Timer.due_at))).first()
    # One of a day that has not come was made while the clock was wrong.
    is_recent = made_at is not None and abs(now - made_at) < RECENT
    if not is_recent and (due_at is None or due_at > now + AGAIN):
        with transaction(database) as session:
            set_timer(session, BACKUP, 0, now + AGAIN)


class Nightly:
    """Makes backups beside everything else. ``begin`` returns at once; ``stop`` ends the child."""

    def __init__(self, database: Database, place: Place, patience: float = PATIENCE) -> None:
        """``patience``: seconds between two tries to note what became of it in a database that takes nothing."""
        self.database = database
        self.place = place
        self.patience = patience
        self._child: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def begin(self) -> None:
        """Start a backup, unless one is under way."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._thread = threading.Thread(target=self._run, name="backup", daemon=True)
        self._thread.start()

    def wait(self, timeout: float) -> None:
        """Until what was begun is done."""
        if self._thread is not None:
            self._thread.join(timeout)

    def stop(self, timeout: float = 5.0) -> None:
        self._stopped.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
        self.wait(timeout)

    def _run(self) -> None:
        again = True
        try:
            with reading(self.database) as session:
                before = status(session)
            failed = [done.deed for done in self._deeds(is_careful=before.problem_in == VERIFY) if not self._note(done)]
            again = bool(failed) and is_tried_again(failed[0], before)
        except Exception as error:
            log.exception("backup failed", error=type(error).__name__)
        if again and not self._stopped.is_set():
            self._write(lambda session: set_timer(session, BACKUP, 0, datetime.now(UTC) + AGAIN))

    def _deeds(self, *, is_careful: bool) -> Iterator[Done]:
        place = self.place
        order = {
            "url": self.database.url,
            "folder": str(place.folder.absolute()),
            "files": str(place.files.absolute()),
            "days": place.days,
            "encoder": place.encoder,
            "is_careful": is_careful,
        }
        command = [sys.executable, "-m", "bot.learning.nightly"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            self._child = child
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps(order) + "\n")
            child.stdin.flush()
            for line in child.stdout:
                yield Done(**json.loads(line))
        if child.returncode != 0 and not self._stopped.is_set():
            yield Done(MAKE, "", 0.0, f"The backup was cut off (code {child.returncode}).")

    def _note(self, done: Done) -> bool:
        """Keep what became of a deed; whether it went well."""
        outcome = "done" if done.problem is None else "failed"
        measures.backups_total.labels(done.deed, outcome).inc()
        measures.backup_seconds.labels(done.deed).observe(done.seconds)
        if done.problem is None:
            log.info("backup", deed=done.deed, backup=done.backup, seconds=round(done.seconds, 1))
        else:
            log.error("backup failed", deed=done.deed, reason=done.problem)
        self._write(lambda session: note(session, done, datetime.now(UTC)))
        return done.problem is None

    def _write(self, change: Callable[[Session], None]) -> None:
        """Once the database takes it: what fills the disk of the backups may fill that of the database, too."""
        is_said = False
        while True:
            try:
                with transaction(self.database) as session:
                    change(session)
                return
            except Unavailable as error:
                if not is_said:
                    log.warning("backup not noted yet", reason=str(error))
                is_said = True
                if self._stopped.wait(self.patience):
                    return


def carry_out(url: str, place: Place, now: datetime, *, is_careful: bool) -> Iterator[Done]:
    """Make a backup, sweep, and verify it. Each deed's end as it comes; a failure is the last."""
    path: list[Path] = []

    def made() -> list[str]:
        path.append(make(url, place, now, _silent, is_careful=is_careful).path)
        sweep(place.folder, now, place.days)
        return []

    def verified() -> list[str]:
        return list(verify(url, open_backup(path[0]), place, _silent).differences)

    for deed, work in ((MAKE, made), (VERIFY, verified)):
        done = _timed(deed, work)
        yield Done(done.deed, path[0].name if path else "", done.seconds, done.problem)
        if done.problem is not None:
            return


def _timed(deed: str, work: Callable[[], list[str]]) -> Done:
    begun = time.monotonic()
    try:
        problem = " ".join(work()) or None
    except Exception as error:
        problem = _sentence(error)
    return Done(deed, "", time.monotonic() - begun, problem)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{place}. Check that the place exists and may be written."
    return str(error) if isinstance(error, StoreError) else f"Unexpected: {type(error).__name__}."


def _silent(sentence: str) -> None:
    """Nobody watches at night."""


def main() -> int:
    """The child's side."""
    os.nice(10)
    # A Ctrl-C at the terminal reaches us too; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    place = Place(Path(order["folder"]), Path(order["files"]), order["days"], order["encoder"])
    for done in carry_out(order["url"], place, datetime.now(UTC), is_careful=order["is_careful"]):
        sys.stdout.write(json.dumps(vars(done)) + "\n")
        sys.stdout.flush()
    return 0


def _end_with_parent() -> None:
    """The parent keeps our standard input open: when it ends, however it ends, so do we."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
