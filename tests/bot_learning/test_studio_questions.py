"""The questions that an edit is held against: gold ones, and what customers asked lately, without what is theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from answered import ARTICLES, Archive

from bot.learning.studio.comparing import Origin, Question
from bot.learning.studio.folders import asked_of
from bot.learning.studio.questions import gold_questions, questions, real_questions, words_of
from kb_content.articles import Contents, GoldQuestion, PublishedArticle
from kb_content.models import GoldRow
from store import Database, reading, transaction

KNOWN = "how do I reset my password"


@pytest.fixture
def archive(database: Database) -> Archive:
    made = Archive(database)
    made.publish()
    return made


def asked(archive: Archive) -> list[Question]:
    with reading(archive.database) as session:
        return questions(session)


def gold(archive: Archive, text: str, *expect: str) -> None:
    with transaction(archive.database) as session:
        data = {"text": text, "language": "en", "expect": list(expect)}
        session.add(GoldRow(data=data, source="tests"))


def test_gold_questions_come_first_also_those_of_articles_that_are_only_drafted(archive: Archive) -> None:
    gold(archive, KNOWN, "reset-password")
    gold(archive, "how do I change my picture", "avatar")
    gold(archive, "will it rain tomorrow")
    archive.asked("Where do I find the invoice of May?")
    found = asked(archive)
    assert [one.expect for one in found] == [("reset-password",), ("avatar",), (), None]
    assert [one.origin for one in found][-1] is Origin.REAL
    with reading(archive.database) as session:
        assert [one.gold_id for one in gold_questions(session)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("guessed", "language"), [("en", "de"), ("de-AT", "de-AT"), ("", "")], ids=["by script", "said", "by the reader"]
)
def test_a_gold_question_is_held_against_a_german_kb_in_german(database: Database, guessed: str, language: str) -> None:
    Archive(database).publish(tuple(replace(one, language="de") for one in ARTICLES))
    with transaction(database) as session:
        data = {"text": "wo finde ich meine Rechnung", "language": guessed, "expect": ["invoices"]}
        session.add(GoldRow(data=data, source="tests"))
    with reading(database) as session:
        assert [one.language for one in gold_questions(session)] == [language]


def test_a_folders_gold_questions_are_asked_in_the_language_of_its_articles() -> None:
    german = tuple(PublishedArticle(replace(one, language="de"), 1, ()) for one in ARTICLES)
    guessed = GoldQuestion("wo finde ich meine Rechnung", "en", ("invoices",))
    assert asked_of(Contents(german, (), (guessed,))) == [Question(guessed.text, "de", ("invoices",))]


def test_what_customers_asked_is_masked_told_once_and_the_newest_first(archive: Archive) -> None:
    archive.asked("Where do I find the invoice of May?")
    archive.later(minutes=1)
    archive.asked("Hello!\nMy mail is ada@example.com, where do I change it?")
    archive.later(minutes=1)
    archive.asked("where do I find the invoice of may")
    archive.asked("thanks")
    found = [one.text for one in asked(archive)]
    assert found == ["where do I find the invoice of may", "My mail is …, where do I change it?"]


def test_a_question_that_is_a_gold_question_already_is_asked_once(archive: Archive) -> None:
    gold(archive, KNOWN, "reset-password")
    archive.asked("How do I reset my password?")
    assert [one.origin for one in asked(archive)] == [Origin.GOLD]


def test_an_outcome_says_what_is_right(archive: Archive) -> None:
    archive.found(archive.answered("reset-password", "how can I get in again please"), True)
    archive.found(archive.answered("invoices", "where is the export button"), False, "other")
    archive.found(archive.answered("invoices", "do you ship to the moon"), False, "")
    archive.thumb(archive.answered("invoices", "which form do I need here"), False)
    right = {one.text: one.expect for one in asked(archive)}
    assert right == {
        "how can I get in again please": ("reset-password",),
        "where is the export button": ("other",),
        "do you ship to the moon": (),
        "which form do I need here": None,
    }


def test_what_its_sender_took_back_is_neither_asked_nor_shown(archive: Archive) -> None:
    archive.asked("where is the button for the export")
    with reading(archive.database) as session:
        ((one),) = real_questions(session)
        assert words_of(session, [one.message_id or 0]) == {one.message_id: "where is the button for the export"}
    archive.takes_back("in-1", "ada1")
    with reading(archive.database) as session:
        assert real_questions(session) == []
        assert words_of(session, [one.message_id or 0]) == {}


def test_no_more_are_asked_than_were_wanted(archive: Archive) -> None:
    for number in ("one", "two", "three"):
        archive.asked(f"where is the button number {number}")
    with reading(archive.database) as session:
        assert [one.text[-5:] for one in real_questions(session, most=2)] == ["three", "r two"]
