"""A database, both platforms, and short lives of the product that serve them one after the other."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos.desks import Desk
from chaos.lives import Life, Nursery, settings_of
from chaos.nursery import PERSON
from chaos.people import Customer, OnSlack, OnTelegram, OnTheWeb
from chaos.verdict import Verdict, judge, unfinished
from sqlalchemy import update
from sqlmodel import Session, col, select
from standins.slack.server import SlackWorld, Times
from standins.telegram import TelegramWorld

from bot.models import InboxRow
from handoff import desk
from handoff.models import Delivery, Ticket
from store import Database, migrate, open_database, reading, transaction
from store.models import Lease
from store.watch import Watch

LEASE = 60.0
"""Seconds, as in the product: whoever is only slow keeps what it holds. What a dead one held is free at once."""
PATIENCE = 120.0


@dataclass
class Stage:
    """A database, both platforms, and the lives that serve them one after the other."""

    nursery: Nursery
    database: Database
    settings: dict[str, Any]
    telegram: TelegramWorld
    slack: SlackWorld
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    release: int = 0
    """What the lives know, where it was published in this database: they need not read it again."""
    count: int = 0
    with_people: dict[str, tuple[Customer, int]] = field(default_factory=dict)

    def begin(self, crash_at: str = "", **kind: bool) -> Life:
        return self.nursery.begin(self.settings, crash_at=crash_at, lease=LEASE, release=self.release, **kind)

    def works(self, **kind: bool) -> None:
        """A life goes on until nothing is left to do, and is stopped."""
        life = self.begin(**kind)
        self.settles()
        assert life.stop() == 0, self.nursery.log.read_text()[-3000:]

    def customers(self) -> list[Customer]:
        """Three people who were never here."""
        self.count += 1
        places = (
            OnTelegram(self.telegram.person(f"Ada {self.count}", language="en"), self.chance, 0.0),
            OnSlack(self.slack.teams[0].add_person(f"ann{self.count}"), self.chance, 0.0),
            OnTheWeb(self.database, f"{self.count:032x}", self.chance, 0.0),
        )
        return [Customer(place, self.chance, self.nursery.questions) for place in places]

    def with_a_person(self, channel: str) -> tuple[Customer, int]:
        """A customer whom a person has, and the number of their ticket."""
        if channel not in self.with_people:
            customer = next(each for each in self.customers() if each.place.channel == channel)
            customer.says(PERSON)
            self.works()
            with reading(self.database) as session:
                number = session.exec(select(Ticket.number).order_by(col(Ticket.number).desc())).first()
            assert number
            self.with_people[channel] = customer, number
        return self.with_people[channel]

    def replies(self, number: int, text: str) -> int:
        """An agent does; the id of the delivery."""
        actor = Desk(self.database, self.chance).hired()
        with transaction(self.database) as session:
            message = desk.reply(session, number, text, actor, datetime.now(UTC))
            return session.exec(select(Delivery.id).where(Delivery.message_id == message.id)).one() or 0

    def dies(self, life: Life) -> None:
        """It was killed at its place, and not by anything else. What it held was held for a minute, which is over."""
        assert life.wait() == -signal.SIGKILL, self.nursery.log.read_text()[-3000:]
        now = datetime.now(UTC)
        with transaction(self.database) as session:
            for kind in (InboxRow, Delivery):
                session.execute(update(kind).where(col(kind.lease_until) > now).values(lease_until=now))
            session.execute(update(Lease).where(col(Lease.expires_at) > now).values(expires_at=now))

    def recovers(self, customers: list[Customer], **kind: bool) -> Verdict:
        """Another life goes on where the dead one ended."""
        self.works(**kind)
        return judge(self.database, customers)

    def settles(self, is_done: Callable[[Session], bool] = lambda session: True) -> None:
        """Wait until nothing is left to do, and ``is_done``."""
        with Watch(self.database, 0.05) as watch:
            seen, deadline = watch.latest, datetime.now(UTC).timestamp() + PATIENCE
            while not self._is_quiet(is_done):
                assert datetime.now(UTC).timestamp() < deadline, self.nursery.log.read_text()[-3000:]
                seen = watch.wait(seen, 0.1)

    def _is_quiet(self, is_done: Callable[[Session], bool]) -> bool:
        if self.telegram.pending or not all(each.is_done for each in self.slack.deliveries):
            return False
        with reading(self.database) as session:
            return unfinished(session) == 0 and is_done(session)


@contextmanager
def a_stage(lives: Nursery, folder: Path, url: str = "") -> Iterator[Stage]:
    """A stage on the database at ``url``; without one on a new SQLite file in ``folder``."""
    if not url:
        url = f"sqlite:///{folder / 'firstline.db'}"
        migrate.upgrade(url)
    with ExitStack() as stack:
        database = open_database(url)
        stack.callback(database.close)
        telegram = stack.enter_context(TelegramWorld(patience=PATIENCE))
        slack = stack.enter_context(
            SlackWorld(times=Times(ack=60.0, trigger=60.0, retries=(0.05, 0.2, 0.5, 1.0, *[2.0] * 30)))
        )
        slack.add_team("T1")
        yield Stage(lives, database, settings_of(folder, url, telegram, slack), telegram, slack)


def ask(customers: list[Customer]) -> None:
    for customer, asked in zip(customers, customers[0].questions, strict=False):
        customer.says(asked[0])
        customer.asked.append(asked[0])
