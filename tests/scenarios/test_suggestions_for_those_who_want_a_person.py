"""Somebody asks for a person: the agent gets the answer to what was asked before, where the KB has one to show."""

from __future__ import annotations

import pytest
from sqlmodel import col, select
from talk import AgentAtTheDesk, CustomerOnTheWeb, World

from bot import suggestions
from bot.learning.outcomes import verdicts
from handoff.models import Reason, Suggestion
from handoff.rows import id_of
from store import reading

pytestmark = pytest.mark.any_database

UNSURE = {"en": "I cannot log in any more", "zh": "数据怎么拿出来"}
ARTICLE = {"en": "reset-password", "zh": "export-data"}
REQUEST = {"en": "let me talk to a human", "zh": "我要转人工"}


def offered(world: World) -> list[Suggestion]:
    with reading(world.database) as session:
        return list(session.exec(select(Suggestion).order_by(col(Suggestion.id))))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_answer_to_the_earlier_question_is_suggested(ada: CustomerOnTheWeb, world: World, language: str) -> None:
    (reply,) = ada.says(UNSURE[language])
    assert reply["decision"] == "clarify"
    ada.says(REQUEST[language])
    assert world.ticket().reason is Reason.ASKED_FOR_HUMAN
    (suggestion,) = offered(world)
    assert suggestion.article == ARTICLE[language]
    assert suggestion.detail["question"] == UNSURE[language], "and not the request for a person"
    assert suggestion.detail["citations"][0]["article"] == ARTICLE[language]


def test_the_button_brings_it_as_the_words_do(ada: CustomerOnTheWeb, world: World) -> None:
    ada.says(UNSURE["en"])
    (reply,) = ada.says("hm")
    assert reply["decision"] == "decline"
    ada.presses("person")
    (suggestion,) = offered(world)
    assert (suggestion.article, suggestion.detail["question"]) == (ARTICLE["en"], UNSURE["en"])


def test_what_the_customer_was_told_is_not_suggested_again(ada: CustomerOnTheWeb, world: World) -> None:
    (reply,) = ada.says("How do I reset my password?")
    assert reply["decision"] == "answer"
    ada.presses("person")
    assert "reset-password" not in [one.article for one in offered(world)]


def test_who_only_wants_a_person_brings_no_suggestion(ada: CustomerOnTheWeb, world: World) -> None:
    ada.says(REQUEST["en"])
    assert world.ticket().reason is Reason.ASKED_FOR_HUMAN
    assert offered(world) == []


def test_the_choices_that_a_customer_refused_are_not_suggested(ada: CustomerOnTheWeb, world: World) -> None:
    (reply,) = ada.says(UNSURE["en"])
    ada.presses("none_of_these")
    refused = {button["label"] for button in reply["buttons"]}
    assert world.ticket().reason is Reason.LOW_CONFIDENCE
    assert not refused & {one.detail["citations"][0]["title"] for one in offered(world)}


def test_putting_it_away_is_no_verdict_about_the_article(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    ada.says(UNSURE["en"])
    ada.says(REQUEST["en"])
    bob.does(suggestions.skip, 1, id_of(offered(world)[0]))
    with reading(world.database) as session:
        assert verdicts(session) == []
