"""What agents do to a ticket, what the customer answers, and who may."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlmodel import select

from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming, advance, history, say
from handoff.errors import (
    ConversationNotFound,
    EmptyText,
    NotAllowed,
    Stale,
    StaleReply,
    Taken,
    TextTooLong,
    TicketClosed,
    TicketNotFound,
    WrongStatus,
)
from handoff.models import Action, Author, Conversation, Delivery, Message, Owner, Role, Ticket, TicketStatus
from handoff.rows import id_of
from handoff.staff import disable_staff
from handoff.tickets import ticket_by_number
from store import Database, reading, transaction
from store.models import Audit


def look(database: Database, number: int) -> tuple[Ticket, Conversation]:
    with reading(database) as session:
        ticket = ticket_by_number(session, number)
        return ticket, session.get_one(Conversation, ticket.conversation_id)


def activities(database: Database, conversation_id: int) -> list[str]:
    with reading(database) as session:
        lines = history(session, conversation_id)
    return [line.message.detail["activity"] for line in lines if "activity" in line.message.detail]


def test_claim_makes_the_ticket_ones_own_and_twice_is_once(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    for _ in range(2):
        with transaction(database) as session:
            assert desk.claim(session, number, bob, now).assignee_id == bob.staff_id
    _, conversation = look(database, number)
    assert activities(database, id_of(conversation)) == ["escalated", "claimed"]


def test_of_two_agents_who_claim_at_once_one_gets_it(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    numbers, together = [escalate() for _ in range(15)], Barrier(2)
    told: list[tuple[str, str]] = []

    def claim_all(actor: Actor) -> list[int]:
        mine = []
        for number in numbers:
            together.wait(60)
            try:
                with transaction(database) as session:
                    desk.claim(session, number, actor, now)
                    mine.append(number)
            except Taken as taken:
                told.append((actor.name, taken.holder))
        return mine

    with ThreadPoolExecutor(2) as pool:
        of_bob, of_eve = pool.map(claim_all, [bob, eve])
    assert sorted(of_bob + of_eve) == numbers
    # Whoever comes too late reads who was first.
    assert sorted(told) == [("bob", "eve")] * len(of_eve) + [("eve", "bob")] * len(of_bob)
    assert all(look(database, number)[0].assignee_id == bob.staff_id for number in of_bob)


def test_take_over_silences_the_bot_and_opens_a_ticket_named_by_the_customers_words(
    database: Database, ask: Callable[..., int], bob: Actor, now: datetime
) -> None:
    conversation_id = ask("My report is\nempty " + "x" * 200)
    with transaction(database) as session:
        ticket = desk.take_over(session, conversation_id, bob, now)
    assert (ticket.reason, ticket.assignee_id, ticket.status) == (None, bob.staff_id, TicketStatus.OPEN)
    assert ticket.subject.startswith("My report is empty x")
    assert len(ticket.subject) == 120
    assert look(database, ticket.number)[1].owner is Owner.HUMAN


def test_take_over_moves_a_ticket_from_one_agent_to_another(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.claim(session, number, bob, now)
    with transaction(database) as session:
        ticket = desk.take_over(session, ticket_by_number(session, number).conversation_id, eve, now)
    assert ticket.assignee_id == eve.staff_id


def test_a_conversation_with_only_a_file_can_be_taken_over(
    database: Database, ask: Callable[..., int], bob: Actor, now: datetime
) -> None:
    conversation_id = ask("")
    with transaction(database) as session:
        assert desk.take_over(session, conversation_id, bob, now).subject == "…"


def record(database: Database, read: Conversation, now: datetime) -> None:
    """The bot records the answer that it found for the conversation as it had read it."""
    with transaction(database) as session:
        advance(session, id_of(read), read.version, read.owner, now)
        say(session, session.get_one(Conversation, read.id), "The bot's answer", Author.BOT, now)


def test_the_bots_answer_is_dropped_when_an_agent_took_over_meanwhile(
    database: Database, ask: Callable[..., int], bob: Actor, now: datetime
) -> None:
    conversation_id = ask()
    with reading(database) as session:
        read = session.get_one(Conversation, conversation_id)
    with transaction(database) as session:
        desk.take_over(session, conversation_id, bob, now)
    with pytest.raises(Stale):
        record(database, read, now)
    with reading(database) as session:
        assert session.exec(select(Delivery)).all() == []


def test_bot_and_agent_at_once_end_with_a_human_and_no_later_word_of_the_bot(
    database: Database, ask: Callable[..., int], bob: Actor, now: datetime
) -> None:
    for _ in range(5):
        conversation_id, together = ask(), Barrier(2)
        with reading(database) as session:
            read = session.get_one(Conversation, conversation_id)

        def answer(read: Conversation = read, together: Barrier = together) -> None:
            together.wait(60)
            with suppress(Stale):
                record(database, read, now)

        def take_over(conversation_id: int = conversation_id, together: Barrier = together) -> None:
            together.wait(60)
            with transaction(database) as session:
                desk.take_over(session, conversation_id, bob, now)

        with ThreadPoolExecutor(2) as pool:
            for future in [pool.submit(answer), pool.submit(take_over)]:
                future.result(60)
        with reading(database) as session:
            lines = [line.message for line in history(session, conversation_id)]
            owner = session.get_one(Conversation, conversation_id).owner
        assert owner is Owner.HUMAN
        taken = next(line.id for line in lines if line.detail.get("activity") == "taken_over")
        assert all(line.id < taken for line in lines if line.author is Author.BOT)  # type: ignore[operator]


def test_a_reply_goes_out_and_makes_an_unassigned_ticket_the_agents(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        message = desk.reply(session, number, "  Hello ada \r\n", bob, now)
    ticket, conversation = look(database, number)
    assert (message.text, message.author, message.private) == ("Hello ada", Author.AGENT, False)
    assert ticket.assignee_id == bob.staff_id
    with reading(database) as session:
        line = history(session, id_of(conversation))[-1]
    assert line.delivery is not None
    assert line.staff_name == "bob"


def test_a_helping_hand_does_not_take_the_ticket_away(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.claim(session, number, bob, now)
        desk.reply(session, number, "I can help too", eve, now)
    assert look(database, number)[0].assignee_id == bob.staff_id


def test_a_reply_to_a_handed_back_or_resolved_ticket_takes_it_back_from_the_bot(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    number = escalate()
    for settle in (
        lambda session: desk.hand_back(session, number, bob, now),
        lambda session: desk.resolve(session, number, bob, now, words),
    ):
        with transaction(database) as session:
            settle(session)
        assert look(database, number)[1].owner is Owner.BOT
        with transaction(database) as session:
            desk.reply(session, number, "One more thing", bob, now)
        ticket, conversation = look(database, number)
        assert (ticket.status, conversation.owner) == (TicketStatus.OPEN, Owner.HUMAN)
        assert (ticket.resolved_at, conversation.closed_at) == (None, None)


@pytest.mark.parametrize("text", ["", "   \n\t", "\x00\x07"[1:], "\u200b\u200e"])
def test_an_empty_reply_is_refused(sqlite_database: Database, bob_on_sqlite: Actor, now: datetime, text: str) -> None:
    with transaction(sqlite_database) as session, pytest.raises(EmptyText):
        desk.reply(session, 1, text, bob_on_sqlite, now)


def test_a_reply_has_at_most_ten_thousand_characters(
    sqlite_database: Database, bob_on_sqlite: Actor, now: datetime
) -> None:
    with transaction(sqlite_database) as session, pytest.raises(TextTooLong):
        desk.reply(session, 1, "x" * 10_001, bob_on_sqlite, now)


@pytest.fixture
def bob_on_sqlite() -> Actor:
    return Actor(None, "bob")


def test_a_reply_written_before_the_customers_last_words_is_refused(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    _, conversation = look(database, number)
    with transaction(database) as session:
        seen = history(session, id_of(conversation))[-1].message.id
        newer = add_incoming(session, conversation, "Never mind, found it", None, now, {})
    with pytest.raises(StaleReply), transaction(database) as session:
        desk.reply(session, number, "Have you tried…", bob, now, seen_message_id=seen)
    with transaction(database) as session:
        desk.reply(session, number, "Great!", bob, now, seen_message_id=newer.id)


def test_a_reply_written_before_a_colleagues_reply_is_refused_and_before_ones_own_is_not(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    _, conversation = look(database, number)
    with transaction(database) as session:
        seen = history(session, id_of(conversation))[-1].message.id
        desk.note(session, number, "Looking at it", Actor(None, "eve"), now)
        desk.reply(session, number, "One moment", bob, now, seen_message_id=seen)
        desk.reply(session, number, "Done", bob, now, seen_message_id=seen)
        said = desk.reply(session, number, "It is on us", Actor(None, "eve"), now)
    with pytest.raises(StaleReply), transaction(database) as session:
        desk.reply(session, number, "That is on you", bob, now, seen_message_id=seen)
    with transaction(database) as session:
        desk.reply(session, number, "As she says", bob, now, seen_message_id=said.id)


def test_a_note_stays_at_the_desk_and_changes_nothing(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    before = look(database, number)[1].version
    with transaction(database) as session:
        assert desk.note(session, number, "She is angry", bob, now).private is True
    ticket, conversation = look(database, number)
    assert (ticket.assignee_id, conversation.version) == (None, before)
    with reading(database) as session:
        assert session.exec(select(Delivery)).all() == []


def test_resolving_asks_the_customer_and_closes_the_conversation(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.resolve(session, number, bob, now, words)
    ticket, conversation = look(database, number)
    assert (ticket.status, ticket.resolved_at, ticket.assignee_id) == (TicketStatus.RESOLVED, now, bob.staff_id)
    assert (conversation.owner, conversation.closed_at) == (Owner.BOT, now)
    with reading(database) as session:
        line = history(session, id_of(conversation))[-1]
    assert line.message.text == "Is it solved?"
    assert [(button.action, button.label) for button in line.buttons] == [
        (Action.SOLVED, "Solved"),
        (Action.NOT_YET, "Not yet"),
    ]


def test_not_yet_opens_the_ticket_again_with_the_same_agent(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.resolve(session, number, bob, now, words)
    with transaction(database) as session:
        desk.not_yet(session, look(database, number)[1], now + timedelta(hours=1))
    ticket, conversation = look(database, number)
    assert (ticket.status, ticket.assignee_id) == (TicketStatus.OPEN, bob.staff_id)
    assert (conversation.owner, conversation.closed_at, conversation.confirmed) == (Owner.HUMAN, None, False)
    assert activities(database, id_of(conversation)) == ["escalated", "resolved", "reopened"]


def test_solved_closes_the_ticket_for_replies_until_it_is_reopened(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.resolve(session, number, bob, now, words)
    with transaction(database) as session:
        desk.confirm_solved(session, look(database, number)[1], now)
    ticket, conversation = look(database, number)
    assert (ticket.status, conversation.confirmed) == (TicketStatus.CLOSED, True)
    with transaction(database) as session, pytest.raises(TicketClosed):
        desk.reply(session, number, "By the way", bob, now)
    with transaction(database) as session:
        desk.reopen(session, number, bob, now)
        desk.reply(session, number, "By the way", bob, now)
    assert look(database, number)[0].status is TicketStatus.OPEN


def test_solved_pressed_after_the_ticket_was_reopened_does_not_close_it(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.resolve(session, number, bob, now, words)
        desk.reopen(session, number, bob, now)
    with transaction(database) as session:
        desk.confirm_solved(session, look(database, number)[1], now)
    ticket, conversation = look(database, number)
    assert (ticket.status, conversation.owner, conversation.confirmed) == (TicketStatus.OPEN, Owner.HUMAN, True)


def test_a_customer_without_a_ticket_has_nothing_to_confirm(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    with transaction(database) as session, pytest.raises(TicketNotFound):
        desk.not_yet(session, session.get_one(Conversation, conversation_id), now)


def test_what_the_status_forbids_changes_nothing(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.hand_back(session, number, bob, now)
        before = (look_in(session, number), len(session.exec(select(Message)).all()))
        with pytest.raises(WrongStatus):
            desk.hand_back(session, number, bob, now)
        assert (look_in(session, number), len(session.exec(select(Message)).all())) == before


def look_in(session: object, number: int) -> dict[str, object]:
    return ticket_by_number(session, number).model_dump()  # type: ignore[arg-type]


def test_unknown_tickets_and_conversations_are_refused(database: Database, bob: Actor, now: datetime) -> None:
    with transaction(database) as session:
        with pytest.raises(TicketNotFound, match="#99"):
            desk.claim(session, 99, bob, now)
        with pytest.raises(ConversationNotFound):
            desk.take_over(session, 99, bob, now)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_only_agents_and_admins_work_tickets(
    database: Database, escalate: Callable[..., int], hire: Callable[..., Actor], now: datetime, role: Role
) -> None:
    number, reader = escalate(), hire("reader", role)
    with transaction(database) as session:
        conversation_id = ticket_by_number(session, number).conversation_id
        for deed in deeds(session, number, conversation_id, reader, now):
            with pytest.raises(NotAllowed):
                deed()


def test_staff_who_were_switched_off_cannot_act(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        disable_staff(session, bob.staff_id or 0, now)
    with transaction(database) as session:
        conversation_id = ticket_by_number(session, number).conversation_id
        for deed in deeds(session, number, conversation_id, bob, now):
            with pytest.raises(NotAllowed):
                deed()


def deeds(
    session: object, number: int, conversation_id: int, actor: Actor, now: datetime
) -> list[Callable[[], object]]:
    words = desk.ClosingWords("?", "yes", "no")
    return [
        lambda: desk.claim(session, number, actor, now),  # type: ignore[arg-type]
        lambda: desk.take_over(session, conversation_id, actor, now),  # type: ignore[arg-type]
        lambda: desk.reply(session, number, "Hello", actor, now),  # type: ignore[arg-type]
        lambda: desk.note(session, number, "Hello", actor, now),  # type: ignore[arg-type]
        lambda: desk.hand_back(session, number, actor, now),  # type: ignore[arg-type]
        lambda: desk.resolve(session, number, actor, now, words),  # type: ignore[arg-type]
        lambda: desk.reopen(session, number, actor, now),  # type: ignore[arg-type]
    ]


def test_an_api_token_works_tickets_under_its_own_name(
    database: Database, escalate: Callable[..., int], now: datetime
) -> None:
    number, token = escalate(), Actor(None, "zapier")
    with transaction(database) as session:
        desk.claim(session, number, token, now)
        desk.reply(session, number, "Hello", token, now)
    ticket, conversation = look(database, number)
    assert (ticket.assignee_id, ticket.status) == (None, TicketStatus.OPEN)
    with reading(database) as session:
        assert [line.staff_name for line in history(session, id_of(conversation))[-2:]] == ["zapier", "zapier"]


def test_every_deed_is_in_the_audit_log_without_a_word_of_what_was_said(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    number = escalate("Canary of ada")
    with transaction(database) as session:
        conversation_id = ticket_by_number(session, number).conversation_id
        desk.claim(session, number, bob, now)
        desk.note(session, number, "Canary note", bob, now)
        desk.reply(session, number, "Canary reply", bob, now)
        desk.hand_back(session, number, bob, now)
        desk.take_over(session, conversation_id, bob, now)
        desk.resolve(session, number, bob, now, words)
        desk.reopen(session, number, bob, now)
    with reading(database) as session:
        rows = session.exec(select(Audit).where(Audit.kind == "ticket").order_by(Audit.id)).all()  # type: ignore[arg-type]
    deeds = ["claimed", "noted", "replied", "handed_back", "taken_over", "resolved", "reopened"]
    assert [row.action for row in rows] == [f"ticket.{deed}" for deed in deeds]
    assert {row.actor for row in rows} == {"bob"}
    assert "anary" not in str([row.model_dump() for row in rows])
