"""Slack and Telegram at 20 messages a second: 40 Telegram chats and 20 Slack threads, from the word to its answer.

``make bench-channels``. The product runs as its users run it, against the strict stand-ins of the tests; what is timed
is from the moment a person sends to the moment the answer stands in the stand-in, over real sockets both ways.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from typing import Any, Protocol

from bench.figure import Figure

RATE, SECONDS = 20, 60
CHATS, THREADS = 40, 20
PATIENCE = 60.0
GOAL_MS = 500


class Place(Protocol):
    """Somebody who asks in one place, and what was answered there."""

    def say(self, text: str) -> float: ...

    def answers(self) -> list[tuple[float, str]]: ...


@dataclass
class Asked:
    """What was asked in one place, in order: when, and a word that its answer must contain."""

    place: Place
    said: list[tuple[float, str]] = field(default_factory=list)


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


def measure() -> Iterator[Figure]:
    """20 messages a second for a minute, spread evenly over all places; then every answer is waited for."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import server
    from standins.slack.server import SlackWorld
    from standins.telegram import TelegramWorld

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        telegram, slack = stack.enter_context(TelegramWorld()), stack.enter_context(SlackWorld())
        team = slack.add_team("T1", bot_token="xoxb-1")
        product = stack.enter_context(
            server.running(
                folder,
                TELEGRAM_TOKEN=telegram.token,
                TELEGRAM_BASE_URL=telegram.base_url,
                SLACK_BOT_TOKEN=team.bot_token,
                SLACK_APP_TOKEN=slack.app.app_token,
                SLACK_BASE_URL=slack.api_url,
                MESSAGES_PER_MINUTE="1000",
                LOG_LEVEL="ERROR",
            )
        )
        assert product.address
        questions = _answered(product)
        slack.sockets.wait_connected()
        people = [telegram.person(f"Person {number}", language="en") for number in range(CHATS)]
        members = [team.add_person(f"member{number}") for number in range(THREADS)]
        # Slack takes about one message a second in a channel, so each thread has one of its own: pacing is not timed.
        channels = [team.add_channel(f"help{number}", members=[who], bot=True) for number, who in enumerate(members)]
        chats = [Asked(TelegramChat(person)) for person in people]
        threads = [Asked(SlackThread(who, channel, team.bot)) for who, channel in zip(members, channels, strict=True)]
        _warm(telegram, questions[0][0])
        _talk([*chats, *threads], questions)
        yield from _figures("Telegram", chats)
        yield from _figures("Slack", threads)


def _answered(product: Any) -> list[tuple[str, str]]:
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
    needed = RATE * SECONDS // (CHATS + THREADS)
    assert len(found) >= needed, f"only {len(found)} of the sample's questions are answered, {needed} are needed"
    return found


def _warm(telegram: Any, question: str) -> None:
    person = telegram.person("Warm", language="en")
    person.says(question)
    person.private.next_from_bot(timeout=PATIENCE)


def _talk(places: list[Asked], questions: list[tuple[str, str]]) -> None:
    """Each place asks each question once, one place after another, at an even pace."""
    started, turns = time.monotonic(), cycle(places)
    for number in range(RATE * SECONDS):
        time.sleep(max(started + number / RATE - time.monotonic(), 0))
        asked = next(turns)
        text, title = questions[len(asked.said)]
        asked.said.append((asked.place.say(text), title))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(len(each.place.answers()) < len(each.said) for each in places):
        time.sleep(0.2)


def _figures(name: str, places: list[Asked]) -> Iterator[Figure]:
    waits, lost, twice, disordered = [], 0, 0, 0
    for each in places:
        answers = each.place.answers()
        lost += max(len(each.said) - len(answers), 0)
        twice += max(len(answers) - len(each.said), 0)
        for (asked_at, title), (answered_at, text) in zip(each.said, answers, strict=False):
            disordered += title not in text
            waits.append((answered_at - asked_at) * 1000)
    percentiles = quantiles(waits, n=100)
    yield Figure(f"{name}: messages", len(waits), "")
    yield Figure(f"{name}: from said to answered, p50", percentiles[49], "ms")
    yield Figure(f"{name}: from said to answered, p95", percentiles[94], "ms", goal=GOAL_MS)
    yield Figure(f"{name}: not answered", lost, "", goal=0)
    yield Figure(f"{name}: answered twice", twice, "", goal=0)
    yield Figure(f"{name}: out of order", disordered, "", goal=0)
