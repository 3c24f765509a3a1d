"""Publishing that somebody asked for in the console: wished for there, done by the server that has the worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.learning.publish import Fit, Report, publish_newest
from handoff.models import Staff
from kb_content.models import Release, ReleaseState
from store import Database, audit, reading, transaction
from store.models import Audit, Timer, TimerState
from store.timers import claim_due, set_timer

KIND = "publish"
FAILED = "kb.publish.failed"
_BUILD_TAKES = timedelta(hours=2)


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
        asked = claim_due(session, now, kinds=(KIND,))
        people = [timer.subject_id for timer in asked]
        names = [staff.name for one in people if (staff := session.get(Staff, one))]
    if not asked:
        return None
    actor = names[0] if names else "system"
    try:
        return publish_newest(database, fit, actor, now, report)
    except GivenUp:
        with transaction(database) as session:
            for one in people:
                set_timer(session, KIND, one, now + timedelta(seconds=1))
        raise
    except Exception as error:
        with transaction(database) as session:
            audit.record(session, actor, FAILED, "release", None, now, reason=str(error)[:300])
        raise


def publishing(session: Session, now: datetime) -> Publishing:
    """What the console says about it. Reads only."""
    waiting = select(Timer.id).where(Timer.kind == KIND, Timer.state == TimerState.WAITING)
    begun = session.exec(select(Release).order_by(col(Release.id).desc()).limit(1)).first()
    tried = session.exec(
        select(Audit).where(col(Audit.action).in_((FAILED, "kb.publish"))).order_by(col(Audit.id).desc()).limit(1)
    ).first()
    failed = tried.detail.get("reason", "") if tried and tried.action == FAILED else ""
    is_young = begun is not None and begun.state is ReleaseState.BUILDING and begun.created_at > now - _BUILD_TAKES
    return Publishing(
        is_asked_for=session.exec(waiting.limit(1)).first() is not None,
        # A build that failed leaves its release behind as it was.
        is_being_built=is_young and not (failed and tried and begun and tried.at >= begun.created_at),
        failed=failed,
    )


def _is_due(database: Database, now: datetime) -> bool:
    query = select(Timer.id).where(Timer.kind == KIND, Timer.state == TimerState.WAITING, col(Timer.due_at) <= now)
    with reading(database) as session:
        return session.exec(query.limit(1)).first() is not None
