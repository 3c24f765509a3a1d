"""A button works once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from handoff.buttons import press
from handoff.conversations import ButtonSpec, history, say
from handoff.models import Action, Author, Conversation
from store import Database, transaction

pytestmark = pytest.mark.any_database


@pytest.fixture
def token(database: Database, ask: Callable[..., int], now: datetime) -> str:
    conversation_id = ask()
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        say(session, conversation, "?", Author.BOT, now, buttons=[ButtonSpec(Action.OPTION, "Reset", "reset-password")])
        return history(session, conversation_id)[-1].buttons[0].token


def test_a_press_says_what_was_pressed_and_where(database: Database, token: str, now: datetime) -> None:
    with transaction(database) as session:
        pressed = press(session, token, now)
    assert pressed is not None
    assert (pressed.button.action, pressed.button.argument) == (Action.OPTION, "reset-password")
    assert pressed.message.conversation_id == pressed.conversation.id
    assert not pressed.already_pressed


def test_a_second_press_changes_nothing(database: Database, token: str, now: datetime) -> None:
    for minute in range(2):
        with transaction(database) as session:
            pressed = press(session, token, now + timedelta(minutes=minute))
    assert pressed is not None
    assert pressed.already_pressed
    assert pressed.button.pressed_at == now


def test_an_unknown_token_is_no_button(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        for token in ("", "nonsense", "x" * 5_000, "密码", "\x00", "\ud800"):
            assert press(session, token, now) is None


def test_of_presses_at_once_one_is_the_first(database: Database, token: str, now: datetime) -> None:
    together = Barrier(3)

    def tap(_: int) -> bool:
        together.wait(60)
        with transaction(database) as session:
            pressed = press(session, token, now)
        return pressed is not None and not pressed.already_pressed

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(tap, range(3))) == [False, False, True]
