"""A correction goes out on Telegram, Slack and the web: to each once, a few a minute, whatever the platforms say and
whoever is killed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from chaos.lives import Nursery
from chaos.nursery import PACE, PERSON
from chaos.people import Customer, OnSlack, OnTelegram
from chaos.stage import Stage, a_stage
from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.learning.recall import earlier, recalls, views
from bot.learning.recall.finding import Scope
from bot.learning.recall.models import Recall, RecallRecipient, RecallState, RecipientState
from handoff.actors import OPERATOR
from handoff.models import Conversation, Message, Thread
from handoff.rows import id_of
from kb_content import catalogue
from store import reading, transaction

ARTICLE = "reset-password"
WORDS = "The link works for one hour, not for a day."


@pytest.fixture(scope="module")
def stage(lives: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with a_stage(lives, tmp_path_factory.mktemp("recalls")) as stage:
        lives.publish(stage.settings["database_url"])
        with transaction(stage.database) as session:
            stage.release = catalogue.live_release_id(session) or 0
            earlier.look_through(session, 100)
        yield stage


def told(stage: Stage) -> list[Customer]:
    """One customer on each channel, who were all told the same."""
    customers, asked = stage.customers(), next(each for each in stage.nursery.questions if "password" in each[0])[0]
    for customer in customers:
        customer.says(asked)
    stage.works()
    return customers


def begun(stage: Stage) -> int:
    now = datetime.now(UTC)
    with transaction(stage.database) as session:
        recall_id = id_of(recalls.prepare(session, Scope(ARTICLE, "en"), "It was wrong.", OPERATOR, now))
        recalls.set_texts(session, recall_id, {"en": WORDS}, OPERATOR, now)
        recalls.begin(session, recall_id, OPERATOR, now, although_told=True)
    return recall_id


def is_over(session: Session) -> bool:
    return all(recall.state is RecallState.DONE for recall in session.exec(select(Recall)))


def goes_on(stage: Stage) -> None:
    life = stage.begin()
    stage.settles(is_over)
    assert life.stop() == 0


def corrections(customer: Customer) -> int:
    return sum(WORDS in heard.text for heard in customer.place.hears())


def states(stage: Stage, recall_id: int) -> dict[str, RecipientState]:
    """What became of each recipient, by channel."""
    with reading(stage.database) as session:
        query = (
            select(Thread.channel, RecallRecipient.state)
            .where(RecallRecipient.recall_id == recall_id, RecallRecipient.message_id == Message.id)
            .where(Message.thread_id == Thread.id)
        )
        return {channel: state for channel, state in session.exec(query)}


def test_killed_while_it_is_sent_each_is_corrected_once_and_no_two_at_the_same_time(stage: Stage) -> None:
    customers = told(stage)
    recall_id = begun(stage)
    stage.dies(stage.begin("timer.in_deed"))
    assert sum(map(corrections, customers)) == 0, "what was not committed was not sent"
    stage.dies(stage.begin("timer.in_deed:2"))
    goes_on(stage)
    assert list(map(corrections, customers)) == [1, 1, 1]
    assert set(states(stage, recall_id).values()) == {RecipientState.SENT}
    with reading(stage.database) as session:
        sent = select(Message.at).where(RecallRecipient.sent_message_id == Message.id)
        moments = sorted(session.exec(sent.where(RecallRecipient.recall_id == recall_id)))
    assert all((later - sooner).total_seconds() >= PACE for sooner, later in pairwise(moments))


def test_who_pressed_no_more_or_has_blocked_the_bot_is_left_alone_and_who_has_a_ticket_is_not(stage: Stage) -> None:
    on_telegram, on_slack, on_the_web = told(stage)
    first = begun(stage)
    goes_on(stage)
    below = next(heard for heard in on_slack.place.hears() if WORDS in heard.text)
    assert isinstance(on_slack.place, OnSlack)
    assert isinstance(on_telegram.place, OnTelegram)
    life = stage.begin()
    on_slack.place.presses_until_taken(below, "No more such messages")
    assert life.stop() == 0
    on_telegram.place.person.blocks_bot()
    on_the_web.says(PERSON)
    stage.works()
    assert states(stage, first)["slack"] is RecipientState.SENT
    second = begun(stage)
    goes_on(stage)
    assert list(map(corrections, (on_telegram, on_slack, on_the_web))) == [1, 1, 2]
    with reading(stage.database) as session:
        recall = recalls.recall_by_id(session, second)
        shown = views.shown(session, recall, datetime.now(UTC), "http://kb.example").recipients
        became = {one.channel: one.state for one in shown if one.conversation_id in newest(session)}
        ticketed = next(one for one in shown if one.number is not None)
        activities = select(Message.detail).where(Message.conversation_id == ticketed.conversation_id)
        assert "corrected" in {detail.get("activity") for detail in session.exec(activities)}, "agents see it"
    assert became == {
        "telegram": RecipientState.UNREACHABLE,
        "slack": RecipientState.OPTED_OUT,
        "web": RecipientState.SENT,
    }


def newest(session: Session) -> set[int]:
    """The newest conversation on each channel."""
    query = select(func.max(Conversation.id)).join(Thread, col(Thread.id) == Conversation.thread_id)
    return set(session.exec(query.group_by(col(Thread.channel))))
