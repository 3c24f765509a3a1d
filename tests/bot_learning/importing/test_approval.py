"""How many imports wait for somebody's eyes, counted on both databases without fetching what was read of them."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.learning.importing.approval import wait_for
from kb_content.studio.models import ImportState, KbImport
from store import Database, reading, transaction


def test_an_import_waits_for_those_who_neither_brought_nor_submitted_it(database: Database) -> None:
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    review = {"by": 2, "name": "flo", "at": now.isoformat()}
    by_token = {"by": None, "name": "ci", "at": now.isoformat()}
    with transaction(database) as session:
        for source, wish, found in (
            ("by two editors", {"by": 1}, {"review": review}),
            ("by a token", {}, {"review": by_token}),
            ("only read", {"by": 1}, {}),
        ):
            session.add(KbImport(source=source, at=now, actor="ed", state=ImportState.READ, wish=wish, found=found))
    with reading(database) as session:
        assert [wait_for(session, staff_id) for staff_id in (1, 2, 3)] == [1, 1, 2]
