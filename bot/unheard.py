"""Words of the bot that a channel refuses for good, as being too long for it: who waits for them gets a person."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from bot.inbound_text import shorten
from bot.replies import say as sentence
from bot.said import THUMB
from handoff import conversations
from handoff.conversations import ButtonSpec, lock_conversation
from handoff.models import Action, Author, Conversation, Direction, Message, Owner, Reason
from handoff.tickets import open_ticket


def who_waits(session: Session, message: Message) -> Conversation | None:
    """The conversation, kept from others, in which a customer waits for ``message`` and nobody else would answer them;
    None where that is not so."""
    if message.author is not Author.BOT or message.decision in (None, THUMB):
        return None
    conversation, asked = lock_conversation(session, message.conversation_id), _asked_before(session, message)
    is_with_bot = conversation.owner is Owner.BOT and conversation.closed_at is None
    is_waiting = asked is not None and asked.deleted_at is None
    return conversation if is_with_bot and is_waiting else None


def hand_over(session: Session, conversation: Conversation, message: Message, now: datetime) -> None:
    """Give a conversation of ``who_waits`` to a person, and say so: that may pass where ``message`` did not."""
    asked, language = _asked_before(session, message), conversation.language
    subject = shorten(asked.text, 120) if asked else ""
    ticket = open_ticket(session, conversation, Reason.BOT_STUCK, subject or "A file without words", now)
    words = sentence("unheard", language, number=ticket.number)
    detail = {"reason": Reason.BOT_STUCK.value, "ticket": ticket.number}
    buttons = [ButtonSpec(Action.SOMETHING_ELSE, sentence("something_else", language))]
    conversations.say(
        session, conversation, words, Author.BOT, now, decision="escalate", detail=detail, buttons=buttons
    )


def _asked_before(session: Session, message: Message) -> Message | None:
    query = select(Message).where(
        Message.conversation_id == message.conversation_id,
        Message.direction == Direction.INCOMING,
        col(Message.id) < message.id,
    )
    return session.exec(query.order_by(col(Message.id).desc()).limit(1)).first()
