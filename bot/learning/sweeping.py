"""What old releases leave behind, swept away at night in small steps: fitted parameters, and vectors nobody needs.

What a customer was told stays to be read: article versions, and which of them were ever live, are never deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import tuple_
from sqlmodel import col, delete, select

from bot.learning.publish import Fit
from kb_content import catalogue
from retrieval.models import Vector
from retrieval.needs import keys_of
from store import Database, reading, transaction
from store.changes import trim_changes

log = structlog.get_logger()
KEPT = 10
"""So many releases stay as they are, the newest, beside what is live or being built."""
BATCH = 500
WATCHED_FOR = timedelta(days=14)
"""Longer than anybody stays signed in: no page that is open asks for changes from before."""
PAUSE_SECONDS = 0.05
"""Between two steps, so that whoever answers customers can write."""


@dataclass(frozen=True)
class Swept:
    """How many releases lost their parameters, how many that never were live are gone, and how many vectors."""

    stripped: int = 0
    dropped: int = 0
    vectors: int = 0


def sweep(database: Database, fit: Fit, now: datetime, report: Callable[[str], None], kept: int = KEPT) -> Swept:
    """Sweep once. ``report`` is called between the steps and may raise, to end it there.

    While a release is being built nothing is done: it may count on what is there.
    """
    _trim(database, now, report)
    with transaction(database) as session:
        catalogue.give_up_dead(session, now)
        if catalogue.being_built(session, now):
            return Swept()
        stripped, dropped = catalogue.strip_retired(session, kept), catalogue.drop_abandoned(session, kept)
        newest = catalogue.newest_release_id(session)
    surplus = _surplus(database, fit, report)
    swept, rest = 0, iter(surplus)
    while batch := list(islice(rest, BATCH)):
        report("sweeping vectors that no release needs")
        with transaction(database) as session:
            if catalogue.newest_release_id(session) != newest:
                break
            names = tuple_(col(Vector.encoder), col(Vector.kind), col(Vector.text_sha256))
            session.execute(delete(Vector).where(names.in_(batch)))
        swept += len(batch)
        time.sleep(PAUSE_SECONDS)
    found = Swept(stripped, dropped, swept)
    if found != Swept():
        log.info("old releases swept", stripped=stripped, dropped=dropped, vectors=swept)
    return found


def _trim(database: Database, now: datetime, report: Callable[[str], None]) -> None:
    """Forget what nobody watches for any more."""
    while True:
        report("sweeping notes of old changes")
        with transaction(database) as session:
            if not trim_changes(session, now - WATCHED_FOR):
                return
        time.sleep(PAUSE_SECONDS)


def _surplus(database: Database, fit: Fit, report: Callable[[str], None]) -> Sequence[tuple[str, str, str]]:
    """The vectors that no release needs which has its parameters still, by encoder, kind and SHA-256 of the text."""
    from retrieval.encoders import load_encoders

    encoders = load_encoders(fit.encoder, lambda sentence: None)
    with reading(database) as session:
        there = set(session.exec(select(Vector.encoder, Vector.kind, Vector.text_sha256)).all())
        releases = catalogue.unstripped(session)
    for release_id in releases:
        report("looking for vectors that no release needs")
        with reading(database) as session:
            held = catalogue.contents(session, release_id)
        there -= {(key.encoder, key.kind.value, key.text_sha256) for key in keys_of(held, encoders)}
    return sorted(there)
