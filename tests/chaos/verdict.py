"""What became of everything that was said: held against what the platforms show, message by message."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chaos.people import Customer, Heard
from sqlmodel import Session, col, func, select

from bot.models import InboxRow, InboxState
from handoff.models import (
    Author,
    Button,
    Delivery,
    DeliveryState,
    Direction,
    Feedback,
    Message,
    Thread,
    Ticket,
)
from store import Database, reading

UNFINISHED_ROWS = (InboxState.NEW, InboxState.WORKING)
UNFINISHED_WORDS = (DeliveryState.READY, DeliveryState.SENDING)


@dataclass
class Verdict:
    """The invariants as counts; ``faults`` says in words what must not be."""

    acts: Counter[str] = field(default_factory=Counter)
    """By channel: messages and presses of customers."""
    words_out: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    answered_twice: Counter[str] = field(default_factory=Counter)
    """By channel: two replies to one message, or more copies of one message than its channel's rule allows."""
    extra_copies: Counter[str] = field(default_factory=Counter)
    most_extra: Counter[str] = field(default_factory=Counter)
    without_doubt: int = 0
    """Extra copies of what was never in doubt."""
    out_of_order: int = 0
    stuck: int = 0
    parked: int = 0
    uncertain: int = 0
    failed: int = 0
    faults: list[str] = field(default_factory=list)

    def blame(self, what: str) -> None:
        self.faults.append(what)


@dataclass
class Words:
    """Something that we said, or are about to say, to one customer."""

    message: Message
    delivery: Delivery
    tokens: frozenset[str]

    @property
    def is_agents(self) -> bool:
        return self.message.author is Author.AGENT


@dataclass
class Talk:
    """All that the database has of one thread."""

    messages: list[Message]
    words: list[Words]
    tickets: dict[int, Ticket]
    """By conversation."""
    thumbs: set[int]
    """The messages that were rated."""


def judge(database: Database, customers: Sequence[Customer]) -> Verdict:
    """Look at everything. Call it once nothing is under way any more."""
    verdict = Verdict()
    with reading(database) as session:
        _look_for_stuck_rows(session, verdict)
        talks = _talks(session)
    for customer in customers:
        verdict.acts[customer.place.channel] += customer.acts
        talk = talks.get((customer.place.channel, customer.place.thread))
        if talk is None:
            verdict.lost += len(customer.said)
            verdict.blame(f"nothing is known of {customer.place.thread}, who said {customer.said}")
            continue
        _what_came_in(customer, talk, verdict)
        _what_went_out(customer, talk, verdict)
    return verdict


def unfinished(session: Session) -> int:
    """Rows that somebody still has to deal with."""
    rows = session.exec(select(func.count()).where(col(InboxRow.state).in_(UNFINISHED_ROWS))).one()
    return rows + session.exec(select(func.count()).where(col(Delivery.state).in_(UNFINISHED_WORDS))).one()


def _look_for_stuck_rows(session: Session, verdict: Verdict) -> None:
    verdict.stuck = unfinished(session)
    for row in session.exec(select(InboxRow).where(col(InboxRow.state).in_(UNFINISHED_ROWS)).limit(5)).all():
        verdict.blame(f"inbox row {row.id} is {row.state.value} for {row.worker} after {row.attempts}: {row.error}")
    for row in session.exec(select(Delivery).where(col(Delivery.state).in_(UNFINISHED_WORDS)).limit(5)).all():
        verdict.blame(f"delivery {row.id} is {row.state.value} for {row.worker} after {row.attempts}: {row.error}")
    verdict.parked = session.exec(select(func.count()).where(InboxRow.state == InboxState.PARKED)).one()
    for row in session.exec(select(InboxRow).where(InboxRow.state == InboxState.PARKED).limit(5)).all():
        verdict.blame(f"inbox row {row.id} was set aside after {row.attempts}: {row.error}")


def _talks(session: Session) -> dict[tuple[str, str], Talk]:
    messages, buttons = defaultdict[int, list[Message]](list), defaultdict[int, set[str]](set)
    for message in session.exec(select(Message).order_by(col(Message.id))).all():
        messages[message.thread_id].append(message)
    for button in session.exec(select(Button)).all():
        buttons[button.message_id].add(button.token)
    deliveries = {each.message_id: each for each in session.exec(select(Delivery)).all()}
    tickets = {ticket.conversation_id: ticket for ticket in session.exec(select(Ticket)).all()}
    thumbs = {each.message_id for each in session.exec(select(Feedback)).all()}
    return {
        (thread.channel, thread.external_id): Talk(
            messages[thread.id or 0],
            [
                Words(each, deliveries[each.id or 0], frozenset(buttons[each.id or 0]))
                for each in messages[thread.id or 0]
                if each.id in deliveries
            ],
            tickets,
            thumbs,
        )
        for thread in session.exec(select(Thread)).all()
    }


# -- in: each message is here once, and was answered once or is with a person ----------------------------------------


def _what_came_in(customer: Customer, talk: Talk, verdict: Verdict) -> None:
    came = Counter(each.text for each in talk.messages if each.direction is Direction.INCOMING)
    for text in customer.said:
        if came[text] == 0:
            verdict.lost += 1
            verdict.blame(f"{customer.place.thread} said {text!r}, which is nowhere")
        elif came[text] > 1:
            verdict.answered_twice[customer.place.channel] += 1
            verdict.blame(f"{customer.place.thread} said {text!r} once, it is there {came[text]} times")
    for asked in customer.asked:
        _was_answered(customer, asked, talk, verdict)
    if customer.asked_for_person:
        promised = [each.message for each in talk.words if each.message.detail.get("reason") == "asked_for_human"]
        if len(promised) > 1:
            verdict.answered_twice[customer.place.channel] += 1
            verdict.blame(f"{customer.place.thread} was handed over {len(promised)} times for asking once")
    is_rated = (
        not customer.presses
        or not customer.place.took_press()
        or any(each.message.id in talk.thumbs for each in talk.words)
    )
    if not is_rated:
        verdict.lost += 1
        verdict.blame(f"the thumb of {customer.place.thread} is nowhere")


def _was_answered(customer: Customer, asked: str, talk: Talk, verdict: Verdict) -> None:
    """Exactly one answer; or none, where a person has the conversation, or had it then."""
    said = next((each for each in talk.messages if each.text == asked and each.direction is Direction.INCOMING), None)
    if said is None:
        return
    answers = [
        each
        for each in talk.messages
        if each.direction is Direction.OUTGOING and asked in str(each.detail.get("question", "")).split("\n")
    ]
    if len(answers) > 1:
        verdict.answered_twice[customer.place.channel] += 1
        verdict.blame(f"{asked!r} of {customer.place.thread} was answered {len(answers)} times")
    # What one turn writes has one time: words that were taken together with others are answered with them.
    is_replied_to = any(each.message.at == said.at and (each.message.id or 0) > (said.id or 0) for each in talk.words)
    if not (answers or is_replied_to or said.conversation_id in talk.tickets):
        verdict.lost += 1
        verdict.blame(f"{asked!r} of {customer.place.thread} was not answered, and no person has it: {_told(talk)}")


# -- out: as many copies as the rule allows, in order ----------------------------------------------------------------


def _what_went_out(customer: Customer, talk: Talk, verdict: Verdict) -> None:
    channel, copies = customer.place.channel, Counter[int]()
    first_seen: list[int] = []
    for heard in customer.place.hears():
        words = _delivered(heard, talk, copies)
        if words is None:
            verdict.blame(f"{customer.place.thread} sees {heard.text[:60]!r}, which nobody said")
            continue
        number = words.message.id or 0
        copies[number] += 1
        if copies[number] == 1:
            first_seen.append(number)
    if first_seen != sorted(first_seen):
        verdict.out_of_order += 1
        verdict.blame(f"{customer.place.thread} got the messages in the order {first_seen}")
    for each in talk.words:
        verdict.words_out[channel] += 1
        _count_copies(channel, each, copies[each.message.id or 0], verdict)


def _delivered(heard: Heard, talk: Talk, copies: Counter[int]) -> Words | None:
    """What we said that the customer sees here: by its mark, else by its words, the least often seen of several."""
    by_mark = [each for each in talk.words if str(each.delivery.id) in heard.marks or each.tokens & set(heard.marks)]
    if by_mark:
        return by_mark[0]
    plain = _plain(heard.text)
    alike = [each for each in talk.words if not each.tokens and _plain(each.message.text) in plain]
    return min(alike, key=lambda each: copies[each.message.id or 0], default=None)


def _count_copies(channel: str, words: Words, seen: int, verdict: Verdict) -> None:
    state, extra = words.delivery.state, max(seen - 1, 0)
    verdict.uncertain += state is DeliveryState.UNCERTAIN
    verdict.failed += state is DeliveryState.FAILED
    name = f"delivery {words.delivery.id} ({channel}, {words.message.author.value}, {state.value})"
    if state is DeliveryState.FAILED:
        verdict.blame(f"{name} failed: {words.delivery.error}")
    if state is DeliveryState.SENT and seen == 0:
        verdict.lost += 1
        verdict.blame(f"{name} is not there")
    if not extra:
        return
    verdict.extra_copies[channel] += extra
    verdict.most_extra[channel] = max(verdict.most_extra[channel], extra)
    if words.delivery.doubts == 0:
        verdict.without_doubt += 1
        verdict.blame(f"{name} is there {seen} times and was never in doubt")
    allowed = 1 if channel == "telegram" and not words.is_agents else 0
    if extra > allowed:
        verdict.answered_twice[channel] += 1
        verdict.blame(f"{name} is there {seen} times after {words.delivery.doubts} doubts")


def _told(talk: Talk) -> list[str]:
    """The talk in short, for whoever looks for a mistake."""
    return [
        f"{each.id} at {each.at:%M:%S.%f}: {each.decision or each.direction.value} {each.text[:30]!r}"
        for each in talk.messages
    ]


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def table(rows: Iterable[tuple[str, Any]]) -> str:
    listed = [(name, str(value)) for name, value in rows]
    wide = max(len(name) for name, _ in listed)
    return "\n".join(f"{name:<{wide}}  {value}" for name, value in listed)


__all__ = ["Verdict", "judge", "table", "unfinished"]
