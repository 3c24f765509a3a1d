"""Which publications are due: what is scheduled for now, and what a builder that was killed had begun."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlmodel import Session, col, select

from bot.learning.studio.errors import AlreadyUnderWay, ImportRolledOut
from bot.learning.studio.publications import UNDER_WAY, WAITING, ask, not_publishable, refuse, wait_again
from kb_content import catalogue
from kb_content.studio.drafts import due, unschedule
from kb_content.studio.models import Draft, DraftState, Publication
from store import Database, reading, transaction

log = structlog.get_logger()


def is_anything_due(database: Database, now: datetime) -> bool:
    """Whether there is anything to look after. Reads only."""
    wished = select(Publication.id).where(col(Publication.state).in_(WAITING)).limit(1)
    scheduled = (Draft.state == DraftState.SCHEDULED, col(Draft.publish_at) <= now)
    with reading(database) as session:
        if session.exec(wished).first() is not None:
            return True
        return session.exec(select(Draft.id).where(*scheduled).limit(1)).first() is not None


def ask_anew(database: Database, now: datetime) -> None:
    """Wish for what is scheduled for now, and once more for what a builder that was killed had begun."""
    with transaction(database) as session:
        _wish_for_scheduled(session, now)
        alive = catalogue.being_built(session, now)
        for row in session.exec(select(Publication).where(col(Publication.state).in_(UNDER_WAY))):
            if row.release_id not in alive:
                wait_again(session, row, "", now)


def _wish_for_scheduled(session: Session, now: datetime) -> None:
    """What is scheduled for the same moment goes live together, without what may not go live at all any more."""
    by_moment: dict[datetime | None, list[Draft]] = {}
    for draft in due(session, now):
        problem = not_publishable(session, draft)
        if problem is None:
            by_moment.setdefault(draft.publish_at, []).append(draft)
        else:
            # Somebody switched four eyes on meanwhile: it waits for an approval, no longer for its hour.
            log.warning("not published as scheduled", draft=draft.id)
            refuse(session, draft, problem, now)
            unschedule(session, draft.id or 0, None, now, "system")
    for several in by_moment.values():
        ids = [draft.id or 0 for draft in several]
        by = next((one for draft in several for one in (draft.approved_by, draft.changed_by) if one is not None), None)
        try:
            ask(session, ids, by, now)
        except (AlreadyUnderWay, ImportRolledOut):
            # Until that one is over.
            continue
        for draft_id in ids:
            unschedule(session, draft_id, None, now, "system")
