"""Customers who send one thing in several messages: it is answered once, and nothing is lost."""

from __future__ import annotations

import pytest
from sqlmodel import select
from talk import AgentAtTheDesk, CustomerOnTheWeb, World

from bot import inbox
from bot.models import InboxRow, InboxState
from store import reading, transaction


def states(world: World) -> list[InboxState]:
    with reading(world.database) as session:
        return list(session.exec(select(InboxRow.state).order_by(InboxRow.id)).all())  # type: ignore[arg-type]


def said_by(customer: CustomerOnTheWeb) -> list[str]:
    return [message["text"] for message in customer.transcript() if message["direction"] == "incoming"]


@pytest.mark.parametrize(
    "words",
    [("hi", "I have a problem", "I forgot my password and can't get in"), ("你好", "我想问一下", "忘记密码了登不上去")],
)
def test_what_is_said_in_pieces_is_answered_once_and_kept_in_order(
    ada: CustomerOnTheWeb, world: World, words: tuple[str, ...]
) -> None:
    first, second, third = words
    assert ada.writes(first) == []
    assert ada.writes(second) == []
    (answer,) = ada.writes(third)
    assert answer["citations"][0]["article"] == "reset-password"
    assert ada.waits(10) == []
    assert said_by(ada) == list(words)
    assert set(states(world)) == {InboxState.DONE}


@pytest.mark.parametrize(
    "text",
    ["I forgot my password, can't get in", "let me talk to a human", "怎么导出数据？", "thanks for nothing, bot"],
)
def test_what_stands_alone_is_dealt_with_at_once(ada: CustomerOnTheWeb, text: str) -> None:
    assert ada.writes(text)


def test_a_bare_greeting_is_returned_after_the_wait(ada: CustomerOnTheWeb) -> None:
    assert ada.writes("hi") == []
    assert ada.waits(1.4) == []
    (reply,) = ada.waits(0.1)
    assert reply["decision"] == "smalltalk"
    (answer,) = ada.writes("I forgot my password, can't get in")
    assert answer["decision"] == "answer"


def test_who_says_little_is_asked_for_more_and_gets_no_person_yet(ada: CustomerOnTheWeb, world: World) -> None:
    assert ada.writes("I have a problem") == []
    (reply,) = ada.waits(1.5)
    assert reply["decision"] == "decline"
    assert [button["action"] for button in reply["buttons"]] == ["person"]
    assert not world.tickets()
    (answer,) = ada.says("I forgot my password, can't get in")
    assert answer["decision"] == "answer"


def test_each_further_fragment_starts_the_wait_again_but_not_for_ever(ada: CustomerOnTheWeb) -> None:
    heard = [ada.writes("I have a problem", after=1.0) for _ in range(8)]
    assert not any(heard)
    (reply,) = ada.writes("well", after=1.0)
    assert reply["decision"] == "decline"


def test_a_fragment_holds_up_no_other_customer(ada: CustomerOnTheWeb, world: World) -> None:
    assert ada.writes("I have a problem") == []
    bea = CustomerOnTheWeb(world, "bea")
    assert bea.writes("I forgot my password, can't get in", after=0.0)
    assert ada.waits(1.5)


def test_a_press_does_not_wait_and_what_was_held_before_it_is_not_lost(ada: CustomerOnTheWeb, world: World) -> None:
    (answer,) = ada.says("I forgot my password, can't get in")
    assert ada.writes("I have a problem") == []
    token = next(button["token"] for button in answer["buttons"] if button["action"] == "person")
    world.accept("ada", press=token)
    world.work()
    assert ada.hears()
    assert world.tickets()
    assert "I have a problem" in said_by(ada)


def test_nobody_waits_in_a_conversation_with_a_person(ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World) -> None:
    ada.says("let me talk to a human")
    ada.writes("so")
    assert set(states(world)) == {InboxState.DONE}
    assert said_by(ada)[-1] == "so"


def test_a_server_killed_while_a_fragment_waits_answers_once_after_the_restart(
    ada: CustomerOnTheWeb, world: World
) -> None:
    ada.writes("hi")
    world.accept("ada", text="I forgot my password, can't get in")
    with transaction(world.database) as session:
        assert inbox.claim(session, "killed", world.now, channels=("web",)) is not None
    revived = World(world.database, world.live, world.now, world.channels)
    with transaction(world.database) as session:
        inbox.release(session, "killed")
    revived.later(seconds=30)
    revived.work()
    (answer,) = ada.hears()
    assert answer["decision"] == "answer"
    assert said_by(ada) == ["hi", "I forgot my password, can't get in"]
    revived.later(minutes=5)
    revived.work()
    assert ada.hears() == []


def test_a_burst_that_was_answered_is_not_answered_again_by_a_redelivery(ada: CustomerOnTheWeb, world: World) -> None:
    world.accept("ada", text="hi", client_id="one")
    world.accept("ada", text="I forgot my password, can't get in", client_id="two")
    world.settle()
    assert len(ada.hears()) == 1
    assert not world.accept("ada", text="hi", client_id="one")
    world.settle()
    assert ada.hears() == []
