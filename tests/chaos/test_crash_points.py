"""Killed at each place that has a name, on either database, and begun again: the promises hold.

A life of the product dies at the place by SIGKILL while three customers, one on each channel, wait for it; the next one
finds what it left. ``store.crashpoints`` lists the places.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from chaos.desks import Desk
from chaos.lives import Life, Nursery
from chaos.nursery import PERSON
from chaos.people import Customer, OnSlack, OnTelegram, OnTheWeb
from chaos.storm import POSTGRESQL, SQLITE
from chaos.verdict import Verdict, judge, unfinished
from postgres import new_database
from sqlmodel import col, select
from standins.slack.server import SlackWorld, Times
from standins.telegram import TelegramWorld

from bot.learning.upkeep import TOPICS
from bot.models import InboxRow, InboxState
from handoff import desk
from handoff.models import Delivery, DeliveryState, Message, Ticket
from store import Database, crashpoints, migrate, open_database, reading, transaction
from store.models import Timer, TimerState
from store.timers import set_timer
from store.watch import Watch

LEASE = 1.0
"""Seconds: on PostgreSQL the next life waits so long for what the dead one held."""
PATIENCE = 60.0
ON_THE_WAY_IN = ("inbox.before_commit", "inbox.after_commit")
IN_A_TURN = ("turn.claimed", "turn.before_record", "turn.in_record", "turn.after_record")
IN_A_SEND = ("send.after_claim", "send.after_call", "send.before_record")
ELSEWHERE = {"turn.held", "turn.in_park", "send.between_parts", "timer.in_deed", "release.swap"}
# Each place on either database; all ways to get there where a life costs least.
SENDS_OF_THE_BOT = [
    *((SQLITE, place, channel) for place in IN_A_SEND for channel in ("telegram", "slack")),
    (POSTGRESQL, "send.after_claim", "telegram"),
    (POSTGRESQL, "send.after_call", "slack"),
    (POSTGRESQL, "send.before_record", "telegram"),
]
SENDS_OF_AGENTS = [
    *((SQLITE, place, channel) for place in IN_A_SEND for channel in ("telegram", "slack")),
    (POSTGRESQL, "send.after_call", "telegram"),
]


@dataclass
class Stage:
    """A database, both platforms, and the lives that serve them one after the other."""

    nursery: Nursery
    database: Database
    settings: dict[str, Any]
    telegram: TelegramWorld
    slack: SlackWorld
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    count: int = 0
    with_people: dict[str, tuple[Customer, int]] = field(default_factory=dict)

    def begin(self, crash_at: str = "", **kind: bool) -> Life:
        return self.nursery.begin(self.settings, crash_at=crash_at, lease=LEASE, **kind)

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
        """It was killed at its place, and not by anything else."""
        assert life.wait() == -signal.SIGKILL, self.nursery.log.read_text()[-3000:]

    def recovers(self, customers: list[Customer], **kind: bool) -> Verdict:
        """Another life goes on where the dead one ended."""
        self.works(**kind)
        return judge(self.database, customers)

    def settles(self) -> None:
        with Watch(self.database, 0.05) as watch:
            seen, deadline = watch.latest, datetime.now(UTC).timestamp() + PATIENCE
            while not self._is_quiet():
                assert datetime.now(UTC).timestamp() < deadline, self.nursery.log.read_text()[-3000:]
                seen = watch.wait(seen, 0.1)

    def _is_quiet(self) -> bool:
        if self.telegram.pending or not all(each.is_done for each in self.slack.deliveries):
            return False
        with reading(self.database) as session:
            return unfinished(session) == 0


@pytest.fixture(scope="module", params=[SQLITE, POSTGRESQL])
def stage(request: pytest.FixtureRequest, lives: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("stage")
    with ExitStack() as stack:
        if request.param == SQLITE:
            url = f"sqlite:///{folder / 'firstline.db'}"
            migrate.upgrade(url)
        else:
            server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
            url = stack.enter_context(new_database(server, template))
        database = open_database(url)
        stack.callback(database.close)
        telegram = stack.enter_context(TelegramWorld(patience=PATIENCE))
        slack = stack.enter_context(SlackWorld(times=Times(retries=(0.05, 0.2, 0.5, 1.0, 2.0, 4.0))))
        team = slack.add_team("T1")
        settings = {
            "data_dir": str(folder),
            "database_url": url,
            "telegram_token": telegram.token,
            "telegram_base_url": telegram.base_url,
            "slack_base_url": slack.api_url,
            "slack_bot_token": team.bot_token,
            "slack_app_token": slack.app.app_token,
        }
        yield Stage(lives, database, settings, telegram, slack)


def ask(customers: list[Customer]) -> None:
    for customer, asked in zip(customers, customers[0].questions, strict=False):
        customer.says(asked[0])
        customer.asked.append(asked[0])


def holds(verdict: Verdict) -> None:
    assert not verdict.faults, verdict
    assert verdict.lost == verdict.stuck == verdict.out_of_order == 0, verdict


def test_every_place_is_tried_here() -> None:
    assert {*ON_THE_WAY_IN, *IN_A_TURN, *IN_A_SEND, *ELSEWHERE} == set(crashpoints.POINTS)


@pytest.mark.parametrize("place", [*ON_THE_WAY_IN, *IN_A_TURN])
def test_killed_with_questions_under_way_each_is_answered_once(stage: Stage, place: str) -> None:
    dying = stage.begin(place)
    customers = stage.customers()
    ask(customers)
    stage.dies(dying)
    holds(stage.recovers(customers))


@pytest.mark.parametrize(("stage", "place", "channel"), SENDS_OF_THE_BOT, indirect=["stage"])
def test_killed_while_the_bots_words_leave_they_are_there(stage: Stage, place: str, channel: str) -> None:
    dying = stage.begin(place)
    customers = [each for each in stage.customers() if each.place.channel == channel]
    ask(customers)
    stage.dies(dying)
    verdict = stage.recovers(customers)
    holds(verdict)
    copies = len(customers[0].place.hears())
    assert verdict.uncertain == 0, "the bot's own words are sent again"
    assert copies == 1 or (channel, copies) == ("telegram", 2), "Slack is asked, Telegram cannot be"


@pytest.mark.parametrize(("stage", "place", "channel"), SENDS_OF_AGENTS, indirect=["stage"])
def test_killed_while_an_agents_words_leave_they_are_never_there_twice(stage: Stage, place: str, channel: str) -> None:
    customer, number = stage.with_a_person(channel)
    text = f"Words of an agent, {place}."
    delivery_id = stage.replies(number, text)
    stage.dies(stage.begin(place))
    holds(stage.recovers([customer]))
    copies = sum(text in each.text for each in customer.place.hears())
    with reading(stage.database) as session:
        state = session.get_one(Delivery, delivery_id).state
    assert copies <= 1
    if channel == "slack":
        assert (copies, state) == (1, DeliveryState.SENT)
    else:
        assert state is DeliveryState.UNCERTAIN, "an agent sees it, and decides"


def test_killed_between_two_parts_the_first_is_not_repeated(stage: Stage) -> None:
    customer, number = stage.with_a_person("slack")
    stage.replies(number, "".join(f"Line {line} of a long explanation.\n" for line in range(160)))
    stage.dies(stage.begin("send.between_parts"))
    stage.works()
    parts = [each.text for each in customer.place.hears() if "of a long explanation" in each.text]
    assert len(parts) > 1
    assert [sum(f"Line {line} of" in part for part in parts) for line in range(160)] == [1] * 160


def test_killed_while_a_fragment_waits_for_more_it_still_waits(stage: Stage) -> None:
    dying = stage.begin("turn.held")
    customers = stage.customers()
    for customer in customers:
        customer.says("hello there")
    stage.dies(dying)
    ask(customers)
    holds(stage.recovers(customers))


def test_killed_while_what_cannot_be_read_is_set_aside_it_is_shown_once(stage: Stage) -> None:
    customer, _ = stage.with_a_person("telegram")
    chat = {"id": int(customer.place.thread), "type": "private"}
    stage.telegram.inject_update({"message": {"message_id": 4711, "date": "yesterday", "chat": chat, "text": ["x"]}})
    stage.dies(stage.begin("turn.in_park"))
    stage.works()
    with reading(stage.database) as session:
        rows = session.exec(select(InboxRow).where(InboxRow.state == InboxState.PARKED)).all()
        shown = session.exec(select(Message).where(Message.id == rows[0].message_id)).all()
        assert len(rows) == 1
        assert len(shown) == 1
    with transaction(stage.database) as session:
        for row in session.exec(select(InboxRow).where(InboxRow.state == InboxState.PARKED)):
            row.state = InboxState.DONE


def test_killed_in_what_a_timer_began_the_timer_is_there_for_the_next_time(stage: Stage) -> None:
    with transaction(stage.database) as session:
        set_timer(session, TOPICS, 0, datetime.now(UTC))
    stage.dies(stage.begin("timer.in_deed", has_upkeep=True))
    with reading(stage.database) as session:
        timer = session.exec(select(Timer).where(Timer.kind == TOPICS)).one()
    assert timer.state is TimerState.WAITING


def test_killed_while_a_release_is_taken_up_the_next_life_answers_from_it(stage: Stage) -> None:
    stage.nursery.publish(stage.settings["database_url"])
    stage.dies(stage.begin("release.swap", knows_nothing=True))
    customers = stage.customers()
    ask(customers)
    holds(stage.recovers(customers, knows_nothing=True))
    with reading(stage.database) as session:
        answers = session.exec(select(Message).where(Message.decision == "answer").order_by(col(Message.id).desc()))
        assert answers.first().detail["release"] == 1  # type: ignore[union-attr]
