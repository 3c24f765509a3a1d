"""Two tickets that are one matter, one ticket that is two, and tickets that an agent opens for what they were told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming, history, newest_conversation
from handoff.customers import find_customer
from handoff.errors import (
    BadEmail,
    NobodyNamed,
    NoPlace,
    NotAllowed,
    NotMergeable,
    NotSplittable,
    SameTicket,
    TicketClosed,
    WrongStatus,
)
from handoff.models import (
    Conversation,
    Customer,
    Delivery,
    Direction,
    Message,
    Owner,
    Priority,
    Role,
    Source,
    Thread,
    Ticket,
    TicketStatus,
)
from handoff.people import join
from handoff.rows import id_of
from handoff.ticketing import levels, links, merging, opening, pausing, sorting
from handoff.ticketing.events import events_of
from handoff.ticketing.merging import goes_on_in
from handoff.ticketing.models import LinkKind
from handoff.ticketing.opening import Told
from handoff.tickets import ticket_by_number
from store import Database, transaction

HOUR = timedelta(hours=1)
PHONE = Told(Source.PHONE, "Cannot print", note="He said that the printer hums.")


def greeting(number: int) -> str:
    return f"Ticket #{number} is yours."


def said(session: Session, number: int) -> list[str]:
    """What the customer can read in the ticket's conversation."""
    lines = history(session, ticket_by_number(session, number).conversation_id)
    return [line.message.text for line in lines if not line.message.private]


def talk(session: Session, number: int) -> Conversation:
    return session.get_one(Conversation, ticket_by_number(session, number).conversation_id)


def test_a_merged_ticket_is_closed_and_its_matter_goes_on_in_the_other(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    one, other = escalate("Printer is dead"), escalate("Still no printing")
    with transaction(database) as session:
        desk.claim(session, one, eve, now)
        sorting.set_tags(session, one, ["printer"], bob, now)
        sorting.set_tags(session, other, ["urgent"], bob, now)
        levels.set_priority(session, one, bob, now, priority=Priority.P1)
        target = merging.merge(session, one, other, bob, now, "We go on in #2.")
        ticket = ticket_by_number(session, one)
        assert (ticket.status, ticket.merged_into_id) == (TicketStatus.CLOSED, target.id)
        assert (target.status, target.priority, target.assignee_id) == (TicketStatus.OPEN, Priority.P1, eve.staff_id)
        assert sorting.tags_of(session, id_of(target)) == ["printer", "urgent"]
        # Both keep what was said, and the customer is told once.
        assert said(session, one) == ["Printer is dead"]
        assert said(session, other) == ["Still no printing", "We go on in #2."]
        assert [each.kind for each in links.links_of(session, id_of(target))] == [LinkKind.DUPLICATE]
        assert goes_on_in(session, ticket.conversation_id) == target.conversation_id
        kinds = [event.kind.value for event in events_of(session, id_of(ticket))]
        assert kinds[-2:] == ["closed", "merged"]


def test_the_customers_unanswered_words_do_not_fall_asleep_in_a_merge(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    one, other = escalate("Printer is dead"), escalate("Still no printing")
    with transaction(database) as session:
        pausing.snooze(session, other, now + HOUR, bob, now)
        assert merging.merge(session, one, other, bob, now, "One.").status is TicketStatus.OPEN


def test_opening_a_merged_ticket_again_makes_it_its_own(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    one, other = escalate("Printer is dead"), escalate("Still no printing")
    with transaction(database) as session:
        merging.merge(session, one, other, bob, now, "One.")
        ticket = desk.reopen(session, one, bob, now)
        assert (ticket.status, ticket.merged_into_id) == (TicketStatus.OPEN, None)
        assert goes_on_in(session, ticket.conversation_id) is None


def test_merging_goes_through_a_chain_and_never_in_a_circle(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    one, two, three = escalate("a"), escalate("b"), escalate("c")
    with transaction(database) as session:
        merging.merge(session, one, two, bob, now, "x")
        merging.merge(session, two, three, bob, now, "y")
        assert goes_on_in(session, talk(session, one).id or 0) == talk(session, three).id
    with pytest.raises(NotMergeable), transaction(database) as session:
        merging.merge(session, three, one, bob, now, "z")
    with pytest.raises(WrongStatus), transaction(database) as session:
        merging.merge(session, one, three, bob, now, "z")
    with pytest.raises(SameTicket), transaction(database) as session:
        merging.merge(session, three, three, bob, now, "z")


def test_nobodys_matter_is_merged_into_another_persons(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    mine, theirs = escalate("Printer is dead"), escalate("Mine, too", "grace")
    with pytest.raises(NotMergeable, match="Link them instead"), transaction(database) as session:
        merging.merge(session, mine, theirs, bob, now, "x")
    with transaction(database) as session:
        ada, grace = (ticket_by_number(session, number).customer_id for number in (mine, theirs))
        join(session, ada, grace, bob, now)
        merging.merge(session, mine, theirs, bob, now, "We go on in #2.")
        # They are told where they wrote, for the other place may be closed to them now.
        assert said(session, mine)[-1] == "We go on in #2."
        assert goes_on_in(session, talk(session, mine).id or 0) is None


def test_words_about_something_else_become_a_ticket_of_their_own(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate("Printer is dead")
    with transaction(database) as session:
        conversation = talk(session, number)
        second = id_of(add_incoming(session, conversation, "And the invoice is wrong", "m2", now, {}))
        third = id_of(add_incoming(session, conversation, "It hums", "m3", now, {}))
        other = merging.split(session, number, [second], "Invoice", bob, now, lambda new, about: f"{about} is #{new}.")
        assert (other.number, other.subject, other.assignee_id) == (2, "Invoice", bob.staff_id)
        assert other.status is TicketStatus.OPEN
        assert said(session, number) == ["Printer is dead", "It hums"]
        assert said(session, other.number) == ["And the invoice is wrong", "Invoice is #2."]
        assert session.get_one(Message, third).conversation_id == conversation.id
        found = links.links_of(session, id_of(other))
        assert [(each.ticket.number, each.kind) for each in found] == [(number, LinkKind.SPLIT_FROM)]
        assert talk(session, 2).owner is Owner.HUMAN


def test_words_in_the_wrong_ticket_are_put_into_the_right_one(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    one, other = escalate("Printer is dead"), escalate("Invoice")
    with transaction(database) as session:
        desk.reply(session, one, "Send me the log", bob, now)
        pausing.wait_for_customer(session, one, bob, now)
        wrong = id_of(add_incoming(session, talk(session, other), "Here is the log", None, now, {}))
        ticket = merging.carry_over(session, other, [wrong], one, bob, now)
        assert (ticket.number, ticket.status) == (one, TicketStatus.OPEN)
        assert said(session, one) == ["Printer is dead", "Send me the log", "Here is the log"]
        assert said(session, other) == ["Invoice"]


def test_a_split_takes_some_of_the_customers_words_and_leaves_some(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number, foreign = escalate("Printer is dead"), escalate("Hello", "grace")
    with transaction(database) as session:
        asked = id_of(history(session, talk(session, number).id or 0)[0].message)
        theirs = id_of(history(session, talk(session, foreign).id or 0)[0].message)
        note = id_of(desk.note(session, number, "hm", bob, now))
    for chosen in ([], [asked], [note], [asked, theirs], [10**9]):
        with pytest.raises(NotSplittable), transaction(database) as session:
            merging.split(session, number, chosen, "Other", bob, now, lambda new, about: about)
    with pytest.raises(NotSplittable), transaction(database) as session:
        merging.carry_over(session, number, [asked], foreign, bob, now)


def test_a_caller_who_is_in_no_channel_gets_a_ticket_that_nobody_can_write_in(
    database: Database, bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    with transaction(database) as session:
        ticket = opening.open_for_new(session, "Mr Grey", "", "en", PHONE, bob, now, greeting)
        assert (ticket.source, ticket.assignee_id, ticket.status) == (Source.PHONE, bob.staff_id, TicketStatus.OPEN)
        assert said(session, ticket.number) == []
        lines = history(session, ticket.conversation_id)
        assert [line.message.text for line in lines][-1] == "He said that the printer hums."
        number = ticket.number
    with pytest.raises(NoPlace, match="e-mail address"), transaction(database) as session:
        desk.reply(session, number, "Hello", bob, now)
    with transaction(database) as session:
        desk.resolve(session, number, bob, now, words)
        assert session.exec(select(Delivery)).all() == []


def test_an_address_is_enough_to_write_first(database: Database, bob: Actor, now: datetime) -> None:
    told = Told(Source.EMAIL, "Invoice", words="Dear Ms Blue, which one?")
    with transaction(database) as session:
        ticket = opening.open_for_new(session, "Ms Blue", "Blue@Example.com", "zh", told, bob, now, greeting)
        thread = session.get_one(Thread, talk(session, ticket.number).thread_id)
        customer = session.get_one(Customer, ticket.customer_id)
        assert (thread.channel, thread.external_id) == ("email", "blue@example.com")
        assert (customer.name, customer.language, talk(session, ticket.number).language) == ("Ms Blue", "zh", "zh")
        assert said(session, ticket.number) == ["Dear Ms Blue, which one?"]
        again = opening.open_for_new(session, "", "blue@example.com", "en", PHONE, bob, now, greeting)
        assert again.customer_id == ticket.customer_id
        assert said(session, again.number) == [f"Ticket #{again.number} is yours."]


def test_a_customer_who_is_known_is_written_to_where_they_wrote_last(
    database: Database, ask: Callable[..., int], bob: Actor, now: datetime
) -> None:
    ask("Hello", "ada")
    with transaction(database) as session:
        ada = find_customer(session, "web", "ada", now)
        (place,) = opening.places_of(session, ada)
        ticket = opening.open_for(session, id_of(ada), place.thread_id, PHONE, bob, now, greeting)
        assert said(session, ticket.number) == [f"Ticket #{ticket.number} is yours."]
        # What they write there next belongs to it.
        newest = newest_conversation(session, place.thread_id)
        assert newest is not None
        assert (newest.id, newest.owner) == (ticket.conversation_id, Owner.HUMAN)


def test_a_matter_that_is_only_written_down_leaves_the_customers_chat_alone(
    database: Database, ask: Callable[..., int], bob: Actor, now: datetime
) -> None:
    conversation_id = ask("Hello", "ada")
    with transaction(database) as session:
        ada = find_customer(session, "web", "ada", now)
        ticket = opening.open_for(session, id_of(ada), None, PHONE, bob, now, greeting)
        assert ticket.customer_id == ada.id
        thread_id = session.get_one(Conversation, conversation_id).thread_id
        newest = newest_conversation(session, thread_id)
        assert newest is not None
        assert newest.id == conversation_id
        assert [place.thread_id for place in opening.places_of(session, ada)] == [thread_id]


def test_nobody_is_written_to_in_another_customers_place(
    database: Database, ask: Callable[..., int], bob: Actor, now: datetime
) -> None:
    ask("Hello", "ada")
    theirs = ask("Hello", "grace")
    with transaction(database) as session:
        ada = id_of(find_customer(session, "web", "ada", now))
        foreign = session.get_one(Conversation, theirs).thread_id
    with pytest.raises(NoPlace), transaction(database) as session:
        opening.open_for(session, ada, foreign, PHONE, bob, now, greeting)


@pytest.mark.parametrize(("name", "email", "error"), [("", "", NobodyNamed), ("x", "no address", BadEmail)])
def test_somebody_new_needs_a_name_or_an_address(
    database: Database, bob: Actor, now: datetime, name: str, email: str, error: type[Exception]
) -> None:
    with pytest.raises(error), transaction(database) as session:
        opening.open_for_new(session, name, email, "en", PHONE, bob, now, greeting)


def test_who_may_only_read_opens_and_merges_nothing(
    database: Database, escalate: Callable[..., int], hire: Callable[..., Actor], now: datetime
) -> None:
    viewer, one, other = hire("vic", Role.VIEWER), escalate("a"), escalate("b")
    with pytest.raises(NotAllowed), transaction(database) as session:
        opening.open_for_new(session, "x", "", "en", PHONE, viewer, now, greeting)
    with pytest.raises(NotAllowed), transaction(database) as session:
        merging.merge(session, one, other, viewer, now, "x")


def test_a_closed_ticket_takes_no_reply_before_it_is_opened_again(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    one, other = escalate("a"), escalate("b")
    with transaction(database) as session:
        merging.merge(session, one, other, bob, now, "x")
    with pytest.raises(TicketClosed), transaction(database) as session:
        desk.reply(session, one, "Hello", bob, now)
    with transaction(database) as session:
        assert session.exec(select(Ticket.number).where(Ticket.status == TicketStatus.CLOSED)).all() == [one]
        incoming = select(Message).where(Message.direction == Direction.INCOMING)
        assert len(session.exec(incoming).all()) == 2
