"""The desk with 100,000 tickets and 1,000,000 messages: what agents open all day, on both databases.

``make bench-desk``. The rows are loaded in bulk into a database of its own, then each view of the inbox, tickets and
searches are read as the console reads them (the queries and what is made of their rows, without HTTP and templates),
and then the pages as a browser gets them.
"""

from __future__ import annotations

import gc
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from sqlmodel import Session

from bench import desk_pages
from bench.desk_rows import NOW, Size, lay_out
from bench.figure import Figure
from store import Database, open_database, reading
from store.migrate import upgrade

TICKETS = 100_000
ROUNDS = 40
GOAL_MS = 50
SEARCHES = ("密码", "审批", "O'Brien", "#123", "cannot password", "p", "无")
"""Also the beginning of a word after one letter, and a single character: what the search box sends while one types."""
Deed = Callable[[Session], Any]


def measure() -> Iterator[Figure]:
    """Every deed ``ROUNDS`` times on SQLite and on PostgreSQL, in a mixed order."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import postgres

    with ExitStack() as stack:
        # A checkpoint that is still under way may write its file again while the folder is emptied.
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        yield from _on(f"sqlite:///{folder}/desk.db", "SQLite")
    with postgres.server(on_disk=True) as address, postgres.new_database(address) as url:
        yield from _on(url, "PostgreSQL")


def _on(url: str, name: str) -> Iterator[Figure]:
    upgrade(url)
    database, size, started = open_database(url), Size(TICKETS), perf_counter()
    with database.writer.begin() as connection:
        lay_out(connection, size)
    settle(database)
    yield Figure(
        f"{name}: {size.tickets:,} tickets, {size.messages:,} messages loaded in", perf_counter() - started, "s"
    )
    yield from figures(database, size, name)
    database.close()


def settle(database: Database) -> None:
    """What PostgreSQL does by itself within minutes of so many rows. SQLite is left as the product leaves it."""
    if not database.is_sqlite:
        with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")


def figures(database: Database, size: Size, name: str) -> Iterator[Figure]:
    """p50 and p95 of each deed, in milliseconds."""
    for what, times in timed(database, deeds(size)).items():
        yield from _both(f"{name}: {what}", times, GOAL_MS)
    for what, times in desk_pages.times(database, size):
        yield from _both(f"{name}: {what}", times, desk_pages.GOAL_MS)


def _both(what: str, times: list[float], goal: float) -> Iterator[Figure]:
    yield Figure(f"{what}, p50", _percentile(times, 50), "ms")
    yield Figure(f"{what}, p95", _percentile(times, 95), "ms", goal=goal)


def timed(database: Database, all_deeds: dict[str, Deed]) -> dict[str, list[float]]:
    """How long each deed took in every round, the first (cold) one left out."""
    draw, taken = random.Random(1), {what: list[float]() for what in all_deeds}
    for round in range(ROUNDS + 1):
        if round == 1:
            # As the product does when it is ready (``api.starting``): what made the rows is not looked through again.
            gc.collect()
            gc.freeze()
        for what in draw.sample(sorted(all_deeds), len(all_deeds)):
            started = perf_counter()
            with reading(database) as session:
                all_deeds[what](session)
            if round:
                taken[what].append((perf_counter() - started) * 1000)
    gc.unfreeze()
    return taken


def deeds(size: Size) -> dict[str, Deed]:
    """What an agent does, by what it is called."""
    from api.console.inbox import STEP, VIEWS, inbox
    from api.console.search import search
    from handoff.models import Staff

    draw = random.Random(2)

    def view(which: str) -> Deed:
        return lambda session: inbox(session, session.get_one(Staff, 7), which, STEP, NOW)

    def found(asked: str) -> Deed:
        return lambda session: search(session, asked, STEP)

    shown: dict[str, Deed] = {f"view {each}": view(each) for each in VIEWS}
    searched: dict[str, Deed] = {f"search {each}": found(each) for each in SEARCHES}
    return {**shown, "one ticket": lambda session: _ticket(session, draw.randint(1, size.tickets)), **searched}


def _ticket(session: Session, number: int) -> None:
    """As ``api.console.tickets`` reads it for the page."""
    from api.console.person import person_of
    from api.console.talk import talk
    from handoff.card import card_of
    from handoff.models import Staff
    from handoff.staffing.views import assignment_of
    from handoff.ticketing.views import sheet
    from handoff.tickets import ticket_by_number
    from handoff.views import counts

    ticket = ticket_by_number(session, number)
    shown = talk(session, ticket.conversation_id, session.get_one(Staff, 7))
    person_of(session, shown.customer, NOW)
    assignment_of(session, ticket)
    card_of(session, ticket, [said.line for said in shown.said], NOW)
    sheet(session, ticket)
    counts(session)


def _percentile(times: list[float], which: int) -> float:
    return quantiles(times, n=100)[which - 1]
