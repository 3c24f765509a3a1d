"""What must leave the process: claimed by a worker in the order of each thread, then marked with what became of it.

What a person does about those that did not arrive, or may not have, is in ``handoff.unsettled``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, and_, bindparam, func, or_, true, update
from sqlalchemy import select as rows_of
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from handoff import holding
from handoff.copies import EMAIL
from handoff.holding import give_back, has_outlived, held, release_worker, renew
from handoff.marking import (
    keep,
    keep_part,
    mark_failed,
    mark_in_doubt,
    mark_ready,
    mark_sent,
    mark_uncertain,
)
from handoff.models import (
    Attachment,
    Author,
    Button,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    SentPart,
    Staff,
    Thread,
    Ticket,
)
from handoff.rows import id_of
from handoff.transcript import buttons_of, files_of
from handoff.unsettled import Figures, dismiss, figures, resend
from store.columns import Utc, table_of
from store.models import StoredFile
from store.prepared import Prepared, is_one_of
from store.records import record_at, width

__all__ = [
    "UNFINISHED",
    "About",
    "Claimed",
    "Figures",
    "Outlook",
    "claim",
    "dismiss",
    "figures",
    "give_back",
    "has_outlived",
    "has_unsent",
    "held",
    "keep",
    "keep_part",
    "mark_failed",
    "mark_in_doubt",
    "mark_ready",
    "mark_sent",
    "mark_uncertain",
    "next_due",
    "outlook",
    "release_worker",
    "renew",
    "resend",
]

UNFINISHED = (DeliveryState.READY, DeliveryState.SENDING)


@dataclass(frozen=True)
class About:
    """What words are about, for a place that does not show the conversation around them: a mail, say."""

    number: int | None
    """The ticket's."""
    subject: str
    language: str
    channel: str
    """Where the conversation is."""
    is_for_staff: bool = False


@dataclass(frozen=True)
class Claimed:
    """A delivery that this worker alone may carry out until its lease ends, with all that is sent."""

    delivery: Delivery
    message: Message
    thread: Thread
    buttons: tuple[Button, ...] = ()
    files: tuple[StoredFile, ...] = ()
    author: str | None = None
    """Who of the staff says it; None for the bot."""
    spot: str | None = None
    """Where in the thread the customer's last words before it were said, as the channel put it."""
    sent: tuple[str, ...] = ()
    """The channel's ids of its parts that an earlier attempt brought there."""
    about: About | None = None
    """Of words that go where the conversation around them does not show."""

    @property
    def is_copy(self) -> bool:
        """Whether it goes to another place than the conversation's own."""
        return self.delivery.thread_id != self.message.thread_id


def claim(
    session: Session,
    now: datetime,
    worker: str,
    limit: int,
    lease_seconds: float | None = None,
    *,
    channels: Collection[str] | None = None,
    thread_id: int | None = None,
) -> list[Claimed]:
    """Up to ``limit`` deliveries that are due, at most one of each thread: its oldest unfinished one, for
    ``lease_seconds``, else ``holding.LEASE``.

    ``channels`` and ``thread_id`` leave all others to other workers.
    """
    lease = holding.LEASE if lease_seconds is None else timedelta(seconds=lease_seconds)
    which: dict[str, Any] = {} if channels is None else {"channels": tuple(channels)}
    if thread_id is not None:
        which["in_thread"] = thread_id
    # No change is noted: nobody waits for a delivery to be begun, and the loop that waits for one to begin began it.
    return _claimed(session, _taken(session, now, worker, limit, now + lease, which))


def claim_new(
    session: Session, now: datetime, worker: str, delivery_ids: Collection[int], channels: Collection[str]
) -> list[Claimed]:
    """As ``claim``, of these that nobody has tried to send yet: for whoever has just written them."""
    which = {"channels": tuple(channels), "untried": tuple(delivery_ids)}
    return _claimed(session, _taken(session, now, worker, len(delivery_ids), now + holding.LEASE, which))


class Outlook(NamedTuple):
    """What a loop wants to know before it claims."""

    channels: frozenset[str]
    """Those that have a delivery which ``claim`` would take."""
    next_due: datetime | None
    """When the next delivery that is put off becomes due."""
    ready: int
    """How many deliveries wait to be sent, whether or not they may be by now; not counted beyond what was asked for."""


def outlook(session: Session, now: datetime, most: int) -> Outlook:
    """Reads only."""
    rows = _OUTLOOK.rows(session, now=now, most=most)
    _, next_due, ready = rows[0]
    return Outlook(frozenset(channel for channel, *_ in rows if channel is not None), next_due, ready)


def next_due(session: Session, now: datetime) -> datetime | None:
    """When the next delivery that is put off becomes due; None without one. Reads only."""
    due: datetime | None = _NEXT.scalar(session, now=now)
    return due


def has_unsent(session: Session, thread_id: int) -> bool:
    """Whether words for this thread are still on their way. Reads only."""
    here = (Delivery.thread_id == thread_id, col(Delivery.state).in_(UNFINISHED))
    return session.exec(select(Delivery.id).where(*here).limit(1)).first() is not None


def _taken(
    session: Session,
    now: datetime,
    worker: str,
    limit: int,
    until: datetime,
    which: Mapping[str, Any],
) -> list[Delivery]:
    """What is due, taken until then, the oldest first."""
    if limit <= 0 or any(each == () for each in which.values()):
        return []
    wanted = {"now": now, "most": limit, "by": worker, "until": until}
    taken = _taking(*which).records(Delivery, session, **wanted, **which)
    return sorted(taken, key=lambda delivery: delivery.id or 0)


def _is_due(now: Any) -> ColumnElement[bool]:
    """Whether a delivery may be sent now: it is ready, and nothing before it in its thread is unfinished."""
    other = aliased(Delivery)
    # A later one may be under way when somebody sends an old one again.
    is_before = and_(col(other.id) < col(Delivery.id), col(other.state).in_(UNFINISHED))
    is_under_way = col(other.state) == DeliveryState.SENDING
    is_behind = select(other.id).where(other.thread_id == Delivery.thread_id, or_(is_before, is_under_way))
    return and_(col(Delivery.state) == DeliveryState.READY, col(Delivery.not_before) <= now, ~is_behind.exists())


# Built once: the delivery loop asks them again and again.
_DELIVERIES = table_of(Delivery)
_NOW = bindparam("now", type_=Utc)
_WHICH = {
    "channels": select(Thread.id)
    .where(Thread.id == Delivery.thread_id, col(Thread.channel).in_(bindparam("channels", expanding=True)))
    .exists(),
    "in_thread": col(Delivery.thread_id) == bindparam("in_thread"),
    "untried": and_(col(Delivery.id).in_(bindparam("untried", expanding=True)), col(Delivery.attempts) == 0),
}


@cache
def _taking(*which: str) -> Prepared:
    """Take what is due, of these alone."""

    # PostgreSQL looks at a row again once it has the lock, so nobody gets one that another worker just took.
    due = (
        select(Delivery.id)
        .where(_is_due(_NOW), *(_WHICH[each] for each in which))
        .order_by(col(Delivery.id))
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .correlate(None)
    )

    def statement(is_postgres: bool) -> Executable:
        return (
            update(_DELIVERIES)
            .where(is_one_of(_DELIVERIES.c.id, due, is_postgres))
            .values(
                state=DeliveryState.SENDING,
                worker=bindparam("by"),
                lease_until=bindparam("until"),
                attempts=_DELIVERIES.c.attempts + 1,
            )
            .returning(*_DELIVERIES.c)
        )

    return Prepared(statement)


_CHANNELS_DUE = (
    select(Thread.channel).join(Delivery, col(Delivery.thread_id) == Thread.id).where(_is_due(_NOW)).distinct()
)
_READY = select(Delivery.id).where(Delivery.state == DeliveryState.READY).limit(bindparam("most")).subquery()
_NEXT_DUE = (
    select(Delivery.not_before)
    .where(Delivery.state == DeliveryState.READY, col(Delivery.not_before) > _NOW)
    .order_by(col(Delivery.not_before))
    .limit(1)
)
_NEXT = Prepared(_NEXT_DUE)
_DUE_CHANNELS = _CHANNELS_DUE.subquery()
_FIGURES = select(
    _NEXT_DUE.scalar_subquery().label("next_due"),
    select(func.count()).select_from(_READY).scalar_subquery().label("ready"),
).subquery()
_OUTLOOK = Prepared(
    rows_of(_DUE_CHANNELS.c.channel, _FIGURES.c.next_due, _FIGURES.c.ready).select_from(
        _FIGURES.outerjoin(_DUE_CHANNELS, true())
    )
)


def _claimed(session: Session, deliveries: Sequence[Delivery]) -> list[Claimed]:
    """These deliveries with all that is sent, asked of the database for all at once."""
    if not deliveries:
        return []
    message_ids = [delivery.message_id for delivery in deliveries]
    rows = _SENT_WITH.rows(session, ids=tuple(id_of(delivery) for delivery in deliveries))
    beside = {row[0]: _Beside.of(row) for row in rows}
    # Most words have buttons, few have files.
    buttons = buttons_of(session, message_ids)
    with_files = [each.message_id for each in deliveries if beside[id_of(each)].has_files]
    files = files_of(session, with_files) if with_files else {}
    return [
        _whole(session, each, beside[id_of(each)], buttons.get(each.message_id, ()), files.get(each.message_id, ()))
        for each in deliveries
    ]


def _whole(
    session: Session,
    delivery: Delivery,
    beside: _Beside,
    buttons: tuple[Button, ...],
    files: tuple[StoredFile, ...],
) -> Claimed:
    message, thread = beside.message, beside.thread
    is_here = thread.id == message.thread_id
    return Claimed(
        delivery,
        message,
        thread,
        buttons,
        files,
        author=beside.staff_name if message.author is Author.AGENT else None,
        spot=(beside.said_before or {}).get("spot") if is_here else None,
        sent=_sent(session, message) if is_here else (),
        about=None if is_here and thread.channel != EMAIL else _about(session, message, thread),
    )


@dataclass(frozen=True)
class _Beside:
    """What is sent with a delivery, as ``_SENT_WITH`` finds it."""

    message: Message
    thread: Thread
    staff_name: str | None
    said_before: dict[str, Any] | None
    """The detail of the customer's last words before it."""
    has_files: bool

    @classmethod
    def of(cls, row: Sequence[Any]) -> _Beside:
        at_thread = 1 + width(Message)
        return cls(record_at(Message, row, 1), record_at(Thread, row, at_thread), *row[at_thread + width(Thread) :])


def _about(session: Session, message: Message, place: Thread) -> About:
    query = (
        rows_of(col(Ticket.number), col(Ticket.subject), col(Conversation.language), col(Thread.channel))
        .select_from(Conversation)
        .join(Thread, col(Thread.id) == Conversation.thread_id)
        .outerjoin(Ticket, col(Ticket.conversation_id) == Conversation.id)
        .where(col(Conversation.id) == message.conversation_id)
    )
    number, subject, language, channel = session.execute(query).one()
    return About(number, subject or "", language, channel, place.is_staff)


def _sent(session: Session, message: Message) -> tuple[str, ...]:
    # Its own id is there before it is sent only when an attempt ended between two parts.
    if message.external_id is None:
        return ()
    parts = select(SentPart.external_id).where(SentPart.message_id == message.id).order_by(col(SentPart.number))
    return message.external_id, *session.exec(parts).all()


_earlier = aliased(Message)
_SAID_BEFORE = (
    select(_earlier.detail)
    .where(
        _earlier.conversation_id == Message.conversation_id,
        _earlier.direction == Direction.INCOMING,
        col(_earlier.id) < col(Message.id),
    )
    .order_by(col(_earlier.id).desc())
    .limit(1)
    .scalar_subquery()
)
_HAS_FILES = select(Attachment.file_id).where(Attachment.message_id == Message.id).exists()
_SENT_WITH = Prepared(
    rows_of(_DELIVERIES.c.id, *table_of(Message).c, *table_of(Thread).c, col(Staff.name), _SAID_BEFORE, _HAS_FILES)
    .join(Message, col(Message.id) == Delivery.message_id)
    .join(Thread, col(Thread.id) == Delivery.thread_id)
    .outerjoin(Staff, col(Staff.id) == Message.staff_id)
    .where(col(Delivery.id).in_(bindparam("ids", expanding=True)))
)
