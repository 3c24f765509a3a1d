"""What a pressed button means."""

from __future__ import annotations

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
