"""Publishing what an import or accepted questions changed, as the console asks for it and speaks of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.learning.studio.publications import UNDER_WAY, WAITING, ask
from kb_content.studio.models import Publication, PublicationState


@dataclass(frozen=True)
class Publishing:
    """How far it is. ``failed``: why the last attempt came to nothing, empty after one that did not; ``blocked``: the
    publication whose check kept it back, None if that is not what became of the last one."""

    is_asked_for: bool = False
    is_being_built: bool = False
    failed: str = ""
    blocked: int | None = None


def ask_to_publish(
    session: Session, staff_id: int, now: datetime, percent: int | None = None, imports: Collection[int] = ()
) -> int:
    """Have a release built of what is there now, without drafts. Asking twice before it has begun is asking once.

    ``percent``: the share of conversations that get it first, None for all at once; ``imports``: what was brought in
    for it. Raises as ``check_share``.
    """
    return ask(session, (), staff_id, now, percent=percent, imports=imports)


def publishing(session: Session, now: datetime) -> Publishing:
    """What the console says about it. Reads only."""
    waiting = select(Publication).where(col(Publication.state).in_(WAITING))
    states = {wish.state for wish in session.exec(waiting)}
    over = select(Publication).where(col(Publication.state).not_in(WAITING)).order_by(col(Publication.id).desc())
    last = session.exec(over.limit(1)).first()
    return Publishing(
        is_asked_for=PublicationState.ASKED in states,
        is_being_built=not states.isdisjoint(UNDER_WAY),
        failed=last.problem if last is not None and last.state is PublicationState.FAILED else "",
        blocked=last.id if last is not None and last.state is PublicationState.BLOCKED else None,
    )
