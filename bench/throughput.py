"""Messages a second through the whole product, on both databases, beside the encoders alone."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from bench.figure import Figure
from bot import inbox
from bot.channels.mailbox import WEB, Mailbox
from bot.live import House, Live, Serving
from bot.worker import Worker
from store import Database, open_database, reading, transaction
from store.migrate import upgrade
from store.watch import Watch

MESSAGES, VISITORS = 400, 40
QUESTIONS = ("I forgot my password, can't get in", "how do I export to excel", "忘记密码了登不上去", "thanks")


def measure() -> Iterator[Figure]:
    """Every message: kept, read, decided, recorded, delivered; the clock stops when the last delivery is recorded."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import postgres
    from talk import small_serving

    serving = small_serving()
    alone = _encoders_alone(serving)
    yield Figure("encoders alone", alone, "messages/s")
    with tempfile.TemporaryDirectory() as folder:
        yield from _through(f"sqlite:///{folder}/bench.db", "SQLite", serving, alone)
    with postgres.server(on_disk=True) as address, postgres.new_database(address) as url:
        yield from _through(url, "PostgreSQL", serving, alone)


def _encoders_alone(serving: Serving) -> float:
    started = perf_counter()
    for number in range(MESSAGES):
        text = QUESTIONS[number % len(QUESTIONS)]
        language = "zh" if ord(text[0]) > 127 else "en"
        serving.reader.encoders.encode_queries([text], language)
    return MESSAGES / (perf_counter() - started)


def _through(url: str, name: str, serving: Serving, alone: float) -> Iterator[Figure]:
    upgrade(url)
    database = open_database(url)
    live = Live(House(serving.address))
    live.serving = serving
    with Watch(database) as watch:
        worker = Worker(database, watch, live, {WEB: Mailbox(WEB)})
        started = perf_counter()
        worker.start()
        _accept_all(database)
        _wait_until_delivered(database, watch)
        rate = MESSAGES / (perf_counter() - started)
        worker.stop()
    database.close()
    yield Figure(f"whole product on {name}", rate, "messages/s")
    yield Figure(f"encoders' share of the time on {name}", rate / alone, "×")


def _accept_all(database: Database) -> None:
    for number in range(MESSAGES):
        visitor = f"visitor-{number % VISITORS}"
        payload = {"visitor": visitor, "text": QUESTIONS[number % len(QUESTIONS)], "client_id": str(number)}
        with transaction(database) as session:
            inbox.accept(session, WEB, f"{visitor}:{number}", visitor, payload, datetime.now(UTC))


def _wait_until_delivered(database: Database, watch: Watch) -> None:
    from sqlalchemy import func
    from sqlmodel import col, select

    from bot.models import InboxRow, InboxState
    from handoff.models import Delivery, DeliveryState

    at, deadline = 0, time.monotonic() + 120
    while time.monotonic() < deadline:
        with reading(database) as session:
            rows = session.exec(select(func.count()).where(col(InboxRow.state) != InboxState.DONE)).one()
            waiting = (DeliveryState.READY, DeliveryState.SENDING)
            words = session.exec(select(func.count()).where(col(Delivery.state).in_(waiting))).one()
        if not rows and not words:
            return
        at = watch.wait(at, 0.2)
    raise TimeoutError("the product did not deal with all messages within 120 s")
