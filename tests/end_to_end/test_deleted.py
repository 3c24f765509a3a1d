"""A passage is deleted while customers are told it: once that is acknowledged no replica tells it to anybody."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import col, select
from staged_kb import ALL, EXPORT, INVOICE, PASSWORD, RESET, WITHOUT, Shelves

from bot import inbox
from bot.channels.mailbox import WEB
from bot.models import InboxRow, InboxState
from handoff.models import Direction, Message
from kb_content.catalogue import contents
from store import Database, reading, transaction

PATIENCE = 120.0
REPLICA = Path(__file__).parent.parent / "replica.py"


@contextmanager
def replica(url: str, *words: str) -> Iterator[None]:
    command = [sys.executable, str(REPLICA), url, *words]
    root = str(REPLICA.parent.parent)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        yield
        assert child.stdin
        child.stdin.close()
        assert child.wait(PATIENCE) == 0


class Crowd:
    """Customers who never stop asking, each in a chat of their own; only so many wait at a time."""

    WAITING = 12

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Crowd:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)

    def waiting(self) -> int:
        with reading(self.database) as session:
            return len(session.exec(select(InboxRow.id).where(col(InboxRow.state) != InboxState.DONE)).all())

    def _ask(self) -> None:
        while not self._stop.is_set():
            if self.waiting() >= self.WAITING:
                self._stop.wait(0.01)
                continue
            for text in (PASSWORD, INVOICE, RESET.questions[1], EXPORT):
                self.asked += 1
                name = f"visitor-{self.asked}"
                with transaction(self.database) as session:
                    payload = {"visitor": name, "client_id": "1", "text": text}
                    inbox.accept(session, WEB, f"{name}:1", name, payload, datetime.now(UTC))


def cited(database: Database) -> dict[tuple[str, int], set[int]]:
    """The messages to customers that cite each version of each article."""
    found: dict[tuple[str, int], set[int]] = {}
    with reading(database) as session:
        for message in session.exec(select(Message).where(Message.direction == Direction.OUTGOING)):
            for citation in message.detail.get("citations", ()):
                found.setdefault((citation["article"], citation["version"]), set()).add(message.id or 0)
    return found


def until_cited(database: Database, version: tuple[str, int], more_than: int) -> None:
    """Wait until the crowd is being told this."""
    deadline = time.monotonic() + PATIENCE
    while len(cited(database).get(version, ())) <= more_than:
        assert time.monotonic() < deadline, "nobody was told it"
        time.sleep(0.05)


def deletes_again_and_again(database: Database, rounds: int) -> None:
    """Publish and delete the article in turns, while the crowd asks for it."""
    shelves, told = Shelves(database, datetime.now(UTC)), dict[str, set[int]]()
    version = (RESET.id, 1)
    with Crowd(database) as crowd:
        for number in range(rounds):
            until_cited(database, version, len(told.get(RESET.id, ())) + 3)
            shelves.live(WITHOUT)
            # Acknowledged: whoever asked for the deletion hears that it is done.
            told[RESET.id] = cited(database)[version]
            before = crowd.asked
            while crowd.asked < before + 8 or crowd.waiting() >= Crowd.WAITING:
                time.sleep(0.05)
            assert cited(database)[version] == told[RESET.id], f"cited after it was deleted, in round {number}"
            shelves.live(ALL)
            with reading(database) as session:
                # Back as it was: the same version, so that its links keep what they quoted.
                assert {(one.article.id, one.version) for one in contents(session).articles} >= {version}


def test_two_replicas_on_postgresql_never_cite_what_was_deleted(
    postgresql_database: Database, postgresql_url: str
) -> None:
    Shelves(postgresql_database, datetime.now(UTC)).live(ALL)
    with ExitStack() as stack:
        stack.enter_context(replica(postgresql_url))
        stack.enter_context(replica(postgresql_url, "never-looks"))
        deletes_again_and_again(postgresql_database, rounds=3)


@pytest.mark.long
def test_a_server_on_sqlite_never_cites_what_a_command_beside_it_deleted(
    sqlite_database: Database, sqlite_url: str
) -> None:
    Shelves(sqlite_database, datetime.now(UTC)).live(ALL)
    with replica(sqlite_url):
        deletes_again_and_again(sqlite_database, rounds=2)
