"""What somebody typed under a ticket and has not sent yet: kept while they type, gone when it was sent."""

from __future__ import annotations

from collections.abc import Mapping
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


def save_draft(session: Session, ticket_id: int, staff_id: int, kind: str, text: str, now: datetime) -> None:
    """Keep ``text`` in place of what was kept before; nothing, where there is nothing to be seen in it."""
    words = clean(text)[:LONGEST]
    if not visible(words):
        drop_draft(session, ticket_id, staff_id, kind)
        return
    made = insert(session, WrittenDraft).values(
        ticket_id=ticket_id, staff_id=staff_id, kind=kind, text=words, saved_at=now
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
    session.execute(
        delete(table_of(WrittenDraft)).where(
            drafts.ticket_id == ticket_id, drafts.staff_id == staff_id, drafts.kind == kind
        )
    )


def drafts_of(session: Session, ticket_id: int, staff_id: int) -> Mapping[str, str]:
    """What this person has typed under the ticket, by kind. Nobody reads anybody else's."""
    query = select(WrittenDraft).where(WrittenDraft.ticket_id == ticket_id, WrittenDraft.staff_id == staff_id)
    return {draft.kind: draft.text for draft in session.exec(query)}
