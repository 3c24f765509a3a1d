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
from store import Database, leases, reading, transaction
from store.errors import StoreError
from store.models import Setting, Timer, TimerState
from store.timers import set_timer

log = structlog.get_logger()
WORKLIST = "worklist"
"""The kind of its timer, and the name of its lease and of what is kept of the last look."""
_LONGEST = timedelta(minutes=30)


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
    session.merge(Setting(name=WORKLIST, value={"at": now.isoformat(), "asked": found.asked, "hits": found.hits}))
    return new


class Refresher:
    """Brings the list up to date. ``begin`` returns at once; ``stop`` ends the child."""

    def __init__(self, database: Database, fit: Fit) -> None:
        self.database = database
        self.fit = fit
        self._child: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def begin(self) -> None:
        """Start a look, unless one is under way here or in another process."""
        if self._thread is None or not self._thread.is_alive():
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
        try:
            self.once(datetime.now(UTC))
        except Exception as error:
            log.exception("worklist failed", error=type(error).__name__)

    def once(self, now: datetime) -> int | None:
        """One look, in a child process; how many items are new, None where another process is at it.

        What goes wrong is kept as a sentence for the console, and raised.
        """
        owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        with transaction(self.database) as session:
            # An item whose draft went live is looked at as published already.
            held = leases.acquire(session, WORKLIST, owner, now, _LONGEST)
            if held is not None:
                follow(session, now)
        if held is None:
            return None
        try:
            found = self._look(now)
            with transaction(self.database) as session:
                new = write(session, found, now)
        except Exception as error:
            self._note_problem(error)
            raise
        finally:
            with transaction(self.database) as session:
                leases.release(session, held, datetime.now(UTC))
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
                row = session.get(Setting, WORKLIST)
                session.merge(Setting(name=WORKLIST, value={**(row.value if row else {}), "problem": sentence}))
        except StoreError:
            log.warning("worklist's problem not kept", error=type(error).__name__)


def is_due(database: Database, now: datetime) -> bool:
    """Whether somebody asked for a look, or the night has come."""
    with reading(database) as session:
        due = select(Timer.due_at).where(Timer.kind == WORKLIST, Timer.state == TimerState.WAITING)
        return any(at <= now for at in session.exec(due))
