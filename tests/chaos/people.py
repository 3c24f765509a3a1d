"""Customers on three channels who ask, press and wait."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from chaos.nursery import PERSON
from standins.slack.delivery import Delivery
from standins.slack.people import Person as SlackPerson
from standins.telegram.people import Person as TelegramPerson

from bot import inbox
from bot.channels.mailbox import WEB
from bot.web_chat import visible_messages
from store import Database, reading, transaction
from store.errors import StoreError

HELPFUL = "👍 Helpful"
PATIENCE = 60.0
HASTE = 0.3
"""How many of the customers write on without waiting for what comes back."""
Waiting = Iterator[Callable[[], bool]]


@dataclass(frozen=True)
class Heard:
    """A message of the bot or an agent as the customer sees it. ``marks``: what tells which delivery it is."""

    text: str
    labels: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    raw: Any = None


class Place(Protocol):
    """Where one customer talks with us. ``thread``: its name in the database."""

    channel: str
    thread: str

    def say(self, text: str) -> None: ...

    def press(self, heard: Heard, label: str) -> None: ...

    def took_press(self) -> bool:
        """Whether the press was acknowledged: Slack shows its people when it was not, and does not repeat it."""
        ...

    def hears(self) -> list[Heard]: ...


@dataclass
class OnTelegram:
    person: TelegramPerson
    chance: random.Random
    repeats: float
    """How many of the updates come twice, and how many change places with the one before."""
    channel: str = "telegram"

    @property
    def thread(self) -> str:
        return str(self.person.private.id)

    def say(self, text: str) -> None:
        self._trouble(self.person.says(text).update_id)

    def press(self, heard: Heard, label: str) -> None:
        self._trouble(self.person.presses(heard.raw, label, is_stale=True).update_id)

    def took_press(self) -> bool:
        return True

    def hears(self) -> list[Heard]:
        return [
            Heard(
                each.text,
                tuple(each.buttons),
                tuple(button.data or "" for row in each.keyboard for button in row),
                each,
            )
            for each in self.person.private.from_bot
        ]

    def _trouble(self, update_id: int | None) -> None:
        world = self.person.world
        if update_id is not None and self.chance.random() < self.repeats:
            world.redeliver(update_id)
        if self.chance.random() < self.repeats:
            with world.changing():
                waiting = world.updates.pending
                if 1 < len(waiting) < 90:
                    waiting[-1], waiting[-2] = waiting[-2], waiting[-1]


@dataclass
class OnSlack:
    person: SlackPerson
    chance: random.Random
    repeats: float
    channel: str = "slack"
    _press: Delivery | None = None

    @property
    def thread(self) -> str:
        return f"{self.person.team.id}:@{self.person.id}"

    def say(self, text: str) -> None:
        self.person.says(text, self.person.dm)
        self._trouble()

    def press(self, heard: Heard, label: str) -> None:
        self._press = self.person.clicks(heard.raw, label, wait=False)
        self._trouble()

    def took_press(self) -> bool:
        return self._press is not None and self._press.acknowledged

    def presses_until_taken(self, heard: Heard, label: str) -> None:
        """Slack tells its person when nobody took a press, and who meant it presses again."""
        deadline = time.monotonic() + PATIENCE
        while not self.took_press():
            assert time.monotonic() < deadline, f"nobody takes the press of {label}"
            self._press = self.person.clicks(heard.raw, label, wait=False).wait()

    def hears(self) -> list[Heard]:
        return [
            Heard(each.words, tuple(each.buttons), (str(_delivery_of(each.metadata)),), each)
            for each in self.person.dm.bot_messages
        ]

    def _trouble(self) -> None:
        world = self.person.team.world
        if self.chance.random() < self.repeats:
            world.deliver_again(world.deliveries[-1])


def _delivery_of(metadata: dict[str, Any] | None) -> int:
    return int((metadata or {}).get("event_payload", {}).get("delivery", 0))


@dataclass
class OnTheWeb:
    """A visitor of the chat page, whose browser sends again until it hears that it was kept."""

    database: Database
    thread: str
    chance: random.Random
    repeats: float
    channel: str = WEB
    _count: int = 0
    _waiting: list[dict[str, Any]] = field(default_factory=list)
    _shown: list[Heard] = field(default_factory=list)

    @property
    def is_kept(self) -> bool:
        """Whether everything that was said is in the inbox."""
        return not self._waiting

    def say(self, text: str) -> None:
        self._send(text=text)

    def press(self, heard: Heard, label: str) -> None:
        token = next(mark for mark, each in zip(heard.marks, heard.labels, strict=True) if label in each)
        self._send(press=token)

    def took_press(self) -> bool:
        return True

    def hears(self) -> list[Heard]:
        with suppress(StoreError):
            self.retry()
            self._shown = self._visible()
        return self._shown

    def _visible(self) -> list[Heard]:
        with reading(self.database) as session:
            messages = visible_messages(session, self.thread)
        return [
            Heard(
                each["text"],
                tuple(button["label"] for button in each["buttons"]),
                tuple(button["token"] for button in each["buttons"]),
                each["id"],
            )
            for each in messages
            if each["direction"] == "outgoing"
        ]

    def retry(self) -> None:
        """Send what was not kept yet. Raises StoreError while the database is away."""
        while self._waiting:
            payload = self._waiting[0]
            with transaction(self.database) as session:
                key = f"{self.thread}:{payload['client_id']}"
                inbox.accept(session, WEB, key, self.thread, payload, datetime.now(UTC))
            self._waiting.pop(0)

    def _send(self, **content: str) -> None:
        self._count += 1
        payload = {"visitor": self.thread, "client_id": str(self._count), **content}
        self._waiting += [payload] * (2 if self.chance.random() < self.repeats else 1)
        with suppress(StoreError):
            self.retry()


@dataclass
class Customer:
    """One person with a few questions. ``said``: texts in the order in which they were written."""

    place: Place
    chance: random.Random
    questions: Sequence[Sequence[str]]
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    asked_for_person: bool = False
    presses: int = 0

    @property
    def acts(self) -> int:
        return len(self.said) + self.presses

    def life(self) -> Waiting:
        """Do one thing after another; each ``yield`` is what the customer waits for before the next."""
        is_hasty = self.chance.random() < HASTE
        for asked in self.chance.sample(list(self.questions), self.chance.randint(1, len(self.questions))):
            known = self.says(question := self.chance.choice(list(asked)))
            self.asked.append(question)
            if not is_hasty:
                yield lambda known=known: self._has_more_than(known)
        if self.chance.random() < 0.5:
            yield from self._thanks_for_an_answer()
        if self.chance.random() < 0.4:
            yield from self._talks_to_a_person()

    def _thanks_for_an_answer(self) -> Waiting:
        answers = [each for each in self.place.hears() if any(HELPFUL in label for label in each.labels)]
        if answers:
            self.place.press(self.chance.choice(answers), HELPFUL)
            self.presses += 1
            yield lambda known=len(self.place.hears()): self._has_more_than(known)

    def _talks_to_a_person(self) -> Waiting:
        known = self.says(PERSON)
        self.asked_for_person = True
        yield lambda: self._has_more_than(known)
        for number in range(self.chance.randint(1, 3)):
            known = self.says(f"my order is number {number + 4711}")
            yield lambda known=known: self._has_more_than(known)

    def says(self, text: str) -> int:
        """How many messages there were before it was said."""
        known = len(self.place.hears())
        self.place.say(text)
        self.said.append(text)
        return known

    def _has_more_than(self, known: int) -> bool:
        return len(self.place.hears()) > known
