"""What a customer sees of their own tickets in the chat, and does with them; and never of anybody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select
from talk import HOUSE, AgentAtTheDesk, CustomerOnTheWeb, World, conversations, text_of

from bot import inbox
from bot.channels.mailbox import TERMINAL, Mailbox
from bot.learning.outcomes import verdicts
from bot.live import Live, Serving
from handoff.conversations import history
from handoff.customers import find_customer
from handoff.models import Conversation, Owner, Ticket, TicketStatus
from handoff.people import join
from handoff.rows import id_of
from handoff.sla.defaults import lay_out
from handoff.surveys.models import Outcome, Result
from store import Database, reading, transaction

PERSON = "let me talk to a human"


@pytest.fixture
def world(sqlite_database: Database, serving: Serving) -> World:
    """On one kind of database: what is said does not depend on it, and one way through is gone on both."""
    live = Live(HOUSE)
    live.serving = serving
    return World(sqlite_database, live)


@pytest.fixture
def mallory(world: World) -> CustomerOnTheWeb:
    return CustomerOnTheWeb(world, "mallory")


def asks_for_person(customer: CustomerOnTheWeb, about: str) -> None:
    """A ticket about this matter, in a conversation of its own."""
    if customer.transcript():
        customer.says("/new")
    customer.says(about)
    customer.says(PERSON)


def transcript(world: World, number: int) -> list[str]:
    """What the desk reads in a ticket's conversation: the customers' words and what happened."""
    ticket = world.ticket(number)
    with reading(world.database) as session:
        return [line.message.text for line in history(session, ticket.conversation_id)]


def labels(message: dict[str, Any]) -> list[str]:
    return [button["label"] for button in message["buttons"]]


def actions(message: dict[str, Any]) -> list[str]:
    return [button["action"] for button in message["buttons"]]


def two_tickets(ada: CustomerOnTheWeb) -> None:
    asks_for_person(ada, "The export to CSV writes umlauts as question marks in every second column")
    asks_for_person(ada, "My webhook gets every event twice since the last weekend, what can be done")


def test_tickets_are_listed_with_how_they_stand_and_a_button_each(ada: CustomerOnTheWeb) -> None:
    two_tickets(ada)
    (reply,) = ada.says("/tickets")
    assert "#1 · with our team · The export" in reply["text"]
    assert "#2 · with our team · My webhook" in reply["text"]
    assert actions(reply) == ["ticket", "ticket"]
    assert [label.split()[0] for label in labels(reply)] == ["#2", "#1"]


def test_the_next_promise_stands_in_the_customers_time_zone_and_language(world: World, ada: CustomerOnTheWeb) -> None:
    with transaction(world.database) as session:
        lay_out(session, world.now)
        find_customer(session, "web", ada.visitor, world.now).timezone = "Asia/Shanghai"
    asks_for_person(ada, "导出的 CSV 文件里有乱码，每隔一列都是问号，怎么办")
    (reply,) = ada.says("/status 1", language="zh")
    assert "北京时间" in reply["text"]
    assert "我们会在" in reply["text"]


def test_a_promise_that_was_missed_is_not_promised_again(world: World, ada: CustomerOnTheWeb) -> None:
    with transaction(world.database) as session:
        lay_out(session, world.now)
    asks_for_person(ada, "The export to CSV writes umlauts as question marks in every second column")
    (reply,) = ada.says("/status 1")
    assert "You will hear from us by" in reply["text"]
    promised = world.ticket(1).due_at
    assert promised is not None
    world.now = promised + timedelta(hours=1)
    world.work()
    ada.hears()
    (late,) = ada.says("/status 1")
    assert reply["text"].splitlines()[-1] not in late["text"]


def test_one_ticket_shows_what_can_be_done_with_it(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    asks_for_person(ada, "The export to CSV writes umlauts as question marks in every second column")
    (only,) = ada.says("/tickets")
    assert labels(only) == ["Add information", "Close ticket"]
    bob.replies("Which version do you use?")
    bob.resolves()
    ada.hears()
    (solved,) = ada.says("/status 1")
    assert labels(solved) == ["Close ticket", "Open it again", "1", "2", "3", "4", "5"]


def test_what_is_added_reaches_the_ticket_though_another_matter_is_newer(database: Database, serving: Serving) -> None:
    live = Live(HOUSE)
    live.serving = serving
    ada = CustomerOnTheWeb(World(database, live))
    two_tickets(ada)
    ada.says("/tickets")
    ada.presses("ticket", 1)
    (prompt,) = ada.presses("add_to_ticket")
    assert "#1" in prompt["text"]
    (added,) = ada.says("It happens with version 4.2 only")
    assert "#1" in added["text"]
    assert "It happens with version 4.2 only" in transcript(ada.world, 1)
    assert "It happens with version 4.2 only" not in transcript(ada.world, 2)


def test_a_question_to_the_bot_is_no_addition_once_something_else_was_said(ada: CustomerOnTheWeb) -> None:
    asks_for_person(ada, "The export to CSV writes umlauts as question marks in every second column")
    ada.says("/add 1")
    ada.says("/new")
    (answer,) = ada.says("I forgot my password, can't get in")
    assert answer["decision"] == "answer"


def test_adding_by_command_takes_one_message(ada: CustomerOnTheWeb) -> None:
    two_tickets(ada)
    (added,) = ada.says("/add 1 It happens with version 4.2 only")
    assert "#1" in added["text"]
    assert "/add 1 It happens with version 4.2 only" in transcript(ada.world, 1)


def test_adding_to_a_solved_ticket_opens_it_again(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    asks_for_person(ada, "The export to CSV writes umlauts as question marks in every second column")
    bob.resolves()
    ada.hears()
    (added,) = ada.says("/add 1 It came back")
    assert "reopened" in added["text"]
    assert ada.world.ticket().status is TicketStatus.OPEN


def test_adding_to_a_ticket_that_the_bot_has_again_brings_the_person_back(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    asks_for_person(ada, "The export to CSV writes umlauts as question marks in every second column")
    bob.hands_back()
    ada.says("/add 1 One more thing for you")
    assert ada.world.ticket().status is TicketStatus.OPEN
    assert conversations(ada.world.database)[0].owner is Owner.HUMAN


def test_a_customer_closes_and_opens_their_ticket(ada: CustomerOnTheWeb) -> None:
    asks_for_person(ada, "The export to CSV writes umlauts as question marks in every second column")
    ada.says("/tickets")
    (closed,) = ada.presses("close_ticket")
    assert "#1 is closed" in closed["text"]
    assert ada.world.ticket().status is TicketStatus.CLOSED
    ada.says("/status 1")
    (opened,) = ada.presses("reopen_ticket")
    assert "#1 is open again" in opened["text"]
    assert ada.world.ticket().status is TicketStatus.OPEN
    ada.says("The file is empty now")
    assert "The file is empty now" in transcript(ada.world, 1)


def test_who_closes_a_ticket_has_not_said_that_the_answer_was_right(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("How do I reset my password?")
    ada.presses("person")
    ada.says("/close 1")
    with reading(ada.world.database) as session:
        assert conversations(ada.world.database)[0].confirmed is None
        assert verdicts(session) == []
        outcome = session.get_one(Outcome, conversations(ada.world.database)[0].id)
        assert outcome.result is Result.HANDED_OFF


def test_a_button_about_a_ticket_works_as_often_as_it_is_pressed(ada: CustomerOnTheWeb) -> None:
    two_tickets(ada)
    (listing,) = ada.says("/tickets")
    for _ in range(2):
        ada.world.accept(ada.visitor, press=listing["buttons"][0]["token"])
        ada.world.work()
        assert text_of(ada.hears()).startswith("Your ticket:")


def test_closing_twice_is_closing_once(ada: CustomerOnTheWeb) -> None:
    asks_for_person(ada, "The export to CSV writes umlauts as question marks in every second column")
    ada.says("/close 1")
    (again,) = ada.says("/close 1")
    assert "#1 is closed" in again["text"]
    assert transcript(ada.world, 1).count("The customer closed the ticket") == 1


OTHERS = ["/status 1", "/add 1", "/add 1 Give me everything", "/close 1", "/reopen 1", "/rate 1 1"]


@pytest.mark.parametrize("command", OTHERS)
def test_nobody_sees_or_touches_anybody_elses_ticket(
    ada: CustomerOnTheWeb, mallory: CustomerOnTheWeb, command: str
) -> None:
    asks_for_person(ada, "The secret export of the board")
    before = transcript(ada.world, 1)
    (reply,) = mallory.says(command)
    assert reply["text"] == "You have no ticket #1. Write /tickets to see yours."
    assert ada.world.ticket().status is TicketStatus.OPEN
    assert transcript(ada.world, 1) == before


def test_a_strangers_list_is_empty_and_a_strangers_press_is_nothing(
    ada: CustomerOnTheWeb, mallory: CustomerOnTheWeb
) -> None:
    two_tickets(ada)
    (listing,) = ada.says("/tickets")
    (reply,) = mallory.says("/tickets")
    assert reply["text"] == "You have no tickets with us."
    ada.world.accept("mallory", press=listing["buttons"][0]["token"])
    ada.world.work()
    assert mallory.hears() == []
    mallory.world.accept("mallory", text="To my own ticket, please", about=1)
    ada.world.settle()
    assert not any("To my own ticket" in line for line in transcript(ada.world, 1))


def test_a_message_that_names_its_ticket_goes_there(ada: CustomerOnTheWeb) -> None:
    two_tickets(ada)
    (added,) = ada.says("From the panel of the page", about=1)
    assert "#1" in added["text"]
    assert "From the panel of the page" in transcript(ada.world, 1)


def is_joined(world: World, other: CustomerOnTheWeb, ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    actor = bob.actor
    with transaction(world.database) as session:
        one = find_customer(session, "web", ada.visitor, world.now)
        two = find_customer(session, "web", other.visitor, world.now)
        join(session, id_of(one), id_of(two), actor, world.now)


def test_who_is_the_same_person_elsewhere_adds_to_the_ticket_from_there(
    world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    phone = CustomerOnTheWeb(world, "ada-on-her-phone")
    asks_for_person(ada, "The export to CSV writes umlauts as question marks in every second column")
    phone.says("hi")
    is_joined(world, phone, ada, bob)
    ada.hears()
    (listing,) = phone.says("/tickets")
    assert "#1" in listing["text"]
    (prompt,) = phone.presses("add_to_ticket")
    assert "#1" in prompt["text"]
    (added,) = phone.says("I am on my way home now")
    assert "where you opened the ticket: the web chat" in added["text"]
    assert "I am on my way home now" in transcript(world, 1)
    bob.replies("Have a good trip!")
    assert text_of(ada.hears()) == "Have a good trip!", "the answer comes where the ticket was opened"


def test_the_terminal_has_the_same_commands_and_buttons(world: World) -> None:
    world.channels[TERMINAL] = Mailbox(TERMINAL)

    def types(text: str) -> None:
        world.later(seconds=10)
        with transaction(world.database) as session:
            key = f"t:{world.now.isoformat()}"
            payload = {"visitor": "t", "text": text, "client_id": key}
            inbox.accept(session, TERMINAL, key, "t", payload, world.now)
        world.settle()

    types("The export to CSV writes umlauts as question marks in every second column")
    types(PERSON)
    types("/close 1")
    assert world.ticket().status is TicketStatus.CLOSED


def test_a_merged_ticket_stands_for_the_one_that_goes_on(world: World, ada: CustomerOnTheWeb) -> None:
    two_tickets(ada)
    with transaction(world.database) as session:
        first, second = session.exec(select(Ticket).order_by(col(Ticket.number))).all()
        second.merged_into_id, second.status = first.id, TicketStatus.CLOSED
        session.get_one(Conversation, second.conversation_id).closed_at = world.now
    (listing,) = ada.says("/tickets")
    assert "#2" not in listing["text"]
    (shown,) = ada.says("/status 2")
    assert "#1" in shown["text"]
