"""Tickets over days: they rest and come back, are asked about and close, are merged and split, and begin by phone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session
from talk import AgentAtTheDesk, CustomerOnTheWeb, World, text_of

from bot import ticket_words
from handoff import desk
from handoff.actors import Actor
from handoff.conversations import history
from handoff.customers import find_customer
from handoff.models import Source, TicketStatus, WaitsFor
from handoff.rows import id_of
from handoff.ticketing import merging, opening, pausing
from handoff.ticketing.opening import Told
from store import reading

PERSON = "I want to talk to a person"


def waits(bob: AgentAtTheDesk, number: int = 1) -> None:
    """Bob asks something back and lets the ticket wait for it."""
    bob.replies("Which version is it?", number)
    bob.does(pausing.wait_for_customer, number)


def words_in(world: World, number: int) -> list[str]:
    """What both sides said in the ticket's conversation."""
    with reading(world.database) as session:
        lines = history(session, world.ticket(number).conversation_id)
        return [line.message.text for line in lines if not line.message.private]


def stands(world: World, number: int = 1) -> tuple[TicketStatus, WaitsFor | None]:
    ticket = world.ticket(number)
    return ticket.status, ticket.waits_for


OPEN = (TicketStatus.OPEN, None)


def test_the_customers_answer_wakes_the_ticket_and_the_bot_stays_silent(
    world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    ada.says(PERSON)
    waits(bob)
    ada.hears()
    assert stands(world) == (TicketStatus.PENDING, WaitsFor.CUSTOMER)
    # The bot would know an answer to this, but a person asked.
    assert ada.says("I forgot my password") == []
    assert stands(world) == OPEN
    assert world.ticket().assignee_id == bob.actor.staff_id


def test_a_customer_who_is_silent_for_days_is_asked_and_then_the_ticket_closes(
    world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    ada.says(PERSON)
    waits(bob)
    ada.hears()
    world.later(days=3)
    (asked,) = ada.waits(1)
    assert "We haven't heard from you about ticket #1. Is it solved?" in asked["text"]
    assert "by 09:01 on Monday, 30 November (UTC), we close it" in asked["text"]
    assert [button["label"] for button in asked["buttons"]] == ["Yes, solved", "I still need help"]
    world.later(days=4)
    (closed,) = ada.waits(1)
    assert "We've closed ticket #1" in closed["text"]
    assert stands(world) == (TicketStatus.CLOSED, None)
    ada.presses("not_yet")
    assert stands(world) == OPEN
    assert world.ticket().assignee_id == bob.actor.staff_id


@pytest.mark.parametrize(("press", "status"), [("solved", TicketStatus.CLOSED), ("not_yet", TicketStatus.OPEN)])
def test_who_answers_the_question_decides(
    world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk, press: str, status: TicketStatus
) -> None:
    ada.says(PERSON)
    waits(bob)
    world.later(days=3)
    ada.waits(1)
    ada.presses(press)
    world.later(days=20)
    ada.waits(1)
    assert world.ticket().status is status


def test_the_question_comes_in_the_customers_language(world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("转人工")
    waits(bob)
    ada.hears()
    world.later(days=3)
    (asked,) = ada.waits(1)
    assert asked["text"].startswith("关于工单 #1，我们还没有收到您的回复。问题解决了吗？如果在11月30日星期一 09:")
    assert [button["label"] for button in asked["buttons"]] == ["已解决", "我还需要帮助"]


def test_a_snoozed_ticket_comes_back_by_itself(world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says(PERSON)
    bob.does(pausing.snooze, 1, world.now + timedelta(hours=2))
    world.later(hours=1)
    world.work()
    assert stands(world) == (TicketStatus.PENDING, WaitsFor.TIME)
    world.later(hours=1)
    world.work()
    assert stands(world) == OPEN
    assert world.ticket().assignee_id == bob.actor.staff_id


def test_a_solved_ticket_closes_after_a_week_and_its_old_button_still_opens_it(
    world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    ada.says(PERSON)
    bob.resolves()
    ada.hears()
    world.later(days=7)
    ada.waits(1)
    assert world.ticket().status is TicketStatus.CLOSED
    ada.presses("not_yet")
    assert stands(world) == OPEN


def two_tickets(ada: CustomerOnTheWeb, bob: AgentAtTheDesk, eve: AgentAtTheDesk) -> None:
    """Ada has one matter with bob and another with eve, in one chat."""
    ada.says(PERSON)
    bob.does(desk.claim, 1)
    ada.presses("something_else")
    ada.says(PERSON)
    eve.does(desk.claim, 2)
    ada.hears()


def test_who_has_two_tickets_in_one_chat_answers_whoever_spoke_last(
    world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk, eve: AgentAtTheDesk
) -> None:
    two_tickets(ada, bob, eve)
    bob.replies("Please send the log", 1)
    ada.says("here is the log")
    eve.replies("Which invoice?", 2)
    ada.says("number 77")
    bob.replies("Thank you, one more thing: which version?", 1)
    ada.says("3.2")
    assert words_in(world, 1)[-4:] == [
        "Please send the log",
        "here is the log",
        "Thank you, one more thing: which version?",
        "3.2",
    ]
    assert words_in(world, 2)[-2:] == ["Which invoice?", "number 77"]


def test_words_about_a_merged_matter_reach_the_ticket_that_goes_on(
    world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk, eve: AgentAtTheDesk
) -> None:
    two_tickets(ada, bob, eve)
    with reading(world.database) as session:
        words = ticket_words.merged(session, 2, 1)
    bob.does(_merge, 2, 1, words)
    assert text_of(ada.hears()) == "We deal with your tickets #2 and #1 as one from now on: it goes on as #1."
    assert ada.says("any news?") == []
    assert words_in(world, 1)[-1] == "any news?"
    assert stands(world) == OPEN
    assert len(world.tickets()) == 2


def _merge(session: Session, number: int, into: int, words: str, actor: Actor, now: datetime) -> None:
    merging.merge(session, number, into, actor, now, words)


def test_what_was_told_by_phone_goes_on_in_the_chat(world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("hello")
    bob.does(_open_by_phone, ada.visitor)
    (told,) = ada.hears()
    assert told["text"].startswith("We've opened ticket #1 for you: The export is empty.")
    assert ada.says("I forgot my password") == []
    assert words_in(world, 1)[-1] == "I forgot my password"
    assert world.ticket().source is Source.PHONE


def _open_by_phone(session: Session, visitor: str, actor: Actor, now: datetime) -> None:
    customer = find_customer(session, "web", visitor, now)
    (place,) = opening.places_of(session, customer)
    told = Told(Source.PHONE, "The export is empty", note="Since yesterday")
    words = ticket_words.opened(customer, "en", told.subject)
    opening.open_for(session, id_of(customer), place.thread_id, told, actor, now, words)


def test_a_matter_has_the_category_of_what_was_understood(world: World, ada: CustomerOnTheWeb) -> None:
    ada.says("This is a complaint about your service, I am very unhappy")
    ada.says(PERSON)
    assert [ticket.category for ticket in world.tickets()] == ["complaint"]
