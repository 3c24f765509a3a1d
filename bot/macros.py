"""A macro at a ticket: its words for this customer, and what is counted and done when they were said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.promises import timezone_of, told
from bot.replies import closing_words, promise
from handoff.actors import Actor
from handoff.errors import GapsLeft
from handoff.models import Conversation, Customer, Message, Ticket
from handoff.people import account_of
from handoff.rows import id_of
from handoff.sla.models import Clock, ClockKind, ClockState
from handoff.workplace.gaps import GAPS, Filled, fill, gaps_in, is_edited, words_in
from handoff.workplace.macro_deeds import do
from handoff.workplace.macros import MacroRow, count_use
from kb_content.catalogue import open_pages
from store import audit


@dataclass(frozen=True)
class House:
    """What every ticket's macros are filled with. ``address``: of our web pages; ``promise_days``: what the house says
    where nothing is promised, in working days."""

    address: str
    promise_days: int


@dataclass(frozen=True)
class Prepared:
    """The words of a macro for one ticket, in ``language``; what they are made of stays in ``template``."""

    row: MacroRow
    language: str
    filled: Filled
    template: str


def prepare(session: Session, row: MacroRow, ticket: Ticket, agent: str, now: datetime, house: House) -> Prepared:
    """Fill the gaps for the ticket's customer, in the language that they write in. Reads only."""
    conversation = session.get_one(Conversation, ticket.conversation_id)
    language, template = template_for(row, conversation.language)
    values = dict(_values(session, ticket, conversation, row, agent, now, house, gaps_in(template)))
    return Prepared(row, language, fill(template, values), template)


def template_for(row: MacroRow, language: str | None) -> tuple[str, str]:
    """(language, words with gaps). An article that the words have no place for stands below them."""
    spoken, text = words_in(row.macro.texts, language)
    if row.deeds.article and "article" not in gaps_in(text):
        text = f"{text}\n\n{{article}}".strip()
    return spoken or (language or ""), text


def after_reply(
    session: Session, ticket: Ticket, row: MacroRow, said: Message, actor: Actor, now: datetime, *, with_deeds: bool
) -> None:
    """The words went to the customer: count the use, and do what the macro does beside.

    Raises MacroRefused, and GapsLeft where the words still have gaps in them: nothing goes out then.
    """
    if left := [gap for gap in gaps_in(said.text) if gap in GAPS]:
        raise GapsLeft(left)
    language = session.get_one(Conversation, ticket.conversation_id).language
    edited = is_edited(template_for(row, language)[1], said.text)
    said.detail = {**said.detail, "macro": row.macro.name}
    _use(session, ticket, row, actor, now, is_edited=edited, with_deeds=with_deeds)


def without_words(session: Session, ticket: Ticket, row: MacroRow, actor: Actor, now: datetime) -> None:
    """Do what the macro does, and say nothing. Raises MacroRefused."""
    _use(session, ticket, row, actor, now, is_edited=False, with_deeds=True)


def _use(
    session: Session, ticket: Ticket, row: MacroRow, actor: Actor, now: datetime, *, is_edited: bool, with_deeds: bool
) -> None:
    macro, number = row.macro, ticket.number
    told_of = {"macro": id_of(macro), "name": macro.name, "edited": is_edited, "deeds": with_deeds}
    audit.record(session, actor.name, "macro.used", "ticket", id_of(ticket), now, **told_of)
    count_use(session, id_of(macro), is_edited=is_edited)
    if with_deeds:
        do(session, number, row.deeds, macro.title or macro.name, actor, now, closing_words)


def _values(
    session: Session,
    ticket: Ticket,
    conversation: Conversation,
    row: MacroRow,
    agent: str,
    now: datetime,
    house: House,
    wanted: tuple[str, ...],
) -> Iterator[tuple[str, str | None]]:
    """What is known for the gaps that are ``wanted``."""
    customer = session.get_one(Customer, ticket.customer_id)
    yield from (("customer", customer.name), ("agent", agent), ("number", str(ticket.number)))
    yield "subject", ticket.subject
    if "account" in wanted:
        account = account_of(session, customer)
        yield "account", account.name if account else None
    if "promise" in wanted:
        yield "promise", _promise(session, ticket, conversation, now, house)
    if "article" in wanted and row.deeds.article:
        yield "article", article_address(session, row.deeds.article, conversation.language, house.address)


def _promise(session: Session, ticket: Ticket, conversation: Conversation, now: datetime, house: House) -> str:
    """When they hear from us next. Not the first answer: these words are it."""
    owed = select(Clock.due_at).where(
        Clock.ticket_id == ticket.id,
        col(Clock.met_at).is_(None),
        Clock.state == ClockState.RUNNING,
        Clock.kind != ClockKind.FIRST_RESPONSE,
        col(Clock.due_at) > now,
    )
    due = session.exec(owed.order_by(col(Clock.due_at)).limit(1)).first()
    if due is None:
        return promise(house.promise_days, conversation.language)
    return told(due, now, timezone_of(session, ticket.customer_id), conversation.language)


def article_address(session: Session, article_id: str, language: str | None, address: str) -> str | None:
    """The web page of a live article that everybody may read, in their language or in English; None without one."""
    spoken = language or "en"
    for code in dict.fromkeys((spoken, spoken.split("-")[0], "en")):
        if article_id in open_pages(session, code):
            return f"{address}/kb/{code}/{article_id}"
    return None
