"""The console's pages on the desk with 100,000 tickets: what passes between the request and the last byte of HTML."""

from __future__ import annotations

import gc
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from urllib.parse import parse_qsl, quote

from sqlmodel import Session
from starlette.testclient import TestClient

from bench.desk_rows import NOW, Size
from handoff.rows import id_of
from handoff.sessions import start_session
from handoff.workplace import saved
from handoff.workplace.filters import read
from handoff.workplace.unread import mark_read
from store import Database, transaction

ROUNDS = 20
GOAL_MS = 200
STAFF = 7
SAVED = {
    "Late": "due=late",
    "My unread": "assignee=me&unread=yes",
    "Chinese": "language=zh",
    "VIP": "plan=vip&sort=priority",
    "Export": "category=export&tier=2&tier=3",
    "Tagged": "tag=tag4&status=any",
}
LISTS = {
    "filter team, unread": "team=billing&unread=yes",
    "filter plan, every status": "plan=enterprise&status=any",
    "filter language, channel": "language=zh&channel=slack",
    "filter tag, every status": "tag=tag9&status=any",
    "filter words": "text=password",
    "filter words, every status": f"text={quote('密码')}&status=any",
    "filter that nothing fits": "language=fr&status=any&category=export",
    "500 rows": "status=any&limit=500",
}
Address = Callable[[], str]


def times(database: Database, size: Size) -> Iterator[tuple[str, list[float]]]:
    """How long each page took in every round, in milliseconds; the first (cold) round is left out."""
    with tempfile.TemporaryDirectory() as folder:
        browser, saved_id = _browser(database, Path(folder))
        addresses = pages(size, saved_id)
        draw, taken = random.Random(3), {what: list[float]() for what in addresses}
        for round in range(ROUNDS + 1):
            if round == 1:
                # As the product does when it is ready (``api.starting``).
                gc.collect()
                gc.freeze()
            for what in draw.sample(sorted(addresses), len(addresses)):
                started = perf_counter()
                page = browser.get(addresses[what]())
                if round:
                    taken[what].append((perf_counter() - started) * 1000)
                page.raise_for_status()
    gc.unfreeze()
    yield from taken.items()


def pages(size: Size, saved_id: int) -> dict[str, Address]:
    """The pages of an agent's day, each with an address for every round."""
    from api.console.inbox import VIEWS

    draw = random.Random(4)
    recent = range(size.tickets * 97 // 100, size.tickets + 1)
    lists = {f"view {view}": f"view={view}" for view in VIEWS} | {"saved view": f"saved={saved_id}"} | LISTS
    found: dict[str, Address] = {f"page {what}": _always(f"/console?{query}") for what, query in lists.items()}
    return {
        **found,
        "page search": _always(f"/console?q={quote('密码')}"),
        "page ticket": lambda: f"/console/tickets/{draw.choice(recent)}",
        "page conversation": lambda: f"/console/conversations/{3 * draw.randint(1, size.conversations // 3)}",
        "page saved views": _always("/console/views"),
    }


def _always(address: str) -> Address:
    return lambda: address


def _browser(database: Database, folder: Path) -> tuple[TestClient, int]:
    """Of somebody who works here, has saved views, and has read half of what is new; and the id of a saved view."""
    from api.app import create_app
    from api.console.parts import cookie_name
    from api.http.parts import now as clock
    from api.product import Product
    from api.settings import Settings
    from bot.live import House, Live
    from store.watch import Watch

    settings = Settings(_env_file=None, data_dir=folder)
    app = create_app(Product(settings, database, Watch(database), Live(House(settings.address))))
    app.dependency_overrides[clock] = lambda: NOW
    with transaction(database) as session:
        token, saved_id = _settle_in(session)
    browser = TestClient(app, headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=True)
    browser.cookies.set(cookie_name(settings), token)
    return browser, saved_id


def _settle_in(session: Session) -> tuple[str, int]:
    from handoff.actors import Actor
    from handoff.models import Staff, Ticket, TicketStatus
    from handoff.tickets import tickets

    staff = session.get_one(Staff, STAFF)
    actor = Actor(STAFF, staff.name)
    for name, query in SAVED.items():
        view = saved.save(session, name, read(parse_qsl(query)), actor, NOW, shared=False)
    unsolved: list[Ticket] = [*tickets(session, TicketStatus.OPEN, 2_000)]
    for ticket in unsolved[::2]:
        mark_read(session, id_of(ticket), STAFF, 2**40, NOW)
    return start_session(session, STAFF, NOW), id_of(view)
