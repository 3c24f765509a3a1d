"""Publishing that somebody asked for in the console: wished for there, done by the server that has the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.learning.publish import Fit, Report, publish_newest
from handoff.models import Staff
from kb_content import catalogue
from kb_content.models import Release
from store import Database, audit, reading, transaction
from store.models import Audit, Timer, TimerState
from store.timers import cancel, claim_due, set_timer

KIND = "publish"
AGAIN = "publish.again"
"""Comes due while it is built, and asks for it once more if the builder was killed."""
FAILED = "kb.publish.failed"
_LOOK_AGAIN = timedelta(minutes=1)


class GivenUp(Exception):
    """The server is stopping: it is built when it runs again."""


@dataclass(frozen=True)
class Publishing:
    """How far it is. ``failed``: why the last attempt came to nothing, empty after one that did not."""

    is_asked_for: bool = False
    is_being_built: bool = False
    failed: str = ""


def ask_to_publish(session: Session, staff_id: int, now: datetime) -> None:
    """Have a release built of what is there now. Asking twice before it has begun is asking once."""
    set_timer(session, KIND, staff_id, now)


def publish_asked(database: Database, fit: Fit, now: datetime, report: Report) -> int | None:
    """Build and publish if somebody asked for it; returns the release's id.

    Raises what building raises; after GivenUp, which ``report`` may raise, it is asked for still.
    """
    if not _is_due(database, now):
        return None
    with transaction(database) as session:
        _ask_again_for_dead(session, now)
        people = [timer.subject_id for timer in claim_due(session, now, kinds=(KIND,))]
        names = [staff.name for one in people if (staff := session.get(Staff, one))]
        for one in people:
            set_timer(session, AGAIN, one, now + _LOOK_AGAIN)
    if not people:
        return None
    actor = names[0] if names else "system"
    try:
        published = publish_newest(database, fit, actor, now, report)
    except GivenUp:
        with transaction(database) as session:
            _settle(session, people)
            for one in people:
                set_timer(session, KIND, one, now + timedelta(seconds=1))
        raise
    except Exception as error:
        with transaction(database) as session:
            _settle(session, people)
            audit.record(session, actor, FAILED, "release", None, now, reason=str(error)[:300])
        raise
    with transaction(database) as session:
        _settle(session, people)
    return published


def _settle(session: Session, people: Sequence[int]) -> None:
    """Whoever built it has come back from it."""
    for one in people:
        cancel(session, AGAIN, one)


def _ask_again_for_dead(session: Session, now: datetime) -> None:
    """Ask for what a builder that was killed had been asked for."""
    due = claim_due(session, now, kinds=(AGAIN,))
    is_built = bool(catalogue.being_built(session, now))
    for timer in due:
        if is_built:
            set_timer(session, AGAIN, timer.subject_id, now + _LOOK_AGAIN)
        else:
            set_timer(session, KIND, timer.subject_id, now)


def publishing(session: Session, now: datetime) -> Publishing:
    """What the console says about it. Reads only."""
    waiting = select(Timer.id).where(Timer.kind == KIND, Timer.state == TimerState.WAITING)
    begun = session.exec(select(Release.id).order_by(col(Release.id).desc()).limit(1)).first()
    tried = session.exec(
        select(Audit).where(col(Audit.action).in_((FAILED, "kb.publish"))).order_by(col(Audit.id).desc()).limit(1)
    ).first()
    failed = tried.detail.get("reason", "") if tried and tried.action == FAILED else ""
    return Publishing(
        is_asked_for=session.exec(waiting.limit(1)).first() is not None,
        is_being_built=begun is not None and begun in catalogue.being_built(session, now),
        failed=failed,
    )


def _is_due(database: Database, now: datetime) -> bool:
    is_due = (Timer.state == TimerState.WAITING, col(Timer.due_at) <= now)
    query = select(Timer.id).where(col(Timer.kind).in_((KIND, AGAIN)), *is_due)
    with reading(database) as session:
        return session.exec(query.limit(1)).first() is not None
