"""Sending a recall: one customer at a time, a few a minute, each in the conversation where they read it last."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.learning.recall.models import Recall, RecallRecipient, RecallState, RecipientState
from bot.learning.recall.recalls import RECALL
from bot.learning.recall.wording import correction
from bot.live import House
from bot.replies import say as sentence
from handoff import conversations
from handoff.conversations import ButtonSpec, add_activity, lock_conversation
from handoff.errors import ConversationNotFound
from handoff.models import Action, Author, Conversation, Customer, Message, Owner, Thread
from handoff.people import customer_by_id, person_ids
from handoff.rows import id_of
from handoff.surveys.asking import has_opted_out
from handoff.threads import can_be_written_in
from handoff.ticketing.models import NoticeKind
from handoff.ticketing.notices import tell
from handoff.tickets import ticket_of
from store import audit
from store.changes import note_change
from store.models import Timer
from store.timers import set_timer

PACE = timedelta(seconds=10)
"""Between two customers: far below what any channel allows, and slow enough to be stopped in time."""
SOON = timedelta(seconds=1)
"""After one to whom nothing was sent."""


def hold(session: Session, recall_id: int) -> None:
    """Keep the conversation of the customer who is next from others."""
    recipient = _next(session, recall_id)
    if recipient is not None:
        try:
            lock_conversation(session, recipient.conversation_id)
        except ConversationNotFound:
            return


def handle(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """Write to the customer who is next (``timer.subject_id``: the recall), and come back for the one after."""
    query = select(Recall).where(Recall.id == timer.subject_id).with_for_update()
    recall = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if recall is None or recall.state is not RecallState.SENDING:
        return
    recipient = _next(session, id_of(recall))
    if recipient is not None:
        recipient.state = _outcome(session, recall, recipient, now, house)
        session.flush()
        note_change(session, "recall", id_of(recall), now)
    if _next(session, id_of(recall)) is None:
        _finish(session, recall, now)
        return
    was_sent = recipient is not None and recipient.state is RecipientState.SENT
    set_timer(session, RECALL, id_of(recall), now + (PACE if was_sent else SOON))


def _next(session: Session, recall_id: int) -> RecallRecipient | None:
    waiting = (RecallRecipient.recall_id == recall_id, RecallRecipient.state == RecipientState.WAITING)
    return session.exec(select(RecallRecipient).where(*waiting).order_by(col(RecallRecipient.id)).limit(1)).first()


def _outcome(
    session: Session, recall: Recall, recipient: RecallRecipient, now: datetime, house: House
) -> RecipientState:
    """Write to this one if that may be done, and say what became of it."""
    if has_opted_out(session, recipient.customer_id):
        return RecipientState.OPTED_OUT
    if not _can_be_reached(session, recipient):
        return RecipientState.UNREACHABLE
    recipient.sent_message_id = _sent_before(session, recipient) or id_of(
        _correct(session, recall, recipient, now, house)
    )
    return RecipientState.SENT


def _can_be_reached(session: Session, recipient: RecallRecipient) -> bool:
    """Whether there is a way to the place where they read it. A conversation that was erased is no place."""
    conversation = session.get(Conversation, recipient.conversation_id)
    if conversation is None:
        return False
    thread = session.get_one(Thread, conversation.thread_id, populate_existing=True)
    return thread.unreachable is None and can_be_written_in(session, id_of(thread))


def _sent_before(session: Session, recipient: RecallRecipient) -> int | None:
    """The correction that the same person got in another channel: an agent joined the two after they were found."""
    people = person_ids(session, recipient.customer_id)
    query = select(RecallRecipient.sent_message_id).where(
        RecallRecipient.recall_id == recipient.recall_id,
        col(RecallRecipient.customer_id).in_(people),
        RecallRecipient.state == RecipientState.SENT,
    )
    return session.exec(query.limit(1)).first()


def _correct(session: Session, recall: Recall, recipient: RecallRecipient, now: datetime, house: House) -> Message:
    conversation = lock_conversation(session, recipient.conversation_id)
    told_at = session.get_one(Message, recipient.message_id).at
    language = language_of(customer_by_id(session, recipient.customer_id), conversation)
    words = correction(session, recall, language, told_at, recipient.customer_id, now, house.address)
    message = conversations.say(
        session,
        conversation,
        words.text,
        # Not the bot's own answer: who left an address gets it there, too.
        Author.SYSTEM,
        now,
        detail={"recall": id_of(recall)},
        buttons=[ButtonSpec(Action.NO_SURVEYS, sentence("no_corrections", words.language))],
    )
    _tell_agent(session, conversation, now)
    who = {"recall": id_of(recall), "customer": recipient.customer_id}
    audit.record(session, "recall", "recall.sent", "message", id_of(message), now, **who)
    return message


def language_of(customer: Customer, conversation: Conversation) -> str:
    """The language to correct them in."""
    return customer.prefers_language or conversation.language


def _tell_agent(session: Session, conversation: Conversation, now: datetime) -> None:
    """Whoever has the conversation must not be surprised by what their customer answers."""
    if conversation.owner is not Owner.HUMAN:
        return
    add_activity(session, conversation, "corrected", now)
    ticket = ticket_of(session, id_of(conversation))
    if ticket is not None:
        tell(session, [ticket.assignee_id], NoticeKind.CORRECTED, ticket, now)


def _finish(session: Session, recall: Recall, now: datetime) -> None:
    recall.state, recall.ended_at = RecallState.DONE, now
    session.flush()
    audit.record(session, "recall", "recall.done", "recall", id_of(recall), now)
    note_change(session, "recall", id_of(recall), now)
