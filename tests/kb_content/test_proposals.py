"""Proposed questions: what is proposed once, what becomes of it, and where accepted ones count from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from kb_content import proposals
from kb_content.articles import Article
from kb_content.catalogue import (
    apply_import,
    article_page,
    contents,
    live_release,
    plan_import,
    publish,
    repeat_release,
    start_release,
)
from kb_content.export import export_folder
from kb_content.folder import Folder, read_folder
from kb_content.models import ProposalState
from kb_content.proposals import Proposal
from store import Database, reading, transaction
from store.models import Audit

RESET = Article("reset", "en", "Reset a password", "Open the settings page.", ("I forgot it",))
EXPORT = Article("export", "en", "Export data", "Choose Export.")
RESET_ZH = Article("reset", "zh", "重置密码", "打开设置页面。")
KB = Folder(articles=(EXPORT, RESET, RESET_ZH))


class Shop:
    """A knowledge base with proposals, worked on by bob."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now

    def bring(self, folder: Folder = KB, replace_all: bool = False) -> None:
        self.now += timedelta(hours=1)
        with transaction(self.database) as session:
            apply_import(session, plan_import(session, folder, "mine", replace_all), self.now, "bob")

    def publish(self) -> None:
        with transaction(self.database) as session:
            publish(session, start_release(session, self.now), None, None, {}, self.now)

    def propose(self, *texts: str, article: str = "reset", language: str = "en") -> list[str]:
        found = [Proposal(article, language, text, "heading", "anchor") for text in texts]
        with transaction(self.database) as session:
            return [one.text for one in proposals.propose(session, found, self.now)]

    def open(self, state: ProposalState = ProposalState.OPEN) -> dict[str, int]:
        with reading(self.database) as session:
            found = proposals.proposed(session, state)
            return {row.text: row.id or 0 for one in found for row in one.proposed}

    def decide(self, *texts: str, accept: bool = True) -> int:
        ids = [self.open()[text] for text in texts]
        with transaction(self.database) as session:
            return proposals.decide(session, ids, accept, "bob", self.now)

    def questions(self, article: str = "reset", language: str = "en") -> tuple[str, ...]:
        """What the live release has as the article's questions."""
        with reading(self.database) as session:
            return next(
                one.article.questions
                for one in contents(session).articles
                if (one.article.id, one.article.language) == (article, language)
            )


@pytest.fixture
def shop(database: Database, now: datetime) -> Shop:
    made = Shop(database, now)
    made.bring()
    return made


def test_nothing_is_proposed_that_is_asked_already(shop: Shop) -> None:
    assert shop.propose("reset a PASSWORD!", "i forgot it.", "EXPORT data", "", "?!", "x" * 301) == []
    assert shop.propose("How do I reset it?", "how do I reset it", "Where?") == ["How do I reset it?", "Where?"]
    assert shop.propose("How do I reset it?") == []
    assert shop.propose("How do I reset it?", article="export") == []


def test_a_title_of_another_language_is_no_hindrance(shop: Shop) -> None:
    assert shop.propose("Reset a password", language="zh") == ["Reset a password"]


def test_nothing_is_proposed_for_an_article_that_is_not_there(shop: Shop) -> None:
    assert shop.propose("What?", article="gone") == []


def test_what_several_articles_would_claim_is_proposed_for_none(shop: Shop) -> None:
    found = [
        Proposal("reset", "en", "How do I start?", "heading"),
        Proposal("export", "en", "How do I start", "heading"),
    ]
    with transaction(shop.database) as session:
        assert proposals.propose(session, found, shop.now) == []


def test_what_was_declined_stays_away_but_another_article_may_have_it(shop: Shop) -> None:
    shop.propose("Where is it?", "And then?")
    assert shop.decide("Where is it?", accept=False) == 1
    assert shop.propose("Where is it?", "And then?") == []
    assert shop.propose("Where is it?", article="export") == ["Where is it?"]
    assert set(shop.open()) == {"And then?", "Where is it?"}


def test_an_accepted_question_counts_from_the_next_release_on(shop: Shop) -> None:
    shop.publish()
    shop.propose("Where is it?", "And then?")
    shop.decide("Where is it?")
    assert shop.questions() == ("I forgot it",)
    shop.publish()
    assert shop.questions() == ("I forgot it", "Where is it?")
    assert shop.questions(language="zh") == ()
    with reading(shop.database) as session:
        page = article_page(session, "reset", "en")
    assert page is not None
    assert page.article.questions == ("I forgot it", "Where is it?")


def test_a_release_keeps_the_questions_that_it_was_built_with(shop: Shop) -> None:
    shop.propose("Where is it?", "And then?")
    shop.decide("Where is it?")
    shop.publish()
    with reading(shop.database) as session:
        release = live_release(session)
        digest = release.digest if release else ""
    shop.decide("And then?")
    assert shop.questions() == ("I forgot it", "Where is it?")
    with transaction(shop.database) as session:
        again = repeat_release(session, shop.now)
        assert again is not None
        publish(session, again, None, None, {}, shop.now)
    assert shop.questions() == ("I forgot it", "Where is it?")
    shop.publish()
    with reading(shop.database) as session:
        newest = live_release(session)
        assert newest is not None
        assert newest.digest != digest


def test_importing_the_folder_again_loses_no_accepted_question(shop: Shop) -> None:
    shop.propose("Where is it?")
    shop.decide("Where is it?")
    shop.bring()
    shop.bring(Folder(articles=(EXPORT, replace(RESET, body="New words."), RESET_ZH)))
    shop.publish()
    assert shop.questions() == ("I forgot it", "Where is it?")


def test_an_export_writes_them_into_the_file_and_importing_that_says_them_once(shop: Shop, tmp_path: Path) -> None:
    shop.propose("Where is it?")
    shop.decide("Where is it?")
    with reading(shop.database) as session:
        export_folder(session, tmp_path / "kb")
    assert "- Where is it?" in (tmp_path / "kb/articles/en/reset.md").read_text("utf8")
    shop.bring(read_folder(tmp_path / "kb"))
    shop.publish()
    assert shop.questions() == ("I forgot it", "Where is it?")


def test_who_deletes_it_from_the_file_has_taken_it_back(shop: Shop, tmp_path: Path) -> None:
    shop.propose("Where is it?", "And then?")
    shop.decide("Where is it?", "And then?")
    shop.bring(Folder(articles=(EXPORT, replace(RESET, questions=("I forgot it", "Where is it?")), RESET_ZH)))
    shop.bring(Folder(articles=(EXPORT, RESET, RESET_ZH)))
    shop.publish()
    assert shop.questions() == ("I forgot it", "And then?")
    assert shop.propose("Where is it?") == []


def test_a_question_can_be_taken_back_in_the_console(shop: Shop) -> None:
    shop.propose("Where is it?")
    shop.decide("Where is it?")
    accepted = shop.open(ProposalState.ACCEPTED)
    with transaction(shop.database) as session:
        assert proposals.take_back(session, accepted.values(), "bob", shop.now) == 1
    shop.publish()
    assert shop.questions() == ("I forgot it",)


def test_of_two_editors_one_decides(shop: Shop) -> None:
    shop.propose("Where is it?")
    ids = shop.open().values()
    with transaction(shop.database) as session:
        assert proposals.decide(session, ids, True, "bob", shop.now) == 1
    with transaction(shop.database) as session:
        assert proposals.decide(session, ids, False, "eve", shop.now) == 0
    assert set(shop.open(ProposalState.ACCEPTED)) == {"Where is it?"}


def test_hundreds_are_decided_at_once_and_the_audit_keeps_no_words(shop: Shop) -> None:
    shop.propose(*(f"Question number {number}?" for number in range(1200)))
    with transaction(shop.database) as session:
        assert proposals.decide(session, shop.open().values(), True, "bob", shop.now) == 1200
    with reading(shop.database) as session:
        entry = session.exec(select(Audit).where(Audit.action == "kb.question.accepted")).one()
    assert entry.actor == "bob"
    assert len(entry.detail["ids"]) == 1200
    assert "number" not in str(entry.detail)


def test_what_belongs_to_an_archived_article_is_neither_shown_nor_published(shop: Shop) -> None:
    shop.propose("Where is it?", "And then?")
    shop.decide("Where is it?")
    shop.bring(Folder(articles=(EXPORT,)))
    assert shop.open() == {}
    shop.publish()
    with reading(shop.database) as session:
        assert [one.article.id for one in contents(session).articles] == ["export"]
    shop.bring()
    shop.publish()
    assert shop.questions() == ("I forgot it", "Where is it?")


def test_articles_with_most_to_decide_come_first(shop: Shop) -> None:
    shop.propose("One?")
    shop.propose("Two?", "Three?", article="export")
    with reading(shop.database) as session:
        found = proposals.proposed(session)
    assert [(one.article_id, one.title, one.has, len(one.proposed)) for one in found] == [
        ("export", "Export data", 0, 2),
        ("reset", "Reset a password", 1, 1),
    ]
