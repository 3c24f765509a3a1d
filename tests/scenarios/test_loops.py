"""The bot does not talk with machines for ever, and keeps to what the customer asks, in the customer's order."""

from __future__ import annotations

import dataclasses
from itertools import count
from typing import Any

import pytest
from talk import HOUSE, AgentAtTheDesk, CustomerOnTheWeb, World, text_of

from bot.live import Live, Serving
from handoff.models import Reason
from store import Database

QUESTION = "I forgot my password, can't get in"


@pytest.fixture
def world(sqlite_database: Database, serving: Serving) -> World:
    """What is decided does not depend on the kind of database."""
    live = Live(HOUSE)
    live.serving = serving
    return World(sqlite_database, live)


def cited(messages: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(citation["article"] for message in messages for citation in message["citations"]))


def offered(message: dict[str, Any]) -> list[str]:
    return [button["label"] for button in message["buttons"] if button["action"] == "option"]


def unsure(world: World) -> None:
    """A KB that cannot support the target precision: the bot offers instead of answering."""
    serving = world.live.serving
    assert serving is not None
    world.live.serving = dataclasses.replace(serving, policy=dataclasses.replace(serving.policy, threshold=None))


def autoresponder(world: World, seconds: float, most: int) -> tuple[int, list[dict[str, Any]]]:
    """A machine that says thanks so many seconds after each word of ours. How often it was answered, and what it heard
    last."""
    machine, heard = CustomerOnTheWeb(world, "machine"), list[dict[str, Any]]()
    for number in count():
        if number == most:
            break
        replies = machine.writes(f"Thanks! Your request {number} is being looked at.", after=seconds)
        replies += machine.waits(2)
        if not replies:
            return number, heard
        heard = replies
    return most, heard


@pytest.mark.parametrize(("pause", "most"), [(1.0, 12), (20.0, 32)])
def test_two_machines_that_answer_each_other_end(world: World, pause: float, most: int) -> None:
    answered, last = autoresponder(world, pause, most + 10)
    assert 0 < answered <= most
    (ticket,) = world.tickets()
    assert f"#{ticket.number}" in text_of(last)


def test_the_person_gets_it_even_from_who_has_too_many_tickets(world: World) -> None:
    machine = CustomerOnTheWeb(world, "machine")
    for _ in range(3):
        machine.says("let me talk to a human")
        machine.presses("something_else")
    autoresponder(world, 1.0, 30)
    assert [ticket.reason for ticket in world.tickets()].count(Reason.BOT_STUCK) == 1


def test_who_asks_much_in_a_short_time_is_no_machine(ada: CustomerOnTheWeb, world: World) -> None:
    for number in range(15):
        world.accept("ada", text=f"thanks{'!' * number}")
    world.settle()
    assert not world.tickets()
    assert ada.hears()


def test_a_new_matter_after_a_choice_that_nobody_made_is_a_new_matter(ada: CustomerOnTheWeb, world: World) -> None:
    unsure(world)
    (first,) = ada.says(QUESTION)
    (second,) = ada.says("how do I add a dependency between two tasks in the gantt chart?")
    assert second["decision"] == "clarify"
    assert not set(offered(first)) & set(offered(second))
    assert not world.tickets()


def test_the_same_matter_after_a_choice_that_nobody_made_goes_to_a_person(ada: CustomerOnTheWeb, world: World) -> None:
    unsure(world)
    ada.says(QUESTION)
    ada.says("I said that my password is forgotten, I cannot get in")
    assert world.ticket().reason is Reason.LOW_CONFIDENCE


@pytest.mark.parametrize(
    ("text", "open_question"),
    [
        ("Do you give discounts for charities? How do I reset my password?", "charities"),
        ("How do I reset my password? Do you give discounts for charities?", "charities"),
    ],
)
def test_two_questions_are_dealt_with_in_the_order_in_which_they_were_asked(
    ada: CustomerOnTheWeb, text: str, open_question: str
) -> None:
    replies = ada.says(text)
    about = ["reset-password" if cited([reply]) else "open" for reply in replies]
    is_first = text.index(open_question) < text.index("password")
    has_choices = any(offered(reply) for reply in replies)
    assert about == (["open", "reset-password"] if is_first and not has_choices else ["reset-password", "open"])


def test_two_answers_come_in_the_order_of_the_questions(ada: CustomerOnTheWeb) -> None:
    (answer,) = ada.says("And what is the file size limit for attachments? Also, how do I reset my password?")
    assert cited([answer]) == ["file-limits", "reset-password"]


def test_an_agent_who_hands_a_loop_back_gets_it_again(world: World, bob: AgentAtTheDesk) -> None:
    autoresponder(world, 1.0, 30)
    bob.hands_back()
    answered, _ = autoresponder(world, 1.0, 30)
    assert answered <= 12
    assert len(world.tickets()) == 1
