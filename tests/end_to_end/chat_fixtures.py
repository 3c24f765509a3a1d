"""One product with Telegram, Slack and the web chat in one process, shared by the modules that name this plugin.

What can go wrong on either platform, and where it is shown what becomes of it. Names of modules here, and after
``bot:`` of those below tests/bot/channels:

Telegram
    killed with messages taken in         chats_life; not yet confirmed: bot: telegram_polling
    the same update twice                 chats_life (webhook); bot: telegram_polling
    an update that cannot be read         telegram_trouble; bot: telegram_polling
    two pollers                           bot: telegram_polling
    webhook: wrong secret, again, 500     chats_life; bot: telegram_webhook
    order in a chat, while another waits  telegram_trouble, chats_life
    4096 characters, emoji, cuts          telegram; bot: telegram_splitting
    ``<b>`` and ``&`` both ways           telegram; bot: telegram_rendering
    64 bytes in a button                  the stand-in refuses more
    double tap, late tap                  telegram
    429, order kept, no send before       telegram_trouble; bot: telegram_sending
    more than 20 a minute in a group      bot: telegram_pacing, telegram_sending
    blocked, gone, removed, migrated      telegram_places
    topic closed, deleted                 telegram_places; bot: telegram_sending
    two first messages at once            telegram
    album, 21 MB, edit                    telegram_files
    a note is not relayed                 telegram
    kinds of updates that nobody knows    telegram_trouble
    token refused, away at the start      chats_life; revoked: bot: telegram_polling
Slack
    signatures bad, old, "abc", non-ASCII slack_trouble; bot: slack_http
    the same event, mention and message   slack_trouble; bot: slack_intake
    types that nobody knows               bot: slack_intake
    refresh, cut                          slack_trouble; black hole: bot: slack_socket
    token revoked, removed                chats_life; bot: slack_oauth, slack_sending
    unknown team, two teams               bot: slack_http, slack_oauth
    expired trigger, forms that err       bot: slack_modals; slack_pages
    double click                          slack
    command in direct messages, channel   slack_pages
    response_url                          bot: slack_modals
    3,001 characters, 51 blocks, 40,000   slack; bot: slack_rendering
    ``<!channel>``                        slack; bot: slack_sending
    the bot's own edits                   bot: slack_parsing
    somebody of another company           slack
    a sign-in page instead of a file      bot: slack_files
    429, an answer that was lost          slack_trouble; bot: slack_sending
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from end_to_end.chat_house import House, a_house, ends_well
from standins.slack.server import SlackWorld, Times
from standins.slack.teams import Team
from standins.telegram import Limits, TelegramWorld


@pytest.fixture(scope="session")
def telegram() -> Iterator[TelegramWorld]:
    """Telegram, as strict with its limits as the real one."""
    with TelegramWorld(limits=Limits.telegram(), patience=60) as world:
        yield world


@pytest.fixture(scope="session")
def slack() -> Iterator[SlackWorld]:
    """Slack with one workspace."""
    with SlackWorld(times=Times.patient()) as world:
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
