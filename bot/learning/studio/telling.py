"""A publication as plain values: for the API and the command line."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from bot.learning.studio.publications import WAITING
from bot.learning.studio.questions import words_of
from kb_content.studio.models import Publication


def told(session: Session, publication_id: int) -> dict[str, Any]:
    """{id, state, is_over, progress, problem, release, questions, worse, counts, changed, content}."""
    row = session.get_one(Publication, publication_id)
    check = row.check
    changed = list(check.get("changed", ()))
    words = words_of(session, (one["message"] for one in changed if one["message"] is not None))
    return {
        "id": publication_id,
        "state": row.state.value,
        "is_over": row.state not in WAITING,
        "progress": row.progress,
        "problem": row.problem,
        "release": row.release_id,
        "questions": check.get("questions", 0),
        "worse": check.get("blocking", 0),
        "counts": check.get("counts"),
        "changed": [{**one, "text": one["text"] or words.get(one["message"], "")} for one in changed],
        "content": list(check.get("content", ())),
    }
