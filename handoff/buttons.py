"""Buttons under messages, pressed by the customer. Each works once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from handoff.models import Button, Conversation, Message
from handoff.rows import rows_touched
from store.changes import note_change
from store.columns import storable


@dataclass(frozen=True)
class Pressed:
    """A button and where it stands. ``already_pressed``: this press is not the first and must change nothing."""

    button: Button
    message: Message
    conversation: Conversation
    already_pressed: bool = False


def press(session: Session, token: str, now: datetime) -> Pressed | None:
    """Press the button with this token; None when there is none. Of two presses at once one is the first.

    Whether the customer who presses may see the button is for the channel's side to check.
    """
    # A customer's browser sends it: PostgreSQL refuses some text even to compare with.
    token = storable(token)
    first = update(Button).where(col(Button.token) == token, col(Button.pressed_at).is_(None)).values(pressed_at=now)
    is_first = rows_touched(session, first) == 1
    button = session.get(Button, token, populate_existing=True)
    if button is None:
        return None
    message = session.get_one(Message, button.message_id)
    if is_first:
        note_change(session, "message", button.message_id, now)
    return Pressed(button, message, session.get_one(Conversation, message.conversation_id), not is_first)
