"""What a pressed button means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.decisions import Answer, Decision, Decline, Escalate, Silence, Why
from bot.placing import Place
from bot.policy import Policy, Standing
from bot.presses import decide_press
from handoff.models import Action, Button, Owner, Reason
from kb_content.articles import Mode

TOPICS = {("reset", "en"): "account", ("reset", "zh"): "account"}


def place(owner: Owner = Owner.BOT, pressed: bool = False, tickets: tuple[int, ...] = ()) -> Place:
    button = Button(token="t", message_id=1, action=Action.OPTION, label="Reset", argument="reset")
    button.pressed_at = datetime(2026, 11, 23, tzinfo=UTC) if pressed else None
    return Place(1, owner=owner, button=button, standing=Standing(open_tickets=tickets))


@pytest.mark.parametrize(
    ("where", "mode", "decision"),
    [
        (place(), Mode.AUTO, Answer("reset")),
        (place(), Mode.SUGGEST, Escalate(Reason.LOW_CONFIDENCE, suggestion="reset")),
        (place(), Mode.OFF, Escalate(Reason.LOW_CONFIDENCE)),
        (place(tickets=(1, 2, 3)), Mode.SUGGEST, Decline(Why.TOO_MANY_TICKETS)),
        (place(tickets=(1, 2, 3)), Mode.AUTO, Answer("reset")),
        (place(Owner.HUMAN), Mode.AUTO, Silence("a person owns this conversation")),
        (place(pressed=True), Mode.AUTO, Silence("this button is unknown or was pressed before")),
    ],
)
def test_a_choice_is_answered_unless_its_topic_became_a_persons_meanwhile(
    where: Place, mode: Mode, decision: Decision
) -> None:
    assert decide_press(where, Policy(threshold=0.8, modes={"account": mode}, topics=TOPICS)) == decision


def both(mode: Mode) -> Decision:
    button = Button(token="u", message_id=1, action=Action.OPTION, label="Locked", argument="locked")
    topics = {**TOPICS, ("locked", "en"): "locks"}
    where = replace(place(), also=(button,))
    return decide_press(where, Policy(threshold=0.8, modes={"locks": mode}, topics=topics))


def test_both_choices_are_answered() -> None:
    assert both(Mode.AUTO) == Answer("reset", ("locked",))


def test_of_two_choices_one_that_became_a_persons_takes_both_along() -> None:
    assert both(Mode.SUGGEST) == Escalate(Reason.LOW_CONFIDENCE, suggestion="locked")
    assert both(Mode.OFF) == Escalate(Reason.LOW_CONFIDENCE)
