"""The worklist is looked at anew every night, and when an editor asks for it, beside everything else."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlmodel import Session, select

from bot.learning.publish import Fit
from bot.learning.worklist.keeping import follow, keep, measure
from bot.learning.worklist.looking import Look
from store import Database, leases, reading, settings, transaction
from store.errors import StoreError
from store.keeping import keeping
from store.models import Setting, Timer, TimerState
from store.timers import set_timer

log = structlog.get_logger()
WORKLIST = "worklist"
"""The kind of its timer, and the name of its lease and of what is kept of the last look."""
_AGAIN = timedelta(seconds=30)
"""After this it is tried again where another process is at it: what was asked for may have come too late for that."""


class LookFailed(Exception):
    """The worklist could not be brought up to date. What it says is from the last time."""


@dataclass(frozen=True)
class Standing:
    """How far it is. ``looked_at``: when the list was last brought up to date; ``problem``: why not since then."""

    looked_at: datetime | None = None
    asked: int = 0
    problem: str = ""
    is_under_way: bool = False


def ask_to_look(session: Session, now: datetime) -> None:
    """Have the list brought up to date soon. Asking twice is asking once."""
    set_timer(session, WORKLIST, 0, now)


def standing(session: Session, now: datetime) -> Standing:
    """What the console says about it. Reads only."""
    row = session.get(Setting, WORKLIST)
    value: dict[str, Any] = row.value if row else {}
    due = select(Timer.due_at).where(Timer.kind == WORKLIST, Timer.state == TimerState.WAITING)
    is_asked_for = any(at <= now for at in session.exec(due))
    return Standing(
        datetime.fromisoformat(value["at"]) if value.get("at") else None,
        int(value.get("asked", 0)),
        str(value.get("problem", "")),
        is_asked_for or bool(leases.alive(session, WORKLIST, now)),
    )


def write(session: Session, found: Look, now: datetime) -> int:
    """Keep what one look found; returns how many items are new."""
    follow(session, now)
    new = keep(session, found.findings, found.asked, found.hits, now)
    measure(session, found.effects, now)
    settings.keep(session, WORKLIST, {"at": now.isoformat(), "asked": found.asked, "hits": found.hits})
    return new


class Refresher:
    """Brings the list up to date. ``begin`` returns at once; ``stop`` ends the child.

    What is asked for while a look is under way is looked at once more afterwards: that look may have read it too early.
    """

    def __init__(self, database: Database, fit: Fit) -> None:
        self.database = database
        self.fit = fit
        self._child: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._is_wanted = self._is_looking = False

    def begin(self) -> None:
        """Have a look begun, after the one that is under way here, if there is one."""
        with self._lock:
            self._is_wanted = True
            if not self._is_looking:
                self._is_looking = True
                self._thread = threading.Thread(target=self._run, name="worklist", daemon=True)
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
        while self._has_next():
            try:
                self.once(datetime.now(UTC))
            except Exception as error:
                log.exception("worklist failed", error=type(error).__name__)

    def _has_next(self) -> bool:
        with self._lock:
            self._is_looking, self._is_wanted = self._is_wanted and not self._stopped.is_set(), False
            return self._is_looking

    def once(self, now: datetime) -> int | None:
        """One look, in a child process; how many items are new, None where another process is at it: then it is asked
        for again.

        What goes wrong is kept as a sentence for the console, and raised.
        """
        with keeping(self.database, WORKLIST, f"{os.getpid()}-{secrets.token_hex(4)}") as keeper:
            if keeper is None:
                with transaction(self.database) as session:
                    set_timer(session, WORKLIST, 0, now + _AGAIN)
                return None
            try:
                return self._once(now)
            except Exception as error:
                self._note_problem(error)
                raise

    def _once(self, now: datetime) -> int:
        with transaction(self.database) as session:
            # An item whose draft went live is looked at as published already.
            follow(session, now)
        found = self._look(now)
        with transaction(self.database) as session:
            new = write(session, found, now)
        log.info("worklist looked at", found=len(found.findings), new=new, asked=found.asked)
        return new

    def _look(self, now: datetime) -> Look:
        order = {"url": self.database.url, "fit": asdict(self.fit), "now": now.isoformat()}
        try:
            said = self._said_by_child(json.dumps(order) + "\n")
        except BrokenPipeError as error:
            # It had ended before it was told what to do.
            raise LookFailed from error
        return Look.of(json.loads(said))

    def _said_by_child(self, order: str) -> str:
        command = [sys.executable, "-m", "bot.learning.worklist.looking"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            self._child = child
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(order)
            child.stdin.flush()
            said = child.stdout.readline()
            # Its standard input stays open until it has ended: closed, it would take us for gone.
            child.wait()
        if child.returncode != 0 or not said:
            raise LookFailed
        return said

    def _note_problem(self, error: Exception) -> None:
        if self._stopped.is_set():
            return
        sentence = (type(error).__doc__ or "").strip() if isinstance(error, LookFailed) else LookFailed.__doc__ or ""
        try:
            with transaction(self.database) as session:
                known = settings.held(session, WORKLIST, {})
                settings.keep(session, WORKLIST, {**known, "problem": sentence})
        except StoreError:
            log.warning("worklist's problem not kept", error=type(error).__name__)


def is_due(database: Database, now: datetime) -> bool:
    """Whether somebody asked for a look, or the night has come."""
    with reading(database) as session:
        due = select(Timer.due_at).where(Timer.kind == WORKLIST, Timer.state == TimerState.WAITING)
        return any(at <= now for at in session.exec(due))
