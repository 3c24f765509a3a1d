"""Lists of tickets are the same on both databases, whatever they are chosen by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from sqlmodel import Session

from handoff.actors import Actor
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from handoff.errors import BadFilter
from handoff.models import Conversation, Priority, Reason, Role
from handoff.rows import id_of
from handoff.staff import add_staff
from handoff.ticketing.sorting import set_tags
from handoff.tickets import open_ticket, ticket_by_number
from handoff.workplace import listing
from handoff.workplace.filters import NAMES, Viewer, pairs_of, read
from handoff.workplace.unread import mark_read, to_read
from store import Database, reading, transaction

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ASKED = (
    "status=any",
    "assignee=-",
    "team=-",
    "priority=P1",
    "tier=1",
    "due=late",
    "unread=yes",
    "waits_for=-",
    "tag=csv",
    "tag=-",
    "category=-",
    "reason=no_knowledge",
    "channel=web",
    "language=zh",
    "plan=-",
    "source=channel",
    "text=export",
    "sort=priority",
)


def opened(session: Session, text: str, customer: str, language: str, priority: Priority) -> int:
    thread = find_thread(session, "web", customer, NOW)
    conversation = open_conversation(session, thread, find_customer(session, "web", customer, NOW), language, NOW)
    add_incoming(session, conversation, text, None, NOW, {})
    conversation = session.get_one(Conversation, id_of(conversation))
    return open_ticket(session, conversation, Reason.NO_KNOWLEDGE, text, NOW, priority=priority).number


@pytest.fixture
def viewer(database: Database) -> Viewer:
    """Somebody who looks at three tickets, has read the first, and whose second is late."""
    with transaction(database) as session:
        staff = add_staff(session, "bob@example.com", "bob", Role.AGENT, NOW)
        one = opened(session, "the export is empty", "ada", "en", Priority.P2)
        two = opened(session, "export again", "grace", "en", Priority.P1)
        opened(session, "密码忘了", "linus", "zh", Priority.P2)
        set_tags(session, one, ["csv"], Actor(id_of(staff), "bob"), NOW)
        ticket_by_number(session, two).due_at = NOW - timedelta(hours=1)
        read_to = to_read(session, ticket_by_number(session, one), id_of(staff))
        mark_read(session, id_of(ticket_by_number(session, one)), id_of(staff), read_to or 0, NOW)
        return Viewer(id_of(staff), NOW)


def numbers(database: Database, query: str, viewer: Viewer) -> set[int]:
    filters = read((name, value) for name, _, value in (pair.partition("=") for pair in query.split("&")))
    with reading(database) as session:
        return set(listing.numbers(session, filters, viewer, 50))


def rows(database: Database, query: str, viewer: Viewer) -> set[int]:
    """As a page shows them, and as they are counted beside it."""
    filters = read([(query.partition("=")[0], query.partition("=")[2])])
    with reading(database) as session:
        found = {row.number for row in listing.rows(session, filters, viewer, 50)}
        assert listing.count(session, filters, viewer) == len(found), query
    return found


def test_two_filters_choose_what_both_choose(database: Database, viewer: Viewer) -> None:
    alone = {query: rows(database, query, viewer) for query in ASKED}
    assert alone["unread=yes"] == {2, 3}
    assert alone["text=export"] == {1, 2}
    assert alone["due=late"] == {2}
    assert alone["tag=-"] == {2, 3}
    for one, other in combinations(ASKED, 2):
        if one.partition("=")[0] != other.partition("=")[0]:
            assert numbers(database, f"{one}&{other}", viewer) == alone[one] & alone[other], (one, other)


def test_two_values_of_a_filter_choose_what_either_chooses(database: Database, viewer: Viewer) -> None:
    assert numbers(database, "priority=P1&priority=P2", viewer) == {1, 2, 3}
    assert numbers(database, "tag=csv&tag=-", viewer) == {1, 2, 3}
    assert numbers(database, "language=zh&language=fr", viewer) == {3}


def test_work_comes_by_promise_and_then_by_urgency(database: Database, viewer: Viewer) -> None:
    with reading(database) as session:
        assert listing.numbers(session, {}, viewer, 50) == [2, 1, 3]
        assert listing.numbers(session, read([("status", "any")]), viewer, 50) == [3, 2, 1]
        assert listing.numbers(session, read([("status", "any"), ("sort", "promise")]), viewer, 50) == [2, 1, 3]


def test_what_is_read_once_stays_read(database: Database, viewer: Viewer) -> None:
    with transaction(database) as session:
        ticket_id = id_of(ticket_by_number(session, 1))
        mark_read(session, ticket_id, viewer.staff_id, 0, NOW)
        assert to_read(session, ticket_by_number(session, 1), viewer.staff_id) is None


def test_an_address_says_the_same_filters_again() -> None:
    given = [
        ("unread", "yes"),
        ("status", "open"),
        ("tag", " two  words "),
        ("status", "open"),
        ("moon", "full"),
        ("team", ""),
    ]
    filters = read(given)
    assert filters == {"status": ("open",), "unread": ("yes",), "tag": ("two words",)}
    assert read(pairs_of(filters)) == filters
    assert list(filters) == [name for name in NAMES if name in filters]


def test_no_more_values_than_a_person_would_choose() -> None:
    with pytest.raises(BadFilter):
        read(("tag", str(each)) for each in range(21))
    with pytest.raises(BadFilter):
        read([("team", "a" * 201)])
