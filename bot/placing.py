"""Which conversation a message belongs to, and where that conversation stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_
from sqlmodel import Session, col, select

from bot.adding import ABOUT, conversation_of, own_number
from bot.awaiting import NOTHING, Aside, awaited
from bot.channels.base import Inbound
from bot.decisions import Why
from bot.matters import merged, spoken_in_last
from bot.models import InboxRow
from bot.policy import Standing
from bot.said import (
    answered_in,
    asked_in,
    before_of,
    choices_of,
    has_clarified,
    is_answer,
    left_in,
    offered_in,
    said_lately,
)
from bot.talks import talk_of
from bot.whereabouts import Whereabouts, find
from handoff.models import (
    Button,
    Conversation,
    Customer,
    Message,
    Owner,
    SentPart,
    Thread,
    Ticket,
)
from handoff.rows import id_of
from handoff.tickets import open_tickets_of
from retrieval.followups import Before
from store.columns import Utc
from store.prepared import Prepared

IDLE = timedelta(hours=24)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Place:
    """A conversation as it was when looked at: ``recording`` refuses to go on if it moved since."""

    conversation_id: int | None = None
    """None: the message opens a new one."""
    version: int = 0
    owner: Owner = Owner.BOT
    is_closed: bool = False
    is_reply_to_closing: bool = False
    """The customer answers the words that closed it, or names its ticket."""
    language: str | None = None
    is_unreachable: bool = False
    """The thread is marked so; a message from it says that it is not."""
    last_question: str | None = None
    asked_after: str | None = None
    """The earlier question together with which ``last_question`` was understood."""
    before: Before | None = None
    """What this customer and the bot talked about last."""
    choices: tuple[Button, ...] = ()
    """The buttons of the clarifying question that the bot has just asked this customer."""
    left: tuple[Button, ...] = ()
    """The buttons of the clarifying question whose chosen answer this customer has just got."""
    told: frozenset[str] = frozenset()
    """The texts of the bot's answers here."""
    button: Button | None = None
    also: tuple[Button, ...] = ()
    """Further choices that the customer's words take together with ``button``."""
    adds_to: int | None = None
    """The number of the customer's own ticket to which this is to be added; the place is its conversation if that is in
    this thread."""
    aside: Aside | None = None
    """The question about us that the bot has just asked this customer."""
    standing: Standing = field(default_factory=Standing)

    @property
    def pressed(self) -> tuple[Button, ...]:
        """All buttons that count as pressed with this message."""
        return (self.button, *self.also) if self.button else ()

    def in_aside(self) -> Place:
        """The same, where what answers a question about us belongs."""
        if self.aside is None:
            return self
        aside = self.aside
        return replace(self, conversation_id=aside.conversation_id, version=aside.version, owner=aside.owner)


def look(
    session: Session,
    inbound: Inbound,
    row: InboxRow,
    now: datetime,
    *,
    is_thanks: bool,
    found: Whereabouts | None = None,
) -> Place:
    """Where ``inbound`` belongs. Reads only. ``found``: by ``find``, in the same session."""
    found = found or find(session, inbound)
    thread, newest = found.thread, found.newest
    customer_id = found.customer.id if found.customer else None
    pace = _pace(session, row)
    if thread is None:
        return Place(
            adds_to=own_number(session, inbound, customer_id, None, None), standing=Standing(messages_this_minute=pace)
        )
    button = button_of(session, inbound, thread)
    asks = NOTHING if inbound.press or inbound.command else awaited(session, thread, customer_id, now)
    adds_to = own_number(session, inbound, customer_id, thread, asks.add_to)
    named = _named(session, inbound, thread, customer_id, button, adds_to)
    open_tickets = open_tickets_of(session, customer_id) if customer_id is not None else ()
    named = named if inbound.press else merged(session, named)
    if named is None and newest is not None:
        newest = spoken_in_last(session, merged(session, newest) or newest, open_tickets)
    chosen = named or (newest if newest and continues(newest, now, is_thanks=is_thanks) else None)
    seen = Standing(messages_this_minute=pace, open_tickets=tuple(ticket.number for ticket in open_tickets))
    if chosen is None:
        return Place(
            button=button,
            is_unreachable=thread.unreachable is not None,
            adds_to=adds_to,
            aside=asks.aside,
            standing=seen,
        )
    place = _describe(session, chosen, inbound, customer_id, seen, button, row.received_at, now)
    return replace(
        place,
        button=button,
        is_unreachable=thread.unreachable is not None,
        is_reply_to_closing=named is not None and place.is_closed and button is None and adds_to is None,
        adds_to=adds_to,
        aside=asks.aside,
    )


def continues(newest: Conversation, now: datetime, *, is_thanks: bool) -> bool:
    """Whether a message that names nothing goes on with the thread's newest conversation."""
    if newest.closed_at is not None:
        # Thanks after "resolved" change nothing: they are not a new matter.
        return is_thanks
    return newest.owner is Owner.HUMAN or now - newest.last_message_at < IDLE


def _pace(session: Session, row: InboxRow) -> int:
    """How many events of this thread came within the minute up to this one, itself included."""
    place = {"channel": row.channel, "thread_key": row.thread_key, "row_id": row.id}
    return int(_PACE.scalar(session, **place, since=row.received_at - MINUTE))


def button_of(session: Session, inbound: Inbound, thread: Thread) -> Button | None:
    """The button that was pressed; one of another thread, or under another customer's conversation, is none here."""
    if inbound.press is None:
        return None
    query = (
        select(Button)
        .join(Message)
        .join(Conversation)
        .join(Customer)
        .where(
            Button.token == inbound.press,
            Message.thread_id == thread.id,
            Customer.external_id == inbound.customer,
            Customer.channel == inbound.channel,
        )
    )
    return session.exec(query).first()


def _named(
    session: Session,
    inbound: Inbound,
    thread: Thread,
    customer_id: int | None,
    button: Button | None,
    adds_to: int | None,
) -> Conversation | None:
    """The conversation that the message points to: by its button, by the ticket it is to be added to, by the message it
    answers, or by "About #12"."""
    if button is not None:
        message = session.get_one(Message, button.message_id)
        return session.get_one(Conversation, message.conversation_id)
    if adds_to is not None:
        return conversation_of(session, adds_to, thread)
    if inbound.reply_to is not None:
        found = _answered(session, thread, inbound.reply_to)
        if found is not None and (not inbound.is_shared or found.customer_id == customer_id):
            return found
    if about := ABOUT.match(inbound.text):
        return session.exec(
            select(Conversation)
            .join(Ticket)
            .where(
                Ticket.number == int(about[1]), Ticket.customer_id == customer_id, Conversation.thread_id == thread.id
            )
        ).first()
    return None


def _answered(session: Session, thread: Thread, external_id: str) -> Conversation | None:
    """The conversation that has the message which the channel calls ``external_id``, or a part of it."""
    part = select(SentPart.message_id).where(SentPart.thread_id == thread.id, SentPart.external_id == external_id)
    is_it = or_(col(Message.external_id) == external_id, col(Message.id).in_(part))
    return session.exec(select(Conversation).join(Message).where(Message.thread_id == thread.id, is_it)).first()


def _describe(
    session: Session,
    conversation: Conversation,
    inbound: Inbound,
    customer_id: int | None,
    seen: Standing,
    button: Button | None,
    came_at: datetime,
    now: datetime,
) -> Place:
    talk = talk_of(session, id_of(conversation))
    said, asked = talk.said, talk.asked
    above = session.get(Message, button.message_id) if button else said[-1] if said else None
    about, is_own = asked_in(above), conversation.customer_id == customer_id
    return Place(
        conversation_id=conversation.id,
        version=conversation.version,
        owner=conversation.owner,
        is_closed=conversation.closed_at is not None,
        language=conversation.language,
        last_question=about.get("question") or (asked.text if asked and "command" not in asked.detail else None),
        asked_after=about.get("before"),
        # What others wrote in a shared place is no context for this customer's words.
        before=before_of(said) if is_own else None,
        choices=choices_of(session, said) if is_own else (),
        left=left_in(session, said) if is_own else (),
        told=frozenset(message.text for message in said if is_answer(message)),
        standing=replace(
            seen,
            owner=conversation.owner,
            ticket=talk.ticket,
            has_clarified=has_clarified(said),
            offered=offered_in(said),
            said_lately=said_lately(said, came_at),
            has_declined=bool(said) and said[-1].detail.get("why") in (Why.FOREIGN.value, Why.VAGUE.value),
            answered=tuple(pair for message in said for pair in answered_in(message)),
            was_told_to_slow_down=any(m.detail.get("why") == Why.TOO_FAST.value and now - m.at < MINUTE for m in said),
            is_onlooker=not inbound.is_addressed and conversation.customer_id != customer_id,
            is_more_of_album=inbound.album is not None
            and asked is not None
            and asked.detail.get("album") == inbound.album,
        ),
    )


# Built once: every message asks it.
_PACE = Prepared(
    select(func.count(col(InboxRow.id))).where(
        InboxRow.channel == bindparam("channel"),
        InboxRow.thread_key == bindparam("thread_key"),
        col(InboxRow.received_at) > bindparam("since", type_=Utc),
        col(InboxRow.id) <= bindparam("row_id"),
    )
)
