"""A talk goes on: follow-ups, second questions, choices that are typed, the same question again."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from talk import CustomerOnTheWeb, World, text_of

from handoff.models import Reason


def cited(messages: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(citation["article"] for message in messages for citation in message["citations"]))


def offered(message: dict[str, Any]) -> list[str]:
    return [button["label"] for button in message["buttons"] if button["action"] == "option"]


def unsure(world: World) -> None:
    """A KB that cannot support the target precision: the bot offers instead of answering."""
    set_policy(world, threshold=None)


def set_policy(world: World, **changes: Any) -> None:
    serving = world.live.serving
    assert serving is not None
    world.live.serving = dataclasses.replace(serving, policy=dataclasses.replace(serving.policy, **changes))


@pytest.mark.parametrize(
    ("question", "article", "follow_up"),
    [
        ("how do I export my tasks to excel", "export-data", "and as pdf?"),
        ("怎么导出报表", "export-data", "那 PDF 呢"),
    ],
)
def test_a_follow_up_is_read_with_what_it_follows(
    ada: CustomerOnTheWeb, question: str, article: str, follow_up: str
) -> None:
    assert cited(ada.says(question)) == [article]
    assert cited(ada.says(follow_up)) == [article]


@pytest.mark.parametrize(
    ("question", "other", "article"),
    [
        ("how do I export my tasks to excel", "what about webhooks?", "webhooks"),
        ("how do I export my tasks to excel", "I forgot my password, can't get in", "reset-password"),
        ("怎么导出报表", "忘记密码了登不上去", "reset-password"),
    ],
)
def test_a_new_question_is_not_drawn_to_the_old_matter(
    ada: CustomerOnTheWeb, question: str, other: str, article: str
) -> None:
    ada.says(question)
    assert cited(ada.says(other)) == [article]


def test_thanks_after_an_answer_are_thanks(ada: CustomerOnTheWeb) -> None:
    ada.says("how do I export my tasks to excel")
    (reply,) = ada.says("thanks")
    assert reply["decision"] == "smalltalk"


def test_what_another_customer_asked_is_no_context(ada: CustomerOnTheWeb, world: World) -> None:
    ada.says("how do I export my tasks to excel")
    bea = CustomerOnTheWeb(world, "bea")
    alone = text_of(bea.says("does that work?"))
    assert "export" not in alone.lower()


def test_two_questions_in_one_message_are_answered_in_one(ada: CustomerOnTheWeb) -> None:
    (answer,) = ada.says("I forgot my password, how do I reset it? And what is the file size limit for attachments?")
    assert answer["decision"] == "answer"
    assert cited([answer]) == ["reset-password", "file-limits"]
    assert "what is the file size limit for attachments?" in answer["text"]


def test_two_chinese_questions_in_one_message_are_answered_in_one(ada: CustomerOnTheWeb) -> None:
    (answer,) = ada.says("忘记密码了怎么办？另外附件大小有什么限制？")
    assert cited([answer]) == ["reset-password", "file-limits"]


def test_of_two_questions_the_one_that_is_open_is_named(ada: CustomerOnTheWeb, world: World) -> None:
    answer, *others = ada.says("How do I reset my password? Do you give discounts for charities?")
    assert cited([answer]) == ["reset-password"]
    assert text_of(others).startswith("About “Do you give discounts for charities?”")
    assert all("charities" in ticket.subject for ticket in world.tickets())


def test_both_answers_of_one_message_are_known_as_told(ada: CustomerOnTheWeb) -> None:
    ada.says("How do I reset my password? And what is the file size limit for attachments?")
    replies = ada.says("what is the file size limit for attachments?")
    assert cited(replies) == []
    assert replies[0]["decision"] in {"clarify", "escalate"}


@pytest.mark.parametrize("typed", ["1", "the first one", "Reset a forgotten password", "reset a forgotten password!"])
def test_a_choice_that_is_typed_is_as_good_as_pressed(ada: CustomerOnTheWeb, typed: str) -> None:
    unsure(ada.world)
    (question,) = ada.says("I forgot my password, can't get in")
    assert offered(question)[0] == "Reset a forgotten password"
    (answer,) = ada.says(typed)
    assert answer["decision"] == "answer"
    assert cited([answer]) == ["reset-password"]
    pressed = [button["pressed"] for message in ada.transcript() for button in message["buttons"]]
    assert pressed.count(True) == 1


def test_a_choice_that_is_typed_in_chinese_is_as_good_as_pressed(ada: CustomerOnTheWeb) -> None:
    unsure(ada.world)
    ada.says("忘记密码了登不上去")
    assert cited(ada.says("第一个")) == ["reset-password"]


def test_none_of_these_can_be_typed(ada: CustomerOnTheWeb) -> None:
    unsure(ada.world)
    ada.says("I forgot my password, can't get in")
    ada.says("none of these")
    assert ada.world.ticket().reason is Reason.LOW_CONFIDENCE


def test_a_number_without_a_choice_before_it_is_no_choice(ada: CustomerOnTheWeb) -> None:
    ada.says("I forgot my password, can't get in")
    assert cited(ada.says("1")) == []


def test_a_second_ambiguity_opens_a_ticket_with_a_suggestion_for_the_agent(ada: CustomerOnTheWeb) -> None:
    unsure(ada.world)
    ada.says("I forgot my password, can't get in")
    ada.says("how do I get a new password then, mine is gone")
    assert ada.world.ticket().reason is Reason.LOW_CONFIDENCE
    assert suggestions(ada.world) == ["reset-password"]


def test_in_a_topic_that_suggests_the_agent_gets_the_answer_and_the_customer_a_person(ada: CustomerOnTheWeb) -> None:
    from kb_content.articles import Mode

    serving = ada.world.live.serving
    assert serving is not None
    topic = serving.policy.topic_of("reset-password", "en")
    set_policy(ada.world, modes={topic: Mode.SUGGEST})
    (reply,) = ada.says("I forgot my password, can't get in")
    assert cited([reply]) == []
    assert "#1" in reply["text"]
    assert suggestions(ada.world) == ["reset-password"]


def test_the_same_question_in_other_words_is_not_answered_with_the_same_text(ada: CustomerOnTheWeb) -> None:
    heard = [text_of(ada.says(words)) for words in ("how do I reset my password?", "How can I reset my password?")]
    assert heard[0] != heard[1]
    again = text_of(ada.says("how do I reset my password then??"))
    assert again not in heard[:1]
    assert {ticket.reason for ticket in ada.world.tickets()} <= {Reason.REPEATED_QUESTION}


def suggestions(world: World) -> list[str]:
    from sqlmodel import select

    from handoff.models import Suggestion
    from store import reading

    with reading(world.database) as session:
        return list(session.exec(select(Suggestion.article)).all())
