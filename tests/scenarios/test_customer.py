"""What a customer sees of the bot, from the first word on."""

from __future__ import annotations

import dataclasses

import pytest
from talk import AgentAtTheDesk, CustomerOnTheWeb, World, text_of

from handoff.models import Priority, Reason, TicketStatus


def test_a_known_question_is_answered_with_a_quoted_citation(ada: CustomerOnTheWeb) -> None:
    (answer,) = ada.says("I forgot my password, can't get in")
    assert answer["decision"] == "answer"
    assert "1. " in answer["text"], "the steps are there"
    citation = answer["citations"][0]
    assert citation["article"] == "reset-password"
    assert citation["quote"]
    assert citation["url"].startswith("http://firstline.test/kb/en/reset-password/v1#")
    assert [button["action"] for button in answer["buttons"]] == ["helpful", "not_helpful", "person"]


def test_a_chinese_question_is_answered_in_chinese(ada: CustomerOnTheWeb) -> None:
    (answer,) = ada.says("忘记密码了登不上去")
    assert answer["decision"] == "answer"
    assert answer["citations"][0]["article"] == "reset-password"
    assert "/kb/zh/" in answer["citations"][0]["url"]
    assert "密码" in answer["text"]


@pytest.mark.parametrize(("text", "word"), [("hi", "bot"), ("thanks!", "welcome"), ("你好", "机器人")])
def test_small_talk_gets_a_small_answer(ada: CustomerOnTheWeb, text: str, word: str) -> None:
    (reply,) = ada.says(text)
    assert reply["decision"] == "smalltalk"
    assert word in reply["text"]
    assert not ada.world.tickets()


@pytest.mark.parametrize("text", ["人工", "let me talk to a human"])
def test_who_asks_for_a_person_gets_a_numbered_ticket_and_reads_who_answers_when(
    ada: CustomerOnTheWeb, text: str
) -> None:
    (reply,) = ada.says(text)
    ticket = ada.world.ticket()
    assert ticket.reason is Reason.ASKED_FOR_HUMAN
    assert f"#{ticket.number}" in reply["text"]
    assert "一个工作日" in reply["text"] or "one working day" in reply["text"]


def test_the_bot_is_silent_while_a_person_owns_the_conversation(ada: CustomerOnTheWeb) -> None:
    ada.says("let me talk to a human")
    assert ada.says("I forgot my password") == []
    assert ada.says("thanks") == []


def test_what_is_foreign_is_declined_with_a_person_button_and_becomes_a_ticket_when_asked_again(
    ada: CustomerOnTheWeb,
) -> None:
    (reply,) = ada.says("what is the weather like in Paris tomorrow")
    assert reply["decision"] == "decline"
    assert [button["action"] for button in reply["buttons"]] == ["person"]
    assert not ada.world.tickets()
    ada.says("will it rain in London on sunday")
    assert ada.world.ticket().reason is Reason.NO_KNOWLEDGE


def test_the_person_button_opens_a_ticket(ada: CustomerOnTheWeb) -> None:
    ada.says("what is the weather like in Paris tomorrow")
    (reply,) = ada.presses("person")
    assert ada.world.ticket().reason is Reason.ASKED_FOR_HUMAN
    assert "#1" in reply["text"]


def test_an_outage_is_urgent(ada: CustomerOnTheWeb) -> None:
    ada.says("everything is down for all of us, nobody in the company can log in to the service at all")
    assert ada.world.ticket().priority is Priority.P0
    assert ada.world.ticket().reason is Reason.URGENT


def test_a_complaint_goes_to_a_person_first(ada: CustomerOnTheWeb) -> None:
    ada.says("I want to make a formal complaint about your service")
    assert ada.world.ticket().reason is Reason.HUMAN_ONLY_TOPIC


def test_the_same_question_again_is_not_answered_the_same_again(ada: CustomerOnTheWeb) -> None:
    ada.says("I forgot my password, can't get in")
    ada.says("I forgot my password, can't get in!")
    assert ada.world.ticket().reason is Reason.REPEATED_QUESTION


def test_an_agents_reply_reaches_the_customer_under_the_agents_name(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("let me talk to a human")
    bob.replies("Hello Ada, Bob here.")
    (reply,) = ada.hears()
    assert (reply["author"], reply["name"], reply["text"]) == ("agent", "Bob", "Hello Ada, Bob here.")


def test_resolving_asks_whether_it_is_solved_and_yes_closes(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("let me talk to a human")
    bob.replies("Done.")
    bob.resolves()
    assert [button["action"] for button in ada.hears()[-1]["buttons"]] == ["solved", "not_yet"]
    ada.presses("solved")
    assert ada.world.ticket().status is TicketStatus.CLOSED


def test_not_yet_reopens_with_the_same_agent(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("let me talk to a human")
    bob.replies("Done.")
    bob.resolves()
    ada.hears()
    (reply,) = ada.presses("not_yet")
    ticket = ada.world.ticket()
    assert (ticket.status, ticket.assignee_id) == (TicketStatus.OPEN, bob.actor.staff_id)
    assert "#1" in reply["text"]
    assert ada.says("it still fails") == []


def test_thanks_after_the_end_change_nothing(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("let me talk to a human")
    bob.replies("Done.")
    bob.resolves()
    ada.says("thank you so much")
    assert ada.world.ticket().status is TicketStatus.RESOLVED
    assert len(ada.world.tickets()) == 1


def test_a_new_matter_after_the_end_is_a_new_conversation_with_the_bot(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    ada.says("let me talk to a human")
    bob.resolves()
    ada.hears()
    (answer,) = ada.says("how do I add a dependency between two tasks in the gantt chart")
    assert answer["decision"] in {"answer", "clarify"}
    assert ada.world.ticket().status is TicketStatus.RESOLVED


def test_about_a_ticket_reopens_it(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("let me talk to a human")
    bob.resolves()
    ada.says("About #1: it came back")
    assert ada.world.ticket().status is TicketStatus.OPEN


def test_something_else_talks_with_the_bot_while_a_person_holds_the_first_matter(ada: CustomerOnTheWeb) -> None:
    ada.says("let me talk to a human")
    ada.presses("something_else")
    (answer,) = ada.says("I forgot my password, can't get in")
    assert answer["decision"] == "answer"
    assert ada.world.ticket().status is TicketStatus.OPEN


def test_after_hand_back_the_bot_answers_again(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("let me talk to a human")
    bob.hands_back()
    (answer,) = ada.says("I forgot my password, can't get in")
    assert answer["decision"] == "answer"


def test_a_clarifying_question_offers_articles_and_a_pressed_one_answers(ada: CustomerOnTheWeb) -> None:
    _unsure(ada.world)
    (question,) = ada.says("I forgot my password, can't get in")
    assert question["decision"] == "clarify"
    assert question["buttons"][-1]["action"] == "none_of_these"
    (answer,) = ada.presses("option")
    assert answer["decision"] == "answer"
    assert answer["citations"][0]["article"] == "reset-password"


def test_second_ambiguity_opens_a_ticket(ada: CustomerOnTheWeb) -> None:
    _unsure(ada.world)
    ada.says("I forgot my password, can't get in")
    ada.says("I said that my password is forgotten")
    assert ada.world.ticket().reason is Reason.LOW_CONFIDENCE


def test_none_of_these_opens_a_ticket(ada: CustomerOnTheWeb) -> None:
    _unsure(ada.world)
    ada.says("I forgot my password, can't get in")
    ada.presses("none_of_these")
    assert ada.world.ticket().reason is Reason.LOW_CONFIDENCE
    assert ada.world.ticket().subject.startswith("I forgot my password")


def test_a_thumb_down_offers_a_person(ada: CustomerOnTheWeb) -> None:
    ada.says("I forgot my password, can't get in")
    (reply,) = ada.presses("not_helpful")
    assert [button["action"] for button in reply["buttons"]] == ["person"]


def test_a_button_works_once(ada: CustomerOnTheWeb) -> None:
    ada.says("I forgot my password, can't get in")
    assert ada.presses("helpful")
    assert ada.presses("helpful") == []


def test_anothers_button_does_nothing(ada: CustomerOnTheWeb, world: World) -> None:
    (answer,) = ada.says("I forgot my password, can't get in")
    mallory = CustomerOnTheWeb(world, "mallory")
    world.accept("mallory", press=answer["buttons"][-1]["token"])
    world.work()
    assert mallory.hears() == []
    assert not world.tickets()


def test_nobody_sees_anothers_talk(ada: CustomerOnTheWeb, world: World) -> None:
    ada.says("I forgot my password, can't get in")
    assert CustomerOnTheWeb(world, "mallory").transcript() == []


def _unsure(world: World) -> None:
    """A KB that cannot support the target precision: the bot offers instead of answering."""
    serving = world.live.serving
    assert serving is not None
    world.live.serving = dataclasses.replace(serving, policy=dataclasses.replace(serving.policy, threshold=None))


def test_all_that_was_heard_is_in_order(ada: CustomerOnTheWeb) -> None:
    ada.says("hi")
    ada.says("I forgot my password, can't get in")
    ids = [message["id"] for message in ada.transcript()]
    assert ids == sorted(ids)
    assert "password" in text_of(ada.transcript())
