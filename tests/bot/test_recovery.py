"""What a killed server held is taken up at the next start, in one go, and told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from structlog.testing import capture_logs

from bot import inbox
from bot.channels.base import Resend
from bot.channels.mailbox import WEB, Mailbox
from bot.recovery import Found, recover
from bot.sending import Sender
from handoff import deliveries, holding
from handoff.conversations import open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author
from kb_content import catalogue
from store import Database, leases, transaction

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ME, OTHER = "server", "server-elsewhere"


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def sender(database: Database) -> Sender:
    channel = Mailbox(WEB)
    assert channel.resend is Resend.SAFE
    return Sender(database, {WEB: channel}, ME, lambda: None)


def leave_behind(database: Database, worker: str, visitor: str) -> None:
    """As a process that is killed now: a turn and a delivery under way, and a build."""
    with transaction(database) as session:
        thread, customer = find_thread(session, WEB, visitor, NOW), find_customer(session, WEB, visitor, NOW)
        say(session, open_conversation(session, thread, customer, "en", NOW), "words", Author.BOT, NOW)
        inbox.accept(session, WEB, f"key-{visitor}", visitor, {"text": "hello"}, NOW)
        assert inbox.claim(session, worker, NOW, channels=(WEB,), thread_key=visitor)
        assert deliveries.claim(session, NOW, worker, 1, thread_id=thread.id)
        catalogue.start_release(session, NOW)


def test_what_a_predecessor_held_is_free_at_once_and_what_others_hold_is_theirs(database: Database) -> None:
    leave_behind(database, ME, "ada")
    leave_behind(database, OTHER, "bea")
    with transaction(database) as session:
        alive = catalogue.start_release(session, NOW)
        leases.acquire(session, catalogue.build_lease(alive), OTHER, NOW, timedelta(seconds=30))
    with capture_logs() as logs:
        assert recover(database, ME, sender(database), NOW) == Found(turns=1, deliveries=1, builds=2)
        assert recover(database, ME, sender(database), NOW) == Found(0, 0, 0)
    assert [line for line in logs if line["event"] == "taken up"] == [
        {"event": "taken up", "log_level": "info", "turns": 1, "deliveries_in_doubt": 1, "builds_given_up": 2}
    ]
    with transaction(database) as session:
        rows = inbox.claim_some(session, ME, NOW, 10, channels=(WEB,))
        assert [row.thread_key for row in rows] == ["ada"]
        assert [one.thread.external_id for one in deliveries.claim(session, NOW, ME, 10)] == ["ada"]
        assert catalogue.being_built(session, NOW) == {alive}


def test_what_another_machine_held_when_it_died_is_free_when_its_lease_is_over(database: Database) -> None:
    leave_behind(database, OTHER, "bea")
    later = NOW + max(inbox.LEASE, holding.LEASE) + timedelta(seconds=1)
    mine = sender(database)
    assert recover(database, ME, mine, NOW) == Found(0, 0, 1)
    mine.keep_leases(later)
    with transaction(database) as session:
        assert inbox.claim(session, ME, later, channels=(WEB,))
        assert deliveries.claim(session, later, ME, 10)
