"""Solved tickets that were about much the same, and the past of a customer and their account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import Session, select

from handoff import desk
from handoff.accounts import add_account
from handoff.actors import Actor
from handoff.models import Customer, Ticket
from handoff.tickets import ticket_by_number
from handoff.workplace.history import past_of
from handoff.workplace.similar import similar
from store import Database, likeness, reading, transaction

Escalate = Callable[..., int]


def solve(database: Database, number: int, said: str, bob: Actor, now: datetime, words: desk.ClosingWords) -> None:
    with transaction(database) as session:
        desk.reply(session, number, "One moment.", bob, now)
        desk.reply(session, number, said, bob, now)
        desk.note(session, number, "printer printer printer", bob, now)
        desk.resolve(session, number, bob, now, words)


def found(session: Session, number: int) -> list[tuple[int, str | None]]:
    rows = similar(session, ticket_by_number(session, number))
    return [(row.ticket.number, row.reply.text if row.reply else None) for row in rows]


def test_the_reply_that_solved_the_same_matter_is_found(
    database: Database, bob: Actor, escalate: Escalate, words: desk.ClosingWords, now: datetime
) -> None:
    printer = escalate("My printer prints blank pages since the update", "t1")
    invoice = escalate("The invoice of October has the wrong address", "t2")
    solve(database, printer, "Install driver 4.2.", bob, now, words)
    solve(database, invoice, "Corrected.", bob, now, words)
    escalate("printer prints blank pages", "t3")  # not solved
    asked = escalate("Blank pages out of the printer", "t4")
    with reading(database) as session:
        assert found(session, asked) == [(printer, "Install driver 4.2.")]


def test_chinese_is_found_without_spaces(
    database: Database, bob: Actor, escalate: Escalate, words: desk.ClosingWords, now: datetime
) -> None:
    old = escalate("打印机打印出空白页怎么办", "t1")
    solve(database, old, "请安装新驱动。", bob, now, words)
    other = escalate("发票抬头错误", "t2")
    solve(database, other, "已更正。", bob, now, words)
    asked = escalate("打印机出来的都是空白页", "t3")
    with reading(database) as session:
        assert found(session, asked) == [(old, "请安装新驱动。")]


def test_one_of_the_same_category_is_found_in_other_words(
    database: Database, bob: Actor, escalate: Escalate, words: desk.ClosingWords, now: datetime
) -> None:
    old, asked = escalate("Nothing comes out", "t1"), escalate("纸张空白", "t2")
    with transaction(database) as session:
        for one in session.exec(select(Ticket)):
            one.category = "printing"
    with reading(database) as session:
        assert found(session, asked) == []  # nothing is solved yet
    solve(database, old, "New driver.", bob, now, words)
    with reading(database) as session:
        rows = similar(session, ticket_by_number(session, asked))
        assert [(row.ticket.number, row.is_same_category) for row in rows] == [(old, True)]


def test_words_that_everybody_uses_make_nothing_alike(
    database: Database, bob: Actor, escalate: Escalate, words: desk.ClosingWords, now: datetime
) -> None:
    for place in range(45):
        escalate(f"please help me with thing{place}", f"c{place}")
    old = escalate("please help me with the fjord", "t1")
    solve(database, old, "Turn left.", bob, now, words)
    with reading(database) as session:
        weighed = likeness.weights(session, "message", "please help me with the fjord")
        assert "fjord" in weighed
        assert not {"please", "help", "me", "with"} & set(weighed)
        asked = ticket_by_number(session, 1)
        assert similar(session, asked) == []


def test_any_text_can_be_asked_for(database: Database) -> None:
    with reading(database) as session:
        for text in ("", "   ", "\"'|&!*:()", "a" * 10_000, "OR AND NOT NEAR", "🙂"):
            weighed = likeness.weights(session, "message", text)
            assert likeness.alike(session, "message", list(weighed), 10) == []


def test_the_past_of_a_customer_and_their_account(
    database: Database, bob: Actor, escalate: Escalate, words: desk.ClosingWords, now: datetime
) -> None:
    first = escalate("One", "ada")
    solve(database, first, "Done", bob, now, words)
    others = [escalate(f"Matter {place}", f"colleague{place}") for place in range(7)]
    with transaction(database) as session:
        account = add_account(session, "Acme", now)
        for customer in session.exec(select(Customer)):
            customer.account_id = account.id
        session.get_one(Ticket, 1).created_at = now - timedelta(days=3)
    with reading(database) as session:
        past = past_of(session, ticket_by_number(session, others[0]))
        assert (past.tickets, past.unsolved, past.last_at, past.rated) == (1, 1, None, 0)
        assert past.account is not None
        assert past.of_account == 6
        assert [one.ticket.number for one in past.newest_of_account] == others[:1:-1]
        assert past_of(session, ticket_by_number(session, first)).unsolved == 0
