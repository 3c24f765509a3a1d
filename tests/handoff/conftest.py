"""The people and the moment of the desk's tests: ada asks, bob and eve answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from handoff.models import Conversation, Reason, Role
from handoff.rows import id_of
from handoff.staff import add_staff
from handoff.tickets import open_ticket
from store import Database, transaction


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def hire(database: Database, now: datetime) -> Callable[..., Actor]:
    """``hire("bob")`` adds somebody to the staff."""

    def add(name: str, role: Role = Role.AGENT) -> Actor:
        with transaction(database) as session:
            return Actor(id_of(add_staff(session, f"{name}@example.com", name, role, now)), name)

    return add


@pytest.fixture
def bob(hire: Callable[..., Actor]) -> Actor:
    return hire("bob")


@pytest.fixture
def eve(hire: Callable[..., Actor]) -> Actor:
    return hire("eve")


@pytest.fixture
def ask(database: Database, now: datetime) -> Callable[..., int]:
    """``ask("Help")`` opens a conversation of ada with these words and returns its id; ``thread`` says where."""

    def say(text: str = "I cannot get in", thread: str = "ada") -> int:
        with transaction(database) as session:
            place = find_thread(session, "web", thread, now)
            customer = find_customer(session, "web", thread, now, name="ada")
            conversation = open_conversation(session, place, customer, "en", now)
            add_incoming(session, conversation, text, None, now, {})
            return id_of(conversation)

    return say


@pytest.fixture
def escalate(database: Database, ask: Callable[..., int], now: datetime) -> Callable[..., int]:
    """``escalate()`` lets the bot hand a new conversation over and returns the ticket's number."""

    def hand_over(text: str = "I cannot get in", thread: str = "ada") -> int:
        conversation_id = ask(text, thread)
        with transaction(database) as session:
            conversation = session.get_one(Conversation, conversation_id)
            return open_ticket(session, conversation, Reason.NO_KNOWLEDGE, text, now).number

    return hand_over


@pytest.fixture
def words() -> desk.ClosingWords:
    return desk.ClosingWords("Is it solved?", "Solved", "Not yet")
