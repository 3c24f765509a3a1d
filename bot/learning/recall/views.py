"""A recall as a page shows it: whom it concerns, what each was told, and what each reads. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from bot.learning.recall.finding import Scope, Telling, base, scope_of, tellings, versions_of
from bot.learning.recall.models import Recall, RecallRecipient, RecipientState
from bot.learning.recall.recalls import recipient_of
from bot.learning.recall.sending import language_of
from bot.learning.recall.wording import correction, title_of
from handoff.models import Conversation, Customer, Delivery, DeliveryState, Message, Thread, Ticket
from handoff.rows import id_of
from handoff.threads import DESK
from kb_content.html import to_text

A_PAGE = 50


@dataclass(frozen=True)
class Row:
    """One recall in the list."""

    recall: Recall
    title: str
    sent: int
    total: int


@dataclass(frozen=True)
class Wrong:
    """A passage that is recalled, as it said it. ``versions``: the numbers of those that say it."""

    key: str
    heading: str
    text: str
    versions: tuple[int, ...]


@dataclass(frozen=True)
class Recipient:
    """Somebody who was told it. ``state``: what became of them, or would as things are."""

    customer: Customer
    channel: str
    conversation_id: int
    number: int | None
    """The ticket's."""
    told_at: datetime
    quotes: tuple[str, ...]
    state: RecipientState
    words: str
    """What they read, or would read."""
    delivery: DeliveryState | None = None
    """Of the correction that was sent."""


@dataclass(frozen=True)
class Shown:
    """One page of the recipients, how many there are by state, and the languages to write to them in."""

    recipients: tuple[Recipient, ...]
    total: int
    counts: dict[RecipientState, int]
    languages: dict[str, int]


def recalls(session: Session, limit: int = 200) -> list[Row]:
    """The newest first."""
    found = session.exec(select(Recall).order_by(col(Recall.id).desc()).limit(limit)).all()
    ids = [id_of(recall) for recall in found]
    query = rows_of(col(RecallRecipient.recall_id), col(RecallRecipient.state), func.count())
    grouped = query.where(col(RecallRecipient.recall_id).in_(ids)).group_by(
        col(RecallRecipient.recall_id), col(RecallRecipient.state)
    )
    counted: dict[int, dict[RecipientState, int]] = {}
    for recall_id, state, count in session.execute(grouped):
        counted.setdefault(recall_id, {})[state] = count
    return [_row(session, recall, counted.get(id_of(recall), {})) for recall in found]


def wrong_passages(session: Session, scope: Scope) -> list[Wrong]:
    """What is recalled, in the words of the newest version that says it; nothing for a recall of the whole article."""
    found: dict[str, tuple[str, str, list[int]]] = {}
    for version in versions_of(session, scope.article_id, scope.language):
        for passage in version.passages:
            if passage["key"] in scope.passages:
                numbers = found.get(passage["key"], ("", "", []))[2]
                found[passage["key"]] = (passage["heading"], passage["text"], [*numbers, version.number])
    return [Wrong(key, heading, to_text(text), tuple(numbers)) for key, (heading, text, numbers) in found.items()]


def shown(session: Session, recall: Recall, now: datetime, address: str, skip: int = 0) -> Shown:
    """Whom it would go to, before it is begun; afterwards whom it goes to and what became of each."""
    rows = _prepared(session, recall) if recall.begun_at is None else _begun(session, recall)
    some = rows[skip : skip + A_PAGE]
    lines = _lines(session, recall, some, now, address)
    counts = {state: 0 for state in RecipientState}
    for row in rows:
        counts[row.state] += 1
    return Shown(tuple(lines), len(rows), counts, _languages(session, {row.conversation_id for row in rows}))


def _row(session: Session, recall: Recall, counts: dict[RecipientState, int]) -> Row:
    return Row(recall, title_of(session, recall), counts.get(RecipientState.SENT, 0), sum(counts.values()))


def _prepared(session: Session, recall: Recall) -> list[RecallRecipient]:
    """Rows that are not kept: what ``begin`` would make now, those who opted out or cannot be reached among them."""
    told = tellings(session, scope_of(recall))
    silent, gone = _opted_out(session), _unreachable(session, [one.conversation_id for one in told])

    def foreseen(one: Telling) -> RecipientState:
        if one.person in silent:
            return RecipientState.OPTED_OUT
        return RecipientState.UNREACHABLE if one.conversation_id in gone else RecipientState.WAITING

    return [RecallRecipient(**recipient_of(id_of(recall), one), state=foreseen(one)) for one in told]


def _begun(session: Session, recall: Recall) -> list[RecallRecipient]:
    query = select(RecallRecipient).where(RecallRecipient.recall_id == recall.id)
    return list(session.exec(query.order_by(col(RecallRecipient.id))))


def _opted_out(session: Session) -> set[int]:
    """The people (by the customer that stands for them) who do not want to be written to unasked."""
    query = select(Customer).where(col(Customer.no_surveys_at).is_not(None))
    return {customer.joined_to_id or id_of(customer) for customer in session.exec(query)}


def _unreachable(session: Session, conversation_ids: Iterable[int]) -> set[int]:
    wanted = set(conversation_ids)
    query = (
        select(Conversation.id)
        .join(Thread, col(Thread.id) == Conversation.thread_id)
        .where(col(Thread.unreachable).is_not(None) | (col(Thread.channel) == DESK))
    )
    return {one for one in session.exec(query) if one in wanted}


def _languages(session: Session, conversation_ids: Collection[int]) -> dict[str, int]:
    """How many are written to in each language, the most frequent first."""
    ordered, counts = sorted(conversation_ids), dict[str, int]()
    for start in range(0, len(ordered), 500):
        query = (
            select(Conversation.language, Customer.prefers_language)
            .join(Customer, col(Customer.id) == Conversation.customer_id)
            .where(col(Conversation.id).in_(ordered[start : start + 500]))
        )
        for language, preferred in session.exec(query):
            code = base(preferred or language)
            counts[code] = counts.get(code, 0) + 1
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _lines(
    session: Session, recall: Recall, rows: Sequence[RecallRecipient], now: datetime, address: str
) -> list[Recipient]:
    return [_line(session, recall, row, now, address) for row in rows]


def _line(session: Session, recall: Recall, row: RecallRecipient, now: datetime, address: str) -> Recipient:
    customer, message = session.get_one(Customer, row.customer_id), session.get_one(Message, row.message_id)
    conversation = session.get_one(Conversation, row.conversation_id)
    sent = session.get(Message, row.sent_message_id) if row.sent_message_id else None
    words = sent.text if sent else _would_read(session, recall, customer, conversation, message, now, address)
    return Recipient(
        customer,
        session.get_one(Thread, conversation.thread_id).channel,
        row.conversation_id,
        session.exec(select(Ticket.number).where(Ticket.conversation_id == row.conversation_id)).first(),
        message.at,
        quotes_of(message, scope_of(recall)),
        row.state,
        words,
        _delivery(session, sent) if sent else None,
    )


def quotes_of(message: Message, scope: Scope) -> tuple[str, ...]:
    """What the message told of it: the words that its citations quote, or the link in it."""
    cited = [
        str(one.get("quote") or one.get("title") or "")
        for one in message.detail.get("citations") or ()
        if one.get("article") == scope.article_id and scope.holds(one.get("version", 0), one.get("passage", ""))
    ]
    page = f"/kb/{scope.language}/{scope.article_id}"
    return tuple(cited) or tuple(word for word in message.text.split() if page in word)[:1]


def _would_read(
    session: Session,
    recall: Recall,
    customer: Customer,
    conversation: Conversation,
    message: Message,
    now: datetime,
    address: str,
) -> str:
    language = language_of(customer, conversation)
    return correction(session, recall, language, message.at, id_of(customer), now, address).text


def _delivery(session: Session, sent: Message) -> DeliveryState | None:
    query = select(Delivery).where(Delivery.message_id == sent.id, Delivery.thread_id == sent.thread_id)
    delivery = session.exec(query).first()
    return delivery.state if delivery else None


__all__ = ["A_PAGE", "Recipient", "Row", "Shown", "Wrong", "quotes_of", "recalls", "shown", "wrong_passages"]
