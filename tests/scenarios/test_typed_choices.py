"""Customers who type after a clarifying question instead of pressing: what counts as pressing, and what does not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from talk import CustomerOnTheWeb, text_of

from handoff.models import Reason

pytestmark = pytest.mark.any_database


@pytest.fixture(autouse=True)
def unsure(ada: CustomerOnTheWeb) -> None:
    """A KB that cannot support the target precision: the bot offers instead of answering."""
    live = ada.world.live
    assert live.serving is not None
    live.serving = dataclasses.replace(live.serving, policy=dataclasses.replace(live.serving.policy, threshold=None))


def cited(messages: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(citation["article"] for message in messages for citation in message["citations"]))


def offered(message: dict[str, Any]) -> list[str]:
    return [button["label"] for button in message["buttons"] if button["action"] == "option"]


@pytest.mark.parametrize(
    ("question", "typed", "article"),
    [
        ("cannot log in", "2)", "account-locked"),
        ("cannot log in", "the last one pls", "account-locked"),
        ("cannot log in", "the locked account", "account-locked"),
        ("cannot log in", "my acount is lockd", "account-locked"),
        ("cannot log in", "no, the second", "account-locked"),
        ("cannot log in", "not the password", "account-locked"),
        ("cannot log in", "I have forgotten it", "reset-password"),
        ("cannot log in", "too many wrong tries, it says locked", "account-locked"),
        ("进不去", "第二個，謝謝", "account-locked"),
        ("进不去", "账户锁定了", "account-locked"),
        ("进不去", "忘记密码了", "reset-password"),
        ("进不去", "我说的是密码", "reset-password"),
        ("data", "yes please", "export-data"),
        ("data", "that's it", "export-data"),
        ("文件", "是的", "file-limits"),
        ("文件", "對，就是這個", "file-limits"),
    ],
)
def test_words_that_say_which_choice_is_meant_are_as_good_as_pressing_it(
    ada: CustomerOnTheWeb, question: str, typed: str, article: str
) -> None:
    assert ada.says(question)[0]["decision"] == "clarify"
    assert cited(ada.says(typed)) == [article]
    pressed = [button["label"] for message in ada.transcript() for button in message["buttons"] if button["pressed"]]
    assert len(pressed) == 1
    assert ada.world.tickets() == []


@pytest.mark.parametrize(
    ("question", "typed"),
    [("cannot log in", "both please"), ("cannot log in", "password and locked"), ("进不去", "第一个和第二个")],
)
def test_both_choices_are_told_and_pressed(ada: CustomerOnTheWeb, question: str, typed: str) -> None:
    ada.says(question)
    (reply,) = ada.says(typed)
    assert sorted(cited([reply])) == ["account-locked", "reset-password"]
    assert question not in reply["text"], "each part stands under its article's title"
    pressed = [button["action"] for message in ada.transcript() for button in message["buttons"] if button["pressed"]]
    assert pressed == ["option", "option"]
    assert ada.world.tickets() == []


@pytest.mark.parametrize(
    ("question", "first", "then"),
    [
        ("cannot log in", "1", "sorry, I meant the second"),
        ("cannot log in", "the first one", "oops, the locked account"),
        ("进不去", "第一个", "说错了，是第二个"),
    ],
)
def test_another_choice_can_be_meant_after_the_first_was_answered(
    ada: CustomerOnTheWeb, question: str, first: str, then: str
) -> None:
    ada.says(question)
    assert cited(ada.says(first)) == ["reset-password"]
    assert cited(ada.says(then)) == ["account-locked"]
    assert ada.world.tickets() == []


@pytest.mark.parametrize("text", ["no", "yes", "neither"])
def test_a_yes_or_no_after_the_chosen_answer_presses_nothing(ada: CustomerOnTheWeb, text: str) -> None:
    ada.says("cannot log in")
    ada.says("1")
    ada.says(text)
    pressed = [button["label"] for message in ada.transcript() for button in message["buttons"] if button["pressed"]]
    assert len(pressed) == 1


@pytest.mark.parametrize(
    ("question", "typed"),
    [
        ("cannot log in", "neither of them"),
        ("cannot log in", "no, something else"),
        ("进不去", "都不是"),
        ("进不去", "以上都不對"),
        ("data", "no"),
        ("文件", "不是這個"),
    ],
)
def test_a_refusal_of_all_choices_goes_to_a_person(ada: CustomerOnTheWeb, question: str, typed: str) -> None:
    ada.says(question)
    ada.says(typed)
    assert ada.world.ticket().reason is Reason.LOW_CONFIDENCE


@pytest.mark.parametrize(
    ("question", "other", "article"),
    [
        ("cannot log in", "how do I verify a webhook?", "Webhooks: create, verify, re-enable"),
        ("cannot log in", "webhook signature", "Webhooks: create, verify, re-enable"),
        ("进不去", "怎么导出报表？", "将任务和报表导出为 PDF、XLSX 或 CSV"),
    ],
)
def test_another_matter_typed_after_a_choice_has_a_clarifying_question_of_its_own(
    ada: CustomerOnTheWeb, question: str, other: str, article: str
) -> None:
    ada.says(question)
    (reply,) = ada.says(other)
    assert offered(reply)[0] == article
    ada.says("whatever" if question.isascii() else "不知道")
    assert len(ada.world.tickets()) == 1, "the second ambiguity of one matter"


@pytest.mark.parametrize(
    ("question", "typed"),
    [
        ("cannot log in", "cannot log in!"),
        ("cannot log in", "whatever"),
        ("cannot log in", "I don't know"),
        ("进不去", "进不去啊"),
        ("进不去", "随便"),
    ],
)
def test_what_stays_ambiguous_goes_to_a_person_with_the_question_that_it_belongs_to(
    ada: CustomerOnTheWeb, question: str, typed: str
) -> None:
    ada.says(question)
    replies = ada.says(typed)
    assert [reply["decision"] for reply in replies] == ["escalate"]
    assert ada.world.ticket().subject.startswith(question)


def test_a_button_still_works_after_a_choice_was_typed_and_none_is_told_twice(ada: CustomerOnTheWeb) -> None:
    ada.says("cannot log in")
    assert cited(ada.says("the first one")) == ["reset-password"]
    assert cited(ada.presses("option", 1)) == ["account-locked"]
    assert ada.presses("option", 0) == [], "it was typed before"


def test_a_button_still_answers_its_own_question_after_another_matter(ada: CustomerOnTheWeb) -> None:
    (question,) = ada.says("cannot log in")
    ada.says("how do I verify a webhook?")
    token = next(button["token"] for button in question["buttons"] if button["label"] == "Unlock a locked account")
    ada.world.later(seconds=10)
    ada.world.accept(ada.visitor, press=token)
    ada.world.work()
    assert cited(ada.hears()) == ["account-locked"]


def test_agents_read_what_was_typed_and_not_what_it_stands_for(ada: CustomerOnTheWeb) -> None:
    ada.says("cannot log in")
    ada.says("2)")
    assert "2)" in text_of(ada.transcript())


@pytest.mark.parametrize(
    ("question", "typed", "left"),
    [
        ("cannot log in", "the first one", ["Unlock a locked account"]),
        ("cannot log in", "too many wrong tries, it says locked", ["Reset a forgotten password"]),
        ("登录", "第一个", ["解锁被锁定的账户"]),
    ],
)
def test_the_same_question_again_is_not_offered_what_was_chosen_for_it(
    ada: CustomerOnTheWeb, question: str, typed: str, left: list[str]
) -> None:
    ada.says(question)
    ada.says(typed)
    (again,) = ada.says(question)
    assert offered(again) == left


def test_the_same_question_again_with_nothing_left_to_offer_goes_to_a_person(ada: CustomerOnTheWeb) -> None:
    ada.says("data")
    ada.says("yes")
    ada.says("data")
    assert ada.world.ticket().reason is Reason.REPEATED_QUESTION


@pytest.mark.parametrize(
    ("question", "other", "article"),
    [
        ("cannot log in", "How do I verify a webhook? And what is the file size limit for attachments?", "Webhooks"),
        ("登录", "怎么导出报表？另外附件大小有什么限制？", "将任务和报表导出"),
    ],
)
def test_two_other_questions_typed_after_a_choice_are_both_offered_their_articles(
    ada: CustomerOnTheWeb, question: str, other: str, article: str
) -> None:
    ada.says(question)
    (reply,) = ada.says(other)
    assert reply["decision"] == "clarify"
    assert any(label.startswith(article) for label in offered(reply))
    assert any("ttachment" in label or "附件" in label for label in offered(reply))
