"""What agents say of a ticket: how urgent it is, which tier it needs, what it is about, what it has to do with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlmodel import Session, select

from handoff import desk
from handoff.actors import Actor
from handoff.conversations import history
from handoff.errors import (
    BadAddress,
    BadTag,
    BadTier,
    DiagnosisNeeded,
    NotMarkable,
    ReasonNeeded,
    SameTicket,
    TicketNotFound,
)
from handoff.models import Conversation, Impact, Priority, Reason, Urgency
from handoff.rows import id_of
from handoff.ticketing import levels, links, marks, sorting
from handoff.ticketing.events import events_of
from handoff.ticketing.marks import Mark
from handoff.ticketing.models import Happened, LinkKind, TicketEvent
from handoff.ticketing.priorities import MATRIX, priority_of, propose
from handoff.tickets import open_ticket, ticket_by_number
from store import Database, reading, transaction
from store.models import Audit

P0, P1, P2, P3 = Priority


def test_the_matrix_is_complete_and_never_falls_with_impact_or_urgency() -> None:
    assert [[priority_of(impact, urgency) for urgency in Urgency] for impact in Impact] == [
        [P3, P2, P2],
        [P3, P2, P1],
        [P2, P1, P0],
    ]
    for rows in MATRIX.values():
        assert all(more.value <= less.value for less, more in pairwise(rows[urgency] for urgency in Urgency))


@pytest.mark.parametrize(
    ("at_least", "reason", "alike", "proposed"),
    [
        (P2, Reason.NO_KNOWLEDGE, 0, P2),
        (P3, Reason.ASKED_FOR_HUMAN, 0, P3),
        (P3, Reason.NEGATIVE_FEEDBACK, 0, P2),
        (P1, Reason.NO_KNOWLEDGE, 0, P1),
        (P0, Reason.URGENT, 0, P0),
        (P2, Reason.URGENT, 0, P2),
        (P2, Reason.URGENT, 2, P1),
        (P2, Reason.URGENT, 8, P0),
        (P2, Reason.NO_KNOWLEDGE, 8, P1),
        (P2, None, 0, P2),
    ],
)
def test_the_bot_proposes_by_the_intent_the_reason_and_how_many_came_with_the_same(
    at_least: Priority, reason: Reason | None, alike: int, proposed: Priority
) -> None:
    found = propose(at_least, reason, alike)
    assert found.priority is proposed
    assert priority_of(found.impact, found.urgency).value >= proposed.value


@pytest.mark.parametrize("at_least", Priority)
@pytest.mark.parametrize("alike", [0, 2, 50])
@pytest.mark.parametrize("reason", [None, *Reason])
def test_no_sign_makes_a_matter_less_urgent_than_its_intent(
    at_least: Priority, alike: int, reason: Reason | None
) -> None:
    assert propose(at_least, reason, alike).priority.value <= at_least.value


def test_many_customers_with_one_matter_within_an_hour_raise_the_next_ones_priority(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    def opens(who: str, at: datetime, category: str = "outage") -> Priority:
        conversation_id = ask("Everything is down", who)
        with transaction(database) as session:
            conversation = session.get_one(Conversation, conversation_id)
            return open_ticket(session, conversation, Reason.URGENT, "Down", at, category=category).priority

    first = [opens(f"customer-{each}", now) for each in range(3)]
    assert first == [P2, P2, P1]
    assert opens("customer-0", now, "billing") is P2
    assert opens("late", now + timedelta(hours=2)) is P2


def kept(session: Session, number: int) -> list[TicketEvent]:
    return list(events_of(session, id_of(ticket_by_number(session, number))))


def test_an_agent_confirms_the_proposal_or_chooses_by_the_matrix(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        ticket = levels.set_priority(session, number, bob, now)
        assert (ticket.priority, ticket.priority_by_id) == (P2, bob.staff_id)
        assert Happened.PRIORITY not in [event.kind for event in kept(session, number)]
        levels.set_priority(session, number, bob, now, impact=Impact.ALL, urgency=Urgency.HIGH)
        assert (ticket.priority, ticket.impact) == (P0, Impact.ALL)
        assert kept(session, number)[-1].detail == {"priority": "P0", "before": "P2"}


def test_a_priority_beside_the_matrix_is_kept_and_audited_with_what_the_matrix_says(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        levels.set_priority(session, number, bob, now, impact=Impact.ONE, urgency=Urgency.LOW, priority=P1)
        assert ticket_by_number(session, number).priority is P1
        found = session.exec(select(Audit).where(Audit.action == "ticket.priority_set")).one()
        assert (found.detail["priority"], found.detail["proposed"]) == ("P1", "P3")


def test_the_bot_does_not_touch_a_priority_that_a_person_confirmed(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        ticket = levels.set_priority(session, number, bob, now, priority=P3)
        desk.hand_back(session, number, bob, now)
        conversation = session.get_one(Conversation, ticket.conversation_id)
        open_ticket(session, conversation, Reason.URGENT, "Down", now, priority=P0)
        assert ticket.priority is P3


def test_a_move_to_another_tier_says_why(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        levels.move_tier(session, number, 2, "  needs the database\nteam ", bob, now)
        assert ticket_by_number(session, number).tier == 2
        event = kept(session, number)[-1]
        assert (event.kind, event.staff_id) == (Happened.TIER, bob.staff_id)
        assert event.detail == {"tier": 2, "before": 1, "reason": "needs the database team"}
    for tier, why, error in ((3, " ", ReasonNeeded), (2, "again", BadTier), (4, "up", BadTier), (0, "down", BadTier)):
        with pytest.raises(error), transaction(database) as session:
            levels.move_tier(session, number, tier, why, bob, now, diagnosis="The index is broken")


def test_the_highest_tier_gets_a_diagnosis_with_the_ticket(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with pytest.raises(DiagnosisNeeded, match="Write what was found"), transaction(database) as session:
        levels.move_tier(session, number, 3, "a bug", bob, now)
    with transaction(database) as session:
        ticket = levels.move_tier(session, number, 3, "a bug", bob, now, diagnosis="The index is broken")
        note = next(
            line.message for line in history(session, ticket.conversation_id) if line.message.detail.get("mark")
        )
        assert (note.text, note.private, note.detail["mark"]) == ("The index is broken", True, "diagnosis")
        assert [event.kind for event in kept(session, number)][-2:] == [Happened.DIAGNOSED, Happened.TIER]
        # The diagnosis is there: coming back up needs no other.
        levels.move_tier(session, number, 2, "known now", bob, now)
        levels.move_tier(session, number, 3, "not known after all", bob, now)
        assert ticket.tier == 3


def test_words_become_a_diagnosis_or_a_workaround_once(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        note = desk.note(session, number, "It is the cache", bob, now)
        reply = desk.reply(session, number, "Open it in a private window meanwhile", bob, now)
        marks.mark(session, number, id_of(note), Mark.DIAGNOSIS, bob, now)
        marks.mark(session, number, id_of(note), Mark.DIAGNOSIS, bob, now)
        marks.mark(session, number, id_of(reply), Mark.WORKAROUND, bob, now)
        kinds = [event.kind for event in kept(session, number)]
        assert (kinds.count(Happened.DIAGNOSED), kinds.count(Happened.WORKED_AROUND)) == (1, 1)


def test_what_the_customer_never_read_is_no_workaround_and_their_own_words_are_nothing(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number, other = escalate(), escalate("Another matter")
    with transaction(database) as session:
        note = id_of(desk.note(session, number, "Use the old page", bob, now))
        ticket = ticket_by_number(session, number)
        asked = id_of(history(session, ticket.conversation_id)[0].message)
    for where, message_id, kind in (
        (number, note, Mark.WORKAROUND),
        (number, asked, Mark.DIAGNOSIS),
        (other, note, Mark.DIAGNOSIS),
        (number, 10**9, Mark.DIAGNOSIS),
    ):
        with pytest.raises(NotMarkable), transaction(database) as session:
            marks.mark(session, where, message_id, kind, bob, now)


def test_tags_are_small_sorted_and_counted(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number, other = escalate(), escalate()
    with transaction(database) as session:
        assert sorting.set_tags(session, number, [" Billing ", "VIP  customer", "billing", "退款", ""], bob, now) == [
            "billing",
            "vip customer",
            "退款",
        ]
        sorting.set_tags(session, other, ["billing"], bob, now)
        assert sorting.known_tags(session)[0] == "billing"
        assert sorting.set_tags(session, number, [], bob, now) == []
    for tags in (["a,b"], ["x" * 51], [f"tag-{each}" for each in range(21)]):
        with pytest.raises(BadTag), transaction(database) as session:
            sorting.set_tags(session, number, tags, bob, now)


def test_a_category_and_a_page_elsewhere_can_be_set_and_taken_away(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number, page = escalate(), "https://tracker.example/ABC-1?x=1"
    with transaction(database) as session:
        ticket = sorting.set_category(session, number, " account  access", bob, now)
        sorting.set_external(session, number, f" {page} ", bob, now)
        assert (ticket.category, ticket.external_url) == ("account access", page)
        assert sorting.known_categories(session) == ["account access"]
        sorting.set_category(session, number, "", bob, now)
        sorting.set_external(session, number, "", bob, now)
        assert (ticket.category, ticket.external_url) == (None, None)


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "ABC-1", "ftp://x/y", "https://", "https://a b", "http://[", f"https://{'x' * 500}"],
)
def test_only_pages_of_the_web_are_linked(address: str) -> None:
    with pytest.raises(BadAddress):
        sorting.page_of_the_web(address)


def test_linked_tickets_know_each_other_and_have_one_link(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    one, other = escalate(), escalate("Another matter", "somebody else")
    with transaction(database) as session:
        links.link(session, one, other, LinkKind.RELATED, bob, now)
        links.link(session, other, one, LinkKind.DUPLICATE, bob, now)
        links.link(session, other, one, LinkKind.DUPLICATE, bob, now)
    with reading(database) as session:
        found = {
            number: [(each.ticket.number, each.kind, each.is_first) for each in links.links_of(session, ticket_id)]
            for number in (one, other)
            for ticket_id in [id_of(ticket_by_number(session, number))]
        }
    assert found == {one: [(other, LinkKind.DUPLICATE, True)], other: [(one, LinkKind.DUPLICATE, False)]}
    with transaction(database) as session:
        links.unlink(session, one, other, bob, now)
        assert links.links_of(session, id_of(ticket_by_number(session, one))) == []
    for error, target in ((SameTicket, one), (TicketNotFound, 4711)):
        with pytest.raises(error), transaction(database) as session:
            links.link(session, one, target, LinkKind.RELATED, bob, now)
    with pytest.raises(TicketNotFound, match="no link with"), transaction(database) as session:
        links.unlink(session, one, other, bob, now)
