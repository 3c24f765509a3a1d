"""The quick check of a draft: 500 gold questions asked of the sample's draft and of what is live, on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from sqlmodel import func, select

from bench.figure import Figure
from bot.learning.publish import Fit, ensure_knowledge
from bot.learning.studio.quick import QuickChecks
from bot.live import House, Live
from kb_content.articles import Contents
from kb_content.catalogue import contents
from kb_content.models import GoldRow
from kb_content.studio import drafts
from kb_content.studio.models import DraftKind
from store import Database, open_database, transaction
from store.migrate import upgrade

QUESTIONS, GOAL = 500, 10.0
ARTICLE = "reset-password"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def measure() -> Iterator[Figure]:
    """First as after a start, then as while typing: the live release has been asked by then."""
    with tempfile.TemporaryDirectory(prefix="firstline-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'firstline.db'}"
        upgrade(url)
        database = open_database(url)
        ensure_knowledge(database, None, Fit(), NOW, lambda sentence: None)
        count = _fill_up(database)
        live, quick = Live(House("http://kb.example")), QuickChecks(House("http://kb.example"))
        live.refresh(database)
        for when in ("after a start", "while typing"):
            draft_id = _edited(database, f"And this is said {when}.")
            began = perf_counter()
            checked = quick.check(database, live.serving, [draft_id])
            seconds = perf_counter() - began
            assert len(checked.compared) == count
            yield Figure(f"quick check of {count} gold questions, {when}", seconds, "s", goal=GOAL)
        database.close()


def _fill_up(database: Database) -> int:
    """The sample's gold questions, and titles and example questions of its articles until there are enough."""
    with transaction(database) as session:
        there = session.exec(select(func.count()).select_from(GoldRow)).one()
        more = _spare(contents(session))
        session.add_all(GoldRow(data=one, source="bench") for one in more[: QUESTIONS - there])
    return QUESTIONS


def _spare(held: Contents) -> list[dict[str, object]]:
    return [
        {"text": text, "language": one.article.language, "expect": [one.article.id]}
        for one in held.articles
        for text in (one.article.title, *one.article.questions)
    ]


def _edited(database: Database, more: str) -> int:
    with transaction(database) as session:
        begun = drafts.begin(session, DraftKind.ARTICLE, ARTICLE, "en", 1, NOW)
        content = {**begun.content, "body": f"{begun.content['body']}\n\n{more}\n"}
        return drafts.save(session, begun.id or 0, begun.revision, content, 1, NOW).id or 0
