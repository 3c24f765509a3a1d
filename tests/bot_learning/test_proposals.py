"""Questions found for articles: by their headings, by what customers asked, by a model; none counts by itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from answered import Archive

from bot.learning.proposals import find_proposals, from_headings
from handoff import desk
from kb_content import proposals
from kb_content.articles import Article, PublishedArticle
from kb_content.passages import split
from kb_content.proposals import Proposal
from store import Database, reading, transaction

TEXT = "Open the settings page and look for the button that is called Save changes."
GUIDE = Article(
    "guide",
    "en",
    "Managing your account",
    f"{TEXT}\n\n## Changing your e-mail address\n\n{TEXT}1\n\n## Can I have two accounts?\n\n{TEXT}2\n\n"
    f"## Overview\n\n{TEXT}3\n\n## Account limits\n\n{TEXT}4\n\n## `DB_HOST`\n\n{TEXT}5",
)


@dataclass
class Drafts:
    """A model that always drafts the same."""

    texts: list[str] = field(default_factory=lambda: ["where do I put my new mail address?", "Where is the button?"])
    asked: list[str] = field(default_factory=list)

    def draft_questions(self, article: Article) -> list[str]:
        self.asked.append(article.id)
        return self.texts

    def rephrase(self, question: str, passages: object) -> str | None:
        raise AssertionError("nobody asked for an answer")

    def summarise(self, said: object) -> str | None:
        raise AssertionError("nobody asked for a summary")


@pytest.fixture
def archive(database: Database) -> Archive:
    made = Archive(database)
    made.publish()
    return made


def found(archive: Archive, writer: Drafts | None = None, origin: str | None = None) -> list[Proposal]:
    new = find_proposals(archive.database, archive.now, writer)
    return [one for one in new if origin in (None, one.origin)]


def from_tickets(archive: Archive) -> dict[str, str]:
    return {one.text: one.article_id for one in found(archive, origin="ticket")}


def test_headings_are_proposed_as_customers_would_ask_them() -> None:
    published = PublishedArticle(GUIDE, 1, split(GUIDE, 1))
    anchors = {passage.heading.rpartition(" › ")[2]: passage.anchor for passage in published.passages}
    assert [(one.text, one.source) for one in from_headings(published)] == [
        ("Can I have two accounts?", anchors["Can I have two accounts?"]),
        ("How do I manage my account?", ""),
        ("How do I change my e-mail address?", anchors["Changing your e-mail address"]),
        ("Account limits", anchors["Account limits"]),
    ]


def test_looking_again_finds_nothing_new(archive: Archive) -> None:
    archive.publish((GUIDE,))
    assert len(found(archive)) == 4
    assert found(archive) == []


def test_what_an_editor_accepted_is_not_proposed_after_it_is_live(archive: Archive) -> None:
    archive.publish((GUIDE,))
    found(archive)
    with transaction(archive.database) as session:
        ids = [row.id or 0 for one in proposals.proposed(session) for row in one.proposed]
        proposals.decide(session, ids, True, "bob", archive.now)
    archive.publish((GUIDE,))
    assert found(archive) == []


def test_a_heading_that_several_articles_share_is_proposed_for_none(archive: Archive) -> None:
    body = "## Changing your plan\n\n" + TEXT
    archive.publish((Article("a", "en", "Apples", body), Article("b", "en", "Bananas", body)))
    assert found(archive) == []


def test_what_customers_asked_and_got_answered_is_proposed_in_their_words(archive: Archive) -> None:
    archive.thumb(archive.answered(question="lost my pw, can't get in"), is_helpful=True)
    archive.ends(archive.answered(question="how can I get back into it"), is_solved=True)
    archive.found(archive.answered(question="where is the bill of may", article="invoices"), True)
    archive.decides(archive.suggested(question="no way to sign in today"), "send")
    assert from_tickets(archive) == {
        "lost my pw, can't get in": "reset-password",
        "how can I get back into it": "reset-password",
        "where is the bill of may": "invoices",
        "no way to sign in today": "reset-password",
    }


def test_what_did_not_help_or_leans_on_what_was_said_before_is_not(archive: Archive) -> None:
    archive.thumb(archive.answered(question="how do I pay by card"), is_helpful=False)
    archive.thumb(archive.answered(question="and on the phone then", before="how do I log in"), is_helpful=True)
    archive.thumb(archive.answered(question="ok"), is_helpful=True)
    archive.decides(archive.suggested(question="give me my money back now"), "skip")
    archive.answered(question="nobody said what became of this")
    assert from_tickets(archive) == {}


def test_a_wrong_answer_that_somebody_looked_at_teaches_the_right_article(archive: Archive) -> None:
    archive.found(archive.answered(question="where is the bill of may"), False, "invoices")
    archive.found(archive.answered(question="what is the weather like"), False, "")
    assert from_tickets(archive) == {"where is the bill of may": "invoices"}


def test_what_is_somebodys_own_is_masked(archive: Archive) -> None:
    words = "Hi,\nmy mail is ada@example.com, +49 151 23456789, why can't I log in?\nThanks, Ada"
    archive.thumb(archive.answered(question=words), is_helpful=True)
    assert from_tickets(archive) == {"my mail is …, …, why can't I log in?": "reset-password"}


def test_the_link_that_an_agent_sent_before_resolving_tells_the_article(archive: Archive) -> None:
    for question, link, is_resolved in (
        ("where do I find my old bills", "https://help.example/kb/en/invoices/v2#x", True),
        ("what about the other thing here", "https://help.example/kb/en/invoices", False),
        ("and which of the two is it", "/kb/en/invoices or /kb/en/other", True),
        ("我在哪里可以找到旧发票呢", "https://help.example/kb/en/invoices", True),
    ):
        number = archive.escalated(archive.asked(question))
        with transaction(archive.database) as session:
            desk.reply(session, number, f"Look here: {link}.", archive.bob, archive.now)
            if is_resolved:
                desk.resolve(session, number, archive.bob, archive.now, desk.ClosingWords("Solved?", "Yes", "No"))
    assert from_tickets(archive) == {"where do I find my old bills": "invoices"}


def test_a_proposal_names_the_ticket_that_it_was_found_in(archive: Archive) -> None:
    archive.decides(archive.suggested(question="no way to sign in today"), "send")
    assert [one.source for one in found(archive, origin="ticket")] == ["#1"]


def test_a_question_is_proposed_for_the_article_in_its_own_language(archive: Archive) -> None:
    archive.publish((Article("reset", "en", "Reset it", TEXT), Article("reset", "zh-CN", "重置密码", "点击忘记密码。")))
    archive.thumb(archive.answered("reset", "我的密码忘记了怎么办啊", language="zh"), is_helpful=True)
    archive.thumb(archive.answered("reset", "wie komme ich wieder rein", language="de"), is_helpful=True)
    assert [(one.language, one.text) for one in found(archive, origin="ticket")] == [
        ("zh-CN", "我的密码忘记了怎么办啊")
    ]


def test_a_model_is_asked_once_about_each_article_with_few_questions(archive: Archive) -> None:
    many = tuple(f"Question number {number}?" for number in range(5))
    archive.publish((GUIDE, Article("full", "en", "Everything", TEXT, questions=many)))
    writer = Drafts()
    assert [one.text for one in found(archive, writer, "model")] == writer.texts
    assert found(archive, writer) == []
    assert writer.asked == ["guide"]


def test_what_a_model_says_of_every_article_is_kept_for_the_first_alone(archive: Archive) -> None:
    archive.publish((Article("a", "en", "Apples", TEXT), Article("b", "en", "Bananas", TEXT)))
    assert [one.article_id for one in found(archive, Drafts(["Where is the button?"]))] == ["a"]


def test_a_model_that_says_nothing_stops_nobody(archive: Archive) -> None:
    archive.publish((GUIDE,))
    assert len(found(archive, Drafts([]))) == 4


def test_without_live_articles_there_is_nothing_to_propose(database: Database) -> None:
    assert find_proposals(database, Archive(database).now) == []
    with reading(database) as session:
        assert proposals.proposed(session) == []
