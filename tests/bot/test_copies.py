"""Words that leave by mail beside their conversation, and words for the staff that nobody else can ever get."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mail_house import MailHouse, mail_house
from sqlmodel import col, select

from bot.channels.email.channel import EmailChannel
from bot.channels.email.server import parse_smtp_url
from bot.channels.mailbox import WEB, Mailbox
from bot.sending import send_due
from bot.web_chat import visible_messages
from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming, history, open_conversation
from handoff.copies import copy_by_mail, say_to_staff, send_copy, staff_mailbox, use_mail
from handoff.customers import find_customer, find_thread
from handoff.errors import NotAllowed
from handoff.models import (
    Conversation,
    Customer,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    Reason,
    Role,
    Thread,
)
from handoff.people import join
from handoff.rows import id_of
from handoff.staff import add_staff
from handoff.tickets import open_ticket
from store import Database, reading, transaction

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WORDS = desk.ClosingWords("Is it solved?", "Solved", "Not yet")


@pytest.fixture(scope="module")
def a_server() -> Iterator[MailHouse]:
    with mail_house() as house:
        yield house


@pytest.fixture
def server(a_server: MailHouse) -> MailHouse:
    a_server.mails, a_server.people, a_server.senders = [], [], []
    a_server.refuses, a_server.hangs_up = "", False
    return a_server


class Desk:
    """ada asked in the web chat and left an address; bob answers."""

    def __init__(self, database: Database, server: MailHouse) -> None:
        self.database = database
        self.channels = {
            WEB: Mailbox(WEB),
            "email": EmailChannel(parse_smtp_url(server.url), "http://firstline.test", Path("none"), now=lambda: NOW),
        }
        with transaction(database) as session:
            use_mail(session, True)
            self.bob = Actor(id_of(add_staff(session, "bob@example.com", "Bob", Role.ADMIN, NOW)), "Bob")
            ada = find_customer(session, WEB, "ada", NOW)
            ada.email, self.ada_id = "ada@example.com", id_of(ada)
            conversation = open_conversation(session, find_thread(session, WEB, "ada", NOW), ada, "en", NOW)
            self.conversation_id = id_of(conversation)
            add_incoming(session, conversation, "I cannot get in", None, NOW)
            open_ticket(session, conversation, Reason.NO_KNOWLEDGE, "I cannot get in", NOW)

    def replies(self, text: str = "Try it again") -> None:
        with transaction(self.database) as session:
            desk.reply(session, 1, text, self.bob, NOW)

    def sends(self) -> None:
        while send_due(self.database, self.channels, "test", NOW):
            pass

    def states(self) -> dict[str, DeliveryState]:
        """What became of the newest message, by the place it went to."""
        with reading(self.database) as session:
            said = select(Message.id).where(Message.direction == Direction.OUTGOING, col(Message.private).is_(False))
            newest = said.order_by(col(Message.id).desc()).limit(1).scalar_subquery()
            query = select(Thread.external_id, Delivery.state).join(Delivery, col(Delivery.thread_id) == Thread.id)
            return dict(session.exec(query.where(Delivery.message_id == newest)).all())


@pytest.fixture
def at_desk(database: Database, server: MailHouse) -> Desk:
    return Desk(database, server)


def test_a_reply_goes_to_the_chat_and_to_the_address_that_was_left(at_desk: Desk, server: MailHouse) -> None:
    at_desk.replies()
    at_desk.sends()
    with reading(at_desk.database) as session:
        (shown,) = [one for one in visible_messages(session, "ada") if one["direction"] == "outgoing"]
    assert shown["text"] == "Try it again"
    assert server.people == ["ada@example.com"]
    assert server.mails[0]["Subject"] == "[#1] I cannot get in"
    assert "Bob from our support team writes:" in server.text()


def test_the_question_whether_it_is_solved_is_mailed_too(at_desk: Desk, server: MailHouse) -> None:
    with transaction(at_desk.database) as session:
        desk.resolve(session, 1, at_desk.bob, NOW, WORDS)
    at_desk.sends()
    assert "Is it solved?" in server.text()


def test_a_mail_that_fails_leaves_the_chat_as_it_is_and_the_agent_reads_why(at_desk: Desk, server: MailHouse) -> None:
    server.refuses = "550 5.1.1 no such user"
    at_desk.replies()
    at_desk.sends()
    assert at_desk.states() == {"ada": DeliveryState.SENT, "ada@example.com": DeliveryState.FAILED}
    with reading(at_desk.database) as session:
        lines = history(session, at_desk.conversation_id)
        (reply,) = [line for line in lines if line.message.text == "Try it again"]
    assert reply.delivery is not None
    assert reply.delivery.state is DeliveryState.SENT
    assert [copy.error for copy in reply.copies] == ["The mail server refused ada@example.com: 550 5.1.1 no such user"]
    assert "no such user" in lines[-1].message.text


def test_a_mail_in_doubt_is_shown_as_uncertain_and_never_mailed_twice_by_itself(
    at_desk: Desk, server: MailHouse
) -> None:
    server.hangs_up = True
    at_desk.replies()
    at_desk.sends()
    assert at_desk.states() == {"ada": DeliveryState.SENT, "ada@example.com": DeliveryState.UNCERTAIN}
    assert len(server.mails) == 1


def test_an_answer_in_the_chat_belongs_to_the_message_whatever_its_mail_is_called(at_desk: Desk) -> None:
    at_desk.replies()
    at_desk.sends()
    with reading(at_desk.database) as session:
        message = session.exec(select(Message).order_by(col(Message.id).desc()).limit(1)).one()
    assert message.external_id == f"out-{message.id}"


def test_the_address_of_the_same_person_in_another_channel_counts(at_desk: Desk, server: MailHouse) -> None:
    with transaction(at_desk.database) as session:
        other = find_customer(session, "telegram", "42", NOW)
        other.email = "ada.at.work@example.com"
        ada = session.get_one(Customer, at_desk.ada_id)
        ada.email = None
        session.flush()
        join(session, at_desk.ada_id, id_of(other), at_desk.bob, NOW)
    at_desk.replies()
    at_desk.sends()
    assert server.people == ["ada.at.work@example.com"]


def test_an_address_that_a_visitor_left_gets_nothing_of_what_is_said_in_another_channel(
    at_desk: Desk, server: MailHouse
) -> None:
    """Whoever says in the web chat that they are ben, and is believed, does not read what ben is told elsewhere."""
    with transaction(at_desk.database) as session:
        ben = find_customer(session, "telegram", "42", NOW)
        join(session, id_of(ben), at_desk.ada_id, at_desk.bob, NOW)
        conversation = open_conversation(session, find_thread(session, "telegram", "42", NOW), ben, "en", NOW)
        add_incoming(session, conversation, "What is on my invoice?", None, NOW)
        ticket = open_ticket(session, conversation, Reason.NO_KNOWLEDGE, "invoice", NOW)
        desk.reply(session, ticket.number, "12 seats", at_desk.bob, NOW)
    at_desk.replies("Yours")
    at_desk.sends()
    assert ["12 seats" in server.text(number) for number in range(len(server.mails))] == [False]


@pytest.mark.parametrize("is_on", [True, False])
def test_without_a_mail_server_or_an_address_nothing_waits_to_be_mailed(
    at_desk: Desk, server: MailHouse, is_on: bool
) -> None:
    with transaction(at_desk.database) as session:
        use_mail(session, is_on)
        if is_on:
            session.get_one(Customer, at_desk.ada_id).email = None
    at_desk.replies()
    at_desk.sends()
    assert at_desk.states() == {"ada": DeliveryState.SENT}
    assert not server.mails


def test_said_twice_it_is_mailed_once(at_desk: Desk, server: MailHouse) -> None:
    at_desk.replies()
    with transaction(at_desk.database) as session:
        message = session.exec(select(Message).order_by(col(Message.id).desc()).limit(1)).one()
        assert copy_by_mail(session, session.get_one(Conversation, at_desk.conversation_id), message, NOW)
    at_desk.sends()
    assert len(server.mails) == 1


def test_a_note_cannot_be_copied_to_a_customer(at_desk: Desk) -> None:
    with transaction(at_desk.database) as session:
        note = desk.note(session, 1, "they sound angry", at_desk.bob, NOW)
        for channel, place in (("email", "ada@example.com"), (WEB, "ada")):
            with pytest.raises(NotAllowed):
                send_copy(session, note, find_thread(session, channel, place, NOW), NOW)
        assert not session.exec(select(Delivery)).all()


@pytest.mark.parametrize(("channel", "place"), [("email", "ada@example.com"), (WEB, "ada")])
def test_a_note_whose_delivery_was_written_by_mistake_is_not_sent(
    at_desk: Desk, server: MailHouse, channel: str, place: str
) -> None:
    with transaction(at_desk.database) as session:
        note = desk.note(session, 1, "they sound angry", at_desk.bob, NOW)
        thread = find_thread(session, channel, place, NOW)
        session.add(Delivery(message_id=id_of(note), thread_id=id_of(thread), not_before=NOW, created_at=NOW))
    at_desk.sends()
    assert not server.mails
    with reading(at_desk.database) as session:
        assert session.exec(select(Delivery.state)).one() is DeliveryState.FAILED
        assert not [one for one in visible_messages(session, "ada") if "angry" in one["text"]]


def test_words_for_the_staff_reach_their_mailboxes(at_desk: Desk, server: MailHouse) -> None:
    with transaction(at_desk.database) as session:
        conversation = session.get_one(Conversation, at_desk.conversation_id)
        mailbox = staff_mailbox(session, "bob@example.com", NOW)
        say_to_staff(session, conversation, "#1 is late\n\nada: …", [mailbox], NOW, activity="staff_told")
    at_desk.sends()
    assert server.people == ["bob@example.com"]
    assert server.mails[0]["Subject"] == "#1 is late"


def test_a_customer_who_claims_an_agents_address_gets_no_internal_words(at_desk: Desk, server: MailHouse) -> None:
    with transaction(at_desk.database) as session:
        session.get_one(Customer, at_desk.ada_id).email = "bob@example.com"
        mailbox = staff_mailbox(session, "bob@example.com", NOW)
    at_desk.replies()
    with reading(at_desk.database) as session:
        theirs = session.exec(select(Thread).where(Thread.external_id == "bob@example.com")).one()
    assert (theirs.is_staff, theirs.id == mailbox.id) == (False, False)
