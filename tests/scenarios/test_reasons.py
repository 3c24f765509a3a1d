"""Why the bot did what it did is kept with each message, and an agent reads it below what the bot said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import col, select
from talk import AgentAtTheDesk, CustomerOnTheWeb, World

from api.console.talk import Said, talk
from bot.asking import ask
from bot.live import Serving
from handoff.models import Direction, Message, Staff
from kb_content.articles import Mode
from store import reading

pytestmark = pytest.mark.any_database


def kept(world: World) -> list[dict[str, Any]]:
    """What was kept with the customers' messages, in order."""
    query = select(Message).where(Message.direction == Direction.INCOMING).order_by(col(Message.id))
    with reading(world.database) as session:
        return [message.detail.get("reading", {}) for message in session.exec(query)]


def read_by(agent: AgentAtTheDesk, conversation_id: int = 1) -> tuple[Said, ...]:
    actor = agent.actor
    with reading(agent.world.database) as session:
        return talk(session, conversation_id, session.get_one(Staff, actor.staff_id)).said


def test_an_answer_keeps_what_it_rests_on(ada: CustomerOnTheWeb, serving: Serving) -> None:
    ada.says("I forgot my password, can't get in")
    (why,) = kept(ada.world)
    assert (why["decision"], why["ground"], why["rule"]) == ("answer", "sure", False)
    assert why["confidence"] >= why["threshold"] == serving.policy.threshold
    assert why["passages"][0]["article"] == "reset-password"
    assert 0 < why["passages"][0]["score"] <= 1
    assert why["signs"]
    assert all(isinstance(sign["value"], float) for sign in why["signs"] if sign["effect"] is None)
    assert (why["topic"], why["mode"]) == ("account-access", "auto")


def test_agents_read_why_below_what_the_bot_said(ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    ada.says("I forgot my password, can't get in")
    ada.says("let me talk to a human")
    ada.says("are you there?")
    shown = [(line.kind, line.reading["ground"] if line.reading else None) for line in read_by(bob)]
    assert [pair for pair in shown if pair[0] in ("customer", "bot")] == [
        ("customer", None),
        ("bot", "sure"),
        ("customer", None),
        ("bot", "rule"),
        ("customer", "person"),
    ], "where the bot kept silent, what it understood stays with the question"


def test_a_choice_that_was_pressed_is_no_answer_of_the_confidence(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, serving: Serving
) -> None:
    ada.world.live.serving = replace(serving, policy=replace(serving.policy, threshold=0.9999))
    ada.says("I forgot my password, can't get in")
    ada.presses("option")
    assert [why["ground"] for why in kept(ada.world)] == ["offered", "chosen"]
    shown = [line.reading["ground"] for line in read_by(bob) if line.kind == "bot" and line.reading]
    assert shown == ["offered", "chosen"]


def test_a_kb_that_cannot_support_the_target_is_named_as_the_reason(ada: CustomerOnTheWeb, serving: Serving) -> None:
    ada.world.live.serving = replace(serving, policy=replace(serving.policy, threshold=None))
    ada.says("I forgot my password, can't get in")
    (why,) = kept(ada.world)
    assert why["threshold"] is None
    assert why["ground"] in ("no_threshold", "offered")
    assert why["decision"] != "answer"


def test_a_topic_that_only_suggests_is_named_as_the_reason(ada: CustomerOnTheWeb, serving: Serving) -> None:
    modes = dict.fromkeys(serving.policy.modes, Mode.SUGGEST)
    ada.world.live.serving = replace(serving, policy=replace(serving.policy, modes=modes))
    ada.says("I forgot my password, can't get in")
    (why,) = kept(ada.world)
    assert (why["decision"], why["ground"], why["mode"]) == ("escalate", "topic_mode", "suggest")


@pytest.mark.parametrize(
    "text", ["I forgot my password, can't get in", "忘记密码了登不上去", "let me talk to a human", ""]
)
def test_asking_why_tells_what_would_be_kept(ada: CustomerOnTheWeb, serving: Serving, text: str) -> None:
    told = ask(serving, text, why=True)["why"]
    ada.says(text or " ")
    (why,) = kept(ada.world)
    assert told == why | {"release": told["release"]}
