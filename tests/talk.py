"""A small world to talk in: real database, real models, a few articles of the sample, and people who say and hear."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from bot import inbox
from bot.channels.mailbox import WEB, Mailbox
from bot.desk.loop import DeskLoop
from bot.learning.scratch import contents_of
from bot.live import House, Live, Serving, policy_of
from bot.replies import closing_words
from bot.sending import send_due
from bot.turns import handle
from bot.web_chat import visible_messages
from handoff import desk, tickets
from handoff.actors import Actor
from handoff.models import Conversation, Role, Ticket
from handoff.staff import add_staff
from kb_content.articles import Contents
from kb_content.catalogue import sample_folder
from kb_content.folder import read_folder
from store import Database, reading, transaction

ARTICLES = {"reset-password", "account-locked", "export-data", "gantt-dependencies", "webhooks", "file-limits"}
INTENTS = {"greeting", "thanks", "asks-for-human", "complaint", "outage", "account-access"}
THRESHOLD = 0.6
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def small_contents() -> Contents:
    """Six of the sample's articles in both languages, and the intents that people use all the time."""
    whole = contents_of(read_folder(sample_folder()))
    return Contents(
        tuple(each for each in whole.articles if each.article.id in ARTICLES),
        tuple(each for each in whole.intents if each.name in INTENTS),
    )


def serving_of(contents: Contents, threshold: float | None = THRESHOLD) -> Serving:
    """``contents`` built and served; with None for ``threshold`` with the one that was fitted to them."""
    from retrieval.build import build
    from retrieval.encoders import load_encoders
    from retrieval.reader import Reader

    encoders = load_encoders(None, lambda sentence: None)
    built = build(contents, encoders, {})
    reader = Reader.open(contents, built.vectors, built.parameters, encoders)
    shelf = {(item.article.id, item.article.language): item for item in contents.articles}
    at = built.threshold if threshold is None else threshold
    policy = policy_of(HOUSE, at, contents.intents, contents.articles)
    return Serving(1, reader, policy, shelf, HOUSE.address)


@cache
def small_serving() -> Serving:
    """The small contents, served with a threshold that is high enough to matter and low enough to answer."""
    serving = serving_of(small_contents())
    return replace(serving, policy=replace(serving.policy, messages_per_minute=20))


HOUSE = House(address="http://firstline.test")


@dataclass
class World:
    """One Firstline without a server: messages are taken through the pass as they are said."""

    database: Database
    live: Live
    now: datetime = START
    channels: dict[str, Mailbox] = field(default_factory=lambda: {WEB: Mailbox(WEB)})
    _said: int = 0

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def accept(self, visitor: str, **payload: Any) -> bool:
        """Put one web event into the inbox, as the chat's endpoint does. Returns whether it is new."""
        self._said += 1
        payload.setdefault("client_id", f"c{self._said}")
        key = f"{visitor}:{payload['client_id']}"
        with transaction(self.database) as session:
            return inbox.accept(session, WEB, key, visitor, {"visitor": visitor, **payload}, self.now)

    def work(self) -> None:
        """Deal with everything that is due."""
        while self.take_turn() or self.desk.step(self.now) or send_due(self.database, self.channels, "test", self.now):
            pass

    @cached_property
    def desk(self) -> DeskLoop:
        return DeskLoop(self.database, HOUSE)

    def settle(self) -> None:
        """Deal with everything, and let as much time pass as it takes until nothing waits for more words."""
        self.work()
        while (due := self._next_due()) is not None:
            self.now = due
            self.work()

    def _next_due(self) -> datetime | None:
        with reading(self.database) as session:
            return inbox.next_due(session, self.now, tuple(self.channels))

    def take_turn(self) -> bool:
        with transaction(self.database) as session:
            row = inbox.claim(session, "test", self.now, channels=tuple(self.channels))
        if row is None:
            return False
        handle(self.database, self.live, self.channels[row.channel], row, "test", self.now)
        return True

    def ticket(self, number: int = 1) -> Ticket:
        with reading(self.database) as session:
            return tickets.ticket_by_number(session, number)

    def tickets(self) -> list[Ticket]:
        with reading(self.database) as session:
            return list(tickets.tickets(session))


@dataclass
class CustomerOnTheWeb:
    """Somebody in the web chat. ``says`` and ``presses`` return what the bot or an agent says to it."""

    world: World
    visitor: str = "ada"
    seen: int = 0

    def says(self, text: str, **payload: Any) -> list[dict[str, Any]]:
        """Say it and wait for the reply."""
        self.world.later(seconds=10)
        self.world.accept(self.visitor, text=text, **payload)
        self.world.settle()
        return self.hears()

    def writes(self, text: str, after: float = 0.5) -> list[dict[str, Any]]:
        """Send it ``after`` seconds, without waiting for what may be waited for."""
        self.world.later(seconds=after)
        self.world.accept(self.visitor, text=text)
        self.world.work()
        return self.hears()

    def waits(self, seconds: float) -> list[dict[str, Any]]:
        self.world.later(seconds=seconds)
        self.world.work()
        return self.hears()

    def presses(self, action: str, argument: int = 0) -> list[dict[str, Any]]:
        """Press the newest button with this action; ``argument`` counts among several of them."""
        self.world.later(seconds=10)
        for message in reversed(self.transcript()):
            found = [button for button in message["buttons"] if button["action"] == action]
            if found:
                self.world.accept(self.visitor, press=found[argument]["token"])
                self.world.work()
                return self.hears()
        raise AssertionError(f"no button {action} in sight")

    def hears(self) -> list[dict[str, Any]]:
        """What arrived since the last look, the customer's own words left out."""
        news = [message for message in self.transcript() if message["id"] > self.seen]
        self.seen = max([self.seen, *(message["id"] for message in news)])
        return [message for message in news if message["direction"] == "outgoing"]

    def transcript(self) -> list[dict[str, Any]]:
        with reading(self.world.database) as session:
            return visible_messages(session, self.visitor)


@dataclass
class AgentAtTheDesk:
    """Somebody of the staff, doing through the desk what the console does."""

    world: World
    name: str
    _id: int | None = None

    @property
    def actor(self) -> Actor:
        if self._id is None:
            with transaction(self.world.database) as session:
                address = f"{self.name}@firstline.test"
                self._id = add_staff(session, address, self.name.title(), Role.AGENT, self.world.now).id
        return Actor(self._id, self.name.title())

    def does(self, deed: Any, *arguments: Any, **named: Any) -> Any:
        actor = self.actor
        self.world.later(seconds=10)
        with transaction(self.world.database) as session:
            done = deed(session, *arguments, actor, self.world.now, **named)
        self.world.work()
        return done

    def replies(self, text: str, number: int = 1) -> None:
        self.does(_reply, number, text)

    def resolves(self, number: int = 1, language: str = "en") -> None:
        self.does(_resolve, number, language)

    def hands_back(self, number: int = 1) -> None:
        self.does(desk.hand_back, number)

    def takes_over(self, conversation_id: int) -> None:
        self.does(desk.take_over, conversation_id)


def _reply(session: Any, number: int, text: str, actor: Actor, now: datetime) -> None:
    desk.reply(session, number, text, actor, now)


def _resolve(session: Any, number: int, language: str, actor: Actor, now: datetime) -> None:
    desk.resolve(session, number, actor, now, closing_words(language, number))


def conversations(database: Database) -> list[Conversation]:
    from sqlmodel import select

    with reading(database) as session:
        return list(session.exec(select(Conversation)).all())


def text_of(messages: list[dict[str, Any]]) -> str:
    """All that was heard, in one piece."""
    return "\n".join(message["text"] for message in messages)
