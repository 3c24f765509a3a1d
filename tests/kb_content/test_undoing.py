"""An import taken back: the knowledge base is as before, or it is said what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from kb_content import rollouts
from kb_content.agreement import Named
from kb_content.articles import Article, GoldQuestion, Intent, Sentence, Term
from kb_content.catalogue import (
    apply_import,
    articles_overview,
    contents,
    give_up,
    live_release_id,
    plan_import,
    publish,
    start_release,
)
from kb_content.errors import NoSuchImport, NotUndone
from kb_content.folder import Folder
from kb_content.import_record import imports
from kb_content.models import KbArticle, KbIntent, Release
from kb_content.passages import split
from kb_content.undoing import undo
from kb_content.versions import new_version
from store import Database, reading, transaction
from store.models import Audit

RESET = Article("reset", "en", "Reset a password", "Open the page.")
LOCKED = Article("locked", "en", "Unlock an account", "Wait 15 minutes.")
FIRST = Folder(
    articles=(RESET, LOCKED),
    intents=(Intent("access", examples={"en": ("cannot get in",)}), Intent("gone")),
    gold=(GoldQuestion("forgot", "en", ("reset",)),),
    glossary=(Term("seat", ("licence",), "en"),),
    sentences=(Sentence("thanks", "en", "Any time!"),),
)
SECOND = Folder(
    articles=(replace(RESET, title="Reset it"), Article("new", "en", "New", "Newly written.")),
    intents=(Intent("access", urgent=True), Intent("fresh")),
    gold=(GoldQuestion("weather", "en", ()),),
    glossary=(Term("seat", ("license",), "en"), Term("board", ("table",), "en")),
    sentences=(Sentence("thanks", "en", "With pleasure."), Sentence("hello", "en", "Hi.")),
)


def bring(database: Database, folder: Folder, now: datetime, source: str = "git") -> int | None:
    with transaction(database) as session:
        return apply_import(session, plan_import(session, folder, source), now, "bob")


def take_back(database: Database, import_id: int | None, now: datetime) -> None:
    with transaction(database) as session:
        undo(session, import_id or 0, "eve", now)


def release(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        publish(session, start_release(session, now), b"", None, {}, now)


def whole(database: Database, now: datetime) -> Any:
    """What customers would be answered from if it were published now."""
    release(database, now)
    with reading(database) as session:
        held = contents(session)
    articles = [(one.article, one.version) for one in held.articles]
    return articles, held.intents, set(held.gold), set(held.glossary), held.sentences


def test_undone_everything_is_as_it_was_before(database: Database, now: datetime) -> None:
    bring(database, FIRST, now)
    before = whole(database, now)
    second = bring(database, SECOND, now + timedelta(hours=1))
    assert whole(database, now + timedelta(hours=2)) != before
    take_back(database, second, now + timedelta(hours=3))
    assert whole(database, now + timedelta(hours=4)) == before
    with reading(database) as session:
        assert [(one.source, one.actor, one.undone_by) for one in imports(session)] == [
            ("git", "bob", "eve"),
            ("git", "bob", ""),
        ]
        assert session.exec(select(Audit).where(Audit.action == "kb.import.undone")).one().actor == "eve"
    assert bring(database, SECOND, now + timedelta(hours=5)) is not None, "it can be brought in again"


def test_an_article_that_no_customer_ever_had_is_gone_from_the_lists(database: Database, now: datetime) -> None:
    import_id = bring(database, FIRST, now)
    take_back(database, import_id, now)
    with reading(database) as session:
        assert articles_overview(session) == []
    again = bring(database, FIRST, now)
    release(database, now)
    take_back(database, again, now)
    with reading(database) as session:
        lines = {line.article_id: line.archived_at is not None for line in articles_overview(session)}
    assert lines == {"reset": True, "locked": True}, "what customers had stays findable"


def test_an_import_that_something_was_built_on_is_not_undone_and_says_why(database: Database, now: datetime) -> None:
    first = bring(database, FIRST, now)
    second = bring(database, SECOND, now)
    with pytest.raises(NotUndone, match=r"cannot be undone: reset \(en\).* changed since"):
        take_back(database, first, now)
    with transaction(database) as session:
        row = session.exec(select(KbIntent).where(KbIntent.name == "access")).one()
        row.data = {**row.data, "team": "two"}
    with pytest.raises(NotUndone, match="intent access changed since"):
        take_back(database, second, now)
    with reading(database) as session:
        assert session.exec(select(KbArticle).where(KbArticle.article_id == "new")).one().archived_at is None


def test_an_undone_import_and_one_that_never_was_are_told_apart(database: Database, now: datetime) -> None:
    import_id = bring(database, FIRST, now)
    take_back(database, import_id, now)
    with pytest.raises(NotUndone, match="undone already"):
        take_back(database, import_id, now)
    with pytest.raises(NoSuchImport, match="Choose one from the list"):
        take_back(database, 99, now)


def test_an_import_that_changes_nothing_leaves_nothing_to_undo(database: Database, now: datetime) -> None:
    assert bring(database, FIRST, now) is not None
    assert bring(database, FIRST, now) is None
    with reading(database) as session:
        assert len(imports(session)) == 1


def test_an_import_is_undone_after_a_roll_back_that_put_the_same_things_back(database: Database, now: datetime) -> None:
    bring(database, FIRST, now)
    before = whole(database, now)
    with reading(database) as session:
        first = live_release_id(session)
    second = bring(database, SECOND, now + timedelta(hours=1))
    assert whole(database, now + timedelta(hours=2)) != before
    with transaction(database) as session:
        session.get_one(Release, first).parameters = b"fit"
        rollouts.roll_back(session, first or 0, 7, now + timedelta(hours=3))
    take_back(database, second, now + timedelta(hours=4))
    assert whole(database, now + timedelta(hours=5)) == before
    assert bring(database, SECOND, now + timedelta(hours=6)) is not None, "it can be brought in again"


def test_an_import_whose_release_was_kept_back_is_undone(database: Database, now: datetime) -> None:
    bring(database, FIRST, now)
    before = whole(database, now)
    second = bring(database, SECOND, now)
    with transaction(database) as session:
        give_up(session, start_release(session, now))
    take_back(database, second, now)
    assert whole(database, now) == before


def test_an_edit_that_was_taken_back_by_hand_is_no_change(database: Database, now: datetime) -> None:
    import_id = bring(database, FIRST, now)
    edit(database, replace(RESET, title="Get back in"), now)
    with pytest.raises(NotUndone) as refused:
        take_back(database, import_id, now)
    assert refused.value.changed == (Named("article", "reset", "en"),)
    edit(database, RESET, now)
    take_back(database, import_id, now)
    with reading(database) as session:
        assert articles_overview(session) == []


def test_what_another_import_took_over_is_not_undone(database: Database, now: datetime) -> None:
    import_id = bring(database, FIRST, now)
    bring(database, Folder(articles=(RESET,)), now, source="other")
    with pytest.raises(NotUndone, match=r"reset \(en\) changed since"):
        take_back(database, import_id, now)


def edit(database: Database, article: Article, now: datetime) -> None:
    """What publishing a draft leaves."""
    with transaction(database) as session:
        row = session.exec(select(KbArticle).where(KbArticle.article_id == article.id)).one()
        session.add(new_version(row, article, split(article, 0), now))
        row.current = row.newest
