"""One publication carried out by whoever asks for it, or waited for while a server is at it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from bot.learning.publish import Fit, Report
from bot.learning.studio.carrying_out import run_due
from bot.learning.studio.publications import WAITING
from bot.live import House
from kb_content.studio.models import Publication, PublicationState
from store import Database, reading

LOOK_SECONDS = 1.0


def carried_out(
    database: Database,
    publication_id: int,
    fit: Fit,
    house: House,
    clock: Callable[[], datetime],
    report: Report,
    pause: Callable[[float], None] = time.sleep,
) -> PublicationState:
    """Do what is before it and then this one, unless a running server takes it up first: then wait for that.

    Returns what became of it. Raises what building raises.
    """
    said = ""
    while (row := _row(database, publication_id)).state in WAITING:
        if _has_done_one(database, publication_id, fit, house, clock(), report):
            continue
        if row.progress not in ("", said):
            report(said := row.progress)
        pause(LOOK_SECONDS)
    return row.state


def _has_done_one(
    database: Database, publication_id: int, fit: Fit, house: House, now: datetime, report: Report
) -> bool:
    try:
        return run_due(database, fit, house, now, report) is not None
    except Exception:
        if _row(database, publication_id).state not in WAITING:
            raise
        # It was somebody else's that failed, and says so itself.
        return True


def _row(database: Database, publication_id: int) -> Publication:
    with reading(database) as session:
        return session.get_one(Publication, publication_id)
