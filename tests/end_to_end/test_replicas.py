"""Several processes on one PostgreSQL: pages here and loops there, two of everything, and one that dies."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import postgres
import pytest
from server import Server, running
from sqlmodel import col, select
from talk import START, small_contents

from bot.models import InboxRow, InboxState
from handoff.models import Delivery, DeliveryState, Scope
from handoff.tokens import add_token
from kb_content import catalogue
from kb_content.export import write_folder
from kb_content.models import KbIntent
from store import Database, open_database, reading, transaction
from store.watch import Watch

PATIENCE = 90.0
QUESTION = "I forgot my password"
GREETING = "Hello from the second release."
# Of the worker that is to die: in the middle of a turn, after some that went well.
DIES_AT = "turn.before_record:6"
LEASE = "5"


@dataclass
class Fleet:
    """Pages alone, a worker alone that will die, and both in one process; all on one database."""

    pages: Server
    worker: Server
    both: Server
    database: Database
    watch: Watch
    key: str

    def ready(self, server: Server) -> tuple[int, list[str]]:
        found = httpx2.get(f"{address_of(server)}/readyz", timeout=60)
        return found.status_code, found.json()["reasons"]

    def unfinished(self) -> list[object]:
        """What came in or is to go out, and is not dealt with."""
        with reading(self.database) as session:
            rows = session.exec(select(InboxRow).where(col(InboxRow.state) != InboxState.DONE)).all()
            return [*rows, *session.exec(select(Delivery).where(col(Delivery.state) != DeliveryState.SENT)).all()]

    def finishes(self) -> None:
        """Wait until nothing is unfinished."""
        deadline = time.monotonic() + PATIENCE
        while unfinished := self.unfinished():
            assert time.monotonic() < deadline, unfinished
            self.watch.wait(self.watch.latest, 1.0)

    def asks(self, server: Server, text: str) -> str:
        """What this very process answers."""
        by, asked = {"Authorization": f"Bearer {self.key}"}, {"text": text}
        return str(httpx2.post(f"{server.address}/api/v1/ask", json=asked, headers=by, timeout=60).json()["text"])


class Visitor:
    """Somebody in the web chat of one of the servers."""

    def __init__(self, server: Server) -> None:
        self.address = server.address
        self.headers = {"Authorization": f"Bearer {self._post('sessions', {})['token']}"}

    def says(self, text: str) -> None:
        self._post("messages", {"text": text})

    def hears(self, replies: int) -> list[dict[str, Any]]:
        """The whole talk, once it has so many replies. A stream that breaks off is opened again, as a browser does."""
        deadline = time.monotonic() + PATIENCE
        while len(found_in(talk := self.talk(), "outgoing")) < replies:
            assert time.monotonic() < deadline, talk
            self._wait_for_one_more(len(talk), deadline)
        return talk

    def _wait_for_one_more(self, known: int, deadline: float) -> None:
        stream = f"{self.address}/api/v1/chat/stream"
        with httpx2.stream("GET", stream, headers=self.headers, timeout=PATIENCE) as events:
            seen = 0
            for line in events.iter_lines():
                seen += line.startswith("data:")
                if seen > known or time.monotonic() > deadline:
                    return

    def talk(self) -> list[dict[str, Any]]:
        """All that was said up to now."""
        found = httpx2.get(f"{self.address}/api/v1/chat/messages", headers=self.headers, timeout=60)
        return list(found.json()["messages"])

    def _post(self, what: str, body: dict[str, str]) -> dict[str, Any]:
        headers = getattr(self, "headers", {})
        answer = httpx2.post(f"{self.address}/api/v1/chat/{what}", json=body, headers=headers, timeout=60)
        assert answer.status_code in (200, 201, 202), answer.text
        return dict(answer.json())


def found_in(talk: list[dict[str, Any]], direction: str) -> list[str]:
    return [one["text"] for one in talk if one["direction"] == direction]


def address_of(server: Server) -> str:
    """Where it is, ready or not."""
    return server.admin_link.split("/console/")[0]


def write_kb(folder: Path) -> Path:
    """One article and two intents in one language, so that it is built in no time."""
    contents = small_contents()
    articles = [each.article for each in contents.articles if each.article.id == "reset-password"]
    intents = [intent for intent in contents.intents if intent.name in ("greeting", "asks-for-human")]
    english = [replace(intent, examples={"en": intent.examples["en"]}) for intent in intents]
    write_folder(folder, [article for article in articles if article.language == "en"], english, [], False)
    return folder


@pytest.fixture(scope="module")
def fleet(postgres_server: str, postgres_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder, kb = tmp_path_factory.mktemp("fleet"), write_kb(tmp_path_factory.mktemp("fleet-kb"))
    with ExitStack() as stack:
        url = stack.enter_context(postgres.new_database(postgres_server, postgres_template))
        settings = {"KB": str(kb), "DATABASE_URL": url, "LEASE_SECONDS": LEASE}
        pages = stack.enter_context(running(folder, "api", **settings))
        without_worker = httpx2.get(f"{address_of(pages)}/readyz", timeout=60).json()["reasons"]
        assert any("firstline worker" in reason for reason in without_worker), without_worker
        worker = stack.enter_context(running(folder, "worker", **settings, CRASH_AT=DIES_AT))
        both = stack.enter_context(running(folder, **settings))
        database = open_database(url)
        stack.callback(database.close)
        watch = stack.enter_context(Watch(database))
        with transaction(database) as session:
            key = add_token(session, "fleet", Scope.READ, START)
        assert all(server.address for server in (pages, worker, both))
        yield Fleet(pages, worker, both, database, watch, key)
        for server in (pages, both):
            server.process.send_signal(signal.SIGTERM)
        for server in (pages, both):
            assert server.process.wait(60) == 0
            assert not [line for line in server.errors if line.startswith("Traceback")], server.errors[-20:]


def test_pages_and_worker_apart_answer_a_chat(fleet: Fleet) -> None:
    assert fleet.ready(fleet.pages) == (200, [])
    ada = Visitor(fleet.pages)
    ada.says(QUESTION)
    offered = [button["label"] for button in ada.hears(1)[-1]["buttons"]]
    assert "Reset a forgotten password" in offered, "with so small a knowledge base it asks before it answers"


def test_one_of_several_that_started_at_once_built_the_knowledge(fleet: Fleet) -> None:
    with reading(fleet.database) as session:
        assert catalogue.live_release_id(session) == 1
    assert sum("building the index" in line for line in (*fleet.worker.errors, *fleet.both.errors)) == 1


def test_a_release_that_is_published_anywhere_is_served_everywhere(fleet: Fleet) -> None:
    with transaction(fleet.database) as session:
        former = catalogue.live_release(session)
        assert former
        greeting = session.exec(select(KbIntent).where(KbIntent.name == "greeting")).one()
        greeting.data = {**greeting.data, "replies": {"en": [GREETING]}}
        session.flush()
        release_id = catalogue.start_release(session, START)
        parameters, threshold, figures = former.parameters, former.threshold, former.figures
        catalogue.publish(session, release_id, parameters, threshold, figures, START)
    seen = fleet.watch.latest
    for server in (fleet.pages, fleet.both):
        for _ in range(300):
            if fleet.asks(server, "hello") == GREETING:
                break
            seen = fleet.watch.wait(seen, 0.1)
        assert fleet.asks(server, "hello") == GREETING


def test_what_a_killed_worker_held_another_takes_over_and_nobody_is_answered_twice(fleet: Fleet) -> None:
    def asks(number: int) -> list[dict[str, Any]]:
        visitor = Visitor((fleet.pages, fleet.both)[number % 2])
        visitor.says(QUESTION)
        return visitor.hears(1) and visitor.talk()

    talker = Visitor(fleet.pages)
    talker.says("let me talk to a human")
    talker.hears(1)
    said = [f"and this is number {number}" for number in range(10)]
    with ThreadPoolExecutor(8) as pool:
        first = pool.map(asks, range(24))
        for text in said:
            talker.says(text)
        talks = list(first)
        # Which of the two takes a turn is chance: people go on asking until this one had those that it lives for.
        while fleet.worker.process.poll() is None:
            talks += pool.map(asks, range(8))
    assert fleet.worker.process.wait(PATIENCE) == -signal.SIGKILL, "it died in the middle of a turn"
    for talk in talks:
        assert [one["direction"] for one in talk] == ["incoming", "outgoing"], talk
    fleet.finishes()
    assert found_in(talker.talk(), "incoming")[1:] == said
    assert fleet.ready(fleet.pages) == (200, []), "the other one is a worker, too"
