"""The loop of the desk: takes up the timers that are due, one at a time, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.desk.deed import Deed
from bot.desk.registry import deeds
from bot.live import House
from store import Database, measures, reading, transaction
from store.crashpoints import reach
from store.models import Timer, TimerState
from store.timers import set_timer

log = structlog.get_logger()
LONGEST_PAUSE = timedelta(minutes=10)
"""A deed that fails is tried again at ever longer intervals, this one at most."""


class DeskLoop:
    """``step`` from one thread. Of several servers one does a deed, whichever comes first."""

    def __init__(self, database: Database, house: House, known: Mapping[str, Deed] | None = None) -> None:
        """``known``: what is done by kind of timer; None for all that the desk knows."""
        self.database = database
        self.house = house
        self.deeds = deeds() if known is None else known
        self._failures: dict[str, int] = {}

    def step(self, now: datetime) -> bool:
        """Do what is due longest. True if there was something, so that there may be more."""
        timer = self._next(now)
        if timer is None:
            return False
        try:
            with transaction(self.database) as session:
                self._do(session, timer, now)
        except Exception as error:
            self._put_off(timer, error, now)
        else:
            self._failures.pop(timer.dedup_key, None)
        return True

    def _next(self, now: datetime) -> Timer | None:
        """Looked at without a transaction, for mostly there is nothing to do."""
        due = (Timer.state == TimerState.WAITING, col(Timer.due_at) <= now, col(Timer.kind).in_(self.deeds))
        query = select(Timer).where(*due).order_by(col(Timer.due_at), col(Timer.id)).limit(1)
        with reading(self.database) as session:
            return session.exec(query).first()

    def _do(self, session: Session, timer: Timer, now: datetime) -> None:
        deed = self.deeds[timer.kind]
        deed.hold(session, timer.subject_id)
        if _claim(session, timer):
            deed.handle(session, timer, now, self.house)
            reach("timer.in_deed")

    def _put_off(self, timer: Timer, error: Exception, now: datetime) -> None:
        """What fails must not stay first in line."""
        failures = self._failures[timer.dedup_key] = self._failures.get(timer.dedup_key, 0) + 1
        pause = min(timedelta(seconds=5 * 2 ** min(failures, 10)), LONGEST_PAUSE)
        known = {"kind": timer.kind, "subject_id": timer.subject_id, "failures": failures}
        log.exception("deed of the desk failed", **known, error=type(error).__name__)
        measures.loop_failures_total.labels("desk").inc()
        with transaction(self.database) as session:
            set_timer(session, timer.kind, timer.subject_id, now + pause, dedup_key=timer.dedup_key)


def do_due(database: Database, house: House, now: datetime) -> int:
    """Do all that is due at ``now``, one after another. Returns how much that was."""
    loop, done = DeskLoop(database, house), 0
    while loop.step(now):
        done += 1
    return done


def _claim(session: Session, timer: Timer) -> bool:
    """False where somebody else did it meanwhile, put it off, or cancelled it."""
    as_seen = (col(Timer.id) == timer.id, col(Timer.state) == TimerState.WAITING, col(Timer.due_at) == timer.due_at)
    claimed = update(Timer).where(*as_seen).values(state=TimerState.DONE).returning(col(Timer.id))
    return session.execute(claimed).first() is not None
