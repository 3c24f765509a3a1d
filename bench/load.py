"""Load: 60 messages a second through the real webhooks, a burst of 2,000, and (``soak``) 10 a second for a long while.

``make load``, ``make soak``. The product runs as its users run it (once on SQLite, once on PostgreSQL, and as two
replicas) against the strict stand-ins of the tests: Telegram by webhook, Slack by signed HTTP. Timed from the moment a
person says something to the moment the answer stands in the stand-in. CPU is that of all our processes, less what the
encoders cost for as many questions in this same run; PostgreSQL's own is told apart.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.figure import Figure
from bench.places import (
    Asked,
    Question,
    answered,
    english_sample,
    slack_threads,
    talk,
    tally,
    telegram_chats,
    wait_for_answers,
)

RATES, SECONDS = (40, 60), 45
CHATS, THREADS = 96, 144
"""Telegram takes 30 messages a second from a bot: two in five go there, three in five to Slack."""
BURST = 2_000
GOAL_MS, GOAL_CPU_MS = 500, 12
SECRET = "load-secret"


@dataclass(frozen=True)
class Site:
    """A running product under load, and the world around it."""

    name: str
    servers: Sequence[Any]
    telegram: Any
    team: Any
    encoder_ms: float

    def cpu_seconds(self) -> float:
        """What our processes and their children used so far."""
        return sum(_cpu(each.process.pid) for each in self.servers)

    def has_ended(self) -> bool:
        """Whether a server died: nobody stops one while it is measured."""
        return any(each.process.poll() is not None for each in self.servers)

    def resident_mb(self) -> float:
        return sum(psutil.Process(each.process.pid).memory_info().rss for each in self.servers) / 1e6


def measure() -> Iterator[Figure]:
    """The same load on SQLite, on PostgreSQL and on two replicas that share it; then the bursts."""
    alone = encoder_ms()
    yield Figure("encoders alone, CPU a question", alone, "ms")
    yield Figure("encoders alone", 1000 / alone, "messages/s of one core")
    for name, replicas in (("SQLite", 0), ("PostgreSQL", 1), ("two replicas", 2)):
        with site(name, replicas, alone) as running:
            for rate in RATES:
                yield from _steady(running, rate, SECONDS)
            yield from _burst(running)


def _steady(site: Site, rate: float, seconds: int) -> Iterator[Figure]:
    number = int(rate * seconds)
    places = _mixed(telegram_chats(site.telegram, CHATS), slack_threads(site.team, THREADS))
    questions = answered(site.servers[0], -(-number // len(places)))
    _warm(site, questions)
    before, started = site.cpu_seconds(), time.monotonic()
    talk(places, questions, number, rate)
    said_in = time.monotonic() - started
    wait_for_answers(places)
    cpu_ms = (site.cpu_seconds() - before) * 1000 / number
    found, name = tally(places), f"{site.name} at {rate:g}/s"
    yield Figure(f"{name}: said", number / said_in, "messages/s")
    yield Figure(f"{name}: from said to answered, p50", found.percentile(50), "ms")
    yield Figure(f"{name}: from said to answered, p95", found.percentile(95), "ms", goal=GOAL_MS)
    yield Figure(f"{name}: lost, twice or out of order", found.lost + found.twice + found.disordered, "", goal=0)
    yield Figure(f"{name}: CPU a message beside the encoders", cpu_ms - site.encoder_ms, "ms", goal=GOAL_CPU_MS)


def _burst(site: Site) -> Iterator[Figure]:
    """Everything is said at once; how long it takes until the last answer stands is the platforms' limits' doing."""
    places = [*telegram_chats(site.telegram, 100), *slack_threads(site.team, 100)]
    questions = answered(site.servers[0], BURST // len(places))
    started = time.monotonic()
    talk(places, questions, BURST, 1e9)
    wait_for_answers(places, 300)
    found = tally(places)
    yield Figure(f"{site.name}: a burst of {BURST:,} drained in", time.monotonic() - started, "s")
    yield Figure(f"{site.name}: of the burst lost, twice or out of order", found.lost + found.twice, "", goal=0)


def _mixed(chats: list[Asked], threads: list[Asked]) -> list[Asked]:
    """Two chats, three threads, and so on: each second has its share of both."""
    pairs = [chats[at : at + 2] + threads[at // 2 * 3 : at // 2 * 3 + 3] for at in range(0, len(chats), 2)]
    return [each for pair in pairs for each in pair]


def _warm(site: Site, questions: Sequence[Question]) -> None:
    places = [*telegram_chats(site.telegram, 4), *slack_threads(site.team, 4)]
    talk(places, questions, 2 * len(places), 10)
    wait_for_answers(places)


@contextmanager
def site(name: str, replicas: int, alone_ms: float) -> Iterator[Site]:
    """One server on SQLite (``replicas`` 0), or so many on a PostgreSQL of their own."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import postgres
    import server
    from standins.slack.server import Http, SlackWorld
    from standins.telegram import TelegramWorld

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        telegram, slack = stack.enter_context(TelegramWorld()), stack.enter_context(SlackWorld())
        team = slack.add_team("T1", bot_token="xoxb-1")
        settings = _settings(telegram, slack, team) | {"KB": str(english_sample(folder / "kb"))}
        if replicas:
            address = stack.enter_context(postgres.server(on_disk=True))
            settings["DATABASE_URL"] = stack.enter_context(postgres.new_database(address))
        servers = []
        for _ in range(max(replicas, 1)):
            port = _free_port()
            # Telegram knows one address; the replica that answers for it is whichever registered last.
            settings |= {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
            servers.append(stack.enter_context(server.running(folder, **settings)))
            assert servers[-1].address
        slack.deliver_by = Http(f"{servers[0].address}/channels/slack/events", slack.app.signing_secret)
        yield Site(name, servers, telegram, team, alone_ms)


def _settings(telegram: Any, slack: Any, team: Any) -> dict[str, str]:
    return {
        "TELEGRAM_TOKEN": telegram.token,
        "TELEGRAM_BASE_URL": telegram.base_url,
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "SLACK_BOT_TOKEN": team.bot_token,
        "SLACK_SIGNING_SECRET": slack.app.signing_secret,
        "SLACK_BASE_URL": slack.api_url,
        "MESSAGES_PER_MINUTE": "1000",
        "LOG_LEVEL": "ERROR",
    }


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def encoder_ms() -> float:
    """CPU of the encoders alone for one of the sample's questions, as a server encodes it."""
    from kb_content.catalogue import sample_folder
    from kb_content.folder import read_folder
    from retrieval.encoders import load_encoders

    encoders = load_encoders(None, lambda sentence: None)
    articles = read_folder(sample_folder()).articles
    questions = [article.questions[0] for article in articles if article.language == "en" and article.questions]
    encoders.encode_queries(questions[:1], "en")
    started = time.process_time()
    for question in questions:
        encoders.encode_queries([question], "en")
    return (time.process_time() - started) * 1000 / len(questions)


def _cpu(pid: int) -> float:
    process = psutil.Process(pid)
    return sum(_seconds(each) for each in (process, *process.children(recursive=True)))


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
