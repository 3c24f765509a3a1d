"""PostgreSQL crashes under a running worker and comes back: nobody restarts anything, and nothing is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import postgres
import pytest
from standins.telegram import TelegramWorld

from bot import inbox
from bot.channels.mailbox import WEB, Mailbox
from bot.channels.telegram.connection import TelegramConnection
from bot.live import House, Live
from bot.web_chat import visible_messages
from bot.worker import Worker
from store import Database, open_database, reading, transaction
from store.errors import StoreError
from store.keeping import keeping
from store.migrate import upgrade
from store.watch import Watch

pytestmark = pytest.mark.usefixtures("quiet")

PATIENCE = 45
"""Looks of a second each; fewer than a lease has seconds, for nobody is to wait until one runs out."""
SECRET = "a-secret_of_our_own"


@pytest.fixture
def cluster(postgres_server: str) -> Iterator[postgres.Cluster]:
    """A PostgreSQL that forgets nothing when it crashes."""
    assert postgres_server
    cluster = postgres.Cluster(postgres.DURABLE)
    try:
        cluster.start()
        yield cluster
        cluster.stop()
    finally:
        cluster.remove()


def says(database: Database, visitor: str) -> None:
    with transaction(database) as session:
        inbox.accept(session, WEB, visitor, visitor, {"visitor": visitor, "text": "hello?"}, datetime.now(UTC))


def is_answered(database: Database, watch: Watch, visitor: str) -> list[str]:
    """What the visitor hears, once it is something."""
    for _ in range(PATIENCE):
        with reading(database) as session:
            said = [one["text"] for one in visible_messages(session, visitor) if one["direction"] == "outgoing"]
        if said:
            return said
        watch.wait(watch.latest, 1.0)
    raise AssertionError(f"nobody answered {visitor}")


def test_a_crashed_postgresql_is_waited_for_and_nothing_is_lost(cluster: postgres.Cluster, tmp_path: Path) -> None:
    upgrade(cluster.url)
    live = Live(House("http://firstline.test"))
    live.problem = "There is no model here, so everybody gets a person."
    with ExitStack() as stack:
        telegram = stack.enter_context(TelegramWorld())
        database = open_database(cluster.url)
        stack.callback(database.close)
        watch = stack.enter_context(Watch(database))
        place = {"address": "http://127.0.0.1:1", "webhook_secret": SECRET, "staff_chats": frozenset[int]()}
        line = TelegramConnection(
            telegram.token, telegram.base_url, tmp_path, mode="webhook", database=database, owner="one", **place
        )
        line.start()
        stack.callback(line.stop)
        worker = Worker(database, watch, live, {WEB: Mailbox(WEB), "telegram": line.channel})
        worker.start(follows=False)
        stack.callback(worker.stop)
        kept = stack.enter_context(keeping(database, "here", "one"))
        says(database, "before")
        is_answered(database, watch, "before")
        telegram.wait_for(lambda: telegram.webhook.url or None, what="the webhook")
        says(database, "just before")
        cluster.stop("immediate")
        with pytest.raises(StoreError):
            says(database, "meanwhile")
        assert [post(line, 1), post(line, 1)] == [503, 503], "Telegram brings it again"
        cluster.start()
        # A connection that broke without anybody noticing costs one try.
        assert [post(line, 1), post(line, 1)][-1] == 200, "taken when Telegram brings it again, at the latest"
        says(database, "after")
        for visitor in ("just before", "after"):
            assert len(is_answered(database, watch, visitor)) == 1
        assert kept is not None
        kept.renew(datetime.now(UTC))
        assert kept.is_held
        assert worker.dead_loops(time.monotonic()) == []
        with reading(database) as session:
            assert visible_messages(session, "meanwhile") == []


def post(line: TelegramConnection, number: int) -> int:
    """What Telegram hears that brings an update."""
    update = {"update_id": number, "message": {"message_id": number, "chat": {"id": 42, "type": "private"}}}
    return line.take_webhook(json.dumps(update).encode(), SECRET, datetime.now(UTC))
