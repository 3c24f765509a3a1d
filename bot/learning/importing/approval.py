"""The second pair of eyes on an import: where the house asks for it, another editor takes over what one brought in.

Who submits an import decides what of it is taken; who approves it takes over exactly that. What was submitted is kept
with what was read: having it read anew takes the submission back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.learning.importing.errors import ImportGone, NotApproved, NotSubmitted
from bot.learning.importing.wishes import Wish, wish_values
from kb_content.studio.four_eyes import four_eyes
from kb_content.studio.models import ImportState, KbImport
from store.audit import record
from store.changes import note_change

_REVIEW, _BACK = "review", "sent_back"
_LOOKED_AT = 200


@dataclass(frozen=True)
class Review:
    """An import that waits for another editor. ``by``: the staff id of who submitted it, None for a token."""

    by: int | None
    name: str
    at: datetime


@dataclass(frozen=True)
class SentBack:
    """Who did not approve it, and what they want changed."""

    name: str
    note: str


def review_of(row: KbImport) -> Review | None:
    """What it waits for; None while nobody submitted it."""
    said = row.found.get(_REVIEW)
    if row.state is not ImportState.READ or said is None:
        return None
    return Review(said["by"], said["name"], datetime.fromisoformat(said["at"]))


def sent_back_of(row: KbImport) -> SentBack | None:
    said = row.found.get(_BACK)
    return SentBack(said["name"], said["note"]) if said else None


def submit(session: Session, import_id: int, wish: Wish, staff_id: int | None, name: str, now: datetime) -> None:
    """Let another editor decide about it, as ``wish`` settles it. Raises ImportGone for what cannot be taken over."""
    row = _read_row(session, import_id)
    row.wish = wish_values(wish)
    review = {"by": staff_id, "name": name, "at": now.isoformat()}
    row.found = {**_without(row, _BACK), _REVIEW: review}
    record(session, name, "kb.import.submit", "import", import_id, now, source=row.source)
    note_change(session, "import", import_id, now)
    session.flush()


def send_back(session: Session, import_id: int, note: str, name: str, now: datetime) -> None:
    """It waits no longer, and nothing is taken over; by who submitted it, it is taken back. Raises NotSubmitted."""
    row = _read_row(session, import_id)
    review = review_of(row)
    if review is None:
        raise NotSubmitted
    said = {} if name == review.name else {_BACK: {"name": name, "note": note.strip()}}
    row.found = {**_without(row, _REVIEW), **said}
    record(session, name, "kb.import.send_back", "import", import_id, now, source=row.source)
    note_change(session, "import", import_id, now)
    session.flush()


def in_review(session: Session) -> Sequence[KbImport]:
    """The imports that wait for another editor, the newest first."""
    read = select(KbImport).where(KbImport.state == ImportState.READ).order_by(col(KbImport.id).desc())
    return [row for row in session.exec(read.limit(_LOOKED_AT)) if review_of(row) is not None]


def wait_for(session: Session, staff_id: int) -> int:
    """How many imports wait for the eyes of ``staff_id``; what was read of them is not fetched for it."""
    review = col(KbImport.found)[_REVIEW]
    submitted = review["by"].as_integer()
    brought = col(KbImport.wish)["by"].as_integer()
    waiting = select(submitted, brought).where(KbImport.state == ImportState.READ, review["name"].as_string() != "")
    return sum(staff_id not in hands for hands in session.exec(waiting))


def is_mine(row: KbImport, staff_id: int) -> bool:
    """Whether they brought it in or submitted it, and so must not approve it."""
    review = review_of(row)
    return staff_id in (row.wish.get("by"), review.by if review else None)


def require_approval(session: Session, row: KbImport, staff_id: int | None) -> None:
    """Raises NotApproved where the house wants a second pair of eyes and these are not one. ``staff_id``: who takes it
    over; None for a command on the machine, which is an admin's act."""
    if staff_id is None or not four_eyes(session):
        return
    if review_of(row) is None:
        raise NotApproved
    if is_mine(row, staff_id):
        raise NotApproved("Somebody else must approve it: you brought it in or submitted it.")


def _read_row(session: Session, import_id: int) -> KbImport:
    row = session.get(KbImport, import_id, with_for_update=True)
    if row is None or row.state is not ImportState.READ or "sha256" not in row.found:
        raise ImportGone
    return row


def _without(row: KbImport, name: str) -> dict[str, object]:
    return {key: value for key, value in row.found.items() if key != name}
