"""What cannot be dealt with is set aside and shown to a person: never dropped, never in the way of the rest."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from bot import inbox
from bot.live import House
from bot.models import InboxRow
from bot.replies import promise, say
from handoff import conversations
from handoff.conversations import add_note, newest_conversation, open_conversation
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Conversation, Reason
from handoff.tickets import open_ticket
from store import Database, transaction

LONGEST_NOTE = 2_000


def park(database: Database, row: InboxRow, worker: str, error: str, now: datetime, house: House) -> None:
    """Set ``row`` aside; a ticket shows its raw text to the desk and tells the customer that a person has it.

    Where it names no place, only the desk is told.
    """
    with transaction(database) as session:
        if not inbox.park(session, row.id or 0, worker, error):
            return
        conversation = _conversation(session, row, now)
        ticket = open_ticket(session, conversation, Reason.BOT_STUCK, f"Message {row.id} could not be read", now)
        add_note(session, conversation, f"{error}\n\n{row.payload[:LONGEST_NOTE]}", None, now)
        if row.thread_key.startswith(inbox.NOWHERE):
            return
        language = conversation.language
        words = say(
            "stuck",
            language,
            who=say("who", language),
            promise=promise(house.promise_days, language),
            number=ticket.number,
        )
        conversations.say(session, conversation, words, Author.BOT, now, decision="escalate")


def _conversation(session: Session, row: InboxRow, now: datetime) -> Conversation:
    thread = find_thread(session, row.channel, row.thread_key, now)
    newest = newest_conversation(session, thread.id or 0)
    if newest is not None and newest.closed_at is None:
        return newest
    customer = find_customer(session, row.channel, row.thread_key[:120], now)
    return open_conversation(session, thread, customer, customer.language or "en", now)
