"""Wishes to publish: asked for in the console or by a schedule, carried out by the server's upkeep.

A publication says at any time how far it is. Whoever builds one holds the lease of its release; one whose builder was
killed is seen to be over, and is asked for once more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.learning.studio.errors import (
    AlreadyUnderWay,
    BadShare,
    ImportRolledOut,
    NotCancellable,
    NothingToPublish,
    NotPublishable,
    RolloutUnderWay,
)
from handoff.models import Staff
from kb_content import catalogue
from kb_content.errors import NotStaged
from kb_content.studio.drafts import is_publishable
from kb_content.studio.four_eyes import four_eyes
from kb_content.studio.models import Draft, Publication, PublicationState
from kb_content.studio.running import brought, running
from store import audit
from store.changes import note_change

KIND = "publication"
UNDER_WAY = (PublicationState.BUILDING, PublicationState.CHECKING)
WAITING = (PublicationState.ASKED, *UNDER_WAY)
FAILED, BLOCKED = "kb.publish.failed", "kb.publish.blocked"


def ask(
    session: Session,
    draft_ids: Collection[int],
    staff_id: int | None,
    now: datetime,
    *,
    override: str = "",
    percent: int | None = None,
    accounts: Collection[int] = (),
    actor: str = "",
    imports: Collection[int] = (),
) -> int:
    """Have the drafts published, or without any what an import or accepted questions changed. Returns its id.

    ``override``: the reason to publish even if answers get worse. ``percent`` and ``accounts``: who gets it first;
    without either it is for all at once. ``actor``: who asks where it is none of the staff. ``imports``: what was
    brought in for it; they are taken back with a rollout that is stopped. The same wish while an earlier one waits is
    that one. Raises NothingToPublish, NotPublishable, AlreadyUnderWay, and as ``check_share``.
    """
    drafts, reason = sorted(set(draft_ids)), override.strip()
    is_staged = percent is not None or bool(accounts)
    if not (drafts or reason or is_staged) and (waiting := _same_that_waits(session)) is not None:
        return waiting
    about = _check_drafts(session, drafts)
    check_share(session, percent, accounts, drafts)
    wish = Publication(
        drafts=drafts,
        asked_by=staff_id,
        asked_at=now,
        override=reason,
        percent=percent,
        accounts=sorted(set(accounts)),
        check={"drafts": about, "by": actor or name_of(session, staff_id), "imports": sorted(set(imports))},
    )
    session.add(wish)
    session.flush()
    publication_id = wish.id or 0
    audit.record(session, asker(wish), "kb.publish.ask", KIND, publication_id, now, drafts=drafts, override=reason)
    note_change(session, KIND, publication_id, now)
    return publication_id


def refuse(session: Session, draft: Draft, problem: str, now: datetime) -> None:
    """Say of a draft that was to go out by itself why it did not: its page shows a publication that failed."""
    about = [_about(draft)]
    wish = Publication(drafts=[draft.id or 0], asked_by=draft.changed_by, asked_at=now, check={"drafts": about})
    session.add(wish)
    session.flush()
    close(session, wish, PublicationState.FAILED, now, problem, asker(wish))


def cancel(session: Session, publication_id: int, staff_id: int | None, now: datetime) -> None:
    """Let it not be published. What is being built for it is dropped. Raises NotCancellable once it is over."""
    wish = session.get(Publication, publication_id, with_for_update=True)
    if wish is None or wish.state not in WAITING:
        raise NotCancellable
    wish.state, wish.finished_at, wish.progress = PublicationState.CANCELLED, now, ""
    session.flush()
    audit.record(session, name_of(session, staff_id), "kb.publish.cancel", KIND, publication_id, now)
    note_change(session, KIND, publication_id, now)


def publications(session: Session, limit: int = 50) -> Sequence[Publication]:
    """The newest wishes, newest first."""
    return session.exec(select(Publication).order_by(col(Publication.id).desc()).limit(limit)).all()


def publication_of(session: Session, draft_id: int) -> Publication | None:
    """The newest wish that this draft is or was in; None while nobody wished so."""
    return next((wish for wish in publications(session) if draft_id in wish.drafts), None)


def name_of(session: Session, staff_id: int | None) -> str:
    """Who asked, as the audit log names them."""
    staff = session.get(Staff, staff_id) if staff_id is not None else None
    return staff.name if staff else "system"


def asker(wish: Publication) -> str:
    """Who wished for it, by the name that they had then."""
    return str(wish.check.get("by") or "system")


def _same_that_waits(session: Session) -> int | None:
    asked = select(Publication).where(Publication.state == PublicationState.ASKED).order_by(col(Publication.id))
    plain = (wish.id for wish in session.exec(asked) if not (wish.drafts or wish.override or wish.is_staged))
    return next(plain, None)


def _check_drafts(session: Session, drafts: Sequence[int]) -> list[dict[str, Any]]:
    """What is to be published, for when the drafts are gone."""
    found = session.exec(select(Draft).where(col(Draft.id).in_(drafts))).all() if drafts else ()
    if len(found) < len(drafts):
        raise NothingToPublish
    for draft in found:
        if (reason := not_publishable(session, draft)) is not None:
            raise NotPublishable(reason)
    waiting = session.exec(select(Publication).where(col(Publication.state).in_(WAITING))) if drafts else ()
    if any(not set(drafts).isdisjoint(wish.drafts) for wish in waiting):
        raise AlreadyUnderWay
    return list(map(_about, found))


def _about(draft: Draft) -> dict[str, Any]:
    kind, name, language = draft.kind.value, draft.name, draft.language
    return {"id": draft.id, "kind": kind, "name": name, "language": language, "removal": draft.is_removal}


def not_publishable(session: Session, draft: Draft) -> str | None:
    """A sentence that says what the draft lacks; None if it may go live, should its check find nothing."""
    return is_publishable(draft, four_eyes(session))


def check_share(session: Session, percent: int | None, accounts: Collection[int], drafts: Collection[int] = ()) -> None:
    """Raises BadShare, RolloutUnderWay, NotStaged where nothing is live that the others could get, or ImportRolledOut
    where publishing ``drafts`` to everybody would give them an import that is being tried on some."""
    if percent is not None and not 1 <= percent <= 99:
        raise BadShare
    rollout = running(session)
    if percent is None and not accounts:
        if drafts and rollout is not None and brought(session, rollout):
            raise ImportRolledOut
        return
    if rollout is not None:
        raise RolloutUnderWay
    if catalogue.live_release_id(session) is None:
        raise NotStaged("Nothing is live yet, so there is nothing to compare with: publish to everybody.")


def wait_again(session: Session, row: Publication, problem: str, now: datetime) -> None:
    """It is to be carried out from the beginning; what was built for it is dropped."""
    row.state, row.release_id, row.progress = PublicationState.ASKED, None, problem[:300]
    session.flush()
    note_change(session, KIND, row.id or 0, now)


def close(session: Session, row: Publication, state: PublicationState, now: datetime, problem: str, actor: str) -> None:
    """It is over, and this is what became of it."""
    row.state, row.finished_at, row.problem, row.progress = state, now, problem, ""
    session.flush()
    if state is PublicationState.FAILED:
        audit.record(session, actor, FAILED, KIND, row.id, now, reason=problem[:300])
    if state is PublicationState.BLOCKED:
        audit.record(session, actor, BLOCKED, KIND, row.id, now, worse=row.check.get("blocking", 0))
    note_change(session, KIND, row.id or 0, now)
