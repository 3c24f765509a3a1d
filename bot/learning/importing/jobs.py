"""An import from the console, step by step: asked for, read, carried out; ``showing`` is what reading it is."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from sqlmodel import Session

from bot.learning.importing.approval import require_approval, review_of
from bot.learning.importing.errors import ImportGone, StillReading
from bot.learning.importing.keeping import load
from bot.learning.importing.reading import without
from bot.learning.importing.showing import House, get, lease_of, run
from bot.learning.importing.wishes import Wish, wish_from, wish_values
from kb_content import catalogue
from kb_content.errors import ImportOutdated
from kb_content.import_plan import ImportPlan
from kb_content.studio.models import ImportState, KbImport
from store import leases, reading, transaction
from store.audit import record
from store.changes import note_change

__all__ = ["House", "ask", "begin", "carry_out", "get", "is_being_read", "lease_of", "planned_again", "wish_again"]


def ask(session: Session, wish: Wish, actor: str, now: datetime) -> int:
    """Keep the wish; returns the import's id. ``begin`` reads it."""
    row = KbImport(source=wish.source, at=now, actor=actor[:254], state=ImportState.ASKED, wish=wish_values(wish))
    session.add(row)
    session.flush()
    return row.id or 0


def begin(house: House, import_id: int, shown: threading.Event) -> threading.Thread:
    """Read what was asked for, in a thread of its own. ``shown`` is set once there is something to look at."""
    thread = threading.Thread(target=run, args=(house, import_id, shown), name=f"import {import_id}", daemon=True)
    thread.start()
    return thread


def is_being_read(session: Session, import_id: int) -> bool:
    """Whether a server is at it now, by the clock that its lease runs by."""
    return bool(leases.alive(session, lease_of(import_id), datetime.now(UTC)))


def wish_again(session: Session, import_id: int, wish: Wish, now: datetime) -> None:
    """Have it read anew, as ``wish`` says now. Raises ImportGone for one that was carried out."""
    row = get(session, import_id)
    if row.state in (ImportState.DONE, ImportState.UNDONE):
        raise ImportGone
    row.wish, row.state, row.found, row.problem, row.progress = wish_values(wish), ImportState.ASKED, {}, "", ""
    note_change(session, "import", import_id, now)


def carry_out(
    house: House, import_id: int, wish: Wish, actor: str, now: datetime, staff_id: int | None = None
) -> KbImport:
    """Do what was shown, as ``wish`` decides it, or as it was submitted. Planned again, as the KB may have moved on.

    Raises ImportGone, StillReading, ImportOutdated, or NotApproved where ``staff_id`` is not the second pair of eyes
    that the house asks for.
    """
    with reading(house.database) as session:
        row = get(session, import_id)
        if row.state in (ImportState.DONE, ImportState.UNDONE):
            raise ImportGone
        if review_of(row) is not None:
            wish = wish_from(row.wish)
        planned = planned_again(house, session, row, wish)
    with transaction(house.database) as session:
        held = session.get(KbImport, import_id, with_for_update=True)
        if held is None or held.state is not ImportState.READ:
            raise ImportGone
        if held.found.get("sha256") != row.found.get("sha256") or review_of(held) != review_of(row):
            raise ImportOutdated
        require_approval(session, held, staff_id)
        if (review := review_of(held)) is not None:
            record(session, actor, "kb.import.approve", "import", import_id, now, submitted_by=review.name)
        held.wish = wish_values(wish)
        catalogue.apply_import(session, planned, now, actor, import_id)
        session.flush()
        return held


def planned_again(house: House, session: Session, row: KbImport, wish: Wish) -> ImportPlan:
    """The plan of what was read, as the KB is now. Raises StillReading where nothing was read yet."""
    sha256 = row.found.get("sha256")
    if not sha256:
        raise StillReading
    folder = without(load(house.files, sha256), wish.left_out)
    return catalogue.plan_import(session, folder, wish.source, wish.replaces, wish.prefer, wish.decided)
