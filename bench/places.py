"""People who ask in Telegram's chats and Slack's channels (the stand-ins of the tests), and what they were answered."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from pathlib import Path
from statistics import quantiles
from typing import Any, Protocol

PATIENCE = 120.0
_numbers = count()
Question = tuple[str, str]
"""What is asked, and a word that its answer must contain."""


class Place(Protocol):
    """Somebody who asks in one place, and what was answered there."""

    def say(self, text: str) -> float: ...

    def answers(self) -> list[tuple[float, str]]: ...


@dataclass
class Asked:
    """What was asked in one place, in order: when, and a word that its answer must contain."""

    place: Place
    said: list[tuple[float, str]] = field(default_factory=list)

    @property
    def is_answered(self) -> bool:
        return len(self.place.answers()) >= len(self.said)


class TelegramChat:
    """One person in a private chat."""

    def __init__(self, person: Any) -> None:
        self.person = person

    def say(self, text: str) -> float:
        at = time.time()
        self.person.says(text)
        return at

    def answers(self) -> list[tuple[float, str]]:
        return [(message.sent_at, message.text) for message in self.person.private.from_bot]


class SlackThread:
    """One person in a thread of a channel, begun by mentioning the bot."""

    def __init__(self, person: Any, channel: Any, bot: Any) -> None:
        self.person, self.channel, self.bot = person, channel, bot
        self.root: str | None = None

    def say(self, text: str) -> float:
        at = time.time()
        if self.root is None:
            self.root = self.person.says(f"{self.bot.mention} {text}", self.channel).ts
        else:
            self.person.says(text, self.channel, thread_ts=self.root)
        return at

    def answers(self) -> list[tuple[float, str]]:
        return [(float(message.ts), message.words) for message in self.channel.thread(self.root) if message.bot_id]


@dataclass(frozen=True)
class Tally:
    """What became of what was said. ``waits``: milliseconds from said to answered."""

    waits: tuple[float, ...]
    lost: int
    twice: int
    disordered: int

    def percentile(self, which: int) -> float:
        return quantiles(self.waits, n=100)[which - 1] if len(self.waits) > 1 else 0.0


def telegram_chats(world: Any, number: int) -> list[Asked]:
    return [Asked(TelegramChat(world.person(f"Person {each}", language="en"))) for each in range(number)]


def slack_threads(team: Any, number: int) -> list[Asked]:
    """Slack takes about one message a second in a channel, so each thread has one of its own: pacing is not timed."""
    names = [f"{each:05}" for each in islice(_numbers, number)]
    members = [team.add_person(f"member{name}") for name in names]
    channels = [
        team.add_channel(f"help{name}", members=[who], bot=True) for name, who in zip(names, members, strict=True)
    ]
    return [Asked(SlackThread(who, channel, team.bot)) for who, channel in zip(members, channels, strict=True)]


def english_sample(folder: Path) -> Path:
    """The sample's English half as a KB folder of its own: all that is asked here, prepared in half the time."""
    from kb_content.catalogue import sample_folder
    from kb_content.export import write_folder
    from kb_content.folder import read_folder

    sample = read_folder(sample_folder())
    write_folder(folder, [each for each in sample.articles if each.language == "en"], list(sample.intents), [], False)
    return folder


def answered(product: Any, needed: int) -> list[Question]:
    """Questions that the sample KB answers outright, each with the title of the article that the answer quotes."""
    from kb_content.catalogue import sample_folder
    from kb_content.folder import read_folder

    articles = [each for each in read_folder(sample_folder()).articles if each.language == "en" and each.questions]
    lines = "\n".join(article.questions[0] for article in articles)
    asked: subprocess.CompletedProcess[str] = product.command("ask", "-", "--json", text=lines)
    answers = [json.loads(line) for line in asked.stdout.splitlines()]
    found = [
        (article.questions[0], article.title)
        for article, answer in zip(articles, answers, strict=True)
        if answer["decision"] == "answer" and answer["citations"][0]["article"] == article.id
    ]
    if len(found) < needed:
        raise ValueError(f"only {len(found)} of the sample's questions are answered, {needed} are needed")
    return found


def talk(
    places: Sequence[Asked],
    questions: Sequence[Question],
    number: int,
    rate: float,
    is_over: Callable[[], bool] = lambda: False,
) -> None:
    """``number`` messages, ``rate`` a second: each place asks each question once, one place after another. It ends
    early when ``is_over``."""
    started, turns = time.monotonic(), cycle(places)
    for each in range(number):
        if is_over():
            return
        time.sleep(max(started + each / rate - time.monotonic(), 0))
        asked = next(turns)
        text, title = questions[len(asked.said)]
        asked.said.append((asked.place.say(text), title))


def wait_for_answers(places: Iterable[Asked], patience: float = PATIENCE) -> None:
    """Until everything said was answered, or ``patience`` seconds are over."""
    deadline, waiting = time.monotonic() + patience, list(places)
    while waiting and time.monotonic() < deadline:
        time.sleep(0.2)
        waiting = [each for each in waiting if not each.is_answered]


def tally(places: Iterable[Asked]) -> Tally:
    waits: list[float] = []
    lost = twice = disordered = 0
    for each in places:
        answers = each.place.answers()
        lost += max(len(each.said) - len(answers), 0)
        twice += max(len(answers) - len(each.said), 0)
        for (asked_at, title), (answered_at, text) in zip(each.said, answers, strict=False):
            disordered += title not in text
            waits.append((answered_at - asked_at) * 1000)
    return Tally(tuple(waits), lost, twice, disordered)
