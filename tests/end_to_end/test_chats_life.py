"""How the product with Telegram and Slack starts, stops, is killed and comes back, and what it says of its channels."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from end_to_end.chat_house import (
    ANSWER,
    PERSON,
    QUESTION,
    House,
    a_house,
    asks_for_a_person,
    asks_on_slack,
    ends_well,
    heard,
    starting,
)
from ports import quiet_ports
from server import post
from sqlmodel import Session, col, func, select
from standins.slack.server import SlackWorld, Times
from standins.telegram import TelegramWorld
from standins.telegram.samples import PNG
from talk import small_contents

from bot.models import InboxRow, InboxState
from handoff.models import Delivery, DeliveryState, Thread
from kb_content.export import write_folder

MANY = 10
HOOK = "/channels/telegram/webhook"
SECRET = "x-telegram-bot-api-secret-token"


def settings_of(telegram: TelegramWorld, slack: SlackWorld) -> dict[str, str]:
    return {
        "TELEGRAM_TOKEN": telegram.token,
        "TELEGRAM_BASE_URL": telegram.base_url,
        "SLACK_BASE_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.teams[0].bot_token,
        "SLACK_APP_TOKEN": slack.app.app_token,
    }


@pytest.fixture(scope="module")
def telegram() -> Iterator[TelegramWorld]:
    with TelegramWorld(patience=60) as world:
        yield world


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackWorld]:
    with SlackWorld(times=Times.patient()) as world:
        world.add_team("T1")
        yield world


# -- killed, back, and stopped ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def revived(
    telegram: TelegramWorld, slack: SlackWorld, tmp_path_factory: pytest.TempPathFactory, small_kb: Path
) -> Iterator[House]:
    """A product that took MANY messages in from either side, was killed before it answered one, and runs again."""
    folder, settings = tmp_path_factory.mktemp("revived"), settings_of(telegram, slack)
    for number in range(MANY):
        telegram.person(f"Ada {number}").says(QUESTION)
        ann = slack.teams[0].add_person(f"ann-{number}")
        ann.says(QUESTION, ann.dm)
    # The knowledge is read after the channels are open: until then what comes is kept and waits. However quick it is,
    # the first turn ends the product before anybody is answered.
    with starting(folder, small_kb, **settings, CRASH_AT="turn.claimed") as killed:
        assert killed.process.wait() == -signal.SIGKILL
    assert telegram.from_bot == []
    assert slack.calls_of("chat.postMessage") == []
    with a_house(folder, small_kb, **settings) as house:
        yield house


def test_what_was_taken_in_before_the_product_was_killed_is_answered_once(
    revived: House, telegram: TelegramWorld, slack: SlackWorld
) -> None:
    adas, anns = list(telegram.people.values())[:MANY], slack.teams[0].people[:MANY]
    for ada, ann in zip(adas, anns, strict=True):
        heard(ada, ANSWER)
        ann.dm.wait_for_bot(ANSWER)
    # Whatever came twice would have come by the time that later words are answered.
    for ada, ann in zip(adas[:2], anns[:2], strict=True):
        ada.says("hello")
        ann.says("hello", ann.dm)
        heard(ada, "support bot")
        ann.dm.wait_for_bot("support bot")
    assert [len(ada.private.from_bot) for ada in adas] == [2, 2, *[1] * (MANY - 2)]
    assert [len(ann.dm.bot_messages) for ann in anns] == [2, 2, *[1] * (MANY - 2)]
    assert revived.finds(lambda session: session.exec(select(func.count()).select_from(InboxRow)).one()) == 2 * MANY + 4


def test_telegram_slack_and_the_web_chat_are_answered_side_by_side(
    revived: House, telegram: TelegramWorld, slack: SlackWorld
) -> None:
    said = revived.is_ready_when(lambda status, said: status == 200)
    assert said["channels"] == {"web": "connected", "telegram": "connected", "slack": "connected"}
    ada, ann = telegram.person("Ada"), slack.teams[0].add_person("ann")
    ada.says(PERSON)
    ann.says(PERSON, ann.dm)
    asks_in_web_chat(revived, PERSON)
    heard(ada, "Your ticket is #")
    ann.dm.wait_for_bot("Your ticket is #")
    three = revived.when(lambda: {ticket["channel"] for ticket in revived.tickets()} >= {"web", "telegram", "slack"})
    assert three


def test_a_slack_token_that_is_revoked_is_told_to_the_desk_and_costs_no_delivery(
    revived: House, telegram: TelegramWorld, slack: SlackWorld
) -> None:
    team = slack.teams[0]
    ann, ada = team.add_person("ann"), telegram.person("Ada")
    _, number = asks_on_slack(ann)
    team.revokes_token(tells=False)
    revived.replies(number, "This waits.")
    said = revived.is_ready_when(lambda status, said: said["channels"]["slack"] != "connected")
    assert said["ready"]
    assert "token" in said["channels"]["slack"]
    assert said["channels"]["slack"] in revived.words_on_page(number), "the foot of the console says it"
    assert revived.ticket(number)["messages"][-1]["delivery"] == "ready"
    ada.says(QUESTION)
    heard(ada, ANSWER)


def test_a_stopping_product_finishes_what_is_under_way(revived: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    revived.when(lambda: not revived.finds(has_unsent), "all answers to be sent: the next words are the reply")
    with telegram.hold("sendMessage") as held:
        revived.replies(number, "Just before the end.")
        held.wait_for_arrival()
        revived.server.process.send_signal(signal.SIGTERM)
        revived.when(lambda: is_stopping(revived))
    assert revived.server.process.wait(30) == 0
    assert "Just before the end." in ada.private.from_bot[-1].text


# -- tokens that are refused -----------------------------------------------------------------------------------------


def test_refused_tokens_switch_their_channels_off_and_the_rest_runs(tmp_path: Path, small_kb: Path) -> None:
    with TelegramWorld() as telegram, SlackWorld() as slack:
        slack.add_team("T1")
        settings = settings_of(telegram, slack) | {"SLACK_BOT_TOKEN": "xoxb-wrong"}
        telegram.revoke_token()
        with a_house(tmp_path, small_kb, **settings) as house:
            said = house.is_ready_when(lambda _, said: "connecting" not in said["channels"].values())
            assert house.readiness()[0] == 200
            assert "FIRSTLINE_TELEGRAM_TOKEN" in said["channels"]["telegram"]
            assert "FIRSTLINE_SLACK_BOT_TOKEN" in said["channels"]["slack"]
            assert "Telegram refused" in house.console.get("/console").text
            asks_in_web_chat(house, PERSON)
            assert house.when(house.tickets)[0]["channel"] == "web"
            for token in (telegram.token, "xoxb-wrong"):
                assert not [line for line in house.server.errors if token in line]
            ends_well(house)


# -- platforms that are away, and Telegram by webhook ----------------------------------------------------------------


def test_platforms_that_are_away_keep_the_product_from_being_ready_until_they_are_back(
    tmp_path: Path, small_kb: Path
) -> None:
    ports = quiet_ports(2)
    settings = {
        "TELEGRAM_TOKEN": "123456:secret",
        "TELEGRAM_BASE_URL": f"http://127.0.0.1:{ports[0]}",
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_WEBHOOK_SECRET": "only-telegram-knows",
        "SLACK_BASE_URL": f"http://127.0.0.1:{ports[1]}/api/",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1-A0FIRSTLINE-1-secret",
    }
    with a_house(tmp_path, small_kb, **settings) as house:
        said = house.is_ready_when(lambda status, said: status == 503 and len(said["reasons"]) == 2)
        assert {reason.split(":")[0] for reason in said["reasons"]} == {"Telegram", "Slack"}
        assert all(len(reason.split()) > 5 for reason in said["reasons"]), "in sentences"
        asks_in_web_chat(house, PERSON)
        with (
            TelegramWorld("123456:secret", port=ports[0], patience=60) as telegram,
            SlackWorld(port=ports[1]) as slack,
        ):
            slack.add_team("T1", bot_token="xoxb-1")
            house.is_ready_when(lambda status, said: status == 200)
            telegram_by_webhook(house, telegram)
            ends_well(house)


def telegram_by_webhook(house: House, telegram: TelegramWorld) -> None:
    """What is posted with the right secret is answered once and in order; nobody else gets in."""
    assert telegram.webhook.url == f"{house.address}{HOOK}"
    ada = telegram.person("Ada")
    ada.says(QUESTION)
    assert ANSWER in ada.private.next_from_bot().text
    raw = {"update_id": 1, "message": ada.private.messages[0].raw}
    for secret in ({}, {SECRET: "a guess"}):
        assert house.agent.post(HOOK, json=raw, headers=secret).status_code == 401
    known = {SECRET: "only-telegram-knows"}
    assert house.agent.post(HOOK, content=b"no update", headers=known).status_code == 400
    for number in range(5):
        ada.says(f"please take note of number {number}" if number else PERSON)
    telegram.wait_until_confirmed()
    number = asked_for(house)
    house.shows(number, "number 4")
    assert house.texts(number)[-4:] == [f"please take note of number {n}" for n in range(1, 5)]
    posted = telegram.webhook_posts[0][0]
    telegram.redeliver(posted)
    telegram.wait_until_confirmed()
    assert len(ada.private.wait_for_count(2)) == 2


def asked_for(house: House) -> int:
    return int(
        house.when(lambda: [ticket for ticket in house.tickets() if ticket["channel"] == "telegram"])[0]["number"]
    )


# -- on PostgreSQL ---------------------------------------------------------------------------------------------------


@pytest.fixture
def smaller_kb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One article, so that it is built in no time; with so little to go by, the bot asks before it answers."""
    folder = tmp_path_factory.mktemp("smaller-kb")
    contents = small_contents()
    several = [each.article for each in contents.articles]
    one = [article for article in several if (article.id, article.language) == ("reset-password", "en")]
    intents = [intent for intent in contents.intents if intent.name == "asks-for-human"]
    write_folder(folder, one, intents, [], False)
    return folder


@pytest.mark.long
def test_on_postgresql_it_is_the_same(postgresql_url: str, tmp_path: Path, smaller_kb: Path) -> None:
    with TelegramWorld(patience=60) as telegram, SlackWorld(times=Times.patient()) as slack:
        team = slack.add_team("T1")
        settings = settings_of(telegram, slack) | {"DATABASE_URL": postgresql_url}
        with a_house(tmp_path, smaller_kb, **settings) as house:
            ada, ann = telegram.person("Ada"), team.add_person("ann")
            ada.says(QUESTION)
            heard(ada, ANSWER)
            number = asks_for_a_person(ada)
            asked, other = asks_on_slack(ann)
            house.replies(number, "Hello Ada")
            house.replies(other, "Hello Ann")
            heard(ada, "Hello Ada")
            assert ann.dm.wait_for_bot("Hello Ann").thread_ts == asked.ts
            said = ann.says("Order 4711", ann.dm, thread_ts=asked.ts, files=[("a.png", PNG, "image/png")])
            house.shows(other, "Order 4711")
            ann.edits(said, "Order 4712")
            house.shows(other, "Order 4712")
            assert house.files_on_page(other) == [("a.png", PNG)]
            asks_in_web_chat(house, PERSON)
            house.when(lambda: {ticket["channel"] for ticket in house.tickets()} == {"web", "telegram", "slack"})
            ends_well(house)


def is_stopping(house: House) -> bool:
    try:
        return bool(house.readiness()[1]["reasons"])
    except httpx2.TransportError:
        return True


def has_unsent(session: Session) -> bool:
    """Whether something of Telegram is still to be done; what Slack refuses waits for its token."""
    inbox = select(InboxRow.id).where(
        InboxRow.channel == "telegram", col(InboxRow.state).in_([InboxState.NEW, InboxState.WORKING])
    )
    unsent = (
        select(Delivery.id)
        .join(Thread, col(Thread.id) == Delivery.thread_id)
        .where(Thread.channel == "telegram", col(Delivery.state).in_([DeliveryState.READY, DeliveryState.SENDING]))
    )
    return any(session.exec(query.limit(1)).first() is not None for query in (inbox, unsent))


def asks_in_web_chat(house: House, text: str) -> None:
    token = post(f"{house.address}/api/v1/chat/sessions").json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert post(f"{house.address}/api/v1/chat/messages", json={"text": text}, headers=headers).is_success
