"""After a restore: what was to be said on Slack when the backup was made is there once, whether or not it was said
since."""

from __future__ import annotations

import pytest
from desk_line import DeskLine
from slack_scene import Scene

from bot.channels.slack.channel import SlackChannel
from bot.channels.slack.pacing import pacer_of_workspaces
from bot.restored import settle
from handoff.models import Author, Delivery, DeliveryState, Message
from store import Database, transaction

SENT, UNCERTAIN = DeliveryState.SENT, DeliveryState.UNCERTAIN
pytestmark = pytest.mark.parametrize("author", [Author.BOT, Author.AGENT])


@pytest.fixture
def line(database: Database, scene: Scene) -> DeskLine:
    pacer = pacer_of_workspaces(seconds=lambda: line.now.timestamp())
    channel = SlackChannel(scene.folder, scene.clients, clock=lambda: line.now, pacer=pacer)
    channel.open(True)
    line = DeskLine(database, channel, scene.direct())
    return line


def is_restored(line: DeskLine, delivery_id: int) -> dict[str, int]:
    """A backup in which the delivery waits, as it was before it was sent."""
    with transaction(line.database) as session:
        delivery = session.get_one(Delivery, delivery_id)
        delivery.state, delivery.attempts, delivery.sent_at = DeliveryState.READY, 0, None
        session.get_one(Message, delivery.message_id).external_id = None
    with transaction(line.database) as session:
        return settle(session, "20261123T040000Z", line.now, line.now)


def texts(scene: Scene) -> list[str]:
    return [message.text.splitlines()[-1] for message in scene.ada.dm.bot_messages]


def test_what_was_sent_since_the_backup_is_found_and_not_sent_again(
    line: DeskLine, scene: Scene, author: Author
) -> None:
    delivery_id = line.says(author, "one")
    line.goes_on()
    assert is_restored(line, delivery_id)["looked_up"] == 1
    line.goes_on()
    assert (texts(scene), line.state(delivery_id)) == (["one"], SENT)


def test_what_was_not_sent_yet_is_sent_before_what_is_said_next(line: DeskLine, scene: Scene, author: Author) -> None:
    delivery_id = line.says(author, "one")
    is_restored(line, delivery_id)
    line.says(author, "two")
    line.goes_on()
    assert (texts(scene), line.state(delivery_id)) == (["one", "two"], SENT)


def test_where_slack_does_not_let_us_look_a_person_decides(line: DeskLine, scene: Scene, author: Author) -> None:
    delivery_id = line.says(author, "one")
    line.goes_on()
    is_restored(line, delivery_id)
    scene.world.fail_next("conversations.history", "missing_scope", times=99)
    line.goes_on()
    assert (texts(scene), line.state(delivery_id)) == (["one"], UNCERTAIN)
