"""Platforms that refuse what is too much and shut out who does not listen: nothing is lost, and all comes in order.

Their limits are those that they are known for, in a tenth of the time or less, so that nobody waits for minutes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import col, select
from standins import telegram as telegrams
from standins.slack.server import Limits as SlackLimits
from standins.slack.server import SlackWorld
from standins.telegram import TelegramWorld, faults

from bot.channels.base import Channel, Inbound, Later, Outgoing
from bot.channels.booking import Book, TableBook, book_of
from bot.channels.pacing import Manners
from bot.channels.slack import pacing as slack_pacing
from bot.channels.slack.channel import SlackChannel
from bot.channels.slack.clients import Clients
from bot.channels.telegram import pacing as telegram_pacing
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.client import Client
from bot.sending import Sender
from handoff.conversations import open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Delivery, DeliveryState
from store import Database, open_database, reading, transaction

EACH = 9
"""Messages for every thread, all of them there from the start."""
MANNERS = Manners(margin=0.05, together=0.2)
ON_TELEGRAM = telegram_pacing.Limits(
    chat_span=0.105, group_span=1.6, overall=25, overall_span=0.315, ahead=0.1, manners=MANNERS
)
ON_SLACK = slack_pacing.Limits(each=0.105, manners=MANNERS)
# One post inside a pause is enough, save what was under way when the pause began.
TELEGRAMS_OWN = replace(telegrams.Limits.scaled(0.1), group_window=1.5, overall_window=0.3, ban_after=1, grace=0.5)


@dataclass
class Platforms:
    telegram: TelegramWorld
    slack: SlackWorld

    def threads(self) -> list[tuple[str, str]]:
        """Private chats, groups whose topics share a limit, direct messages, and channels with several threads."""
        ann = self.slack.teams[0].add_person("ann")
        people = [self.telegram.person(f"Ada {number}") for number in range(8)]
        for person in people:
            person.says("hello")
        forums = [self.telegram.forum(f"Users {number}", people[:1]) for number in range(2)]
        topics = [people[0].opens_topic(forum, f"Topic {number}") for forum in forums for number in range(2)]
        rooms = [self.slack.teams[0].add_channel(name, members=[ann]) for name in ("general", "random", "help")]
        roots = [(room.id, ann.says("hi", room).ts) for room in rooms for _ in range(2)]
        return [
            *(("telegram", str(person.id)) for person in people),
            *(("telegram", f"{topic.chat.id}:{topic.id}") for topic in topics),
            *(("slack", f"T1:{room}:{ts}") for room, ts in roots),
            ("slack", f"T1:@{ann.id}"),
        ]

    def refuse_some(self) -> None:
        """Though nothing is too much: two chats at about the same time, a group later, two Slack channels."""
        private = [chat.id for chat in self.telegram.chats.values() if chat.kind == "private"]
        groups = [chat.id for chat in self.telegram.chats.values() if chat.kind != "private"]
        for chat, after in ((private[0], 2), (private[1], 2), (groups[0], 3)):
            self._refuse_in(chat, after)
        for room, after in zip(self.slack.teams[0].channels, (3, 9), strict=False):
            self.slack.fail_next("chat.postMessage", "ratelimited", channel=room, after=after)

    def heard(self) -> list[str]:
        """All that the bot said, in the order in which it arrived."""
        here = [message.text for message in self.telegram.from_bot]
        return here + [said.text for room in self.slack.teams[0].channels for said in room.bot_messages]

    @property
    def have_banned(self) -> bool:
        return self.telegram.is_banned or self.slack.limits.is_banned

    def _refuse_in(self, chat: int, after: int) -> None:
        refusal = faults.TooMany(1, is_meant=True)
        self.telegram.fault("sendMessage", refusal, after=after, when=lambda given: given.get("chat_id") == chat)


@pytest.fixture
def platforms() -> Iterator[Platforms]:
    posts = SlackLimits(posts_per_second=10.0, burst=4, ban_after=1, grace=0.5)
    with TelegramWorld(limits=TELEGRAMS_OWN) as telegram, SlackWorld(limits=posts) as slack:
        slack.add_team("T1", bot_token="xoxb-1")
        yield Platforms(telegram, slack)


@contextmanager
def working(database: Database, platforms: Platforms, folder: Path, book: Book, name: str) -> Iterator[None]:
    """What sends in one process: its channels, its loop, its connections to the database."""
    client = Client(platforms.telegram.token, platforms.telegram.base_url)
    client.start()
    clients = Clients({"T1": "xoxb-1"}.get, platforms.slack.api_url)
    slack = SlackChannel(folder, clients, pacer=slack_pacing.pacer_of_workspaces(book, ON_SLACK))
    slack.open(True)
    telegram = TelegramChannel(client, folder, pacer=telegram_pacing.pacer_of("1", book, ON_TELEGRAM))
    channels: dict[str, Channel] = {"slack": slack, "telegram": telegram}
    bell, stopping = threading.Event(), threading.Event()
    sender = Sender(database, channels, name, bell.set)
    database.on_commit.append(lambda *_: bell.set())
    somebody = str(next(iter(platforms.telegram.people)))

    def work() -> None:
        while not stopping.is_set():
            telegram.hint(Inbound("telegram", somebody, somebody))
            bell.clear()
            if not sender.step(datetime.now(UTC)):
                bell.wait(sender.wait_until(datetime.now(UTC), 0.05))

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(30)
        sender.stop(30)
        client.close()


def say_all(database: Database, threads: list[tuple[str, str]]) -> None:
    now = datetime.now(UTC)
    with transaction(database) as session:
        for channel, name in threads:
            place = find_thread(session, channel, name, now)
            customer = find_customer(session, channel, name, now, name="ada")
            conversation = open_conversation(session, place, customer, "en", now)
            for number in range(EACH):
                say(session, conversation, f"{name} hears {number}", Author.BOT, now)


def wait_until_all_is_settled(database: Database) -> list[Delivery]:
    ended, pause = time.monotonic() + 90, threading.Event()
    left = select(Delivery.id).where(col(Delivery.state).in_([DeliveryState.READY, DeliveryState.SENDING])).limit(1)
    while True:
        with reading(database) as session:
            if session.exec(left).first() is None:
                return list(session.exec(select(Delivery)).all())
        assert time.monotonic() < ended, "deliveries are stuck"
        pause.wait(0.02)


def run(databases: list[Database], books: list[Book], platforms: Platforms, folder: Path) -> list[Delivery]:
    """Let as many processes as there are databases send everything. What became of the deliveries."""
    say_all(databases[0], platforms.threads())
    platforms.refuse_some()
    with ExitStack() as stack:
        for number, (database, book) in enumerate(zip(databases, books, strict=True)):
            stack.enter_context(working(database, platforms, folder, book, f"worker-{number}"))
        return wait_until_all_is_settled(databases[0])


@pytest.fixture
def databases(database: Database) -> Iterator[list[Database]]:
    """One process on SQLite; two on PostgreSQL, which have nothing in common but what is in there."""
    if database.is_sqlite:
        yield [database]
        return
    other = open_database(database.url)
    yield [database, other]
    other.close()


def test_who_listens_is_never_shut_out_loses_nothing_and_keeps_the_order(
    databases: list[Database], platforms: Platforms, tmp_path: Path
) -> None:
    sent = run(databases, [book_of(each) for each in databases], platforms, tmp_path)
    assert not platforms.have_banned
    assert {(delivery.state, delivery.attempts) for delivery in sent} == {(DeliveryState.SENT, 1)}
    by_thread: dict[str, list[int]] = {}
    for text in platforms.heard():
        name, number = text.split(" hears ")
        by_thread.setdefault(name, []).append(int(number))
    assert len(by_thread) * EACH == len(sent)
    assert all(numbers == list(range(EACH)) for numbers in by_thread.values())


def test_what_one_process_was_refused_no_other_tries(
    postgresql_database: Database, platforms: Platforms, tmp_path: Path
) -> None:
    """Two topics of a group, each written to by a process of its own: the group is what is too much."""
    telegram = platforms.telegram
    ada = telegram.person("Ada")
    forum = telegram.forum("Users", [ada])
    topics = [ada.opens_topic(forum, name) for name in ("Login", "Billing")]
    telegram.fault("sendMessage", faults.TooMany(30, is_meant=True))
    for number, topic in enumerate(topics):
        client = Client(telegram.token, telegram.base_url)
        client.start()
        pacer = telegram_pacing.pacer_of("1", TableBook(postgresql_database), ON_TELEGRAM)
        with pytest.raises(Later) as put_off:
            TelegramChannel(client, tmp_path, pacer=pacer).send(
                Outgoing(number, number, f"{forum.id}:{topic.id}", "Hi")
            )
        client.close()
        assert put_off.value.not_before is not None
        assert (put_off.value.not_before - datetime.now(UTC)).total_seconds() > 20
    assert len(telegram.calls_of("sendMessage")) == 1
    assert telegram.ban_strikes == 0
