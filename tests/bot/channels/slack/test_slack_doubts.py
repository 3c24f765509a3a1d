"""Words to Slack whose answer was lost: looked up before anything is sent again, so that each is there once."""

from __future__ import annotations

import pytest
from desk_line import DeskLine
from slack_scene import Scene

from bot.channels.slack.channel import SlackChannel
from bot.channels.slack.pacing import pacer_of_workspaces
from bot.sending import send
from handoff import deliveries
from handoff.errors import Stale
from handoff.models import Author, DeliveryState
from store import Database, transaction

SENT, UNCERTAIN, FAILED = DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.FAILED
BOT, AGENT = Author.BOT, Author.AGENT
LONG = " ".join(f"word{number}" for number in range(1_500))
pytestmark = pytest.mark.parametrize("author", [BOT, AGENT])


def in_direct_messages(database: Database, scene: Scene) -> DeskLine:
    """Ada's direct messages. The channel is as a process has it that was just started."""
    pacer = pacer_of_workspaces(seconds=lambda: line.now.timestamp())
    channel = SlackChannel(scene.folder, scene.clients, clock=lambda: line.now, pacer=pacer)
    channel.open(True)
    line = DeskLine(database, channel, scene.direct())
    return line


def texts(scene: Scene) -> list[str]:
    return [message.text.splitlines()[-1] for message in (*scene.ada.dm.bot_messages, *scene.room.bot_messages)]


@pytest.fixture
def line(database: Database, scene: Scene) -> DeskLine:
    return in_direct_messages(database, scene)


@pytest.fixture
def sqlite_line(sqlite_database: Database, scene: Scene) -> DeskLine:
    """The same for what is between us and Slack, whatever the database."""
    return in_direct_messages(sqlite_database, scene)


def test_a_lost_answer_leaves_one_copy(line: DeskLine, scene: Scene, author: Author) -> None:
    first, second = line.says(author, "one"), line.says(author, "two")
    scene.world.fail_next("chat.postMessage", "drop_after")
    line.goes_on()
    assert texts(scene) == ["one", "two"]
    assert (line.state(first), line.state(second)) == (SENT, SENT)


def test_a_worker_that_is_killed_while_sending_leaves_one_copy(line: DeskLine, scene: Scene, author: Author) -> None:
    first, second = line.says(author, "one"), line.says(author, "two")
    line.is_killed_at_work()
    line.goes_on()
    assert texts(scene) == ["one", "two"]
    assert (line.state(first), line.state(second), line.delivery(first).doubts) == (SENT, SENT, 1)


def test_who_stood_still_for_longer_than_its_lease_leaves_no_second_copy(
    line: DeskLine, scene: Scene, author: Author
) -> None:
    delivery_id = line.says(author, "one")
    with transaction(line.database) as session:
        (paused,) = deliveries.claim(session, line.now, "paused", 1)
    line.later(61)
    line.gives_up("paused")
    line.goes_on()
    with pytest.raises(Stale):
        send(line.database, line.channel, paused, "paused", line.now)
    assert texts(scene) == ["one"]
    assert line.state(delivery_id) is SENT


def test_in_a_thread_it_is_looked_for_among_the_replies(sqlite_line: DeskLine, scene: Scene, author: Author) -> None:
    root = scene.ada.says("hi", scene.room)
    sqlite_line.moves_to(f"T1:{scene.room.id}:{root.ts}")
    delivery_id = sqlite_line.says(author, "one")
    sqlite_line.is_killed_at_work()
    sqlite_line.goes_on()
    assert (texts(scene), sqlite_line.state(delivery_id)) == (["one"], SENT)
    assert len(scene.world.calls_of("conversations.replies")) == 1


def test_what_never_arrived_is_sent(line: DeskLine, scene: Scene, author: Author) -> None:
    delivery_id = line.says(author, "one")
    scene.world.fail_next("chat.postMessage", "drop_before", times=3)
    line.goes_on()
    assert texts(scene) == ["one"]
    assert (line.state(delivery_id), line.delivery(delivery_id).doubts) == (SENT, 3)


def test_of_a_long_message_each_part_is_there_once(sqlite_line: DeskLine, scene: Scene, author: Author) -> None:
    delivery_id = sqlite_line.says(author, LONG)
    sqlite_line.is_killed_at_work(parts=2)
    sqlite_line.goes_on()
    assert " ".join(message.text for message in scene.ada.dm.bot_messages).split() == LONG.split()
    assert sqlite_line.state(delivery_id) is SENT


def test_where_slack_does_not_let_us_look_the_rule_for_telegram_holds(
    sqlite_line: DeskLine, scene: Scene, author: Author
) -> None:
    scene.team.missing("im:history")
    delivery_id = sqlite_line.says(author, "one")
    sqlite_line.is_killed_at_work()
    sqlite_line.goes_on()
    expected = {BOT: (["one", "one"], SENT), AGENT: (["one"], UNCERTAIN)}[author]
    assert (texts(scene), sqlite_line.state(delivery_id)) == expected
    second = sqlite_line.says(author, "two")
    scene.world.fail_next("chat.postMessage", "drop_after", times=5)
    sqlite_line.goes_on()
    assert texts(scene).count("two") == len(expected[0])
    assert sqlite_line.state(second) is UNCERTAIN


def test_what_a_person_sends_again_needs_no_look(sqlite_line: DeskLine, scene: Scene, author: Author) -> None:
    scene.team.missing("im:history")
    delivery_id = sqlite_line.says(author, "one")
    scene.world.fail_next("chat.postMessage", "drop_after", times=2 if author is BOT else 1)
    sqlite_line.goes_on()
    assert sqlite_line.state(delivery_id) is UNCERTAIN
    before = len(texts(scene))
    sqlite_line.sends_again(delivery_id)
    sqlite_line.goes_on()
    assert len(texts(scene)) == before + 1
    assert sqlite_line.state(delivery_id) is SENT


def test_what_a_person_sends_again_is_found_where_it_is_there_after_all(
    sqlite_line: DeskLine, scene: Scene, author: Author
) -> None:
    delivery_id = sqlite_line.says(author, "one")
    scene.world.fail_next("chat.postMessage", "drop_after")
    scene.world.fail_next("conversations.history", "missing_scope", times=2 if author is BOT else 1)
    if author is BOT:
        scene.world.fail_next("chat.postMessage", "drop_after")
        scene.world.fail_next("conversations.history", "missing_scope")
    sqlite_line.goes_on()
    assert sqlite_line.state(delivery_id) is UNCERTAIN
    before = texts(scene)
    sqlite_line.sends_again(delivery_id)
    sqlite_line.goes_on()
    assert (sqlite_line.state(delivery_id), texts(scene)) == (SENT, before)


def test_a_message_that_slack_never_answers_ends_with_a_person_and_holds_nothing_up(
    sqlite_line: DeskLine, scene: Scene, author: Author
) -> None:
    first, second = sqlite_line.says(author, "one"), sqlite_line.says(author, "two")
    scene.world.fail_next("chat.postMessage", "http_500", times=8)
    sqlite_line.goes_on()
    assert (sqlite_line.state(first), sqlite_line.state(second)) == (UNCERTAIN, SENT)
    assert texts(scene) == ["two"]


def test_a_customer_whose_account_is_gone_costs_no_word_in_silence(
    sqlite_line: DeskLine, scene: Scene, author: Author
) -> None:
    scene.ada.is_deleted = True
    delivery_id = sqlite_line.says(author, "one")
    sqlite_line.goes_on()
    assert sqlite_line.state(delivery_id) is FAILED
    assert any(
        "could not be delivered: The customer's Slack account is deactivated" in text
        for text in sqlite_line.transcript()
    )
