"""Customers who talk while processes are killed, the platforms falter and the database crashes; then the reckoning."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import postgres
from chaos.desks import Desk
from chaos.lives import LEASE, Life, Nursery, settings_of
from chaos.people import Customer, OnSlack, OnTelegram, OnTheWeb
from chaos.verdict import Verdict, judge, unfinished
from chaos.weather import FOR_EVER, Weather
from sqlalchemy.exc import DBAPIError
from standins.slack.server import SlackWorld, Times
from standins.telegram import TelegramWorld

from bot.backlog import depth
from handoff.errors import HandoffError
from store import Database, open_database, reading
from store.errors import StoreError
from store.migrate import upgrade
from store.watch import Watch

SQLITE, POSTGRESQL = "sqlite", "postgresql"
AT_ONCE = 25
"""Customers who talk at the same time, at least."""
GLANCE = 0.15
"""Seconds between two looks at whether an answer came."""
IMPATIENCE = 4.0
"""Seconds after which a customer goes on without what they wait for."""
SETTLING = 90.0
LOOK = 0.02
COUNTED_EVERY = 0.5
ENOUGH = 80
"""In a long storm nobody begins to talk while as many messages wait: it tries what is promised, not how much a machine
carries whose processes are killed as soon as they work."""
_LATELY = 500
"""The deliveries of Slack among which those that wait are looked for."""
AWAY = (StoreError, DBAPIError)


@dataclass(frozen=True)
class Storm:
    """How bad it gets. ``messages``: of customers, after which nobody begins to talk any more."""

    database: str
    seed: int
    seconds: float
    messages: int = FOR_EVER
    faults: float = 0.1
    """How many of the calls to a platform go wrong, and how many of its events come twice or out of turn."""
    kill_every: float = 1.0
    crash_every: float = 4.0
    """How often PostgreSQL crashes."""
    report_every: float = 0.0
    """Seconds between two words about how it goes; 0: none."""

    @property
    def at_once(self) -> int:
        """Each of them says something every few seconds."""
        return AT_ONCE if self.messages >= FOR_EVER else max(AT_ONCE, int(5 * self.messages / self.seconds))

    @property
    def replicas(self) -> int:
        return 1 if self.database == SQLITE else 2


@dataclass
class Course:
    """What happened besides."""

    kills: int = 0
    crashes: int = 0
    met: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    settled_after: float = 0.0
    log: Path | None = None


@dataclass
class _Talker:
    """Somebody in the middle of a talk. ``is_there``: what they wait for; times are of ``time.monotonic``."""

    life: Iterator[Callable[[], bool]]
    since: float
    is_there: Callable[[], bool] = lambda: True
    looks_at: float = 0.0

    def goes_on(self, now: float) -> bool:
        """Do the next thing if it is time for it; False at the end."""
        if now < self.looks_at:
            return True
        self.looks_at = now + GLANCE
        if not self.is_there() and now - self.since < IMPATIENCE:
            return True
        awaited = next(self.life, None)
        if awaited is None:
            return False
        self.is_there, self.since = awaited, now
        return True


@dataclass
class _Party:
    """Everybody who takes part."""

    storm: Storm
    nursery: Nursery
    database: Database
    settings: dict[str, Any]
    telegram: TelegramWorld
    slack: SlackWorld
    weather: Weather
    chance: random.Random
    cluster: postgres.Cluster | None
    course: Course
    lives: list[Life] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    talking: list[_Talker] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)
    waiting: int = 0
    """Messages that nobody had dealt with when they were counted last."""

    @property
    def acts(self) -> int:
        return sum(each.acts for each in self.customers)

    @property
    def calls(self) -> int:
        """How often the platforms were called: whether anybody is at work shows in that."""
        return len(self.telegram.calls) + len(self.slack.calls)


def weathered(storm: Storm, nursery: Nursery, folder: Path, say: Callable[[str], None]) -> tuple[Verdict, Course]:
    """Live through ``storm`` with an empty ``folder``, and judge what is left."""
    with ExitStack() as stack:
        party = _gather(storm, nursery, folder, stack)
        began = time.monotonic()
        _rage(party, say)
        party.course.seconds = time.monotonic() - began
        say(f"the storm is over after {party.course.seconds:.0f} s, {party.acts} messages; waiting until all is quiet")
        _calm(party)
        party.course.settled_after = time.monotonic() - began - party.course.seconds
        party.course.met = dict(party.weather.met)
        for life in party.lives:
            # What they would do yet must not lie between two looks of the judge's.
            life.kill()
        verdict = judge(party.database, party.customers)
    return verdict, party.course


def _gather(storm: Storm, nursery: Nursery, folder: Path, stack: ExitStack) -> _Party:
    chance = random.Random(storm.seed)
    url, cluster = stack.enter_context(_database(storm, folder))
    upgrade(url)
    database = open_database(url)
    stack.callback(database.close)
    telegram = stack.enter_context(TelegramWorld(patience=60))
    # Slack gives an event up after three more tries within six minutes. Nobody here is away for as long: more tries
    # within seconds stand for those.
    times = Times(ack=3.0, retries=(0.2, 0.5, 1.0, 1.0, *[2.0] * 30))
    slack = stack.enter_context(SlackWorld(times=times))
    slack.add_team("T1")
    weather = Weather(storm.faults, chance)
    weather.over_telegram(telegram)
    weather.over_slack(slack)
    settings = settings_of(folder, url, telegram, slack)
    party = _Party(
        storm, nursery, database, settings, telegram, slack, weather, chance, cluster, Course(log=nursery.log)
    )
    party.desks = [Desk(database, random.Random(chance.random())) for _ in range(2)]
    return party


@contextmanager
def _database(storm: Storm, folder: Path) -> Iterator[tuple[str, postgres.Cluster | None]]:
    if storm.database == SQLITE:
        yield f"sqlite:///{folder / 'firstline.db'}", None
        return
    # A crash with fsync off would show nothing.
    cluster = postgres.Cluster(postgres.DURABLE)
    try:
        cluster.start()
        yield cluster.url, cluster
        with suppress(postgres.NoPostgres):
            cluster.stop()
    finally:
        cluster.remove()


def _rage(party: _Party, say: Callable[[str], None]) -> None:
    storm, chance, began = party.storm, party.chance, time.monotonic()
    party.lives = [_begin(party) for _ in range(storm.replicas)]
    kill_at, calls = None, 0
    crash_at = began + storm.crash_every * (0.5 + chance.random()) if party.cluster else float("inf")
    desk_at, count_at, tell_at = began, began, began + (storm.report_every or float("inf"))
    while (now := time.monotonic()) < began + storm.seconds or _has_more_to_say(party):
        # The time runs from when there is something to interrupt: a start takes longer on a busy machine.
        if kill_at is None and party.calls > calls:
            kill_at = now + chance.expovariate(1 / storm.kill_every)
        elif kill_at is not None and now >= kill_at:
            _kill_one(party)
            kill_at, calls = None, party.calls
        if now >= crash_at:
            _crash(party)
            crash_at = time.monotonic() + storm.crash_every * (0.5 + chance.random())
        if now >= desk_at:
            _work_at_the_desks(party)
            desk_at = now + 0.15
        if now >= count_at:
            party.waiting = _waiting(party)
            count_at = now + COUNTED_EVERY
        if now >= tell_at:
            tell_at = now + storm.report_every
            course = party.course
            say(f"{now - began:5.0f} s  {party.acts} messages, {course.kills} kills, {course.crashes} crashes")
        _let_talk(party, now, may_begin=_may_begin(party, now - began))
        time.sleep(LOOK)


def _may_begin(party: _Party, elapsed: float) -> bool:
    """Nobody new once enough was said; with a number of messages to reach, they come at an even pace."""
    storm = party.storm
    if storm.messages >= FOR_EVER:
        return elapsed < storm.seconds
    most = min(storm.messages, storm.messages * (elapsed + 2) / storm.seconds)
    return party.acts < most and party.waiting < ENOUGH


def _waiting(party: _Party) -> int:
    """Messages of customers at the platforms and in the inbox; only the former while the database is away."""
    outside = len(party.telegram.updates.pending) + sum(not each.is_done for each in party.slack.deliveries[-_LATELY:])
    with suppress(*AWAY), reading(party.database) as session:
        return outside + depth(session, ENOUGH)
    return outside


def _has_more_to_say(party: _Party) -> bool:
    return party.storm.messages < FOR_EVER and party.acts < party.storm.messages


def _begin(party: _Party) -> Life:
    return party.nursery.begin(party.settings)


def _kill_one(party: _Party) -> None:
    number = party.chance.randrange(len(party.lives))
    party.lives[number].kill()
    party.course.kills += 1
    party.lives[number] = _begin(party)


def _crash(party: _Party) -> None:
    """PostgreSQL is gone at once, as if its machine were, and comes back."""
    if party.cluster is not None:
        party.cluster.stop("immediate")
        party.course.crashes += 1
        party.cluster.start()


def _work_at_the_desks(party: _Party) -> None:
    for desk in party.desks:
        # Somebody else was quicker, or the database is away: an agent looks again later.
        with suppress(HandoffError, *AWAY):
            desk.works()


def _let_talk(party: _Party, now: float, *, may_begin: bool) -> None:
    """Everybody does the next thing that is due."""
    if may_begin and len(party.talking) < party.storm.at_once:
        customer = _somebody(party)
        party.customers.append(customer)
        party.talking.append(_Talker(customer.life(), now))
    party.talking = [each for each in party.talking if each.goes_on(now)]


def _somebody(party: _Party) -> Customer:
    number, chance, repeats = len(party.customers), random.Random(party.chance.random()), party.storm.faults
    if number % 3 == 0:
        place: Any = OnTelegram(party.telegram.person(f"Ada {number}", language="en"), chance, repeats)
    elif number % 3 == 1:
        place = OnSlack(party.slack.teams[0].add_person(f"ann{number}"), chance, repeats)
    else:
        place = OnTheWeb(party.database, f"{number:032x}", chance, repeats)
    return Customer(place, chance, party.nursery.questions)


def _calm(party: _Party) -> None:
    """No more trouble, and nobody says anything new; wait until nothing is under way."""
    party.weather.clears()
    deadline = time.monotonic() + SETTLING
    with Watch(party.database, 0.1) as watch:
        seen, quiet = watch.latest, 0
        while quiet < 3 and time.monotonic() < deadline:
            quiet = quiet + 1 if _is_quiet(party) else 0
            seen = watch.wait(seen, 0.1)


def _is_quiet(party: _Party) -> bool:
    if party.telegram.pending or not all(each.is_done for each in party.slack.deliveries):
        return False
    web = [each.place for each in party.customers if isinstance(each.place, OnTheWeb)]
    for place in web:
        if not place.is_kept:
            place.hears()
    with suppress(*AWAY), reading(party.database) as session:
        return unfinished(session) == 0 and all(place.is_kept for place in web)
    return False


def free_folder(parent: Path, name: str) -> Path:
    """An empty folder."""
    folder = parent / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


__all__ = ["LEASE", "POSTGRESQL", "SQLITE", "Course", "Storm", "free_folder", "weathered"]
