"""Slack and Telegram at 20 messages a second: 40 Telegram chats and 20 Slack threads, from the word to its answer.

``make bench-channels``. The product runs as its users run it, against the strict stand-ins of the tests; what is timed
is from the moment a person sends to the moment the answer stands in the stand-in, over real sockets both ways.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.figure import Figure
from bench.places import Asked, answered, slack_threads, talk, tally, telegram_chats, wait_for_answers

RATE, SECONDS = 20, 60
CHATS, THREADS = 40, 20
GOAL_MS = 500


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
        questions = answered(product, RATE * SECONDS // (CHATS + THREADS))
        slack.sockets.wait_connected()
        chats, threads = telegram_chats(telegram, CHATS), slack_threads(team, THREADS)
        _warm(telegram, questions[0][0])
        talk([*chats, *threads], questions, RATE * SECONDS, RATE)
        wait_for_answers([*chats, *threads])
        yield from _figures("Telegram", chats)
        yield from _figures("Slack", threads)


def _warm(telegram: object, question: str) -> None:
    [warm] = telegram_chats(telegram, 1)
    talk([warm], [(question, "")], 1, 1.0)
    wait_for_answers([warm])


def _figures(name: str, places: list[Asked]) -> Iterator[Figure]:
    found = tally(places)
    yield Figure(f"{name}: messages", len(found.waits), "")
    yield Figure(f"{name}: from said to answered, p50", found.percentile(50), "ms")
    yield Figure(f"{name}: from said to answered, p95", found.percentile(95), "ms", goal=GOAL_MS)
    yield Figure(f"{name}: not answered", found.lost, "", goal=0)
    yield Figure(f"{name}: answered twice", found.twice, "", goal=0)
    yield Figure(f"{name}: out of order", found.disordered, "", goal=0)
