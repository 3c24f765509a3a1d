"""Lives of the product that a test can end and begin again within a tenth of a second.

``python -m chaos.nursery`` (from tests/) reads a small knowledge base once and then forks a life for every order that
comes in, a JSON object a line; what it says is a JSON object a line as well. A life is the product without its pages:
the real worker, the real channels, a real database. It keeps no promise by itself: it is killed, not stopped.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from chaos.publishing import carry_out

ARTICLES = ("reset-password", "export-data", "webhooks", "file-limits")
INTENTS = ("asks-for-human", "thanks")
ADDRESS = "http://firstline.test"
THRESHOLD = 0.6
CHANNELS = ("telegram.connection", "slack.connection")
PERSON = "let me talk to a human"
PACE = 1.0
"""Seconds between two customers to whom a correction goes."""
POLL = 1.0
"""Seconds that one question for news may take on Telegram; whole ones, for less would be none at all."""
_DIE_WITH_PARENT = 1


def main() -> None:
    """Say what can be asked, then begin lives until standard input ends."""
    from bot.live import House, Live

    live = Live(House(ADDRESS, messages_per_minute=1000, open_tickets=100))
    live.serving, built = _serving(live.house)
    _import_all()
    _say(questions=_answered(live.serving))
    for line in sys.stdin:
        order = json.loads(line)
        if "reap" in order:
            _say(code=_reaped(order["reap"]))
        elif "publish" in order:
            _say(code=_reaped(_fork(partial(_publish, order["publish"], live.serving, built))))
        elif "carry_out" in order:
            _say(code=_reaped(_fork(partial(carry_out, order["carry_out"], order["crash_at"]))))
        else:
            _say(pid=_fork(partial(_live, order, live)))


def _import_all() -> None:
    """What a life needs, so that it need not read it again."""
    for name in (
        "api.channels",
        "api.logging",
        "bot.worker",
        "bot.learning.upkeep",
        "bot.learning.studio.carrying_out",
        *(f"bot.channels.{each}" for each in CHANNELS),
    ):
        importlib.import_module(name)


def _serving(house: Any) -> tuple[Any, Any]:
    """A few articles of the sample in English, which are read in seconds and surely known again."""
    from bot.learning.scratch import contents_of
    from bot.live import Serving, policy_of
    from kb_content.articles import Contents
    from kb_content.catalogue import sample_folder
    from kb_content.folder import read_folder
    from retrieval.build import build
    from retrieval.encoders import load_encoders
    from retrieval.reader import Reader

    whole = contents_of(read_folder(sample_folder()))
    articles = tuple(each for each in whole.articles if each.article.id in ARTICLES and each.article.language == "en")
    intents = tuple(
        replace(each, examples={"en": each.examples["en"]}) for each in whole.intents if each.name in INTENTS
    )
    contents, encoders = Contents(articles, intents), load_encoders(None, lambda sentence: None)
    built = build(contents, encoders, {})
    reader = Reader.open(contents, built.vectors, built.parameters, encoders)
    shelf = {(item.article.id, item.article.language): item for item in articles}
    # As release 0, unless a life is told which one it is: whatever a database has live is another one.
    return Serving(0, reader, policy_of(house, THRESHOLD, intents, articles), shelf, house.address), built


def _answered(serving: Any) -> list[list[str]]:
    """For each article the questions that are answered outright."""
    from bot.asking import ask

    articles = {item.article.id: item.article.questions for item in serving.shelf.values()}
    assert ask(serving, PERSON)["decision"] == "escalate"
    return [[each for each in asked if ask(serving, each)["decision"] == "answer"] for asked in articles.values()]


def _reaped(pid: int) -> int:
    """What it ended with, once it does."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _fork(deed: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        deed()
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)
    os._exit(0)


def _publish(url: str, serving: Any, built: Any) -> None:
    """Put what the lives know into the database at ``url``, as its live release."""
    from kb_content import catalogue
    from kb_content.folder import Folder
    from retrieval.vectors import save_vectors
    from store import open_database, transaction

    database, now = open_database(url), datetime.now(UTC)
    folder = Folder(
        tuple(item.article for item in serving.shelf.values()), intents=tuple(serving.policy.intents.values())
    )
    with transaction(database) as session:
        catalogue.apply_import(session, catalogue.plan_import(session, folder, "tests"), now)
        release_id = catalogue.start_release(session, now)
        save_vectors(session, built.vectors)
        catalogue.publish(session, release_id, built.parameters, THRESHOLD, built.figures, now)


def _live(order: dict[str, Any], live: Any) -> None:
    """One life, from its birth until it is killed, or told by SIGTERM to stop."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    _write_to(Path(order["log"]))
    from api.signals import when_told

    wait = when_told(signal.SIGTERM)
    _hurry(order["lease"])

    from api.channels import connections_of
    from api.logging import configure
    from api.settings import Settings
    from bot.channels.mailbox import WEB, Mailbox
    from bot.learning.publish import Fit
    from bot.learning.upkeep import Upkeep
    from bot.worker import SERVER, Worker
    from store import crashpoints, open_database
    from store.watch import Watch

    configure("WARNING")
    live.serving = None if order["knows_nothing"] else replace(live.serving, release_id=order["release"])
    if order["crash_at"]:
        crashpoints.arm(order["crash_at"])
    settings = Settings(_env_file=None, **order["settings"])  # type: ignore[call-arg]
    database = open_database(settings.url)
    with Watch(database) as watch:
        connections = connections_of(
            settings, database, ADDRESS, SERVER if database.is_sqlite else f"life-{os.getpid()}"
        )
        for connection in connections.values():
            _be_impatient(connection)
            connection.start()
        channels = {name: each.channel for name, each in connections.items()}
        worker = Worker(database, watch, live, {WEB: Mailbox(WEB), **channels})
        worker.start()
        if order["has_upkeep"]:
            Upkeep(database, Fit()).start()
        wait()
        worker.stop()
        for connection in connections.values():
            connection.stop()


def _write_to(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.close(0)


def _hurry(lease: float) -> None:
    """What a dead worker held is free after ``lease`` seconds, and soon found; and nothing waits for the disk: what a
    killed process wrote is there all the same."""
    from bot import inbox, worker
    from bot.channels.telegram import line, polling
    from bot.learning.recall import sending
    from handoff import holding
    from store import engine

    engine.SQLITE_WRITER = tuple(each.replace("synchronous=NORMAL", "synchronous=OFF") for each in engine.SQLITE_WRITER)
    assert "synchronous=OFF" in engine.SQLITE_WRITER
    for place, name, value in (
        (inbox, "LEASE", timedelta(seconds=lease)),
        (holding, "LEASE", timedelta(seconds=lease)),
        (line, "LEASE", timedelta(seconds=lease)),
        (polling, "LEASE", timedelta(seconds=lease)),
        (worker, "LEASES_EVERY", min(lease / 4, 1.0)),
        (sending, "PACE", timedelta(seconds=PACE)),
    ):
        assert hasattr(place, name), f"{place.__name__} has no {name} any more"
        setattr(place, name, value)


def _be_impatient(connection: Any) -> None:
    """Trouble on the line is tried again at once, so that a short test sees more of it."""
    from bot.channels.telegram.connection import TelegramConnection
    from bot.channels.telegram.line import Waits

    if isinstance(connection, TelegramConnection):
        connection._line.waits = Waits(poll=POLL, first=0.1, longest=1.0, conflict=0.5, standby=0.3, stop=1.0)


def _say(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
