"""One product with Telegram, Slack and the web chat in one process, shared by the modules that name this plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from end_to_end.chat_house import House, a_house, ends_well
from standins.slack.server import SlackWorld
from standins.slack.teams import Team
from standins.telegram import Limits, TelegramWorld


@pytest.fixture(scope="session")
def telegram() -> Iterator[TelegramWorld]:
    """Telegram, as strict with its limits as the real one."""
    with TelegramWorld(limits=Limits.telegram(), patience=20) as world:
        yield world


@pytest.fixture(scope="session")
def slack() -> Iterator[SlackWorld]:
    """Slack with one workspace."""
    with SlackWorld() as world:
        world.add_team("T1")
        yield world


@pytest.fixture(scope="session")
def team(slack: SlackWorld) -> Team:
    return slack.teams[0]


@pytest.fixture(scope="session")
def house(
    telegram: TelegramWorld, slack: SlackWorld, tmp_path_factory: pytest.TempPathFactory, small_kb: Path
) -> Iterator[House]:
    """The product, with Slack by Socket Mode and ready for HTTP beside it."""
    settings = {
        "TELEGRAM_TOKEN": telegram.token,
        "TELEGRAM_BASE_URL": telegram.base_url,
        "SLACK_BASE_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.teams[0].bot_token,
        "SLACK_APP_TOKEN": slack.app.app_token,
        "SLACK_SIGNING_SECRET": slack.app.signing_secret,
    }
    with a_house(tmp_path_factory.mktemp("both"), small_kb, **settings) as house:
        house.is_ready_when(lambda status, said: status == 200)
        yield house
        ends_well(house)
