"""What somebody typed under a ticket and has not sent yet: kept while they type, gone when it was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, select

from handoff.wording import clean, visible
from handoff.workplace.models import WrittenDraft
from store.columns import table_of
from store.inserts import insert

KINDS = ("reply", "note")
LONGEST = 20_000
"""More than can be sent: who pasted too much shall not lose it before they have shortened it."""
_ORIGIN = "origin"
"""The row beside a reply that says what it began as."""


@dataclass(frozen=True)
class Origin:
    """What a reply began as: the ids of a suggestion and of a macro, 0 for none."""

    suggestion: int = 0
    macro: int = 0
    with_deeds: bool = True
    """What the macro does beside is ticked."""


OWN_WORDS = Origin()


def save_draft(
    session: Session,
    ticket_id: int,
    staff_id: int,
    kind: str,
    text: str,
    now: datetime,
    origin: Origin = OWN_WORDS,
) -> None:
    """Keep ``text`` in place of what was kept before; nothing, where there is nothing to be seen in it. ``origin``: of
    a reply."""
    words = clean(text)[:LONGEST]
    drop_draft(session, ticket_id, staff_id, kind)
    if not visible(words):
        return
    _keep(session, ticket_id, staff_id, kind, words, now)
    if kind == "reply" and (origin.suggestion or origin.macro):
        _keep(session, ticket_id, staff_id, _ORIGIN, json.dumps(asdict(origin)), now)


def _keep(session: Session, ticket_id: int, staff_id: int, kind: str, text: str, now: datetime) -> None:
    # Two windows of one person may do so at once.
    made = insert(session, WrittenDraft).values(
        ticket_id=ticket_id, staff_id=staff_id, kind=kind, text=text, saved_at=now
    )
    session.execute(
        made.on_conflict_do_update(
            index_elements=["ticket_id", "staff_id", "kind"],
            set_={"text": made.excluded.text, "saved_at": made.excluded.saved_at},
        )
    )


def drop_draft(session: Session, ticket_id: int, staff_id: int, kind: str) -> None:
    """It was sent, or taken back."""
    drafts = table_of(WrittenDraft).c
    kinds = (kind, _ORIGIN) if kind == "reply" else (kind,)
    session.execute(
        delete(table_of(WrittenDraft)).where(
            drafts.ticket_id == ticket_id, drafts.staff_id == staff_id, drafts.kind.in_(kinds)
        )
    )


def drafts_of(session: Session, ticket_id: int, staff_id: int) -> Mapping[str, str]:
    """What this person has typed under the ticket, by kind. Nobody reads anybody else's."""
    query = select(WrittenDraft).where(WrittenDraft.ticket_id == ticket_id, WrittenDraft.staff_id == staff_id)
    return {draft.kind: draft.text for draft in session.exec(query) if draft.kind in KINDS}


def origin_of(session: Session, ticket_id: int, staff_id: int) -> Origin:
    """What the reply that this person has typed began as."""
    kept = session.get(WrittenDraft, (ticket_id, staff_id, _ORIGIN))
    return Origin(**json.loads(kept.text)) if kept is not None else OWN_WORDS
