"""What messages told before anybody kept note of it: looked through once, from the newest to the oldest.

A stretch at a time, each in a transaction of its own, so that nothing waits for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.learning.recall.models import Told
from bot.learning.recall.told import told_by
from bot.live import House
from handoff.models import Direction, Message
from store import settings
from store.inserts import insert
from store.models import Setting, Timer
from store.timers import set_timer

EARLIER = "told"
"""The kind of the timer, and the name of the setting that keeps how far it came."""
STRETCH = 2_000
"""Ids of messages that one step looks at: a tenth of a second."""
SOON = timedelta(seconds=1)


def begin(session: Session, now: datetime) -> None:
    """Look through earlier messages from now on, unless that is done."""
    if not is_complete(session):
        set_timer(session, EARLIER, 0, now)


def handle(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """Look through one stretch, and come back for the next."""
    if not look_through(session, STRETCH):
        set_timer(session, EARLIER, timer.subject_id, now + SOON)


def look_through(session: Session, stretch: int) -> bool:
    """Keep what the ``stretch`` messages before those already looked at told. Whether none are left."""
    before = _before(session)
    if before > 1:
        first = max(before - stretch, 1)
        is_said = (Message.direction == Direction.OUTGOING, col(Message.private).is_(False))
        query = select(Message).where(col(Message.id) >= first, col(Message.id) < before, *is_said)
        rows = [row for message in session.exec(query) for row in told_by(message)]
        if rows:
            session.connection().execute(insert(session, Told).on_conflict_do_nothing(), rows)
        before = first
    settings.keep(session, EARLIER, {"before": before})
    return before <= 1


def is_complete(session: Session) -> bool:
    """Whether all that was said before is known. Reads only."""
    row = session.get(Setting, EARLIER)
    return row is not None and int(row.value["before"]) <= 1


def _before(session: Session) -> int:
    """The oldest message that was looked at; what is said after the first look is kept as it is said."""
    row = session.get(Setting, EARLIER)
    if row is not None:
        return int(row.value["before"])
    return (session.exec(select(func.max(Message.id))).one() or 0) + 1
