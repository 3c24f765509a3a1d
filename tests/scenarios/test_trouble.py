"""Bad input and failure: each ends in a clear sentence for the person it concerns, and nothing is lost."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from sqlmodel import select
from talk import HOUSE, AgentAtTheDesk, CustomerOnTheWeb, World, conversations

from bot import inbox, placing, turns
from bot.channels.base import DeliveryError, OnPart, Outgoing, unrecorded
from bot.channels.mailbox import WEB, Mailbox
from bot.decisions import Why
from bot.live import Live, Serving
from bot.models import InboxRow, InboxState
from bot.placing import Place
from bot.replies import say
from handoff import desk
from handoff.models import Action, Button, Message, Reason
from handoff.transcript import history
from store import reading, transaction

FORTY_THOUSAND = "My export to Excel shows broken characters. " * 910


@pytest.mark.parametrize(
    "text",
    [
        "🙂🙂🙂",
        "؟ كيف أعيد تعيين كلمة المرور",
        "a\x00b\x07c\x1b[31m",
        "\ud83d",
        FORTY_THOUSAND,
        "?" * 300,
        "<script>alert(1)</script>",
    ],
    ids=["emoji", "right-to-left", "control", "half a pair", "40,000 characters", "punctuation", "markup"],
)
def test_any_text_ends_in_words_for_the_customer_and_is_kept(ada: CustomerOnTheWeb, text: str) -> None:
    assert ada.says(text)
    kept = ada.transcript()[0]["text"]
    assert len(kept) >= len(text.replace("\x00", "").replace("\x07", "").replace("\x1b", "")) - 1


def test_an_empty_message_is_told_so(ada: CustomerOnTheWeb) -> None:
    (reply,) = ada.says("   \n ")
    assert reply["text"] == say(Why.EMPTY.value, "en")


def test_too_many_messages_get_one_sentence_and_nothing_else_and_are_kept(ada: CustomerOnTheWeb, world: World) -> None:
    for number in range(30):
        world.accept("ada", text=f"thanks{'!' * number}")
    world.work()
    told = [message for message in ada.hears() if message["text"] == say(Why.TOO_FAST.value, "en")]
    assert len(told) == 1
    assert len([each for each in ada.transcript() if each["direction"] == "incoming"]) == 30
    world.later(minutes=2)
    assert ada.says("thanks")


def test_a_fourth_open_ticket_is_refused_in_one_sentence(ada: CustomerOnTheWeb) -> None:
    for _ in range(3):
        ada.says("let me talk to a human")
        ada.presses("something_else")
    (reply,) = ada.says("let me talk to a human")
    assert "#1, #2, #3" in reply["text"]
    assert len(ada.world.tickets()) == 3


def test_without_a_model_the_customer_gets_a_person(ada: CustomerOnTheWeb, world: World) -> None:
    world.live = Live(HOUSE)
    world.live.problem = "The model could not be loaded."
    (reply,) = ada.says("I forgot my password")
    assert "#1" in reply["text"]
    assert "model" not in reply["text"]
    assert world.ticket().reason is Reason.BOT_STUCK


def without_model(world: World) -> Serving:
    """Whatever is read fails from now on. Returns what served before."""
    serving = world.live.serving
    assert serving is not None
    broken = dataclasses.replace(serving.reader, views={})
    world.live.serving = dataclasses.replace(serving, reader=broken)
    return serving


def test_a_model_that_fails_on_a_message_time_and_again_hands_it_to_a_person(
    ada: CustomerOnTheWeb, world: World
) -> None:
    without_model(world)
    world.accept("ada", text="I forgot my password")
    for _ in range(inbox.ATTEMPTS):
        assert ada.hears() == []
        world.work()
        world.later(minutes=1)
    (reply,) = ada.hears()
    assert "#1" in reply["text"]
    assert world.ticket().reason is Reason.BOT_STUCK
    assert ada.transcript()[0]["text"] == "I forgot my password"


def test_a_model_that_fails_once_is_asked_again_and_the_customer_gets_the_answer(
    ada: CustomerOnTheWeb, world: World
) -> None:
    serving = without_model(world)
    assert ada.writes("I forgot my password") == []
    world.live.serving = serving
    world.settle()
    assert "password" in ada.hears()[-1]["text"]
    assert world.tickets() == []


def test_what_is_said_to_a_person_does_not_wait_for_a_model_that_fails(ada: CustomerOnTheWeb, world: World) -> None:
    ada.says("let me talk to a human")
    without_model(world)
    ada.says("My number is 4711")
    assert ada.transcript()[-1]["text"] == "My number is 4711"


def test_a_payload_that_is_none_is_parked_and_shown_to_a_person(world: World) -> None:
    with transaction(world.database) as session:
        inbox.accept(session, "web", "broken", "ada", {"no": "visitor"}, world.now)
    world.work()
    with reading(world.database) as session:
        assert session.exec(select(InboxRow)).one().state is InboxState.PARKED
        notes = [line.message.text for line in history(session, 1) if line.message.private]
    assert any('"visitor"' in note for note in notes), "the raw text is there for the agent"
    assert world.ticket().reason is Reason.BOT_STUCK


def test_a_turn_that_keeps_failing_becomes_a_ticket_after_five_tries(
    ada: CustomerOnTheWeb, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Place:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(turns, "look", fail)
    world.accept("ada", text="hello?")
    for _ in range(5):
        world.work()
        world.later(minutes=1)
    (reply,) = ada.hears()
    assert "#1" in reply["text"]
    assert "bug" not in reply["text"]


def test_a_redelivered_message_has_one_effect(ada: CustomerOnTheWeb, world: World) -> None:
    world.accept("ada", text="let me talk to a human", client_id="same")
    world.accept("ada", text="let me talk to a human", client_id="same")
    world.work()
    assert len(ada.transcript()) == 2
    assert len(world.tickets()) == 1


def test_the_bots_answer_is_dropped_when_an_agent_took_over_meanwhile(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 3: the agent is quicker, between the look and the record."""
    ada.says("hi")
    (conversation,) = conversations(world.database)
    has_taken_over = False

    def look_then_lose(*arguments: Any, **named: Any) -> Place:
        nonlocal has_taken_over
        place = placing.look(*arguments, **named)
        if not has_taken_over:
            has_taken_over = True
            with transaction(world.database) as session:
                desk.take_over(session, conversation.id or 0, actor, world.now)
        return place

    actor = bob.actor
    monkeypatch.setattr(turns, "look", look_then_lose)
    assert ada.says("I forgot my password, can't get in") == []
    with reading(world.database) as session:
        kept = session.exec(select(Message.text).where(Message.text == "I forgot my password, can't get in")).all()
    assert len(kept) == 1, "the customer's words are there for the agent"


def test_a_choice_that_is_gone_goes_to_a_person_and_the_talk_can_go_on_after_it(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    (asked,) = ada.says("The password page is broken")
    assert asked["decision"] == "clarify"
    with transaction(world.database) as session:
        for button in session.exec(select(Button).where(Button.action == Action.OPTION)):
            # The release that is live now has no such article.
            button.argument = "archived"
    (told,) = ada.presses("option")
    assert "#1" in told["text"]
    assert ada.says("are you there?") == [], "a person has it"
    bob.hands_back()
    (after,) = ada.says("How do I export my data to Excel?")
    assert after["decision"] in ("answer", "clarify")


class Refusing(Mailbox):
    """A channel that refuses what holds some words, and what is said in a place that is closed."""

    def __init__(self, words: str, *, is_closed: bool = False) -> None:
        super().__init__(WEB)
        self.words, self.is_closed = words, is_closed

    def send(self, outgoing: Outgoing, on_part: OnPart = unrecorded) -> tuple[str, ...]:
        if self.words in outgoing.text:
            raise DeliveryError("Message is too long.", permanent=True, is_unreachable=self.is_closed)
        return super().send(outgoing, on_part)


def test_who_waits_for_an_answer_that_the_channel_refuses_for_good_gets_a_person(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    world.channels[WEB] = Refusing("reset link")
    ada.says("I forgot my password, can't get in")
    (told,) = ada.waits(1)
    assert "#1" in told["text"]
    assert (world.ticket().subject, world.ticket().reason) == (
        "I forgot my password, can't get in",
        Reason.BOT_STUCK,
    )
    bob.replies("Open the page, then press Reset.")
    assert [each["text"] for each in ada.hears()] == ["Open the page, then press Reset."]


@pytest.mark.parametrize("is_closed", [True, False])
def test_nobody_is_bothered_with_what_a_closed_place_refuses_or_with_a_person_at_it(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World, *, is_closed: bool
) -> None:
    world.channels[WEB] = Refusing("" if is_closed else "person", is_closed=is_closed)
    ada.says("I forgot my password, can't get in" if is_closed else "let me talk to a human")
    assert ada.waits(1) == []
    assert len(world.tickets()) == int(not is_closed), "where nothing arrives, no other words would"
