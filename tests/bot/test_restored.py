"""What a restore leaves to people: old words are not said again, old questions not answered again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from answered import Archive
from sqlmodel import col, select

from bot import inbox
from bot.channels.slack.gaps import last_heard, looks_from
from bot.models import InboxRow, InboxState
from bot.replay import replay
from bot.restored import FRESH, settle
from handoff import deliveries
from handoff.conversations import open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Delivery, DeliveryState
from handoff.sessions import session_staff, start_session
from store import Database, backup, leases, reading, transaction
from store.models import Audit


@pytest.fixture
def archive(database: Database) -> Archive:
    return Archive(database)


def said(archive: Archive, channel: str, text: str) -> int:
    """The bot says something in a thread of its own; returns the delivery's id."""
    with transaction(archive.database) as session:
        thread = find_thread(session, channel, f"{channel} {text}", archive.now)
        person = find_customer(session, channel, text, archive.now)
        conversation = open_conversation(session, thread, person, "en", archive.now)
        message = say(session, conversation, text, Author.BOT, archive.now)
        return session.exec(select(Delivery.id).where(Delivery.message_id == message.id)).one() or 0


def settled(archive: Archive) -> dict[str, int]:
    with transaction(archive.database) as session:
        return settle(session, "20261123T040000Z", archive.now - timedelta(hours=5), archive.now)


def test_what_was_on_its_way_is_uncertain_but_mailboxes_go_on(archive: Archive) -> None:
    ready, web = said(archive, "telegram", "ready"), said(archive, "web", "web")
    with transaction(archive.database) as session:
        deliveries.claim(session, archive.now, "somebody", 10, channels=("web",))
    archive.later(hours=5)
    assert settled(archive)["uncertain"] == 1
    with reading(archive.database) as session:
        found = session.get_one(Delivery, ready)
        assert (found.state, found.worker) == (DeliveryState.UNCERTAIN, None)
        assert "may have been sent since" in (found.error or "")
        assert session.get_one(Delivery, web).state is DeliveryState.READY


@pytest.mark.parametrize("channel", ["slack", "telegram"])
def test_what_was_not_dealt_with_is_parked_however_new_it_is(archive: Archive, channel: str) -> None:
    """Whoever ran when the backup was made was about to answer it, and most likely did."""
    with transaction(archive.database) as session:
        inbox.accept(session, channel, "waits", "T1", {}, archive.now)
        inbox.accept(session, channel, "begun", "T2", {}, archive.now)
        inbox.claim(session, "somebody", archive.now, channels=(channel,), thread_key="T2")
    archive.later(seconds=1)
    assert settled(archive)["parked"] == 2
    with transaction(archive.database) as session:
        rows = session.exec(select(InboxRow).order_by(col(InboxRow.id)).limit(2)).all()
        assert [row.state for row in rows] == [InboxState.PARKED, InboxState.PARKED]
        assert all("may have been answered since" in (row.error or "") for row in rows)
        assert inbox.claim(session, "another", archive.now + timedelta(days=1), channels=(channel,)) is None
        # An admin who looked there and found no answer lets it be dealt with.
        replay(session, rows[0].id or 0, archive.bob, archive.now)
        row = inbox.claim(session, "another", archive.now, channels=(channel,))
        assert row is not None
        assert row.event_key == "waits"


def test_what_came_to_the_web_chat_long_before_is_parked_and_what_came_just_now_is_answered(archive: Archive) -> None:
    with transaction(archive.database) as session:
        inbox.accept(session, "web", "old", "T1", {}, archive.now)
        inbox.accept(session, "web", "taken", "T2", {}, archive.now)
        inbox.claim(session, "somebody", archive.now, channels=("web",), thread_key="T2")
    archive.later(hours=1, seconds=1)
    with transaction(archive.database) as session:
        inbox.accept(session, "web", "new", "T3", {}, archive.now - FRESH)
        inbox.claim(session, "somebody", archive.now, channels=("web",), thread_key="T3")
    assert settled(archive)["parked"] == 2
    with transaction(archive.database) as session:
        rows = session.exec(select(InboxRow).order_by(col(InboxRow.id)).limit(3)).all()
        assert [row.state for row in rows] == [InboxState.PARKED, InboxState.PARKED, InboxState.NEW]
        row = inbox.claim(session, "another", archive.now, channels=("web",))
        assert row is not None
        assert row.event_key == "new"


def test_slack_is_not_asked_for_what_was_answered_between_backup_and_restore(archive: Archive) -> None:
    with transaction(archive.database) as session:
        inbox.accept(session, "slack", "before the backup", "T1", {}, archive.now)
    archive.later(days=3)
    settled(archive)
    with reading(archive.database) as session:
        assert last_heard(session) == archive.now
        assert looks_from(session) == archive.now


def test_everybody_signs_in_again_and_nobody_holds_anything(archive: Archive) -> None:
    with transaction(archive.database) as session:
        token = start_session(session, archive.bob.staff_id or 0, archive.now)
        leases.acquire(session, "telegram", "dead", archive.now, timedelta(minutes=1))
    assert settled(archive)["signed_out"] == 1
    with transaction(archive.database) as session:
        assert session_staff(session, token, archive.now) is None
        assert leases.acquire(session, "telegram", "alive", archive.now, timedelta(minutes=1)) is not None


def test_the_restore_is_in_the_audit_and_its_backup_is_known(archive: Archive) -> None:
    settled(archive)
    with reading(archive.database) as session:
        row = session.exec(select(Audit).where(Audit.action == "backup.restored")).one()
        assert row.detail["backup"] == "20261123T040000Z"
        assert backup.status(session).made_at == archive.now - timedelta(hours=5)
