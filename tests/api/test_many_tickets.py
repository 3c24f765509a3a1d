"""The rows of ``make bench-desk``, few of them: they are a desk that the console can show."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import func, select

from api.console.search import search
from bench.desk import NOW, SEARCHES, Size, deeds
from bench.desk_rows import lay_out
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from handoff.models import Message, Ticket
from handoff.tickets import open_ticket
from handoff.views import ticket_list
from store import Database, reading, transaction

pytestmark = pytest.mark.any_database

SIZE = Size(400)


def made(database: Database) -> None:
    with database.writer.begin() as connection:
        lay_out(connection, SIZE)


def test_a_made_up_desk_has_what_its_size_says_and_its_newest_tickets_are_unsolved(database: Database) -> None:
    made(database)
    with reading(database) as session:
        assert session.exec(select(func.count()).select_from(Ticket)).one() == 400
        assert session.exec(select(func.count()).select_from(Message)).one() == SIZE.messages == 4000
        assert {row.number for row in ticket_list(session, "open")} <= set(range(377, 401))
        assert ticket_list(session, "open")


def test_every_deed_that_is_timed_can_be_done(database: Database) -> None:
    made(database)
    for deed in deeds(SIZE).values():
        with reading(database) as session:
            deed(session)
    with reading(database) as session:
        # What is timed finds something.
        assert all(search(session, asked, 50) for asked in SEARCHES)
        assert search(session, "#123", 50)[0].number == 123
        assert search(session, "O’Brien", 50) == search(session, "O'Brien", 50)


def test_the_desk_goes_on_after_the_made_up_rows(database: Database) -> None:
    made(database)
    now = NOW + timedelta(minutes=1)
    with transaction(database) as session:
        customer = find_customer(session, "web", "somebody new", now)
        thread = find_thread(session, "web", "somebody new", now)
        conversation = open_conversation(session, thread, customer, "en", now)
        add_incoming(session, conversation, "a question about unicorns", "1", now)
        assert open_ticket(session, conversation, None, "unicorns", now).number == 401
    with reading(database) as session:
        assert [found.number for found in search(session, "unicorns", 5)] == [401]
