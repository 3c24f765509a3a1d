"""Whether a second editor must approve what is published: a switch of this house."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from store import settings
from store.audit import record
from store.changes import note_change
from store.models import Setting

NAME = "kb.four_eyes"


def four_eyes(session: Session) -> bool:
    row = session.get(Setting, NAME)
    return row is not None and bool(row.value.get("is_on"))


def set_four_eyes(session: Session, is_on: bool, staff_id: int | None, now: datetime, actor: str = "") -> None:
    """Drafts that are scheduled stay so; who carries them out asks again whether they may be published."""
    if four_eyes(session) is is_on:
        return
    settings.keep(session, NAME, {"is_on": is_on})
    record(session, actor or f"staff {staff_id}", "kb.four_eyes", "setting", None, now, is_on=is_on)
    note_change(session, "setting", 0, now)
